/* SPDX-License-Identifier: MIT */
/* Things to be done later, and what ends a test server.
 *
 * Purpose: shared by dnsd and dns_relay: a heap of things by the time they are
 *   due, a clock, a seeded generator, and the end by signal or by the end of
 *   standard input.
 * Ownership: the heap owns its array; what is in it belongs to the caller.
 * Thread-safety: one thread.
 * Limits: LATER_MAX things at once. */
#ifndef FPOOL_TESTS_DNSD_LATER_H
#define FPOOL_TESTS_DNSD_LATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LATER_MAX ((size_t)1 << 18)

/* Embedded in what waits; the first field, so that it can be cast back. */
struct later_item {
    int64_t due_us;
    uint64_t order; /* of two that are due at the same time, the first first */
};

struct later {
    struct later_item **items; /* a heap; the first is due first */
    size_t n_items;
    size_t max_items;
    uint64_t order;
};

/* Adds 'item'; false when there are too many, and then it stays the caller's.
 */
bool later_add(struct later *later, struct later_item *item, int64_t due_us);

/* Takes the next item that is due, or NULL. */
struct later_item *later_take(struct later *later, int64_t now_us);

/* Takes any item, or NULL when there is none. */
struct later_item *later_take_any(struct later *later);

/* How long epoll_wait() may wait: milliseconds, rounded up; -1 for ever. */
int later_timeout(const struct later *later, int64_t now_us);

void later_fini(struct later *later);

/* Microseconds of a clock that never goes back. */
int64_t clock_us(void);

/* The next number of a generator (splitmix64) whose state is '*seed'. */
uint64_t next_random(uint64_t *seed);

/* True in 'percent' of 100 cases. */
bool is_unlucky(uint64_t *seed, double percent);

/* Blocks the signals that end the program and those in 'others' (ended by 0)
 * and returns a descriptor that yields them. */
int life_signals(const int *others);

/* The signal that has arrived there, or 0. */
int life_signal(int fd);

/* Standard input is readable: whether it has ended. */
bool life_has_ended(void);

/* As many descriptors as the system allows. */
void life_raise_limit(void);

/* Reads a number from 0 to 'max'; -1 for anything else. */
long read_number(const char *text, long max);

#endif
