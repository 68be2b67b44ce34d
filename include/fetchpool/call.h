/* SPDX-License-Identifier: MIT */
/* The `call` engine: your blocking function, run over items.
 *
 * Purpose: turn a for-loop around a function that waits (for a disk, a server,
 *   a lock) into a concurrent one.
 * Use:
 *     static int fetch(struct fpool_task *task, void *item, void **ret_value);
 *     fpool_map(pool, FPOOL_CALL(fetch, NULL), FPOOL_ARRAY(urls), NULL, &b);
 * Ownership: the item stays the job's; a value stored in '*ret_value' becomes
 *   the result's and is released with the job's 'drop_value'.
 * Thread-safety: the function runs on many threads at once; its 'userdata' is
 *   shared by them.  A task's struct fpool_task belongs to its thread.
 * Limits: a function that ends its thread (pthread_exit) yields FPOOL_EWORKER;
 *   it must not longjmp out. */
#ifndef FETCHPOOL_CALL_H
#define FETCHPOOL_CALL_H

#include <fetchpool/job.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool;
struct fpool_task;

/* 'item' is the item's 'data'.  Returns 0, or any number, which comes back
 * untouched as the result's 'code' with status FPOOL_EFAILED.  '*ret_value' is
 * NULL on entry; a value is delivered with either outcome. */
typedef int fpool_call_function(struct fpool_task *task, void *item,
                                void **ret_value);

/* The same for starmap: the item is an array of 'argc' pointers. */
typedef int fpool_starcall_function(struct fpool_task *task, void *const *argv,
                                    size_t argc, void **ret_value);

struct fpool_call_op {
    struct fpool_op op;
    fpool_call_function *function;
    fpool_starcall_function *star_function;
    size_t argc;
    void *userdata;
};

/* The engine behind FPOOL_CALL and FPOOL_STARCALL. */
FPOOL_API const struct fpool_engine *fpool_engine_call(void);

/* An operation that calls 'function_' on each item; 'userdata_' (may be NULL) is
 * what fpool_task_userdata() returns inside.  A compound literal: it lives as
 * long as the enclosing block. */
#define FPOOL_CALL(function_, userdata_)                                       \
    (&((struct fpool_call_op){                                                 \
           .op = { sizeof(struct fpool_call_op), fpool_engine_call() },        \
           .function = (function_),                                            \
           .userdata = (userdata_) })                                          \
          .op)

/* The same for starmap: each item is a row of 'argc_' pointers. */
#define FPOOL_STARCALL(function_, argc_, userdata_)                            \
    (&((struct fpool_call_op){                                                 \
           .op = { sizeof(struct fpool_call_op), fpool_engine_call() },        \
           .star_function = (function_),                                       \
           .argc = (argc_),                                                    \
           .userdata = (userdata_) })                                          \
          .op)

/* ---- Inside a task.  None of these blocks. */

FPOOL_API struct fpool *fpool_task_pool(const struct fpool_task *task);
FPOOL_API void *fpool_task_userdata(const struct fpool_task *task);

/* The value that the pool's 'init' made for this worker thread. */
FPOOL_API void *fpool_task_local(const struct fpool_task *task);

/* The item's position in its source, and the whole item. */
FPOOL_API uint64_t fpool_task_index(const struct fpool_task *task);
FPOOL_API const struct fpool_item *fpool_task_item(
    const struct fpool_task *task);

/* True once the task should stop: its item's deadline passed, or its job was
 * cancelled.  Cheap enough for an inner loop. */
FPOOL_API bool fpool_task_is_cancelled(const struct fpool_task *task);

/* This task's own token, below the job's: to poll (fpool_cancel_fd), and to
 * pass on to nested jobs so that they end with this task.  Borrowed until the
 * task returns; NULL without memory. */
FPOOL_API struct fpool_cancel *fpool_task_cancel_token(
    struct fpool_task *task);

#ifdef __cplusplus
}
#endif

#endif
