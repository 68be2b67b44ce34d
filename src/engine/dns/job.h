/* SPDX-License-Identifier: MIT */
/* A job of the dns engine, and the items in its hands.
 *
 * Purpose: from requests to asks, and from outcomes to responses.
 * Way of an item: fpool_dns_job_submit (any thread) -> inbox -> waiting -> item
 *   with its ask -> response -> fpool_request_finish.
 * Ownership: reference counted: the engine's state holds one, the loop another
 *   while it has requests of the job.
 * Thread-safety: as each part says.
 * Limits: what waits has no memory of its own, so that windows may be large. */
#ifndef FPOOL_ENGINE_DNS_JOB_H
#define FPOOL_ENGINE_DNS_JOB_H

#include <stdatomic.h>

#include "engine/dns/hub.h"
#include "fetchpool/engine.h"

struct fpool_dns_wildcards;

struct fpool_dns_job {
    struct fpool_dns_feeder feeder; /* must be first */
    atomic_uint n_refs;
    struct fpool_dns_shared *shared;
    char *suffix; /* or NULL */
    uint16_t type;
    uint8_t max_tries;
    uint32_t flags;
    atomic_bool is_cancel_posted;
    struct fpool_post cancel_post;
    struct fpool_post arrive_post;
    _Atomic(struct fpool_request *) inbox; /* the latest first */
    /* --- the loop's thread only --- */
    struct fpool_request *first_waiting;
    struct fpool_request **last_waiting;
    struct fpool_list items; /* being asked */
    size_t n_here;           /* waiting and being asked */
    bool is_cancelled;
    struct fpool_dns_wildcards *wildcards; /* or NULL */
};

/* Checks and copies the operation.  FPOOL_EINVAL, FPOOL_ENOTFOUND (no
 * resolvers), FPOOL_ENOMEM. */
enum fpool_status fpool_dns_job_create(struct fpool_dns_job **ret_job,
                                       struct fpool_dns_hub *hub,
                                       const struct fpool_op *op);
void fpool_dns_job_unref(struct fpool_dns_job *job); /* accepts NULL */

/* Any thread; never block. */
void fpool_dns_job_submit(struct fpool_dns_job *job,
                          struct fpool_request *request);
void fpool_dns_job_cancel(struct fpool_dns_job *job);

#endif
