/* SPDX-License-Identifier: MIT */
/* Sources whose items have positions: arrays, ranges, and a user's own. */
#include "fetchpool/source.h"

#include "support/check.h"

/* A task: the value is the item itself. */
static int give_back(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    *ret_value = item;
    return 0;
}

/* ---- Arrays. */

static void an_array_yields_pointers_to_its_elements(void **state)
{
    struct {
        char name[3];
        double weight;
    } things[100];
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(give_back, NULL), FPOOL_ARRAY(things),
                        NULL, &batch));
    assert_int_equal(fpool_batch_count(batch), 100);
    for (uint64_t i = 0; i < 100; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.index, i);
        assert_ptr_equal(r.item.data, &things[i]);
        assert_ptr_equal(r.value, &things[i]);
        assert_int_equal(r.item.size, 0);
        assert_null(r.item.drop);
    }
}

static void part_of_an_array_is_a_source_too(void **state)
{
    int numbers[10];
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;

    (void)state;
    /* Every second element, from the second on. */
    assert_ok(
        fpool_imap(pool, FPOOL_CALL(give_back, NULL),
                   fpool_source_array(numbers + 1, 5, 2 * sizeof(numbers[0])),
                   NULL, &results));
    for (size_t i = 0; i < 5; i++) {
        assert_ok(fpool_next(results, &r, FPOOL_FOREVER));
        assert_ptr_equal(r.value, &numbers[1 + 2 * i]);
        fpool_result_release(&r);
    }
    assert_status(fpool_next(results, &r, FPOOL_FOREVER), FPOOL_END);
}

static void an_empty_source_has_no_results(void **state)
{
    const struct fpool_source sources[] = { fpool_source_array(NULL, 0, 8),
                                            fpool_source_range(0, 0),
                                            fpool_source_range(7, 7),
                                            fpool_source_range(7, 3) };
    FPOOL_SCOPED struct fpool *pool = make_pool(4);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(sources); i++) {
        FPOOL_SCOPED struct fpool_batch *batch = NULL;
        FPOOL_SCOPED struct fpool_results *results = NULL;
        struct fpool_result r;

        assert_ok(fpool_map(pool, FPOOL_CALL(give_back, NULL), sources[i], NULL,
                            &batch));
        assert_int_equal(fpool_batch_count(batch), 0);
        assert_status(fpool_batch_result(batch, 0, &r), FPOOL_EINVAL);
        assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(give_back, NULL),
                                       sources[i], NULL, &results));
        assert_status(fpool_next(results, &r, FPOOL_FOREVER), FPOOL_END);
    }
}

static void an_array_without_memory_is_refused(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);

    (void)state;
    assert_status(fpool_map(pool, FPOOL_CALL(give_back, NULL),
                            fpool_source_array(NULL, 1, 8), NULL, NULL),
                  FPOOL_EINVAL);
}

/* ---- Ranges. */

static void a_range_yields_its_numbers_without_the_end(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(give_back, NULL),
                         fpool_source_range(1000, 3000), NULL, &results));
    for (uint64_t i = 0; i < 2000; i++) {
        assert_ok(fpool_next(results, &r, FPOOL_FOREVER));
        assert_int_equal(r.index, i);
        assert_int_equal(fpool_item_number(r.item.data), 1000 + i);
        assert_int_equal(fpool_item_number(r.value), 1000 + i);
        fpool_result_release(&r);
    }
    assert_status(fpool_next(results, &r, FPOOL_FOREVER), FPOOL_END);
}

static void a_range_may_end_where_numbers_end(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(give_back, NULL),
                        fpool_source_range(UINTPTR_MAX - 3, UINTPTR_MAX), NULL,
                        &batch));
    assert_int_equal(fpool_batch_count(batch), 3);
    assert_ok(fpool_batch_result(batch, 2, &r));
    assert_true(fpool_item_number(r.value) == UINTPTR_MAX - 1);
}

/* ---- A source of the user's own, with positions. */

static atomic_int n_closed;

/* Pure, as it may be called more than once for an item. */
static void number_item(const struct fpool_source *source, uint64_t index,
                        struct fpool_item *ret_item)
{
    ret_item->data = from_int((uintptr_t)(source->first + index));
    ret_item->size = 3;
}

static void count_close(void *self)
{
    assert_ptr_equal(self, &n_closed);
    atomic_fetch_add(&n_closed, 1);
}

static struct fpool_source own_source(uint64_t count)
{
    atomic_store(&n_closed, 0);
    return (struct fpool_source){ .item_at = number_item,
                                  .close = count_close,
                                  .self = &n_closed,
                                  .first = 100,
                                  .count = count };
}

