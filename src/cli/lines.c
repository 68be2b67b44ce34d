/* SPDX-License-Identifier: MIT */
/* Cutting a list into lines; called by input_entry.c, calls bytes.c. */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256 * 1024)

/* As much is asked for at once, at least. */
#define LEAST_ROOM ((size_t)64 * 1024)

/* UTF-8's byte-order mark. */
#define MARK      "\xEF\xBB\xBF"
#define MARK_SIZE 3

bool cli_lines_init(struct cli_lines *l, int fd)
{
    memset(l, 0, sizeof(*l));
    l->data = malloc(FIRST_CAPACITY);
    l->capacity = FIRST_CAPACITY;
    if (!cli_bytes_init(&l->bytes, fd) || l->data == NULL) {
        cli_lines_fini(l);
        return false;
    }
    return true;
}

void cli_lines_fini(struct cli_lines *l)
{
    cli_bytes_fini(&l->bytes);
    free(l->data);
    l->data = NULL;
}

/* Makes room at the end of the buffer; false without memory. */
static bool make_room(struct cli_lines *l)
{
    char *grown;

    if (l->begin > 0) {
        memmove(l->data, l->data + l->begin, l->end - l->begin);
        l->searched -= l->begin;
        l->end -= l->begin;
        l->begin = 0;
    }
    if (l->capacity - l->end >= LEAST_ROOM) {
        return true;
    }
    grown = realloc(l->data, l->capacity * 2);
    if (grown == NULL) {
        return false;
    }
    l->data = grown;
    l->capacity *= 2;
    return true;
}

/* Of a line that is too long, what is beyond the bound goes. */
static void cut(struct cli_lines *l)
{
    if (l->end - l->begin > CLI_MAX_ENTRY + MARK_SIZE) {
        l->is_cutting = true;
        l->end = l->begin + CLI_MAX_ENTRY;
        l->searched = l->end;
    }
}

static int fill(struct cli_lines *l, struct fpool_cancel *cancel)
{
    size_t n = 0;
    int code;

    if (l->begin == l->end) {
        l->begin = l->end = l->searched = 0;
    }
    cut(l);
    if (l->capacity - l->end < LEAST_ROOM && !make_room(l)) {
        return ENOMEM;
    }
    code = cli_bytes_read(&l->bytes, l->data + l->end, l->capacity - l->end,
                          cancel, &n);
    l->end += n;
    return code;
}

/* The line feed of the next line, or NULL; each byte is looked at once. */
static const char *find_end(struct cli_lines *l)
{
    const char *found;

    if (l->searched < l->begin) {
        l->searched = l->begin;
    }
    found = memchr(l->data + l->searched, '\n', l->end - l->searched);
    l->searched = found == NULL ? l->end : (size_t)(found - l->data);
    return found;
}

static void skip_mark(struct cli_lines *l)
{
    l->is_past_mark = true;
    if (l->end - l->begin >= MARK_SIZE &&
        memcmp(l->data + l->begin, MARK, MARK_SIZE) == 0) {
        l->begin += MARK_SIZE;
    }
}

/* Gives what is from 'begin' up to 'end', which is a line feed, or the end of
 * all. */
static void give(struct cli_lines *l, const char *end, bool has_feed,
                 struct cli_text_line *ret_line)
{
    struct cli_span *text = &ret_line->text;

    if (!l->is_past_mark) {
        skip_mark(l);
    }
    text->data = l->data + l->begin;
    text->size = (size_t)(end - text->data);
    l->begin += text->size + (has_feed ? 1 : 0);
    l->n_given += text->size + 1;
    if (has_feed && !l->is_cutting && text->size > 0 && end[-1] == '\r') {
        text->size--;
    }
    ret_line->is_truncated = l->is_cutting || text->size > CLI_MAX_ENTRY;
    if (ret_line->is_truncated) {
        text->size = text->size < CLI_MAX_ENTRY ? text->size : CLI_MAX_ENTRY;
    }
    l->is_cutting = false;
}

int cli_lines_next(struct cli_lines *l, struct fpool_cancel *cancel,
                   struct cli_text_line *ret_line)
{
    for (;;) {
        const char *end = find_end(l);
        int code;

        if (end != NULL) {
            give(l, end, true, ret_line);
            return FPOOL_OK;
        }
        code = fill(l, cancel);
        if (code == FPOOL_END && l->end > l->begin &&
            !fpool_cancel_is_tripped(cancel)) {
            give(l, l->data + l->end, false, ret_line);
            if (ret_line->text.size > 0) { /* more than a mark */
                return FPOOL_OK;
            }
        }
        if (code != FPOOL_OK) {
            return code;
        }
    }
}

bool cli_lines_is_ready(struct cli_lines *l)
{
    return find_end(l) != NULL;
}

int cli_lines_peek(const struct cli_lines *l)
{
    return l->begin < l->end ? (unsigned char)l->data[l->begin] : -1;
}

uint64_t cli_lines_taken(const struct cli_lines *l)
{
    const struct cli_bytes *b = &l->bytes;

    if (b->form == CLI_FORM_PLAIN || b->n_out == 0) {
        return l->n_given;
    }
    return (uint64_t)((double)b->n_raw * (double)l->n_given / (double)b->n_out);
}
