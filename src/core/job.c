/* SPDX-License-Identifier: MIT */
/* Making and cancelling jobs.  Called by the verbs, and by tokens and deadlines
 * that trip; how jobs end is in settle.c. */
#include "core/job.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/options.h"
#include "core/defer.h"
#include "core/fork.h"
#include "core/pool.h"
#include "core/puller.h"

#define FIRST_CELLS 1024
#define JOB_FLAGS   (FPOOL_FAIL_FAST | FPOOL_NONBLOCK)

/* ---- Cancelling: what a trip of the job's token does. */

static struct fpool_job *job_of_token(struct fpool_cancel *token)
{
    return (struct fpool_job *)((char *)token -
                                offsetof(struct fpool_job, token));
}

static struct fpool_job *job_of_link(struct fpool_cancel *token)
{
    return (struct fpool_job *)((char *)token -
                                offsetof(struct fpool_job, user_link));
}

static bool try_hold(struct fpool_job *job)
{
    unsigned refs = atomic_load(&job->refs);

    while (refs != 0) {
        if (atomic_compare_exchange_weak(&job->refs, &refs, refs + 1)) {
            return true;
        }
    }
    return false;
}

/* Finishes what lies in other threads' leases and has not begun. */
static void cancel_leases(struct fpool_job *job)
{
    struct fpool_slot *slots[FPOOL_CHUNK_MAX];
    struct fpool_chunk chunk = { .max = FPOOL_CHUNK_MAX, .slots = slots };

    while (fpool_lease_steal(&job->pool->leases, job, &chunk)) {
        fpool_worker_run_chunk(NULL, &chunk);
    }
}

static void cancel_job(struct fpool_job *job)
{
    if (job->shape != FPOOL_SHAPE_SINGLE) {
        fpool_pull_end_if_cancelled(job);
        cancel_leases(job);
    }
    if (fpool_dequeue(job)) {
        fpool_worker_run_queued(NULL, job);
    }
    if (fpool_job_is_evented(job)) {
        fpool_gate_notify_all(&job->pull_gate);
        if (job->engine->cancel != NULL && fpool_pin_job(job)) {
            job->engine->cancel(job->state);
            fpool_remove_job(job->pool);
        }
    }
    fpool_gate_notify_all(&job->pool->room);
    fpool_gate_notify_all(&job->gate);
    fpool_stream_notify_end(job);
}

static bool token_hold(struct fpool_cancel *token)
{
    return try_hold(job_of_token(token));
}

static void token_tripped(struct fpool_cancel *token)
{
    cancel_job(job_of_token(token));
}

static void token_release(struct fpool_cancel *token)
{
    fpool_job_release(job_of_token(token));
}

static const struct fpool_cancel_hook token_hook = {
    token_hold, token_tripped, token_release
};

static bool link_hold(struct fpool_cancel *token)
{
    return try_hold(job_of_link(token));
}

static void link_tripped(struct fpool_cancel *token)
{
    fpool_cancel_trip_for(&job_of_link(token)->token,
                          fpool_cancel_reason(token));
}

static void link_release(struct fpool_cancel *token)
{
    fpool_job_release(job_of_link(token));
}

static const struct fpool_cancel_hook link_hook = { link_hold, link_tripped,
                                                    link_release };

static void deadline_passed(struct fpool_timer *timer)
{
    struct fpool_job *job =
        (struct fpool_job *)((char *)timer -
                             offsetof(struct fpool_job, deadline));

    fpool_cancel_trip_for(&job->token, FPOOL_EDEADLINE);
}

/* ---- Making. */

static enum fpool_status check(const struct fpool_job_request *q,
                               const struct fpool_job_options *o)
{
    bool is_single = q->shape == FPOOL_SHAPE_SINGLE;

    if (q->source.status != FPOOL_OK) {
        return q->source.status;
    }
    if (q->op == NULL || q->op->engine == NULL ||
        q->op->struct_size < sizeof(struct fpool_op) ||
        (q->op->engine->run == NULL) == (q->op->engine->start == NULL) ||
        (!is_single &&
         (q->source.next == NULL) == (q->source.item_at == NULL)) ||
        (o->flags & ~(uint32_t)JOB_FLAGS) != 0 ||
        o->window > FPOOL_MAX_WINDOW || o->deadline_ms < 0 ||
        o->item_timeout_ms < 0 || o->defer_max < -1) {
        return FPOOL_EINVAL;
    }
    return FPOOL_OK;
}

