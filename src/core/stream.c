/* SPDX-License-Identifier: MIT */
/* Streams: finished items on their way to the consumer.  Publishing is called by
 * whoever finishes an item; fpool_next() and its friends by the consumer. */
#include <string.h>

#include "base/clock.h"
#include "core/handle.h"
#include "core/pool.h"

/* ---- Producers. */

static void ring(struct fpool_job *job)
{
    if (atomic_load(&job->is_bell_armed) &&
        atomic_exchange(&job->is_bell_armed, false)) {
        fpool_bell_ring(&job->bell);
    }
}

static void push_ready(struct fpool_job *job, struct fpool_slot *slot)
{
    struct fpool_slot *head = atomic_load(&job->ready);

    do {
        slot->request.next = (struct fpool_request *)head;
    } while (!atomic_compare_exchange_weak(&job->ready, &head, slot));
}

/* Whether somebody is to be told of this slot: somebody waits, and in an ordered
 * job it is the one that all wait for. */
static bool is_awaited(struct fpool_job *job, uint64_t index)
{
    if (!fpool_gate_has_waiters(&job->gate) &&
        !atomic_load(&job->is_bell_armed)) {
        return false;
    }
    return job->shape == FPOOL_SHAPE_UNORDERED ||
           atomic_load(&job->delivered) == index;
}

void fpool_stream_publish(struct fpool_job *job, struct fpool_slot *slot)
{
    uint64_t index = slot->request.result.index;

    if (job->shape == FPOOL_SHAPE_UNORDERED) {
        atomic_store_explicit(&slot->state, FPOOL_SLOT_DONE,
                              memory_order_relaxed);
        push_ready(job, slot);
    } else {
        atomic_store(&slot->state, FPOOL_SLOT_DONE);
    }
    if (is_awaited(job, index)) {
        fpool_gate_notify_one(&job->gate);
        ring(job);
    }
}

void fpool_stream_notify_end(struct fpool_job *job)
{
    ring(job);
}

/* ---- The consumer. */

FPOOL_REQUIRES(job->mu)
static struct fpool_slot *pop_unordered_locked(struct fpool_job *job)
{
    struct fpool_slot *slot = job->local;

    if (slot == NULL) {
        struct fpool_slot *newest;

        if (atomic_load(&job->ready) == NULL) {
            return NULL;
        }
        newest = atomic_exchange(&job->ready, NULL);
        while (newest != NULL) {
            struct fpool_slot *next = (struct fpool_slot *)newest->request.next;

            newest->request.next = (struct fpool_request *)slot;
            slot = newest;
            newest = next;
        }
    }
    if (slot != NULL) {
        job->local = (struct fpool_slot *)slot->request.next;
    }
    return slot;
}

static struct fpool_slot *ordered_head(struct fpool_job *job)
{
    struct fpool_slot *slot =
        &job->slots[atomic_load(&job->delivered) % job->window];

    return atomic_load(&slot->state) == FPOOL_SLOT_DONE ? slot : NULL;
}

FPOOL_REQUIRES(job->mu)
static void flush_freed_locked(struct fpool_job *job)
{
    if (job->freed != NULL) {
        fpool_slots_return(job, job->freed, job->freed_last);
        job->freed = job->freed_last = NULL;
    }
    job->n_freed = 0;
}

/* Gives the slot's credit back, in lots: at once when nothing else is ready (the
 * consumer is about to wait), otherwise a quarter of the window at a time.
 * Returns whether stalled workers should look again. */
FPOOL_REQUIRES(job->mu)
static bool give_credit_locked(struct fpool_job *job, struct fpool_slot *slot)
{
    bool is_drained;

    job->n_freed++;
    if (job->shape == FPOOL_SHAPE_ORDERED) {
        atomic_store_explicit(&slot->state, FPOOL_SLOT_FREE,
                              memory_order_relaxed);
        atomic_fetch_add(&job->delivered, 1);
        is_drained = ordered_head(job) == NULL;
    } else {
        slot->request.next = (struct fpool_request *)job->freed;
        job->freed = slot;
        if (job->freed_last == NULL) {
            job->freed_last = slot;
        }
        atomic_store(&job->delivered, atomic_load(&job->delivered) + 1);
        is_drained = job->local == NULL && atomic_load(&job->ready) == NULL;
    }
    if (!is_drained && job->n_freed < (job->window + 3) / 4) {
        return false;
    }
    flush_freed_locked(job);
    return true;
}

