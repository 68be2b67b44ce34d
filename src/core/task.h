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

/* Puts the task on the worker's stack and starts its clock. */
void fpool_task_begin(struct fpool_task *task, struct fpool_worker *worker,
                      struct fpool_job *job, struct fpool_result *result);

/* Takes it off again, also when its thread ends. */
void fpool_task_end(struct fpool_task *task);

#endif
