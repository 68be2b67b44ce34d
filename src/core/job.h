/* SPDX-License-Identifier: MIT */
/* The job: one verb at work.  Every public handle of work is a job.
 *
 * Purpose: items pulled from a source, run by an engine, finished exactly once,
 *   delivered.  What differs between the verbs is only the *shape*: where a
 *   finished item goes.
 * Life of an item:
 *     pull.c    take     source -> slot (or index)     credit taken
 *     worker.c  run      engine->run, or engine->start for evented engines
 *     request.c finish   slot -> stream, batch or future, exactly once
 *     stream.c  deliver  slot -> caller                 credit returned
 *   and on the way, as often as an evented engine wants:
 *     defer.c   put aside  slot -> disk -> slot         credit returned, taken
 * Life of a job: once the source is closed and as many items are finished as were
 *   pulled, the job is done; whoever sees that first completes it.
 * Ownership: reference counted: the handle, the pool until the job is done, the
 *   run list, and each thread that works on it.
 * Thread-safety: as each part says.  "Claimed" fields belong to the thread that
 *   holds 'is_claimed'.
 * Limits: a window of 2^24 slots. */
#ifndef FPOOL_CORE_JOB_H
#define FPOOL_CORE_JOB_H

#include <stdalign.h>
#include <stdatomic.h>

#include "base/bell.h"
#include "base/sync.h"
#include "core/cancel.h"
#include "core/timer.h"
#include "fetchpool/batch.h"
#include "fetchpool/engine.h"
#include "fetchpool/future.h"
#include "fetchpool/stream.h"

#define FPOOL_MAX_WINDOW (1u << 24)
#define FPOOL_CACHE_LINE 64

struct fpool;
struct fpool_defer;
struct fpool_worker;

enum fpool_shape {
    FPOOL_SHAPE_UNORDERED, /* results as they complete */
    FPOOL_SHAPE_ORDERED,   /* results in input order */
    FPOOL_SHAPE_BATCH,     /* results by index, when all are there */
    FPOOL_SHAPE_SINGLE     /* one item */
};

/* Why a job is, or is not, offered to workers.  Changed by the claim's holder,
 * except from STALLED and WAITING back to READY: see fpool_job_reactivate(). */
enum fpool_phase {
    FPOOL_PHASE_READY,
    FPOOL_PHASE_STALLED, /* no credit, or its limit is reached */
    FPOOL_PHASE_WAITING, /* the source said FPOOL_WAIT */
    FPOOL_PHASE_ENDED    /* the source is closed */
};

enum fpool_slot_state { FPOOL_SLOT_FREE, FPOOL_SLOT_PULLED, FPOOL_SLOT_DONE };

/* One item on its way: a request, and where it belongs. */
struct fpool_slot {
    alignas(FPOOL_CACHE_LINE) struct fpool_request request; /* must be first */
    struct fpool_job *job;
    atomic_uint state; /* enum fpool_slot_state */
};

/* A place in one of the pool's lists; guarded by the pool's lock. */
struct fpool_link {
    struct fpool_link *next;
    struct fpool_link *previous;
    bool is_linked;
};

static inline void fpool_link_push_back(struct fpool_link *ring,
                                        struct fpool_link *link)
{
    link->previous = ring->previous;
    link->next = ring;
    ring->previous->next = link;
    ring->previous = link;
    link->is_linked = true;
}

static inline void fpool_link_take_out(struct fpool_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
    link->is_linked = false;
}

/* Results of a batch, in segments that double in size. */
struct fpool_cell {
    void *value;
    void (*drop_value)(void *value);
    int code;
    enum fpool_status status;
};

struct fpool_cells {
    struct fpool_cell *at[48];
    struct fpool_item *items[48]; /* where the source has no positions */
    uint64_t first_size;
};

struct fpool_job {
    uint32_t kind;
    unsigned fork_generation;
    struct fpool *pool;
    const struct fpool_engine *engine;
    void *state; /* the engine's */
    enum fpool_shape shape;
    uint32_t flags;
    unsigned window;
    unsigned chunk; /* 0: adaptive */
    unsigned limit; /* 0: none */
    int64_t item_timeout_ns;
    void (*drop_value)(void *value);
    void (*on_done)(void *userdata, const struct fpool_done *done);
    void *userdata;
    bool keeps_results; /* a batch or future whose handle was asked for */
    bool has_state;     /* engine->open succeeded */
    void *slots_memory;
    struct fpool_slot *slots; /* NULL where the shape needs none */
    /* Rings of the window's size.  'ready': finished slots in order of finishing;
     * place i is filled by the one that counted 'ready_tail' up to i.  'freed':
     * numbers of delivered slots, place i filled before 'delivered' passes i. */
    _Atomic(struct fpool_slot *) *ready;
    uint32_t *freed;
    struct fpool_cancel token;
    struct fpool_cancel user_link; /* below the user's own token */
    struct fpool_timer deadline;
    struct fpool_gate pull_gate; /* the puller of an evented job waits here */
    struct fpool_defer *defer;   /* NULL: its items are never put aside */

    /* In the pool's run list (or queue, for futures); guarded by pool->mu. */
    struct fpool_link link;
    bool is_completing; /* queued again, to run 'on_done' on a worker */

