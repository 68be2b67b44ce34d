/* SPDX-License-Identifier: MIT */
/* Whole lists: what Python's map() and starmap() promise, with results by index
 * and errors item by item. */
#include <limits.h>
#include <pthread.h>

#include "support/check.h"

#define N 1000

/* One item, the slow one, waits until all others have finished. */
struct hostage {
    struct door door;
    atomic_int n_finished;
    int n;
    uintptr_t slow;
};

static int hostage_run(struct hostage *h, uintptr_t number, void **ret_value)
{
    if (number == h->slow) {
        door_wait(&h->door);
    } else if (atomic_fetch_add(&h->n_finished, 1) + 1 == h->n - 1) {
        door_open(&h->door);
    }
    *ret_value = from_int(number);
    return 0;
}

static int task_hostage(struct fpool_task *task, void *item, void **ret_value)
{
    return hostage_run(fpool_task_userdata(task), to_int(item), ret_value);
}

static int task_hostage_object(struct fpool_task *task, void *item,
                               void **ret_value)
{
    return hostage_run(fpool_task_userdata(task), object_value(item),
                       ret_value);
}

/* The sum of a row's numbers, and one more for each. */
static int task_sum(struct fpool_task *task, void *const *argv, size_t argc,
                    void **ret_value)
{
    uintptr_t sum = argc;
    size_t i;

    (void)task;
    for (i = 0; i < argc; i++) {
        sum += to_int(argv[i]);
    }
    *ret_value = from_int(sum);
    return 0;
}

static void check_squares(struct fpool_batch *batch, uint64_t n)
{
    struct fpool_result r;
    uint64_t i;

    assert_int_equal(fpool_batch_count(batch), n);
    for (i = 0; i < n; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.index, i);
        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(to_int(r.value), i * i);
    }
    assert_status(fpool_batch_result(batch, n, &r), FPOOL_EINVAL);
}

static void row_02_map_equals_a_loop_in_input_order(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, N), NULL, &batch));
    check_squares(batch, N);
}

static void row_03_the_chunk_changes_no_result(void **state)
{
    static const unsigned chunks[] = { 1, 2, 7, 20, N, UINT_MAX };
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(chunks); i++) {
        FPOOL_SCOPED struct fpool_batch *by_position = NULL;
        FPOOL_SCOPED struct fpool_batch *by_next = NULL;
        struct counted_source source = { .end = N,
                                         .code = FPOOL_END,
                                         .is_ready = true };

        assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                            fpool_source_range(0, N),
                            FPOOL_JOB(.chunk = chunks[i]), &by_position));
        check_squares(by_position, N);
        assert_ok(fpool_map(pool, FPOOL_CALL(task_object_square, NULL),
                            counted_source(&source),
                            FPOOL_JOB(.chunk = chunks[i]), &by_next));
        check_squares(by_next, N);
    }
}

/* Maps N items of which the one in the middle waits for all others. */
static void check_hostage(struct fpool *pool, bool by_position, unsigned chunk,
                          uintptr_t slow)
{
    struct hostage h = { .n = N, .slow = slow };
    struct counted_source source = { .end = N,
                                     .code = FPOOL_END,
                                     .is_ready = true };
    FPOOL_SCOPED struct fpool_batch *batch = NULL;

    assert_ok(fpool_map_async(
        pool,
        by_position ? FPOOL_CALL(task_hostage, &h)
                    : FPOOL_CALL(task_hostage_object, &h),
        by_position ? fpool_source_range(0, N) : counted_source(&source),
        FPOOL_JOB(.chunk = chunk, .window = N), &batch));
    assert_ok(fpool_batch_wait(batch, GUARD_MS));
    assert_int_equal(atomic_load(&h.n_finished), N - 1);
    assert_int_equal(fpool_batch_count(batch), N);
}

