/* SPDX-License-Identifier: MIT */
/* The pool's life: made, closed, terminated, joined, released.  What jobs and
 * workers share while it lives is in turns.c. */
#include "core/pool.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/options.h"
#include "core/fork.h"
#include "core/handle.h"
#include "core/service.h"

#define DEFAULT_IDLE_MS 10000
#define MIN_NESTED      256

/* ---- Making. */

static unsigned default_workers(void)
{
    unsigned n = fpool_usable_cpus();

    n = n > 16 ? 512 : n * 32;
    return n < 32 ? 32 : n;
}

static enum fpool_status set_options(struct fpool *pool,
                                     const struct fpool_options *given)
{
    struct fpool_options o;

    if (!fpool_options_copy(&o, sizeof(o), given) ||
        o.workers > FPOOL_MAX_WORKERS ||
        (o.flags & ~(uint32_t)(FPOOL_EAGER | FPOOL_DRAIN)) != 0) {
        return FPOOL_EINVAL;
    }
    pool->workers = o.workers != 0 ? o.workers : default_workers();
    pool->may_spin = pool->workers > 1 && pool->workers <= fpool_usable_cpus();
    pool->queue_size = o.queue != 0 ? o.queue : 4 * pool->workers;
    pool->nested_size = o.nested_queue;
    if (pool->nested_size == 0) {
        pool->nested_size = 4 * pool->workers;
        pool->nested_size =
            pool->nested_size < MIN_NESTED ? MIN_NESTED : pool->nested_size;
    }
    pool->idle_ns =
        (int64_t)(o.idle_ms != 0 ? o.idle_ms : DEFAULT_IDLE_MS) * 1000000;
    pool->stack_size = o.stack_size;
    pool->flags = o.flags;
    strncpy(pool->name, o.name != NULL ? o.name : "fpool",
            sizeof(pool->name) - 1);
    pool->init = o.init;
    pool->fini = o.fini;
    pool->userdata = o.userdata;
    return FPOOL_OK;
}

static void ring_init(struct fpool_link *ring)
{
    ring->next = ring->previous = ring;
}

/* Starts all workers and waits until each has run 'init'. */
static enum fpool_status start_eagerly(struct fpool *pool)
{
    unsigned n = 0;
    unsigned key;

    while (n < pool->workers && fpool_park_reserve(&pool->park)) {
        if (fpool_worker_start(pool) != FPOOL_OK) {
            fpool_park_remove_worker(&pool->park, true);
            break;
        }
        n++;
    }
    if (n == 0) {
        return FPOOL_ENOMEM;
    }
    for (;;) {
        key = fpool_gate_prepare(&pool->idle);
        if (atomic_load(&pool->is_broken) || atomic_load(&pool->n_ready) >= n) {
            fpool_gate_abandon(&pool->idle);
            break;
        }
        fpool_gate_wait(&pool->idle, key, FPOOL_NEVER);
    }
    return atomic_load(&pool->is_broken) ? FPOOL_EINIT : FPOOL_OK;
}

static void pool_init(struct fpool *pool)
{
    pool->kind = FPOOL_KIND_POOL;
    pool->fork_generation = fpool_fork_generation();
    atomic_init(&pool->refs, 1);
    fpool_mutex_init(&pool->mu);
    fpool_park_init(&pool->park, pool->workers);
    fpool_timers_init(&pool->timers);
    fpool_leases_init(&pool->leases);
    ring_init(&pool->all);
    ring_init(&pool->run);
    ring_init(&pool->queue);
}

