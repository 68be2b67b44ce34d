/* SPDX-License-Identifier: MIT */
/* apply, apply_async and the future: jobs of one item. */
#include "base/clock.h"
#include "core/handle.h"
#include "core/pool.h"

/* How many futures may be queued for this caller, and whether it may wait: a
 * thread of the pool may not, but has some room of its own. */
static unsigned allowance(const struct fpool *pool, uint32_t flags,
                          bool *ret_to_wait)
{
    bool is_ours = fpool_thread_self()->pool == pool;
    uint64_t n = pool->queue_size;

    *ret_to_wait = !is_ours && (flags & FPOOL_NONBLOCK) == 0;
    n += is_ours ? pool->nested_size : 0;
    return n > UINT32_MAX ? UINT32_MAX : (unsigned)n;
}

/* What may have come between making the job and queueing it. */
static enum fpool_status settle_queued(struct fpool_job *job,
                                       enum fpool_status st)
{
    if (st == FPOOL_ENOMEM && fpool_dequeue(job)) {
        fpool_job_release(job); /* no worker could be started */
        return FPOOL_ENOMEM;
    }
    if (st == FPOOL_OK && fpool_job_reason(job) != FPOOL_OK &&
        fpool_dequeue(job)) {
        fpool_worker_run_queued(NULL, job); /* tripped too early to see it */
    }
    return st == FPOOL_ENOMEM ? FPOOL_OK : st;
}

static enum fpool_status submit(struct fpool_job *job)
{
    struct fpool *pool = job->pool;
    bool to_wait;
    unsigned n = allowance(pool, job->flags, &to_wait);
    enum fpool_status st;

    if (fpool_job_reason(job) != FPOOL_OK) {
        return fpool_job_reason(job);
    }
    if (!fpool_job_is_evented(job)) {
        st = fpool_enqueue(job, n, to_wait, FPOOL_NEVER);
        return settle_queued(job, st);
    }
    st = fpool_take_room(job, n, to_wait, FPOOL_NEVER);
    if (st == FPOOL_OK) {
        atomic_store(&job->future_state, FPOOL_FUTURE_RUNNING);
        fpool_count(&pool->started, 1);
        job->engine->start(job->state, &job->single.request);
    }
    return st;
}

static enum fpool_status create(struct fpool *pool, const struct fpool_op *op,
                                struct fpool_item item,
                                const struct fpool_job_options *options,
                                struct fpool_job **ret_job)
{
    struct fpool_job *job;
    enum fpool_status st;

    st = fpool_job_create(&(struct fpool_job_request){
                              .pool = pool,
                              .op = op,
                              .options = options,
                              .shape = FPOOL_SHAPE_SINGLE,
                              .kind = FPOOL_KIND_FUTURE,
                              .keeps_results = true },
                          &job);
    if (st != FPOOL_OK) {
        return st;
    }
    job->single.job = job;
    job->single.request.result.item = item;
    job->single.request.result.engine = job->engine->name;
    atomic_store(&job->single.state, FPOOL_SLOT_PULLED);
    *ret_job = job;
    return FPOOL_OK;
}

/* Undoes create(): nobody else has seen the job. */
static void uncreate(struct fpool_job *job)
{
    job->single.request.result.item = (struct fpool_item){ 0 };
    job->on_done = NULL;
    if (job->deadline.fire != NULL) {
        fpool_timer_cancel(&job->pool->timers, &job->deadline);
    }
    fpool_remove_job(job->pool);
    fpool_job_release(job);
    fpool_job_release(job);
}

/* Undoes create() for a job that could not be submitted. */
static enum fpool_status refuse(struct fpool_job *job, enum fpool_status st)
{
    if (st == FPOOL_ECANCELED && fpool_cancel_is_tripped(&job->pool->token)) {
        st = FPOOL_ECLOSED;
    }
    uncreate(job);
    return st;
}

enum fpool_status fpool_apply_async(struct fpool *pool,
                                    const struct fpool_op *op,
                                    struct fpool_item item,
                                    const struct fpool_job_options *options,
                                    struct fpool_future **ret_future)
{
    struct fpool_job *job;
    enum fpool_status st;

    st = create(pool, op, item, options, &job);
    if (st != FPOOL_OK) {
        return st;
    }
    st = submit(job);
    if (st != FPOOL_OK) {
        return refuse(job, st);
    }
    if (ret_future != NULL) {
        *ret_future = (struct fpool_future *)job;
    } else {
        fpool_job_release(job);
    }
    return FPOOL_OK;
}

/* On a worker: there is nobody to wait for, so the item runs here. */
static enum fpool_status run_here(struct fpool_worker *worker,
                                  struct fpool_job *job)
{
    if (fpool_job_is_evented(job)) {
        return submit(job);
    }
    fpool_job_hold(job);
    fpool_worker_run_queued(worker, job);
    return FPOOL_OK;
}

enum fpool_status fpool_apply(struct fpool *pool, const struct fpool_op *op,
                              struct fpool_item item,
                              const struct fpool_job_options *options,
                              struct fpool_result *ret_result)
{
    struct fpool_worker *worker;
    struct fpool_job *job = NULL;
    enum fpool_status st;

    if (ret_result == NULL) {
        return FPOOL_EINVAL;
    }
    st = create(pool, op, item, options, &job);
    if (st != FPOOL_OK) {
        return st;
    }
    worker = fpool_worker_of(pool);
    pthread_cleanup_push(fpool_job_forsake, job);
    st = worker != NULL ? run_here(worker, job) : submit(job);
    if (st == FPOOL_OK) {
        fpool_job_wait(job, FPOOL_FOREVER);
    }
    pthread_cleanup_pop(0);
    if (st != FPOOL_OK) {
        return refuse(job, st);
    }
    *ret_result = job->single.request.result;
    job->single.request.result = (struct fpool_result){ 0 };
    fpool_job_release(job);
    return FPOOL_OK;
}

enum fpool_status fpool_future_wait(struct fpool_future *future,
                                    int64_t timeout_ms,
                                    struct fpool_result *ret_result)
{
    enum fpool_status st;

    if (future == NULL) {
        return FPOOL_EINVAL;
    }
    st = fpool_job_wait(&future->job, timeout_ms);
    if (!atomic_load(&future->job.is_done)) {
        return st;
    }
    if (ret_result != NULL) {
        *ret_result = future->job.single.request.result;
    }
    return FPOOL_OK;
}

enum fpool_future_state fpool_future_get_state(
    const struct fpool_future *future)
{
    return (enum fpool_future_state)atomic_load(&future->job.future_state);
}

enum fpool_status fpool_future_cancel(struct fpool_future *future)
{
    if (future == NULL) {
        return FPOOL_EINVAL;
    }
    if (fpool_job_is_forked(&future->job)) {
        return FPOOL_EFORK;
    }
    if (atomic_load(&future->job.is_done)) {
        return FPOOL_EALREADY;
    }
    fpool_cancel_trip(&future->job.token);
    if (fpool_future_get_state(future) == FPOOL_FUTURE_CANCELED) {
        return FPOOL_OK;
    }
    return atomic_load(&future->job.is_done) ? FPOOL_EALREADY : FPOOL_EBUSY;
}

void fpool_future_destroy(struct fpool_future **future)
{
    if (future != NULL && *future != NULL) {
        fpool_job_destroy(&(*future)->job);
        *future = NULL;
    }
}

void fpool_future_detach(struct fpool_future **future)
{
    if (future != NULL && *future != NULL) {
        if (!fpool_job_is_forked(&(*future)->job)) {
            fpool_job_release(&(*future)->job);
        }
        *future = NULL;
    }
}