/* A multiple of the cache line at or above 'p'. */
static void *align(void *p)
{
    return (char *)p + (-(uintptr_t)p & (FPOOL_CACHE_LINE - 1));
}

/* Slots and rings; zero pages that cost nothing until they are used. */
static enum fpool_status allocate_rings(struct fpool_job *job)
{
    size_t n = job->window;
    bool ok;

    job->slots_memory =
        fpool_calloc(n * sizeof(*job->slots) + FPOOL_CACHE_LINE, 1);
    ok = job->slots_memory != NULL;
    if (job->shape == FPOOL_SHAPE_UNORDERED) {
        job->ready = fpool_calloc(n, sizeof(*job->ready));
        ok = ok && job->ready != NULL;
    }
    if (job->shape != FPOOL_SHAPE_ORDERED) {
        job->freed = fpool_calloc(n, sizeof(*job->freed));
        ok = ok && job->freed != NULL;
    }
    if (!ok) {
        return FPOOL_ENOMEM;
    }
    job->slots = align(job->slots_memory);
    return FPOOL_OK;
}

/* What the job needs room for: its window, where items pass through slots. */
static enum fpool_status make_slots(struct fpool_job *job)
{
    bool has_range = job->shape == FPOOL_SHAPE_BATCH &&
                     job->source.item_at != NULL && !fpool_job_is_evented(job);

    job->cells.first_size = FIRST_CELLS;
    if (job->shape == FPOOL_SHAPE_BATCH && job->source.item_at != NULL &&
        job->keeps_results) {
        job->cells.first_size = job->source.count == 0 ? 1 : job->source.count;
        if (fpool_cells_reserve(&job->cells, 0, false) != FPOOL_OK) {
            return FPOOL_ENOMEM;
        }
    }
    if (job->shape == FPOOL_SHAPE_SINGLE || has_range) {
        if (has_range && job->window < job->pool->workers &&
            (job->limit == 0 || job->limit > job->window)) {
            job->limit = job->window;
        }
        return FPOOL_OK;
    }
    return allocate_rings(job);
}

static void set_options(struct fpool_job *job, const struct fpool_job_options *o)
{
    unsigned window = o->window;

    if (window == 0) {
        window = fpool_job_is_evented(job) && job->engine->item_window != 0
                     ? job->engine->item_window
                     : 2 * job->pool->workers;
    }
    job->window = window;
    job->chunk = o->chunk;
    job->limit = o->limit;
    job->flags = o->flags;
    job->item_timeout_ns = o->item_timeout_ms >= INT64_MAX / 1000000
                               ? 0
                               : o->item_timeout_ms * 1000000;
    job->drop_value = o->drop_value;
    job->on_done = o->on_done;
    job->userdata = o->userdata;
    atomic_init(&job->chunk_now, 1);
}

static enum fpool_status open_engine(struct fpool_job *job,
                                     const struct fpool_op *op)
{
    void *context = NULL;
    enum fpool_status st = FPOOL_OK;

    if (job->engine->attach != NULL) {
        st = fpool_get_context(job->pool, job->engine, &context);
    }
    if (st == FPOOL_OK && job->engine->open != NULL) {
        st = job->engine->open(job->state, op, context);
    }
    job->has_state = st == FPOOL_OK;
    return st;
}

static enum fpool_status make_tokens(struct fpool_job *job,
                                     const struct fpool_job_options *o)
{
    enum fpool_status st;

    st = fpool_cancel_init(&job->token, &job->pool->token, &token_hook);
    if (st == FPOOL_OK && o->cancel != NULL) {
        st = fpool_cancel_init(&job->user_link, o->cancel, &link_hook);
        if (st == FPOOL_OK && fpool_cancel_is_tripped(&job->user_link)) {
            fpool_cancel_trip_for(&job->token,
                                  fpool_cancel_reason(&job->user_link));
        }
    }
    return st;
}

