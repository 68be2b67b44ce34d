/* SPDX-License-Identifier: MIT */
/* Doorbell: a descriptor that polls readable once rung.
 *
 * Purpose: wake a thread that sleeps in poll() or epoll_wait().
 * Ownership: embedded; owns one descriptor, closed on exec.
 * Thread-safety: ring: any thread.  answer: the one thread that polls.
 * Limits: many rings before an answer count as one. */
#ifndef FPOOL_BASE_BELL_H
#define FPOOL_BASE_BELL_H

#include "fetchpool/status.h"

struct fpool_bell {
    int fd;
};

/* FPOOL_ENOMEM when no descriptor is to be had; then 'fd' is -1. */
enum fpool_status fpool_bell_init(struct fpool_bell *b);
void fpool_bell_fini(struct fpool_bell *b);

/* Makes 'fd' readable; never blocks. */
void fpool_bell_ring(struct fpool_bell *b);

/* Makes 'fd' unreadable again; never blocks. */
void fpool_bell_answer(struct fpool_bell *b);

#endif
