/* SPDX-License-Identifier: MIT */
/* The running task; begun and ended by workers, asked by user code. */
#include "core/task.h"

#include "base/clock.h"
#include "fetchpool/call.h"

static void expire(struct fpool_timer *timer)
{
    struct fpool_task *task =
        (struct fpool_task *)((char *)timer -
                              offsetof(struct fpool_task, timer));

    atomic_store(&task->is_expired, true);
    if (atomic_load(&task->has_token)) {
        fpool_cancel_trip_for(&task->token, FPOOL_EDEADLINE);
    }
}

void fpool_task_push(struct fpool_task *task, struct fpool_worker *worker,
                     struct fpool_job *job)
{
    task->below = worker->task;
    task->worker = worker;
    task->job = job;
    task->result = NULL;
    task->timer.fire = NULL;
    task->timer.node.place = 0;
    atomic_init(&task->is_expired, false);
    atomic_init(&task->has_token, false);
    worker->task = task;
}

void fpool_task_start_clock(struct fpool_task *task)
{
    int64_t now = fpool_now_ns();
    int64_t timeout = task->job->item_timeout_ns;

    atomic_store(&task->is_expired, false);
    if (fpool_timer_set(&task->job->pool->timers, &task->timer,
                        timeout > FPOOL_NEVER - now ? FPOOL_NEVER
                                                    : now + timeout,
                        expire) != FPOOL_OK) {
        atomic_store(&task->is_expired, true); /* no item without a bound */
    }
}

void fpool_task_stop_clock(struct fpool_task *task)
{
    fpool_timer_cancel(&task->job->pool->timers, &task->timer);
    task->timer.fire = NULL;
}

struct fpool *fpool_task_pool(const struct fpool_task *task)
{
    return task->job->pool;
}

void *fpool_task_userdata(const struct fpool_task *task)
{
    const struct fpool_call_op *call = task->job->state;

    return task->job->engine == fpool_engine_call() ? call->userdata : NULL;
}

void *fpool_task_local(const struct fpool_task *task)
{
    return task->worker->local;
}

uint64_t fpool_task_index(const struct fpool_task *task)
{
    return task->result->index;
}

const struct fpool_item *fpool_task_item(const struct fpool_task *task)
{
    return &task->result->item;
}

bool fpool_task_is_cancelled(const struct fpool_task *task)
{
    return atomic_load_explicit(&task->is_expired, memory_order_relaxed) ||
           fpool_job_reason(task->job) != FPOOL_OK;
}

struct fpool_cancel *fpool_task_cancel_token(struct fpool_task *task)
{
    if (!atomic_load(&task->has_token)) {
        if (fpool_cancel_init(&task->token, &task->job->token, NULL) !=
            FPOOL_OK) {
            return NULL;
        }
        atomic_store(&task->has_token, true);
        if (atomic_load(&task->is_expired)) {
            fpool_cancel_trip_for(&task->token, FPOOL_EDEADLINE);
        }
    }
    return &task->token;
}
