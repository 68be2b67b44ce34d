/* SPDX-License-Identifier: MIT */
/* Items aside when a job ends: cancelled, terminated, destroyed or past its
 * deadline, every item gets exactly one result. */
#include <string.h>

#include "support/clerk.h"

/* ---- Ends. */

static void a_cancelled_job_delivers_what_is_aside(void **state)
{
    struct scene s;

    (void)state;
    scene_begin(&s, 1000, FPOOL_JOB(.window = 2));
    defer_some(&s, 50, 1000000);
    fpool_results_cancel(s.results);
    desk_finish_all(&s.desk);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_ECANCELED);
    assert_int_equal(atomic_load(&s.names.n_yielded), 52);
    scene_end(&s);
    check_tally(&s.tally, 0, 52);
}

static void what_is_put_aside_after_a_cancel_ends_too(void **state)
{
    struct card cards[2];
    struct scene s;

    (void)state;
    scene_begin(&s, 1000, FPOOL_JOB(.window = 2));
    defer_some(&s, 5, 1000000);
    cards[0] = desk_take(&s.desk);
    cards[1] = desk_take(&s.desk);
    fpool_results_cancel(s.results);
    fpool_request_defer(cards[0].request, NULL, 1000000);
    deliver_one(&s);
    fpool_request_defer(cards[1].request, NULL, 1000000);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_ECANCELED);
    scene_end(&s);
    check_tally(&s.tally, 0, 7);
}

static void a_terminated_pool_joins_and_the_results_stay(void **state)
{
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    struct scene s;

    (void)state;
    scene_begin(&s, 1000, FPOOL_JOB(.window = 2));
    defer_some(&s, 50, 1000000);
    assert_ok(fpool_terminate(s.pool));
    desk_finish_all(&s.desk);
    assert_ok(fpool_join(s.pool, GUARD_MS));
    assert_ok(fpool_get_stats(s.pool, &stats));
    assert_int_equal(stats.started, 52);
    assert_int_equal(stats.completed, 52);
    assert_int_equal(stats.cancelled, 52);
    fpool_destroy(&s.pool);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_ECANCELED);
    scene_end(&s);
    check_tally(&s.tally, 0, 52);
}

static void a_handle_is_destroyed_in_the_middle(void **state)
{
    int n_descriptors = count_descriptors();
    struct scene s;
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        scene_begin_sized(&s, 1000, 10000,
                          FPOOL_JOB(.window = 2, .limit = i % 2 == 0 ? 0 : 2));
        defer_some(&s, 20, i < 2 ? 0 : 1000000);
        desk_finish_all(&s.desk);
        deliver_one(&s);
        scene_end(&s);
        free(s.tally.seen);
        assert_int_equal(count_descriptors(), n_descriptors);
    }
}

static void a_deadline_ends_what_is_aside(void **state)
{
    struct scene s;

    (void)state;
    scene_begin(&s, 1000, FPOOL_JOB(.window = 2, .deadline_ms = 200));
    defer_some(&s, 50, 1000000);
    desk_await_cancel(&s.desk);
    desk_finish_all(&s.desk);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_EDEADLINE);
    scene_end(&s);
    check_tally(&s.tally, 0, 52);
}

/* Ends a job after 'n' results, in one of four ways. */
static void end_after(uint64_t n, int way)
{
    struct clerk clerk = { .percent = 80, .rounds = 3 };
    struct fpool_result r;
    struct scene s;

    scene_begin(&s, 400,
                FPOOL_JOB(.window = 16, .defer_max = way < 2 ? 0 : 9000));
    clerk.due_ms = n % 3;
    clerk_begin(&clerk, &s.desk, s.names.end);
    while (s.tally.n < n && fpool_next(s.results, &r, GUARD_MS) == FPOOL_OK) {
        tally_add(&s.tally, &r);
        fpool_result_release(&r);
    }
    if (way % 2 == 0) {
        fpool_terminate(s.pool);
        assert_ok(fpool_join(s.pool, GUARD_MS));
    } else {
        fpool_results_cancel(s.results);
    }
    if (way != 3) {
        tally_drain(&s.tally, &s.desk, s.results);
        assert_int_equal(s.tally.n, atomic_load(&s.names.n_yielded));
        assert_int_equal(s.tally.n_by_status[2], 0);
    }
    fpool_results_destroy(&s.results);
    clerk_end(&clerk);
    scene_end(&s);
    free(s.tally.seen);
}

static void a_job_may_end_at_any_moment(void **state)
{
    uint64_t n;
    int way;

    (void)state;
    for (n = 0; n < 400; n += 7) {
        for (way = 0; way < 4; way++) {
            end_after(n, way);
        }
    }
}

/* A reader that marks what it gets. */
struct reader {
    struct fpool_results *results;
    atomic_uchar *seen;
    atomic_int *n_got;
    atomic_int *n_bad;
};

static void *reader_main(void *arg)
{
    struct reader *reader = arg;
    struct fpool_result r;

    while (fpool_next(reader->results, &r, GUARD_MS) == FPOOL_OK) {
        atomic_fetch_add(reader->n_bad,
                         atomic_fetch_add(&reader->seen[r.index], 1) != 0 ||
                             strncmp(r.item.data, "item ", 5) != 0 ||
                             strtoul((char *)r.item.data + 5, NULL, 10) !=
                                 r.index);
        atomic_fetch_add(reader->n_got, 1);
        fpool_result_release(&r);
    }
    return NULL;
}

