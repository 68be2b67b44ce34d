/* SPDX-License-Identifier: MIT */
/* The pool from the inside: lists of jobs, threads, leases, engines.
 *
 * Purpose: what jobs and workers share.
 * Ownership: reference counted; each job and the creator hold one.
 * Thread-safety: any thread; guarded fields say by which lock.
 * Limits: locks are leaves: never two at once, never across user code. */
#ifndef FPOOL_CORE_POOL_H
#define FPOOL_CORE_POOL_H

#include "core/job.h"
#include "core/lease.h"
#include "core/park.h"
#include "fetchpool/pool.h"

/* A worker thread. */
struct fpool_worker {
    struct fpool_sleeper sleeper; /* must be first */
    struct fpool *pool;
    struct fpool_task *task;   /* the innermost one on its stack, or NULL */
    struct fpool_job *cached;  /* the job it worked on last; holds a reference */
    void *local;               /* made by the pool's 'init' */
    bool has_local;
    struct fpool_link link;    /* in pool->all; guarded by pool->mu */
    /* Items begun, and finished; written by this thread only. */
    atomic_uint_fast64_t n_begun;
    atomic_uint_fast64_t n_run;
};

/* Which pool the calling thread belongs to, and which worker it is. */
struct fpool_thread {
    struct fpool *pool;
    struct fpool_worker *worker; /* NULL on service threads */
};

/* The calling thread's; never NULL. */
struct fpool_thread *fpool_thread_self(void);

/* What an engine shares among a pool's jobs. */
struct fpool_context {
    struct fpool_context *next;
    const struct fpool_engine *engine;
    void *context;
    enum fpool_status status;
    bool is_attached; /* 'context' and 'status' are valid */
};

struct fpool {
    uint32_t kind;
    unsigned fork_generation;
    atomic_uint refs;
    unsigned workers;
    bool may_spin; /* no more workers than CPUs */
    unsigned queue_size;
    unsigned nested_size;
    int64_t idle_ns;
    size_t stack_size;
    uint32_t flags;
    char name[16];
    int (*init)(void *userdata, void **ret_local);
    void (*fini)(void *userdata, void *local);
    void *userdata;

    struct fpool_cancel token;
    struct fpool_park park;
    struct fpool_timers timers;
    struct fpool_leases leases;
    struct fpool_gate room; /* submitters wait for room in the queue */
    struct fpool_gate idle; /* joiners wait for the last job and thread */
    atomic_uint n_runnable; /* links in 'run', the queue's own included */

    /* Statistics, relaxed; what live workers have run comes on top. */
    alignas(FPOOL_CACHE_LINE) atomic_uint_fast64_t started;
    atomic_uint_fast64_t completed;
    atomic_uint_fast64_t failed;
    atomic_uint_fast64_t cancelled;
    atomic_uint_fast64_t helped;
    atomic_uint_fast64_t stolen;

    alignas(FPOOL_CACHE_LINE) struct fpool_mutex mu;
    /* --- guarded by mu --- */
    struct fpool_link all FPOOL_GUARDED;        /* ring of live workers */
    struct fpool_link run FPOOL_GUARDED;        /* ring of jobs with work */
    struct fpool_link queue FPOOL_GUARDED;      /* ring of queued futures */
    struct fpool_link queue_turn FPOOL_GUARDED; /* the queue's place in 'run' */
    unsigned n_queued FPOOL_GUARDED;
    unsigned n_jobs FPOOL_GUARDED;
    unsigned n_threads FPOOL_GUARDED; /* that have not ended */
    pthread_t last_ended FPOOL_GUARDED;
    bool has_ended FPOOL_GUARDED; /* 'last_ended' is to be joined */
    bool is_closed FPOOL_GUARDED;
    bool is_joining FPOOL_GUARDED;
    struct fpool_context *contexts FPOOL_GUARDED;
    /* --- */
    atomic_uint n_ready;   /* workers whose 'init' succeeded */
    atomic_bool is_joined;
    atomic_bool is_broken; /* a worker's 'init' failed */
};

static inline bool fpool_is_forked(const struct fpool *pool)
{
    extern atomic_uint fpool_fork_count;

    return atomic_load_explicit(&fpool_fork_count, memory_order_relaxed) !=
           pool->fork_generation;
}

