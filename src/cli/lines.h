/* SPDX-License-Identifier: MIT */
/* The lines of a list.
 *
 * Purpose: cut bytes into lines in place, whatever the bytes: hundreds of
 *   millions of lines are read by one thread.
 * Use: init; next until FPOOL_END; fini.
 * Ownership: the descriptor is taken.  A line lies in the buffer and is gone
 *   with the next call of next.
 * Thread-safety: one thread.
 * Limits: CLI_MAX_ENTRY bytes of a line are kept, and the buffer is no larger
 *   than two of these. */
#ifndef FPOOL_CLI_LINES_H
#define FPOOL_CLI_LINES_H

#include "bytes.h"
#include "json.h"

#define CLI_MAX_ENTRY ((size_t)1 << 20)

/* A line without its end: a line feed, or a carriage return and one. */
struct cli_text_line {
    struct cli_span text;
    bool is_truncated; /* 'text' is the beginning */
};

struct cli_lines {
    struct cli_bytes bytes;
    char *data;
    size_t capacity;
    size_t begin; /* of what has not been given */
    size_t end;
    size_t searched;   /* up to there is no line feed */
    bool is_past_mark; /* the byte-order mark, if there was one */
    bool is_cutting;   /* what follows belongs to a line that is too long */
    uint64_t n_given;  /* bytes of lines */
};

/* Takes 'fd'.  False without memory; then nothing is to be undone. */
bool cli_lines_init(struct cli_lines *l, int fd);
void cli_lines_fini(struct cli_lines *l);

/* Gives the next line; the last one may lack its end.  Returns as
 * cli_bytes_read() does, or ENOMEM. */
int cli_lines_next(struct cli_lines *l, struct fpool_cancel *cancel,
                   struct cli_text_line *ret_line);

/* Whether the next line is there already, all of it. */
bool cli_lines_is_ready(struct cli_lines *l);

/* The first byte of the next line, if it is there; else -1. */
int cli_lines_peek(const struct cli_lines *l);

/* About how many bytes of the descriptor the lines given so far were. */
uint64_t cli_lines_taken(const struct cli_lines *l);

#endif
