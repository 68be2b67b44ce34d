/* SPDX-License-Identifier: MIT */
/* FPOOL_SCOPED and fpool_handle_destroy(): one macro for every handle. */
#include "core/handle.h"

#include "support/check.h"

static void make_one_of_each(int *ret_threads)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_cancel *token = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    FPOOL_SCOPED struct fpool_future *future = NULL;

    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 2)));
    assert_ok(fpool_cancel_create(&token, NULL));
    assert_ok(fpool_sink_collect(&sink));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 1000), NULL, &results));
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 1000), NULL, &batch));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(from_int(3)), NULL,
                                &future));
    *ret_threads = count_threads();
}

static void scope_end_destroys_every_kind_of_handle(void **state)
{
    int before = count_threads();
    int inside = 0;

    (void)state;
    make_one_of_each(&inside);
    assert_true(inside > before);
    assert_int_equal(count_threads(), before);
}

static void a_scoped_null_is_left_alone(void **state)
{
    struct fpool *pool = NULL;

    (void)state;
    fpool_handle_destroy(&pool);
    assert_null(pool);
}

static void destroying_stores_null_and_accepts_null(void **state)
{
    struct fpool *pool = NULL;

    (void)state;
    assert_ok(fpool_create(&pool, NULL));
    fpool_destroy(&pool);
    assert_null(pool);
    fpool_destroy(&pool);
    fpool_destroy(NULL);
    fpool_results_destroy(NULL);
    fpool_batch_destroy(NULL);
    fpool_future_destroy(NULL);
    fpool_cancel_destroy(NULL);
    fpool_sink_destroy(NULL);
    assert_null(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scope_end_destroys_every_kind_of_handle),
        cmocka_unit_test(a_scoped_null_is_left_alone),
        cmocka_unit_test(destroying_stores_null_and_accepts_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
