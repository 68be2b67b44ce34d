/* SPDX-License-Identifier: MIT */
/* Ending jobs: settled by those who finish the items, done once, waited for,
 * released by the last user. */
#include <limits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/defer.h"
#include "core/pool.h"

void fpool_source_close(struct fpool_source *source)
{
    if (source->close != NULL) {
        source->close(source->self);
        source->close = NULL;
    }
}

static enum fpool_status find_final_status(struct fpool_job *job)
{
    enum fpool_status reason = fpool_job_reason(job);
    enum fpool_status failed;

    fpool_mutex_lock(&job->mu);
    failed = job->failed_status;
    fpool_mutex_unlock(&job->mu);
    if (job->shape == FPOOL_SHAPE_SINGLE) {
        return failed;
    }
    if (job->shape == FPOOL_SHAPE_BATCH) {
        if (failed != FPOOL_OK) {
            return failed;
        }
        if (job->source.item_at != NULL &&
            atomic_load(&job->pulled) == job->source.count) {
            return FPOOL_OK; /* a trip came too late to matter */
        }
        reason = fpool_item_status(reason);
    }
    if (atomic_load(&job->source_code) != 0) {
        return FPOOL_ESOURCE;
    }
    return reason;
}

/* While the callback runs, its thread counts as one of the pool's, wherever it
 * came from: it may not join the pool, and never waits for room in the queue. */
static void call_on_done(struct fpool_job *job, const struct fpool_done *done)
{
    struct fpool_thread *self = fpool_thread_self();
    struct fpool_thread before = *self;

    if (self->pool != job->pool) {
        *self = (struct fpool_thread){ .pool = job->pool };
    }
    job->on_done(job->userdata, done);
    *self = before;
}

void fpool_job_complete(struct fpool_job *job)
{
    struct fpool *pool = job->pool;
    struct fpool_done done = { .status = find_final_status(job) };

    atomic_store(&job->final_status, done.status);
    if (job->shape == FPOOL_SHAPE_SINGLE) {
        done.result = &job->single.request.result;
        if (fpool_job_is_evented(job)) {
            fpool_give_room(pool);
        }
    }
    if (job->shape == FPOOL_SHAPE_BATCH && job->keeps_results) {
        done.batch = (struct fpool_batch *)job;
    }
    if (job->on_done != NULL) {
        /* The callback may look at the batch's results already. */
        atomic_store(&job->is_readable, true);
        call_on_done(job, &done);
    }
    if (job->shape == FPOOL_SHAPE_SINGLE) {
        unsigned queued = FPOOL_FUTURE_QUEUED;

        if (!atomic_compare_exchange_strong(&job->future_state, &queued,
                                            FPOOL_FUTURE_CANCELED)) {
            atomic_store(&job->future_state, FPOOL_FUTURE_DONE);
        }
    }
    atomic_store(&job->is_readable, true);
    atomic_store(&job->is_done, true);
    fpool_gate_notify_all(&job->gate);
    fpool_stream_notify_end(job);
    fpool_remove_job(pool);
    fpool_job_release(job);
}

/* The last item is finished and the source is closed. */
static void done(struct fpool_job *job)
{
    if (job->deadline.fire != NULL) {
        fpool_timer_cancel(&job->pool->timers, &job->deadline);
    }
    if (job->on_done != NULL && fpool_job_is_evented(job) &&
        fpool_worker_of(job->pool) == NULL) {
        /* An engine's thread runs no callback: a worker does. */
        job->is_completing = true;
        if ((fpool_enqueue(job, UINT_MAX, false, 0) != FPOOL_OK ||
             atomic_load(&job->pool->is_broken)) &&
            fpool_dequeue(job)) {
            fpool_worker_run_queued(NULL, job); /* there is no worker */
        }
        return;
    }
    fpool_job_complete(job);
}

static bool is_all_finished(struct fpool_job *job)
{
    return atomic_load(&job->phase) == FPOOL_PHASE_ENDED &&
           atomic_load(&job->finished) == atomic_load(&job->pulled) &&
           !atomic_exchange(&job->is_finishing, true);
}

