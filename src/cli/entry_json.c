/* SPDX-License-Identifier: MIT */
/* Entries that are JSON objects; called for each line of such a list. */
#include <string.h>

#include "entry.h"

/* As many as a request may have; the search for repeated ones is quadratic. */
#define MAX_HEADERS 1000

static bool fail_type(struct cli_json *j)
{
    return cli_json_fail(j, CLI_FAULT_JSON_TYPE);
}

static void append(struct cli_json *j, const char *text)
{
    size_t size = strlen(text);

    memcpy(j->arena, text, size);
    j->arena += size;
}

/* Decoded text that becomes a part of a header line. */
static bool read_part(struct cli_json *j, struct cli_span *ret_part)
{
    return cli_json_string(j, ret_part) &&
           ((memchr(ret_part->data, '\n', ret_part->size) == NULL) ||
            cli_json_fail(j, CLI_FAULT_HEADERS));
}

/* Whether one of the lines from 'begin' on has the name at 'name'. */
static bool is_there(const char *begin, struct cli_span name)
{
    while (begin < name.data) {
        if (strncasecmp(begin, name.data, name.size) == 0 &&
            begin[name.size] == ':') {
            return true;
        }
        begin =
            (const char *)memchr(begin, '\n', (size_t)(name.data - begin)) + 1;
    }
    return false;
}

/* "Name": "value"; without a value the header is left out, which is what the
 * line "Name:" says. */
static bool read_header_member(struct cli_json *j, const char *begin)
{
    struct cli_span name;
    struct cli_span value = { "", 0 };
    char *colon;

    if (!read_part(j, &name) || !cli_json_need(j, ':')) {
        return false;
    }
    if (name.size == 0 || memchr(name.data, ':', name.size) != NULL) {
        return cli_json_fail(j, CLI_FAULT_HEADERS);
    }
    if (is_there(begin, name)) {
        return cli_json_fail(j, CLI_FAULT_JSON_TWICE);
    }
    colon = j->arena;
    append(j, ": ");
    if (!cli_json_null(j) && !read_part(j, &value)) {
        return false;
    }
    if (value.size == 0) {
        j->arena = colon + 1;
    }
    append(j, "\n");
    return true;
}

/* An object of names and values, or an array of lines. */
static bool read_headers(struct cli_json *j, struct cli_span *ret_lines)
{
    const char *begin = j->arena;
    bool is_object = cli_json_take(j, '{');
    char close = is_object ? '}' : ']';
    struct cli_span line;
    int n = 0;

    if (!is_object && !cli_json_take(j, '[')) {
        return fail_type(j);
    }
    if (!cli_json_take(j, close)) {
        do {
            if (++n > MAX_HEADERS) {
                return cli_json_fail(j, CLI_FAULT_HEADERS);
            }
            if (is_object ? !read_header_member(j, begin)
                          : !read_part(j, &line)) {
                return false;
            }
            if (!is_object) {
                append(j, "\n");
            }
        } while (cli_json_take(j, ','));
        if (!cli_json_need(j, close)) {
            return false;
        }
    }
    ret_lines->data = begin;
    ret_lines->size = (size_t)(j->arena - begin);
    return true;
}

static bool read_size(struct cli_json *j, int64_t *ret_size)
{
    struct cli_span raw;
    int64_t size = 0;
    size_t i;

    if (cli_json_peek(j) == '"') {
        return cli_json_fail(j, CLI_FAULT_SIZE);
    }
    if (!cli_json_number(j, &raw)) {
        return false;
    }
    for (i = 0; i < raw.size; i++) {
        int digit = raw.data[i] - '0';

        if (digit < 0 || digit > 9 || size > (INT64_MAX - digit) / 10) {
            return cli_json_fail(j, CLI_FAULT_SIZE);
        }
        size = size * 10 + digit;
    }
    *ret_size = size;
    return true;
}

static bool read_id(struct cli_json *j, struct cli_fields *f)
{
    struct cli_span *id = &f->text[CLI_FIELD_ID];
    char c = cli_json_peek(j);

    f->has_raw_id = c != '"';
    if (f->has_raw_id && c != '-' && (c < '0' || c > '9')) {
        return fail_type(j);
    }
    return f->has_raw_id ? cli_json_number(j, id) : cli_json_string(j, id);
}

static bool read_member_value(struct cli_json *j, enum cli_field field,
                              struct cli_fields *f)
{
    struct cli_span *text = &f->text[field];

    if (field == CLI_FIELD_META) {
        f->has_raw_meta = true;
        return cli_json_value(j, text);
    }
    if (cli_json_null(j)) {
        return true; /* as if it were not there */
    }
    switch (field) {
    case CLI_FIELD_HEADERS:
        return read_headers(j, text);
    case CLI_FIELD_SIZE:
        return read_size(j, &f->size);
    case CLI_FIELD_ID:
        return read_id(j, f);
    case CLI_FIELD_BODY:
        return cli_json_string(j, text);
    default:
        return cli_json_string(j, text) &&
               (memchr(text->data, '\0', text->size) == NULL ||
                cli_json_fail(j, CLI_FAULT_JSON_STRING));
    }
}

static bool read_member(struct cli_json *j, unsigned *seen,
                        struct cli_fields *f)
{
    char *arena = j->arena;
    struct cli_span name;
    struct cli_span raw;
    enum cli_field field;

    if (!cli_json_string(j, &name) || !cli_json_need(j, ':')) {
        return false;
    }
    field = cli_field_find(name.data, name.size);
    if (field >= CLI_N_FIELDS) {
        /* Its name stays in the arena, for the message. */
        f->unknown = f->unknown.data == NULL ? name : f->unknown;
        return cli_json_value(j, &raw);
    }
    j->arena = arena;
    if ((*seen >> field & 1) != 0) {
        return cli_json_fail(j, CLI_FAULT_JSON_TWICE);
    }
    *seen |= 1u << field;
    return read_member_value(j, field, f);
}

static bool read_object(struct cli_json *j, struct cli_fields *f)
{
    unsigned seen = 0;

    if (!cli_json_need(j, '{')) {
        return false;
    }
    if (!cli_json_take(j, '}')) {
        do {
            if (cli_json_peek(j) != '"') {
                return cli_json_fail(j, CLI_FAULT_JSON_OBJECT);
            }
            if (!read_member(j, &seen, f)) {
                return false;
            }
        } while (cli_json_take(j, ','));
        if (!cli_json_need(j, '}')) {
            return false;
        }
    }
    return cli_json_end(j) || cli_json_fail(j, CLI_FAULT_JSON_OBJECT);
}

void cli_entry_read_json(const char *line, size_t size, char *arena,
                         struct cli_fields *ret_fields)
{
    struct cli_json j;

    cli_fields_init(ret_fields);
    cli_json_init(&j, line, size, arena);
    if (!read_object(&j, ret_fields)) {
        cli_fields_fail(ret_fields, j.fault);
    }
    cli_fields_check(ret_fields);
}
