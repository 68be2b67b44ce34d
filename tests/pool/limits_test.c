/* SPDX-License-Identifier: MIT */
/* What a job may be told about its own end and pace: limits, time-outs, deadlines,
 * tokens, the first failure. */
#include "support/check.h"

#define N 1000

/* How many tasks run at once. */
struct crowd {
    atomic_int n_now;
    atomic_int n_most;
    atomic_int n_meet; /* how many wait for each other at first */
    atomic_int n_met;
};

static int task_crowd(struct fpool_task *task, void *item, void **ret_value)
{
    struct crowd *c = fpool_task_userdata(task);
    int n = atomic_fetch_add(&c->n_now, 1) + 1;
    int most = atomic_load(&c->n_most);

    while (most < n && !atomic_compare_exchange_weak(&c->n_most, &most, n)) {
    }
    if (to_int(item) < (uintptr_t)atomic_load(&c->n_meet)) {
        atomic_fetch_add(&c->n_met, 1);
        await_count(&c->n_met, atomic_load(&c->n_meet));
    }
    atomic_fetch_sub(&c->n_now, 1);
    *ret_value = item;
    return 0;
}

static void no_more_than_the_limit_run_at_once(void **state)
{
    static const unsigned chunks[] = { 0, 1, 5 };
    FPOOL_SCOPED struct fpool *pool = make_pool(8);
    unsigned limit;
    size_t i;
    int n;

    (void)state;
    for (limit = 1; limit <= 3; limit++) {
        for (i = 0; i < N_ELEMENTS(chunks); i++) {
            struct crowd stream = { .n_meet = (int)limit };
            struct crowd map = { .n_meet = (int)limit };
            FPOOL_SCOPED struct fpool_results *results = NULL;
            FPOOL_SCOPED struct fpool_batch *batch = NULL;

            assert_ok(fpool_imap(pool, FPOOL_CALL(task_crowd, &stream),
                                 fpool_source_range(0, N),
                                 FPOOL_JOB(.limit = limit, .window = 20,
                                           .chunk = chunks[i]),
                                 &results));
            assert_status(drain(results, &n), FPOOL_END);
            assert_int_equal(n, N);
            assert_int_equal(atomic_load(&stream.n_most), limit);
            assert_ok(fpool_map_async(pool, FPOOL_CALL(task_crowd, &map),
                                      fpool_source_range(0, N),
                                      FPOOL_JOB(.limit = limit,
                                                .chunk = chunks[i]),
                                      &batch));
            assert_ok(fpool_batch_wait(batch, GUARD_MS));
            assert_int_equal(atomic_load(&map.n_most), limit);
        }
    }
}

static void a_limited_job_leaves_the_other_workers_free(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    FPOOL_SCOPED struct fpool_batch *limited = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct crowd crowd = { .n_meet = 2 };

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_door, &door),
                              fpool_source_range(0, 10), FPOOL_JOB(.limit = 1),
                              &limited));
    door_await(&door, 1);
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_crowd, &crowd),
                              fpool_source_range(0, N), FPOOL_JOB(.chunk = 1),
                              &batch));
    assert_ok(fpool_batch_wait(batch, GUARD_MS));
    assert_int_equal(atomic_load(&crowd.n_most), 2);
    assert_int_equal(atomic_load(&door.n_waiting), 1);
    door_open(&door);
    assert_ok(fpool_batch_wait(limited, GUARD_MS));
    assert_int_equal(atomic_load(&door.n_left), 10);
}

/* ---- Time. */

/* Item 0 waits until it is told, and fails; 1 does so and succeeds; the others
 * are quick. */
static int task_two_slow(struct fpool_task *task, void *item, void **ret_value)
{
    if (to_int(item) < 2) {
        task_until_told(task, item, ret_value);
    }
    *ret_value = item;
    return to_int(item) == 0 ? 7 : 0;
}