/* Hands over the next result if one is there. */
static bool pop(struct fpool_job *job, struct fpool_result *ret_result)
{
    struct fpool_slot *slot;
    bool has_credit = false;
    bool has_more = false;

    fpool_mutex_lock(&job->mu);
    slot = job->shape == FPOOL_SHAPE_ORDERED ? ordered_head(job)
                                             : pop_unordered_locked(job);
    if (slot != NULL) {
        *ret_result = slot->request.result;
        has_credit = give_credit_locked(job, slot);
        has_more = job->local != NULL;
    }
    fpool_mutex_unlock(&job->mu);
    if (has_credit && atomic_load(&job->phase) == FPOOL_PHASE_STALLED) {
        fpool_job_reactivate(job, FPOOL_PHASE_STALLED);
    }
    if (has_more && fpool_gate_has_waiters(&job->gate)) {
        fpool_gate_notify_one(&job->gate); /* pass the wake-up on */
    }
    return slot != NULL;
}

static bool is_drained(struct fpool_job *job)
{
    return atomic_load(&job->is_done) &&
           atomic_load(&job->delivered) == atomic_load(&job->pulled);
}

/* What to say after the last result. */
static enum fpool_status last_word(struct fpool_job *job)
{
    enum fpool_status st = fpool_job_status(job);

    if (st == FPOOL_ESOURCE) {
        fpool_mutex_lock(&job->mu);
        st = job->said_source_error ? FPOOL_END : FPOOL_ESOURCE;
        job->said_source_error = true;
        fpool_mutex_unlock(&job->mu);
    }
    return st == FPOOL_OK ? FPOOL_END : st;
}

/* Nothing is in flight, and the source waits: its next answer is final. */
static void ask_finally(struct fpool_job *job)
{
    if (atomic_load(&job->phase) == FPOOL_PHASE_WAITING &&
        atomic_load(&job->holds) == 0 &&
        atomic_load(&job->delivered) == atomic_load(&job->pulled)) {
        atomic_store(&job->final_ask, true);
        fpool_job_wake(job);
    }
}

/* FPOOL_OK with a result, the last word, or FPOOL_WAIT. */
static enum fpool_status try_next(struct fpool_job *job,
                                  struct fpool_result *ret_result)
{
    if (pop(job, ret_result)) {
        return FPOOL_OK;
    }
    if (is_drained(job)) {
        return last_word(job);
    }
    ask_finally(job);
    return FPOOL_WAIT;
}

/* Nothing is there: makes the descriptor unreadable, and looks again. */
static enum fpool_status try_next_armed(struct fpool_job *job,
                                        struct fpool_result *ret_result)
{
    enum fpool_status st;

    if (job->bell.fd < 0) {
        return FPOOL_WAIT;
    }
    fpool_bell_answer(&job->bell);
    atomic_store(&job->is_bell_armed, true);
    st = try_next(job, ret_result);
    if (st != FPOOL_WAIT) {
        ring(job);
    }
    return st;
}

static enum fpool_status next(struct fpool_job *job,
                              struct fpool_result *ret_result,
                              int64_t deadline_ns, bool may_block)
{
    struct fpool_worker *worker = fpool_worker_of(job->pool);
    enum fpool_status st;
    unsigned key;
    bool in_time = true;

    for (;;) {
        st = try_next(job, ret_result);
        if (st == FPOOL_WAIT && worker != NULL && may_block &&
            fpool_worker_help(worker, job)) {
            continue;
        }
        if (st == FPOOL_WAIT && (!may_block || !in_time)) {
            st = try_next_armed(job, ret_result);
            return st == FPOOL_WAIT ? FPOOL_ETIMEDOUT : st;
        }
        if (st != FPOOL_WAIT) {
            return st;
        }
        key = fpool_gate_prepare(&job->gate);
        if (worker != NULL) {
            atomic_fetch_add(&job->n_helpers, 1);
        }
        st = try_next(job, ret_result);
        if (st == FPOOL_WAIT && worker != NULL &&
            fpool_worker_help(worker, job)) {
            st = FPOOL_EAGAIN; /* it ran something: look again */
        }
        if (st != FPOOL_WAIT) {
            fpool_gate_abandon(&job->gate);
            if (worker != NULL) {
                atomic_fetch_sub(&job->n_helpers, 1);
            }
            if (st == FPOOL_EAGAIN) {
                continue;
            }
            return st;
        }
        in_time = fpool_gate_wait(&job->gate, key, deadline_ns);
        if (worker != NULL) {
            atomic_fetch_sub(&job->n_helpers, 1);
        }
    }
}

