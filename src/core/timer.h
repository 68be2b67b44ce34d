/* SPDX-License-Identifier: MIT */
/* Timers: something happens at an instant, on the pool's timer thread.
 *
 * Purpose: deadlines of jobs and items that nobody waits for.
 * Use: embed a struct fpool_timer, set it, cancel it before its memory goes.
 * Ownership: timers are embedded in their users; the thread starts with the
 *   first timer that is set.
 * Thread-safety: any thread.
 * Limits: 'fire' must be short and must not block. */
#ifndef FPOOL_CORE_TIMER_H
#define FPOOL_CORE_TIMER_H

#include <pthread.h>

#include "base/heap.h"
#include "base/sync.h"

struct fpool_timer {
    struct fpool_heap_node node; /* must be first */
    void (*fire)(struct fpool_timer *timer);
};

struct fpool_timers {
    struct fpool_gate gate;   /* the thread waits for an earlier instant */
    struct fpool_gate finish; /* a canceller waits for a 'fire' to return */
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    struct fpool_heap heap FPOOL_GUARDED;
    struct fpool_timer *firing FPOOL_GUARDED;
    pthread_t thread FPOOL_GUARDED;
    bool is_started FPOOL_GUARDED;
    bool is_stopping FPOOL_GUARDED;
};

void fpool_timers_init(struct fpool_timers *t);

/* Ends the thread and waits for it.  No timer may be set any more. */
void fpool_timers_fini(struct fpool_timers *t);

/* Calls 'fire' once at 'when_ns' unless cancelled first.  FPOOL_ENOMEM. */
enum fpool_status fpool_timer_set(struct fpool_timers *t,
                                  struct fpool_timer *timer, int64_t when_ns,
                                  void (*fire)(struct fpool_timer *timer));

/* After this 'fire' does not run and is not running, unless this call is made
 * from within it.  Accepts a timer that was never set but is zero. */
void fpool_timer_cancel(struct fpool_timers *t, struct fpool_timer *timer);

#endif
