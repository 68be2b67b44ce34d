/* SPDX-License-Identifier: MIT */
/* Workers: find something to do, do it (run.c), sleep (park.c).  Started by the
 * pool when work is made available. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/pool.h"
#include "core/service.h"
#include "core/task.h"

/* Looks at a claimed source, of some ten nanoseconds each, before a worker gives
 * up and sleeps: enough for another's pull, too little to burn a CPU. */
#define BUSY_LOOKS 30
/* The same in a pool that does not outnumber its CPUs. */
#define SPIN_LOOKS 150

static _Thread_local struct fpool_thread thread_self;

struct fpool_thread *fpool_thread_self(void)
{
    return &thread_self;
}

/* ---- Finding work. */

enum found_kind { FOUND_NOTHING, FOUND_CHUNK, FOUND_QUEUED };

struct finder {
    struct fpool_worker *worker;
    bool is_searching;
    struct fpool_job *queued;
    struct fpool_chunk chunk;
    struct fpool_slot *slots[FPOOL_CHUNK_MAX]; /* the chunk's */
};

static void search_again(struct finder *f)
{
    if (!f->is_searching) {
        fpool_park_search(&f->worker->pool->park);
        f->is_searching = true;
    }
}

static void stop_searching(struct finder *f)
{
    struct fpool *pool = f->worker->pool;

    if (!f->is_searching || fpool_park_leave(&pool->park)) {
        fpool_notify_if_work(pool);
    }
    f->is_searching = false;
}

/* The source may block for long: others must be able to search meanwhile. */
static void before_source(void *arg)
{
    struct finder *f = arg;
    struct fpool *pool = f->worker->pool;

    if (f->is_searching) {
        f->is_searching = false;
        if (fpool_park_leave(&pool->park) &&
            (atomic_load(&pool->n_runnable) > 1 ||
             atomic_load(&pool->leases.n_open) != 0)) {
            fpool_notify_if_work(pool);
        }
    }
}

static void cache_job(struct fpool_worker *w, struct fpool_job *job)
{
    struct fpool_job *old = w->cached;

    w->cached = job;
    if (old != NULL) {
        fpool_job_release(old);
    }
}

/* The next job to try, kept alive by the worker's cache, or a queued one. */
static struct fpool_job *turn(struct finder *f)
{
    struct fpool_worker *w = f->worker;
    struct fpool_job *job = w->cached;
    bool is_queued;

    if (job != NULL && atomic_load(&w->pool->n_runnable) == 1 &&
        atomic_load(&job->phase) == FPOOL_PHASE_READY) {
        return job; /* the only one: no need for the lock */
    }
    job = fpool_next_turn(w->pool, &is_queued);
    if (is_queued) {
        f->queued = job;
        return NULL;
    }
    if (job != NULL) {
        cache_job(w, job);
    }
    return job;
}

/* One round through all jobs. */
static enum found_kind try_jobs(struct finder *f, bool *ret_is_busy)
{
    unsigned n = atomic_load(&f->worker->pool->n_runnable);
    struct fpool_job *job;
    enum fpool_took took;

    for (; n != 0; n--) {
        job = turn(f);
        if (job == NULL) {
            return f->queued != NULL ? FOUND_QUEUED : FOUND_NOTHING;
        }
        took = fpool_pull(job, &f->chunk, before_source, f);
        if (took == FPOOL_TOOK_ITEMS) {
            return FOUND_CHUNK;
        }
        search_again(f);
        if (took != FPOOL_TOOK_NOTHING) {
            *ret_is_busy = true;
        }
    }
    return FOUND_NOTHING;
}

static enum found_kind find(struct finder *f)
{
    enum found_kind kind;
    bool is_busy = true;
    int max_looks = f->worker->pool->may_spin ? SPIN_LOOKS : BUSY_LOOKS;
    int looks;

    f->queued = NULL;
    for (looks = 0; is_busy && looks < max_looks; looks++) {
        if (looks != 0) {
            fpool_cpu_relax();
        }
        is_busy = false;
        kind = try_jobs(f, &is_busy);
        if (kind != FOUND_NOTHING) {
            return kind;
        }
    }
    if (fpool_lease_steal(&f->worker->pool->leases, NULL, &f->chunk)) {
        fpool_count(&f->worker->pool->stolen, f->chunk.n);
        return FOUND_CHUNK;
    }
    return FOUND_NOTHING;
}

