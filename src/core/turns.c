/* SPDX-License-Identifier: MIT */
/* Turns: the ring of jobs with work, the queue of futures, and the threads that
 * serve them.  Called by jobs and workers. */
#include <assert.h>

#include "core/pool.h"
#include "core/service.h"

/* ---- Rings. */

static struct fpool_job *job_of(struct fpool_link *link)
{
    return (struct fpool_job *)((char *)link - offsetof(struct fpool_job, link));
}

/* ---- Jobs. */

enum fpool_status fpool_add_job(struct fpool *pool)
{
    enum fpool_status st = FPOOL_OK;

    fpool_mutex_lock(&pool->mu);
    if (atomic_load(&pool->is_broken)) {
        st = FPOOL_EINIT;
    } else if (pool->is_closed) {
        st = FPOOL_ECLOSED;
    } else {
        pool->n_jobs++;
    }
    fpool_mutex_unlock(&pool->mu);
    return st;
}

void fpool_remove_job(struct fpool *pool)
{
    bool is_last;

    fpool_mutex_lock(&pool->mu);
    assert(pool->n_jobs != 0);
    pool->n_jobs--;
    is_last = pool->n_jobs == 0;
    fpool_mutex_unlock(&pool->mu);
    if (is_last) {
        fpool_gate_notify_all(&pool->idle);
    }
}

bool fpool_pin_job(struct fpool_job *job)
{
    struct fpool *pool = job->pool;
    bool ok;

    fpool_mutex_lock(&pool->mu);
    ok = !atomic_load(&job->is_done);
    if (ok) {
        pool->n_jobs++;
    }
    fpool_mutex_unlock(&pool->mu);
    return ok;
}

enum fpool_status fpool_link_job(struct fpool_job *job)
{
    struct fpool *pool = job->pool;
    enum fpool_status st = FPOOL_OK;
    bool is_new = false;

    fpool_mutex_lock(&pool->mu);
    if (!job->link.is_linked &&
        atomic_load(&job->phase) == FPOOL_PHASE_READY) {
        fpool_link_push_back(&pool->run, &job->link);
        fpool_job_hold(job);
        atomic_fetch_add(&pool->n_runnable, 1);
        is_new = true;
    }
    fpool_mutex_unlock(&pool->mu);
    if (is_new) {
        st = fpool_notify(pool);
        if (atomic_load(&job->n_helpers) != 0) {
            fpool_gate_notify_all(&job->gate);
        }
    }
    return st;
}

void fpool_unlink_job(struct fpool_job *job)
{
    struct fpool *pool = job->pool;
    bool was_linked;

    fpool_mutex_lock(&pool->mu);
    was_linked = job->link.is_linked &&
                 atomic_load(&job->phase) != FPOOL_PHASE_READY;
    if (was_linked) {
        fpool_link_take_out(&job->link);
        atomic_fetch_sub(&pool->n_runnable, 1);
    }
    fpool_mutex_unlock(&pool->mu);
    if (was_linked) {
        fpool_job_release(job);
    }
}

/* ---- The queue. */

/* Counts one more future if there is room. */
static bool take_room_locked(struct fpool *pool, unsigned allowance)
    FPOOL_REQUIRES(pool->mu)
{
    if (pool->n_queued >= allowance) {
        return false;
    }
    pool->n_queued++;
    return true;
}

static void insert_locked(struct fpool *pool, struct fpool_job *job)
    FPOOL_REQUIRES(pool->mu)
{
    fpool_link_push_back(&pool->queue, &job->link);
    fpool_job_hold(job);
    if (!pool->queue_turn.is_linked) {
        fpool_link_push_back(&pool->run, &pool->queue_turn);
        atomic_fetch_add(&pool->n_runnable, 1);
    }
}

static void remove_locked(struct fpool *pool, struct fpool_job *job)
    FPOOL_REQUIRES(pool->mu)
{
    fpool_link_take_out(&job->link);
    pool->n_queued--;
    if (pool->queue.next == &pool->queue) {
        fpool_link_take_out(&pool->queue_turn);
        atomic_fetch_sub(&pool->n_runnable, 1);
    }
}

static bool try_enqueue(struct fpool_job *job, unsigned allowance,
                        bool needs_worker)
{
    struct fpool *pool = job->pool;
    bool ok;

    fpool_mutex_lock(&pool->mu);
    ok = take_room_locked(pool, allowance);
    if (ok && needs_worker) {
        insert_locked(pool, job);
    }
    fpool_mutex_unlock(&pool->mu);
    return ok;
}

/* Waits for room; the job's own token and deadline end the wait. */
static enum fpool_status enqueue(struct fpool_job *job, unsigned allowance,
                                 bool needs_worker, bool to_wait,
                                 int64_t deadline_ns)
{
    struct fpool *pool = job->pool;
    enum fpool_status reason;
    unsigned key;
    bool in_time = true;
    bool has_waited = false;
    bool ok;

    for (;;) {
        key = fpool_gate_prepare(&pool->room);
        ok = try_enqueue(job, allowance, needs_worker);
        reason = fpool_job_reason(job);
        if (ok || !to_wait || reason != FPOOL_OK || !in_time) {
            fpool_gate_abandon(&pool->room);
            break;
        }
        has_waited = true;
        in_time = fpool_gate_wait(&pool->room, key, deadline_ns);
    }
    if (has_waited) {
        fpool_gate_notify_one(&pool->room); /* there may be room for another */
    }
    if (ok) {
        return FPOOL_OK;
    }
    return reason != FPOOL_OK ? reason
                              : (to_wait ? FPOOL_EDEADLINE : FPOOL_EAGAIN);
}

