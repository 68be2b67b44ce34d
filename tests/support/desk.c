/* SPDX-License-Identifier: MIT */
/* The desk and what lies on it; see desk.h. */
#include "desk.h"

#include <string.h>

#include "base/clock.h"

/* Guarded by mu. */
static void add_card(struct desk *desk, struct card card)
{
    if (desk->n == desk->capacity) {
        desk->capacity = 2 * desk->capacity + 16;
        desk->cards =
            realloc(desk->cards, desk->capacity * sizeof(*desk->cards));
        if (desk->cards == NULL) {
            abort();
        }
    }
    desk->cards[desk->n++] = card;
}

static void desk_start(void *state, struct fpool_request *request)
{
    struct desk *desk = *(struct desk **)state;
    const struct fpool_request_note *note = fpool_request_note(request);
    struct card card = { .request = request,
                         .started_ns = fpool_now_ns(),
                         .has_note = note != NULL };
    bool is_instant;

    if (note != NULL) {
        card.note = *note;
    }
    pthread_mutex_lock(&desk->mu);
    is_instant = desk->is_instant;
    if (!is_instant) {
        add_card(desk, card);
    }
    desk->n_started++;
    desk->n_returned += note != NULL;
    desk->n_inside++;
    if (desk->n_inside > desk->peak) {
        desk->peak = desk->n_inside;
    }
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->mu);
    if (is_instant) {
        fpool_request_finish(request, fpool_request_cancel_reason(request));
    }
}

static void desk_cancel(void *state)
{
    struct desk *desk = *(struct desk **)state;

    pthread_mutex_lock(&desk->mu);
    desk->is_cancelled = true;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->mu);
}

static enum fpool_status desk_open(void *state, const struct fpool_op *op,
                                   void *context)
{
    (void)context;
    *(const struct desk **)state = (const struct desk *)op;
    return FPOOL_OK;
}

static const struct fpool_engine desk_engine = {
    .struct_size = sizeof(struct fpool_engine),
    .name = "desk",
    .state_size = sizeof(struct desk *),
    .item_window = 64,
    .open = desk_open,
    .start = desk_start,
    .cancel = desk_cancel,
};

void desk_init(struct desk *desk)
{
    memset(desk, 0, sizeof(*desk));
    desk->op.struct_size = sizeof(*desk);
    desk->op.engine = &desk_engine;
    pthread_mutex_init(&desk->mu, NULL);
    pthread_cond_init(&desk->changed, NULL);
}

void desk_fini(struct desk *desk)
{
    assert_int_equal(desk->n, 0);
    free(desk->cards);
    pthread_mutex_destroy(&desk->mu);
    pthread_cond_destroy(&desk->changed);
}

uint64_t count_started(struct desk *desk)
{
    uint64_t n;

    pthread_mutex_lock(&desk->mu);
    n = desk->n_started;
    pthread_mutex_unlock(&desk->mu);
    return n;
}

void desk_await(struct desk *desk, size_t n)
{
    pthread_mutex_lock(&desk->mu);
    while (desk->n < n) {
        pthread_cond_wait(&desk->changed, &desk->mu);
    }
    pthread_mutex_unlock(&desk->mu);
}

struct card desk_take(struct desk *desk)
{
    struct card card;

    desk_await(desk, 1);
    pthread_mutex_lock(&desk->mu);
    card = desk->cards[0];
    desk->n--;
    memmove(desk->cards, desk->cards + 1, desk->n * sizeof(*desk->cards));
    pthread_mutex_unlock(&desk->mu);
    return card;
}

void desk_finish_all(struct desk *desk)
{
    struct fpool_request *first = NULL;

    pthread_mutex_lock(&desk->mu);
    desk->is_instant = true;
    while (desk->n != 0) {
        struct fpool_request *request = desk->cards[--desk->n].request;

        request->result.status = fpool_request_cancel_reason(request);
        request->next = first;
        first = request;
    }
    pthread_mutex_unlock(&desk->mu);
    fpool_requests_finish(first);
}

void desk_await_cancel(struct desk *desk)
{
    pthread_mutex_lock(&desk->mu);
    while (!desk->is_cancelled) {
        pthread_cond_wait(&desk->changed, &desk->mu);
    }
    pthread_mutex_unlock(&desk->mu);
}

void desk_leave(struct desk *desk)
{
    pthread_mutex_lock(&desk->mu);
    desk->n_inside--;
    pthread_mutex_unlock(&desk->mu);
}

void desk_defer(struct desk *desk, struct fpool_request *request,
                const struct fpool_request_note *note, int64_t due_ms)
{
    desk_leave(desk); /* before: it may be started again at once */
    fpool_request_defer(request, note, due_ms);
}

/* ---- Items. */

struct names *all_names;

static void drop_name(void *name)
{
    struct door *door = atomic_load(&all_names->door);

    if (door != NULL) {
        door_wait(door);
    }
    atomic_fetch_add(&all_names->n_dropped, 1);
    free(name);
}