enum fpool_status fpool_create(struct fpool **ret_pool,
                               const struct fpool_options *options)
{
    struct fpool *pool;
    enum fpool_status st;

    if (ret_pool == NULL) {
        return FPOOL_EINVAL;
    }
    pool = fpool_aligned_calloc(FPOOL_CACHE_LINE, sizeof(*pool));
    if (pool == NULL) {
        return FPOOL_ENOMEM;
    }
    st = set_options(pool, options);
    if (st == FPOOL_OK) {
        st = fpool_cancel_init(&pool->token, NULL, NULL);
    }
    if (st != FPOOL_OK) {
        fpool_free(pool);
        return st;
    }
    pool_init(pool);
    if ((pool->flags & FPOOL_EAGER) != 0) {
        st = start_eagerly(pool);
        if (st != FPOOL_OK) {
            fpool_destroy(&pool);
            return st;
        }
    }
    *ret_pool = pool;
    return FPOOL_OK;
}

/* ---- Ending. */

enum fpool_status fpool_close(struct fpool *pool)
{
    if (pool == NULL) {
        return FPOOL_EINVAL;
    }
    if (fpool_is_forked(pool)) {
        return FPOOL_EFORK;
    }
    fpool_mutex_lock(&pool->mu);
    pool->is_closed = true;
    fpool_mutex_unlock(&pool->mu);
    fpool_gate_notify_all(&pool->room);
    fpool_gate_notify_all(&pool->idle);
    return FPOOL_OK;
}

enum fpool_status fpool_terminate(struct fpool *pool)
{
    enum fpool_status st = fpool_close(pool);

    if (st == FPOOL_OK) {
        fpool_cancel_trip_for(&pool->token, FPOOL_ECANCELED);
        fpool_gate_notify_all(&pool->room);
    }
    return st;
}

static bool has_no_jobs(struct fpool *pool)
{
    bool yes;

    fpool_mutex_lock(&pool->mu);
    yes = pool->n_jobs == 0;
    fpool_mutex_unlock(&pool->mu);
    return yes;
}

static bool has_no_threads(struct fpool *pool)
{
    bool yes;

    fpool_mutex_lock(&pool->mu);
    yes = pool->n_threads == 0 && atomic_load(&pool->park.n_workers) == 0;
    fpool_mutex_unlock(&pool->mu);
    return yes;
}

static bool is_free_to_join(struct fpool *pool)
{
    bool yes;

    fpool_mutex_lock(&pool->mu);
    yes = !pool->is_joining;
    if (yes) {
        pool->is_joining = true;
    }
    fpool_mutex_unlock(&pool->mu);
    return yes;
}

static bool wait_until(struct fpool *pool, bool (*condition)(struct fpool *),
                       int64_t deadline_ns)
{
    bool in_time = true;

    for (;;) {
        unsigned key = fpool_gate_prepare(&pool->idle);

        if (condition(pool)) {
            fpool_gate_abandon(&pool->idle);
            return true;
        }
        if (!in_time) {
            fpool_gate_abandon(&pool->idle);
            return false;
        }
        in_time = fpool_gate_wait(&pool->idle, key, deadline_ns);
    }
}

/* The last thread to end is still to be joined; it joined all before it. */
static void join_last_thread(struct fpool *pool)
{
    pthread_t last;
    bool has_ended;

    fpool_mutex_lock(&pool->mu);
    last = pool->last_ended;
    has_ended = pool->has_ended;
    pool->has_ended = false;
    fpool_mutex_unlock(&pool->mu);
    if (has_ended) {
        pthread_join(last, NULL);
    }
}

/* The calling thread is the one joiner. */
static enum fpool_status join_alone(struct fpool *pool, int64_t deadline_ns)
{
    if (atomic_load(&pool->is_joined)) {
        return FPOOL_OK;
    }
    if (!wait_until(pool, has_no_jobs, deadline_ns)) {
        return FPOOL_ETIMEDOUT;
    }
    fpool_park_stop(&pool->park);
    if (!wait_until(pool, has_no_threads, deadline_ns)) {
        return FPOOL_ETIMEDOUT;
    }
    join_last_thread(pool);
    fpool_detach_contexts(pool);
    fpool_timers_fini(&pool->timers);
    atomic_store(&pool->is_joined, true);
    return FPOOL_OK;
}

