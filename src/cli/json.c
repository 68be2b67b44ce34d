/* SPDX-License-Identifier: MIT */
/* A strict reader of JSON; called by entry_json.c. */
#include "json.h"

#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define MAX_DEPTH 64

void cli_json_init(struct cli_json *j, const char *text, size_t size,
                   char *arena)
{
    j->p = text;
    j->end = text + size;
    j->arena = arena;
    j->fault = CLI_FAULT_NONE;
}

bool cli_json_fail(struct cli_json *j, enum cli_fault fault)
{
    if (j->fault == CLI_FAULT_NONE) {
        j->fault = fault;
    }
    return false;
}

char cli_json_peek(struct cli_json *j)
{
    while (j->p < j->end &&
           (*j->p == ' ' || *j->p == '\t' || *j->p == '\r' || *j->p == '\n')) {
        j->p++;
    }
    return j->p < j->end ? *j->p : '\0';
}

bool cli_json_take(struct cli_json *j, char c)
{
    bool is_next = cli_json_peek(j) == c && j->p < j->end;

    j->p += is_next ? 1 : 0;
    return is_next;
}

bool cli_json_need(struct cli_json *j, char c)
{
    return cli_json_take(j, c) || cli_json_fail(j, CLI_FAULT_JSON_OBJECT);
}

bool cli_json_end(struct cli_json *j)
{
    (void)cli_json_peek(j);
    return j->p == j->end;
}

/* ---- Strings. */

