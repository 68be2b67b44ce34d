/* SPDX-License-Identifier: MIT */
/* What must hold of any entry of a list, whatever its form.
 *
 * Purpose: shared by the fuzz targets of the readers.
 * Thread-safety: one thread.
 * Limits: none. */
#ifndef FPOOL_FUZZ_ENTRY_H
#define FPOOL_FUZZ_ENTRY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/item.h"

/* Must hold, also without asserts. */
static inline void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* No name that leaves the directory. */
static inline void check_out(const char *out)
{
    must(out[0] != '\0' && out[0] != '/' && strlen(out) <= 1024);
    must(strstr(out, "//") == NULL && strncmp(out, "../", 3) != 0);
    must(strstr(out, "/../") == NULL && strcmp(out, "..") != 0);
    must(strlen(out) < 3 || strcmp(out + strlen(out) - 3, "/..") != 0);
}

/* Lines of which each has a name. */
static inline void check_headers(const char *headers)
{
    while (*headers != '\0') {
        size_t n = strcspn(headers, "\n");

        must(memchr(headers, '\r', n) == NULL);
        must(memchr(headers, ':', n) != NULL || headers[n - 1] == ';');
        headers += n + (headers[n] == '\n' ? 1 : 0);
    }
}

/* Makes an item, moves it to another address, and looks at all of it there. */
static inline void check_item(const char *text, size_t size,
                              const struct cli_fields *fields)
{
    struct cli_item *made =
        cli_item_create((struct cli_span){ text, size }, NULL, fields);
    size_t made_size = cli_item_size(made);
    struct cli_item *item = malloc(made_size);
    const struct cli_entry *entry;
    struct cli_span url;

    must(item != NULL);
    memcpy(item, made, made_size);
    memset(made, 0xff, made_size);
    cli_item_free(made);
    entry = cli_item_entry(item);
    must(memcmp(item->text, text, size) == 0);
    must(entry->fault == (uint8_t)fields->fault);
    if (entry->fault == CLI_FAULT_NONE) {
        url = cli_item_url(item);
        must(url.size > 0 &&
             memcmp(url.data, fields->text[CLI_FIELD_URL].data, url.size) == 0);
        if (entry->out != 0) {
            check_out(cli_item_text(item, entry->out));
        }
        if (entry->headers != 0) {
            check_headers(cli_item_text(item, entry->headers));
        }
        must(entry->sha256 == 0 ||
             strlen(cli_item_text(item, entry->sha256)) == 64);
        must(entry->size >= -1);
    }
    free(item);
}

#endif
