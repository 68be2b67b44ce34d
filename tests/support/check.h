/* SPDX-License-Identifier: MIT */
/* What most tests need: cmocka, the public API, and a few simple tasks.
 *
 * Purpose: cmocka wants four headers before its own; here they are.  Assertions
 *   run on the main thread only; tasks write into atomics that it checks. */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fetchpool/fetchpool.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Asserts that 'call' returns 'status', and prints the name of what it did. */
#define assert_status(call, status) check_status((call), (status), __FILE__, __LINE__)
#define assert_ok(call)             assert_status((call), FPOOL_OK)

void check_status(enum fpool_status got, enum fpool_status wanted,
                  const char *file, int line);

/* A door that tasks wait at until the main thread opens it: how a test holds a
 * task in the middle without sleeping. */
struct door {
    atomic_int is_open;
    atomic_int n_waiting; /* tasks that stand at it, or stood */
    atomic_int n_left;    /* of these, how many went on */
};

/* Waits at the door; any thread. */
void door_wait(struct door *door);

/* Opens it for good. */
void door_open(struct door *door);

/* Waits until 'n' tasks stand at the door. */
void door_await(struct door *door, int n);

/* Waits until '*counter' is at least 'n'. */
void await_count(atomic_int *counter, int n);

/* Threads of this process, from /proc/self/task. */
int count_threads(void);

/* Waits until there are no more than 'n' threads: one that was joined may still
 * be listed for a moment. */
void await_threads(int n);

/* Open descriptors of this process, from /proc/self/fd. */
int count_descriptors(void);

/* A task: the value is the item, an integer, squared. */
int task_square(struct fpool_task *task, void *item, void **ret_value);

/* A task: waits at the door given as userdata; the value is the item. */
int task_door(struct fpool_task *task, void *item, void **ret_value);

/* A task: waits until it is told to stop, at the door given as userdata, which
 * nobody opens; the value is the item. */
int task_until_told(struct fpool_task *task, void *item, void **ret_value);

/* A task: fails with the item, an integer, as its code; 0 succeeds. */
int task_code(struct fpool_task *task, void *item, void **ret_value);

/* An integer as an item or value, and back. */
static inline void *from_int(uintptr_t n)
{
    return (void *)n;
}

static inline uintptr_t to_int(const void *p)
{
    return (uintptr_t)p;
}

/* Objects that count: how many were made, and how many dropped. */
extern atomic_int n_objects_made;
extern atomic_int n_objects_dropped;
void *object_make(uintptr_t value);
uintptr_t object_value(const void *object);
void object_drop(void *object);

/* Forgets the counts; every object made before is gone. */
void objects_begin(void);

/* Asserts that at least 'n' objects were made since, and all are dropped. */
#define assert_objects_gone(n) check_objects_gone((n), __FILE__, __LINE__)
void check_objects_gone(int n, const char *file, int line);

/* A source of objects 0, 1, 2 ... up to 'end', then what 'code' says: FPOOL_END,
 * or a failure.  It counts what it yielded and whether it was closed.  Workers
 * take chunks of it when it 'is_ready'. */
struct counted_source {
    uint64_t end;
    int code;
    bool is_ready;
    uint64_t hint; /* for the source's 'count' */
    atomic_int n_yielded;
    atomic_int n_closed;
};
struct fpool_source counted_source(struct counted_source *state);

/* Tasks for objects.  The value is the object's number, the number squared, or
 * a new object of the same number. */
int task_object(struct fpool_task *task, void *item, void **ret_value);
int task_object_square(struct fpool_task *task, void *item, void **ret_value);
int task_object_copy(struct fpool_task *task, void *item, void **ret_value);

/* Milliseconds after which a wait that must end has failed: a guard, so that a
 * fault fails the test instead of hanging it. */
#define GUARD_MS 20000

/* A pool of so many workers; asserts that it was made. */
struct fpool *make_pool(unsigned workers);

/* Releases the results that are left, and counts them unless 'ret_n' is NULL;
 * returns what fpool_next() said instead of another. */
enum fpool_status drain(struct fpool_results *results, int *ret_n);

/* Runs 'check' in a forked child, which ends with what that returns: 0, or which
 * of its checks failed, at most 255.  Returns it, or -1 when the child died. */
int run_in_child(int (*check)(void *arg), void *arg);

#endif
