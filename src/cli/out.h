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

struct cli_out {
    const char *name; /* for messages; NULL: not open, all calls do nothing */
    int fd;
    char *data;
    size_t size;
    size_t capacity;
    int error_number; /* of the first failure; later writes do nothing */
};

/* Opens (creates, truncates) 'path', "-" meaning standard output.  Returns 0 or
 * an errno. */
int cli_out_open(struct cli_out *o, const char *path);

/* Writes what is buffered.  If the reader of a pipe has gone, the process ends
 * as one killed by SIGPIPE does. */
void cli_out_flush(struct cli_out *o);

/* Flushes and closes; returns the errno of the first failure, or 0. */
int cli_out_close(struct cli_out *o);

void cli_out_bytes(struct cli_out *o, const char *data, size_t size);
void cli_out_text(struct cli_out *o, const char *text);
void cli_out_number(struct cli_out *o, int64_t number);

/* Ends a line; flushes when much is buffered. */
void cli_out_end_line(struct cli_out *o);

/* A JSON string of 'size' bytes; a JSON string or, for "", null. */
void cli_out_json(struct cli_out *o, const char *data, size_t size);
void cli_out_json_or_null(struct cli_out *o, const char *text);

#endif
