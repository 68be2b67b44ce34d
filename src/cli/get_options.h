/* SPDX-License-Identifier: MIT */
/* The options of `fetchpool get`.
 *
 * Purpose: read the command line; refuse, in words, what this version lacks.
 * Ownership: texts are borrowed from argv; the lists are freed by fini.
 * Thread-safety: one thread.
 * Limits: none. */
#ifndef FPOOL_CLI_GET_OPTIONS_H
#define FPOOL_CLI_GET_OPTIONS_H

#include <fetchpool/dir.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct get_options {
    const char **files; /* -i, in order */
    size_t n_files;
    char *const *urls;
    size_t n_urls;
    const char *dir; /* NULL: bodies are discarded */
    struct fpool_dir_options dir_options;
    unsigned jobs;
    unsigned window;
    bool has_window;
    const char *results; /* NULL: none */
    const char *failed;
    const char *summary;
    bool is_ordered;
    int64_t timeout_ms; /* 0: none */
    int64_t connect_timeout_ms;
    int64_t stall_ms;
    int64_t max_size; /* 0: none */
    int redirects;    /* as in struct fpool_http_op */
    bool has_digest;
    const char *ca_file;
    bool is_insecure;
    const char *user_agent;
    bool has_progress;
    bool is_quiet;
    bool is_verbose;
    bool wants_help;
};

/* Reads the arguments, argv[0] being "get".  False after saying what is wrong,
 * also when there is nothing to do. */
bool get_options_read(struct get_options *o, int argc, char **argv);
void get_options_fini(struct get_options *o);

void get_print_help(void);

#endif
