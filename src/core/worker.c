/* SPDX-License-Identifier: MIT */
/* Workers: find something to do, do it, sleep.  Started by the pool; calls the
 * engines, and so the user's functions. */
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

bool fpool_worker_is_inside(const struct fpool_worker *worker,
                            const struct fpool_job *job)
{
    const struct fpool_task *task = worker == NULL ? NULL : worker->task;

    while (task != NULL && task->job != job) {
        task = task->below;
    }
    return task != NULL;
}

/* ---- Running a chunk. */

/* A chunk under way: all that its clean-up needs if the thread ends in it. */
struct run {
    struct fpool_worker *worker;
    struct fpool_job *job;
    struct fpool_chunk *chunk;
    struct fpool_lease *lease; /* NULL: nobody else sees the chunk */
    unsigned position;         /* of the current item */
    unsigned n_run;
    bool has_slots;
    struct fpool_result result; /* of an item without a slot */
    struct fpool_task task;
};

static bool next_position(struct run *run)
{
    if (run->lease != NULL) {
        return fpool_lease_pop(run->lease, &run->position);
    }
    run->position = run->n_run;
    return run->position < run->chunk->n;
}

static struct fpool_result *current_result(struct run *run)
{
    struct fpool_job *job = run->job;
    uint64_t index = run->chunk->base + run->position;

    if (run->has_slots) {
        return &run->chunk->slots[run->position]->request.result;
    }
    run->result.index = index;
    run->result.code = 0;
    run->result.value = NULL;
    run->result.drop_value = NULL;
    run->result.engine = job->engine->name;
    memset(&run->result.item, 0, sizeof(run->result.item));
    job->source.item_at(&job->source, index, &run->result.item);
    return &run->result;
}

static void finish_current(struct run *run, enum fpool_status status)
{
    if (run->has_slots) {
        fpool_slot_finish(run->chunk->slots[run->position], status);
    } else {
        fpool_index_finish(run->job, &run->result, status);
    }
    run->n_run++;
}

static enum fpool_status run_item(struct run *run, struct fpool_result *result)
{
    struct fpool_job *job = run->job;
    enum fpool_status reason = fpool_job_reason(job);
    enum fpool_status status;

    if (reason != FPOOL_OK) {
        return fpool_item_status(reason);
    }
    fpool_task_begin(&run->task, result);
    status = job->engine->run(job->state, &run->task, result);
    fpool_task_end(&run->task);
    if (status != FPOOL_OK &&
        atomic_load_explicit(&run->task.is_expired, memory_order_relaxed)) {
        status = FPOOL_EDEADLINE;
    }
    return status;
}

/* Accounts for what was run; the job may be gone afterwards. */
static void finish_chunk(struct run *run)
{
    if (run->worker != NULL) {
        atomic_store_explicit(
            &run->worker->n_run,
            atomic_load_explicit(&run->worker->n_run, memory_order_relaxed) +
                run->n_run,
            memory_order_relaxed);
    } else {
        fpool_count(&run->job->pool->completed, run->n_run);
    }
    if (run->n_run != 0) {
        fpool_job_settle(run->job, run->n_run);
    }
    if (run->chunk->owns_reference) {
        fpool_job_release(run->job);
    }
}

/* The task ended its thread: its item fails, the rest is left to others. */
static void thread_ends_in_task(void *arg)
{
    struct run *run = arg;

    fpool_task_end(&run->task);
    fpool_task_pop(&run->task);
    finish_current(run, FPOOL_EWORKER);
    if (run->lease != NULL) {
        fpool_lease_abandon(&run->job->pool->leases, run->lease);
    }
    while (run->lease == NULL && next_position(run)) {
        current_result(run);
        finish_current(run, FPOOL_EWORKER);
    }
    finish_chunk(run);
}

static void run_all(struct run *run)
{
    if (run->worker != NULL) {
        fpool_task_push(&run->task, run->worker, run->job);
    }
    pthread_cleanup_push(thread_ends_in_task, run);
    while (next_position(run)) {
        struct fpool_result *result = current_result(run);

        finish_current(run, run_item(run, result));
    }
    pthread_cleanup_pop(0);
    if (run->worker != NULL) {
        fpool_task_pop(&run->task);
    }
}

