/* SPDX-License-Identifier: MIT */
/* Buffered output to a file or standard output, and JSON in it.
 *
 * Purpose: one line is written whole or not at all; what strangers wrote comes
 *   out as strict UTF-8 without control characters.
 * Ownership: the caller's; close closes the descriptor.
 * Thread-safety: one thread.
 * Limits: the buffer grows to the longest line. */
#ifndef FPOOL_CLI_OUT_H
#define FPOOL_CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cli_out {
    const char *name; /* for messages; NULL: not open, all calls do nothing */
    int fd;
    bool is_terminal;
    char *data;
    size_t size;
    size_t capacity;
    int error_number; /* of the first failure; later writes do nothing */
};

/* Opens (creates, truncates) 'path', "-" meaning standard output.  Returns 0 or
 * an errno. */
int cli_out_open(struct cli_out *o, const char *path);

/* Writes to standard error what comes until cli_out_close(). */
void cli_out_open_messages(struct cli_out *o);

/* Writes what is buffered.  If the reader of a pipe has gone, the process ends
 * as one killed by SIGPIPE does. */
void cli_out_flush(struct cli_out *o);

/* Flushes and closes; returns the errno of the first failure, or 0. */
int cli_out_close(struct cli_out *o);

/* Makes room for 'size' more bytes; false when nothing is to be written. */
bool cli_out_grow(struct cli_out *o, size_t size);

/* These two are inline so that the text of a constant costs one copy of a known
 * size: there are dozens in a result line. */
static inline void cli_out_bytes(struct cli_out *o, const char *data,
                                 size_t size)
{
    if (o->capacity - o->size < size && !cli_out_grow(o, size)) {
        return;
    }
    memcpy(o->data + o->size, data, size);
    o->size += size;
}

static inline void cli_out_text(struct cli_out *o, const char *text)
{
    cli_out_bytes(o, text, strlen(text));
}

void cli_out_number(struct cli_out *o, int64_t number);

/* A number that is no integer, with 'decimals' places. */
void cli_out_decimal(struct cli_out *o, double number, int decimals);

/* Ends a line; flushes when much is buffered. */
void cli_out_end_line(struct cli_out *o);

/* A JSON string of 'size' bytes; a JSON string or, for "", null. */
void cli_out_json(struct cli_out *o, const char *data, size_t size);
void cli_out_json_or_null(struct cli_out *o, const char *text);

/* A JSON value that was read as such, on one line; what could deceive a
 * terminal becomes an escape, as its strings may have. */
void cli_out_raw_json(struct cli_out *o, const char *data, size_t size);

/* The text as it is, but what is not printable ASCII as "\DDD", which is how
 * zone files have it. */
void cli_out_zone(struct cli_out *o, const char *text);

#endif