/* Everything that can fail, before anybody else sees the job. */
static enum fpool_status build(struct fpool_job *job, const struct fpool_op *op,
                               const struct fpool_job_options *o)
{
    enum fpool_status st;

    set_options(job, o);
    st = make_slots(job);
    if (st == FPOOL_OK) {
        st = fpool_defer_open(job, o);
    }
    if (st == FPOOL_OK) {
        st = fpool_add_job(job->pool); /* it holds off a join from here on */
    }
    if (st != FPOOL_OK) {
        return st;
    }
    st = open_engine(job, op);
    if (st == FPOOL_OK) {
        st = make_tokens(job, o);
    }
    if (st != FPOOL_OK) {
        fpool_remove_job(job->pool);
        return st;
    }
    /* Others may trip the job from here on, so it can no longer be unmade. */
    if (o->deadline_ms != 0 &&
        fpool_timer_set(&job->pool->timers, &job->deadline,
                        fpool_deadline_after_ms(o->deadline_ms),
                        deadline_passed) != FPOOL_OK) {
        fpool_cancel_trip_for(&job->token, FPOOL_ENOMEM);
    }
    return FPOOL_OK;
}

static struct fpool_job *allocate(const struct fpool_job_request *q)
{
    size_t size = (sizeof(struct fpool_job) + 15) / 16 * 16;
    struct fpool_job *job = fpool_aligned_calloc(
        FPOOL_CACHE_LINE, size + q->op->engine->state_size);

    if (job == NULL) {
        return NULL;
    }
    job->kind = q->kind;
    job->fork_generation = q->pool->fork_generation;
    job->pool = q->pool;
    job->engine = q->op->engine;
    job->state = (char *)job + size;
    job->shape = q->shape;
    job->source = q->source;
    job->keeps_results = q->keeps_results;
    job->bell.fd = -1;
    fpool_mutex_init(&job->mu);
    atomic_init(&job->refs, 2);
    atomic_init(&job->phase, q->shape == FPOOL_SHAPE_SINGLE
                                 ? FPOOL_PHASE_ENDED
                                 : FPOOL_PHASE_READY);
    atomic_init(&job->pulled, q->shape == FPOOL_SHAPE_SINGLE);
    atomic_fetch_add(&q->pool->refs, 1);
    return job;
}

enum fpool_status fpool_job_create(const struct fpool_job_request *q,
                                   struct fpool_job **ret_job)
{
    struct fpool_source source = q->source;
    struct fpool_job_options o;
    struct fpool_job *job = NULL;
    enum fpool_status st = FPOOL_EINVAL;

    if (q->pool != NULL && fpool_options_copy(&o, sizeof(o), q->options)) {
        st = fpool_is_forked(q->pool) ? FPOOL_EFORK : check(q, &o);
    }
    if (st == FPOOL_OK) {
        job = allocate(q);
        st = job == NULL ? FPOOL_ENOMEM : build(job, q->op, &o);
    }
    if (st == FPOOL_OK) {
        *ret_job = job;
        return FPOOL_OK;
    }
    if (job != NULL) {
        atomic_store(&job->refs, 1);
        fpool_job_release(job);
    } else {
        fpool_source_close(&source);
    }
    return st;
}

/* Offers the job to workers, or starts its puller.  On failure the job has ended
 * and the caller drops its reference. */
static enum fpool_status launch(struct fpool_job *job)
{
    enum fpool_status st = FPOOL_OK;

    if (fpool_job_reason(job) != FPOOL_OK) {
        cancel_job(job); /* its parent had been tripped before it was born */
        return FPOOL_OK;
    }
    if (job->source.item_at != NULL && job->source.count == 0) {
        fpool_pull_end_empty(job);
    } else if (fpool_job_is_evented(job)) {
        st = fpool_puller_start(job);
    } else {
        st = fpool_link_job(job);
    }
    /* Without a thread of its own, it may still have found one that another job
     * has started meanwhile. */
    return st == FPOOL_OK || !fpool_pull_withdraw(job) ? FPOOL_OK : st;
}

enum fpool_status fpool_job_start(const struct fpool_job_request *q,
                                  struct fpool_job **ret_job)
{
    struct fpool_job *job;
    enum fpool_status st = fpool_job_create(q, &job);

    if (st != FPOOL_OK) {
        return st;
    }
    st = launch(job);
    if (st != FPOOL_OK) {
        fpool_job_destroy(job);
        return st;
    }
    *ret_job = job;
    return FPOOL_OK;
}
