/* SPDX-License-Identifier: MIT */
/* What is to be said about a run at one moment.
 *
 * Purpose: one list of named numbers, from which each form of progress is made.
 * Ownership: plain data; all texts are static.
 * Thread-safety: one thread.
 * Limits: 48 facts; more are left out. */
#ifndef FPOOL_CLI_FACTS_H
#define FPOOL_CLI_FACTS_H

#include "out.h"

#define CLI_MAX_FACTS      48
#define CLI_MAX_KIND_FACTS 3

struct cli_fact {
    const char *key;    /* in JSON: "done" */
    const char *before; /* in text; one that begins with a blank, a slash or a
                           bracket continues what comes before it */
    const char *after;
    double value;
    int decimals;
    int line; /* of the display, from 0; never less than that of the fact before
               */
};

/* How often a kind of failure came. */
struct cli_kind_fact {
    const char *kind;
    uint64_t count;
};

struct cli_facts {
    unsigned n;
    struct cli_fact list[CLI_MAX_FACTS];
    /* The most frequent failures, which end the last line. */
    unsigned n_kinds;
    struct cli_kind_fact kinds[CLI_MAX_KIND_FACTS];
};

void cli_facts_add(struct cli_facts *facts, struct cli_fact fact);

/* Appends the facts of 'line' as text without a line feed, all for -1. */
void cli_facts_text(const struct cli_facts *facts, int line,
                    struct cli_out *out);

/* Appends all as members of a JSON object, each after a comma. */
void cli_facts_json(const struct cli_facts *facts, struct cli_out *out);

/* The number of lines. */
int cli_facts_lines(const struct cli_facts *facts);

#endif
