/* SPDX-License-Identifier: MIT */
/* What the files of `fetchpool get` share.
 *
 * Purpose: its options and its part of a run.
 * Ownership: texts are borrowed from argv or an option file, or freed by
 *   get_options_fini(); the run owns the directory.
 * Thread-safety: the main thread, except where said.
 * Limits: none. */
#ifndef FPOOL_CLI_GET_PRIVATE_H
#define FPOOL_CLI_GET_PRIVATE_H

#include <fetchpool/dir.h>
#include <fetchpool/http.h>

#include "run.h"

struct get {
    const char *dir_path; /* NULL: bodies are discarded */
    struct fpool_dir_options dir_options;
    enum cli_format format;
    /* --- as in struct fpool_http_op --- */
    int64_t connect_timeout_ms;
    int64_t stall_ms;
    int64_t max_size;
    int64_t max_retry_after_ms;
    int redirects;
    unsigned per_host;
    double rate;
    double host_rate;
    const char *retry_on;
    const char *throttle_on;
    const char *ca_file;
    const char *user_agent;
    const char *method;
    const char *user;
    bool has_no_digest;
    bool is_insecure;
    bool is_compressed;
    bool is_http2;
    bool denies_private;
    /* --- what is given piece by piece, and what becomes of it --- */
    struct cli_texts headers;
    struct cli_texts cookies;
    struct cli_texts resolve;
    struct cli_texts allow_nets;
    struct cli_texts deny_nets;
    char *header_lines;
    char *cookie;
    char *resolve_lines;
    char *allow_list;
    char *deny_list;
    char *body;
    size_t body_size;
    bool has_body;
    const char *proxy;    /* as given; NULL: the environment's */
    const char *no_proxy; /* the same */
    char *proxy_lines;    /* NULL: none */
    const char *resolvers;
    char *resolver_list;
    /* --- of the run --- */
    struct fpool_dir *dir; /* NULL: bodies are discarded */
    uint64_t last_bytes;   /* at the last look for the progress */
    bool has_told_limit;   /* that there are few descriptors */
};

/* What is to be said about an item. */
struct get_record {
    struct cli_outcome outcome;
    const struct fpool_http_response *response; /* NULL: there is none */
    const char *path;                           /* "" without a file */
};

/* Options of `get` alone. */
extern const struct cli_option get_options[];

/* Sets the defaults; completes the options, returning an exit status. */
void get_options_init(struct get *get);
int get_options_check(void *self, struct cli_options *o);
void get_options_fini(struct get *get);

/* Readers of the options about requests; see get_request.c. */
bool get_read_header(void *settings, const char *value);
bool get_read_method(void *settings, const char *value);
bool get_read_data(void *settings, const char *value);
bool get_read_data_raw(void *settings, const char *value);
bool get_read_data_binary(void *settings, const char *value);
bool get_read_user(void *settings, const char *value);
bool get_read_cookie(void *settings, const char *value);

/* Puts the pieces together; false after saying why not. */
bool get_request_complete(struct get *get);

/* The same for proxies, from the environment too. */
bool get_proxy_complete(struct get *get);

void get_print_help(void);

/* What is to be sent for an item; as in struct fpool_http_op, any thread. */
bool get_describe_item(void *userdata, const struct fpool_item *item,
                       struct fpool_http_request *ret_request,
                       const char **ret_reason);

/* The name of an item's file, in FPOOL_DIR_NAME_SIZE bytes; false when there is
 * none.  Any thread. */
bool get_name_item(const struct get *get, const struct cli_item *item,
                   char *ret_name);

/* Stores, records and counts one result. */
void get_handle_result(struct cli_run *run, struct fpool_result *result);

/* The same for an item whose file exists already. */
void get_handle_aside(struct cli_run *run, struct cli_item *item);

/* Writes the result line. */
void get_record_write(struct cli_run *run, const struct get_record *r);

/* What the run says about itself. */
void get_watch(struct cli_run *run);
void get_describe(struct cli_run *run, struct cli_facts *facts, double seconds);
void get_report(struct cli_run *run, double seconds);
void get_summarize(struct cli_run *run, struct cli_out *out);

#endif
