/* SPDX-License-Identifier: MIT */
/* Entries of a list that say more than a URL.
 *
 * Purpose: the forms of such lists (tab-separated fields, JSON lines, aria2's
 *   own), each read into the same fields.
 * Use: one of the three readers, with an arena; then the fields become part of
 *   an item, see item.h.
 * Ownership: fields lie in the text that was read or in the arena.
 * Thread-safety: pure functions.
 * Limits: none but those of json.h. */
#ifndef FPOOL_CLI_ENTRY_H
#define FPOOL_CLI_ENTRY_H

#include <stdint.h>

#include "json.h"

/* Bytes of an arena that suffices for an entry of 'size' bytes. */
#define CLI_ARENA_SIZE(size) (3 * (size) + 256)

/* What an entry can say, by the names that users write. */
enum cli_field {
    CLI_FIELD_URL,
    CLI_FIELD_OUT,
    CLI_FIELD_HEADERS,
    CLI_FIELD_METHOD,
    CLI_FIELD_BODY,
    CLI_FIELD_SHA256,
    CLI_FIELD_SIZE,
    CLI_FIELD_ID,
    CLI_FIELD_META,
    CLI_N_FIELDS
};

struct cli_fields {
    struct cli_span text[CLI_N_FIELDS]; /* 'headers': lines, each ended by a
                                           line feed; 'size' is not here */
    int64_t size;                       /* -1: not said */
    bool has_raw_id;   /* 'id' is a JSON number, to be repeated as it is; */
    bool has_raw_meta; /* 'meta' any JSON */
    enum cli_fault fault;
    /* The first name that means nothing here, and was passed over. */
    struct cli_span unknown;
};

/* The columns of a list of tab-separated fields. */
#define CLI_MAX_COLUMNS 64

struct cli_columns {
    enum cli_field field[CLI_MAX_COLUMNS]; /* CLI_N_FIELDS: passed over */
    size_t n;
};

/* The field called so; CLI_N_FIELDS if there is none. */
enum cli_field cli_field_find(const char *name, size_t size);

/* Reads one JSON object. */
void cli_entry_read_json(const char *line, size_t size, char *arena,
                         struct cli_fields *ret_fields);

/* The columns of a list that does not name them: url, out, sha256, size. */
void cli_columns_init(struct cli_columns *columns);

/* Whether the line names columns, "url" among them; then '*ret_columns' are
 * these, and '*ret_unknown' is as in struct cli_fields. */
bool cli_columns_read(const char *line, size_t size,
                      struct cli_columns *ret_columns,
                      struct cli_span *ret_unknown);

/* Reads one line of fields. */
void cli_entry_read_tsv(const struct cli_columns *columns, const char *line,
                        size_t size, char *arena,
                        struct cli_fields *ret_fields);

/* Whether a line of a list is an option of aria2: "name=value" after blanks. */
bool cli_entry_is_option(const char *line, size_t size);

/* Reads a line of URLs, of which the first is taken, and the option lines after
 * it; each but the last ends in a line feed. */
void cli_entry_read_aria2(const char *text, size_t size, char *arena,
                          struct cli_fields *ret_fields);

/* For the readers: fields that say nothing; the checks that all forms share. */
void cli_fields_init(struct cli_fields *fields);
void cli_fields_check(struct cli_fields *fields);

/* Notes the first fault. */
void cli_fields_fail(struct cli_fields *fields, enum cli_fault fault);

/* Without the blanks around it. */
struct cli_span cli_span_trim(struct cli_span span);

bool cli_span_is(struct cli_span span, const char *text);

#endif