static void an_item_has_its_own_time(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;
    uint64_t i;

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_two_slow, &door),
                              fpool_source_range(0, 10),
                              FPOOL_JOB(.item_timeout_ms = 20), &batch));
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_EDEADLINE);
    assert_ok(fpool_batch_result(batch, 0, &r));
    assert_int_equal(r.status, FPOOL_EDEADLINE);
    assert_int_equal(r.code, 7);
    for (i = 1; i < 10; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(to_int(r.value), i);
    }
    assert_int_equal(atomic_load(&door.n_left), 2);
}

static void a_job_has_its_time_whatever_the_verb(void **state)
{
    static struct door doors[5];
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;
    uint64_t i;

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_until_told, &doors[0]),
                              fpool_source_range(0, 10),
                              FPOOL_JOB(.deadline_ms = 10, .chunk = 5),
                              &batch));
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_EDEADLINE);
    assert_int_equal(fpool_batch_count(batch), 10);
    for (i = 1; i < 10; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.status, FPOOL_EDEADLINE);
    }
    assert_ok(fpool_sink_collect(&sink));
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_until_told, &doors[1]),
                                 fpool_source_range(0, 1000), sink,
                                 FPOOL_JOB(.deadline_ms = 10, .window = 3)),
                  FPOOL_EDEADLINE);
    assert_in_range(fpool_sink_count(sink), 0, 4);
    /* A future that ran ends as its task says; the task was told. */
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_two_slow, &doors[2]),
                          fpool_item_pointer(from_int(1)),
                          FPOOL_JOB(.deadline_ms = 500), &r));
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(atomic_load(&doors[2].n_left), 1);
}

static void a_job_that_is_in_time_keeps_nothing_of_its_deadline(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    int i;
    int n;

    (void)state;
    for (i = 0; i < 200; i++) {
        FPOOL_SCOPED struct fpool_results *results = NULL;

        assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                             fpool_source_range(0, 10),
                             FPOOL_JOB(.deadline_ms = 100000,
                                       .item_timeout_ms = 100000),
                             &results));
        assert_status(drain(results, &n), FPOOL_END);
        assert_int_equal(n, 10);
    }
}

/* ---- Tokens. */

static void a_tripped_branch_ends_its_jobs_and_no_others(void **state)
{
    static struct door doors[4];
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool *other_pool = make_pool(1);
    FPOOL_SCOPED struct fpool_cancel *root = NULL;
    FPOOL_SCOPED struct fpool_cancel *left = NULL;
    FPOOL_SCOPED struct fpool_cancel *right = NULL;
    FPOOL_SCOPED struct fpool_batch *a = NULL;
    FPOOL_SCOPED struct fpool_results *b = NULL;
    FPOOL_SCOPED struct fpool_future *c = NULL;
    FPOOL_SCOPED struct fpool_batch *elsewhere = NULL;
    int i;

    (void)state;
    assert_ok(fpool_cancel_create(&root, NULL));
    assert_ok(fpool_cancel_create(&left, root));
    assert_ok(fpool_cancel_create(&right, root));
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_until_told, &doors[0]),
                              fpool_source_range(0, 10),
                              FPOOL_JOB(.cancel = left, .limit = 1), &a));
    assert_ok(fpool_map_async(other_pool,
                              FPOOL_CALL(task_until_told, &doors[1]),
                              fpool_source_range(0, 10),
                              FPOOL_JOB(.cancel = left), &elsewhere));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_until_told, &doors[2]),
                         fpool_source_range(0, 10),
                         FPOOL_JOB(.cancel = right, .limit = 1), &b));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_until_told, &doors[3]),
                                fpool_item_pointer(NULL),
                                FPOOL_JOB(.cancel = root), &c));
    for (i = 0; i < 4; i++) {
        door_await(&doors[i], 1);
    }
    fpool_cancel_trip(left);
    assert_true(fpool_cancel_is_tripped(left));
    assert_false(fpool_cancel_is_tripped(right));
    assert_false(fpool_cancel_is_tripped(root));
    assert_status(fpool_batch_wait(a, GUARD_MS), FPOOL_ECANCELED);
    assert_status(fpool_batch_wait(elsewhere, GUARD_MS), FPOOL_ECANCELED);
    assert_int_equal(atomic_load(&doors[2].n_left), 0);
    assert_int_equal(atomic_load(&doors[3].n_left), 0);
    fpool_cancel_trip(root);
    assert_true(fpool_cancel_is_tripped(right));
    assert_status(drain(b, NULL), FPOOL_ECANCELED);
    assert_ok(fpool_future_wait(c, GUARD_MS, NULL));
    assert_int_equal(atomic_load(&doors[3].n_left), 1);
}

