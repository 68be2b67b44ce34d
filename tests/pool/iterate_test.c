/* SPDX-License-Identifier: MIT */
/* Sources that fail and tasks that fail, in the middle of a map or a stream: what
 * came before is delivered, the fault is told once, the pool goes on. */
#include <limits.h>

#include "support/check.h"

#define FAULT 1234

/* Maps over a source that fails after 'n' items; the pool must be none the worse
 * for it, so the callers do it twice. */
static void check_map_fault(struct fpool *pool, uint64_t n, uint64_t hint)
{
    struct counted_source source = { .end = n, .code = FAULT, .hint = hint };
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;
    uint64_t i;

    assert_status(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                            counted_source(&source), NULL, &batch),
                  FPOOL_ESOURCE);
    assert_int_equal(fpool_batch_source_code(batch), FAULT);
    assert_int_equal(fpool_batch_count(batch), n);
    for (i = 0; i < n; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(to_int(r.value), i);
    }
    assert_int_equal(atomic_load(&source.n_closed), 1);
}

static void row_14_map_tells_a_source_that_fails_at_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);

    (void)state;
    check_map_fault(pool, 0, 0);
    check_map_fault(pool, 0, 0);
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, 10), NULL, NULL));
}

static void row_15_items_before_a_failed_one_are_run_and_dropped_once(
    void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);

    (void)state;
    objects_begin();
    check_map_fault(pool, 3, 0);
    check_map_fault(pool, 3, 0);
    assert_objects_gone(6);
}

static void row_16_a_hint_that_lies_ends_nothing(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct counted_source source = { .end = 10, .code = FPOOL_END, .hint = 3 };

    (void)state;
    check_map_fault(pool, 0, 1 << 20);
    check_map_fault(pool, 7, 1 << 20);
    check_map_fault(pool, 7, UINT64_MAX);
    assert_ok(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                        counted_source(&source), NULL, &batch));
    assert_int_equal(fpool_batch_count(batch), 10);
}

typedef enum fpool_status stream_verb(struct fpool *pool,
                                      const struct fpool_op *op,
                                      struct fpool_source source,
                                      const struct fpool_job_options *job,
                                      struct fpool_results **ret_results);

/* Streams a source that fails after 'n' items: exactly these, then the fault
 * once, then the end for ever. */
static void check_stream_fault(struct fpool *pool, stream_verb *verb,
                               unsigned chunk, uint64_t n)
{
    struct counted_source source = { .end = n,
                                     .code = FAULT,
                                     .is_ready = chunk > 1 };
    FPOOL_SCOPED struct fpool_results *results = NULL;
    bool seen[16] = { false };
    struct fpool_result r;
    uint64_t i;

    assert_ok(verb(pool, FPOOL_CALL(task_object, NULL),
                   counted_source(&source), FPOOL_JOB(.chunk = chunk),
                   &results));
    for (i = 0; i < n; i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_int_equal(r.status, FPOOL_OK);
        assert_in_range(r.index, 0, n - 1);
        assert_int_equal(to_int(r.value), r.index);
        assert_true(verb != fpool_imap || r.index == i);
        assert_false(seen[r.index]);
        seen[r.index] = true;
        fpool_result_release(&r);
    }
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_ESOURCE);
    assert_int_equal(fpool_results_source_code(results), FAULT);
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
    assert_status(fpool_next(results, &r, 0), FPOOL_END);
    assert_int_equal(fpool_results_source_code(results), FAULT);
    assert_int_equal(atomic_load(&source.n_closed), 1);
}

static void row_17_imap_tells_a_source_that_fails_at_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);

    (void)state;
    check_stream_fault(pool, fpool_imap, 0, 0);
    check_stream_fault(pool, fpool_imap, 0, 0);
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, 10), NULL, NULL));
}

static void row_18_imap_gives_what_came_before_the_fault_then_the_fault(
    void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);

    (void)state;
    check_stream_fault(pool, fpool_imap, 1, 3);
    check_stream_fault(pool, fpool_imap, 1, 3);
}

static void row_19_no_chunk_loses_items_before_the_fault(void **state)
{
    static const unsigned chunks[] = { 0, 2, 4, 7, 20, UINT_MAX };
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(chunks); i++) {
        check_stream_fault(pool, fpool_imap, chunks[i], 7);
    }
}

static void row_20_unordered_too_tells_the_fault_last(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    int i;

    (void)state;
    check_stream_fault(pool, fpool_imap_unordered, 0, 0);
    for (i = 0; i < 100; i++) {
        check_stream_fault(pool, fpool_imap_unordered, 1, 3);
        check_stream_fault(pool, fpool_imap_unordered, 4, 10);
    }
}

/* Every third item fails, with its number as the code. */
static int task_fail_thirds(struct fpool_task *task, void *item,
                            void **ret_value)
{
    (void)task;
    *ret_value = item;
    return to_int(item) % 3 == 2 ? (int)to_int(item) : 0;
}

static void check_thirds(struct fpool *pool, stream_verb *verb, unsigned chunk,
                         uint64_t n)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    uint64_t i;

    assert_ok(verb(pool, FPOOL_CALL(task_fail_thirds, NULL),
                   fpool_source_range(0, n), FPOOL_JOB(.chunk = chunk),
                   &results));
    for (i = 0; i < n; i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_true(verb != fpool_imap || r.index == i);
        assert_int_equal(to_int(r.value), r.index);
        assert_int_equal(r.status,
                         r.index % 3 == 2 ? FPOOL_EFAILED : FPOOL_OK);
        assert_int_equal(r.code, r.index % 3 == 2 ? r.index : 0);
        fpool_result_release(&r);
    }
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
}

