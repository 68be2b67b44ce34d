/* SPDX-License-Identifier: MIT */
/* The loopback web server as a program beside a test.
 *
 * Purpose: start httpd (tests/support), ask it what it has seen, make
 *   certificates for it; and listen without ever answering.
 * Use: struct web w;
 *     web_start(&w, (const char *const[]){ "-n", "5", NULL });
 *     ... web_url(&w, 0, "/-/status/503") ...
 *     assert_int_equal(web_n_requests(&w), 1);
 *     web_stop(&w);
 *   The programs' paths are in the environment: HTTPD, CERTS.
 * Ownership: the structure is the caller's.  A server that is not stopped ends
 *   with the test's process, since its standard input does.
 * Thread-safety: the main thread: all functions assert.
 * Limits: WEB_ADDRESSES addresses; 512 URLs at a time. */
#ifndef TESTS_ENGINE_HTTP_WEB_H
#define TESTS_ENGINE_HTTP_WEB_H

#include <stddef.h>
#include <sys/types.h>

#define WEB_ADDRESSES 256

struct web {
    pid_t pid;                    /* 0: stopped */
    int to;                       /* its standard input */
    int from;                     /* its standard output */
    size_t n;                     /* addresses */
    char urls[WEB_ADDRESSES][48]; /* "http://127.0.0.1:PORT" */
    char root[64];
};

/* Starts httpd with 'options', which end with NULL, or may be NULL; it listens
 * once this returns.  'n' is how many addresses the options make. */
void web_start(struct web *w, size_t n, const char *const *options);
void web_stop(struct web *w);

/* The URL of 'path' at address 'i', valid for 512 calls. */
const char *web_url(const struct web *w, size_t i, const char *path);
int web_port(const struct web *w, size_t i);

/* Formats a text that is valid for 512 calls. */
__attribute__((format(printf, 1, 2))) const char *web_text(const char *format,
                                                           ...);

/* What the server answers to a GET of 'path', its body; static, until the next
 * call. */
const char *web_ask(const struct web *w, const char *path);

/* Requests, connections, log since the start or web_forget(). */
unsigned web_n_requests(const struct web *w);
unsigned web_n_connections(const struct web *w);
const char *web_log(const struct web *w);
void web_forget(const struct web *w);

/* Requests with /-/count/KEY, and most at once. */
unsigned web_count(const struct web *w, const char *key);
unsigned web_most(const struct web *w, const char *key);

/* How often 'part' stands in 'text'. */
unsigned n_times(const char *text, const char *part);

/* A directory with certificates, as tests/support/certs.sh makes them; its
 * removal. */
void certs_make(char *directory, size_t size);
void certs_remove(const char *directory);

/* Sockets of 127.0.0.1 where nobody answers: one that is closed, so that
 * connections are refused; one that takes connections and says nothing; one
 * whose queue is full, so that they never come about. */
enum deaf_kind { DEAF_CLOSED, DEAF_SILENT, DEAF_FULL };

struct deaf {
    int listener;
    int fillers[8];
    int port;
};

void deaf_open(struct deaf *d, enum deaf_kind kind);

/* Takes the next connection, waiting for it; NULL-terminated bytes of what came
 * are not read.  Returns its descriptor. */
int deaf_accept(const struct deaf *d);
void deaf_close(struct deaf *d);

#endif
