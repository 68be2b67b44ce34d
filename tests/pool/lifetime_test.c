/* SPDX-License-Identifier: MIT */
/* Pools and handles from birth to death: sizes, closing and joining, scopes, who
 * outlives whom, what is left behind. */
#include <sched.h>

#include "support/check.h"

static int n_threads; /* before any test */

static void row_32_zero_workers_means_the_default(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool *none = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 0)));
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                          fpool_item_pointer(from_int(3)), NULL, &r));
    assert_int_equal(to_int(r.value), 9);
    assert_status(fpool_create(&none,
                               FPOOL_OPTIONS(.workers = FPOOL_MAX_WORKERS + 1)),
                  FPOOL_EINVAL);
    assert_status(fpool_create(&none, FPOOL_OPTIONS(.workers = (unsigned)-1)),
                  FPOOL_EINVAL);
    assert_status(fpool_create(NULL, NULL), FPOOL_EINVAL);
    assert_null(none);
}

/* The stats of a pool all of whose workers stand at the door. */
static struct fpool_stats fill_pool(struct fpool *pool, struct door *door,
                                    unsigned workers)
{
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    unsigned i;

    /* One more than there are workers. */
    for (i = 0; i <= workers; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, door),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    door_await(door, (int)workers);
    assert_ok(fpool_get_stats(pool, &stats));
    return stats;
}

static void row_33_three_workers_are_three_and_start_when_needed(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    (void)state;
    assert_ok(fpool_get_stats(pool, &stats));
    assert_int_equal(stats.workers, 0);
    stats = fill_pool(pool, &door, 3);
    assert_int_equal(stats.workers, 3);
    assert_int_equal(stats.peak_workers, 3);
    assert_int_equal(stats.queued, 1);
    assert_int_equal(atomic_load(&door.n_waiting), 3);
    door_open(&door);
}

static void row_33_eager_workers_are_there_at_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 3, .idle_ms = 1,
                                                .flags = FPOOL_EAGER)));
    assert_ok(fpool_get_stats(pool, &stats));
    assert_int_equal(stats.workers, 3);
    assert_true(count_threads() >= n_threads + 3);
    await_threads(n_threads + 3); /* no more than these */
}

static void row_34_the_default_follows_the_cpus_one_may_use(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    unsigned cpus = fpool_usable_cpus();
    unsigned workers = cpus * 32 < 512 ? cpus * 32 : 512;
    cpu_set_t old;
    cpu_set_t one;
    int cpu = 0;

    (void)state;
    assert_in_range(cpus, 1, CPU_SETSIZE);
    assert_ok(fpool_create(&pool, NULL));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 1), NULL, &results));
    assert_ok(fpool_results_get_stats(results, &stats));
    assert_int_equal(stats.window, 2 * workers);

    /* Bound to one CPU, there is one. */
    assert_int_equal(sched_getaffinity(0, sizeof(old), &old), 0);
    while (!CPU_ISSET(cpu, &old)) {
        cpu++;
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    cpus = fpool_usable_cpus();
    assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
    assert_int_equal(cpus, 1);
}

static void row_35_a_pool_may_be_small_or_large(void **state)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    static const unsigned sizes[] = { 1, 200, 1000 };
#else
    static const unsigned sizes[] = { 1, 200, 1000, 4000 };
#endif
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(sizes); i++) {
        struct fpool *pool = make_pool(sizes[i]);
        struct door door = { 0 };
        struct fpool_stats stats = fill_pool(pool, &door, sizes[i]);

        assert_int_equal(stats.workers, sizes[i]); /* all at once */
        door_open(&door);
        assert_ok(fpool_close(pool));
        assert_ok(fpool_join(pool, GUARD_MS));
        assert_int_equal(atomic_load(&door.n_left), sizes[i] + 1);
        fpool_destroy(&pool);
        await_threads(n_threads);
    }
}

