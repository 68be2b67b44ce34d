/* SPDX-License-Identifier: MIT */
/* Locks and waiting: mutex, parker, gate.
 *
 * Purpose: the three ways in which a thread of the library waits.  A *mutex*
 *   guards plain data for a few instructions.  A *parker* puts one known thread
 *   to sleep until somebody wakes that very thread.  A *gate* lets any number
 *   of threads sleep until a condition may have become true.
 * Use of a gate:
 *     waiter:   key = fpool_gate_prepare(g);
 *               if (condition) fpool_gate_abandon(g);
 *               else           fpool_gate_wait(g, key, deadline);
 *               and again from the top
 *     notifier: make the condition true; fpool_gate_notify_one(g) or _all(g)
 *   Both sides use sequentially consistent operations, so that either the
 *   waiter sees the condition or the notifier sees the waiter.
 * Ownership: embedded; a notifier keeps the memory alive for the call.
 * Thread-safety: any thread; a parker is parked by its owner only.
 * Limits: built on futex(2), not on condition variables, which in some glibc
 *   versions lose wake-ups (sourceware bug 25847). */
#ifndef FPOOL_BASE_SYNC_H
#define FPOOL_BASE_SYNC_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__clang__)
#define FPOOL_LOCKABLE    __attribute__((lockable))
#define FPOOL_GUARDED     __attribute__((guarded_var))
#define FPOOL_REQUIRES(m) __attribute__((exclusive_locks_required(m)))
#define FPOOL_LOCKS(m)    __attribute__((exclusive_lock_function(m)))
#define FPOOL_UNLOCKS(m)  __attribute__((unlock_function(m)))
#define FPOOL_UNCHECKED   __attribute__((no_thread_safety_analysis))
#else
#define FPOOL_LOCKABLE
#define FPOOL_GUARDED
#define FPOOL_REQUIRES(m)
#define FPOOL_LOCKS(m)
#define FPOOL_UNLOCKS(m)
#define FPOOL_UNCHECKED
#endif

struct FPOOL_LOCKABLE fpool_mutex {
    pthread_mutex_t m;
};

static inline void fpool_mutex_init(struct fpool_mutex *mu)
{
    pthread_mutex_init(&mu->m, NULL);
}

static inline void fpool_mutex_fini(struct fpool_mutex *mu)
{
    pthread_mutex_destroy(&mu->m);
}

static inline void fpool_mutex_lock(struct fpool_mutex *mu)
    FPOOL_LOCKS(mu) FPOOL_UNCHECKED
{
    pthread_mutex_lock(&mu->m);
}

static inline void fpool_mutex_unlock(struct fpool_mutex *mu)
    FPOOL_UNLOCKS(mu) FPOOL_UNCHECKED
{
    pthread_mutex_unlock(&mu->m);
}

/* Inside a function definition that needs a lock, the annotation follows the
 * parameters:  static void push(struct q *q) FPOOL_REQUIRES(q->mu). */

/* A hint to the CPU inside a short spin. */
static inline void fpool_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

struct fpool_parker {
    atomic_uint state;
};

/* Sleeps until unparked, or until 'deadline_ns'.  An unpark that came first is
 * not lost.  Returns true when unparked, false when the time is over. */
bool fpool_parker_park(struct fpool_parker *p, int64_t deadline_ns);

/* Wakes the parker's owner, now or at its next park. */
void fpool_parker_unpark(struct fpool_parker *p);

struct fpool_gate {
    atomic_uint sequence;
    atomic_uint n_waiters;
    atomic_bool is_armed; /* a waiter has come since the last notify_one */
};

/* Announces a waiter; returns the key for fpool_gate_wait(). */
static inline unsigned fpool_gate_prepare(struct fpool_gate *g)
{
    unsigned key;

    atomic_fetch_add(&g->n_waiters, 1);
    key = atomic_load(&g->sequence);
    atomic_store(&g->is_armed, true);
    return key;
}

/* Takes the announcement back. */
static inline void fpool_gate_abandon(struct fpool_gate *g)
{
    atomic_fetch_sub(&g->n_waiters, 1);
}

/* Sleeps unless the gate was notified since 'key'.  Returns false when the time
 * is over.  May return early without a reason. */
bool fpool_gate_wait(struct fpool_gate *g, unsigned key, int64_t deadline_ns);

/* Whether notify_one would wake somebody. */
static inline bool fpool_gate_is_armed(struct fpool_gate *g)
{
    return atomic_load(&g->is_armed);
}

/* Wakes one waiter, or all; costs one load when there are none.  After a
 * notify_one, others cost no more than that until the woken thread runs and
 * finds more waiters: it must look for everything there is, and notify the next
 * waiter if it leaves something. */
void fpool_gate_notify_one(struct fpool_gate *g);
void fpool_gate_notify_all(struct fpool_gate *g);

#endif
