/* SPDX-License-Identifier: MIT */
/* Streams: finished items on their way to the consumer.  Publishing is called by
 * whoever finishes an item; fpool_next() and its friends by the consumer. */
#include <string.h>

#include "base/clock.h"
#include "core/defer.h"
#include "core/pool.h"

#define SOON_LOOKS 100

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
    uint64_t place = atomic_fetch_add_explicit(&job->ready_tail, 1,
                                               memory_order_acq_rel);

    atomic_store(&job->ready[place % job->window], slot);
}

bool fpool_stream_is_awaited(struct fpool_job *job, uint64_t index)
{
    if (!fpool_gate_is_armed(&job->gate) &&
        !atomic_load(&job->is_bell_armed)) {
        return false;
    }
    return job->shape == FPOOL_SHAPE_UNORDERED ||
           atomic_load(&job->delivered) == index;
}

void fpool_stream_publish(struct fpool_job *job, struct fpool_slot *slot)
{
    if (job->shape == FPOOL_SHAPE_UNORDERED) {
        atomic_store_explicit(&slot->state, FPOOL_SLOT_DONE,
                              memory_order_relaxed);
        push_ready(job, slot);
    } else {
        atomic_store(&slot->state, FPOOL_SLOT_DONE);
    }
}

void fpool_stream_notify_now(struct fpool_job *job)
{
    fpool_gate_notify_one(&job->gate);
    ring(job);
}

void fpool_stream_notify(struct fpool_job *job, uint64_t index)
{
    if (fpool_stream_is_awaited(job, index)) {
        fpool_stream_notify_now(job);
    }
}

void fpool_stream_notify_end(struct fpool_job *job)
{
    ring(job);
}

/* ---- The consumer. */

/* The next result if it is there. */
static struct fpool_slot *head(struct fpool_job *job)
{
    uint64_t place = atomic_load_explicit(&job->delivered,
                                          memory_order_relaxed) %
                     job->window;
    struct fpool_slot *slot = &job->slots[place];

    if (job->shape == FPOOL_SHAPE_UNORDERED) {
        return atomic_load(&job->ready[place]);
    }
    return atomic_load(&slot->state) == FPOOL_SLOT_DONE ? slot : NULL;
}

/* Whether there is another result behind the first. */
static bool has_second(struct fpool_job *job)
{
    uint64_t place = (atomic_load_explicit(&job->delivered,
                                           memory_order_relaxed) + 1) %
                     job->window;

    if (job->shape == FPOOL_SHAPE_UNORDERED) {
        return atomic_load(&job->ready[place]) != NULL;
    }
    return atomic_load(&job->slots[place].state) == FPOOL_SLOT_DONE;
}

/* Gives the slot's credit back.  Stalled workers are looked for when nothing
 * else is ready (the consumer is about to wait), otherwise at each quarter of
 * the window; for a puller each time.  True when now. */
static bool give_credit_locked(struct fpool_job *job, struct fpool_slot *slot,
                               bool has_more)
    FPOOL_REQUIRES(job->mu)
{
    bool is_flush;

    if (job->shape == FPOOL_SHAPE_UNORDERED) {
        uint64_t n = atomic_load_explicit(&job->delivered,
                                          memory_order_relaxed);

        atomic_store_explicit(&job->ready[n % job->window], NULL,
                              memory_order_relaxed);
    }
    atomic_store_explicit(&slot->state, FPOOL_SLOT_FREE, memory_order_relaxed);
    job->n_freed++;
    is_flush = fpool_job_is_evented(job) || !has_more ||
               job->n_freed >= (job->window + 3) / 4;
    if (is_flush) {
        job->n_freed = 0;
    }
    fpool_slot_return(job, slot, is_flush);
    return is_flush;
}

/* The result that was lent to a sink has been delivered by now: its credit goes
 * back.  True when stalled workers are to be looked for. */
static bool end_loan_locked(struct fpool_job *job) FPOOL_REQUIRES(job->mu)
{
    bool has_more = job->window > 1 && has_second(job);

    if (!job->is_lent) {
        return false;
    }
    job->is_lent = false;
    return give_credit_locked(job, head(job), has_more);
}

/* Hands over the next result that is in a slot, if there is one. */
static bool pop_slot(struct fpool_job *job, struct fpool_result *ret_result)
{
    struct fpool_slot *slot;
    bool is_flush;
    bool has_more = false;

    fpool_mutex_lock(&job->mu);
    is_flush = end_loan_locked(job);
    slot = head(job);
    if (slot != NULL) {
        has_more = job->window > 1 && has_second(job);
        *ret_result = slot->request.result;
        if (job->lends) {
            job->is_lent = true;
        } else {
            is_flush = give_credit_locked(job, slot, has_more);
        }
    }
    fpool_mutex_unlock(&job->mu);
    if (is_flush && !has_more && head(job) != NULL) {
        /* It was finished meanwhile, by a thread that did not see yet that it
         * is the next one. */
        has_more = true;
        ring(job);
    }
    if (is_flush && fpool_job_is_hungry(job) &&
        fpool_job_is_worth_pulling(job)) {
        fpool_job_feed(job);
    }
    if (has_more) {
        fpool_gate_notify_one(&job->gate); /* pass the wake-up on */
    }
    return slot != NULL;
}

/* Hands over the next of the items that were still aside when the job was
 * cancelled: they need no slot, as they come from the disk to the consumer.
 * They come last.  False also when somebody else is at it, who wakes us. */
