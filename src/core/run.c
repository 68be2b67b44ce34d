/* SPDX-License-Identifier: MIT */
/* Running what was taken: a chunk, a queued future, something that the caller
 * waits for.  Called by workers; calls the engines, and so the user's code. */
#include <string.h>

#include "base/clock.h"
#include "core/pool.h"
#include "core/task.h"

/* Slots that a waiting worker takes at once: few, as its stack holds them below
 * whatever the items call, and that may be another wait. */
#define HELP_MAX 16

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
    uint64_t index;

    if (run->has_slots) {
        return &run->chunk->slots[run->position]->request.result;
    }
    index = run->chunk->base + run->position;
    run->result.index = index;
    run->result.code = 0;
    run->result.value = NULL;
    run->result.drop_value = NULL;
    run->result.engine = job->engine->name;
    fpool_source_item(&job->source, index, &run->result.item);
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

/* Adds to a counter that only this thread writes. */
static void add_own(atomic_uint_fast64_t *counter, uint64_t n)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

static enum fpool_status run_item(struct run *run, struct fpool_result *result)
{
    struct fpool_job *job = run->job;
    enum fpool_status reason = fpool_job_reason(job);
    enum fpool_status status;

    if (reason != FPOOL_OK) {
        return fpool_item_status(reason);
    }
    add_own(&run->worker->n_begun, 1);
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
        add_own(&run->worker->n_run, run->n_run);
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
    struct fpool_slot *slot = &job->single;
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
    chunk.max = 1;
    chunk.slots = &slot;
    fpool_worker_run_chunk(worker, &chunk);
}

/* ---- Helping: a worker that waits runs what it waits for, and nothing else. */

bool fpool_worker_help(struct fpool_worker *worker, struct fpool_job *job)
{
    struct fpool_slot *slots[HELP_MAX];
    struct fpool_chunk chunk = { .max = HELP_MAX, .slots = slots };
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