static void check_closed_once(void)
{
    assert_int_equal(atomic_load(&n_closed), 1);
}

static void own_items_reach_map_by_position(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_batch *batch = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(give_back, NULL), own_source(500),
                        NULL, &batch));
    for (uint64_t i = 0; i < 500; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(to_int(r.item.data), 100 + i);
        assert_int_equal(r.item.size, 3);
        assert_int_equal(to_int(r.value), 100 + i);
    }
    fpool_batch_destroy(&batch);
    check_closed_once();
    assert_ok(fpool_map(pool, FPOOL_CALL(give_back, NULL), own_source(500),
                        NULL, NULL));
    check_closed_once();
    fpool_destroy(&pool);
    check_closed_once();
}

static void own_items_reach_imap_by_position(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;
    struct fpool_result r;
    uint64_t n = 0;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(give_back, NULL), own_source(500),
                         NULL, &results));
    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        assert_int_equal(to_int(r.item.data), 100 + n);
        assert_int_equal(r.item.size, 3);
        n++;
        fpool_result_release(&r);
    }
    assert_int_equal(n, 500);
    fpool_results_destroy(&results);
    check_closed_once();
    fpool_destroy(&pool);
    check_closed_once();
}

static void an_own_source_is_closed_once_when_nobody_reads(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;

    (void)state;
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(give_back, NULL),
                                   own_source(UINT64_C(1) << 40), NULL,
                                   &results));
    fpool_results_destroy(&results);
    check_closed_once();
    assert_ok(fpool_imap(pool, FPOOL_CALL(give_back, NULL),
                         own_source(UINT64_C(1) << 40), NULL, &results));
    fpool_destroy(&pool); /* the handle outlives its pool */
    fpool_results_destroy(&results);
    check_closed_once();
}

static void an_own_source_is_closed_once_by_a_verb_that_fails(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;
    struct fpool_source broken;

    (void)state;
    assert_status(fpool_imap(pool, NULL, own_source(3), NULL, &results),
                  FPOOL_EINVAL);
    check_closed_once();
    broken = own_source(3);
    broken.item_at = NULL; /* neither positions nor 'next' */
    assert_status(
        fpool_imap(pool, FPOOL_CALL(give_back, NULL), broken, NULL, &results),
        FPOOL_EINVAL);
    check_closed_once();
    broken = own_source(3);
    broken.status = FPOOL_ENOMEM;
    assert_status(
        fpool_map(pool, FPOOL_CALL(give_back, NULL), broken, NULL, NULL),
        FPOOL_ENOMEM);
    check_closed_once();
    assert_ok(fpool_close(pool));
    assert_status(fpool_for_each(pool, FPOOL_CALL(give_back, NULL),
                                 own_source(3), NULL, NULL),
                  FPOOL_EINVAL);
    check_closed_once();
    assert_status(
        fpool_map(pool, FPOOL_CALL(give_back, NULL), own_source(3), NULL, NULL),
        FPOOL_ECLOSED);
    check_closed_once();
    fpool_destroy(&pool);
    assert_int_equal(atomic_load(&n_closed), 1);
}

static void an_own_source_is_closed_once_when_the_job_is_cancelled(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *token = NULL;
    struct fpool *pool = make_pool(4);
    struct fpool_batch *batch = NULL;

    (void)state;
    assert_ok(fpool_cancel_create(&token, NULL));
    fpool_cancel_trip(token);
    assert_ok(fpool_map_async(pool, FPOOL_CALL(give_back, NULL),
                              own_source(1000), FPOOL_JOB(.cancel = token),
                              &batch));
    assert_status(fpool_batch_wait(batch, FPOOL_FOREVER), FPOOL_ECANCELED);
    fpool_batch_destroy(&batch);
    fpool_destroy(&pool);
    check_closed_once();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_yields_pointers_to_its_elements),
        cmocka_unit_test(part_of_an_array_is_a_source_too),
        cmocka_unit_test(an_empty_source_has_no_results),
        cmocka_unit_test(an_array_without_memory_is_refused),
        cmocka_unit_test(a_range_yields_its_numbers_without_the_end),
        cmocka_unit_test(a_range_may_end_where_numbers_end),
        cmocka_unit_test(own_items_reach_map_by_position),
        cmocka_unit_test(own_items_reach_imap_by_position),
        cmocka_unit_test(an_own_source_is_closed_once_when_nobody_reads),
        cmocka_unit_test(an_own_source_is_closed_once_by_a_verb_that_fails),
        cmocka_unit_test(
            an_own_source_is_closed_once_when_the_job_is_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