static void work(struct finder *f, enum found_kind kind)
{
    stop_searching(f);
    switch (kind) {
    case FOUND_QUEUED:
        fpool_worker_run_queued(f->worker, f->queued);
        break;
    case FOUND_CHUNK:
        fpool_worker_run_chunk(f->worker, &f->chunk);
        break;
    case FOUND_NOTHING:
        break;
    }
}

/* Works and sleeps until the pool stops or the worker has been idle for long. */
static void serve(struct fpool_worker *w)
{
    struct fpool *pool = w->pool;
    bool is_kept = (pool->flags & FPOOL_EAGER) != 0;
    struct finder f;
    enum found_kind kind;

    f.worker = w;
    f.is_searching = true;
    f.chunk.max = FPOOL_CHUNK_MAX;
    f.chunk.slots = f.slots;
    for (;;) {
        kind = find(&f);
        if (kind != FOUND_NOTHING) {
            work(&f, kind);
            search_again(&f);
            continue;
        }
        cache_job(w, NULL);
        if (fpool_park_sleep(&pool->park, &w->sleeper, fpool_has_work, pool,
                             is_kept, fpool_now_ns() + pool->idle_ns) !=
            FPOOL_WAKEUP_SEARCH) {
            return;
        }
    }
}

/* ---- The thread. */

void fpool_workers_sum(struct fpool *pool, uint64_t *ret_started,
                       uint64_t *ret_completed)
{
    struct fpool_link *link;
    uint64_t started;
    uint64_t completed;

    fpool_mutex_lock(&pool->mu);
    started = atomic_load(&pool->started);
    completed = atomic_load(&pool->completed);
    for (link = pool->all.next; link != &pool->all; link = link->next) {
        struct fpool_worker *w =
            (struct fpool_worker *)((char *)link -
                                    offsetof(struct fpool_worker, link));

        completed += atomic_load_explicit(&w->n_run, memory_order_relaxed);
        started += atomic_load_explicit(&w->n_begun, memory_order_relaxed);
    }
    fpool_mutex_unlock(&pool->mu);
    *ret_started = started;
    *ret_completed = completed;
}

static void retire(struct fpool_worker *w)
{
    struct fpool *pool = w->pool;

    cache_job(w, NULL);
    fpool_mutex_lock(&pool->mu);
    fpool_link_take_out(&w->link);
    fpool_count(&pool->started, atomic_load(&w->n_begun));
    fpool_count(&pool->completed, atomic_load(&w->n_run));
    fpool_mutex_unlock(&pool->mu);
    if (w->has_local && pool->fini != NULL) {
        pool->fini(pool->userdata, w->local);
    }
    fpool_free(w);
    fpool_end_thread(pool);
}

/* A task ended this thread: another takes its place. */
static void thread_ends(void *arg)
{
    struct fpool_worker *w = arg;
    struct fpool *pool = w->pool;

    fpool_park_remove_worker(&pool->park, false);
    fpool_notify_if_work(pool);
    retire(w);
}

static void *worker_main(void *arg)
{
    struct fpool_worker *w = arg;
    struct fpool *pool = w->pool;

    thread_self.pool = pool;
    thread_self.worker = w;
    fpool_thread_set_name(pthread_self(), pool->name);
    fpool_mutex_lock(&pool->mu);
    fpool_link_push_back(&pool->all, &w->link);
    fpool_mutex_unlock(&pool->mu);
    if (pool->init != NULL && pool->init(pool->userdata, &w->local) != 0) {
        atomic_store(&pool->is_broken, true);
        fpool_cancel_trip_for(&pool->token, FPOOL_EINIT);
        fpool_park_remove_worker(&pool->park, true);
        fpool_gate_notify_all(&pool->idle);
        retire(w);
        return NULL;
    }
    w->has_local = true;
    atomic_fetch_add(&pool->n_ready, 1);
    fpool_gate_notify_all(&pool->idle); /* an eager creator waits for this */
    pthread_cleanup_push(thread_ends, w);
    serve(w);
    pthread_cleanup_pop(0);
    retire(w);
    return NULL;
}

enum fpool_status fpool_worker_start(struct fpool *pool)
{
    struct fpool_worker *w =
        fpool_aligned_calloc(FPOOL_CACHE_LINE, sizeof(*w));
    enum fpool_status st;

    if (w == NULL) {
        return FPOOL_ENOMEM;
    }
    w->pool = pool;
    st = fpool_start_thread(pool, worker_main, w);
    if (st != FPOOL_OK) {
        fpool_free(w);
    }
    return st;
}