static void row_04_a_slow_item_holds_nobody_hostage(void **state)
{
    static const unsigned chunks[] = { 0, 2, 256, N, UINT_MAX };
    static const uintptr_t slow[] = { 0, 1, N / 2, N - 1 };
    unsigned workers;
    size_t i;
    size_t k;

    (void)state;
    for (workers = 2; workers <= 5; workers += 3) {
        for (i = 0; i < N_ELEMENTS(chunks); i++) {
            for (k = 0; k < N_ELEMENTS(slow); k++) {
                /* Each on a pool without threads, and on one that has them. */
                FPOOL_SCOPED struct fpool *pool = make_pool(workers);

                check_hostage(pool, true, chunks[i], slow[k]);
                check_hostage(pool, true, chunks[i], slow[k]);
                check_hostage(pool, false, chunks[i], slow[k]);
            }
        }
    }
}

static void row_05_an_empty_map_is_complete_at_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 0), FPOOL_JOB(.chunk = 1),
                              &batch));
    assert_ok(fpool_batch_wait(batch, GUARD_MS));
    assert_int_equal(fpool_batch_count(batch), 0);
    assert_status(fpool_batch_result(batch, 0, &r), FPOOL_EINVAL);
}

static void row_06_an_empty_array_starts_no_worker(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_array(NULL, 0, 8), NULL, NULL));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(5, 5), NULL, &results));
    assert_status(fpool_next(results, &r, FPOOL_FOREVER), FPOOL_END);
    assert_ok(fpool_get_stats(pool, &stats));
    assert_int_equal(stats.peak_workers, 0);
}

static void row_06_every_verb_takes_an_empty_list(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    struct counted_source sources[4] = {
        { .code = FPOOL_END }, { .code = FPOOL_END }, { .code = FPOOL_END },
        { .code = FPOOL_END }
    };
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    FPOOL_SCOPED struct fpool_results *ordered = NULL;
    FPOOL_SCOPED struct fpool_results *unordered = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct fpool_result r;
    size_t i;

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                        counted_source(&sources[0]), NULL, &batch));
    assert_int_equal(fpool_batch_count(batch), 0);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                         counted_source(&sources[1]), NULL, &ordered));
    assert_status(fpool_next(ordered, &r, GUARD_MS), FPOOL_END);
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_object, NULL),
                                   counted_source(&sources[2]), NULL,
                                   &unordered));
    assert_status(fpool_next(unordered, &r, GUARD_MS), FPOOL_END);
    assert_ok(fpool_sink_collect(&sink));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_object, NULL),
                             counted_source(&sources[3]), sink, NULL));
    assert_int_equal(fpool_sink_count(sink), 0);
    for (i = 0; i < N_ELEMENTS(sources); i++) {
        assert_int_equal(atomic_load(&sources[i].n_closed), 1);
    }
}

static void check_sums(struct fpool_batch *batch)
{
    struct fpool_result r;
    uint64_t i;

    assert_int_equal(fpool_batch_count(batch), 100);
    for (i = 0; i < 100; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(to_int(r.value), 3 * i + 2);
    }
}

/* Rows of two numbers: i and 2i. */
static void fill_rows(void *rows[100][2])
{
    uintptr_t i;

    for (i = 0; i < 100; i++) {
        rows[i][0] = from_int(i);
        rows[i][1] = from_int(2 * i);
    }
}

static void row_07_starmap_passes_each_row_as_arguments(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    static const unsigned chunks[] = { 0, 1, 20 };
    void *rows[100][2];
    size_t i;

    (void)state;
    fill_rows(rows);
    for (i = 0; i < N_ELEMENTS(chunks); i++) {
        FPOOL_SCOPED struct fpool_batch *batch = NULL;

        assert_ok(fpool_starmap(pool, FPOOL_STARCALL(task_sum, 2, NULL),
                                FPOOL_ARRAY(rows),
                                FPOOL_JOB(.chunk = chunks[i]), &batch));
        check_sums(batch);
    }
    assert_status(fpool_starmap(pool, FPOOL_CALL(task_square, NULL),
                                FPOOL_ARRAY(rows), NULL, NULL),
                  FPOOL_EINVAL);
}

static void row_08_starmap_async_gives_the_same_later(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    void *rows[100][2];

    (void)state;
    fill_rows(rows);
    assert_ok(fpool_starmap_async(pool, FPOOL_STARCALL(task_sum, 2, NULL),
                                  FPOOL_ARRAY(rows), NULL, &batch));
    assert_ok(fpool_batch_wait(batch, FPOOL_FOREVER));
    check_sums(batch);
}

