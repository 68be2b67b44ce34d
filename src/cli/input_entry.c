/* SPDX-License-Identifier: MIT */
/* What the next entry of the list is: an argument, a line, or several lines, by
 * the form of the list.  Called by input_source.c, on the job's puller thread;
 * calls lines.c and the readers of entry.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input_private.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char first_of(struct cli_span text)
{
    size_t i = 0;

    while (i < text.size && is_blank(text.data[i])) {
        i++;
    }
    return i < text.size ? text.data[i] : '\0';
}

/* Of a line of blanks that was cut nobody knows: it is none. */
static bool is_comment(const struct cli_text_line *line)
{
    struct cli_span text = line->text;
    size_t i = 0;

    while (i < text.size && is_blank(text.data[i])) {
        i++;
    }
    return i == text.size ? !line->is_truncated : text.data[i] == '#';
}

/* ---- Files. */

void cli_input_close_lines(struct cli_input *in)
{
    if (in->has_lines) {
        in->n_bytes_before += cli_lines_taken(&in->lines);
        cli_lines_fini(&in->lines);
    }
    in->has_lines = false;
}

/* Makes the next file the current one; FPOOL_END when there is none. */
static int open_lines(struct cli_input *in)
{
    if (in->next_file == in->options.n_files) {
        return FPOOL_END;
    }
    if (!cli_lines_init(&in->lines, in->fds[in->next_file])) {
        in->fds[in->next_file++] = -1;
        return ENOMEM;
    }
    in->fds[in->next_file++] = -1;
    in->has_lines = true;
    in->format = in->options.format;
    in->has_looked = false;
    in->has_ahead = false;
    in->current.header = 0;
    cli_columns_init(&in->columns);
    return FPOOL_OK;
}

int cli_input_next_line(struct cli_input *in, bool may_wait,
                        struct cli_text_line *ret_line)
{
    if (in->has_ahead) {
        in->has_ahead = false;
        *ret_line = in->ahead;
        return FPOOL_OK;
    }
    for (;;) {
        int code;

        if (!may_wait && !cli_lines_is_ready(&in->lines)) {
            return FPOOL_WAIT;
        }
        code = cli_lines_next(&in->lines, in->stop, ret_line);
        if (code != FPOOL_OK) {
            return code;
        }
        atomic_store_explicit(&in->n_bytes_read,
                              in->n_bytes_before + cli_lines_taken(&in->lines),
                              memory_order_relaxed);
        if (!is_comment(ret_line)) {
            cli_input_add(&in->n_lines, 1);
            return FPOOL_OK;
        }
    }
}

/* ---- The current entry. */

void cli_input_set_current(struct cli_input *in, struct cli_span text,
                           bool is_truncated)
{
    if (is_truncated && text.size > CLI_MAX_LINE) {
        text.size = CLI_MAX_LINE;
    }
    in->current.text = text;
    in->current.is_there = true;
    in->current.is_truncated = is_truncated;
    in->current.has_fields = false;
}

void cli_input_set_plain(struct cli_input *in, struct cli_span text,
                         bool is_truncated)
{
    cli_input_set_current(in, text, is_truncated || text.size > CLI_MAX_LINE);
}

/* Remembers the first name that meant nothing, for the main thread to tell. */
static void note_unknown(struct cli_input *in, struct cli_span name)
{
    if (name.data == NULL || atomic_load(&in->has_unknown)) {
        return;
    }
    pthread_mutex_lock(&in->mu);
    if (name.size >= sizeof(in->unknown)) {
        name.size = sizeof(in->unknown) - 1;
    }
    memcpy(in->unknown, name.data, name.size);
    in->unknown[name.size] = '\0';
    pthread_mutex_unlock(&in->mu);
    atomic_store(&in->has_unknown, true);
}

/* The arena has room for what comes of 'size' bytes. */
static bool has_arena(struct cli_input *in, size_t size)
{
    char *grown;

    if (in->arena_size >= CLI_ARENA_SIZE(size)) {
        return true;
    }
    grown = realloc(in->arena, CLI_ARENA_SIZE(size));
    if (grown == NULL) {
        return false;
    }
    in->arena = grown;
    in->arena_size = CLI_ARENA_SIZE(size);
    return true;
}

int cli_input_set_entry(struct cli_input *in, enum cli_format format,
                        struct cli_span text, bool is_truncated)
{
    struct cli_current *current = &in->current;

