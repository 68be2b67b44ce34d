/* SPDX-License-Identifier: MIT */
/* What the parts of the input share.
 *
 * Purpose: input.c opens, closes and answers the main thread; input_entry.c and
 *   input_gather.c find out what the next entry of the list is;
 *   input_source.c makes items.
 * Ownership: see input.h.
 * Thread-safety: see each field.
 * Limits: see input.h. */
#ifndef FPOOL_CLI_INPUT_PRIVATE_H
#define FPOOL_CLI_INPUT_PRIVATE_H

#include <pthread.h>

#include "input.h"
#include "lines.h"

#define CLI_MAX_LINE    65536
#define CLI_MAX_ASIDE   1024
#define CLI_MAX_HEADERS 1000
#define CLI_MAX_UNKNOWN 64

/* An entry that is put together of lines. */
struct cli_gathered {
    char *data;
    size_t size;
    size_t capacity;
    bool is_open; /* more may belong to it */
    bool is_truncated;
};

/* The current entry of the list. */
struct cli_current {
    bool is_there;
    bool is_truncated;
    bool has_fields;
    struct cli_span text; /* in the buffer of the lines, or in 'gathered' */
    struct cli_fields fields;
    unsigned header;
};

struct cli_input {
    struct cli_input_options options;
    bool (*is_done)(void *arg, const struct cli_item *item); /* or NULL */
    void *is_done_arg;
    struct fpool_cancel *stop;
    int *fds;              /* -1 once handed to a source */
    uint64_t n_bytes;      /* of all files; 0: unknown */
    int bell;              /* an eventfd */
    bool has_told_unknown; /* the main thread's */
    /* --- written by the source --- */
    atomic_ullong n_read; /* items */
    atomic_ullong n_lines;
    atomic_ullong n_bytes_read;
    atomic_bool is_at_end;
    atomic_bool has_unknown;
    /* --- the source only --- */
    size_t next_item; /* of the command line */
    size_t next_file;
    struct cli_lines lines; /* of the current file */
    bool has_lines;
    uint64_t n_bytes_before; /* of the files before it */
    enum cli_format format;  /* of the current file, as far as it is known */
    bool has_looked;         /* at its first line, where that tells the form */
    struct cli_columns columns;
    struct cli_text_line ahead; /* read, and not of the entry before */
    bool has_ahead;
    struct cli_gathered gathered;
    char *arena;
    size_t arena_size;
    int code;          /* why there are no more entries, if not FPOOL_OK; */
    const char *fault; /* for EBADMSG, in words; static */
    struct cli_current current;
    size_t n_types; /* how many items it makes, */
    size_t next_type;
    struct cli_line *shared; /* and what they have in common, or NULL */
    /* --- guarded by mu --- */
    pthread_mutex_t mu;
    pthread_cond_t has_room;
    struct cli_item *aside[CLI_MAX_ASIDE]; /* a ring */
    unsigned first_aside;
    unsigned n_aside;
    bool is_stopped;
    char *headers[CLI_MAX_HEADERS]; /* the first is number 1 */
    unsigned n_headers;
    char unknown[CLI_MAX_UNKNOWN];
};

/* Only the source writes its counters, so that they need no locked
 * instruction. */
static inline void cli_input_add(atomic_ullong *counter, uint64_t n)
{
    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
        memory_order_relaxed);
}

/* Sees to a current entry, if there is another.  Returns as a source does;
 * FPOOL_WAIT, only unless 'may_wait', where that would take waiting for bytes.
 */
int cli_input_find(struct cli_input *in, bool may_wait);

/* The next line that is neither blank nor a comment.  Returns as a source does,
 * and FPOOL_WAIT as above. */
int cli_input_next_line(struct cli_input *in, bool may_wait,
                        struct cli_text_line *ret_line);

/* Make 'text' the current entry.  What was too long is shown no longer than a
 * plain line can be; the third reads the entry as 'format' says, and may lack
 * memory. */
void cli_input_set_current(struct cli_input *in, struct cli_span text,
                           bool is_truncated);
void cli_input_set_plain(struct cli_input *in, struct cli_span text,
                         bool is_truncated);
int cli_input_set_entry(struct cli_input *in, enum cli_format format,
                        struct cli_span text, bool is_truncated);

/* Reads up to the line after an entry of several lines.  Where the form of the
 * list is still to be found out, a pipe is not waited for: whoever feeds one
 * URL may want its result before the next. */
int cli_input_gather(struct cli_input *in, bool may_wait);

/* Takes a line of a list that has no other form so far. */
int cli_input_take_auto(struct cli_input *in, const struct cli_text_line *line,
                        bool may_wait);

/* Closes the current file. */
void cli_input_close_lines(struct cli_input *in);

/* The source's functions. */
int cli_input_next(void *self, struct fpool_item *ret_item,
                   struct fpool_cancel *cancel);
bool cli_input_ready(void *self);
void cli_input_close(void *self);

#endif
