/* SPDX-License-Identifier: MIT */
/* Parkers and gates on futex(2).  Everything in the library that sleeps, other
 * than in epoll_wait() and in user code, sleeps here. */
#include "base/sync.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { PARKER_EMPTY, PARKER_NOTIFIED, PARKER_PARKED };

/* Sleeps while '*word' is 'expected'; false when the deadline has passed. */
static bool futex_wait(atomic_uint *word, unsigned expected,
                       int64_t deadline_ns)
{
    struct timespec ts;
    struct timespec *at = NULL;
    long rc;

    if (deadline_ns != FPOOL_NEVER) {
        ts.tv_sec = (time_t)(deadline_ns / 1000000000);
        ts.tv_nsec = (long)(deadline_ns % 1000000000);
        at = &ts;
    }
    /* FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time. */
    rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, at, NULL,
                 FUTEX_BITSET_MATCH_ANY);
    return rc == 0 || errno != ETIMEDOUT;
}

static void futex_wake(atomic_uint *word, int n)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

bool fpool_parker_park(struct fpool_parker *p, int64_t deadline_ns)
{
    unsigned expected = PARKER_EMPTY;
    bool in_time = true;

    if (!atomic_compare_exchange_strong(&p->state, &expected, PARKER_PARKED)) {
        atomic_store(&p->state, PARKER_EMPTY);
        return true;
    }
    while (in_time && atomic_load(&p->state) == PARKER_PARKED) {
        in_time = futex_wait(&p->state, PARKER_PARKED, deadline_ns);
    }
    return atomic_exchange(&p->state, PARKER_EMPTY) == PARKER_NOTIFIED;
}

void fpool_parker_unpark(struct fpool_parker *p)
{
    if (atomic_exchange(&p->state, PARKER_NOTIFIED) == PARKER_PARKED) {
        futex_wake(&p->state, 1);
    }
}

bool fpool_gate_wait(struct fpool_gate *g, unsigned key, int64_t deadline_ns)
{
    bool in_time = true;

    if (atomic_load(&g->sequence) == key) {
        in_time = futex_wait(&g->sequence, key, deadline_ns);
    }
    if (atomic_fetch_sub(&g->n_waiters, 1) != 1) {
        atomic_store(&g->is_armed, true); /* for those who still wait */
    }
    return in_time;
}

void fpool_gate_notify_one(struct fpool_gate *g)
{
    if (atomic_load(&g->is_armed) && atomic_exchange(&g->is_armed, false)) {
        atomic_fetch_add(&g->sequence, 1);
        futex_wake(&g->sequence, 1);
    }
}

void fpool_gate_notify_all(struct fpool_gate *g)
{
    if (atomic_load(&g->n_waiters) != 0) {
        atomic_fetch_add(&g->sequence, 1);
        futex_wake(&g->sequence, INT_MAX);
    }
}
