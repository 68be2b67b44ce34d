/* SPDX-License-Identifier: MIT */
/* What a pool and a stream tell about themselves. */
#include <string.h>

#include "support/check.h"

static struct fpool_stats stats_of(struct fpool *pool)
{
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    assert_ok(fpool_get_stats(pool, &stats));
    return stats;
}

static void a_new_pool_has_done_nothing(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    struct fpool_stats stats = stats_of(pool);
    struct fpool_stats nothing = { .struct_size = sizeof(nothing) };

    (void)state;
    assert_memory_equal(&stats, &nothing, sizeof(stats));
}

static void running_and_queued_items_are_told_apart(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    struct fpool_stats stats;
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    door_await(&door, 2);
    stats = stats_of(pool);
    assert_int_equal(stats.workers, 2);
    assert_int_equal(stats.idle, 0);
    assert_int_equal(stats.queued, 3);
    assert_int_equal(stats.jobs, 5);
    assert_int_equal(stats.started, 2);
    assert_int_equal(stats.completed, 0);
    door_open(&door);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    stats = stats_of(pool);
    assert_int_equal(stats.workers, 0);
    assert_int_equal(stats.peak_workers, 2);
    assert_int_equal(stats.queued, 0);
    assert_int_equal(stats.jobs, 0);
    assert_int_equal(stats.started, 5);
    assert_int_equal(stats.completed, 5);
    assert_int_equal(stats.failed, 0);
}

static void every_item_is_counted_whatever_the_verb(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct counted_source source = { .end = 100, .code = FPOOL_END };
    struct fpool_stats stats;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, 1000), NULL, NULL));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 100), NULL, &results));
    assert_status(drain(results, NULL), FPOOL_END);
    assert_ok(fpool_sink_null(&sink));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_object, NULL),
                             counted_source(&source), sink, NULL));
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                          fpool_item_pointer(NULL), NULL, &r));
    assert_status(fpool_map(pool, FPOOL_CALL(task_code, NULL),
                            fpool_source_range(0, 10), NULL, NULL),
                  FPOOL_EFAILED);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    stats = stats_of(pool);
    assert_int_equal(stats.started, 1000 + 100 + 100 + 1 + 10);
    assert_int_equal(stats.completed, stats.started);
    assert_int_equal(stats.failed, 9);
    assert_int_equal(stats.cancelled, 0);
    assert_in_range(stats.peak_workers, 1, 3);
}

static void cancelled_items_have_not_started(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_stats stats;
    int n;
    int i;

    (void)state;
    /* One item runs, three of its chunk wait, and four futures are queued. */
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_until_told, &door),
                         fpool_source_range(0, 100),
                         FPOOL_JOB(.window = 4, .chunk = 4), &results));
    door_await(&door, 1);
    for (i = 0; i < 4; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    assert_ok(fpool_terminate(pool));
    assert_status(drain(results, &n), FPOOL_ECANCELED);
    assert_int_equal(n, 4);
    assert_ok(fpool_join(pool, GUARD_MS));
    stats = stats_of(pool);
    assert_int_equal(stats.started, 1);
    assert_int_equal(stats.completed, 8);
    assert_int_equal(stats.failed, 7);
    assert_int_equal(stats.cancelled, 7);
}

static int task_wait_nested(struct fpool_task *task, void *item,
                            void **ret_value)
{
    (void)item;
    (void)ret_value;
    return (int)fpool_map(fpool_task_pool(task), FPOOL_CALL(task_square, NULL),
                          fpool_source_range(0, 50), NULL, NULL);
}

static void help_is_counted(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_stats stats;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_wait_nested, NULL),
                          fpool_item_pointer(NULL), NULL, &r));
    assert_int_equal(r.code, 0);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    stats = stats_of(pool);
    assert_int_equal(stats.helped, 50);
    assert_int_equal(stats.started, 51);
    assert_int_equal(stats.completed, 51);
}

