/* SPDX-License-Identifier: MIT */
/* The source of the input: entries into items.  Runs on the job's puller
 * thread, which may wait here for the disk, a pipe, or for room among what was
 * set aside. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input_private.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "NAME" and not "NAME TYPE". */
static bool is_one_word(struct cli_span s)
{
    size_t i = 0;

    while (i < s.size && is_blank(s.data[i])) {
        i++;
    }
    while (i < s.size && !is_blank(s.data[i])) {
        i++;
    }
    while (i < s.size && is_blank(s.data[i])) {
        i++;
    }
    return i == s.size;
}

static void release_line(struct cli_line *line)
{
    if (line != NULL && atomic_fetch_sub(&line->n_items, 1) == 1) {
        free(line);
    }
}

/* Finds how many items come of the current entry. */
static int count_items(struct cli_input *in)
{
    const struct cli_input_options *o = &in->options;

    in->next_type = 0;
    in->n_types = 1;
    if (o->n_types > 1 && !in->current.is_truncated &&
        is_one_word(in->current.text)) {
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

static void drop_current(struct cli_input *in)
{
    in->current.is_there = false;
    in->n_types = 0;
    if (in->shared != NULL) { /* the source's own share */
        release_line(in->shared);
        in->shared = NULL;
    }
}

/* ---- Items. */

/* The next item of the current entry; NULL without memory. */
static struct cli_item *make_item(struct cli_input *in)
{
    const struct cli_current *current = &in->current;
    struct cli_item *item = cli_item_create(
        current->text,
        in->n_types > 1 ? in->options.types[in->next_type] : NULL,
        current->has_fields ? &current->fields : NULL);

    if (item == NULL) {
        return NULL;
    }
    item->seq = atomic_load_explicit(&in->n_read, memory_order_relaxed);
    item->line = in->shared;
    item->is_truncated = current->is_truncated;
    if (item->line != NULL) {
        atomic_fetch_add(&item->line->n_items, 1);
    }
    if (current->has_fields) {
        cli_item_set_header(item, current->header);
    }
    return item;
}

static int next_item(struct cli_input *in, struct cli_item **ret_item)
{
    int code;

    if (fpool_cancel_is_tripped(in->stop)) {
        return FPOOL_END;
    }
    code = cli_input_find(in, true);
    if (code == FPOOL_OK && in->n_types == 0) {
        code = count_items(in);
    }
    if (code != FPOOL_OK) {
        return code;
    }
    *ret_item = make_item(in);
    if (*ret_item == NULL) {
        return ENOMEM;
    }
    in->next_type++;
    if (in->next_type == in->n_types) {
        drop_current(in);
    }
    cli_input_add(&in->n_read, 1);
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

static void fill_item(const struct cli_input *in, struct cli_item *item,
                      struct fpool_item *ret_item)
{
    bool is_whole = in->options.is_whole;

    ret_item->data = is_whole ? (void *)item : item->text;
    ret_item->size = is_whole ? cli_item_size(item) : item->size;
    ret_item->drop = is_whole ? cli_item_free : cli_item_drop;
    ret_item->flags = item->is_truncated ? FPOOL_ITEM_TRUNCATED : 0;
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
    } while (in->is_done != NULL && cli_item_fault(item) == CLI_FAULT_NONE &&
             in->is_done(in->is_done_arg, item) && set_aside(in, item));
    fill_item(in, item, ret_item);
    return FPOOL_OK;
}

bool cli_input_ready(void *self)
{
    struct cli_input *in = self;

    if (in->is_done != NULL || fpool_cancel_is_tripped(in->stop)) {
        return false; /* 'is_done' looks at the disk. */
    }
    return cli_input_find(in, false) == FPOOL_OK;
}

void cli_input_close(void *self)
{
    drop_current(self);
    cli_input_close_lines(self);
}
