/* SPDX-License-Identifier: MIT */
/* Deferring: an evented engine puts items aside on disk, and they come back,
 * each once in each pass, with their notes, when they are due. */
#include <malloc.h>

#include "base/clock.h"
#include "support/clerk.h"

/* ---- Many items. */

static void many_with(const struct fpool_job_options *o, uint64_t n_items,
                      size_t size, struct clerk *clerk)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct names names = { .end = n_items, .size = size };
    struct desk desk;
    struct tally t = tally_make(&names);

    desk_init(&desk);
    clerk_begin(clerk, &desk, n_items);
    assert_ok(fpool_imap_unordered(pool, &desk.op, names_source(&names), o,
                                   &results));
    assert_status(tally_drain(&t, &desk, results), FPOOL_END);
    clerk_end(clerk);
    /* A delivered item is counted out a little later than its credit. */
    assert_in_range(desk.peak, 1, o->window + 1);
    assert_int_equal(desk.n_started, n_items + desk.n_returned);
    assert_int_equal(desk.n_returned, clerk->n_deferred);
    fpool_results_destroy(&results);
    desk_fini(&desk);
    check_tally(&t, n_items, 0);
    assert_int_equal(atomic_load(&names.n_dropped), n_items);
}

static void each_of_many_items_gets_one_result(void **state)
{
    struct clerk clerk = { .percent = 30, .rounds = 5 };

    (void)state;
    many_with(FPOOL_JOB(.window = 256, .defer_dir = "."), 100000, 0, &clerk);
    assert_in_range(clerk.n_deferred, 30000, 100000);
}

static void windows_and_limits_of_all_sizes_hold(void **state)
{
    static const unsigned windows[] = { 1, 2, 7, 8, 64, 300 };
    static const unsigned limits[] = { 0, 1, 5 };
    size_t w;
    size_t i;

    (void)state;
    for (w = 0; w < N_ELEMENTS(windows); w++) {
        for (i = 0; i < N_ELEMENTS(limits); i++) {
            struct clerk clerk = { .percent = 50, .rounds = 3 };

            many_with(FPOOL_JOB(.window = windows[w], .limit = limits[i],
                                .defer_dir = "."),
                      2000, 0, &clerk);
            assert_in_range(clerk.n_deferred, 500, 4000);
        }
    }
}

static void nothing_comes_back_before_it_is_due(void **state)
{
    struct clerk clerk = { .percent = 50, .rounds = 3, .due_ms = 20 };

    (void)state;
    clerk.due_ns = calloc(5000, sizeof(*clerk.due_ns));
    assert_non_null(clerk.due_ns);
    many_with(FPOOL_JOB(.window = 64, .defer_dir = "."), 5000, 0, &clerk);
    assert_in_range(clerk.n_deferred, 2000, 10000);
    free(clerk.due_ns);
}

static void a_full_store_gives_items_back_early(void **state)
{
    struct clerk clerk = { .percent = 60, .rounds = 4 };

    (void)state;
    many_with(FPOOL_JOB(.window = 16, .defer_max = 2000, .defer_dir = "."),
              5000, 0, &clerk);
    assert_in_range(clerk.n_deferred, 100, 12000);
}

static void a_directory_that_is_none_ends_deferring(void **state)
{
    struct clerk clerk = { .percent = 50, .rounds = 3 };

    (void)state;
    many_with(FPOOL_JOB(.window = 64, .defer_dir = "/nonexistent"), 3000, 1000,
              &clerk);
    /* As many as fit into memory, and those that were on their way. */
    assert_in_range(clerk.n_deferred, 30, 64 + 64);
}

/* ---- Memory. */

static size_t bytes_in_use(void)
{
    return mallinfo2().uordblks; /* 0 under the address sanitizer */
}

static void note_bytes(void *arg)
{
    *(size_t *)arg = bytes_in_use();
}

static void memory_does_not_grow_with_what_is_aside(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    const uint64_t n_items = 100000;
    size_t at_end = 0;
    struct names names = {
        .end = n_items, .size = 200, .at_end = note_bytes, .arg = &at_end
    };
    struct clerk clerk = { .percent = 100, .rounds = 1 };
    struct tally t = tally_make(&names);
    struct desk desk;
    size_t before;

    (void)state;
    desk_init(&desk);
    clerk_begin(&clerk, &desk, n_items);
    before = bytes_in_use();
    assert_ok(fpool_imap_unordered(pool, &desk.op, names_source(&names),
                                   FPOOL_JOB(.window = 256, .defer_dir = "."),
                                   &results));
    assert_status(tally_drain(&t, &desk, results), FPOOL_END);
    clerk_end(&clerk);
    assert_in_range(clerk.n_deferred, n_items / 2, n_items);
    assert_true(at_end < before + (1u << 20)); /* of 25 MB that were aside */
    fpool_results_destroy(&results);
    desk_fini(&desk);
    check_tally(&t, n_items, 0);
}

