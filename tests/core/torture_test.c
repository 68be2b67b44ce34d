/* SPDX-License-Identifier: MIT */
/* Allocation torture: every verb, with the n-th allocation failing, for all n
 * until nothing fails.  Each call succeeds or says so; nothing leaks (threads,
 * objects, descriptors; memory under the sanitizers) and nothing hangs. */
#include <unistd.h>

#include "base/mem.h"
#include "support/check.h"

static int task_copy_object(struct fpool_task *task, void *item, void **ret_value)
{
    struct fpool_cancel *token = fpool_task_cancel_token(task);

    *ret_value = object_make(object_value(item));
    return token == NULL || fpool_cancel_is_tripped(token);
}

static const struct fpool_job_options *job_options(void)
{
    static struct fpool_job_options o = { .struct_size = sizeof(o),
                                          .drop_value = object_drop,
                                          .deadline_ms = 600000,
                                          .item_timeout_ms = 600000 };

    return &o;
}

static void use_stream(struct fpool *pool, bool is_ordered)
{
    struct counted_source source = { .end = 40, .code = FPOOL_END };
    struct fpool_results *results = NULL;
    struct fpool_result r;
    enum fpool_status st;
    int n = 0;

    st = (is_ordered ? fpool_imap : fpool_imap_unordered)(
        pool, FPOOL_CALL(task_copy_object, NULL), counted_source(&source),
        job_options(), &results);
    if (st == FPOOL_OK) {
        fpool_results_fd(results);
        while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
            fpool_result_release(&r);
            n++;
        }
        assert_int_equal(n, atomic_load(&source.n_yielded));
    } else {
        assert_status(st, FPOOL_ENOMEM);
    }
    fpool_results_destroy(&results);
    assert_int_equal(atomic_load(&source.n_closed), 1);
}

static void use_batch(struct fpool *pool)
{
    struct counted_source source = { .end = 40, .code = FPOOL_END };
    struct fpool_batch *batch = NULL;
    enum fpool_status st;

    st = fpool_map(pool, FPOOL_CALL(task_copy_object, NULL), counted_source(&source),
                   job_options(), &batch);
    assert_true(st == FPOOL_OK || st == FPOOL_ENOMEM || st == FPOOL_EFAILED ||
                st == FPOOL_EDEADLINE);
    fpool_batch_destroy(&batch);
    assert_int_equal(atomic_load(&source.n_closed), 1);
}

static void use_future(struct fpool *pool)
{
    struct fpool_future *future = NULL;
    void *object = object_make(9);

    if (fpool_apply_async(pool, FPOOL_CALL(task_copy_object, NULL),
                          fpool_item_take(object, object_drop), job_options(),
                          &future) != FPOOL_OK) {
        object_drop(object); /* a refused item stays its owner's */
    }
    fpool_future_wait(future, FPOOL_FOREVER, NULL);
    fpool_future_destroy(&future);
}

static void use_sink(struct fpool *pool)
{
    struct counted_source source = { .end = 40, .code = FPOOL_END };
    struct fpool_sink *sink = NULL;

    if (fpool_sink_collect(&sink) == FPOOL_OK) {
        fpool_for_each(pool, FPOOL_CALL(task_copy_object, NULL),
                       counted_source(&source), sink, job_options());
        assert_int_equal(atomic_load(&source.n_closed), 1);
    }
    fpool_sink_destroy(&sink);
}

static void use_lines(struct fpool *pool)
{
    struct fpool_batch *batch = NULL;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "1\n2\n3\n", 6), 6);
    close(ends[1]);
    fpool_map(pool, FPOOL_CALL(task_code, NULL),
              fpool_source_lines_with(ends[0], FPOOL_LINES(.flags =
                                                           FPOOL_LINES_CLOSE)),
              NULL, &batch);
    fpool_batch_destroy(&batch);
}

static void use_everything(void)
{
    struct fpool *pool = NULL;

    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 2)) == FPOOL_OK) {
        use_stream(pool, false);
        use_stream(pool, true);
        use_batch(pool);
        use_future(pool);
        use_sink(pool);
        use_lines(pool);
    }
    fpool_destroy(&pool);
}

/* Returns whether the n-th allocation was ever asked for. */
static bool torture(unsigned long n, int persistent)
{
    int threads = count_threads();
    int descriptors = count_descriptors();
    unsigned long asked;

    fpool_mem_fail_at(n, persistent);
    use_everything();
    asked = fpool_mem_count();
    fpool_mem_fail_at(0, 0);
    assert_int_equal(count_threads(), threads);
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(atomic_load(&n_objects_made),
                     atomic_load(&n_objects_dropped));
    return asked >= n;
}

static void any_single_allocation_may_fail(void **state)
{
    unsigned long n = 1;

    (void)state;
    while (torture(n, 0)) {
        n++;
    }
    assert_true(n > 20); /* it did reach the verbs */
}

static void all_allocations_from_any_one_on_may_fail(void **state)
{
    unsigned long n = 1;

    (void)state;
    while (torture(n, 1)) {
        n++;
    }
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_single_allocation_may_fail),
        cmocka_unit_test(all_allocations_from_any_one_on_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
