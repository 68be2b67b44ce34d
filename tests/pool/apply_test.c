/* SPDX-License-Identifier: MIT */
/* One item, now or later: what Python's apply() and apply_async() promise, and
 * what becomes of a future that is cancelled, detached or destroyed. */
#include "support/check.h"

static atomic_int n_finished;

static int task_door_then_finish(struct fpool_task *task, void *item,
                                 void **ret_value)
{
    door_wait(fpool_task_userdata(task));
    atomic_fetch_add(&n_finished, 1);
    *ret_value = item;
    return 0;
}

/* Fails with -12345, and gives a value all the same. */
static int task_fail_with_value(struct fpool_task *task, void *item,
                                void **ret_value)
{
    (void)task;
    *ret_value = object_make(to_int(item));
    return -12345;
}

static void row_01_apply_returns_the_value(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    struct fpool_result r;

    (void)state;
    objects_begin();
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                          fpool_item_pointer(from_int(5)), NULL, &r));
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(to_int(r.value), 25);
    assert_int_equal(to_int(r.item.data), 5);
    assert_int_equal(r.index, 0);
    assert_int_equal(r.code, 0);
    assert_string_equal(r.engine, "call");

    /* The caller owns what came back. */
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_object_copy, NULL),
                          fpool_item_take(object_make(7), object_drop),
                          FPOOL_JOB(.drop_value = object_drop), &r));
    assert_int_equal(object_value(r.value), 7);
    assert_int_equal(atomic_load(&n_objects_dropped), 0);
    fpool_result_release(&r);
    assert_null(r.value);
    assert_objects_gone(2);
}

static void row_28_a_wait_lasts_as_long_as_the_task(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_result r;

    (void)state;
    atomic_store(&n_finished, 0);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door_then_finish, &door),
                                fpool_item_pointer(from_int(3)), NULL,
                                &future));
    door_await(&door, 1);
    assert_status(fpool_future_wait(future, 0, &r), FPOOL_ETIMEDOUT);
    door_open(&door);
    assert_ok(fpool_future_wait(future, FPOOL_FOREVER, &r));
    assert_int_equal(atomic_load(&n_finished), 1);
    assert_int_equal(to_int(r.value), 3);
}

static void row_29_a_wait_that_times_out_loses_nothing(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_result r = { .index = 99 };

    (void)state;
    atomic_store(&n_finished, 0);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door_then_finish, &door),
                                fpool_item_pointer(from_int(4)), NULL,
                                &future));
    assert_status(fpool_future_wait(future, 20, &r), FPOOL_ETIMEDOUT);
    assert_status(fpool_future_wait(future, 0, NULL), FPOOL_ETIMEDOUT);
    assert_int_equal(r.index, 99);
    assert_int_equal(atomic_load(&n_finished), 0);
    door_open(&door);
    assert_ok(fpool_future_wait(future, FPOOL_FOREVER, &r));
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(to_int(r.value), 4);
    assert_ok(fpool_future_wait(future, 0, &r)); /* as often as one likes */
    assert_int_equal(to_int(r.value), 4);
}

static void row_31_a_future_tells_its_state(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *first = NULL;
    FPOOL_SCOPED struct fpool_future *second = NULL;
    FPOOL_SCOPED struct fpool_future *third = NULL;

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, &first));
    door_await(&door, 1);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, &second));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_code, NULL),
                                fpool_item_pointer(from_int(1)), NULL, &third));
    assert_int_equal(fpool_future_get_state(first), FPOOL_FUTURE_RUNNING);
    assert_int_equal(fpool_future_get_state(second), FPOOL_FUTURE_QUEUED);
    assert_ok(fpool_future_cancel(second));
    assert_int_equal(fpool_future_get_state(second), FPOOL_FUTURE_CANCELED);
    assert_int_equal(fpool_future_get_state(third), FPOOL_FUTURE_QUEUED);
    door_open(&door);
    assert_ok(fpool_future_wait(third, FPOOL_FOREVER, NULL));
    assert_int_equal(fpool_future_get_state(first), FPOOL_FUTURE_DONE);
    assert_int_equal(fpool_future_get_state(third), FPOOL_FUTURE_DONE);
    assert_int_equal(atomic_load(&door.n_waiting), 1);
}

static void row_49_the_tasks_own_code_comes_back_untouched(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_result r;

    (void)state;
    objects_begin();
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_fail_with_value, NULL),
                          fpool_item_pointer(from_int(6)),
                          FPOOL_JOB(.drop_value = object_drop), &r));
    assert_int_equal(r.status, FPOOL_EFAILED);
    assert_int_equal(r.code, -12345);
    assert_int_equal(object_value(r.value), 6);
    fpool_result_release(&r);
    assert_objects_gone(1);
}

