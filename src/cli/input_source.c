/* SPDX-License-Identifier: MIT */
/* The source of the input: lines into items.  Runs on the job's puller thread,
 * which may wait here for the disk, a pipe, or for room among what was set
 * aside. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input_private.h"

struct cli_item *cli_item_of(void *data)
{
    return (struct cli_item *)(void *)((char *)data -
                                       offsetof(struct cli_item, text));
}

static void release_line(struct cli_line *line)
{
    if (line != NULL && atomic_fetch_sub(&line->n_items, 1) == 1) {
        free(line);
    }
}

void cli_item_drop(void *data)
{
    struct cli_item *item = cli_item_of(data);

    release_line(item->line);
    free(item);
}

/* Only the source writes these counters, so that they need no locked
 * instruction. */
static void count(atomic_ullong *counter, uint64_t n)
{
    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
        memory_order_relaxed);
}

/* ---- Lines. */

static void close_lines(struct cli_input *in)
{
    if (in->has_lines && in->lines.close != NULL) {
        in->lines.close(in->lines.self);
    }
    in->has_lines = false;
}

/* Makes the next file the current one; false when there is none. */
static bool open_lines(struct cli_input *in)
{
    if (in->next_file == in->options.n_files) {
        return false;
    }
    /* Comments are left in, and out by is_comment(): this way the source can
     * tell whether it has another line already. */
    in->lines = fpool_source_lines_with(
        in->fds[in->next_file],
        FPOOL_LINES(.max_line = CLI_MAX_LINE, .flags = FPOOL_LINES_CLOSE));
    in->fds[in->next_file] = -1;
    in->next_file++;
    in->has_lines = true;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Of a line of blanks that was cut nobody knows: it is none. */
static bool is_comment(const struct fpool_item *line)
{
    const char *text = line->data;
    size_t i = 0;

    while (i < line->size && is_blank(text[i])) {
        i++;
    }
    return i == line->size ? (line->flags & FPOOL_ITEM_TRUNCATED) == 0
                           : text[i] == '#';
}

static void drop_line(struct cli_input *in)
{
    if (in->has_line && in->line.drop != NULL) {
        in->line.drop(in->line.data);
    }
    in->has_line = false;
    if (in->shared != NULL) { /* the source's own share */
        release_line(in->shared);
        in->shared = NULL;
    }
}

/* "NAME" and not "NAME TYPE". */
static bool is_one_word(const char *text, size_t size)
{
    size_t i = 0;

    while (i < size && is_blank(text[i])) {
        i++;
    }
    while (i < size && !is_blank(text[i])) {
        i++;
    }
    while (i < size && is_blank(text[i])) {
        i++;
    }
    return i == size;
}

/* Makes 'line' the current one, and finds how many items come of it. */
static int take_line(struct cli_input *in, const struct fpool_item *line)
{
    const struct cli_input_options *o = &in->options;
    bool is_whole = (line->flags & FPOOL_ITEM_TRUNCATED) == 0;

    in->line = *line;
    in->has_line = true;
    in->next_type = 0;
    in->n_types = 1;
    count(&in->n_lines, 1);
    if (o->n_types > 1 && is_whole && is_one_word(line->data, line->size)) {
        in->n_types = o->n_types;
        in->shared = o->has_lines ? malloc(sizeof(*in->shared)) : NULL;
        if (in->shared != NULL) {
            atomic_init(&in->shared->n_items, 1);
            in->shared->is_shown = false;
        } else if (o->has_lines) {
            return ENOMEM;
        }
    }
    return FPOOL_OK;
}

/* One line of the current file, which may be none for us.  Returns as a source
 * does. */
static int read_line(struct cli_input *in)
{
    struct fpool_item line = { 0 };
    int code = in->lines.status;

    if (code == FPOOL_OK) {
        code = in->lines.next(in->lines.self, &line, in->stop);
    }
    if (code != FPOOL_OK) {
        return code;
    }
    count(&in->n_bytes_read, line.size + 1);
    if (!is_comment(&line)) {
        return take_line(in, &line);
    }
    if (line.drop != NULL) {
        line.drop(line.data);
    }
    return FPOOL_OK;
}

static void take_argument(struct cli_input *in)
{
    const char *text = in->options.items[in->next_item++];
    size_t size = strnlen(text, CLI_MAX_LINE + 1);
    struct fpool_item line =
        fpool_item_bytes(text, size > CLI_MAX_LINE ? CLI_MAX_LINE : size);

    line.flags = size > CLI_MAX_LINE ? FPOOL_ITEM_TRUNCATED : 0;
    in->code = take_line(in, &line);
}

/* Sees to a current line, if there is another.  Returns as a source does. */
static int find_line(struct cli_input *in)
{
    while (!in->has_line && in->code == FPOOL_OK) {
        int code;

        if (in->next_item < in->options.n_items) {
            take_argument(in);
            continue;
        }
        if (!in->has_lines && !open_lines(in)) {
            in->code = FPOOL_END;
            break;
        }
        code = read_line(in);
        if (code == FPOOL_END) {
            close_lines(in);
            code = fpool_cancel_is_tripped(in->stop) ? FPOOL_END : FPOOL_OK;
        }
        in->code = code;
    }
    return in->code;
}

/* ---- Items. */

/* The next item of the current line; NULL without memory. */
static struct cli_item *make_item(struct cli_input *in)
{
    const char *type =
        in->n_types > 1 ? in->options.types[in->next_type] : NULL;
    size_t type_size = type == NULL ? 0 : strlen(type) + 1;
    size_t size = in->line.size;
    struct cli_item *item =
        malloc(offsetof(struct cli_item, text) + size + type_size);

    if (item == NULL) {
        return NULL;
    }
    item->seq = atomic_load_explicit(&in->n_read, memory_order_relaxed);
    item->line = in->shared;
    item->size = (uint32_t)(size + type_size);
    item->input_size = (uint32_t)size & 0x7fffffff;
    item->is_truncated = (in->line.flags & FPOOL_ITEM_TRUNCATED) != 0;
    if (size > 0) {
        memcpy(item->text, in->line.data, size);
    }
    if (type != NULL) {
        item->text[size] = ' ';
        memcpy(item->text + size + 1, type, type_size - 1);
    }
    if (item->line != NULL) {
        atomic_fetch_add(&item->line->n_items, 1);
    }
    return item;
}

static int next_item(struct cli_input *in, struct cli_item **ret_item)
{
    int code;

    if (fpool_cancel_is_tripped(in->stop)) {
        return FPOOL_END;
    }
    code = find_line(in);
    if (code != FPOOL_OK) {
        return code;
    }
    *ret_item = make_item(in);
    if (*ret_item == NULL) {
        return ENOMEM;
    }
    in->next_type++;
    if (in->next_type == in->n_types) {
        drop_line(in);
    }
    count(&in->n_read, 1);
    return FPOOL_OK;
}

/* Hands 'item' to the main thread; waits for room, but not once stopped. */
static bool set_aside(struct cli_input *in, struct cli_item *item)
{
    uint64_t one = 1;
    bool has_room;
    bool was_empty;

    pthread_mutex_lock(&in->mu);
    while (in->n_aside == CLI_MAX_ASIDE && !in->is_stopped) {
        pthread_cond_wait(&in->has_room, &in->mu);
    }
    has_room = in->n_aside < CLI_MAX_ASIDE;
    was_empty = in->n_aside == 0;
    if (has_room) {
        in->aside[(in->first_aside + in->n_aside++) % CLI_MAX_ASIDE] = item;
    }
    pthread_mutex_unlock(&in->mu);
    if (has_room && was_empty && write(in->bell, &one, sizeof(one)) < 0) {
        return true; /* unreachable: kernel refusal; it is readable already */
    }
    return has_room;
}

int cli_input_next(void *self, struct fpool_item *ret_item,
                   struct fpool_cancel *cancel)
{
    struct cli_input *in = self;
    struct cli_item *item = NULL;

    (void)cancel; /* 'stop' is tripped before the job is. */
    do {
        int code = next_item(in, &item);

        if (code != FPOOL_OK) {
            atomic_store(&in->is_at_end, code == FPOOL_END);
            return code;
        }
    } while (in->is_done != NULL && !item->is_truncated &&
             in->is_done(in->is_done_arg, item) && set_aside(in, item));
    ret_item->data = item->text;
    ret_item->size = item->size;
    ret_item->drop = cli_item_drop;
    ret_item->flags = item->is_truncated ? FPOOL_ITEM_TRUNCATED : 0;
    return FPOOL_OK;
}

bool cli_input_ready(void *self)
{
    struct cli_input *in = self;

    if (in->is_done != NULL || fpool_cancel_is_tripped(in->stop)) {
        return false; /* 'is_done' looks at the disk. */
    }
    while (!in->has_line && in->code == FPOOL_OK && in->has_lines &&
           in->lines.ready != NULL && in->lines.ready(in->lines.self)) {
        in->code = read_line(in);
    }
    return in->has_line;
}

void cli_input_close(void *self)
{
    drop_line(self);
    close_lines(self);
}
