/* SPDX-License-Identifier: MIT */
/* The clerk: a thread at the desk that keeps back some items, puts them aside
 * when it may, and finishes them when nothing else moves.
 *
 * Purpose: many items with notes that count, for the tests of deferring. */
#ifndef TESTS_SUPPORT_CLERK_H
#define TESTS_SUPPORT_CLERK_H

#include "support/desk.h"

struct clerk {
    struct desk *desk;
    unsigned char *times; /* each item was put aside */
    unsigned percent;     /* of the items are kept back */
    unsigned rounds;      /* up to so often */
    int64_t due_ms;
    uint64_t n_deferred;
    uint64_t n_bad_notes;
    uint64_t n_early;
    int64_t *due_ns; /* of each item, or NULL */
    pthread_t thread;
};

/* Starts the clerk for items 0 up to 'n_items'. */
void clerk_begin(struct clerk *c, struct desk *desk, uint64_t n_items);

/* Sends the clerk home; asserts that all notes were what they had to be. */
void clerk_end(struct clerk *c);

#endif
