/* SPDX-License-Identifier: MIT */
/* Timing wheel: very many timers that are mostly unset before they are due.
 *
 * Purpose: setting and unsetting in O(1), where a heap's O(log n) would be felt.
 * Use: embed a struct fpool_wheel_node; set, remove; advance with the clock.
 * Ownership: the wheel points at its users' nodes and owns nothing else.
 * Thread-safety: one thread at a time.
 * Limits: a timer fires up to one tick late, never early; times more than
 *   FPOOL_WHEEL_SLOTS ticks ahead cost a visit each time round. */
#ifndef FPOOL_BASE_WHEEL_H
#define FPOOL_BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FPOOL_WHEEL_SLOTS   1024
#define FPOOL_WHEEL_TICK_NS 4000000

struct fpool_wheel_node {
    struct fpool_wheel_node *next; /* NULL while in no wheel */
    struct fpool_wheel_node *previous;
    int64_t when; /* nanoseconds of CLOCK_MONOTONIC */
};

struct fpool_wheel {
    struct fpool_wheel_node slots[FPOOL_WHEEL_SLOTS]; /* heads of rings */
    uint64_t used[FPOOL_WHEEL_SLOTS / 64]; /* slots that may have nodes */
    int64_t tick;                          /* the last one that was visited */
    size_t n;
};

void fpool_wheel_init(struct fpool_wheel *w, int64_t now_ns);

/* Sets 'node', in a wheel already or not, to be due at 'when_ns'. */
void fpool_wheel_set(struct fpool_wheel *w, struct fpool_wheel_node *node,
                     int64_t when_ns);

/* Unsets 'node'; does nothing when it is in no wheel. */
void fpool_wheel_remove(struct fpool_wheel *w, struct fpool_wheel_node *node);

static inline bool fpool_wheel_is_set(const struct fpool_wheel_node *node)
{
    return node->next != NULL;
}

/* Takes out all nodes that are due and calls 'fire' for each; it may set and
 * remove any node. */
void fpool_wheel_advance(struct fpool_wheel *w, int64_t now_ns,
                         void (*fire)(struct fpool_wheel_node *node, void *arg),
                         void *arg);

/* When advance has something to do, at the earliest; INT64_MAX: never. */
int64_t fpool_wheel_next(const struct fpool_wheel *w);

#endif
