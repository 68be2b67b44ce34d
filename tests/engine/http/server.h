/* SPDX-License-Identifier: MIT */
/* A scripted HTTP server on 127.0.0.1, for what well-behaved servers never do.
 *
 * Purpose: answer each path with exact bytes, well-formed or not.
 * Use: server_start(answers, n); server_url("/path"); server_stop().
 * Thread-safety: the main thread; one server in a process.
 * Limits: a thread for each connection, a request for each connection. */
#ifndef TESTS_ENGINE_HTTP_SERVER_H
#define TESTS_ENGINE_HTTP_SERVER_H

#include <stddef.h>

enum server_end {
    SERVER_CLOSE,   /* the connection closes */
    SERVER_HANG,    /* nothing more comes, until the client closes */
    SERVER_RESET,   /* the connection is reset */
    SERVER_REPEAT,  /* 'repeat' is sent for ever */
    SERVER_FILL     /* 'n_fill' times 'x' are sent */
};

struct server_answer {
    const char *path;
    const char *head; /* sent as it is */
    enum server_end end;
    const char *repeat;
    size_t n_fill;
};

/* Starts serving 'answers', which must stay; asserts that it can. */
void server_start(const struct server_answer *answers, size_t n);

/* The URL of 'path' in a static buffer; a new one for up to 64 calls. */
const char *server_url(const char *path);

int server_port(void);

/* Requests that have been answered so far. */
int server_n_requests(void);

/* Ends the server and waits for its threads. */
void server_stop(void);

#endif
