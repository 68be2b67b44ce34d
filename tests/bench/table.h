/* SPDX-License-Identifier: MIT */
/* The results of pool_bench as text.
 *
 * Purpose: keeps the rates of one group (a kind of task, a number of workers),
 *   and prints medians and their ratios to the peers.
 * Thread-safety: one thread. */
#ifndef FPOOL_BENCH_TABLE_H
#define FPOOL_BENCH_TABLE_H

#include "bench.h"

#define BENCH_MAX_ROUNDS 15
#define BENCH_MAX_ROWS 16

struct bench_row {
    const char *key;
    const char *name;
    unsigned n_rates;
    double rates[BENCH_MAX_ROUNDS]; /* tasks per second */
    double median;                  /* 0 while nothing was measured */
};

struct bench_group {
    enum bench_work work;
    unsigned workers;
    size_t n_rows;
    struct bench_row rows[BENCH_MAX_ROWS];
};

/* Computes the medians and prints the group. */
void bench_print(struct bench_group *group);

/* Prints how the group compares with the project's own targets. */
void bench_print_targets(const struct bench_group *group);

#endif
