/* SPDX-License-Identifier: MIT */
/* The list: what the command line names, then the lines of the input files.
 *
 * Purpose: a source that numbers the items; that makes several of one line
 *   where several things are to be done with it; and that sets aside those for
 *   which nothing is to be done.
 * Use: open, make the source for the job, take what was set aside, stop.
 * Ownership: the caller destroys the input after the job has ended.
 * Thread-safety: the source runs on the job's puller; everything else belongs
 *   to the main thread, except where said.
 * Limits: lines of 64 KiB; at most 1,024 items wait to be taken, then the
 *   source waits. */
#ifndef FPOOL_CLI_INPUT_H
#define FPOOL_CLI_INPUT_H

#include <fetchpool/fetchpool.h>
#include <stdatomic.h>

/* What the items of one line have in common. */
struct cli_line {
    atomic_uint n_items; /* that are left */
    bool is_shown;       /* the main thread's */
};

/* An item of the list: what a struct fpool_item's 'data' is the 'text' of.
 * There are as many as the window is wide, so it has nothing to spare. */
struct cli_item {
    uint64_t seq;
    struct cli_line *line; /* NULL: not wanted, or a line of one item */
    uint32_t size;         /* of 'text' */
    uint32_t
        input_size : 31; /* of the line as given, which 'text' begins with */
    uint32_t is_truncated : 1;
    char text[];
};

struct cli_input;

struct cli_input_options {
    const char *const *items; /* from the command line */
    size_t n_items;
    const char *const *files; /* "-": standard input */
    size_t n_files;
    struct fpool_cancel *parent; /* trips the input's own token; or NULL */
    /* Where there are several, each line of a single word becomes as many
     * items, with one of these behind it. */
    const char *const *types;
    size_t n_types;
    bool has_lines; /* such items have a 'line' */
};

/* Opens all files.  On failure says what is wrong and returns NULL. */
struct cli_input *cli_input_create(const struct cli_input_options *options);
void cli_input_destroy(struct cli_input **input); /* accepts NULL */

/* Sets aside, from now on, the items for which 'is_done' says so; it runs on
 * the source's thread.  Before the job starts. */
void cli_input_set_aside(struct cli_input *input,
                         bool (*is_done)(void *arg,
                                         const struct cli_item *item),
                         void *arg);

/* The source, for one job; borrows the input. */
struct fpool_source cli_input_source(struct cli_input *input);

/* Ends the source, also one that waits for a slow pipe; idempotent. */
void cli_input_stop(struct cli_input *input);

/* Items read so far, and lines.  Any thread. */
uint64_t cli_input_count(struct cli_input *input);
uint64_t cli_input_lines(struct cli_input *input);

/* How many items there will be: by the sizes of the files and what was read of
 * them, exact at the end; 0 while nobody knows.  Any thread. */
uint64_t cli_input_total(struct cli_input *input);

/* Polls readable when an item may have been set aside; cleared by a take that
 * gives none. */
int cli_input_fd(struct cli_input *input);

/* Takes the first item set aside, if its ordinal is below 'limit'; NULL when
 * there is none.  Free it with cli_item_drop(item->text). */
struct cli_item *cli_input_take(struct cli_input *input, uint64_t limit);

/* The item of a result; and its release. */
struct cli_item *cli_item_of(void *data);
void cli_item_drop(void *data);

/* Which file could not be read: for the message after a failed source. */
const char *cli_input_failed_file(struct cli_input *input);

#endif