/* ---- Step by step. */

static void an_item_is_put_aside_only_when_that_is_of_use(void **state)
{
    struct card cards[8];
    struct scene s;
    int i;

    (void)state;
    scene_begin(&s, 9, FPOOL_JOB(.window = 8, .defer_dir = "."));
    for (i = 0; i < 8; i++) {
        cards[i] = desk_take(&s.desk);
        assert_false(cards[i].has_note);
        assert_null(fpool_request_note(cards[i].request));
    }
    for (i = 0; i < 8; i++) {
        assert_true(fpool_request_can_defer(cards[i].request));
    }
    desk_defer(&s.desk, cards[0].request, NULL, 0);
    /* The ninth item comes, and the source's end; the one aside comes back, and
     * with it there is nothing more. */
    for (i = 0; i < 2; i++) {
        struct card card = desk_take(&s.desk);

        if (i == 0) {
            assert_int_equal(card.request->result.index, 8);
            fpool_request_finish(card.request, FPOOL_OK);
            deliver_one(&s);
        } else {
            assert_int_equal(card.request->result.index, 0);
            assert_true(card.has_note); /* one that says nothing */
            assert_int_equal(card.note.words[0], 0);
            assert_false(fpool_request_can_defer(card.request));
            fpool_request_finish(card.request, FPOOL_OK);
        }
    }
    for (i = 1; i < 8; i++) {
        assert_false(fpool_request_can_defer(cards[i].request));
        fpool_request_finish(cards[i].request, FPOOL_OK);
    }
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_END);
    scene_end(&s);
    check_tally(&s.tally, 9, 0);
}

static void no_more_is_put_aside_than_is_of_use(void **state)
{
    struct door door = { 0 };
    struct card cards[2];
    struct scene s;

    (void)state;
    scene_begin(&s, 3, FPOOL_JOB(.window = 2));
    cards[0] = desk_take(&s.desk);
    cards[1] = desk_take(&s.desk);
    atomic_store(&s.names.door, &door); /* the puller will stop at it */
    assert_true(fpool_request_can_defer(cards[1].request));
    desk_defer(&s.desk, cards[0].request, NULL, 0);
    door_await(&door, 1);
    assert_false(fpool_request_can_defer(cards[1].request));
    atomic_store(&s.names.door, NULL);
    door_open(&door);
    desk_await(&s.desk, 1);
    assert_true(fpool_request_can_defer(cards[1].request));
    fpool_request_finish(cards[1].request, FPOOL_OK);
    desk_finish_all(&s.desk);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_END);
    scene_end(&s);
    check_tally(&s.tally, 3, 0);
}

static void what_is_due_first_comes_first(void **state)
{
    int64_t began = fpool_now_ns();
    struct card card;
    struct scene s;

    (void)state;
    scene_begin(&s, 4, FPOOL_JOB(.window = 2, .defer_dir = "."));
    desk_await(&s.desk, 2);
    defer_one(&s, 300);
    desk_await(&s.desk, 2);
    defer_one(&s, 50);
    desk_await(&s.desk, 2); /* 2 and 3 */
    finish_one(&s);
    finish_one(&s);
    deliver_one(&s);
    deliver_one(&s);
    card = desk_take(&s.desk);
    assert_int_equal(card.request->result.index, 1);
    assert_true(card.started_ns >= began + 50 * 1000000);
    fpool_request_finish(card.request, FPOOL_OK);
    card = desk_take(&s.desk);
    assert_int_equal(card.request->result.index, 0);
    assert_true(card.started_ns >= began + 300 * 1000000);
    fpool_request_finish(card.request, FPOOL_OK);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_END);
    scene_end(&s);
    check_tally(&s.tally, 4, 0);
}

static void a_store_has_no_room_beyond_its_bound(void **state)
{
    struct card card;
    struct scene s;

    (void)state;
    scene_begin(&s, 100, FPOOL_JOB(.window = 2, .defer_max = 400));
    defer_some(&s, 4, 1000000); /* of 96 bytes each */
    card = desk_take(&s.desk);
    assert_false(fpool_request_can_defer(card.request));
    desk_defer(&s.desk, card.request, NULL, 1000000); /* it comes right back */
    desk_await(&s.desk, 2);
    assert_ptr_equal(s.desk.cards[1].request, card.request);
    assert_true(s.desk.cards[1].has_note);
    assert_int_equal(atomic_load(&s.names.n_yielded), 6);
    fpool_results_cancel(s.results);
    desk_finish_all(&s.desk);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_ECANCELED);
    scene_end(&s);
    check_tally(&s.tally, 0, 6);
}

