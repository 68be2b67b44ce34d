/* SPDX-License-Identifier: MIT */
/* In a forked child the handles from before are dead: each call says so, none
 * waits, calls back, or touches what is the parent's. */
#include <string.h>

#include "support/check.h"

/* Everything there is before the fork. */
struct world {
    struct door door;
    struct fpool *pool;
    struct fpool_sink *sink;
    struct fpool_cancel *token;
    struct fpool_results *results;
    struct fpool_results *waiting;
    struct fpool_batch *batch;
    struct fpool_batch *complete;
    struct fpool_future *running;
    struct fpool_future *queued;
    atomic_int n_callbacks;
};

static void count_done(void *userdata, const struct fpool_done *done)
{
    (void)done;
    atomic_fetch_add((atomic_int *)userdata, 1);
}

static int wait_next(void *self, struct fpool_item *ret_item,
                     struct fpool_cancel *cancel)
{
    (void)self;
    (void)ret_item;
    (void)cancel;
    return FPOOL_WAIT;
}

static void world_begin(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->pool = make_pool(1);
    assert_ok(fpool_sink_null(&w->sink));
    assert_ok(fpool_cancel_create(&w->token, NULL));
    assert_ok(fpool_map(w->pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, 3), NULL, &w->complete));
    assert_ok(fpool_imap(w->pool, FPOOL_CALL(task_square, NULL),
                         (struct fpool_source){ .next = wait_next }, NULL,
                         &w->waiting));
    fpool_results_hold(w->waiting);
    assert_ok(fpool_apply_async(w->pool, FPOOL_CALL(task_door, &w->door),
                                fpool_item_take(object_make(1), object_drop),
                                NULL, &w->running));
    door_await(&w->door, 1);
    assert_ok(fpool_apply_async(w->pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_take(object_make(2), object_drop),
                                FPOOL_JOB(.cancel = w->token,
                                          .on_done = count_done,
                                          .userdata = &w->n_callbacks),
                                &w->queued));
    assert_ok(fpool_imap(w->pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 3), NULL, &w->results));
    assert_ok(fpool_map_async(w->pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 3), NULL, &w->batch));
}

/* The parent has noticed nothing. */
static void world_end(struct world *w)
{
    struct fpool_result r;
    int n;

    door_open(&w->door);
    assert_ok(fpool_future_wait(w->running, GUARD_MS, NULL));
    assert_ok(fpool_future_wait(w->queued, GUARD_MS, &r));
    assert_int_equal(r.status, FPOOL_OK);
    assert_status(drain(w->results, &n), FPOOL_END);
    assert_int_equal(n, 3);
    assert_ok(fpool_batch_wait(w->batch, GUARD_MS));
    fpool_results_unhold(w->waiting);
    assert_status(fpool_next(w->waiting, &r, GUARD_MS), FPOOL_END);
    assert_int_equal(atomic_load(&w->n_callbacks), 1);
    fpool_future_destroy(&w->running);
    fpool_future_destroy(&w->queued);
    fpool_batch_destroy(&w->batch);
    fpool_batch_destroy(&w->complete);
    fpool_results_destroy(&w->results);
    fpool_results_destroy(&w->waiting);
    fpool_cancel_destroy(&w->token);
    fpool_sink_destroy(&w->sink);
    fpool_destroy(&w->pool);
}

#define CHECK(n, condition)                                                    \
    do {                                                                       \
        if (!(condition)) {                                                    \
            return (n);                                                        \
        }                                                                      \
    } while (0)

static int check_verbs(void *arg)
{
    struct world *w = arg;
    struct counted_source source = { .end = 3 };
    struct fpool_item item = fpool_item_take(object_make(3), object_drop);
    struct fpool_results *results = NULL;
    struct fpool_batch *batch = NULL;
    struct fpool_future *future = NULL;
    const struct fpool_op *op = FPOOL_CALL(task_object, NULL);
    struct fpool_result r;

    CHECK(1, fpool_apply(w->pool, op, item, NULL, &r) == FPOOL_EFORK);
    CHECK(2,
          fpool_apply_async(w->pool, op, item, NULL, &future) == FPOOL_EFORK);
    CHECK(3, atomic_load(&n_objects_dropped) == 0);
    CHECK(4, fpool_map(w->pool, op, counted_source(&source), NULL, &batch) ==
                 FPOOL_EFORK);
    CHECK(5, fpool_map_async(w->pool, op, counted_source(&source), NULL,
                             &batch) == FPOOL_EFORK);
    CHECK(6, fpool_imap(w->pool, op, counted_source(&source), NULL,
                        &results) == FPOOL_EFORK);
    CHECK(7, fpool_imap_unordered(w->pool, op, counted_source(&source), NULL,
                                  &results) == FPOOL_EFORK);
    CHECK(8, fpool_for_each(w->pool, op, counted_source(&source), w->sink,
                            NULL) == FPOOL_EFORK);
    CHECK(9, atomic_load(&source.n_closed) == 5);
    CHECK(10, atomic_load(&source.n_yielded) == 0);
    CHECK(11, results == NULL && batch == NULL && future == NULL);
    return 0;
}

