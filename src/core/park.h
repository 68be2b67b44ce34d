/* SPDX-License-Identifier: MIT */
/* Parking: who sleeps, who is awake and looking for work, whom to wake.
 *
 * Purpose: never leave work lying while a worker sleeps, and never wake more
 *   workers than there is work for.
 * Use: a worker is *searching* from the end of one piece of work until it has
 *   found the next or sleeps.  Two rules make it safe:
 *     1. who makes work available calls fpool_park_notify() afterwards, which
 *        does nothing while somebody searches, and otherwise wakes one;
 *     2. the last searcher, on leaving, looks once more: when it found work,
 *        for more work (then it wakes the next: the chain); when it found none,
 *        for work that came meanwhile (then it stays).
 *   All counters are sequentially consistent, so either the maker of work sees
 *   the searcher, or the searcher sees the work.
 * Ownership: embedded in the pool; sleepers are workers.
 * Thread-safety: any thread.
 * Limits: sleepers form a stack: the last to sleep is the first to wake, with
 *   warm caches, and the bottom of the stack ages until it is reaped. */
#ifndef FPOOL_CORE_PARK_H
#define FPOOL_CORE_PARK_H

#include "base/sync.h"

/* One sleeper; embedded in the worker. */
struct fpool_sleeper {
    struct fpool_parker parker;
    /* --- guarded by the park's lock --- */
    struct fpool_sleeper *above FPOOL_GUARDED;
    struct fpool_sleeper *below FPOOL_GUARDED;
    bool is_asleep FPOOL_GUARDED;
};

struct fpool_park {
    atomic_uint n_searching;
    atomic_uint n_asleep;
    atomic_uint n_workers; /* threads that exist or are being made */
    unsigned max_workers;
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    struct fpool_sleeper *top FPOOL_GUARDED;
    unsigned peak_workers FPOOL_GUARDED;
    uint64_t n_wakeups FPOOL_GUARDED;
    bool is_stopping FPOOL_GUARDED;
};

/* What the pool must do after fpool_park_pick(). */
enum fpool_pick {
    FPOOL_PICK_NOTHING, /* somebody searches already, or nobody is to be had */
    FPOOL_PICK_WAKE,    /* unpark '*ret_sleeper', which now counts as searching */
    FPOOL_PICK_SPAWN    /* start a worker, which now counts as both */
};

void fpool_park_init(struct fpool_park *p, unsigned max_workers);
void fpool_park_fini(struct fpool_park *p);

/* Whether picking could do anything: nobody searches, and somebody sleeps or a
 * worker may still be started.  Two or three loads. */
static inline bool fpool_park_can_pick(struct fpool_park *p)
{
    return atomic_load(&p->n_searching) == 0 &&
           (atomic_load(&p->n_asleep) != 0 ||
            atomic_load(&p->n_workers) < p->max_workers);
}

/* Chooses whom to wake, if anybody. */
enum fpool_pick fpool_park_pick(struct fpool_park *p,
                                struct fpool_sleeper **ret_sleeper);

/* Reserves a worker that starts as a searcher; false at the maximum. */
bool fpool_park_reserve(struct fpool_park *p);

/* The same for sleepers alone: no worker is to be started. */
bool fpool_park_pick_sleeper(struct fpool_park *p,
                             struct fpool_sleeper **ret_sleeper);

/* A worker is gone, or could not be started; 'was_searching' as reserved.  True
 * when it was the last searcher. */
bool fpool_park_remove_worker(struct fpool_park *p, bool was_searching);

static inline void fpool_park_search(struct fpool_park *p)
{
    atomic_fetch_add(&p->n_searching, 1);
}

/* Stops searching; true when nobody else searches now. */
static inline bool fpool_park_leave(struct fpool_park *p)
{
    return atomic_fetch_sub(&p->n_searching, 1) == 1;
}

/* How a sleep ended. */
enum fpool_wakeup {
    FPOOL_WAKEUP_SEARCH, /* the worker counts as searching again */
    FPOOL_WAKEUP_REAP,   /* idle for too long: it no longer counts at all */
    FPOOL_WAKEUP_STOP    /* the pool stops: likewise */
};

/* Puts the calling searcher to sleep.  'has_work' is asked once, after the
 * sleeper is visible to wakers, if it was the last searcher.  'is_kept' workers
 * are not reaped at 'deadline_ns'. */
enum fpool_wakeup fpool_park_sleep(struct fpool_park *p,
                                   struct fpool_sleeper *s,
                                   bool (*has_work)(void *arg), void *arg,
                                   bool is_kept, int64_t deadline_ns);

/* Wakes everybody for good: sleeping now and later returns _STOP. */
void fpool_park_stop(struct fpool_park *p);

#endif
