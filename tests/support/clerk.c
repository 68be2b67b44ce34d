/* SPDX-License-Identifier: MIT */
/* The clerk; see clerk.h. */
#include "clerk.h"

#include <time.h>

#include "base/clock.h"

static unsigned rounds_of(const struct clerk *c, uint64_t index)
{
    return index * 2654435761u % 100 < c->percent
               ? 1 + (unsigned)(index % c->rounds)
               : 0;
}

static void read_card(struct clerk *c, const struct card *card)
{
    uint64_t i = card->request->result.index;
    bool is_back = c->times[i] != 0;

    if (card->has_note != is_back ||
        (is_back &&
         (card->note.words[0] != c->times[i] || card->note.words[1] != i ||
          card->note.words[2] != ~i || card->note.words[3] != 42))) {
        c->n_bad_notes++;
    }
    if (is_back && c->due_ns != NULL && card->started_ns < c->due_ns[i]) {
        c->n_early++;
    }
}

static void put_aside(struct clerk *c, struct fpool_request *request)
{
    uint64_t i = request->result.index;
    struct fpool_request_note note = { { ++c->times[i], i, ~i, 42 } };

    if (c->due_ns != NULL) {
        c->due_ns[i] = fpool_now_ns() + c->due_ms * 1000000;
    }
    c->n_deferred++;
    desk_defer(c->desk, request, &note, c->due_ms);
}

/* Waits up to a millisecond for something new; how many requests lie there. */
static size_t await_more(struct desk *desk, bool has_kept)
{
    size_t n;

    pthread_mutex_lock(&desk->mu);
    while (desk->n == 0 && !desk->is_over) {
        struct timespec soon;

        if (!has_kept) {
            pthread_cond_wait(&desk->changed, &desk->mu);
            continue;
        }
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 1000000;
        soon.tv_sec += soon.tv_nsec / 1000000000;
        soon.tv_nsec %= 1000000000;
        if (pthread_cond_timedwait(&desk->changed, &desk->mu, &soon) != 0) {
            break;
        }
    }
    n = desk->n;
    pthread_mutex_unlock(&desk->mu);
    return n;
}

static void *clerk_main(void *arg)
{
    struct clerk *c = arg;
    struct fpool_request *kept = NULL;
    struct fpool_request *next;
    bool is_over;

    do {
        size_t n = await_more(c->desk, kept != NULL);

        while (n == 0 && kept != NULL) { /* nothing moves: they may end */
            next = kept->next;
            fpool_request_finish(kept, fpool_request_cancel_reason(kept));
            kept = next;
        }
        for (; n != 0; n--) {
            struct card card = desk_take(c->desk);
            struct fpool_request *r = card.request;

            read_card(c, &card);
            if (c->times[r->result.index] < rounds_of(c, r->result.index)) {
                r->next = kept;
                kept = r;
            } else {
                fpool_request_finish(r, fpool_request_cancel_reason(r));
            }
        }
        while (kept != NULL && fpool_request_can_defer(kept)) {
            next = kept->next;
            put_aside(c, kept);
            kept = next;
        }
        pthread_mutex_lock(&c->desk->mu);
        is_over = c->desk->is_over;
        pthread_mutex_unlock(&c->desk->mu);
    } while (!is_over || kept != NULL);
    return NULL;
}

void clerk_begin(struct clerk *c, struct desk *desk, uint64_t n_items)
{
    c->desk = desk;
    c->times = calloc(n_items, 1);
    assert_non_null(c->times);
    assert_int_equal(pthread_create(&c->thread, NULL, clerk_main, c), 0);
}

void clerk_end(struct clerk *c)
{
    pthread_mutex_lock(&c->desk->mu);
    c->desk->is_over = true;
    pthread_cond_broadcast(&c->desk->changed);
    pthread_mutex_unlock(&c->desk->mu);
    pthread_join(c->thread, NULL);
    free(c->times);
    assert_int_equal(c->n_bad_notes, 0);
    assert_int_equal(c->n_early, 0);
}
