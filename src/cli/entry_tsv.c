/* SPDX-License-Identifier: MIT */
/* Entries of tab-separated fields; called for each line of such a list. */
#include <string.h>

#include "entry.h"

/* Takes the first field off '*line'; false when there is none. */
static bool next_field(struct cli_span *line, struct cli_span *ret_field)
{
    const char *tab;
    size_t n;

    if (line->data == NULL) {
        return false;
    }
    tab = memchr(line->data, '\t', line->size);
    n = tab == NULL ? line->size : (size_t)(tab - line->data);
    *ret_field = (struct cli_span){ line->data, n };
    if (tab == NULL) {
        line->data = NULL;
    } else {
        line->data += n + 1;
        line->size -= n + 1;
    }
    return true;
}

void cli_columns_init(struct cli_columns *columns)
{
    *columns =
        (struct cli_columns){ .field = { CLI_FIELD_URL, CLI_FIELD_OUT,
                                         CLI_FIELD_SHA256, CLI_FIELD_SIZE },
                              .n = 4 };
}

bool cli_columns_read(const char *line, size_t size,
                      struct cli_columns *ret_columns,
                      struct cli_span *ret_unknown)
{
    struct cli_span rest = { line, size };
    struct cli_columns columns = { .n = 0 };
    struct cli_span unknown = { NULL, 0 };
    struct cli_span name;
    bool has_url = false;

    while (columns.n < CLI_MAX_COLUMNS && next_field(&rest, &name)) {
        enum cli_field field;

        name = cli_span_trim(name);
        field = cli_field_find(name.data, name.size);
        has_url = has_url || field == CLI_FIELD_URL;
        if (field == CLI_N_FIELDS && unknown.data == NULL) {
            unknown = name;
        }
        columns.field[columns.n++] = field;
    }
    if (!has_url || rest.data != NULL) {
        return false;
    }
    *ret_columns = columns;
    *ret_unknown = unknown;
    return true;
}

static bool read_size(struct cli_span s, int64_t *ret_size)
{
    int64_t size = 0;
    size_t i;

    for (i = 0; i < s.size; i++) {
        int digit = s.data[i] - '0';

        if (digit < 0 || digit > 9 || size > (INT64_MAX - digit) / 10) {
            return false;
        }
        size = size * 10 + digit;
    }
    *ret_size = size;
    return true;
}

static void take_field(struct cli_fields *f, enum cli_field field,
                       struct cli_span text)
{
    if (field == CLI_FIELD_SIZE) {
        if (!read_size(text, &f->size)) {
            cli_fields_fail(f, CLI_FAULT_SIZE);
        }
        return;
    }
    f->text[field] = text;
}

void cli_entry_read_tsv(const struct cli_columns *columns, const char *line,
                        size_t size, char *arena, struct cli_fields *ret_fields)
{
    struct cli_span rest = { line, size };
    struct cli_span text;
    size_t i = 0;

    (void)arena;
    cli_fields_init(ret_fields);
    while (next_field(&rest, &text)) {
        enum cli_field field =
            i < columns->n ? columns->field[i] : CLI_N_FIELDS;

        if (field != CLI_FIELD_BODY) {
            text = cli_span_trim(text);
        }
        if (text.size > 0 && i >= columns->n) {
            cli_fields_fail(ret_fields, CLI_FAULT_COLUMNS);
        } else if (text.size > 0 && field != CLI_N_FIELDS) {
            take_field(ret_fields, field, text);
        }
        i++;
    }
    cli_fields_check(ret_fields);
}
