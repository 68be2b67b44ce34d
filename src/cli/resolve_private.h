/* SPDX-License-Identifier: MIT */
/* What the files of `fetchpool resolve` share.
 *
 * Purpose: its options and its part of a run.
 * Ownership: 'kept' and 'resolver_list' are freed by resolve_options_fini();
 * the other texts are borrowed. Thread-safety: the main thread. Limits: 64
 * types; a list of resolvers of 16 MiB. */
#ifndef FPOOL_CLI_RESOLVE_PRIVATE_H
#define FPOOL_CLI_RESOLVE_PRIVATE_H

#include <fetchpool/dns.h>

#include "run.h"

#define RESOLVE_MAX_TYPES 64

enum resolve_format { RESOLVE_JSONL, RESOLVE_TEXT, RESOLVE_LIST };

enum resolve_wildcard {
    RESOLVE_WILDCARD_OFF,
    RESOLVE_WILDCARD_TAG,
    RESOLVE_WILDCARD_DROP
};

struct resolve {
    const char *types[RESOLVE_MAX_TYPES]; /* parts of 'kept' */
    size_t n_types;
    struct cli_texts kept;
    const char *resolvers; /* as given: a file or a list; NULL: the system's */
    char *resolver_list;
    const char *suffix;
    unsigned qps;
    unsigned resolver_qps;
    unsigned tries; /* 0: the library's default */
    enum resolve_format format;
    enum resolve_wildcard wildcard;
    uint32_t only; /* a bit for each status shown; 0: all */
    /* --- of the run --- */
    uint64_t counts[FPOOL_DNS_N_STATUSES];
    uint64_t n_wildcards;
    uint64_t last_sent; /* at the last look for the progress */
};

/* What is to be said about an item. */
struct resolve_record {
    struct cli_outcome outcome;
    enum fpool_dns_status status;
    const struct fpool_dns_response *response; /* NULL: there is none */
};

/* Options of `resolve` alone. */
extern const struct cli_option resolve_options[];

/* Completes the options, returning an exit status. */
int resolve_options_check(void *self, struct cli_options *o);
void resolve_options_fini(struct resolve *resolve);

void resolve_print_help(void);

/* Records and counts one result. */
void resolve_handle_result(struct cli_run *run, struct fpool_result *result);

/* Writes the line, or lines, in the form asked for. */
void resolve_record_write(struct cli_run *run, const struct resolve_record *r);

/* What the run says about itself. */
void resolve_describe(struct cli_run *run, struct cli_facts *facts,
                      double seconds);
void resolve_report(struct cli_run *run, double seconds);
void resolve_summarize(struct cli_run *run, struct cli_out *out);

#endif