static void cancel_answers_whether_the_item_will_run(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *running = NULL;
    FPOOL_SCOPED struct fpool_future *queued = NULL;
    struct fpool_result r;

    (void)state;
    objects_begin();
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(from_int(1)), NULL,
                                &running));
    door_await(&door, 1);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_take(object_make(2), object_drop),
                                NULL, &queued));
    assert_ok(fpool_future_cancel(queued));
    assert_ok(fpool_future_wait(queued, 0, &r));
    assert_int_equal(r.status, FPOOL_ECANCELED);
    assert_int_equal(object_value(r.item.data), 2);
    assert_status(fpool_future_cancel(queued), FPOOL_EALREADY);
    assert_status(fpool_future_cancel(running), FPOOL_EBUSY);
    door_open(&door);
    assert_ok(fpool_future_wait(running, FPOOL_FOREVER, &r));
    assert_int_equal(r.status, FPOOL_OK); /* it did well in spite of it */
    assert_status(fpool_future_cancel(running), FPOOL_EALREADY);
    fpool_future_destroy(&queued);
    assert_null(queued);
    assert_objects_gone(1);
}

static void destroying_a_running_future_waits_for_its_task(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_future *future = NULL;

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_until_told, &door),
                                fpool_item_pointer(NULL), NULL, &future));
    door_await(&door, 1);
    fpool_future_destroy(&future);
    assert_null(future);
    assert_int_equal(atomic_load(&door.n_left), 1);
}

static void destroying_a_queued_future_drops_its_item_at_once(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *running = NULL;
    struct fpool_future *queued = NULL;

    (void)state;
    objects_begin();
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, &running));
    door_await(&door, 1);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_take(object_make(2), object_drop),
                                NULL, &queued));
    fpool_future_destroy(&queued);
    assert_objects_gone(1);
    door_open(&door);
}

static void a_detached_future_runs_to_its_end(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_future *future = NULL;

    (void)state;
    objects_begin();
    atomic_store(&n_finished, 0);
    assert_ok(fpool_apply_async(
        pool, FPOOL_CALL(task_door_then_finish, &door),
        fpool_item_take(object_make(1), object_drop), NULL, &future));
    assert_ok(fpool_apply_async(
        pool, FPOOL_CALL(task_door_then_finish, &door),
        fpool_item_take(object_make(2), object_drop), NULL, NULL));
    fpool_future_detach(&future);
    assert_null(future);
    door_open(&door);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    assert_int_equal(atomic_load(&n_finished), 2);
    assert_objects_gone(2);
}

static void refused_calls_leave_everything_alone(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_future *future = NULL;
    struct fpool_item item = { 0 };
    struct fpool_result r;

    (void)state;
    objects_begin();
    item = fpool_item_take(object_make(1), object_drop);
    assert_status(fpool_apply(NULL, FPOOL_CALL(task_code, NULL), item, NULL,
                              &r),
                  FPOOL_EINVAL);
    assert_status(fpool_apply(pool, NULL, item, NULL, &r), FPOOL_EINVAL);
    assert_status(fpool_apply(pool, FPOOL_CALL(NULL, NULL), item, NULL, &r),
                  FPOOL_EINVAL);
    assert_status(fpool_apply(pool, FPOOL_CALL(task_code, NULL), item, NULL,
                              NULL),
                  FPOOL_EINVAL);
    assert_status(fpool_apply_async(pool, FPOOL_CALL(task_code, NULL), item,
                                    FPOOL_JOB(.deadline_ms = -1), &future),
                  FPOOL_EINVAL);
    assert_null(future);
    assert_status(fpool_future_wait(NULL, 0, NULL), FPOOL_EINVAL);
    assert_status(fpool_future_cancel(NULL), FPOOL_EINVAL);
    fpool_future_destroy(&future);
    fpool_future_destroy(NULL);
    fpool_future_detach(&future);
    assert_int_equal(atomic_load(&n_objects_dropped), 0);
    object_drop(item.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_01_apply_returns_the_value),
        cmocka_unit_test(row_28_a_wait_lasts_as_long_as_the_task),
        cmocka_unit_test(row_29_a_wait_that_times_out_loses_nothing),
        cmocka_unit_test(row_31_a_future_tells_its_state),
        cmocka_unit_test(row_49_the_tasks_own_code_comes_back_untouched),
        cmocka_unit_test(cancel_answers_whether_the_item_will_run),
        cmocka_unit_test(destroying_a_running_future_waits_for_its_task),
        cmocka_unit_test(destroying_a_queued_future_drops_its_item_at_once),
        cmocka_unit_test(a_detached_future_runs_to_its_end),
        cmocka_unit_test(refused_calls_leave_everything_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
