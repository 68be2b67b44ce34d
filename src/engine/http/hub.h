/* SPDX-License-Identifier: MIT */
/* A hub: one curl multi handle on one event loop.  And the hubs of a pool.
 *
 * Purpose: where libcurl's sockets, timer and messages meet the loop; it keeps
 *   the transfers that are free, the timers, and the lookups of names.  A host
 *   belongs to one hub, by its name, so that its connections and limits need no
 *   lock.
 * Ownership: the engine's context and every job hold the hubs together, by
 *   reference; the loops end with the context.
 * Thread-safety: create, close, unref, names: any thread; everything else: the
 *   loop's thread.
 * Limits: libcurl is never asked to queue. */
#ifndef FPOOL_ENGINE_HTTP_HUB_H
#define FPOOL_ENGINE_HTTP_HUB_H

#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/sync.h"
#include "core/loop.h"
#include "engine/http/names.h"
#include "engine/http/reply.h"
#include "engine/http/sockets.h"
#include "engine/http/timer.h"
#include "engine/http/writer.h"

#define FPOOL_HTTP_MAX_HUBS 4

struct fpool_http_transfer;
struct fpool_http_lane;

/* Lookups with one list of resolvers. */
struct fpool_http_known {
    struct fpool_http_known *next;
    struct fpool_http_names *names;
};

struct fpool_http_hub {
    struct fpool_loop *loop;
    struct fpool_http_writer *writer; /* borrowed */
    CURLM *multi;
    struct fpool_loop_timer multi_timer; /* libcurl's */
    struct fpool_loop_timer wheel_timer;
    int64_t wheel_when; /* what that is set to */
    struct fpool_wheel wheel;
    struct fpool_post close_post;
    struct fpool_list lanes;
    struct fpool_http_transfer *free_transfers;
    struct fpool_request *first_done; /* see fpool_http_hub_finish() */
    struct fpool_request **last_done;
    struct fpool_http_sockets sockets;
    unsigned max_connections;
    unsigned n_http2; /* transfers that may be streams of HTTP/2 */
    uint64_t random;
    struct fpool_mutex mu;
    /* --- guarded by mu; only ever grows --- */
    struct fpool_http_known *known FPOOL_GUARDED;
};

struct fpool_http_hubs {
    atomic_uint n_refs;
    atomic_size_t body_bytes;    /* of bodies in memory; see reply.h */
    atomic_uint_fast64_t n_jobs; /* ever made */
    EVP_MD *sha256;              /* fetched once; OpenSSL 3 is slow at that */
    struct fpool_http_writer *writer;
    unsigned n;
    struct fpool_http_hub *list[FPOOL_HTTP_MAX_HUBS];
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    bool is_closed FPOOL_GUARDED; /* the loops are gone, or about to go */
};

/* Starts 'n' loops and the writer.  FPOOL_ENOMEM. */
enum fpool_status fpool_http_hubs_create(struct fpool_http_hubs **ret_hubs,
                                         unsigned n);

/* Ends them; no transfer may be running. */
void fpool_http_hubs_close(struct fpool_http_hubs *hubs);

void fpool_http_hubs_ref(struct fpool_http_hubs *hubs);
void fpool_http_hubs_unref(struct fpool_http_hubs *hubs); /* accepts NULL */

/* One of them, with its thread; NULL without memory.  And its end, as above. */
struct fpool_http_hub *fpool_http_hub_create(struct fpool_http_writer *writer);
void fpool_http_hub_destroy(struct fpool_http_hub *hub);

/* Lookups by 'resolvers' (NULL: the system's); stores NULL where libcurl is to
 * do it.  FPOOL_EINVAL, FPOOL_EUNSUPPORTED, FPOOL_ENOMEM. */
enum fpool_status fpool_http_hub_names(struct fpool_http_hub *hub,
                                       const char *resolvers,
                                       struct fpool_http_names **ret_names);

/* Adds 'lane' to those that are told of the end, once; holds its job. */
void fpool_http_hub_know(struct fpool_http_hub *hub,
                         struct fpool_http_lane *lane);

/* A transfer that is free, or a new one; NULL without memory. */
struct fpool_http_transfer *fpool_http_hub_acquire(struct fpool_http_hub *hub);

/* Keeps 'transfer' for the next request. */
void fpool_http_hub_release(struct fpool_http_hub *hub,
                            struct fpool_http_transfer *transfer);

/* Sees to it that 'n' connections may be open. */
void fpool_http_hub_reserve(struct fpool_http_hub *hub, unsigned n);

/* Descriptors run short: keeps no more than 'n' connections. */
void fpool_http_hub_shrink(struct fpool_http_hub *hub, unsigned n);

/* Finishes the request of 'reply', and gives up its reference of the job, at
 * the end of this round: whoever waits for results is woken once for all of a
 * round. */
void fpool_http_hub_finish(struct fpool_http_hub *hub,
                           struct fpool_http_reply *reply, int code);

/* For jitter. */
uint32_t fpool_http_hub_random(struct fpool_http_hub *hub);

#endif
