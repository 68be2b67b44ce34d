/* SPDX-License-Identifier: MIT */
/* Pulling: from the source into slots, within the window.
 *
 * Purpose: the only place that asks a source.
 * Use: workers and pullers take chunks; everybody who changes what a stalled or
 *   waiting job waits for reactivates it.
 * Thread-safety: any thread; the source is claimed by one at a time, and nobody
 *   waits for the claim.
 * Limits: FPOOL_CHUNK_MAX slots at once. */
#ifndef FPOOL_CORE_PULL_H
#define FPOOL_CORE_PULL_H

#include "core/slot.h"

#define FPOOL_CHUNK_MAX 256u
#define FPOOL_RANGE_MAX (1u << 20)

/* Items taken at once: slots, or for a batch over positions just a range. */
struct fpool_chunk {
    struct fpool_job *job;
    bool owns_reference; /* of the job, which running the chunk gives up */
    uint64_t base; /* index of the first, where there are no slots */
    unsigned n;
    unsigned max;              /* room in 'slots' */
    struct fpool_slot **slots; /* the taker's */
};

enum fpool_took {
    FPOOL_TOOK_NOTHING, /* the job is not ready; it will be offered again */
    FPOOL_TOOK_BUSY,    /* somebody else has claimed the source */
    FPOOL_TOOK_RETRY,   /* the job changed meanwhile: try again at once */
    FPOOL_TOOK_ITEMS
};

/* Takes the next chunk.  'may_block' is called before a source that may block
 * is asked, at most once. */
enum fpool_took fpool_pull(struct fpool_job *job, struct fpool_chunk *chunk,
                           void (*may_block)(void *arg), void *arg);

/* Closes the source of a cancelled job, unless somebody has claimed it: then
 * that thread does. */
void fpool_pull_end_if_cancelled(struct fpool_job *job);

/* Ends a job whose source is known to have no items; no worker is needed. */
void fpool_pull_end_empty(struct fpool_job *job);

/* Ends a job that could not be started, without a call of 'on_done'; false when
 * somebody works on it all the same. */
bool fpool_pull_withdraw(struct fpool_job *job);

/* Offers the job again if it is in 'phase'. */
void fpool_job_reactivate(struct fpool_job *job, enum fpool_phase phase);

/* Whether something waits for credit: workers, or a puller. */
static inline bool fpool_job_is_hungry(const struct fpool_job *job)
{
    return atomic_load(&job->phase) == FPOOL_PHASE_STALLED ||
           atomic_load(&job->wants_room);
}

/* Offers the job again if it is hungry. */
void fpool_job_feed(struct fpool_job *job);

/* The source may have more to say: counts, and offers a waiting job again. */
void fpool_job_wake(struct fpool_job *job);

/* Room in the window that is worth a wake-up.  For a worker one slot is enough;
 * a puller hands what it pulls to another thread, so that it waits until there
 * is more to hand over. */
static inline uint64_t fpool_job_enough_room(const struct fpool_job *job)
{
    uint64_t eighth = job->window / 8;

    return !fpool_job_is_evented(job) ? 0 : eighth < 256 ? eighth : 256;
}

/* Whether stalled workers, or a stalled puller, find enough room by now. */
static inline bool fpool_job_is_worth_pulling(const struct fpool_job *job)
{
    return !fpool_job_is_evented(job) ||
           job->window - fpool_job_outstanding(job) >=
               fpool_job_enough_room(job);
}

/* How many items to take now, at least 1. */
unsigned fpool_chunk_size(const struct fpool_job *job);

/* Learns from a chunk of 'n' items that took 'elapsed_ns'. */
void fpool_chunk_adapt(struct fpool_job *job, unsigned n, int64_t elapsed_ns);

/* Whether the job takes chunks whose size adapts. */
static inline bool fpool_chunk_is_adaptive(const struct fpool_job *job)
{
    return job->chunk == 0 &&
           (job->source.item_at != NULL || job->source.ready != NULL);
}

#endif
