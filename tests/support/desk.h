/* SPDX-License-Identifier: MIT */
/* The desk: an evented engine whose requests lie on a list until somebody takes
 * them.
 *
 * Purpose: what the tests of deferring have in common: the engine, items whose
 *   bytes tell their number, and a tally of what came out.
 * Use: a test's main thread takes requests one by one (a *scene*), or a clerk
 *   does (clerk.h).  Assertions run on the main thread only. */
#ifndef TESTS_SUPPORT_DESK_H
#define TESTS_SUPPORT_DESK_H

#include <pthread.h>

#include "fetchpool/engine.h"
#include "support/check.h"

/* A request, and what 'start' saw of it. */
struct card {
    struct fpool_request *request;
    int64_t started_ns;
    bool has_note;
    struct fpool_request_note note;
};

struct desk {
    struct fpool_op op;
    pthread_mutex_t mu;
    pthread_cond_t changed;
    /* --- guarded by mu --- */
    struct card *cards;
    size_t n;
    size_t capacity;
    int64_t n_inside; /* started, not put aside and not delivered */
    int64_t peak;
    uint64_t n_started;
    uint64_t n_returned; /* started with a note */
    bool is_instant;     /* finishes what comes at once */
    bool is_cancelled;
    bool is_over; /* the clerk goes home */
};

void desk_init(struct desk *desk);
void desk_fini(struct desk *desk);

/* Requests that were started so far, again or for the first time. */
uint64_t count_started(struct desk *desk);

/* Waits until 'n' requests lie on the desk. */
void desk_await(struct desk *desk, size_t n);

/* Takes the oldest request, which it waits for. */
struct card desk_take(struct desk *desk);

/* Finishes what lies on the desk, and from now on whatever comes. */
void desk_finish_all(struct desk *desk);

/* Waits until the engine is told that the job is cancelled. */
void desk_await_cancel(struct desk *desk);

/* One request less is inside. */
void desk_leave(struct desk *desk);

void desk_defer(struct desk *desk, struct fpool_request *request,
                const struct fpool_request_note *note, int64_t due_ms);

/* ---- Items: "item 12- ...", so long that a test can fill files. */

struct names {
    uint64_t end;
    size_t size; /* of each item, at least */
    atomic_int n_yielded;
    atomic_int n_dropped;
    _Atomic(struct door *) door; /* dropping stops at it; NULL: at none */
    void (*at_end)(void *arg);   /* called by the last 'next' */
    void *arg;
};

/* A source of them, one at a time in the process. */
struct fpool_source names_source(struct names *names);
int names_next(void *self, struct fpool_item *ret_item,
               struct fpool_cancel *cancel);
extern struct names *all_names; /* for the drop function */

/* ---- What came out. */

struct tally {
    const struct names *names;
    unsigned char *seen;
    uint64_t n;
    uint64_t n_by_status[3]; /* OK, cancelled or past the deadline, others */
};

struct tally tally_make(const struct names *names);

/* Checks that the result is the first of its item, and the item what it was. */
void tally_add(struct tally *t, struct fpool_result *r);

/* Adds all that is left; what fpool_next() said in the end. */
enum fpool_status tally_drain(struct tally *t, struct desk *desk,
                              struct fpool_results *results);

/* Checks the numbers, and forgets the tally. */
void check_tally(struct tally *t, uint64_t n_ok, uint64_t n_cancelled);

/* ---- Step by step, the main thread at the desk. */

struct scene {
    struct fpool *pool;
    struct fpool_results *results;
    struct names names;
    struct desk desk;
    struct tally tally;
};

void scene_begin(struct scene *s, uint64_t n_items,
                 const struct fpool_job_options *o);
void scene_begin_sized(struct scene *s, uint64_t n_items, size_t size,
                       const struct fpool_job_options *o);
void scene_end(struct scene *s);

/* Finishes the oldest request on the desk; its index. */
uint64_t finish_one(struct scene *s);

/* Takes the next result; its index. */
uint64_t deliver_one(struct scene *s);

/* Puts the oldest request aside. */
void defer_one(struct scene *s, int64_t due_ms);

/* With a window of two: puts 'n' items aside, until the next two lie there. */
void defer_some(struct scene *s, int n, int64_t due_ms);

#endif
