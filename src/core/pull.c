/* SPDX-License-Identifier: MIT */
/* Pulling items from a job's source.  Called by workers, pullers, and workers
 * that wait; calls the source. */
#include "core/pull.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "core/pool.h"

#define ROOM_LOOKS      100

/* How one attempt at the source went. */
enum asked {
    ASKED_SOME,   /* it yielded; perhaps fewer items than wanted */
    ASKED_NO_ROOM,
    ASKED_WAIT,
    ASKED_RETRY,  /* it said FPOOL_WAIT for the first time */
    ASKED_END
};

/* ---- Asking. */

/* Asks a source for one item. */
static int ask(struct fpool_job *job, struct fpool_item *ret_item)
{
    uint64_t index = atomic_load_explicit(&job->pulled, memory_order_relaxed);

    if (job->source.item_at != NULL) {
        if (index >= job->source.count) {
            return FPOOL_END;
        }
        fpool_source_item(&job->source, index, ret_item);
        return FPOOL_OK;
    }
    memset(ret_item, 0, sizeof(*ret_item));
    return job->source.next(job->source.self, ret_item, &job->token);
}

static void fill_next(struct fpool_job *job, struct fpool_slot *slot)
{
    uint64_t index = atomic_load_explicit(&job->pulled, memory_order_relaxed);

    fpool_slot_fill(job, slot, index);
    atomic_store_explicit(&job->pulled, index + 1, memory_order_release);
    assert(fpool_job_outstanding(job) <= job->window);
}

static enum asked answered(struct fpool_job *job, int rc)
{
    if (rc == FPOOL_END) {
        return ASKED_END;
    }
    if (rc == FPOOL_WAIT) {
        return atomic_exchange(&job->may_wait, true) ? ASKED_WAIT : ASKED_RETRY;
    }
    atomic_store(&job->source_code, rc);
    return ASKED_END;
}

/* Fills slots, at least one if the source has one. */
static enum asked ask_for_slots(struct fpool_job *job, struct fpool_chunk *c,
                                unsigned want)
{
    while (c->n < want) {
        struct fpool_slot *slot = fpool_slot_take(job);
        int rc;

        if (slot == NULL) {
            return c->n != 0 ? ASKED_SOME : ASKED_NO_ROOM;
        }
        if (job->shape == FPOOL_SHAPE_BATCH && job->keeps_results &&
            fpool_cells_reserve(&job->cells, atomic_load(&job->pulled),
                                job->source.item_at == NULL) != FPOOL_OK) {
            fpool_slot_untake(job, slot);
            fpool_cancel_trip_for(&job->token, FPOOL_ENOMEM);
            return ASKED_END;
        }
        rc = ask(job, &slot->request.result.item);
        if (rc != FPOOL_OK) {
            fpool_slot_untake(job, slot);
            return answered(job, rc);
        }
        fill_next(job, slot);
        c->slots[c->n++] = slot;
        if (job->source.item_at == NULL &&
            (job->source.ready == NULL ||
             !job->source.ready(job->source.self))) {
            break;
        }
    }
    return ASKED_SOME;
}

/* Takes a range of positions: nothing to ask, nothing to store. */
static enum asked ask_for_range(struct fpool_job *job, struct fpool_chunk *c,
                                unsigned want)
{
    uint64_t left = job->source.count - atomic_load(&job->pulled);

    c->base = atomic_load(&job->pulled);
    c->n = left < want ? (unsigned)left : want;
    atomic_store(&job->pulled, c->base + c->n);
    return c->n == left ? ASKED_END : ASKED_SOME;
}

/* ---- The claim. */

static bool claim(struct fpool_job *job)
{
    return !atomic_load_explicit(&job->is_claimed, memory_order_relaxed) &&
           !atomic_exchange(&job->is_claimed, true);
}

