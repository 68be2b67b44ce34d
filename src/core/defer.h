/* SPDX-License-Identifier: MIT */
/* Deferring: items of a job that wait on disk.
 *
 * Purpose: items that cannot start for now leave their slots to others that
 *   can, and memory does not grow with them.
 * Life of such an item: fpool_request_defer() hands it to the job's puller,
 * which writes it to the store and gives its slot back.  When the source has
 * nothing more, or the store is nearly full, and the first item of the store is
 * due, a *pass* begins: all that was stored so far is read in order and started
 * again as slots are free; what is not due yet goes to the next pass, as does
 * what is put aside meanwhile.  The source is not asked during a pass. End: of
 * a job that is cancelled, what is in the store counts as finished at once;
 * whoever consumes the results reads it there, without a slot. Ownership:
 * embedded by pointer in the job; made and released with it. Thread-safety: the
 * puller's, but for what is atomic and for the rest of a cancelled job, which
 * is claimed by one consumer at a time. Limits: unordered streams of evented
 * engines.  A source that blocks for long holds up the items aside as well. */
#ifndef FPOOL_CORE_DEFER_H
#define FPOOL_CORE_DEFER_H

#include "core/job.h"
#include "core/store.h"

/* What the slot of the same number needs on its way out and in. */
struct fpool_aside {
    struct fpool_request_note note;
    int64_t due_ns;
};

struct fpool_defer {
    _Atomic(struct fpool_request *)
        arriving; /* to be put aside; newest first */
    atomic_uint n_arriving;
    atomic_bool is_passing;
    atomic_bool is_rest_claimed;
    struct fpool_aside *asides;
    /* --- the puller's --- */
    const struct fpool_request
        *starting;         /* the one whose note may be asked for */
    int64_t not_before_ns; /* of the next pass */
    uint64_t moved;        /* bytes, from this pass to the next */
    bool is_settled;       /* cancelled, and the rest is counted */
    struct fpool_store store;
};

static inline struct fpool_aside *fpool_aside_of(const struct fpool_job *job,
                                                 const struct fpool_slot *slot)
{
    return &job->defer->asides[slot - job->slots];
}

/* Makes job->defer where items of the job may be put aside.  FPOOL_ENOMEM. */
enum fpool_status fpool_defer_open(struct fpool_job *job,
                                   const struct fpool_job_options *options);
void fpool_defer_close(struct fpool_job *job);

/* ---- The puller. */

/* Whether anything is aside, or on its way there. */
static inline bool fpool_defer_is_used(const struct fpool_job *job)
{
    return job->defer != NULL &&
           (atomic_load(&job->defer->arriving) != NULL ||
            atomic_load_explicit(&job->deferred, memory_order_relaxed) != 0);
}

/* Writes what engines put aside, and starts what is to come back.  False when
 * there was nothing to do. */
bool fpool_defer_step(struct fpool_job *job);

/* Whether there is something for fpool_defer_step(); if not, '*ret_when_ns'
 * says when there will be unless something else happens first.  For a puller
 * that is about to wait at its gate. */
bool fpool_defer_has_work(struct fpool_job *job, int64_t *ret_when_ns);

static inline bool fpool_defer_is_passing(const struct fpool_job *job)
{
    return job->defer != NULL && atomic_load(&job->defer->is_passing);
}

/* ---- Consumers: the rest of a job that was cancelled and is done. */

static inline bool fpool_defer_has_rest(const struct fpool_job *job)
{
    return job->defer != NULL && atomic_load(&job->is_done) &&
           atomic_load(&job->deferred) != 0;
}

static inline bool fpool_defer_is_rest_free(const struct fpool_job *job)
{
    return fpool_defer_has_rest(job) &&
           !atomic_load(&job->defer->is_rest_claimed);
}

static inline bool fpool_defer_claim_rest(struct fpool_job *job)
{
    return !atomic_exchange(&job->defer->is_rest_claimed, true);
}

static inline void fpool_defer_unclaim_rest(struct fpool_job *job)
{
    atomic_store(&job->defer->is_rest_claimed, false);
}

/* Claimed: makes the next result; false when there are no more. */
bool fpool_defer_get_rest(struct fpool_job *job,
                          struct fpool_result *ret_result);

#endif
