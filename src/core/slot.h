/* SPDX-License-Identifier: MIT */
/* Slots: which of them are free, and how one is filled.
 *
 * Purpose: the window's bookkeeping, for those who pull and those who deliver.
 * Use: take a slot while there is room, fill it, and untake it when there was
 *   nothing to fill it with; return it when its item was delivered.
 * Thread-safety: taking and filling: the claim's holder; in an evented job its
 *   puller, with or without the claim.  Returning: one thread at a time.
 * Limits: none. */
#ifndef FPOOL_CORE_SLOT_H
#define FPOOL_CORE_SLOT_H

#include "core/job.h"

/* Items pulled, and neither delivered nor put aside. */
static inline uint64_t fpool_job_outstanding(const struct fpool_job *job)
{
    return atomic_load(&job->pulled) - atomic_load(&job->delivered) -
           atomic_load_explicit(&job->deferred, memory_order_relaxed);
}

/* Whether one more item may be taken. */
static inline bool fpool_job_has_room(const struct fpool_job *job)
{
    if (job->limit != 0 && atomic_load(&job->running) >= job->limit) {
        return false;
    }
    return job->slots == NULL || fpool_job_outstanding(job) < job->window;
}

/* A slot for the next item, or NULL.  Used ones come first, in the order in
 * which they were given back, so that a wide window costs memory only while it
 * is filled. */
static inline struct fpool_slot *fpool_slot_take(struct fpool_job *job)
{
    if (job->shape == FPOOL_SHAPE_ORDERED) {
        return fpool_job_outstanding(job) < job->window
                   ? &job->slots[atomic_load(&job->pulled) % job->window]
                   : NULL;
    }
    if (job->spare != NULL) {
        struct fpool_slot *slot = job->spare;

        job->spare = (struct fpool_slot *)slot->request.next;
        return slot;
    }
    if (job->n_reclaimed < atomic_load(&job->delivered)) {
        return &job->slots[job->freed[job->n_reclaimed++ % job->window]];
    }
    return job->n_fresh < job->window ? &job->slots[job->n_fresh++] : NULL;
}

/* Gives back a slot that holds no item; the next one taken. */
static inline void fpool_slot_untake(struct fpool_job *job,
                                     struct fpool_slot *slot)
{
    if (job->shape != FPOOL_SHAPE_ORDERED) {
        slot->request.next = (struct fpool_request *)job->spare;
        job->spare = slot;
    }
}

/* Makes a request of a slot whose item is in place. */
static inline void fpool_slot_fill(struct fpool_job *job,
                                   struct fpool_slot *slot, uint64_t index)
{
    struct fpool_result *r = &slot->request.result;

    slot->request.next = NULL;
    slot->request.private_data = NULL;
    slot->job = job;
    r->index = index;
    r->status = FPOOL_OK;
    r->code = 0;
    r->value = NULL;
    r->drop_value = NULL;
    r->engine = job->engine->name;
    atomic_store_explicit(&slot->state, FPOOL_SLOT_PULLED,
                          memory_order_relaxed);
}

/* Gives the slot of a delivered item back; one thread at a time, under job->mu.
 * 'is_flush': who waits for credit is looked for next, so that they must see it
 * now. */
static inline void fpool_slot_return(struct fpool_job *job,
                                     const struct fpool_slot *slot,
                                     bool is_flush)
{
    uint64_t n = atomic_load_explicit(&job->delivered, memory_order_relaxed);

    if (job->freed != NULL) {
        job->freed[n % job->window] = (uint32_t)(slot - job->slots);
    }
    if (is_flush) {
        atomic_store(&job->delivered, n + 1);
    } else {
        atomic_store_explicit(&job->delivered, n + 1, memory_order_release);
    }
}

#endif