    cli_input_set_current(in, text, is_truncated);
    if (is_truncated) {
        return FPOOL_OK;
    }
    if (!has_arena(in, text.size)) {
        current->is_there = false;
        return ENOMEM;
    }
    current->has_fields = true;
    switch (format) {
    case CLI_FORMAT_JSONL:
        cli_entry_read_json(text.data, text.size, in->arena, &current->fields);
        break;
    case CLI_FORMAT_TSV:
        cli_entry_read_tsv(&in->columns, text.data, text.size, in->arena,
                           &current->fields);
        break;
    default:
        cli_entry_read_aria2(text.data, text.size, in->arena, &current->fields);
        break;
    }
    note_unknown(in, current->fields.unknown);
    return FPOOL_OK;
}

/* ---- Forms. */

/* Keeps a header line, for those of its entries that fail. */
static int take_header(struct cli_input *in, struct cli_span text)
{
    char *copy;

    if (in->n_headers == CLI_MAX_HEADERS) {
        return EFBIG;
    }
    copy = strndup(text.data, text.size);
    if (copy == NULL) {
        return ENOMEM;
    }
    pthread_mutex_lock(&in->mu);
    in->headers[in->n_headers++] = copy;
    in->current.header = in->n_headers;
    pthread_mutex_unlock(&in->mu);
    return FPOOL_OK;
}

static int take_tsv(struct cli_input *in, const struct cli_text_line *line)
{
    struct cli_span unknown = { NULL, 0 };

    if (!line->is_truncated &&
        cli_columns_read(line->text.data, line->text.size, &in->columns,
                         &unknown)) {
        note_unknown(in, unknown);
        return take_header(in, line->text);
    }
    return cli_input_set_entry(in, CLI_FORMAT_TSV, line->text,
                               line->is_truncated);
}

/* Reads the next line and makes an entry of it; the line may be none. */
static int take_line(struct cli_input *in, bool may_wait)
{
    struct cli_text_line line;
    int code;

    if (in->gathered.is_open || in->format == CLI_FORMAT_ARIA2) {
        return cli_input_gather(in, may_wait);
    }
    code = cli_input_next_line(in, may_wait, &line);
    if (code != FPOOL_OK) {
        return code;
    }
    if (in->format == CLI_FORMAT_AUTO && !in->has_looked) {
        in->has_looked = true;
        in->format =
            first_of(line.text) == '{' ? CLI_FORMAT_JSONL : CLI_FORMAT_AUTO;
    }
    switch (in->format) {
    case CLI_FORMAT_JSONL:
        return cli_input_set_entry(in, CLI_FORMAT_JSONL, line.text,
                                   line.is_truncated);
    case CLI_FORMAT_TSV:
        return take_tsv(in, &line);
    case CLI_FORMAT_AUTO:
        return cli_input_take_auto(in, &line, may_wait);
    default:
        cli_input_set_plain(in, line.text, line.is_truncated);
        return FPOOL_OK;
    }
}

/* An item of the command line, where an option line has no place. */
static int take_argument(struct cli_input *in)
{
    const char *text = in->options.items[in->next_item++];
    struct cli_span span = { text, strnlen(text, CLI_MAX_ENTRY + 1) };
    enum cli_format format = in->options.format;

    cli_input_add(&in->n_lines, 1);
    if (format == CLI_FORMAT_JSONL || format == CLI_FORMAT_TSV ||
        (format == CLI_FORMAT_AUTO && first_of(span) == '{')) {
        cli_columns_init(&in->columns);
        return cli_input_set_entry(
            in, format == CLI_FORMAT_TSV ? CLI_FORMAT_TSV : CLI_FORMAT_JSONL,
            span, span.size > CLI_MAX_ENTRY);
    }
    cli_input_set_plain(in, span, false);
    return FPOOL_OK;
}

int cli_input_find(struct cli_input *in, bool may_wait)
{
    while (!in->current.is_there && in->code == FPOOL_OK) {
        int code;

        if (in->next_item < in->options.n_items) {
            in->code = take_argument(in);
            continue;
        }
        if (!in->has_lines) {
            if (!may_wait) {
                return FPOOL_WAIT;
            }
            in->code = open_lines(in);
            continue;
        }
        code = take_line(in, may_wait);
        if (code == FPOOL_WAIT) {
            return code;
        }
        if (code == EBADMSG) {
            in->fault = in->lines.bytes.fault;
        }
        if (code == FPOOL_END) {
            cli_input_close_lines(in);
            code = fpool_cancel_is_tripped(in->stop) ? FPOOL_END : FPOOL_OK;
        }
        in->code = code;
    }
    return in->code;
}