    /* Pulling. */
    alignas(FPOOL_CACHE_LINE) atomic_bool is_claimed;
    atomic_bool wants_room; /* the puller waits for credit, in whatever phase */
    atomic_uint phase;
    atomic_uint chunk_now;
    atomic_uint_fast64_t pulled;
    atomic_uint_fast64_t deferred; /* of these, on disk; see defer.h */
    struct fpool_slot *spare;      /* claimed: empty ones, linked by 'next' */
    uint64_t n_reclaimed;          /* claimed: taken from 'freed' so far */
    uint64_t n_fresh;              /* claimed: slots used at least once */
    struct fpool_source source;    /* claimed */
    atomic_bool may_wait;          /* the source has said FPOOL_WAIT before */
    atomic_uint_fast64_t final_ask; /* 1 + delivered when the end was asked for */
    atomic_uint_fast64_t asked_at; /* 'delivered' at the last wake for it */
    atomic_uint wake_sequence;
    atomic_int holds;
    atomic_int source_code;

    /* Finishing. */
    alignas(FPOOL_CACHE_LINE) atomic_uint refs;
    atomic_uint_fast64_t finished;
    atomic_bool is_finishing; /* somebody completes the job */
    atomic_uint running; /* counted only under a limit */
    atomic_bool is_readable; /* results may be looked at */
    atomic_bool is_done;
    atomic_uint_fast64_t ready_tail; /* next free place in 'ready' */
    struct fpool_gate gate; /* consumers and waiters */
    atomic_uint n_helpers;  /* of these, workers that could run items */
    atomic_bool is_cleaned;
    atomic_bool has_drops; /* some result of a batch needs a release */
    atomic_int final_status; /* valid once done */
    struct fpool_bell bell;
    atomic_bool is_bell_armed; /* ring for the next result */

    /* Consuming. */
    alignas(FPOOL_CACHE_LINE) atomic_uint_fast64_t delivered;
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    unsigned n_freed FPOOL_GUARDED; /* since stalled workers were looked for */
    bool lends FPOOL_GUARDED;   /* see fpool_stream_lend() */
    bool is_lent FPOOL_GUARDED; /* the first result is at its sink */
    bool said_source_error FPOOL_GUARDED;
    uint64_t failed_index FPOOL_GUARDED; /* lowest index not FPOOL_OK */
    enum fpool_status failed_status FPOOL_GUARDED;
    /* --- */
    struct fpool_cells cells; /* grown by the claim's holder */

    /* SINGLE. */
    struct fpool_slot single;
    atomic_uint future_state; /* enum fpool_future_state */
};

struct fpool_results {
    struct fpool_job job;
};
struct fpool_batch {
    struct fpool_job job;
};
struct fpool_future {
    struct fpool_job job;
};

/* What a verb is asked to start. */
struct fpool_job_request {
    struct fpool *pool;
    const struct fpool_op *op;
    struct fpool_source source; /* not for SINGLE */
    const struct fpool_job_options *options;
    enum fpool_shape shape;
    uint32_t kind;
    bool keeps_results;
};

/* Makes a job with its engine state and token, and counts it in the pool; the
 * caller holds one reference, the pool another until the job is done.  Consumes
 * the source always. */
enum fpool_status fpool_job_create(const struct fpool_job_request *q,
                                   struct fpool_job **ret_job);

/* Makes a job over a source and offers it to workers, or starts its puller. */
enum fpool_status fpool_job_start(const struct fpool_job_request *q,
                                  struct fpool_job **ret_job);

static inline void fpool_job_hold(struct fpool_job *job)
{
    atomic_fetch_add(&job->refs, 1);
}

void fpool_job_release(struct fpool_job *job);

/* Why the job stops, or FPOOL_OK while it goes on. */
static inline enum fpool_status fpool_job_reason(const struct fpool_job *job)
{
    return fpool_cancel_reason(&job->token);
}

/* The status of an item that did not run because of 'reason'. */
static inline enum fpool_status fpool_item_status(enum fpool_status reason)
{
    return reason == FPOOL_EFAILED ? FPOOL_ECANCELED : reason;
}

static inline bool fpool_job_is_evented(const struct fpool_job *job)
{
    return job->engine->start != NULL;
}

/* 'n' items are finished and stored, or, with 0, the source is closed; may end
 * the job.  The caller holds a reference of its own. */
void fpool_job_settle(struct fpool_job *job, uint64_t n);

/* The item at a position; borrowed, whatever the source says. */
static inline void fpool_source_item(const struct fpool_source *source,
                                     uint64_t index,
                                     struct fpool_item *ret_item)
{
    *ret_item = (struct fpool_item){ 0 };
    source->item_at(source, index, ret_item);
    ret_item->drop = NULL;
}

/* Closes the source, once. */
void fpool_source_close(struct fpool_source *source);

/* Releases what the job still owns of the user's: results and source; once,
 * after the job is done. */
void fpool_job_clean(struct fpool_job *job);

/* Runs 'on_done' and tells everybody who waits. */
void fpool_job_complete(struct fpool_job *job);

/* Cancels, waits until done unless called from a task of this very job, and
 * gives up the handle's reference. */
void fpool_job_destroy(struct fpool_job *job);

/* The same without waiting: for a verb that waits on a worker, whose thread is
 * ended by an item that it runs meanwhile. */
void fpool_job_forsake(void *job);

/* Waits until done; a worker of the job's pool works on it meanwhile. */
enum fpool_status fpool_job_wait(struct fpool_job *job, int64_t timeout_ms);

/* The status that a wait for the complete job returns. */
enum fpool_status fpool_job_status(struct fpool_job *job);

static inline bool fpool_job_is_forked(const struct fpool_job *job)
{
    extern atomic_uint fpool_fork_count;

    return atomic_load_explicit(&fpool_fork_count, memory_order_relaxed) !=
           job->fork_generation;
}

#endif
