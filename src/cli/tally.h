/* SPDX-License-Identifier: MIT */
/* Counting what became of the items.
 *
 * Purpose: the accounting promise: read == ok + unchanged + skipped + failed +
 *   invalid + pending.
 * Ownership: embedded; kinds are static texts.
 * Thread-safety: one thread.
 * Limits: 64 kinds of failure. */
#ifndef FPOOL_CLI_TALLY_H
#define FPOOL_CLI_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

#define CLI_MAX_KINDS 64

enum cli_status {
    CLI_OK,
    CLI_UNCHANGED,
    CLI_SKIPPED,
    CLI_FAILED,
    CLI_INVALID,
    CLI_PENDING, /* not done, never recorded */
    CLI_N_STATUSES
};

struct cli_tally {
    uint64_t counts[CLI_N_STATUSES];
    uint64_t bytes;
    struct {
        const char *kind;
        uint64_t count;
    } kinds[CLI_MAX_KINDS];
    unsigned n_kinds;
    struct cli_histogram times; /* microseconds */
    int64_t start_ms;
};

const char *cli_status_text(enum cli_status status);

void cli_tally_init(struct cli_tally *t);

/* Counts one item; 'kind' is that of a failure, or "". */
void cli_tally_add(struct cli_tally *t, enum cli_status status,
                   const char *kind);

/* Items counted, pending ones included. */
uint64_t cli_tally_total(const struct cli_tally *t);

#endif