/* The first of a chunk waits for the rest, which others take over. */
static int task_last_opens(struct fpool_task *task, void *item,
                           void **ret_value)
{
    struct door *door = fpool_task_userdata(task);

    *ret_value = item;
    if (to_int(item) == 0) {
        door_wait(door);
    } else if (to_int(item) == 99) {
        door_open(door);
    }
    return 0;
}

static void theft_is_counted(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_stats stats;

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_last_opens, &door),
                              fpool_source_range(0, 100),
                              FPOOL_JOB(.chunk = 100), &batch));
    assert_ok(fpool_batch_wait(batch, GUARD_MS));
    stats = stats_of(pool);
    assert_in_range(stats.stolen, 1, 1000);
}

static void idle_workers_are_counted_and_woken(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_result r;
    uint64_t wakeups;

    (void)state;
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                          fpool_item_pointer(NULL), NULL, &r));
    while (stats_of(pool).idle != 1) {
    }
    assert_int_equal(stats_of(pool).workers, 1);
    wakeups = stats_of(pool).wakeups;
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                          fpool_item_pointer(NULL), NULL, &r));
    assert_int_equal(stats_of(pool).wakeups, wakeups + 1);
}

static void a_stream_tells_where_it_is(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result r;
    int i;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 10),
                         FPOOL_JOB(.window = 4, .chunk = 3), &results));
    for (i = 0; i < 5; i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
    }
    assert_ok(fpool_results_get_stats(results, &stats));
    assert_int_equal(stats.delivered, 5);
    assert_in_range(stats.pulled, 5, 9);
    assert_int_equal(stats.window, 4);
    assert_int_equal(stats.chunk, 3);
    assert_status(drain(results, NULL), FPOOL_END);
    assert_ok(fpool_results_get_stats(results, &stats));
    assert_int_equal(stats.delivered, 10);
    assert_int_equal(stats.pulled, 10);
}

/* A program built against an older header gets what it knows of. */
static void a_shorter_structure_is_filled_as_far_as_it_goes(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_stats stats;
    struct fpool_results_stats of_results;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 1), NULL, &results));
    assert_ok(fpool_next(results, &r, GUARD_MS));
    memset(&stats, 0x55, sizeof(stats));
    stats.struct_size = offsetof(struct fpool_stats, started);
    assert_ok(fpool_get_stats(pool, &stats));
    assert_int_equal(stats.peak_workers, 1);
    assert_true(stats.started == 0x5555555555555555u);
    memset(&of_results, 0x55, sizeof(of_results));
    of_results.struct_size = offsetof(struct fpool_results_stats, window);
    assert_ok(fpool_results_get_stats(results, &of_results));
    assert_int_equal(of_results.delivered, 1);
    assert_int_equal(of_results.window, 0x55555555);
    stats.struct_size = 1;
    assert_status(fpool_get_stats(pool, &stats), FPOOL_EINVAL);
    assert_status(fpool_get_stats(NULL, &stats), FPOOL_EINVAL);
    assert_status(fpool_get_stats(pool, NULL), FPOOL_EINVAL);
    of_results.struct_size = 1;
    assert_status(fpool_results_get_stats(results, &of_results), FPOOL_EINVAL);
    assert_status(fpool_results_get_stats(NULL, &of_results), FPOOL_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_pool_has_done_nothing),
        cmocka_unit_test(running_and_queued_items_are_told_apart),
        cmocka_unit_test(every_item_is_counted_whatever_the_verb),
        cmocka_unit_test(cancelled_items_have_not_started),
        cmocka_unit_test(help_is_counted),
        cmocka_unit_test(theft_is_counted),
        cmocka_unit_test(idle_workers_are_counted_and_woken),
        cmocka_unit_test(a_stream_tells_where_it_is),
        cmocka_unit_test(a_shorter_structure_is_filled_as_far_as_it_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
