/* SPDX-License-Identifier: MIT */
/* The list: URLs from the command line, then the lines of the input files.
 *
 * Purpose: a source that numbers the items and sets aside those whose file
 *   exists already, without a request.
 * Use: open, make the source for the job, take what was set aside, stop.
 * Ownership: the caller destroys the input after the job has ended.
 * Thread-safety: the source runs on the job's puller; everything else belongs
 *   to the main thread, except where said.
 * Limits: lines of 64 KiB; at most 1,024 items wait to be taken, then the
 *   source waits. */
#ifndef FPOOL_CLI_INPUT_H
#define FPOOL_CLI_INPUT_H

#include <fetchpool/fetchpool.h>
#include <fetchpool/dir.h>

/* An item of the list: what a struct fpool_item's 'data' is the 'line' of. */
struct cli_item {
    struct cli_item *next;
    uint64_t seq;
    size_t size;
    bool is_truncated;
    char line[]; /* as given, followed by a zero byte */
};

struct cli_input;

struct cli_input_options {
    char *const *urls;
    size_t n_urls;
    const char *const *files; /* "-": standard input */
    size_t n_files;
    struct fpool_cancel *parent; /* trips the input's own token */
};

/* Opens all files.  On failure says what is wrong and returns NULL. */
struct cli_input *cli_input_create(const struct cli_input_options *options);
void cli_input_destroy(struct cli_input **input); /* accepts NULL */

/* Sets aside, from now on, the items whose file exists in 'dir' (may be NULL).
 * Before the job starts. */
void cli_input_skip_existing(struct cli_input *input, struct fpool_dir *dir);

/* The source, for one job; borrows the input. */
struct fpool_source cli_input_source(struct cli_input *input);

/* Ends the source, also one that waits for a slow pipe; idempotent. */
void cli_input_stop(struct cli_input *input);

/* Items read so far.  Any thread. */
uint64_t cli_input_count(struct cli_input *input);

/* Polls readable when an item may have been set aside; cleared by a take that
 * gives none. */
int cli_input_fd(struct cli_input *input);

/* Takes the first item set aside, if its ordinal is below 'limit'; NULL when
 * there is none.  Free it with cli_item_drop(item->line). */
struct cli_item *cli_input_take(struct cli_input *input, uint64_t limit);

/* The item of a result; and its release. */
struct cli_item *cli_item_of(void *data);
void cli_item_drop(void *data);

/* Which file could not be read: for the message after a failed source. */
const char *cli_input_failed_file(struct cli_input *input);

#endif