static bool pop_aside(struct fpool_job *job, struct fpool_result *ret_result)
{
    bool ok;

    if (!fpool_defer_claim_rest(job)) {
        return false;
    }
    fpool_mutex_lock(&job->mu);
    ok = head(job) == NULL; /* The job is done: nothing comes behind it. */
    fpool_mutex_unlock(&job->mu);
    ok = ok && fpool_defer_get_rest(job, ret_result);
    if (ok) {
        fpool_mutex_lock(&job->mu);
        atomic_fetch_sub(&job->deferred, 1);
        atomic_fetch_add(&job->delivered, 1);
        fpool_mutex_unlock(&job->mu);
    }
    fpool_defer_unclaim_rest(job);
    fpool_gate_notify_all(&job->gate);
    ring(job);
    return ok;
}

/* Hands over the next result if one is there. */
static bool pop(struct fpool_job *job, struct fpool_result *ret_result)
{
    return pop_slot(job, ret_result) ||
           (fpool_defer_has_rest(job) && pop_aside(job, ret_result));
}

void fpool_stream_lend(struct fpool_results *results)
{
    fpool_mutex_lock(&results->job.mu);
    results->job.lends = true;
    fpool_mutex_unlock(&results->job.mu);
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

/* The source waits, and the consumer has come back: it is asked again, if
 * something was delivered since; when nothing is in flight, for the last time. */
static void ask_again(struct fpool_job *job)
{
    uint64_t delivered = atomic_load(&job->delivered);

    if (atomic_load(&job->phase) != FPOOL_PHASE_WAITING) {
        return;
    }
    if (atomic_load(&job->holds) == 0 &&
        delivered == atomic_load(&job->pulled)) {
        atomic_store(&job->final_ask, delivered + 1);
        fpool_job_wake(job);
    } else if (atomic_exchange(&job->asked_at, delivered) != delivered) {
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
    ask_again(job);
    return FPOOL_WAIT;
}

/* Nothing is there: makes the descriptor unreadable, and looks again. */
static enum fpool_status try_next_armed(struct fpool_job *job,
                                        struct fpool_result *ret_result)
{
    struct fpool_bell bell;
    enum fpool_status st;

    fpool_mutex_lock(&job->mu);
    bell = job->bell;
    fpool_mutex_unlock(&job->mu);
    if (bell.fd < 0) {
        return FPOOL_WAIT;
    }
    fpool_bell_answer(&bell);
    atomic_store(&job->is_bell_armed, true);
    st = try_next(job, ret_result);
    if (st != FPOOL_WAIT) {
        ring(job);
    }
    return st;
}

/* A result that is due within a microsecond or two is worth a short look: a
 * sleep and the wake-up for it cost both sides more. */
static bool is_soon(struct fpool_job *job)
{
    int looks;

    for (looks = 0; looks < SOON_LOOKS; looks++) {
        if (head(job) != NULL) {
            return true;
        }
        fpool_cpu_relax();
    }
    return false;
}

/* Sleeps until something may have changed; as a worker, runs an item instead if
 * it can.  False when the time is over. */
static bool wait_for_next(struct fpool_job *job, struct fpool_worker *worker,
                          int64_t deadline_ns)
{
    unsigned key = fpool_gate_prepare(&job->gate);
    bool in_time = true;
    bool is_over;

    atomic_fetch_add(&job->n_helpers, worker != NULL);
    is_over = head(job) != NULL || is_drained(job) ||
              fpool_defer_is_rest_free(job) ||
              (worker != NULL && fpool_worker_help(worker, job));
    if (is_over) {
        fpool_gate_abandon(&job->gate);
    } else {
        ask_again(job);
        in_time = fpool_gate_wait(&job->gate, key, deadline_ns);
    }
    atomic_fetch_sub(&job->n_helpers, worker != NULL);
    return in_time;
}

static enum fpool_status next(struct fpool_job *job,
                              struct fpool_result *ret_result,
                              int64_t timeout_ms)
{
    struct fpool_worker *worker = fpool_worker_of(job->pool);
    int64_t deadline_ns = fpool_deadline_after_ms(timeout_ms);
    bool in_time = timeout_ms != 0;
    enum fpool_status st;

    for (;;) {
        st = try_next(job, ret_result);
        if (st != FPOOL_WAIT) {
            return st;
        }
        if (!in_time) {
            st = try_next_armed(job, ret_result);
            return st == FPOOL_WAIT ? FPOOL_ETIMEDOUT : st;
        }
        if (worker != NULL || !is_soon(job)) {
            in_time = wait_for_next(job, worker, deadline_ns);
        }
    }
}

enum fpool_status fpool_next(struct fpool_results *results,
                             struct fpool_result *ret_result,
                             int64_t timeout_ms)
{
    if (results == NULL || ret_result == NULL) {
        return FPOOL_EINVAL;
    }
    if (fpool_job_is_forked(&results->job)) {
        return FPOOL_EFORK;
    }
    if (pop_slot(&results->job, ret_result)) {
        return FPOOL_OK; /* without a look at the clock */
    }
    return next(&results->job, ret_result, timeout_ms);
}

void fpool_stream_drain(struct fpool_job *job)
{
    struct fpool_result r;

    /* What is aside is no more than bytes in a file. */
    while (pop_slot(job, &r)) {
        fpool_result_release(&r);
    }
}
