/* SPDX-License-Identifier: MIT */
/* Names of hosts, as the http engine asks for them.
 *
 * Purpose: the one place that knows whether there is a dns engine.  Without one
 *   (names_none.c), or where the system has no resolvers, names are left to
 *   libcurl.
 * Use: get for a list of resolvers; on the loop ask, and run round() after each
 *   round.
 * Ownership: the hub owns its names until it is closed.
 * Thread-safety: get: any thread; everything else: the loop's.
 * Limits: a hub keeps the lookups of every list of resolvers it was given. */
#ifndef FPOOL_ENGINE_HTTP_NAMES_H
#define FPOOL_ENGINE_HTTP_NAMES_H

#include "core/loop.h"
#include "engine/http/address.h"
#include "fetchpool/http.h"

#define FPOOL_HTTP_MAX_ADDRESSES 16

struct fpool_http_names;
struct fpool_http_hub;

struct fpool_http_addresses {
    enum fpool_http_error error; /* NONE: there is an address */
    const char *reason;          /* a line of text */
    size_t n;
    union fpool_http_address list[FPOOL_HTTP_MAX_ADDRESSES];
};

/* A question on its way; zeroed but for 'done' before its first use. */
struct fpool_http_question {
    void (*done)(struct fpool_http_question *question,
                 const struct fpool_http_addresses *addresses);
    struct fpool_http_names *names;
    void *private_data[4];
};

/* Lookups on 'loop' with these resolvers (NULL: the system's).  Stores NULL
 * where libcurl is to do it.  FPOOL_EINVAL for a list that cannot be read,
 * FPOOL_EUNSUPPORTED for one that nobody here can ask, FPOOL_ENOMEM. */
enum fpool_status fpool_http_names_create(struct fpool_http_names **ret_names,
                                          struct fpool_loop *loop,
                                          const char *resolvers);
/* Closed names, or such as were never used. */
void fpool_http_names_destroy(struct fpool_http_names **names);

/* The resolvers that they were created for. */
const char *fpool_http_names_resolvers(const struct fpool_http_names *names);

/* True with the addresses of 'host' in '*ret_addresses'; false when 'done' will
 * be called, from round(). */
bool fpool_http_names_ask(struct fpool_http_names *names,
                          struct fpool_http_question *question,
                          const char *host, size_t size,
                          struct fpool_http_addresses *ret_addresses);
void fpool_http_names_cancel(struct fpool_http_question *question);

/* None of the addresses was of use. */
void fpool_http_names_forget(struct fpool_http_names *names, const char *host,
                             size_t size);

void fpool_http_names_round(struct fpool_http_names *names);
void fpool_http_names_close(struct fpool_http_names *names);

#endif
