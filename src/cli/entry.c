/* SPDX-License-Identifier: MIT */
/* What the readers of entries share: the names of the fields, and what may be
 * in them.  Whatever passes here is free of bytes that could end a header line,
 * a string or a file name early. */
#include "entry.h"

#include <string.h>

#define MAX_OUT    1024
#define MAX_PART   255
#define MAX_METHOD 32

static const char *const faults[CLI_N_FAULTS] = {
#define CLI_FAULT_TEXT(name, text) text,
    CLI_FAULT_MAP(CLI_FAULT_TEXT)
#undef CLI_FAULT_TEXT
};

static const char *const names[CLI_N_FIELDS] = { "url",    "out",  "headers",
                                                 "method", "body", "sha256",
                                                 "size",   "id",   "meta" };

const char *cli_fault_text(enum cli_fault fault)
{
    return (unsigned)fault < CLI_N_FAULTS ? faults[fault] : "";
}

bool cli_span_is(struct cli_span span, const char *text)
{
    return strlen(text) == span.size && memcmp(span.data, text, span.size) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct cli_span cli_span_trim(struct cli_span span)
{
    while (span.size > 0 && is_blank(span.data[0])) {
        span.data++;
        span.size--;
    }
    while (span.size > 0 && is_blank(span.data[span.size - 1])) {
        span.size--;
    }
    return span;
}

enum cli_field cli_field_find(const char *name, size_t size)
{
    int i;

    for (i = 0; i < CLI_N_FIELDS; i++) {
        if (cli_span_is((struct cli_span){ name, size }, names[i])) {
            break;
        }
    }
    return (enum cli_field)i;
}

void cli_fields_init(struct cli_fields *fields)
{
    memset(fields, 0, sizeof(*fields));
    fields->size = -1;
}

void cli_fields_fail(struct cli_fields *fields, enum cli_fault fault)
{
    if (fields->fault == CLI_FAULT_NONE) {
        fields->fault = fault;
    }
}

/* ---- The checks. */

static bool has_controls(struct cli_span s)
{
    size_t i;

    for (i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];

        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

/* A name below the directory; with a slash at its end that of a directory. */
static bool is_out(struct cli_span s)
{
    size_t i = 0;

    if (s.size == 0 || s.size > MAX_OUT || has_controls(s)) {
        return false;
    }
    while (i < s.size) {
        const char *part = s.data + i;
        const char *slash = memchr(part, '/', s.size - i);
        size_t n = slash == NULL ? s.size - i : (size_t)(slash - part);

        if (n == 0 || n > MAX_PART || (n == 1 && part[0] == '.') ||
            (n == 2 && part[0] == '.' && part[1] == '.')) {
            return false;
        }
        i += n + 1;
    }
    return true;
}

static bool is_token_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_length(struct cli_span s)
{
    size_t n = 0;

    while (n < s.size && is_token_character(s.data[n])) {
        n++;
    }
    return n;
}

/* "Name: value", or "Name:", or "Name;" as curl has it for an empty value. */
static bool is_header(struct cli_span line)
{
    size_t n = token_length(line);
    size_t i;

    if (n == 0 || n == line.size ||
        (line.data[n] != ':' && (line.data[n] != ';' || n + 1 < line.size))) {
        return false;
    }
    for (i = n; i < line.size; i++) {
        unsigned char c = (unsigned char)line.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool are_headers(struct cli_span s)
{
    size_t i = 0;

    while (i < s.size) {
        const char *end = memchr(s.data + i, '\n', s.size - i);
        size_t n = end == NULL ? s.size - i : (size_t)(end - (s.data + i));

        if (!is_header((struct cli_span){ s.data + i, n })) {
            return false;
        }
        i += n + 1;
    }
    return true;
}

static bool is_sha256(struct cli_span s)
{
    size_t i;

    for (i = 0; i < s.size; i++) {
        char c = s.data[i];

        if (!(c >= '0' && c <= '9') &&
            !((c | 0x20) >= 'a' && (c | 0x20) <= 'f')) {
            return false;
        }
    }
    return s.size == 64;
}

/* Whether there is such a field, and it is not as it must be. */
static bool is_bad(const struct cli_fields *fields, enum cli_field field,
                   bool (*is_well)(struct cli_span s))
{
    return fields->text[field].data != NULL && !is_well(fields->text[field]);
}

static bool is_method(struct cli_span s)
{
    return s.size > 0 && s.size <= MAX_METHOD && token_length(s) == s.size;
}

void cli_fields_check(struct cli_fields *fields)
{
    struct cli_span *out = &fields->text[CLI_FIELD_OUT];
    struct cli_span *url = &fields->text[CLI_FIELD_URL];

    while (out->size > 2 && memcmp(out->data, "./", 2) == 0) {
        out->data += 2;
        out->size -= 2;
    }
    if (fields->fault != CLI_FAULT_NONE) {
        return;
    }
    if (url->data == NULL || cli_span_trim(*url).size == 0) {
        cli_fields_fail(fields, CLI_FAULT_NO_URL);
    } else if (is_bad(fields, CLI_FIELD_OUT, is_out)) {
        cli_fields_fail(fields, CLI_FAULT_OUT);
    } else if (is_bad(fields, CLI_FIELD_HEADERS, are_headers)) {
        cli_fields_fail(fields, CLI_FAULT_HEADERS);
    } else if (is_bad(fields, CLI_FIELD_METHOD, is_method)) {
        cli_fields_fail(fields, CLI_FAULT_METHOD);
    } else if (is_bad(fields, CLI_FIELD_SHA256, is_sha256)) {
        cli_fields_fail(fields, CLI_FAULT_SHA256);
    }
}
