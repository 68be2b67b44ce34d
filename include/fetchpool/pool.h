/* SPDX-License-Identifier: MIT */
/* The pool: threads that run jobs.
 *
 * Purpose: a bounded set of worker threads, sized for blocking I/O, so far
 *   beyond the number of CPUs.
 * Use:
 *     FPOOL_SCOPED struct fpool *pool = NULL;
 *     if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 256)) != FPOOL_OK)
 *         return 1;
 * Ownership: the creator owns the pool; handles of jobs keep its memory alive
 *   and may outlive it.
 * Thread-safety: any thread, unless a function says otherwise.
 * Limits: at most FPOOL_MAX_WORKERS workers.  The library prints nothing,
 *   exits never, installs no signal handler, reads no environment variable;
 *   its threads block every signal except the synchronous ones, and its
 *   descriptors are closed on exec.  In a forked child every call returns
 *   FPOOL_EFORK and destroying releases nothing. */
#ifndef FETCHPOOL_POOL_H
#define FETCHPOOL_POOL_H

#include <fetchpool/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FPOOL_MAX_WORKERS 65536u

struct fpool;

enum fpool_flags {
    FPOOL_EAGER = 1 << 0, /* start all workers in fpool_create(), keep them */
    FPOOL_DRAIN = 1 << 1  /* fpool_destroy() closes instead of terminating */
};

struct fpool_options {
    size_t struct_size;
    /* Most worker threads.  Default 32 for each usable CPU, within [32, 512].
     * They start when there is work and end after 'idle_ms' without. */
    unsigned workers;
    unsigned idle_ms; /* default 10000 */
    /* Most submitted futures that have not started; a submitter beyond waits.
     * Default 4 x workers. */
    unsigned queue;
    /* Further room that only workers of this pool use, who never wait: beyond
     * it they get FPOOL_EAGAIN.  Default 4 x workers, at least 256. */
    unsigned nested_queue;
    size_t stack_size; /* bytes of stack for each worker; default 512 KiB */
    uint32_t flags;    /* enum fpool_flags */
    const char *name;  /* prefix of thread names; default "fpool" */
    /* Run on each new worker before its first task; '*ret_local' is what
     * fpool_task_local() returns there.  Non-zero breaks the pool: all work
     * ends as FPOOL_EINIT. */
    int (*init)(void *userdata, void **ret_local);
    /* Run on each worker whose 'init' succeeded, when it ends. */
    void (*fini)(void *userdata, void *local);
    void *userdata; /* for 'init' and 'fini' */
};

#define FPOOL_OPTIONS(...)                                                     \
    (&(struct fpool_options){ .struct_size = sizeof(struct fpool_options),     \
                              __VA_ARGS__ })

/* Gives a new pool in '*ret_pool'.  'options' may be NULL.  FPOOL_EINVAL,
 * FPOOL_ENOMEM (also when FPOOL_EAGER could not start a single thread; fewer
 * than asked for is no error), FPOOL_EINIT (FPOOL_EAGER only). */
FPOOL_API enum fpool_status fpool_create(struct fpool **ret_pool,
                                         const struct fpool_options *options);

/* Refuses new work from now on; what was accepted goes on, also what its tasks
 * submit to jobs that exist.  Never blocks; idempotent. */
FPOOL_API enum fpool_status fpool_close(struct fpool *pool);

/* Closes, and cancels everything: work that has not started ends as
 * FPOOL_ECANCELED at once, running tasks are told.  Never waits for a task;
 * may be called from tasks and callbacks; idempotent. */
FPOOL_API enum fpool_status fpool_terminate(struct fpool *pool);

/* Waits until all work is done and all threads have ended.  FPOOL_EBUSY unless
 * closed or terminated, FPOOL_ETIMEDOUT, FPOOL_EDEADLK on a thread of this
 * pool.  A closed pool with an unread job waits for that job's reader. */
FPOOL_API enum fpool_status fpool_join(struct fpool *pool, int64_t timeout_ms);

/* Terminates (or, with FPOOL_DRAIN, closes), joins, releases, and stores NULL;
 * accepts NULL.  On a thread of this pool it does not wait: the pool ends when
 * its last task does. */
FPOOL_API void fpool_destroy(struct fpool **pool);

/* The CPUs this process may use: its affinity, and its cgroup's quota rounded
 * up; at least 1.  For pools of one worker for each CPU. */
FPOOL_API unsigned fpool_usable_cpus(void);

struct fpool_stats {
    size_t struct_size;
    unsigned workers;      /* threads now */
    unsigned idle;         /* of these, parked */
    unsigned peak_workers; /* most threads so far */
    unsigned queued;       /* futures that have not started */
    unsigned jobs;         /* jobs that have not ended, futures included */
    uint64_t started;      /* items a worker began to run */
    uint64_t completed;    /* items finished, by workers or otherwise */
    uint64_t failed;       /* of these, with a status other than FPOOL_OK */
    uint64_t cancelled;    /* of these, FPOOL_ECANCELED */
    uint64_t helped;       /* items run by the worker that waited for them */
    uint64_t stolen;       /* items taken over from another worker's chunk */
    uint64_t wakeups;      /* parked workers woken */
};

/* Fills '*ret_stats', whose 'struct_size' the caller has set.  A snapshot: the
 * numbers may be of slightly different moments.  Never blocks. */
FPOOL_API enum fpool_status fpool_get_stats(struct fpool *pool,
                                            struct fpool_stats *ret_stats);

#ifdef __cplusplus
}
#endif

#endif
