/* SPDX-License-Identifier: MIT */
/* Tasks that end their own thread: the item fails, everything else goes on. */
#include <pthread.h>

#include "support/check.h"

#define N 200

/* Ends its thread for the items whose number is a multiple of the userdata,
 * which must not be 0. */
static int end_or_not(struct fpool_task *task, uintptr_t number,
                      void **ret_value)
{
    const uintptr_t *multiple = fpool_task_userdata(task);

    *ret_value = object_make(number);
    if (number % *multiple == 0) {
        pthread_exit(NULL);
    }
    return 0;
}

static int task_exit(struct fpool_task *task, void *item, void **ret_value)
{
    return end_or_not(task, to_int(item), ret_value);
}

static int task_exit_object(struct fpool_task *task, void *item,
                            void **ret_value)
{
    return end_or_not(task, object_value(item), ret_value);
}

/* The same by cancellation. */
static int task_cancel_thread(struct fpool_task *task, void *item,
                              void **ret_value)
{
    (void)task;
    *ret_value = item;
    pthread_cancel(pthread_self());
    pthread_testcancel();
    return 0;
}

static void row_53_a_task_that_ends_its_thread_fails_and_the_pool_goes_on(
    void **state)
{
    static const uintptr_t all = 1;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_result r;
    int i;

    (void)state;
    objects_begin();
    for (i = 0; i < 3; i++) {
        assert_ok(fpool_apply(pool,
                              FPOOL_CALL(task_exit, (void *)(uintptr_t)&all),
                              fpool_item_pointer(from_int(7)),
                              FPOOL_JOB(.drop_value = object_drop), &r));
        assert_int_equal(r.status, FPOOL_EWORKER);
        assert_int_equal(to_int(r.item.data), 7);
        fpool_result_release(&r);
        assert_ok(fpool_apply(pool, FPOOL_CALL(task_cancel_thread, NULL),
                              fpool_item_pointer(from_int(8)), NULL, &r));
        assert_int_equal(r.status, FPOOL_EWORKER);
        assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                              fpool_item_pointer(from_int(9)), NULL, &r));
        assert_int_equal(to_int(r.value), 81);
    }
    assert_objects_gone(3); /* the value was stored: it is dropped */
}

/* Maps N items of which some end their thread: only these fail. */
static void check_map(struct fpool *pool, bool by_position, unsigned chunk,
                      uintptr_t multiple)
{
    struct counted_source source = { .end = N,
                                     .code = FPOOL_END,
                                     .is_ready = true };
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;
    uint64_t i;

    assert_ok(fpool_map_async(
        pool,
        by_position ? FPOOL_CALL(task_exit, &multiple)
                    : FPOOL_CALL(task_exit_object, &multiple),
        by_position ? fpool_source_range(0, N) : counted_source(&source),
        FPOOL_JOB(.chunk = chunk, .window = N, .drop_value = object_drop),
        &batch));
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_EWORKER);
    for (i = 0; i < N; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.status,
                         i % multiple == 0 ? FPOOL_EWORKER : FPOOL_OK);
        assert_int_equal(object_value(r.value), i);
    }
}

static void row_53_the_rest_of_its_chunk_still_runs(void **state)
{
    static const unsigned chunks[] = { 0, 1, 10, N };
    static const uintptr_t multiples[] = { 1, 50, N };
    unsigned workers;
    size_t c;
    size_t m;

    (void)state;
    objects_begin();
    for (workers = 1; workers <= 3; workers += 2) {
        FPOOL_SCOPED struct fpool *pool = make_pool(workers);

        for (c = 0; c < N_ELEMENTS(chunks); c++) {
            for (m = 0; m < N_ELEMENTS(multiples); m++) {
                check_map(pool, true, chunks[c], multiples[m]);
                check_map(pool, false, chunks[c], multiples[m]);
            }
        }
    }
    assert_objects_gone(2 * 4 * 3 * N * 3);
}

static void row_53_a_stream_loses_nothing_by_it(void **state)
{
    static const uintptr_t tenth = 10;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    uint64_t i;

    (void)state;
    objects_begin();
    assert_ok(fpool_imap(pool,
                         FPOOL_CALL(task_exit, (void *)(uintptr_t)&tenth),
                         fpool_source_range(0, N),
                         FPOOL_JOB(.window = 20, .chunk = 8,
                                   .drop_value = object_drop),
                         &results));
    for (i = 0; i < N; i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_int_equal(r.index, i);
        assert_int_equal(r.status, i % 10 == 0 ? FPOOL_EWORKER : FPOOL_OK);
        fpool_result_release(&r);
    }
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
    assert_objects_gone(N);
}