enum fpool_status fpool_enqueue(struct fpool_job *job, unsigned allowance,
                                bool to_wait, int64_t deadline_ns)
{
    enum fpool_status st = enqueue(job, allowance, true, to_wait, deadline_ns);

    return st == FPOOL_OK ? fpool_notify(job->pool) : st;
}

enum fpool_status fpool_take_room(struct fpool_job *job, unsigned allowance,
                                  bool to_wait, int64_t deadline_ns)
{
    return enqueue(job, allowance, false, to_wait, deadline_ns);
}

void fpool_give_room(struct fpool *pool)
{
    fpool_mutex_lock(&pool->mu);
    pool->n_queued--;
    fpool_mutex_unlock(&pool->mu);
    fpool_gate_notify_one(&pool->room);
}

bool fpool_dequeue(struct fpool_job *job)
{
    struct fpool *pool = job->pool;
    bool ok;

    if (job->shape != FPOOL_SHAPE_SINGLE && !fpool_job_is_evented(job)) {
        return false;
    }
    fpool_mutex_lock(&pool->mu);
    ok = job->link.is_linked;
    if (ok) {
        remove_locked(pool, job);
    }
    fpool_mutex_unlock(&pool->mu);
    if (ok) {
        fpool_gate_notify_one(&pool->room);
    }
    return ok;
}

struct fpool_job *fpool_next_turn(struct fpool *pool, bool *ret_is_queued)
{
    struct fpool_link *link;
    struct fpool_job *job = NULL;

    *ret_is_queued = false;
    fpool_mutex_lock(&pool->mu);
    link = pool->run.next;
    if (link != &pool->run) {
        fpool_link_take_out(link);
        fpool_link_push_back(&pool->run, link);
        if (link == &pool->queue_turn) {
            job = job_of(pool->queue.next);
            remove_locked(pool, job);
            *ret_is_queued = true;
        } else {
            job = job_of(link);
            fpool_job_hold(job);
        }
    }
    fpool_mutex_unlock(&pool->mu);
    if (*ret_is_queued) {
        fpool_gate_notify_one(&pool->room);
    }
    return job;
}

/* ---- Waking. */

bool fpool_has_work(void *arg)
{
    struct fpool *pool = arg;
    struct fpool_link *link;
    bool found = false;

    if (atomic_load(&pool->n_runnable) != 0) {
        fpool_mutex_lock(&pool->mu);
        for (link = pool->run.next; link != &pool->run && !found;
             link = link->next) {
            found = link == &pool->queue_turn ||
                    !atomic_load(&job_of(link)->is_claimed);
        }
        fpool_mutex_unlock(&pool->mu);
    }
    return found || fpool_leases_have_work(&pool->leases);
}

/* No worker could be started.  It counted as a searcher meanwhile, so somebody
 * may have gone to sleep on the strength of it, or woken nobody. */
static enum fpool_status make_do(struct fpool *pool)
{
    struct fpool_sleeper *sleeper;
    bool was_last = fpool_park_remove_worker(&pool->park, true);

    fpool_gate_notify_all(&pool->idle);
    if (was_last && fpool_has_work(pool) &&
        fpool_park_pick_sleeper(&pool->park, &sleeper)) {
        fpool_parker_unpark(&sleeper->parker);
    }
    return atomic_load(&pool->park.n_workers) == 0 ? FPOOL_ENOMEM : FPOOL_OK;
}

enum fpool_status fpool_notify(struct fpool *pool)
{
    struct fpool_sleeper *sleeper;

    if (!fpool_park_can_pick(&pool->park)) {
        return FPOOL_OK;
    }
    switch (fpool_park_pick(&pool->park, &sleeper)) {
    case FPOOL_PICK_WAKE:
        fpool_parker_unpark(&sleeper->parker);
        break;
    case FPOOL_PICK_SPAWN:
        if (fpool_worker_start(pool) != FPOOL_OK) {
            return make_do(pool);
        }
        break;
    case FPOOL_PICK_NOTHING:
        break;
    }
    return FPOOL_OK;
}

void fpool_notify_if_work(struct fpool *pool)
{
    if (fpool_park_can_pick(&pool->park) && fpool_has_work(pool)) {
        fpool_notify(pool);
    }
}

/* ---- Threads. */

enum fpool_status fpool_start_thread(struct fpool *pool, void *(*main)(void *),
                                     void *arg)
{
    enum fpool_status st;
    pthread_t thread;

    fpool_mutex_lock(&pool->mu);
    pool->n_threads++;
    fpool_mutex_unlock(&pool->mu);
    st = fpool_thread_create(&thread, NULL, pool->stack_size, main, arg);
    if (st != FPOOL_OK) {
        fpool_mutex_lock(&pool->mu);
        pool->n_threads--;
        fpool_mutex_unlock(&pool->mu);
        fpool_gate_notify_all(&pool->idle);
    }
    return st;
}

/* Each thread joins the one that ended before it, so that at most one is left. */
void fpool_end_thread(struct fpool *pool)
{
    pthread_t before;
    bool has_before;

    fpool_mutex_lock(&pool->mu);
    has_before = pool->has_ended;
    before = pool->last_ended;
    pool->last_ended = pthread_self();
    pool->has_ended = true;
    fpool_mutex_unlock(&pool->mu);
    if (has_before) {
        pthread_join(before, NULL);
    }
    fpool_mutex_lock(&pool->mu);
    pool->n_threads--;
    fpool_mutex_unlock(&pool->mu);
    fpool_gate_notify_all(&pool->idle);
}
