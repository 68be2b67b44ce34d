/* SPDX-License-Identifier: MIT */
/* The options of `fetchpool get` that say what is sent, as curl has them; and
 * the same of each item.  Called by options.c, and by the engine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "get_private.h"
#include "say.h"
#include "text.h"

#define MAX_DATA ((size_t)256 << 20)

static const char form_type[] =
    "Content-Type: application/x-www-form-urlencoded";

/* ---- Options. */

/* Refuses what the library would, in its words. */
static bool is_well(const char *option, const char *field, const char *value)
{
    const char *why = fpool_http_check(field, value);

    if (why != NULL) {
        cli_say("option --%s: %s", option, why);
    }
    return why == NULL;
}

bool get_read_header(void *settings, const char *value)
{
    struct get *get = settings;

    return is_well("header", "headers", value) &&
           cli_texts_add(&get->headers, value);
}

bool get_read_method(void *settings, const char *value)
{
    struct get *get = settings;

    get->method = value;
    return is_well("request", "method", value);
}

bool get_read_user(void *settings, const char *value)
{
    struct get *get = settings;

    if (strchr(value, ':') == NULL) {
        cli_say("option --user: no password; it is NAME:PASSWORD");
        return false;
    }
    get->user = value;
    return is_well("user", "user", value);
}

bool get_read_cookie(void *settings, const char *value)
{
    struct get *get = settings;

    if (strchr(value, '=') == NULL) {
        return cli_lack_value("cookie", "a file");
    }
    if (value[strcspn(value, "\r\n")] != '\0') {
        return cli_refuse_value("cookie", value);
    }
    return cli_texts_add(&get->cookies, value);
}

/* ---- Bodies. */

/* After what is there, and an ampersand. */
static bool add_data(struct get *get, const char *data, size_t size)
{
    size_t begin = get->has_body ? get->body_size + 1 : 0;
    char *grown = realloc(get->body, begin + size + 1);

    if (grown == NULL) {
        cli_say("out of memory");
        return false;
    }
    if (get->has_body) {
        grown[get->body_size] = '&';
    }
    memcpy(grown + begin, data, size);
    get->body = grown;
    get->body_size = begin + size;
    get->has_body = true;
    return true;
}

/* As curl's -d: without the ends of its lines, and zero bytes. */
static size_t join_lines(char *data, size_t size)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        if (data[i] != '\r' && data[i] != '\n' && data[i] != '\0') {
            data[n++] = data[i];
        }
    }
    return n;
}

static bool add_file(struct get *get, const char *path, bool is_binary)
{
    size_t size = 0;
    char *data = cli_read_file(strcmp(path, "-") == 0 ? "/dev/stdin" : path,
                               MAX_DATA, &size);
    bool is_added;

    if (data == NULL) {
        cli_say_name("cannot read the data in", path, strerror(errno));
        return false;
    }
    size = is_binary ? size : join_lines(data, size);
    is_added = add_data(get, data, size);
    free(data);
    return is_added;
}

bool get_read_data(void *settings, const char *value)
{
    return value[0] == '@' ? add_file(settings, value + 1, false)
                           : add_data(settings, value, strlen(value));
}

bool get_read_data_binary(void *settings, const char *value)
{
    return value[0] == '@' ? add_file(settings, value + 1, true)
                           : add_data(settings, value, strlen(value));
}

bool get_read_data_raw(void *settings, const char *value)
{
    return add_data(settings, value, strlen(value));
}

/* ---- Together. */

/* All texts with 'between' between them; NULL for none. */
static bool join(const struct cli_texts *texts, const char *between,
                 char **ret_text)
{
    size_t size = 1;
    char *p;
    size_t i;

    if (texts->n == 0) {
        return true;
    }
    for (i = 0; i < texts->n; i++) {
        size += strlen(texts->list[i]) + strlen(between);
    }
    p = malloc(size);
    *ret_text = p;
    if (p == NULL) {
        cli_say("out of memory");
        return false;
    }
    for (i = 0; i < texts->n; i++) {
        p = stpcpy(p, i == 0 ? "" : between);
        p = stpcpy(p, texts->list[i]);
    }
    return true;
}

static bool has_header(const struct get *get, const char *name)
{
    size_t size = strlen(name);
    size_t i;

    for (i = 0; i < get->headers.n; i++) {
        const char *header = get->headers.list[i];

        if (strncasecmp(header, name, size) == 0 &&
            (header[size] == ':' || header[size] == ';')) {
            return true;
        }
    }
    return false;
}

bool get_request_complete(struct get *get)
{
    if (get->has_body && !has_header(get, "Content-Type") &&
        !cli_texts_add(&get->headers, form_type)) {
        return false;
    }
    return join(&get->headers, "\n", &get->header_lines) &&
           join(&get->cookies, "; ", &get->cookie) &&
           join(&get->resolve, "\n", &get->resolve_lines) &&
           join(&get->allow_nets, ",", &get->allow_list) &&
           join(&get->deny_nets, ",", &get->deny_list);
}

/* ---- Items. */

bool get_describe_item(void *userdata, const struct fpool_item *item,
                       struct fpool_http_request *ret_request,
                       const char **ret_reason)
{
    const struct cli_item *it = item->data;
    const struct cli_entry *entry = cli_item_entry(it);
    struct cli_span url = cli_item_url(it);
    enum cli_fault fault = cli_item_fault(it);

    (void)userdata;
    if (fault != CLI_FAULT_NONE) {
        *ret_reason = cli_fault_text(fault);
        return false;
    }
    ret_request->url = url.data;
    ret_request->url_size = url.size;
    if (entry == NULL) {
        return true;
    }
    ret_request->method = cli_item_text(it, entry->method);
    ret_request->headers = cli_item_text(it, entry->headers);
    ret_request->body = cli_item_text(it, entry->body);
    ret_request->body_size = entry->body_size;
    ret_request->sha256 = cli_item_text(it, entry->sha256);
    ret_request->size = entry->size;
    return true;
}
