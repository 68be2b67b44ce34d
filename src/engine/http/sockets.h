/* SPDX-License-Identifier: MIT */
/* libcurl's sockets in the loop's epoll set.
 *
 * Purpose: a connection's socket stays in the set when a transfer is done with
 *   it, so that the next transfer on the connection costs no system call.
 * Use: open and close are libcurl's ways to make and close the sockets of
 *   connections; changed is what it waits for.  Descriptors that it makes
 *   itself, for lookups, leave the set when it says so.
 * Ownership: the hub's.
 * Thread-safety: the loop's thread only.
 * Limits: an array by descriptor. */
#ifndef FPOOL_ENGINE_HTTP_SOCKETS_H
#define FPOOL_ENGINE_HTTP_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/loop.h"

struct fpool_http_socket;

struct fpool_http_sockets {
    struct fpool_loop *loop;
    CURLM *multi;
    struct fpool_http_socket **list; /* by descriptor */
    size_t n;
    bool
        is_plain; /* nothing stays in the set: see fpool_http_sockets_plain() */
};

/* A new socket, close-on-exec; -1 with errno. */
int fpool_http_sockets_open(struct fpool_http_sockets *sockets,
                            const struct curl_sockaddr *address);

/* For CURLOPT_CLOSESOCKETFUNCTION, with 'sockets' as its client. */
int fpool_http_sockets_close(void *sockets, curl_socket_t fd);

/* libcurl waits for 'what' on 'fd' (CURL_POLL_...).  False without memory. */
bool fpool_http_sockets_want(struct fpool_http_sockets *sockets,
                             curl_socket_t fd, int what);

/* From now on libcurl may look up names, with descriptors that it closes
 * without a word, and whose numbers come back: no socket stays in the set. */
void fpool_http_sockets_plain(struct fpool_http_sockets *sockets);

/* Forgets all. */
void fpool_http_sockets_fini(struct fpool_http_sockets *sockets);

#endif