/* So many items in all that the rest fills files. */
static void several_readers_share_what_is_left(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct names names = { .end = 100000, .size = 100 };
    struct clerk clerk = { .percent = 90, .rounds = 1, .due_ms = 1000000 };
    atomic_uchar *seen = calloc(names.end, sizeof(*seen));
    atomic_int n_got = 0;
    atomic_int n_bad = 0;
    pthread_t threads[4];
    struct reader reader;
    struct desk desk;
    size_t i;

    (void)state;
    assert_non_null(seen);
    desk_init(&desk);
    clerk_begin(&clerk, &desk, names.end);
    assert_ok(fpool_imap_unordered(pool, &desk.op, names_source(&names),
                                   FPOOL_JOB(.window = 64, .defer_dir = "."),
                                   &results));
    reader = (struct reader){ results, seen, &n_got, &n_bad };
    for (i = 0; i < 4; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, reader_main, &reader), 0);
    }
    await_count(&n_got, 5000);
    fpool_results_cancel(results);
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    clerk_end(&clerk);
    assert_int_equal(atomic_load(&n_bad), 0);
    assert_int_equal(atomic_load(&n_got), atomic_load(&names.n_yielded));
    fpool_results_destroy(&results);
    desk_fini(&desk);
    free(seen);
}

/* A sink that cancels the job it drains, after ten results. */
struct stopper {
    struct fpool_cancel *cancel;
    int n;
};

static int stopper_put(void *userdata, struct fpool_result *result)
{
    struct stopper *stopper = userdata;

    (void)result;
    if (++stopper->n == 10) {
        fpool_cancel_trip(stopper->cancel);
    }
    return 0;
}

static void a_sink_gets_what_is_left(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    FPOOL_SCOPED struct fpool_cancel *cancel = NULL;
    struct names names = { .end = 100000 };
    struct clerk clerk = { .percent = 90, .rounds = 1, .due_ms = 1000000 };
    struct stopper stopper = { .n = 0 };
    struct desk desk;

    (void)state;
    assert_ok(fpool_cancel_create(&cancel, NULL));
    stopper.cancel = cancel;
    assert_ok(fpool_sink_create(&sink, stopper_put, NULL, &stopper));
    desk_init(&desk);
    clerk_begin(&clerk, &desk, names.end);
    assert_status(fpool_for_each(pool, &desk.op, names_source(&names), sink,
                                 FPOOL_JOB(.window = 32, .cancel = cancel)),
                  FPOOL_ECANCELED);
    clerk_end(&clerk);
    assert_in_range(stopper.n, 33, 100000);
    assert_int_equal(stopper.n, atomic_load(&names.n_yielded));
    desk_fini(&desk);
}

/* ---- Sources that wait. */

struct feed {
    struct names names;
    atomic_int n_allowed;
};

static int feed_next(void *self, struct fpool_item *ret_item,
                     struct fpool_cancel *cancel)
{
    struct feed *feed = self;

    return atomic_load(&feed->names.n_yielded) == atomic_load(&feed->n_allowed)
               ? FPOOL_WAIT
               : names_next(&feed->names, ret_item, cancel);
}

static void a_job_that_waits_does_not_end_while_something_is_aside(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct feed feed = { .names = { .end = 100 }, .n_allowed = 3 };
    struct scene s = { .names = { .end = 100 } };
    struct fpool_result r;

    (void)state;
    s.tally = tally_make(&s.names);
    desk_init(&s.desk);
    all_names = &feed.names;
    assert_ok(fpool_imap_unordered(
        pool, &s.desk.op,
        (struct fpool_source){ .next = feed_next, .self = &feed },
        FPOOL_JOB(.window = 2), &s.results));
    defer_some(&s, 1, 100);
    finish_one(&s);
    finish_one(&s);
    deliver_one(&s);
    deliver_one(&s);
    while (count_started(&s.desk) < 4) { /* until the one aside is due */
        assert_status(fpool_next(s.results, &r, 0), FPOOL_ETIMEDOUT);
    }
    assert_status(fpool_next(s.results, &r, 0), FPOOL_ETIMEDOUT);
    /* What it leads to comes after it. */
    atomic_store(&feed.n_allowed, 4);
    assert_int_equal(finish_one(&s), 0);
    assert_int_equal(deliver_one(&s), 0);
    assert_status(fpool_next(s.results, &r, 0), FPOOL_ETIMEDOUT);
    assert_int_equal(finish_one(&s), 3);
    assert_status(tally_drain(&s.tally, &s.desk, s.results), FPOOL_END);
    fpool_results_destroy(&s.results);
    desk_fini(&s.desk);
    check_tally(&s.tally, 4, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_job_delivers_what_is_aside),
        cmocka_unit_test(what_is_put_aside_after_a_cancel_ends_too),
        cmocka_unit_test(a_terminated_pool_joins_and_the_results_stay),
        cmocka_unit_test(a_handle_is_destroyed_in_the_middle),
        cmocka_unit_test(a_deadline_ends_what_is_aside),
        cmocka_unit_test(a_job_may_end_at_any_moment),
        cmocka_unit_test(several_readers_share_what_is_left),
        cmocka_unit_test(a_sink_gets_what_is_left),
        cmocka_unit_test(
            a_job_that_waits_does_not_end_while_something_is_aside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
