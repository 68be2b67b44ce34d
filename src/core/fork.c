/* SPDX-License-Identifier: MIT */
/* Counts forks, in the child.  Called when pools and tokens are made. */
#include "core/fork.h"

#include <pthread.h>

atomic_uint fpool_fork_count;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_child(void)
{
    atomic_fetch_add(&fpool_fork_count, 1);
}

static void start(void)
{
    pthread_atfork(NULL, NULL, in_child);
}

unsigned fpool_fork_generation(void)
{
    pthread_once(&once, start);
    return fpool_fork_now();
}