static void row_41_closing_and_terminating_twice_is_fine(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);

    (void)state;
    assert_ok(fpool_close(pool));
    assert_ok(fpool_close(pool));
    assert_ok(fpool_terminate(pool));
    assert_ok(fpool_terminate(pool));
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    assert_ok(fpool_join(pool, GUARD_MS));
    assert_ok(fpool_terminate(pool));
    assert_status(fpool_close(NULL), FPOOL_EINVAL);
    assert_status(fpool_terminate(NULL), FPOOL_EINVAL);
    assert_status(fpool_join(NULL, 0), FPOOL_EINVAL);
    fpool_destroy(&pool);
    assert_null(pool);
    fpool_destroy(&pool);
    fpool_destroy(NULL);
}

static void row_43_an_open_pool_cannot_be_joined(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);

    (void)state;
    assert_status(fpool_join(pool, FPOOL_FOREVER), FPOOL_EBUSY);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, NULL));
    door_await(&door, 1);
    assert_status(fpool_join(pool, FPOOL_FOREVER), FPOOL_EBUSY);
    assert_ok(fpool_close(pool));
    assert_status(fpool_join(pool, 0), FPOOL_ETIMEDOUT);
    door_open(&door);
    assert_ok(fpool_join(pool, GUARD_MS));
}

static void row_44_close_and_join_finish_everything_and_handles_outlive_it(
    void **state)
{
    struct fpool *pool = make_pool(2);
    struct fpool_future *futures[8];
    struct fpool_batch *batch = NULL;
    struct fpool_result r;
    uint64_t i;

    (void)state;
    for (i = 0; i < 8; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(from_int(i)), NULL,
                                    &futures[i]));
    }
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 1000), NULL, &batch));
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    fpool_destroy(&pool);
    for (i = 0; i < 8; i++) {
        assert_ok(fpool_future_wait(futures[i], 0, &r));
        assert_int_equal(to_int(r.value), i * i);
        fpool_future_destroy(&futures[i]);
    }
    assert_ok(fpool_batch_wait(batch, 0));
    assert_ok(fpool_batch_result(batch, 999, &r));
    assert_int_equal(to_int(r.value), 999 * 999);
    fpool_batch_destroy(&batch);
}

static void row_45_leaving_a_scope_terminates_or_drains(void **state)
{
    FPOOL_SCOPED struct fpool_batch *cut = NULL;
    FPOOL_SCOPED struct fpool_batch *whole = NULL;
    static struct door door;

    (void)state;
    {
        FPOOL_SCOPED struct fpool *pool = make_pool(2);

        assert_ok(fpool_map_async(pool, FPOOL_CALL(task_until_told, &door),
                                  fpool_source_range(0, 100), NULL, &cut));
        door_await(&door, 2);
    }
    assert_status(fpool_batch_wait(cut, 0), FPOOL_ECANCELED);
    assert_int_equal(atomic_load(&door.n_left), 2);
    {
        FPOOL_SCOPED struct fpool *pool = NULL;

        assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 2,
                                                    .flags = FPOOL_DRAIN)));
        assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                                  fpool_source_range(0, 10000), NULL,
                                  &whole));
    }
    assert_ok(fpool_batch_wait(whole, 0));
    assert_int_equal(fpool_batch_count(whole), 10000);
}

static void row_46_destroying_a_running_pool_terminates_and_joins(void **state)
{
    static struct door door;
    struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_future *queued = NULL;
    struct fpool_result r;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_until_told, &door),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    door_await(&door, 2);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(NULL), NULL, &queued));
    fpool_destroy(&pool);
    assert_int_equal(atomic_load(&door.n_left), 2);
    assert_ok(fpool_future_wait(queued, 0, &r));
    assert_int_equal(r.status, FPOOL_ECANCELED);
    await_threads(n_threads);
}

static void row_47_a_stream_outlives_its_pool(void **state)
{
    static struct door door;
    struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;

    (void)state;
    objects_begin();
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 100), FPOOL_JOB(.window = 4),
                         &results));
    assert_ok(fpool_next(results, &r, GUARD_MS));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_until_told, &door),
                                fpool_item_pointer(NULL), NULL, NULL));
    door_await(&door, 1);
    fpool_destroy(&pool);
    assert_status(drain(results, NULL), FPOOL_ECANCELED);
    assert_status(fpool_next(results, &r, FPOOL_FOREVER), FPOOL_ECANCELED);
}