enum fpool_status fpool_next(struct fpool_results *results,
                             struct fpool_result *ret_result,
                             int64_t timeout_ms)
{
    enum fpool_status st;

    if (results == NULL || ret_result == NULL) {
        return FPOOL_EINVAL;
    }
    if (fpool_job_is_forked(&results->job)) {
        return FPOOL_EFORK;
    }
    if (pop(&results->job, ret_result)) {
        return FPOOL_OK; /* without a look at the clock */
    }
    st = next(&results->job, ret_result,
              timeout_ms == 0 ? 0 : fpool_deadline_after_ms(timeout_ms),
              timeout_ms != 0);
    return st;
}

void fpool_stream_drain(struct fpool_job *job)
{
    struct fpool_result r;

    while (pop(job, &r)) {
        fpool_result_release(&r);
    }
}

/* ---- The handle. */

static enum fpool_status start(const struct fpool_job_request *request,
                               struct fpool_results **ret_results)
{
    struct fpool_job *job;
    enum fpool_status st;

    st = fpool_job_create(request, &job);
    if (st != FPOOL_OK) {
        return st;
    }
    st = fpool_job_launch(job);
    if (st != FPOOL_OK) {
        fpool_job_destroy(job);
        return st;
    }
    *ret_results = (struct fpool_results *)job;
    return FPOOL_OK;
}

enum fpool_status fpool_imap(struct fpool *pool, const struct fpool_op *op,
                             struct fpool_source source,
                             const struct fpool_job_options *job,
                             struct fpool_results **ret_results)
{
    return start(&(struct fpool_job_request){
                     .pool = ret_results == NULL ? NULL : pool,
                     .op = op,
                     .source = source,
                     .options = job,
                     .shape = FPOOL_SHAPE_ORDERED,
                     .kind = FPOOL_KIND_RESULTS },
                 ret_results);
}

enum fpool_status fpool_imap_unordered(struct fpool *pool,
                                       const struct fpool_op *op,
                                       struct fpool_source source,
                                       const struct fpool_job_options *job,
                                       struct fpool_results **ret_results)
{
    return start(&(struct fpool_job_request){
                     .pool = ret_results == NULL ? NULL : pool,
                     .op = op,
                     .source = source,
                     .options = job,
                     .shape = FPOOL_SHAPE_UNORDERED,
                     .kind = FPOOL_KIND_RESULTS },
                 ret_results);
}

int fpool_results_fd(struct fpool_results *results)
{
    struct fpool_job *job = &results->job;
    struct fpool_bell bell = { -1 };

    fpool_mutex_lock(&job->mu);
    if (job->bell.fd < 0 && fpool_bell_init(&bell) == FPOOL_OK) {
        /* Readable from the start: the first FPOOL_ETIMEDOUT arms it. */
        fpool_bell_ring(&bell);
        job->bell = bell;
    }
    fpool_mutex_unlock(&job->mu);
    return job->bell.fd;
}

void fpool_results_wake(struct fpool_results *results)
{
    fpool_job_wake(&results->job);
}

void fpool_results_hold(struct fpool_results *results)
{
    atomic_fetch_add(&results->job.holds, 1);
}

void fpool_results_unhold(struct fpool_results *results)
{
    atomic_fetch_sub(&results->job.holds, 1);
    fpool_job_wake(&results->job);
}

void fpool_results_cancel(struct fpool_results *results)
{
    fpool_cancel_trip(&results->job.token);
}

int fpool_results_source_code(struct fpool_results *results)
{
    return atomic_load(&results->job.source_code);
}

enum fpool_status fpool_results_get_stats(struct fpool_results *results,
                                          struct fpool_results_stats *ret_stats)
{
    struct fpool_results_stats s = { .struct_size = sizeof(s) };
    size_t size;

    if (results == NULL || ret_stats == NULL ||
        ret_stats->struct_size < sizeof(s.struct_size)) {
        return FPOOL_EINVAL;
    }
    s.delivered = atomic_load(&results->job.delivered);
    s.pulled = atomic_load(&results->job.pulled);
    s.window = results->job.window;
    s.chunk = results->job.chunk != 0 ? results->job.chunk
                                      : atomic_load(&results->job.chunk_now);
    size = ret_stats->struct_size < sizeof(s) ? ret_stats->struct_size
                                              : sizeof(s);
    s.struct_size = size;
    memcpy(ret_stats, &s, size);
    return FPOOL_OK;
}

void fpool_results_destroy(struct fpool_results **results)
{
    if (results != NULL && *results != NULL) {
        fpool_job_destroy(&(*results)->job);
        *results = NULL;
    }
}