static inline void fpool_count(atomic_uint_fast64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void fpool_release(struct fpool *pool);

/* Counts a new job; FPOOL_ECLOSED, FPOOL_EINIT.  The other end of it wakes
 * joiners. */
enum fpool_status fpool_add_job(struct fpool *pool);
void fpool_remove_job(struct fpool *pool);

/* Counts the job once more unless it is done, so that the pool is not joined,
 * and its engines not detached, before fpool_remove_job(). */
bool fpool_pin_job(struct fpool_job *job);

/* Puts the job into the ring of jobs with work, as fpool_notify() says, or takes
 * it out. */
enum fpool_status fpool_link_job(struct fpool_job *job);
void fpool_unlink_job(struct fpool_job *job);

/* Queues a future (or a completion) for the next free worker.  With 'to_wait'
 * the caller waits for room, until 'deadline_ns'; 'allowance' is how many may
 * be queued.  Takes a reference of the job. */
enum fpool_status fpool_enqueue(struct fpool_job *job, unsigned allowance,
                                bool to_wait, int64_t deadline_ns);

/* The same place in the queue's count for a future of an evented engine, which
 * needs no worker. */
enum fpool_status fpool_take_room(struct fpool_job *job, unsigned allowance,
                                  bool to_wait, int64_t deadline_ns);
void fpool_give_room(struct fpool *pool);

/* Takes the job out of the queue if it is there; the caller then has the
 * queue's reference. */
bool fpool_dequeue(struct fpool_job *job);

/* Work was made available: wakes or starts a worker if nobody looks for it.
 * FPOOL_ENOMEM when there is no worker at all and none can be started. */
enum fpool_status fpool_notify(struct fpool *pool);

/* The same for a thread that took some of the work and may leave more. */
void fpool_notify_if_work(struct fpool *pool);

/* Whether a worker could find something to do. */
bool fpool_has_work(void *pool);

/* The next job in turn, with a reference, or NULL.  '*ret_is_queued': it came out
 * of the queue. */
struct fpool_job *fpool_next_turn(struct fpool *pool, bool *ret_is_queued);

/* Starts one of the pool's threads, which fpool_join() waits for. */
enum fpool_status fpool_start_thread(struct fpool *pool, void *(*main)(void *),
                                     void *arg);
/* The last thing such a thread calls. */
void fpool_end_thread(struct fpool *pool);

/* The engine's shared context in this pool, attached on first use. */
enum fpool_status fpool_get_context(struct fpool *pool,
                                    const struct fpool_engine *engine,
                                    void **ret_context);

void fpool_detach_contexts(struct fpool *pool);

/* ---- worker.c, run.c */

/* Items begun, and finished, by workers that live and that are gone. */
void fpool_workers_sum(struct fpool *pool, uint64_t *ret_started,
                       uint64_t *ret_completed);

/* Starts a worker for which the park has reserved a place. */
enum fpool_status fpool_worker_start(struct fpool *pool);

/* Runs a future, or the completion of a job, on the calling thread. */
void fpool_worker_run_queued(struct fpool_worker *worker,
                             struct fpool_job *job);

/* Runs the chunk's items and settles them; items of a cancelled job end without
 * running, and only for those may 'worker' be NULL. */
void fpool_worker_run_chunk(struct fpool_worker *worker,
                            struct fpool_chunk *chunk);

/* The calling worker runs something of 'job', which it waits for; false when
 * there is nothing to run. */
bool fpool_worker_help(struct fpool_worker *worker, struct fpool_job *job);

/* The calling thread as a worker of the job's pool, or NULL. */
static inline struct fpool_worker *fpool_worker_of(const struct fpool *pool)
{
    struct fpool_thread *self = fpool_thread_self();

    return self->pool == pool ? self->worker : NULL;
}

/* Whether a task of 'job' is running on this worker's stack. */
bool fpool_worker_is_inside(const struct fpool_worker *worker,
                            const struct fpool_job *job);

/* ---- request.c: the one place that finishes an item. */

/* Stores the slot's result where the job's shape wants it. */
void fpool_slot_finish(struct fpool_slot *slot, enum fpool_status status);

/* The same for an item of a batch that needs no slot; takes the result. */
void fpool_index_finish(struct fpool_job *job, struct fpool_result *result,
                        enum fpool_status status);

/* ---- stream.c, batch.c: what finishing calls. */
/* Publishing tells nobody; afterwards who waits is told of the result at 'index',
 * or of several at once if one of them is awaited. */
void fpool_stream_publish(struct fpool_job *job, struct fpool_slot *slot);
void fpool_stream_notify(struct fpool_job *job, uint64_t index);
/* Somebody waits, and in an ordered job it is this result that all wait for. */
bool fpool_stream_is_awaited(struct fpool_job *job, uint64_t index);
void fpool_stream_notify_now(struct fpool_job *job);
void fpool_stream_notify_end(struct fpool_job *job);
void fpool_stream_drain(struct fpool_job *job);
/* For a single reader that hands each result on: its credit goes back with the
 * next call of fpool_next, when the result has been delivered there. */
void fpool_stream_lend(struct fpool_results *results);
void fpool_batch_store(struct fpool_job *job, struct fpool_result *result);
void fpool_batch_clear(struct fpool_job *job);
enum fpool_status fpool_cells_reserve(struct fpool_cells *cells,
                                      uint64_t index, bool with_items);

#endif