static void row_21_a_failed_item_is_data_and_the_iteration_goes_on(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);

    (void)state;
    check_thirds(pool, fpool_imap, 1, 10);
    check_thirds(pool, fpool_imap, 5, 100);
    check_thirds(pool, fpool_imap_unordered, 1, 10);
    check_thirds(pool, fpool_imap_unordered, 5, 100);
}

static int task_fail_five(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    *ret_value = from_int(object_value(item));
    return object_value(item) == 5 ? 50 : 0;
}

static void row_22_a_failed_item_costs_its_chunk_nothing(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct counted_source source = { .end = 20,
                                     .code = FPOOL_END,
                                     .is_ready = true };
    struct fpool_result r;
    uintptr_t i;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_fail_five, NULL),
                         counted_source(&source),
                         FPOOL_JOB(.chunk = 10, .window = 20), &results));
    for (i = 0; i < 20; i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_int_equal(r.status, i == 5 ? FPOOL_EFAILED : FPOOL_OK);
        assert_int_equal(r.code, i == 5 ? 50 : 0);
        assert_int_equal(to_int(r.value), i);
        fpool_result_release(&r);
    }
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
}

static void row_25_any_number_is_a_chunk(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);

    (void)state;
    check_thirds(pool, fpool_imap, 0, 1000);
    check_thirds(pool, fpool_imap, UINT_MAX, 1000);
    check_thirds(pool, fpool_imap_unordered, 0, 1000);
    check_thirds(pool, fpool_imap_unordered, UINT_MAX, 1000);
}

static int task_pointed_code(struct fpool_task *task, void *item,
                             void **ret_value)
{
    (void)task;
    *ret_value = NULL;
    return *(const int *)item;
}

static void row_55_values_then_an_error_then_more_values(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    static const int codes[] = { 0, 0, 5, 0 };
    struct fpool_result r;
    size_t i;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_pointed_code, NULL),
                         FPOOL_ARRAY(codes), NULL, &results));
    for (i = 0; i < N_ELEMENTS(codes); i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_int_equal(r.status, i == 2 ? FPOOL_EFAILED : FPOOL_OK);
        assert_int_equal(r.code, codes[i]);
        assert_ptr_equal(r.item.data, &codes[i]); /* which one it was */
    }
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
}

/* A source that a constructor could not make is refused, whatever the verb, and
 * closed all the same. */
static void a_source_with_a_status_is_refused_with_it(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct counted_source state_of_source = { .end = 1 };
    struct fpool_source source = counted_source(&state_of_source);
    struct fpool_batch *batch = NULL;
    struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;

    (void)state;
    assert_ok(fpool_sink_null(&sink));
    source.status = FPOOL_ENOMEM;
    assert_status(fpool_map(pool, FPOOL_CALL(task_object, NULL), source, NULL,
                            &batch),
                  FPOOL_ENOMEM);
    assert_status(fpool_imap(pool, FPOOL_CALL(task_object, NULL), source, NULL,
                             &results),
                  FPOOL_ENOMEM);
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_object, NULL), source,
                                 sink, NULL),
                  FPOOL_ENOMEM);
    assert_null(batch);
    assert_null(results);
    assert_int_equal(atomic_load(&state_of_source.n_closed), 3);
    assert_int_equal(atomic_load(&state_of_source.n_yielded), 0);
}

/* A verb consumes its source also when it refuses the rest. */
static void a_refused_verb_closes_its_source(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct counted_source source = { .end = 1 };
    struct fpool_results *results = NULL;

    (void)state;
    assert_status(fpool_imap(NULL, FPOOL_CALL(task_object, NULL),
                             counted_source(&source), NULL, &results),
                  FPOOL_EINVAL);
    assert_status(fpool_imap(pool, NULL, counted_source(&source), NULL,
                             &results),
                  FPOOL_EINVAL);
    assert_status(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                             counted_source(&source), NULL, NULL),
                  FPOOL_EINVAL);
    assert_status(fpool_imap(pool, FPOOL_CALL(NULL, NULL),
                             counted_source(&source), NULL, &results),
                  FPOOL_EINVAL);
    assert_status(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                            counted_source(&source),
                            FPOOL_JOB(.window = UINT_MAX), NULL),
                  FPOOL_EINVAL);
    assert_status(fpool_map_async(pool, FPOOL_CALL(task_object, NULL),
                                  counted_source(&source), NULL, NULL),
                  FPOOL_EINVAL);
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_object, NULL),
                                 counted_source(&source), NULL, NULL),
                  FPOOL_EINVAL);
    assert_null(results);
    assert_int_equal(atomic_load(&source.n_closed), 7);
    assert_int_equal(atomic_load(&source.n_yielded), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_14_map_tells_a_source_that_fails_at_once),
        cmocka_unit_test(
            row_15_items_before_a_failed_one_are_run_and_dropped_once),
        cmocka_unit_test(row_16_a_hint_that_lies_ends_nothing),
        cmocka_unit_test(row_17_imap_tells_a_source_that_fails_at_once),
        cmocka_unit_test(
            row_18_imap_gives_what_came_before_the_fault_then_the_fault),
        cmocka_unit_test(row_19_no_chunk_loses_items_before_the_fault),
        cmocka_unit_test(row_20_unordered_too_tells_the_fault_last),
        cmocka_unit_test(
            row_21_a_failed_item_is_data_and_the_iteration_goes_on),
        cmocka_unit_test(row_22_a_failed_item_costs_its_chunk_nothing),
        cmocka_unit_test(row_25_any_number_is_a_chunk),
        cmocka_unit_test(row_55_values_then_an_error_then_more_values),
        cmocka_unit_test(a_source_with_a_status_is_refused_with_it),
        cmocka_unit_test(a_refused_verb_closes_its_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