static void a_full_store_does_not_wait_for_the_end(void **state)
{
    struct card card;
    struct scene s;
    int i;

    (void)state;
    scene_begin(&s, 100, FPOOL_JOB(.window = 2, .defer_max = 400));
    defer_some(&s, 4, 0); /* of 96 bytes each: nearly full */
    assert_int_equal(finish_one(&s), 4);
    assert_int_equal(deliver_one(&s), 4);
    for (i = 0; i < 4; i++) { /* and the source waits meanwhile */
        card = desk_take(&s.desk);
        assert_int_equal(card.request->result.index, i);
        assert_true(card.has_note);
        assert_true(i == 3 || atomic_load(&s.names.n_yielded) == 5);
        fpool_request_finish(card.request, FPOOL_OK);
        assert_int_equal(deliver_one(&s), i);
    }
    desk_finish_all(&s.desk);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_END);
    scene_end(&s);
    check_tally(&s.tally, 100, 0);
}

/* ---- Where nothing can be put aside. */

typedef enum fpool_status (*imap_fn)(struct fpool *, const struct fpool_op *,
                                     struct fpool_source,
                                     const struct fpool_job_options *,
                                     struct fpool_results **);

/* Three items, of which two fill the window. */
static void check_never(imap_fn verb, struct fpool_source source,
                        int64_t defer_max)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct desk desk;
    size_t i;
    int n;

    desk_init(&desk);
    assert_ok(verb(pool, &desk.op, source,
                   FPOOL_JOB(.window = 2, .defer_max = defer_max), &results));
    desk_await(&desk, 2);
    for (i = 0; i < 2; i++) {
        assert_false(fpool_request_can_defer(desk.cards[i].request));
        assert_null(fpool_request_note(desk.cards[i].request));
    }
    desk_finish_all(&desk);
    assert_status(drain(results, &n), FPOOL_END);
    assert_int_equal(n, 3);
    fpool_results_destroy(&results);
    desk_fini(&desk);
}

static void some_jobs_and_items_are_never_put_aside(void **state)
{
    struct names names = { .end = 3 };
    struct names more = { .end = 3 };

    (void)state;
    check_never(fpool_imap, names_source(&names), 0);
    check_never(fpool_imap_unordered, names_source(&more), -1);
    check_never(fpool_imap_unordered, fpool_source_range(0, 3), 0);
}

static void neither_are_those_of_a_map(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct names names = { .end = 3 };
    struct desk desk;

    (void)state;
    desk_init(&desk);
    assert_ok(fpool_map_async(pool, &desk.op, names_source(&names),
                              FPOOL_JOB(.window = 2), &batch));
    desk_await(&desk, 2);
    assert_false(fpool_request_can_defer(desk.cards[0].request));
    desk_finish_all(&desk);
    assert_ok(fpool_batch_wait(batch, GUARD_MS));
    fpool_batch_destroy(&batch);
    desk_fini(&desk);
}

static void a_bound_below_minus_one_is_refused(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_results *results = NULL;
    struct desk desk;

    (void)state;
    desk_init(&desk);
    assert_status(fpool_imap_unordered(pool, &desk.op, fpool_source_range(0, 3),
                                       FPOOL_JOB(.defer_max = -2), &results),
                  FPOOL_EINVAL);
    desk_fini(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_many_items_gets_one_result),
        cmocka_unit_test(windows_and_limits_of_all_sizes_hold),
        cmocka_unit_test(nothing_comes_back_before_it_is_due),
        cmocka_unit_test(a_full_store_gives_items_back_early),
        cmocka_unit_test(a_directory_that_is_none_ends_deferring),
        cmocka_unit_test(memory_does_not_grow_with_what_is_aside),
        cmocka_unit_test(an_item_is_put_aside_only_when_that_is_of_use),
        cmocka_unit_test(no_more_is_put_aside_than_is_of_use),
        cmocka_unit_test(what_is_due_first_comes_first),
        cmocka_unit_test(a_store_has_no_room_beyond_its_bound),
        cmocka_unit_test(a_full_store_does_not_wait_for_the_end),
        cmocka_unit_test(some_jobs_and_items_are_never_put_aside),
        cmocka_unit_test(neither_are_those_of_a_map),
        cmocka_unit_test(a_bound_below_minus_one_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
