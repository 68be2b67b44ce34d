/* SPDX-License-Identifier: MIT */
/* Binary heap of instants: what is due next?
 *
 * Purpose: timers, with removal of any entry in O(log n).
 * Use: embed a struct fpool_heap_node, set 'when', push.
 * Ownership: the heap owns its array of pointers, not the nodes.
 * Thread-safety: one thread at a time; the user's lock.
 * Limits: 2^32 - 2 nodes. */
#ifndef FPOOL_BASE_HEAP_H
#define FPOOL_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fetchpool/status.h"

struct fpool_heap_node {
    int64_t when;   /* nanoseconds of CLOCK_MONOTONIC */
    uint32_t place; /* 1 + position in the heap; 0 while in none */
};

struct fpool_heap {
    struct fpool_heap_node **at;
    uint32_t n;
    uint32_t capacity;
};

void fpool_heap_fini(struct fpool_heap *h);

/* Adds a node that is in no heap.  FPOOL_ENOMEM. */
enum fpool_status fpool_heap_push(struct fpool_heap *h,
                                  struct fpool_heap_node *node);

/* The node with the least 'when', or NULL; it stays in the heap. */
static inline struct fpool_heap_node *fpool_heap_first(
    const struct fpool_heap *h)
{
    return h->n == 0 ? NULL : h->at[0];
}

/* Takes 'node' out; does nothing when it is in no heap. */
void fpool_heap_remove(struct fpool_heap *h, struct fpool_heap_node *node);

#endif
