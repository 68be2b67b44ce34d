/* SPDX-License-Identifier: MIT */
/* What the two halves of the input share.
 *
 * Purpose: input.c opens, closes and answers the main thread; input_source.c
 *   reads lines and makes items.
 * Ownership: see input.h.
 * Thread-safety: see each field.
 * Limits: see input.h. */
#ifndef FPOOL_CLI_INPUT_PRIVATE_H
#define FPOOL_CLI_INPUT_PRIVATE_H

#include <pthread.h>

#include "input.h"

#define CLI_MAX_LINE  65536
#define CLI_MAX_ASIDE 1024

struct cli_input {
    struct cli_input_options options;
    bool (*is_done)(void *arg, const struct cli_item *item); /* or NULL */
    void *is_done_arg;
    struct fpool_cancel *stop;
    int *fds;         /* -1 once handed to a source */
    uint64_t n_bytes; /* of all files; 0: unknown */
    int bell;         /* an eventfd */
    /* --- written by the source --- */
    atomic_ullong n_read; /* items */
    atomic_ullong n_lines;
    atomic_ullong n_bytes_read;
    atomic_bool is_at_end;
    /* --- the source only --- */
    size_t next_item; /* of the command line */
    size_t next_file;
    struct fpool_source lines; /* of the current file */
    bool has_lines;
    int code;               /* why there are no more lines, if not FPOOL_OK */
    struct fpool_item line; /* the current line, */
    bool has_line;
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
};

/* The source's functions. */
int cli_input_next(void *self, struct fpool_item *ret_item,
                   struct fpool_cancel *cancel);
bool cli_input_ready(void *self);
void cli_input_close(void *self);

#endif
