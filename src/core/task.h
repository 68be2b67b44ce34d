/* SPDX-License-Identifier: MIT */
/* The running task: what user code sees of the pool.
 *
 * Purpose: identity, cancellation and deadline of one item while it runs.
 * Ownership: on the worker's stack, linked to the task below it there.
 * Thread-safety: the worker's thread; 'is_expired' is set by the timer thread.
 * Limits: none. */
#ifndef FPOOL_CORE_TASK_H
#define FPOOL_CORE_TASK_H

#include "core/pool.h"

struct fpool_task {
    struct fpool_task *below; /* the task that waits for this one, or NULL */
    struct fpool_worker *worker;
    struct fpool_job *job;
    struct fpool_result *result;
    atomic_bool is_expired; /* the item's own deadline passed */
    atomic_bool has_token;
    struct fpool_cancel token; /* made when asked for */
    struct fpool_timer timer;
};

/* Puts the task on the worker's stack, for a number of items in turn. */
void fpool_task_push(struct fpool_task *task, struct fpool_worker *worker,
                     struct fpool_job *job);

/* Takes it off again, also when its thread ends. */
static inline void fpool_task_pop(struct fpool_task *task)
{
    task->worker->task = task->below;
}

/* Starts and stops the clock of an item with a deadline. */
void fpool_task_start_clock(struct fpool_task *task);
void fpool_task_stop_clock(struct fpool_task *task);

/* The task turns to the next item. */
static inline void fpool_task_begin(struct fpool_task *task,
                                    struct fpool_result *result)
{
    task->result = result;
    if (task->job->item_timeout_ns != 0) {
        fpool_task_start_clock(task);
    }
}

/* The item is through, also when its thread ends. */
static inline void fpool_task_end(struct fpool_task *task)
{
    if (task->timer.fire != NULL) {
        fpool_task_stop_clock(task);
    }
    if (atomic_load_explicit(&task->has_token, memory_order_relaxed)) {
        fpool_cancel_fini(&task->token);
        atomic_store_explicit(&task->has_token, false, memory_order_relaxed);
    }
}

#endif
