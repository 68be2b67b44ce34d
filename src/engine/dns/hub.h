/* SPDX-License-Identifier: MIT */
/* What the dns jobs of a pool share: a loop, and the askers on it.
 *
 * Purpose: jobs with the same resolvers and rates share what is known about
 *   these, and the rates.
 * Ownership: the engine's context owns it; jobs hold their askers.
 * Thread-safety: create and destroy: one thread; acquire and release: any
 * thread. Life: jobs may be released after the hub was destroyed; what is left
 * of it then goes with the last of them. Limits: askers without a job are kept
 * until the next one opens. */
#ifndef FPOOL_ENGINE_DNS_HUB_H
#define FPOOL_ENGINE_DNS_HUB_H

#include "base/sync.h"
#include "engine/dns/asker.h"
#include "engine/dns/slab.h"
#include "fetchpool/engine.h"

/* An asker in the hub's list. */
struct fpool_dns_shared {
    struct fpool_dns_shared *next; /* the loop's thread: those to be run */
    bool is_open;                  /* the loop's thread: among these */
    struct fpool_list link;        /* guarded by the hub's lock */
    struct fpool_dns_hub *hub;
    struct fpool_dns_asker *asker;
    char *resolvers; /* as in the operation; NULL: the system's */
    unsigned qps;
    unsigned resolver_qps;
    unsigned n_refs; /* guarded by the hub's lock */
    struct fpool_post open_post;
    struct fpool_post close_post;
};

struct fpool_dns_hub {
    struct fpool_loop *loop;
    /* --- the loop's thread only --- */
    struct fpool_dns_shared *first;
    struct fpool_request *first_done; /* see fpool_dns_hub_finish() */
    struct fpool_request **last_done;
    struct fpool_dns_slabs slabs; /* of responses */
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    struct fpool_list askers FPOOL_GUARDED;
    bool is_closing FPOOL_GUARDED; /* all askers are about to be closed */
    bool is_closed FPOOL_GUARDED;  /* the loop is gone */
};

enum fpool_status fpool_dns_hub_create(struct fpool_dns_hub **ret_hub);

/* Closes all and ends the loop; stores NULL; accepts NULL. */
void fpool_dns_hub_destroy(struct fpool_dns_hub **hub);

/* Finishes a request with 'status' at the end of this round: whoever waits for
 * results is woken for all of a round, not for each.  The loop's thread. */
void fpool_dns_hub_finish(struct fpool_dns_hub *hub,
                          struct fpool_request *request,
                          enum fpool_status status);

/* An asker for these resolvers, new or shared.  FPOOL_EINVAL for a list that
 * cannot be read, FPOOL_ENOTFOUND where the system has none, FPOOL_ENOMEM. */
enum fpool_status fpool_dns_hub_acquire(struct fpool_dns_hub *hub,
                                        const struct fpool_dns_op *op,
                                        struct fpool_dns_shared **ret_shared);

/* Gives an asker back; its counters may be read until then, whatever became of
 * the hub. */
void fpool_dns_hub_release(struct fpool_dns_shared *shared);

#endif