static int check_pool(void *arg)
{
    struct world *w = arg;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    CHECK(1, fpool_get_stats(w->pool, &stats) == FPOOL_EFORK);
    CHECK(2, fpool_join(w->pool, FPOOL_FOREVER) == FPOOL_EFORK);
    CHECK(3, fpool_close(w->pool) == FPOOL_EFORK);
    CHECK(4, fpool_terminate(w->pool) == FPOOL_EFORK);
    fpool_destroy(&w->pool);
    CHECK(5, w->pool == NULL);
    CHECK(6, atomic_load(&n_objects_dropped) == 0);
    return 0;
}

static int check_handles(void *arg)
{
    struct world *w = arg;
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result r;

    CHECK(1, fpool_next(w->results, &r, FPOOL_FOREVER) == FPOOL_EFORK);
    CHECK(2, fpool_next(w->results, &r, 0) == FPOOL_EFORK);
    CHECK(3, fpool_results_get_stats(w->results, &stats) == FPOOL_EFORK);
    CHECK(4, fpool_batch_wait(w->batch, FPOOL_FOREVER) == FPOOL_EFORK);
    CHECK(5, fpool_batch_wait(w->complete, FPOOL_FOREVER) == FPOOL_EFORK);
    CHECK(6, fpool_batch_result(w->complete, 0, &r) == FPOOL_EFORK);
    CHECK(7, fpool_future_wait(w->queued, FPOOL_FOREVER, &r) == FPOOL_EFORK);
    CHECK(8, fpool_future_wait(w->running, 0, &r) == FPOOL_EFORK);
    CHECK(9, fpool_future_cancel(w->queued) == FPOOL_EFORK);
    /* These have no status: they do nothing. */
    fpool_results_wake(w->waiting);
    fpool_results_hold(w->waiting);
    fpool_results_unhold(w->waiting);
    fpool_results_cancel(w->results);
    fpool_results_cancel(w->waiting);
    fpool_batch_cancel(w->batch);
    fpool_cancel_trip(w->token);
    CHECK(10, count_threads() == 1); /* none was started */
    CHECK(11, atomic_load(&w->n_callbacks) == 0);
    fpool_results_destroy(&w->results);
    fpool_results_destroy(&w->waiting);
    fpool_batch_destroy(&w->batch);
    fpool_batch_destroy(&w->complete);
    fpool_future_destroy(&w->queued);
    fpool_future_detach(&w->running);
    fpool_cancel_destroy(&w->token);
    CHECK(12, w->results == NULL && w->waiting == NULL && w->batch == NULL &&
                  w->complete == NULL && w->queued == NULL &&
                  w->running == NULL && w->token == NULL);
    CHECK(13, atomic_load(&n_objects_dropped) == 0);
    CHECK(14, atomic_load(&w->n_callbacks) == 0);
    return 0;
}

static void check_child(int (*check)(void *arg))
{
    static struct world w;

    count_threads(); /* what that needs is there before the fork */
    objects_begin();
    world_begin(&w);
    assert_int_equal(run_in_child(check, &w), 0);
    world_end(&w);
    assert_objects_gone(2);
}

static void row_59_verbs_are_refused_in_a_child(void **state)
{
    (void)state;
    check_child(check_verbs);
}

static void row_59_a_pool_is_dead_in_a_child(void **state)
{
    (void)state;
    check_child(check_pool);
}

static void row_59_handles_are_dead_in_a_child(void **state)
{
    (void)state;
    check_child(check_handles);
}

static int check_own_pool(void *arg)
{
    struct fpool *pool = NULL;
    struct fpool_result r;

    (void)arg;
    CHECK(1, fpool_create(&pool, FPOOL_OPTIONS(.workers = 2)) == FPOOL_OK);
    CHECK(2, fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                         fpool_item_pointer(from_int(5)), NULL,
                         &r) == FPOOL_OK);
    CHECK(3, to_int(r.value) == 25);
    fpool_destroy(&pool);
    return 0;
}

static void row_59_a_child_may_make_a_pool_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(check_own_pool, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_59_a_child_may_make_a_pool_of_its_own),
        cmocka_unit_test(row_59_verbs_are_refused_in_a_child),
        cmocka_unit_test(row_59_a_pool_is_dead_in_a_child),
        cmocka_unit_test(row_59_handles_are_dead_in_a_child),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
