/* SPDX-License-Identifier: MIT */
/* Reading JSON, strictly.
 *
 * Purpose: walk through one text as RFC 8259 has it and take what is wanted.
 * Use: cli_json_init(); then one function for each token, as the form of the
 *   text requires; after the first failure 'fault' says why and nothing more
 *   is to be read.
 * Ownership: borrows the text; texts that it gives lie in it or in the arena,
 *   which is the caller's and as long as the text.
 * Thread-safety: one thread.
 * Limits: values are nested at most 64 deep; all is UTF-8. */
#ifndef FPOOL_CLI_JSON_H
#define FPOOL_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"

/* Some bytes; 'data' is NULL where there is nothing. */
struct cli_span {
    const char *data;
    size_t size;
};

struct cli_json {
    const char *p;
    const char *end;
    char *arena; /* what is free of it */
    enum cli_fault fault;
};

void cli_json_init(struct cli_json *j, const char *text, size_t size,
                   char *arena);

/* The first byte of the next token, 0 at the end. */
char cli_json_peek(struct cli_json *j);

/* Takes the byte 'c', one of {}[]:, if it is next. */
bool cli_json_take(struct cli_json *j, char c);

/* Takes 'c', or fails. */
bool cli_json_need(struct cli_json *j, char c);

/* Takes a string and decodes it, at the free end of the arena. */
bool cli_json_string(struct cli_json *j, struct cli_span *ret_text);

/* Takes any value, checking it; '*ret_raw' is its text. */
bool cli_json_value(struct cli_json *j, struct cli_span *ret_raw);

/* Takes a number; '*ret_raw' is its text. */
bool cli_json_number(struct cli_json *j, struct cli_span *ret_raw);

/* Takes the word null, if it is next. */
bool cli_json_null(struct cli_json *j);

/* Whether nothing follows. */
bool cli_json_end(struct cli_json *j);

/* Notes the fault, unless there is one already; false. */
bool cli_json_fail(struct cli_json *j, enum cli_fault fault);

#endif