static atomic_int n_init;
static atomic_int n_fini;

static int count_init(void *userdata, void **ret_local)
{
    (void)userdata;
    (void)ret_local;
    atomic_fetch_add(&n_init, 1);
    return 0;
}

static void count_fini(void *userdata, void *local)
{
    (void)userdata;
    (void)local;
    atomic_fetch_add(&n_fini, 1);
}

static void row_53_a_new_worker_takes_the_place_of_the_old(void **state)
{
    static const uintptr_t all = 1;
    int n_threads = count_threads();
    struct fpool *pool = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 1,
                                                .init = count_init,
                                                .fini = count_fini)));
    assert_status(fpool_map(pool,
                            FPOOL_CALL(task_exit, (void *)(uintptr_t)&all),
                            fpool_source_range(0, 10),
                            FPOOL_JOB(.chunk = 10, .drop_value = object_drop),
                            NULL),
                  FPOOL_EWORKER);
    assert_ok(fpool_get_stats(pool, &stats));
    assert_int_equal(stats.peak_workers, 1);
    fpool_destroy(&pool);
    await_threads(n_threads);
    assert_int_equal(atomic_load(&n_init), 10);
    assert_int_equal(atomic_load(&n_fini), 10);
}

/* ---- A thread that ends in a nested call ends all the tasks on its stack. */

static int task_nested_apply(struct fpool_task *task, void *item,
                             void **ret_value)
{
    static const uintptr_t all = 1;
    struct fpool_result r;

    (void)ret_value;
    return (int)fpool_apply(fpool_task_pool(task),
                            FPOOL_CALL(task_exit, (void *)(uintptr_t)&all),
                            fpool_item_take(item, object_drop),
                            FPOOL_JOB(.drop_value = object_drop), &r);
}

static int task_nested_for_each(struct fpool_task *task, void *item,
                                void **ret_value)
{
    static const uintptr_t all = 1;

    (void)ret_value;
    return (int)fpool_for_each(
        fpool_task_pool(task), FPOOL_CALL(task_exit, (void *)(uintptr_t)&all),
        fpool_source_range(0, 100), item,
        FPOOL_JOB(.window = 2, .drop_value = object_drop));
}

static int task_nested_map(struct fpool_task *task, void *item,
                           void **ret_value)
{
    static const uintptr_t all = 1;

    (void)ret_value;
    return (int)fpool_map(
        fpool_task_pool(task),
        FPOOL_CALL(task_exit_object, (void *)(uintptr_t)&all),
        counted_source(item), FPOOL_JOB(.drop_value = object_drop), NULL);
}

static void check_nested(fpool_call_function *function, void *data)
{
    struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_result r;

    assert_ok(fpool_apply_async(pool, FPOOL_CALL(function, NULL),
                                fpool_item_pointer(data), NULL, &future));
    assert_ok(fpool_future_wait(future, GUARD_MS, &r));
    assert_int_equal(r.status, FPOOL_EWORKER);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    fpool_destroy(&pool);
}

static void row_53_the_nested_and_the_outer_item_fail(void **state)
{
    static struct counted_source source = { .end = 10, .code = FPOOL_END };
    FPOOL_SCOPED struct fpool_sink *sink = NULL;

    (void)state;
    objects_begin();
    check_nested(task_nested_apply, object_make(1));
    assert_objects_gone(2);
    check_nested(task_nested_map, &source);
    assert_objects_gone(4);
    assert_ok(fpool_sink_null(&sink));
    check_nested(task_nested_for_each, sink);
    assert_objects_gone(5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            row_53_a_task_that_ends_its_thread_fails_and_the_pool_goes_on),
        cmocka_unit_test(row_53_the_rest_of_its_chunk_still_runs),
        cmocka_unit_test(row_53_a_stream_loses_nothing_by_it),
        cmocka_unit_test(row_53_a_new_worker_takes_the_place_of_the_old),
        cmocka_unit_test(row_53_the_nested_and_the_outer_item_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