static char *make_name(const struct names *names, uint64_t i)
{
    size_t size = names->size < 32 ? 32 : names->size;
    char *name = malloc(size + 1);

    if (name == NULL) {
        abort();
    }
    memset(name, '.', size);
    name[size] = '\0';
    name[snprintf(name, size, "item %d", (int)i)] = '-';
    return name;
}

int names_next(void *self, struct fpool_item *ret_item,
               struct fpool_cancel *cancel)
{
    struct names *names = self;
    uint64_t i = (uint64_t)atomic_load(&names->n_yielded);
    char *name;

    (void)cancel;
    if (i == names->end) {
        if (names->at_end != NULL) {
            names->at_end(names->arg);
        }
        return FPOOL_END;
    }
    name = make_name(names, i);
    *ret_item = fpool_item_bytes(name, strlen(name));
    ret_item->drop = drop_name;
    ret_item->flags = i % 3 == 0 ? FPOOL_ITEM_TRUNCATED : 0;
    atomic_fetch_add(&names->n_yielded, 1);
    return FPOOL_OK;
}

static bool names_ready(void *self)
{
    (void)self;
    return true;
}

struct fpool_source names_source(struct names *names)
{
    all_names = names;
    return (struct fpool_source){ .next = names_next,
                                  .ready = names_ready,
                                  .self = names };
}

/* ---- What came out. */

struct tally tally_make(const struct names *names)
{
    struct tally t = { .names = names, .seen = calloc(names->end, 1) };

    assert_non_null(t.seen);
    return t;
}

void tally_add(struct tally *t, struct fpool_result *r)
{
    char *name;

    t->n++;
    t->n_by_status[r->status == FPOOL_OK ? 0
                   : r->status == FPOOL_ECANCELED ||
                           r->status == FPOOL_EDEADLINE
                       ? 1
                       : 2]++;
    assert_string_equal(r->engine, "desk");
    if (r->index == UINT64_MAX) {
        assert_status(r->status, FPOOL_ELOCAL);
        assert_null(r->item.data);
        return;
    }
    assert_in_range(r->index, 0, t->names->end - 1);
    assert_int_equal(t->seen[r->index], 0);
    t->seen[r->index] = 1;
    if (r->status == FPOOL_ENOMEM) {
        assert_null(r->item.data);
        return;
    }
    name = make_name(t->names, r->index);
    assert_string_equal(r->item.data, name);
    assert_int_equal(r->item.size, strlen(name));
    assert_int_equal(r->item.flags,
                     r->index % 3 == 0 ? FPOOL_ITEM_TRUNCATED : 0);
    free(name);
}

enum fpool_status tally_drain(struct tally *t, struct desk *desk,
                              struct fpool_results *results)
{
    struct fpool_result r;
    enum fpool_status st;

    for (;;) {
        st = fpool_next(results, &r, GUARD_MS);
        if (st != FPOOL_OK) {
            return st;
        }
        tally_add(t, &r);
        fpool_result_release(&r);
        desk_leave(desk);
    }
}

void check_tally(struct tally *t, uint64_t n_ok, uint64_t n_cancelled)
{
    assert_int_equal(t->n, n_ok + n_cancelled);
    assert_int_equal(t->n_by_status[0], n_ok);
    assert_int_equal(t->n_by_status[1], n_cancelled);
    free(t->seen);
}

/* ---- Scenes. */

void scene_begin_sized(struct scene *s, uint64_t n_items, size_t size,
                       const struct fpool_job_options *o)
{
    memset(s, 0, sizeof(*s));
    s->pool = make_pool(1);
    s->names.end = n_items;
    s->names.size = size;
    s->tally = tally_make(&s->names);
    desk_init(&s->desk);
    assert_ok(fpool_imap_unordered(s->pool, &s->desk.op,
                                   names_source(&s->names), o, &s->results));
}

void scene_begin(struct scene *s, uint64_t n_items,
                 const struct fpool_job_options *o)
{
    scene_begin_sized(s, n_items, 0, o);
}

void scene_end(struct scene *s)
{
    fpool_results_destroy(&s->results);
    fpool_destroy(&s->pool);
    desk_fini(&s->desk);
    assert_int_equal(atomic_load(&s->names.n_dropped),
                     atomic_load(&s->names.n_yielded));
}

uint64_t finish_one(struct scene *s)
{
    struct card card = desk_take(&s->desk);
    uint64_t index = card.request->result.index;

    fpool_request_finish(card.request,
                         fpool_request_cancel_reason(card.request));
    return index;
}

uint64_t deliver_one(struct scene *s)
{
    struct fpool_result r;
    uint64_t index;

    assert_ok(fpool_next(s->results, &r, GUARD_MS));
    index = r.index;
    tally_add(&s->tally, &r);
    fpool_result_release(&r);
    desk_leave(&s->desk);
    return index;
}

void defer_one(struct scene *s, int64_t due_ms)
{
    struct card card = desk_take(&s->desk);

    assert_true(fpool_request_can_defer(card.request));
    desk_defer(&s->desk, card.request, NULL, due_ms);
}

void defer_some(struct scene *s, int n, int64_t due_ms)
{
    for (; n != 0; n--) {
        desk_await(&s->desk, 2);
        defer_one(s, due_ms);
    }
    desk_await(&s->desk, 2);
}