enum fpool_status fpool_join(struct fpool *pool, int64_t timeout_ms)
{
    int64_t deadline = fpool_deadline_after_ms(timeout_ms);
    enum fpool_status st;
    bool is_closed;

    if (pool == NULL) {
        return FPOOL_EINVAL;
    }
    if (fpool_is_forked(pool)) {
        return FPOOL_EFORK;
    }
    if (fpool_thread_self()->pool == pool) {
        return FPOOL_EDEADLK;
    }
    fpool_mutex_lock(&pool->mu);
    is_closed = pool->is_closed;
    fpool_mutex_unlock(&pool->mu);
    if (!is_closed) {
        return FPOOL_EBUSY;
    }
    if (!wait_until(pool, is_free_to_join, deadline)) {
        return FPOOL_ETIMEDOUT;
    }
    st = join_alone(pool, deadline);
    fpool_mutex_lock(&pool->mu);
    pool->is_joining = false;
    fpool_mutex_unlock(&pool->mu);
    fpool_gate_notify_all(&pool->idle);
    return st;
}

void fpool_release(struct fpool *pool)
{
    if (atomic_fetch_sub(&pool->refs, 1) != 1) {
        return;
    }
    fpool_cancel_fini(&pool->token);
    fpool_leases_fini(&pool->leases);
    fpool_park_fini(&pool->park);
    fpool_mutex_fini(&pool->mu);
    fpool_free(pool);
}

static void *join_and_release(void *arg)
{
    struct fpool *pool = arg;

    fpool_join(pool, FPOOL_FOREVER);
    fpool_release(pool);
    return NULL;
}

void fpool_destroy(struct fpool **pool)
{
    struct fpool *p;
    pthread_t thread;

    if (pool == NULL || *pool == NULL) {
        return;
    }
    p = *pool;
    *pool = NULL;
    if (fpool_is_forked(p)) {
        return;
    }
    if ((p->flags & FPOOL_DRAIN) != 0) {
        fpool_close(p);
    } else {
        fpool_terminate(p);
    }
    if (fpool_thread_self()->pool != p) {
        join_and_release(p);
    } else if (fpool_thread_create(&thread, "fpool-end", 0, join_and_release,
                                   p) == FPOOL_OK) {
        pthread_detach(thread);
    }
}

/* ---- Statistics. */

enum fpool_status fpool_get_stats(struct fpool *pool,
                                  struct fpool_stats *ret_stats)
{
    struct fpool_stats s = { .struct_size = sizeof(s) };
    size_t size;

    if (pool == NULL || ret_stats == NULL ||
        ret_stats->struct_size < sizeof(s.struct_size)) {
        return FPOOL_EINVAL;
    }
    if (fpool_is_forked(pool)) {
        return FPOOL_EFORK;
    }
    s.workers = atomic_load(&pool->park.n_workers);
    s.idle = atomic_load(&pool->park.n_asleep);
    fpool_mutex_lock(&pool->park.mu);
    s.peak_workers = pool->park.peak_workers;
    s.wakeups = pool->park.n_wakeups;
    fpool_mutex_unlock(&pool->park.mu);
    fpool_mutex_lock(&pool->mu);
    s.queued = pool->n_queued;
    s.jobs = pool->n_jobs;
    fpool_mutex_unlock(&pool->mu);
    fpool_workers_sum(pool, &s.started, &s.completed);
    s.failed = atomic_load(&pool->failed);
    s.cancelled = atomic_load(&pool->cancelled);
    s.helped = atomic_load(&pool->helped);
    s.stolen = atomic_load(&pool->stolen);
    size = ret_stats->struct_size < sizeof(s) ? ret_stats->struct_size
                                              : sizeof(s);
    s.struct_size = size;
    memcpy(ret_stats, &s, size);
    return FPOOL_OK;
}
