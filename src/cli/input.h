/* SPDX-License-Identifier: MIT */
/* The list: what the command line names, then the lines of the input files.
 *
 * Purpose: a source that numbers the items; that makes several of one line
 *   where several things are to be done with it, or one of several lines where
 *   the list is of that form; and that sets aside those for which nothing is to
 *   be done.
 * Use: open, make the source for the job, take what was set aside, stop.
 * Ownership: the caller destroys the input after the job has ended.
 * Thread-safety: the source runs on the job's puller; everything else belongs
 *   to the main thread, except where said.
 * Limits: plain lines of 64 KiB, entries of 1 MiB; at most 1,024 items wait to
 *   be taken, then the source waits. */
#ifndef FPOOL_CLI_INPUT_H
#define FPOOL_CLI_INPUT_H

#include <fetchpool/fetchpool.h>

#include "item.h"

/* Of what form the entries of the list are. */
enum cli_format {
    CLI_FORMAT_AUTO, /* by the first lines of each file */
    CLI_FORMAT_LINES,
    CLI_FORMAT_TSV,
    CLI_FORMAT_JSONL,
    CLI_FORMAT_ARIA2
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
    enum cli_format format;
    /* An item's data is the struct cli_item, all of it; without this, its
     * text. */
    bool is_whole;
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

/* The header line that items with this number are below, the standard one for
 * 0; the input's. */
const char *cli_input_header(struct cli_input *input, unsigned number);

/* Copies the first name of a list that meant nothing, escaped and cut to 'size'
 * bytes; false when there is none, or when it was told before.  The main
 * thread. */
bool cli_input_unknown(struct cli_input *input, char *ret_name, size_t size);

/* Which file could not be read, and why, where the source ended with 'code':
 * for the message. */
const char *cli_input_failed_file(struct cli_input *input);
const char *cli_input_failure(struct cli_input *input, int code);

#endif
