/* SPDX-License-Identifier: MIT */
/* Has this process been forked since the handle was made?
 *
 * Purpose: threads do not survive fork(); handles from before it are dead.
 * Use: remember fpool_fork_generation() in the handle, compare later.
 * Thread-safety: any thread.
 * Limits: sees fork(), not clone() or vfork(). */
#ifndef FPOOL_CORE_FORK_H
#define FPOOL_CORE_FORK_H

#include <stdatomic.h>

extern atomic_uint fpool_fork_count;

/* Starts the counting, once for the process; then the number of forks that lie
 * between the first process and this one. */
unsigned fpool_fork_generation(void);

/* The same, once the counting has started: one load. */
static inline unsigned fpool_fork_now(void)
{
    return atomic_load_explicit(&fpool_fork_count, memory_order_relaxed);
}

#endif