static void row_09_map_async_returns_before_its_items_do(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_door, &door),
                              fpool_source_range(0, 10), NULL, &batch));
    assert_status(fpool_batch_wait(batch, 0), FPOOL_ETIMEDOUT);
    assert_status(fpool_batch_result(batch, 0, &r), FPOOL_EBUSY);
    assert_int_equal(fpool_batch_count(batch), 0);
    door_open(&door);
    assert_ok(fpool_batch_wait(batch, FPOOL_FOREVER));
    assert_int_equal(fpool_batch_count(batch), 10);
    assert_ok(fpool_batch_result(batch, 9, &r));
    assert_int_equal(to_int(r.value), 9);
}

static void row_26_a_failed_item_stops_no_other(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result r;
    uint64_t i;

    (void)state;
    assert_status(fpool_map(pool, FPOOL_CALL(task_code, NULL),
                            fpool_source_range(0, 10), NULL, &batch),
                  FPOOL_EFAILED);
    for (i = 0; i < 10; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.code, i);
        assert_int_equal(r.status, i == 0 ? FPOOL_OK : FPOOL_EFAILED);
    }
    fpool_batch_destroy(&batch);
    /* Unless it is asked to. */
    assert_status(fpool_map(pool, FPOOL_CALL(task_code, NULL),
                            fpool_source_range(0, N),
                            FPOOL_JOB(.flags = FPOOL_FAIL_FAST), &batch),
                  FPOOL_EFAILED);
    assert_int_equal(fpool_batch_count(batch), N);
    for (i = 0; i < N; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.status, i == 0   ? FPOOL_OK
                                   : i == 1 ? FPOOL_EFAILED
                                            : FPOOL_ECANCELED);
    }
    assert_ok(fpool_get_stats(pool, &stats));
    assert_int_equal(stats.failed - stats.cancelled, 9 + 1);
}

/* Items from 3 fail, the later the sooner: item 9 first, and item 3 last, by
 * ending its thread. */
static int task_fail_backwards(struct fpool_task *task, void *item,
                               void **ret_value)
{
    struct door *doors = fpool_task_userdata(task);
    uintptr_t n = to_int(item);

    *ret_value = item;
    door_wait(&doors[n]);
    if (n > 0) {
        door_open(&doors[n - 1]);
    }
    if (n == 3) {
        pthread_exit(NULL);
    }
    return n < 3 ? 0 : (int)n;
}

static void row_27_map_returns_the_error_of_the_lowest_index(void **state)
{
    static struct door doors[10];
    FPOOL_SCOPED struct fpool *pool = make_pool(10);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;
    uint64_t i;

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_fail_backwards, doors),
                              fpool_source_range(0, 10),
                              FPOOL_JOB(.chunk = 1), &batch));
    for (i = 0; i < 10; i++) {
        door_await(&doors[i], 1);
    }
    door_open(&doors[9]);
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_EWORKER);
    for (i = 0; i < 10; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.status, i < 3    ? FPOOL_OK
                                   : i == 3 ? FPOOL_EWORKER
                                            : FPOOL_EFAILED);
        assert_int_equal(r.code, i < 4 ? 0 : i); /* all are kept */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_02_map_equals_a_loop_in_input_order),
        cmocka_unit_test(row_03_the_chunk_changes_no_result),
        cmocka_unit_test(row_04_a_slow_item_holds_nobody_hostage),
        cmocka_unit_test(row_05_an_empty_map_is_complete_at_once),
        cmocka_unit_test(row_06_an_empty_array_starts_no_worker),
        cmocka_unit_test(row_06_every_verb_takes_an_empty_list),
        cmocka_unit_test(row_07_starmap_passes_each_row_as_arguments),
        cmocka_unit_test(row_08_starmap_async_gives_the_same_later),
        cmocka_unit_test(row_09_map_async_returns_before_its_items_do),
        cmocka_unit_test(row_26_a_failed_item_stops_no_other),
        cmocka_unit_test(row_27_map_returns_the_error_of_the_lowest_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