static void a_job_below_a_tripped_token_ends_at_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_cancel *token = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct counted_source source = { .end = 3 };
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_cancel_create(&token, NULL));
    fpool_cancel_trip(token);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                         counted_source(&source), FPOOL_JOB(.cancel = token),
                         &results));
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_ECANCELED);
    assert_status(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                            counted_source(&source),
                            FPOOL_JOB(.cancel = token), &batch),
                  FPOOL_ECANCELED);
    assert_int_equal(atomic_load(&source.n_yielded), 0);
    assert_int_equal(atomic_load(&source.n_closed), 2);
}

/* Runs a nested job below its own token, which ends with the task's time. */
static int task_nest(struct fpool_task *task, void *item, void **ret_value)
{
    (void)item;
    *ret_value = from_int((uintptr_t)-fpool_map(
        fpool_task_pool(task),
        FPOOL_CALL(task_until_told, fpool_task_userdata(task)),
        fpool_source_range(0, 3),
        FPOOL_JOB(.cancel = fpool_task_cancel_token(task)), NULL));
    return 1;
}

static void a_nested_job_ends_with_the_tasks_time(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_nest, &door),
                                fpool_item_pointer(NULL),
                                FPOOL_JOB(.item_timeout_ms = 20), &future));
    assert_ok(fpool_future_wait(future, GUARD_MS, &r));
    assert_int_equal(r.status, FPOOL_EDEADLINE);
    assert_int_equal(to_int(r.value), -FPOOL_EDEADLINE);
    assert_int_equal(atomic_load(&door.n_left), 1);
}

/* ---- The first failure. */

static int task_fail_tenth(struct fpool_task *task, void *item,
                           void **ret_value)
{
    (void)task;
    *ret_value = item;
    return to_int(item) == 10 ? 5 : 0;
}

static void fail_fast_ends_a_stream_after_what_was_pulled(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct fpool_result r;
    uint64_t i = 0;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_fail_tenth, NULL),
                         fpool_source_range(0, N),
                         FPOOL_JOB(.flags = FPOOL_FAIL_FAST, .window = 4),
                         &results));
    while (fpool_next(results, &r, GUARD_MS) == FPOOL_OK) {
        assert_int_equal(r.index, i);
        assert_int_equal(r.status, i < 10    ? FPOOL_OK
                                   : i == 10 ? FPOOL_EFAILED
                                             : FPOOL_ECANCELED);
        assert_int_equal(r.code, i == 10 ? 5 : 0);
        i++;
    }
    assert_in_range(i, 11, 15);
    assert_status(fpool_next(results, &r, 0), FPOOL_EFAILED);
    assert_status(fpool_next(results, &r, 0), FPOOL_EFAILED);
    assert_ok(fpool_sink_null(&sink));
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_fail_tenth, NULL),
                                 fpool_source_range(0, N), sink,
                                 FPOOL_JOB(.flags = FPOOL_FAIL_FAST)),
                  FPOOL_EFAILED);
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_fail_tenth, NULL),
                             fpool_source_range(0, N), sink, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_the_limit_run_at_once),
        cmocka_unit_test(a_limited_job_leaves_the_other_workers_free),
        cmocka_unit_test(an_item_has_its_own_time),
        cmocka_unit_test(a_job_has_its_time_whatever_the_verb),
        cmocka_unit_test(a_job_that_is_in_time_keeps_nothing_of_its_deadline),
        cmocka_unit_test(a_tripped_branch_ends_its_jobs_and_no_others),
        cmocka_unit_test(a_job_below_a_tripped_token_ends_at_once),
        cmocka_unit_test(a_nested_job_ends_with_the_tasks_time),
        cmocka_unit_test(fail_fast_ends_a_stream_after_what_was_pulled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