static void end_source(struct fpool_job *job)
{
    /* Positions may still be asked for; fpool_job_clean() closes those. */
    if (job->source.item_at == NULL) {
        fpool_source_close(&job->source);
    }
    atomic_store(&job->phase, FPOOL_PHASE_ENDED);
    if (!fpool_job_is_evented(job)) { /* its link may serve a completion */
        fpool_unlink_job(job);
    }
}

/* Gives the claim back; a trip that found it taken leaves the rest to us. */
static void unclaim(struct fpool_job *job, bool has_ended)
{
    atomic_store(&job->is_claimed, false);
    if (has_ended) {
        fpool_job_settle(job, 0);
    } else if (fpool_job_reason(job) != FPOOL_OK) {
        fpool_pull_end_if_cancelled(job);
    }
}

void fpool_pull_end_if_cancelled(struct fpool_job *job)
{
    bool has_ended = false;

    /* No look before the exchange, as claim() has: it could be an old one, and
     * the holder's look at the reason, in unclaim(), too. */
    if (fpool_job_reason(job) == FPOOL_OK ||
        atomic_load(&job->phase) == FPOOL_PHASE_ENDED ||
        atomic_exchange(&job->is_claimed, true)) {
        return;
    }
    if (atomic_load(&job->phase) != FPOOL_PHASE_ENDED) {
        end_source(job);
        has_ended = true;
    }
    unclaim(job, has_ended);
}

void fpool_pull_end_empty(struct fpool_job *job)
{
    if (claim(job)) { /* otherwise a trip has it, and ends it */
        bool has_ended = atomic_load(&job->phase) != FPOOL_PHASE_ENDED;

        if (has_ended) {
            end_source(job);
        }
        unclaim(job, has_ended);
    }
}

bool fpool_pull_withdraw(struct fpool_job *job)
{
    bool ok;

    if (!claim(job)) {
        return false;
    }
    ok = atomic_load(&job->phase) == FPOOL_PHASE_READY &&
         atomic_load(&job->pulled) == 0;
    if (ok) {
        job->on_done = NULL;
        end_source(job);
    }
    unclaim(job, ok);
    return ok;
}

/* In a pool that does not outnumber its CPUs, credit that comes back within a
 * microsecond or two is worth a short look: see is_soon() in stream.c. */
static bool has_room_soon(const struct fpool_job *job)
{
    int looks = job->pool->may_spin ? ROOM_LOOKS : 0;

    while (looks > 0 && !fpool_job_has_room(job)) {
        fpool_cpu_relax();
        looks--;
    }
    return looks > 0;
}

/* Makes the job not ready, then looks whether its reason is gone already. */
static enum fpool_took stall(struct fpool_job *job)
{
    if (has_room_soon(job)) {
        return FPOOL_TOOK_RETRY;
    }
    atomic_store(&job->phase, FPOOL_PHASE_STALLED);
    fpool_unlink_job(job);
    if (fpool_job_has_room(job) && fpool_job_is_worth_pulling(job)) {
        fpool_job_reactivate(job, FPOOL_PHASE_STALLED);
        return FPOOL_TOOK_RETRY;
    }
    return FPOOL_TOOK_NOTHING;
}

static bool is_quiet(const struct fpool_job *job)
{
    uint64_t n = job->shape == FPOOL_SHAPE_BATCH
                     ? atomic_load(&job->finished)
                     : atomic_load(&job->delivered);

    return n == atomic_load(&job->pulled); /* nothing is put aside, either */
}

static enum fpool_took wait_for_source(struct fpool_job *job, unsigned sequence)
{
    atomic_store(&job->phase, FPOOL_PHASE_WAITING);
    fpool_unlink_job(job);
    if (atomic_load(&job->wake_sequence) != sequence) {
        fpool_job_reactivate(job, FPOOL_PHASE_WAITING);
        return FPOOL_TOOK_RETRY;
    }
    if (is_quiet(job)) {
        fpool_gate_notify_all(&job->gate); /* the consumer may end it now */
        fpool_stream_notify_end(job);
    }
    return FPOOL_TOOK_NOTHING;
}