void fpool_job_settle(struct fpool_job *job, uint64_t n)
{
    if (job->limit != 0) {
        atomic_fetch_sub(&job->running, (unsigned)n);
    }
    if (n != 0) {
        atomic_fetch_add(&job->finished, n);
    }
    if (is_all_finished(job)) {
        fpool_gate_notify_all(&job->pull_gate); /* there is nothing to defer */
        done(job);
    }
    if (job->limit != 0) {
        fpool_job_feed(job);
    }
    if (atomic_load(&job->may_wait)) {
        fpool_job_wake(job);
    }
}

enum fpool_status fpool_job_status(struct fpool_job *job)
{
    return (enum fpool_status)atomic_load(&job->final_status);
}

enum fpool_status fpool_job_wait(struct fpool_job *job, int64_t timeout_ms)
{
    struct fpool_worker *worker = fpool_worker_of(job->pool);
    int64_t deadline = timeout_ms == 0 ? 0 : fpool_deadline_after_ms(timeout_ms);
    bool in_time = true;
    bool has_helped;
    unsigned key;

    if (fpool_job_is_forked(job)) {
        return FPOOL_EFORK;
    }
    while (!atomic_load(&job->is_done)) {
        if (worker != NULL && timeout_ms != 0 &&
            fpool_worker_help(worker, job)) {
            continue;
        }
        if (!in_time || timeout_ms == 0) {
            return FPOOL_ETIMEDOUT;
        }
        key = fpool_gate_prepare(&job->gate);
        atomic_fetch_add(&job->n_helpers, worker != NULL);
        has_helped = worker != NULL && fpool_worker_help(worker, job);
        if (has_helped || atomic_load(&job->is_done)) {
            fpool_gate_abandon(&job->gate);
        } else {
            in_time = fpool_gate_wait(&job->gate, key, deadline);
        }
        atomic_fetch_sub(&job->n_helpers, worker != NULL);
    }
    return fpool_job_status(job);
}

/* ---- Releasing. */

void fpool_job_clean(struct fpool_job *job)
{
    if (atomic_exchange(&job->is_cleaned, true)) {
        return;
    }
    if (job->shape == FPOOL_SHAPE_BATCH) {
        fpool_batch_clear(job);
    } else if (job->shape == FPOOL_SHAPE_SINGLE) {
        fpool_result_release(&job->single.request.result);
    } else if (job->slots != NULL) {
        fpool_stream_drain(job);
    }
    fpool_source_close(&job->source);
}

void fpool_job_release(struct fpool_job *job)
{
    struct fpool *pool = job->pool;

    if (atomic_fetch_sub(&job->refs, 1) != 1) {
        return;
    }
    fpool_cancel_fini(&job->user_link);
    fpool_cancel_fini(&job->token);
    fpool_job_clean(job);
    if (job->has_state && job->engine->close != NULL) {
        /* Not before: a trip that came late may still be in engine->cancel. */
        job->engine->close(job->state);
    }
    fpool_bell_fini(&job->bell);
    fpool_defer_close(job);
    fpool_free(job->slots_memory);
    fpool_free(job->ready);
    fpool_free(job->freed);
    fpool_mutex_fini(&job->mu);
    fpool_free(job);
    fpool_release(pool);
}

void fpool_job_forsake(void *arg)
{
    struct fpool_job *job = arg;

    fpool_cancel_trip_for(&job->token, FPOOL_ECANCELED);
    fpool_job_release(job);
}

void fpool_job_destroy(struct fpool_job *job)
{
    if (fpool_job_is_forked(job)) {
        return;
    }
    if (!atomic_load(&job->is_done)) {
        fpool_cancel_trip_for(&job->token, FPOOL_ECANCELED);
    }
    if (!fpool_worker_is_inside(fpool_worker_of(job->pool), job)) {
        fpool_job_wait(job, FPOOL_FOREVER);
        fpool_job_clean(job);
    }
    fpool_job_release(job);
}
