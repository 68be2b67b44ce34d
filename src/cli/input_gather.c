/* SPDX-License-Identifier: MIT */
/* Entries of several lines, and lists of which it is to be found out whether
 * they have such; called by input_entry.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input_private.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int append(struct cli_gathered *g, const struct cli_text_line *line)
{
    size_t size = line->text.size;

    g->is_open = true;
    g->is_truncated = g->is_truncated || line->is_truncated;
    if (g->size + size + 1 > CLI_MAX_ENTRY) {
        g->is_truncated = true;
        return FPOOL_OK;
    }
    if (g->capacity < g->size + size + 1) {
        size_t capacity = 2 * (g->size + size + 1) + 256;
        char *grown = realloc(g->data, capacity);

        if (grown == NULL) {
            return ENOMEM;
        }
        g->data = grown;
        g->capacity = capacity;
    }
    if (g->size > 0) {
        g->data[g->size++] = '\n';
    }
    if (size > 0) {
        memcpy(g->data + g->size, line->text.data, size);
        g->size += size;
    }
    return FPOOL_OK;
}

static int end_gathered(struct cli_input *in)
{
    struct cli_gathered *g = &in->gathered;
    struct cli_span text = { g->data == NULL ? "" : g->data, g->size };
    bool is_truncated = g->is_truncated;

    g->is_open = g->is_truncated = false;
    g->size = 0;
    if (in->format == CLI_FORMAT_ARIA2) {
        return cli_input_set_entry(in, CLI_FORMAT_ARIA2, text, is_truncated);
    }
    cli_input_set_plain(in, text, is_truncated);
    return FPOOL_OK;
}

int cli_input_gather(struct cli_input *in, bool may_wait)
{
    for (;;) {
        bool is_sure = in->format == CLI_FORMAT_ARIA2;
        bool is_pipe = !in->lines.bytes.is_file;
        struct cli_text_line line;
        int code =
            cli_input_next_line(in, may_wait && (is_sure || !is_pipe), &line);
        bool is_first = !in->gathered.is_open;

        if (code == FPOOL_END && !is_first &&
            !fpool_cancel_is_tripped(in->stop)) {
            return end_gathered(in);
        }
        if (code == FPOOL_WAIT && !is_sure && is_pipe) {
            return end_gathered(in);
        }
        if (code != FPOOL_OK) {
            return code;
        }
        if (!is_sure && cli_entry_is_option(line.text.data, line.text.size)) {
            in->format = CLI_FORMAT_ARIA2;
            is_sure = true;
        }
        if (!is_first && (!is_sure || !is_blank(line.text.data[0]))) {
            in->ahead = line;
            in->has_ahead = true;
            return end_gathered(in);
        }
        code = append(&in->gathered, &line);
        if (code != FPOOL_OK) {
            return code;
        }
    }
}

/* Whether what comes next could belong to the entry before. */
static bool may_continue(const struct cli_input *in)
{
    int c = in->has_ahead ? in->ahead.text.data[0] : cli_lines_peek(&in->lines);

    return c < 0 || c == ' ' || c == '\t' || c == '#' || c == '\r' || c == '\n';
}

int cli_input_take_auto(struct cli_input *in, const struct cli_text_line *line,
                        bool may_wait)
{
    int code;

    if (cli_entry_is_option(line->text.data, line->text.size)) {
        /* Its URL is gone. */
        cli_input_set_current(in, line->text, line->is_truncated);
        cli_fields_init(&in->current.fields);
        cli_fields_fail(&in->current.fields, CLI_FAULT_LATE_OPTION);
        in->current.has_fields = !line->is_truncated;
        return FPOOL_OK;
    }
    if (!may_continue(in)) {
        cli_input_set_plain(in, line->text, line->is_truncated);
        return FPOOL_OK;
    }
    code = append(&in->gathered, line);
    return code == FPOOL_OK ? cli_input_gather(in, may_wait) : code;
}
