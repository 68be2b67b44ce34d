/* SPDX-License-Identifier: MIT */
/* What the parts of pool_bench share.
 *
 * Purpose: pool_bench.c runs cases and compares them; fetchpool_cases.c and the
 *   files in peers/ are the cases.
 * Use: a case is opened with all its threads started, runs some number of tasks
 *   several times, and is closed; each measurement has a process of its own.
 * Thread-safety: one thread. */
#ifndef FPOOL_BENCH_H
#define FPOOL_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum bench_work {
    BENCH_EMPTY, /* a task that returns at once */
    BENCH_SLEEP  /* a task that sleeps for one millisecond */
};

struct bench_case {
    const char *key;  /* for --one and --only */
    const char *name; /* for the table */
    /* Starts 'workers' threads; never fails (it exits instead). */
    void *(*open)(unsigned workers, enum bench_work work);
    /* Runs 'n' tasks and returns when all are done, and delivered where the
     * case delivers results. */
    void (*run)(void *self, uint64_t n);
    void (*close)(void *self);
};

extern const struct bench_case fetchpool_cases[];
extern const size_t n_fetchpool_cases;
extern const struct bench_case case_threads;
extern const struct bench_case case_glib;
extern const struct bench_case case_libuv;

/* The largest of 1024 and four for each worker: enough that the threads never
 * starve for want of a consumer. */
static inline unsigned bench_window(unsigned workers)
{
    return workers > 256 ? 4 * workers : 1024;
}

/* The task itself, the same for everybody. */
static inline void bench_task(enum bench_work work)
{
    struct timespec ms = { .tv_nsec = 1000000 };

    if (work == BENCH_SLEEP) {
        clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
    }
}

/* 'pointer', or the end of the program when it is NULL. */
void *bench_check(void *pointer);

static inline double bench_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* pool_bench --rss: the memory of idle workers, and over 'n_items' items. */
int bench_rss(uint64_t n_items);

#endif
