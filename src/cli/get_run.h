/* SPDX-License-Identifier: MIT */
/* One run of `fetchpool get`.
 *
 * Purpose: what get.c (start, loop, end) and get_result.c (one result) share.
 * Ownership: a run owns all it points at, except its options.
 * Thread-safety: the main thread.
 * Limits: none. */
#ifndef FPOOL_CLI_GET_RUN_H
#define FPOOL_CLI_GET_RUN_H

#include <fetchpool/fetchpool.h>
#include <fetchpool/dir.h>

#include "get_options.h"
#include "input.h"
#include "out.h"
#include "tally.h"

struct get_run {
    const struct get_options *o;
    struct fpool *pool;
    struct fpool_cancel *cancel; /* of everything, above the input's own */
    struct fpool_results *job;
    struct fpool_dir *dir; /* NULL: bodies are discarded */
    struct cli_input *input;
    struct cli_out results;
    struct cli_out failed;
    struct cli_tally tally;
    uint64_t next_seq;      /* with --ordered: of the next item to be told */
    int64_t progress_at_ms; /* INT64_MAX: never */
    int64_t drain_until_ms; /* INT64_MAX: not draining */
    bool has_local_fault;
    bool is_stopped;
};

/* Takes no more items; what was pulled goes on. */
void get_stop_intake(struct get_run *run);

/* Ends everything soon: the disk is full, or the time to drain is over. */
void get_stop_all(struct get_run *run);

/* Stores, records and counts one result. */
void get_handle_result(struct get_run *run, struct fpool_result *result);

/* The same for an item whose file exists already; releases it. */
void get_handle_skipped(struct get_run *run, struct cli_item *item);

#endif