void fpool_worker_run_chunk(struct fpool_worker *worker,
                            struct fpool_chunk *chunk)
{
    struct fpool_job *job = chunk->job;
    struct fpool *pool = job->pool;
    bool adapts = fpool_chunk_is_adaptive(job);
    int64_t begin = 0;
    struct run run;

    run.worker = worker;
    run.job = job;
    run.chunk = chunk;
    run.lease = NULL;
    run.n_run = 0;
    run.has_slots = job->shape == FPOOL_SHAPE_SINGLE || job->slots != NULL;
    if (chunk->n > 1 && worker != NULL) {
        run.lease = fpool_lease_open(&pool->leases, chunk);
        if (run.lease != NULL) {
            /* The job may have nothing else to offer by now. */
            fpool_notify_if_work(pool);
            if (atomic_load(&job->n_helpers) != 0) {
                fpool_gate_notify_all(&job->gate);
            }
        }
    }
    if (adapts) {
        begin = fpool_now_ns();
    }
    run_all(&run);
    if (adapts && run.n_run != 0) {
        fpool_chunk_adapt(job, run.n_run, fpool_now_ns() - begin);
    }
    if (run.lease != NULL) {
        fpool_lease_close(&pool->leases, run.lease);
    }
    finish_chunk(&run);
}

void fpool_worker_run_queued(struct fpool_worker *worker, struct fpool_job *job)
{
    struct fpool_chunk chunk;

    if (job->is_completing) {
        job->is_completing = false;
        fpool_job_complete(job);
        fpool_job_release(job);
        return;
    }
    if (fpool_job_reason(job) == FPOOL_OK) {
        atomic_store(&job->future_state, FPOOL_FUTURE_RUNNING);
    }
    chunk.job = job;
    chunk.owns_reference = true;
    chunk.n = 1;
    chunk.slots[0] = &job->single;
    fpool_worker_run_chunk(worker, &chunk);
}

/* ---- Helping: a worker that waits runs what it waits for, and nothing else. */

bool fpool_worker_help(struct fpool_worker *worker, struct fpool_job *job)
{
    struct fpool_chunk chunk;
    enum fpool_took took;

    if (fpool_dequeue(job)) {
        fpool_count(&job->pool->helped, 1);
        fpool_worker_run_queued(worker, job);
        return true;
    }
    if (job->shape == FPOOL_SHAPE_SINGLE || fpool_job_is_evented(job)) {
        return false;
    }
    do {
        took = fpool_pull(job, &chunk, NULL, NULL);
    } while (took == FPOOL_TOOK_RETRY);
    if (took != FPOOL_TOOK_ITEMS &&
        !fpool_lease_steal(&job->pool->leases, job, &chunk)) {
        return false;
    }
    fpool_notify_if_work(job->pool);
    fpool_count(&job->pool->helped, chunk.n);
    fpool_worker_run_chunk(worker, &chunk);
    return true;
}

/* ---- Finding work. */

enum found_kind { FOUND_NOTHING, FOUND_CHUNK, FOUND_QUEUED };

struct finder {
    struct fpool_worker *worker;
    bool is_searching;
    struct fpool_job *queued;
    struct fpool_chunk chunk;
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
            atomic_load(&pool->n_runnable) > 1) {
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

uint64_t fpool_workers_sum(struct fpool *pool)
{
    struct fpool_link *link;
    uint64_t sum = 0;

    fpool_mutex_lock(&pool->mu);
    for (link = pool->all.next; link != &pool->all; link = link->next) {
        struct fpool_worker *w =
            (struct fpool_worker *)((char *)link -
                                    offsetof(struct fpool_worker, link));

        sum += atomic_load_explicit(&w->n_run, memory_order_relaxed);
    }
    fpool_mutex_unlock(&pool->mu);
    return sum;
}

static void retire(struct fpool_worker *w)
{
    struct fpool *pool = w->pool;

    cache_job(w, NULL);
    fpool_mutex_lock(&pool->mu);
    fpool_link_take_out(&w->link);
    fpool_count(&pool->started, atomic_load(&w->n_run));
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
