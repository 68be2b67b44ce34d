/* SPDX-License-Identifier: MIT */
/* Entries as aria2's option -i has them; called for each. */
#include <string.h>

#include "entry.h"

/* The options whose values are looked at when all are known. */
struct options {
    struct cli_span out;
    struct cli_span dir;
    struct cli_span referer;
    struct cli_span user_agent;
    struct cli_span user;
    struct cli_span password;
};

/* The headers so far, and where they grow. */
struct lines {
    char *begin;
    char *end;
};

static void put(struct lines *lines, struct cli_span s)
{
    if (s.size > 0) {
        memcpy(lines->end, s.data, s.size);
        lines->end += s.size;
    }
}

static void put_text(struct lines *lines, const char *text)
{
    put(lines, (struct cli_span){ text, strlen(text) });
}

static void put_header(struct lines *lines, const char *name,
                       struct cli_span value)
{
    if (value.data != NULL) {
        put_text(lines, name);
        put(lines, value);
        put_text(lines, "\n");
    }
}

/* ---- Basic authentication. */

static size_t put_base64(char *to, const unsigned char *data, size_t size)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *begin = to;
    size_t i;

    for (i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        unsigned long v = (unsigned long)data[i] << 16 |
                          (n > 1 ? (unsigned long)data[i + 1] << 8 : 0) |
                          (n > 2 ? (unsigned long)data[i + 2] : 0);

        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = n > 1 ? digits[v >> 6 & 63] : '=';
        *to++ = n > 2 ? digits[v & 63] : '=';
    }
    return (size_t)(to - begin);
}

/* The arena has room for the plain text after the coded one. */
static void put_user(struct lines *lines, const struct options *o)
{
    size_t size = o->user.size + 1 + o->password.size;
    char *plain;

    if (o->user.data == NULL) {
        return;
    }
    put_text(lines, "Authorization: Basic ");
    plain = lines->end + (size + 2) / 3 * 4;
    memcpy(plain, o->user.data, o->user.size);
    plain[o->user.size] = ':';
    if (o->password.size > 0) {
        memcpy(plain + o->user.size + 1, o->password.data, o->password.size);
    }
    lines->end += put_base64(lines->end, (const unsigned char *)plain, size);
    put_text(lines, "\n");
}

/* ---- Options. */

static void read_checksum(struct cli_fields *f, struct cli_span value)
{
    static const char type[] = "sha-256=";
    size_t n = sizeof(type) - 1;

    if (value.size < n || memcmp(value.data, type, n) != 0) {
        cli_fields_fail(f, CLI_FAULT_CHECKSUM);
        return;
    }
    f->text[CLI_FIELD_SHA256] =
        (struct cli_span){ value.data + n, value.size - n };
}

static void read_option(struct cli_fields *f, struct options *o,
                        struct lines *lines, struct cli_span name,
                        struct cli_span value)
{
    const struct {
        const char *name;
        struct cli_span *value;
    } plain[] = { { "out", &o->out },         { "dir", &o->dir },
                  { "referer", &o->referer }, { "user-agent", &o->user_agent },
                  { "http-user", &o->user },  { "http-passwd", &o->password } };
    size_t i;

    for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (cli_span_is(name, plain[i].name)) {
            *plain[i].value = value;
            return;
        }
    }
    if (cli_span_is(name, "header")) {
        put_header(lines, "", value);
    } else if (cli_span_is(name, "checksum")) {
        read_checksum(f, value);
    } else if (f->unknown.data == NULL) {
        f->unknown = name;
    }
}

static bool split(struct cli_span line, struct cli_span *ret_name,
                  struct cli_span *ret_value)
{
    const char *equals;

    line = cli_span_trim(line);
    equals = memchr(line.data, '=', line.size);
    if (equals == NULL || equals == line.data) {
        return false;
    }
    ret_name->data = line.data;
    ret_name->size = (size_t)(equals - line.data);
    ret_value->data = equals + 1;
    ret_value->size = line.size - ret_name->size - 1;
    return true;
}

bool cli_entry_is_option(const char *line, size_t size)
{
    struct cli_span name;
    struct cli_span value;
    size_t i;

    if (size == 0 || (line[0] != ' ' && line[0] != '\t') ||
        !split((struct cli_span){ line, size }, &name, &value)) {
        return false;
    }
    for (i = 0; i < name.size; i++) {
        char c = name.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return true;
}

/* ---- The entry. */

static struct cli_span take_line(struct cli_span *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    size_t n = end == NULL ? rest->size : (size_t)(end - rest->data);
    struct cli_span line = { rest->data, n };

    n += end == NULL ? 0 : 1;
    rest->data += n;
    rest->size -= n;
    return line;
}

/* "dir/out"; a directory alone leaves the name to the layout. */
static void join_out(struct cli_fields *f, const struct options *o, char *arena)
{
    struct lines lines = { arena, arena };

    if (o->dir.size == 0) {
        if (o->out.size > 0) {
            f->text[CLI_FIELD_OUT] = o->out;
        }
        return;
    }
    put(&lines, o->dir);
    if (lines.end[-1] != '/') {
        put_text(&lines, "/");
    }
    put(&lines, o->out);
    f->text[CLI_FIELD_OUT].data = arena;
    f->text[CLI_FIELD_OUT].size = (size_t)(lines.end - arena);
}

void cli_entry_read_aria2(const char *text, size_t size, char *arena,
                          struct cli_fields *ret_fields)
{
    struct cli_span rest = { text, size };
    struct lines lines = { arena, arena };
    struct options o = { .out = { NULL, 0 } };
    struct cli_span url = take_line(&rest);
    struct cli_span name;
    struct cli_span value;
    const char *tab;

    cli_fields_init(ret_fields);
    if (url.size > 0 && (url.data[0] == ' ' || url.data[0] == '\t')) {
        cli_fields_fail(ret_fields, CLI_FAULT_STRAY_OPTION);
    }
    tab = memchr(url.data, '\t', url.size);
    url.size = tab == NULL ? url.size : (size_t)(tab - url.data);
    ret_fields->text[CLI_FIELD_URL] = url;
    while (rest.size > 0) {
        if (split(take_line(&rest), &name, &value)) {
            read_option(ret_fields, &o, &lines, name, value);
        } else {
            cli_fields_fail(ret_fields, CLI_FAULT_OPTION);
        }
    }
    put_header(&lines, "Referer: ", o.referer);
    put_header(&lines, "User-Agent: ", o.user_agent);
    put_user(&lines, &o);
    if (lines.end > lines.begin) {
        ret_fields->text[CLI_FIELD_HEADERS] =
            (struct cli_span){ lines.begin, (size_t)(lines.end - lines.begin) };
    }
    join_out(ret_fields, &o, lines.end);
    cli_fields_check(ret_fields);
}
