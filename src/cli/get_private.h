/* SPDX-License-Identifier: MIT */
/* What the files of `fetchpool get` share.
 *
 * Purpose: its options and its part of a run.
 * Ownership: texts are borrowed from argv or an option file; the run owns the
 *   directory.
 * Thread-safety: the main thread.
 * Limits: none. */
#ifndef FPOOL_CLI_GET_PRIVATE_H
#define FPOOL_CLI_GET_PRIVATE_H

#include <fetchpool/dir.h>
#include <fetchpool/http.h>

#include "run.h"

struct get {
    const char *dir_path; /* NULL: bodies are discarded */
    struct fpool_dir_options dir_options;
    int64_t connect_timeout_ms;
    int64_t stall_ms;
    int64_t max_size; /* 0: none */
    int redirects;    /* as in struct fpool_http_op */
    bool has_no_digest;
    const char *ca_file;
    bool is_insecure;
    const char *user_agent;
    struct fpool_dir *dir; /* NULL: bodies are discarded */
};

/* What is to be said about an item. */
struct get_record {
    struct cli_outcome outcome;
    const struct fpool_http_response *response; /* NULL: there is none */
    const char *path; /* of the file below the directory, "" without */
};

/* Options of `get` alone. */
extern const struct cli_option get_options[];

/* Sets the defaults; completes the options, returning an exit status. */
void get_options_init(struct get *get);
int get_options_check(void *self, struct cli_options *o);

void get_print_help(void);

/* Stores, records and counts one result. */
void get_handle_result(struct cli_run *run, struct fpool_result *result);

/* The same for an item whose file exists already. */
void get_handle_aside(struct cli_run *run, struct cli_item *item);

/* Writes the result line. */
void get_record_write(struct cli_run *run, const struct get_record *r);

#endif