/* One attempt, claimed.  '*ret_ended' when the source has ended with it. */
static enum fpool_took pull_claimed(struct fpool_job *job,
                                    struct fpool_chunk *c, bool *ret_ended)
{
    bool is_final = job->shape == FPOOL_SHAPE_BATCH
                        ? is_quiet(job)
                        : atomic_exchange(&job->final_ask, 0) ==
                              atomic_load(&job->pulled) + 1;
    unsigned sequence = atomic_load(&job->wake_sequence);
    unsigned size = fpool_chunk_size(job);
    unsigned want = size < c->max || job->slots == NULL ? size : c->max;
    enum asked asked;

    if (!fpool_job_has_room(job)) {
        return stall(job);
    }
    asked = job->slots == NULL ? ask_for_range(job, c, want)
                               : ask_for_slots(job, c, want);
    if (asked == ASKED_WAIT && c->n == 0 && is_final &&
        atomic_load(&job->holds) == 0 && is_quiet(job) &&
        atomic_load(&job->wake_sequence) == sequence) {
        asked = ASKED_END;
    }
    if (job->limit != 0) {
        atomic_fetch_add(&job->running, c->n);
    }
    if (asked == ASKED_END) {
        end_source(job);
        *ret_ended = true;
    }
    if (c->n != 0) {
        return FPOOL_TOOK_ITEMS;
    }
    switch (asked) {
    case ASKED_NO_ROOM:
        return stall(job);
    case ASKED_WAIT:
        return wait_for_source(job, sequence);
    case ASKED_RETRY:
        return FPOOL_TOOK_RETRY;
    default:
        return FPOOL_TOOK_NOTHING;
    }
}

enum fpool_took fpool_pull(struct fpool_job *job, struct fpool_chunk *chunk,
                           void (*may_block)(void *arg), void *arg)
{
    enum fpool_took took = FPOOL_TOOK_NOTHING;
    bool has_ended = false;

    if (!claim(job)) {
        return FPOOL_TOOK_BUSY;
    }
    chunk->job = job;
    chunk->owns_reference = false;
    chunk->n = 0;
    if (atomic_load(&job->phase) == FPOOL_PHASE_READY) {
        if (fpool_job_reason(job) != FPOOL_OK) {
            end_source(job);
            has_ended = true;
        } else {
            if (may_block != NULL && job->source.item_at == NULL) {
                may_block(arg);
            }
            took = pull_claimed(job, chunk, &has_ended);
        }
    }
    unclaim(job, has_ended);
    if (took == FPOOL_TOOK_NOTHING &&
        atomic_load(&job->phase) == FPOOL_PHASE_READY) {
        took = FPOOL_TOOK_RETRY; /* it came back while it was claimed */
    }
    if (took == FPOOL_TOOK_ITEMS && atomic_load(&job->n_helpers) != 0) {
        fpool_gate_notify_all(&job->gate); /* they could take the next */
    }
    return took;
}

void fpool_job_reactivate(struct fpool_job *job, enum fpool_phase phase)
{
    unsigned expected = phase;

    if (!atomic_compare_exchange_strong(&job->phase, &expected,
                                        FPOOL_PHASE_READY)) {
        return;
    }
    if (fpool_job_is_evented(job)) {
        fpool_gate_notify_all(&job->pull_gate);
    } else if (fpool_link_job(job) != FPOOL_OK) {
        /* No worker is left, and none can be started: say so, do not hang. */
        fpool_cancel_trip_for(&job->token, FPOOL_ENOMEM);
    }
}

void fpool_job_feed(struct fpool_job *job)
{
    fpool_job_reactivate(job, FPOOL_PHASE_STALLED);
    if (atomic_load(&job->wants_room) &&
        atomic_exchange(&job->wants_room, false)) {
        fpool_gate_notify_all(&job->pull_gate);
    }
}

void fpool_job_wake(struct fpool_job *job)
{
    atomic_fetch_add(&job->wake_sequence, 1);
    fpool_job_reactivate(job, FPOOL_PHASE_WAITING);
}