static bool read_hex(struct cli_json *j, uint32_t *ret_unit)
{
    uint32_t unit = 0;
    int i;

    if (j->end - j->p < 4) {
        return cli_json_fail(j, CLI_FAULT_JSON_STRING);
    }
    for (i = 0; i < 4; i++) {
        char c = *j->p++;

        unit <<= 4;
        if (c >= '0' && c <= '9') {
            unit |= (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            unit |= (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return cli_json_fail(j, CLI_FAULT_JSON_STRING);
        }
    }
    *ret_unit = unit;
    return true;
}

/* What follows "\u", with its second half if it is the first of a surrogate
 * pair; halves of pairs are no characters. */
static bool read_unicode(struct cli_json *j, uint32_t *ret_code)
{
    uint32_t low = 0;

    if (!read_hex(j, ret_code)) {
        return false;
    }
    if (*ret_code < 0xd800 || *ret_code > 0xdfff) {
        return true;
    }
    if (*ret_code > 0xdbff || j->end - j->p < 2 || j->p[0] != '\\' ||
        j->p[1] != 'u') {
        return cli_json_fail(j, CLI_FAULT_JSON_STRING);
    }
    j->p += 2;
    if (!read_hex(j, &low)) {
        return false;
    }
    if (low < 0xdc00 || low > 0xdfff) {
        return cli_json_fail(j, CLI_FAULT_JSON_STRING);
    }
    *ret_code = 0x10000 + ((*ret_code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* What follows a backslash. */
static bool read_escape(struct cli_json *j, uint32_t *ret_code)
{
    static const char names[] = "\"\\/bfnrt";
    static const char codes[] = "\"\\/\b\f\n\r\t";
    const char *name;
    char c;

    if (j->p == j->end) {
        return cli_json_fail(j, CLI_FAULT_JSON_STRING);
    }
    c = *j->p++;
    if (c == 'u') {
        return read_unicode(j, ret_code);
    }
    name = c == '\0' ? NULL : strchr(names, c);
    if (name == NULL) {
        return cli_json_fail(j, CLI_FAULT_JSON_STRING);
    }
    *ret_code = (uint32_t)codes[name - names];
    return true;
}

/* One character of a string, and where it goes, if anywhere. */
static bool read_character(struct cli_json *j, char **to)
{
    unsigned char c = (unsigned char)*j->p;
    uint32_t code = c;
    size_t n = 1;

    if (c < 0x20) {
        return cli_json_fail(j, CLI_FAULT_JSON_STRING);
    }
    if (c == '\\') {
        j->p++;
        if (!read_escape(j, &code)) {
            return false;
        }
        if (*to != NULL) {
            *to += cli_utf8_encode(code, *to);
        }
        return true;
    }
    if (c >= 0x80) {
        n = cli_utf8_decode(j->p, (size_t)(j->end - j->p), &code);
        if (n == 0) {
            return cli_json_fail(j, CLI_FAULT_JSON_UTF8);
        }
    }
    if (*to != NULL) {
        memcpy(*to, j->p, n);
        *to += n;
    }
    j->p += n;
    return true;
}

/* A string, decoded to '*to' unless that is NULL. */
static bool read_string(struct cli_json *j, char **to)
{
    if (cli_json_peek(j) != '"') {
        return cli_json_fail(j, CLI_FAULT_JSON_TYPE);
    }
    j->p++;
    while (j->p < j->end && *j->p != '"') {
        if (!read_character(j, to)) {
            return false;
        }
    }
    if (j->p == j->end) {
        return cli_json_fail(j, CLI_FAULT_JSON_STRING);
    }
    j->p++;
    return true;
}

bool cli_json_string(struct cli_json *j, struct cli_span *ret_text)
{
    char *to = j->arena;

    if (!read_string(j, &to)) {
        return false;
    }
    ret_text->data = j->arena;
    ret_text->size = (size_t)(to - j->arena);
    j->arena = to;
    return true;
}

/* ---- Numbers and words. */

static size_t skip_digits(struct cli_json *j)
{
    const char *begin = j->p;

    while (j->p < j->end && *j->p >= '0' && *j->p <= '9') {
        j->p++;
    }
    return (size_t)(j->p - begin);
}

static bool skip_one_of(struct cli_json *j, char a, char b)
{
    bool is_next = j->p < j->end && (*j->p == a || *j->p == b);

    j->p += is_next ? 1 : 0;
    return is_next;
}

bool cli_json_number(struct cli_json *j, struct cli_span *ret_raw)
{
    bool has_zero;
    size_t n;

    (void)cli_json_peek(j);
    ret_raw->data = j->p;
    skip_one_of(j, '-', '-');
    has_zero = j->p < j->end && *j->p == '0';
    n = skip_digits(j);
    if (n == 0 || (has_zero && n > 1)) {
        return cli_json_fail(j, CLI_FAULT_JSON_NUMBER);
    }
    if (skip_one_of(j, '.', '.') && skip_digits(j) == 0) {
        return cli_json_fail(j, CLI_FAULT_JSON_NUMBER);
    }
    if (skip_one_of(j, 'e', 'E')) {
        skip_one_of(j, '+', '-');
        if (skip_digits(j) == 0) {
            return cli_json_fail(j, CLI_FAULT_JSON_NUMBER);
        }
    }
    ret_raw->size = (size_t)(j->p - ret_raw->data);
    return true;
}

static bool take_word(struct cli_json *j, const char *word)
{
    size_t size = strlen(word);

    (void)cli_json_peek(j);
    if ((size_t)(j->end - j->p) < size || memcmp(j->p, word, size) != 0) {
        return false;
    }
    j->p += size;
    return true;
}

bool cli_json_null(struct cli_json *j)
{
    return take_word(j, "null");
}

/* ---- Any value. */

static bool skip_scalar(struct cli_json *j, char c)
{
    char *nowhere = NULL;
    struct cli_span raw;

    if (c == '"') {
        return read_string(j, &nowhere);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return cli_json_number(j, &raw);
    }
    return take_word(j, "true") || take_word(j, "false") ||
           take_word(j, "null") || cli_json_fail(j, CLI_FAULT_JSON_OBJECT);
}

/* Up to where a value of an open array or object begins. */
static bool skip_name(struct cli_json *j, bool is_object)
{
    char *nowhere = NULL;

    if (!is_object) {
        return true;
    }
    return (cli_json_peek(j) == '"' ||
            cli_json_fail(j, CLI_FAULT_JSON_OBJECT)) &&
           read_string(j, &nowhere) && cli_json_need(j, ':');
}

/* After a value: closes what ends here.  False on failure. */
static bool close_values(struct cli_json *j, const bool *is_object, int *depth)
{
    while (*depth > 0) {
        bool in_object = is_object[*depth - 1];

        if (cli_json_take(j, ',')) {
            return skip_name(j, in_object);
        }
        if (!cli_json_need(j, in_object ? '}' : ']')) {
            return false;
        }
        --*depth;
    }
    return true;
}

/* Without recursion, so that the depth is a number and not a stack. */
static bool skip_value(struct cli_json *j)
{
    bool is_object[MAX_DEPTH];
    int depth = 0;

    do {
        char c = cli_json_peek(j);

        if (c != '{' && c != '[') {
            if (!skip_scalar(j, c) || !close_values(j, is_object, &depth)) {
                return false;
            }
            continue;
        }
        j->p++;
        if (depth == MAX_DEPTH) {
            return cli_json_fail(j, CLI_FAULT_JSON_DEPTH);
        }
        if (cli_json_take(j, c == '{' ? '}' : ']')) {
            if (!close_values(j, is_object, &depth)) {
                return false;
            }
            continue;
        }
        is_object[depth++] = c == '{';
        if (!skip_name(j, c == '{')) {
            return false;
        }
    } while (depth > 0);
    return true;
}

bool cli_json_value(struct cli_json *j, struct cli_span *ret_raw)
{
    (void)cli_json_peek(j);
    ret_raw->data = j->p;
    if (!skip_value(j)) {
        return false;
    }
    ret_raw->size = (size_t)(j->p - ret_raw->data);
    return true;
}