static void row_48_items_and_values_go_as_soon_as_they_are_released(
    void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct counted_source source = { .end = 3, .code = FPOOL_END };
    struct counted_source list = { .end = 50, .code = FPOOL_END };
    struct fpool_result r;
    int i;

    (void)state;
    objects_begin();
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_object_copy, NULL),
                         counted_source(&source),
                         FPOOL_JOB(.drop_value = object_drop), &results));
    for (i = 1; i <= 3; i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_int_equal(atomic_load(&n_objects_dropped), 2 * (i - 1));
        fpool_result_release(&r);
        assert_int_equal(atomic_load(&n_objects_dropped), 2 * i);
    }
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
    assert_objects_gone(6);
    /* Without a batch, each goes when it is finished; the pool lives on. */
    assert_ok(fpool_map(pool, FPOOL_CALL(task_object_copy, NULL),
                        counted_source(&list),
                        FPOOL_JOB(.drop_value = object_drop), NULL));
    assert_objects_gone(106);
    /* A value taken out of its result is the program's. */
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_object_copy, NULL),
                          fpool_item_take(object_make(1), object_drop),
                          FPOOL_JOB(.drop_value = object_drop), &r));
    object_drop(r.value);
    r.value = NULL;
    fpool_result_release(&r);
    assert_objects_gone(108);
}

static void row_52_no_thread_and_no_descriptor_stays_behind(void **state)
{
    int n_descriptors = count_descriptors();
    int i;

    (void)state;
    for (i = 0; i < 20; i++) {
        FPOOL_SCOPED struct fpool *pool = make_pool(8);
        FPOOL_SCOPED struct fpool_results *results = NULL;
        struct fpool_result r;

        assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                             fpool_source_range(0, 100),
                             FPOOL_JOB(.deadline_ms = 100000,
                                       .item_timeout_ms = 100000),
                             &results));
        assert_true(fpool_results_fd(results) >= 0);
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_true(count_threads() > n_threads);
        fpool_destroy(&pool);
        fpool_results_destroy(&results);
        await_threads(n_threads);
        assert_int_equal(count_descriptors(), n_descriptors);
    }
}

static void idle_workers_end(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 4, .idle_ms = 1)));
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, 1000), NULL, NULL));
    await_threads(n_threads + 1); /* the last to end is joined later */
    do {
        assert_ok(fpool_get_stats(pool, &stats));
    } while (stats.workers != 0);
    /* And start again. */
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                          fpool_item_pointer(from_int(4)), NULL, &r));
    assert_int_equal(to_int(r.value), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_32_zero_workers_means_the_default),
        cmocka_unit_test(row_33_three_workers_are_three_and_start_when_needed),
        cmocka_unit_test(row_33_eager_workers_are_there_at_once),
        cmocka_unit_test(row_34_the_default_follows_the_cpus_one_may_use),
        cmocka_unit_test(row_35_a_pool_may_be_small_or_large),
        cmocka_unit_test(row_41_closing_and_terminating_twice_is_fine),
        cmocka_unit_test(row_43_an_open_pool_cannot_be_joined),
        cmocka_unit_test(
            row_44_close_and_join_finish_everything_and_handles_outlive_it),
        cmocka_unit_test(row_45_leaving_a_scope_terminates_or_drains),
        cmocka_unit_test(row_46_destroying_a_running_pool_terminates_and_joins),
        cmocka_unit_test(row_47_a_stream_outlives_its_pool),
        cmocka_unit_test(
            row_48_items_and_values_go_as_soon_as_they_are_released),
        cmocka_unit_test(row_52_no_thread_and_no_descriptor_stays_behind),
        cmocka_unit_test(idle_workers_end),
    };

    n_threads = count_threads();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
