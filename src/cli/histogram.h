/* SPDX-License-Identifier: MIT */
/* How long things took, in little memory.
 *
 * Purpose: percentiles of any number of times, to within 3 %.
 * Ownership: plain data; zeroed to begin with.
 * Thread-safety: one thread.
 * Limits: whole numbers from 0 to 2^63 - 1. */
#ifndef FPOOL_CLI_HISTOGRAM_H
#define FPOOL_CLI_HISTOGRAM_H

#include <stdint.h>

/* Each power of two is divided into 32 steps. */
#define CLI_HISTOGRAM_STEPS 32
#define CLI_HISTOGRAM_SIZE  (60 * CLI_HISTOGRAM_STEPS)

struct cli_histogram {
    uint64_t n;
    int64_t max;
    uint64_t counts[CLI_HISTOGRAM_SIZE];
};

void cli_histogram_add(struct cli_histogram *h, int64_t value);

/* The value that 'part' (from 0 to 1) of all do not exceed; 0 without any. */
int64_t cli_histogram_quantile(const struct cli_histogram *h, double part);

#endif
