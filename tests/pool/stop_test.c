/* SPDX-License-Identifier: MIT */
/* Closing and terminating with work in every state: every handle completes, what
 * was finished is delivered, nothing hangs and nothing ends in silence. */
#include <pthread.h>

#include "support/check.h"

#define N_QUEUED 10000

static void row_36_terminate_drops_what_is_queued_and_waits_for_nobody(
    void **state)
{
    static struct door door;
    static struct fpool_future *futures[N_QUEUED];
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_result r;
    int i;

    (void)state;
    objects_begin();
    assert_ok(fpool_create(&pool,
                           FPOOL_OPTIONS(.workers = 4, .queue = 20000)));
    for (i = 0; i < 4; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    door_await(&door, 4);
    for (i = 0; i < N_QUEUED; i++) {
        assert_ok(fpool_apply_async(
            pool, FPOOL_CALL(task_door, &door),
            fpool_item_take(object_make(1), object_drop), NULL, &futures[i]));
    }
    assert_ok(fpool_terminate(pool));
    /* The door is closed still: nobody was waited for. */
    for (i = 0; i < N_QUEUED; i++) {
        assert_ok(fpool_future_wait(futures[i], 0, &r));
        assert_int_equal(r.status, FPOOL_ECANCELED);
        fpool_future_destroy(&futures[i]);
    }
    assert_objects_gone(N_QUEUED);
    assert_status(fpool_join(pool, 20), FPOOL_ETIMEDOUT);
    door_open(&door);
    assert_ok(fpool_join(pool, GUARD_MS));
    assert_int_equal(atomic_load(&door.n_left), 4);
}

static void *terminate_main(void *arg)
{
    return fpool_terminate(arg) == FPOOL_OK ? NULL : arg;
}

/* An endless source of numbers. */
static int endless_next(void *self, struct fpool_item *ret_item,
                        struct fpool_cancel *cancel)
{
    (void)cancel;
    *ret_item = fpool_item_pointer(from_int(
        (uintptr_t)atomic_fetch_add((atomic_int *)self, 1)));
    return FPOOL_OK;
}

static void row_37_terminate_ends_an_endless_stream(void **state)
{
    int k;

    (void)state;
    for (k = 0; k < 50; k++) {
        FPOOL_SCOPED struct fpool *pool = make_pool(3);
        FPOOL_SCOPED struct fpool_results *read = NULL;
        FPOOL_SCOPED struct fpool_results *paused = NULL;
        atomic_int n = 0;
        struct fpool_source source = { .next = endless_next, .self = &n };
        struct fpool_result r;
        pthread_t thread;
        void *failed;
        int i;

        assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL), source, NULL,
                             &paused));
        assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_square, NULL),
                                       source, NULL, &read));
        for (i = 0; i < 100; i++) {
            assert_ok(fpool_next(read, &r, GUARD_MS));
        }
        assert_int_equal(pthread_create(&thread, NULL, terminate_main, pool),
                         0);
        /* This reader reads on and sees it come. */
        assert_status(drain(read, NULL), FPOOL_ECANCELED);
        assert_status(fpool_next(read, &r, FPOOL_FOREVER), FPOOL_ECANCELED);
        pthread_join(thread, &failed);
        assert_null(failed);
        assert_ok(fpool_join(pool, GUARD_MS));
        assert_status(drain(paused, NULL), FPOOL_ECANCELED);
    }
}

static void row_37_terminate_wakes_a_reader_that_waits(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    pthread_t thread;
    int n;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_until_told, &door),
                         fpool_source_range(0, 1000), NULL, &results));
    door_await(&door, 2);
    assert_status(fpool_next(results, &r, 0), FPOOL_ETIMEDOUT);
    assert_int_equal(pthread_create(&thread, NULL, terminate_main, pool), 0);
    assert_status(drain(results, &n), FPOOL_ECANCELED);
    pthread_join(thread, NULL);
    assert_in_range(n, 2, 4);
    assert_int_equal(atomic_load(&door.n_left), 2);
}

static void row_38_close_lets_a_half_read_stream_go_on(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *read = NULL;
    struct fpool_results *dropped = NULL;
    struct fpool_result r;
    int n;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 100), FPOOL_JOB(.window = 3),
                         &read));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 100), FPOOL_JOB(.window = 3),
                         &dropped));
    assert_ok(fpool_next(read, &r, GUARD_MS));
    assert_ok(fpool_next(dropped, &r, GUARD_MS));
    assert_ok(fpool_close(pool));
    assert_status(fpool_join(pool, 20), FPOOL_ETIMEDOUT);
    fpool_results_destroy(&dropped);
    assert_status(drain(read, &n), FPOOL_END);
    assert_int_equal(n, 99);
    assert_ok(fpool_join(pool, GUARD_MS));
}

static void row_39_every_handle_completes_after_terminate(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *running = NULL;
    FPOOL_SCOPED struct fpool_future *queued = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    FPOOL_SCOPED struct fpool_batch *pulled = NULL;
    FPOOL_SCOPED struct fpool_results *ordered = NULL;
    FPOOL_SCOPED struct fpool_results *unordered = NULL;
    struct counted_source source = { .end = 10 };
    struct fpool_result r;
    uint64_t i;

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_until_told, &door),
                                fpool_item_pointer(NULL), NULL, &running));
    door_await(&door, 1);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(NULL), NULL, &queued));
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 10), NULL, &batch));
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_object, NULL),
                              counted_source(&source), NULL, &pulled));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 10), NULL, &ordered));
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_square, NULL),
                                   fpool_source_range(0, 10), NULL,
                                   &unordered));
    assert_ok(fpool_terminate(pool));
    assert_ok(fpool_future_wait(running, GUARD_MS, &r));
    assert_int_equal(r.status, FPOOL_OK);
    assert_ok(fpool_future_wait(queued, GUARD_MS, &r));
    assert_int_equal(r.status, FPOOL_ECANCELED);
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_ECANCELED);
    assert_int_equal(fpool_batch_count(batch), 10);
    for (i = 0; i < 10; i++) {
        assert_ok(fpool_batch_result(batch, i, &r));
        assert_int_equal(r.status, FPOOL_ECANCELED);
        assert_int_equal(to_int(r.item.data), i);
    }
    assert_status(fpool_batch_wait(pulled, GUARD_MS), FPOOL_ECANCELED);
    assert_int_equal(fpool_batch_count(pulled), 0);
    assert_status(fpool_next(ordered, &r, GUARD_MS), FPOOL_ECANCELED);
    assert_status(fpool_next(unordered, &r, GUARD_MS), FPOOL_ECANCELED);
}

/* A thread that waits in a blocking verb. */
struct caller {
    pthread_t thread;
    struct fpool *pool;
    struct door *door;
    struct fpool_sink *sink;
    enum fpool_status st;
};

static void *map_main(void *arg)
{
    struct caller *c = arg;

    c->st = fpool_map(c->pool, FPOOL_CALL(task_until_told, c->door),
                      fpool_source_range(0, 1000), NULL, NULL);
    return NULL;
}

static void *for_each_main(void *arg)
{
    struct caller *c = arg;

    c->st = fpool_for_each(c->pool, FPOOL_CALL(task_until_told, c->door),
                           fpool_source_range(0, 1000), c->sink, NULL);
    return NULL;
}

static void row_39_terminate_ends_calls_that_wait(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct caller map = { .pool = pool, .door = &door, .st = FPOOL_OK };
    struct caller each = map;

    (void)state;
    assert_ok(fpool_sink_null(&sink));
    each.sink = sink;
    assert_int_equal(pthread_create(&map.thread, NULL, map_main, &map), 0);
    assert_int_equal(pthread_create(&each.thread, NULL, for_each_main, &each),
                     0);
    door_await(&door, 2);
    /* Both jobs may be counted late, as one has both workers. */
    for (;;) {
        struct fpool_stats stats = { .struct_size = sizeof(stats) };

        assert_ok(fpool_get_stats(pool, &stats));
        if (stats.jobs == 2) {
            break;
        }
    }
    assert_ok(fpool_terminate(pool));
    pthread_join(map.thread, NULL);
    pthread_join(each.thread, NULL);
    assert_status(map.st, FPOOL_ECANCELED);
    assert_status(each.st, FPOOL_ECANCELED);
}

/* Items below 3 are quick, others take until they are told. */
static int task_some_wait(struct fpool_task *task, void *item,
                          void **ret_value)
{
    return to_int(item) < 3 ? task_square(task, item, ret_value)
                            : task_until_told(task, item, ret_value);
}

static void check_last_words(bool is_ordered, bool to_begin)
{
    static struct door doors[4];
    struct door *door = &doors[2 * is_ordered + to_begin];
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    uint64_t i = 0;

    assert_ok((is_ordered ? fpool_imap : fpool_imap_unordered)(
        pool, FPOOL_CALL(task_some_wait, door),
        fpool_source_range(0, 100), FPOOL_JOB(.window = 8, .chunk = 1),
        &results));
    door_await(door, 1); /* three are finished, one is running */
    if (to_begin) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_int_equal(r.index, i++);
    }
    assert_ok(fpool_terminate(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    for (; i < 4; i++) {
        assert_ok(fpool_next(results, &r, 0));
        assert_int_equal(r.index, i);
        assert_int_equal(r.status, FPOOL_OK);
    }
    assert_status(drain(results, NULL), FPOOL_ECANCELED);
    assert_status(fpool_next(results, &r, 0), FPOOL_ECANCELED);
    assert_status(fpool_next(results, &r, FPOOL_FOREVER), FPOOL_ECANCELED);
}

static void row_57_finished_results_come_first_then_the_reason_for_ever(
    void **state)
{
    (void)state;
    check_last_words(true, true);
    check_last_words(true, false);
    check_last_words(false, true);
    check_last_words(false, false);
}

/* What was pulled is delivered with a status of its own, so that no item is
 * lost. */
static void row_57_a_cancelled_stream_accounts_for_every_item(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    int k;

    (void)state;
    objects_begin();
    for (k = 0; k < 200; k++) {
        FPOOL_SCOPED struct fpool_results *results = NULL;
        struct counted_source source = { .end = 1000, .is_ready = true };
        struct fpool_result r;
        uint64_t i = 0;

        assert_ok(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                             counted_source(&source),
                             FPOOL_JOB(.window = 50, .chunk = 10), &results));
        while (i < (uint64_t)k) {
            assert_ok(fpool_next(results, &r, GUARD_MS));
            assert_int_equal(r.index, i++);
            fpool_result_release(&r);
        }
        fpool_results_cancel(results);
        while (fpool_next(results, &r, GUARD_MS) == FPOOL_OK) {
            assert_int_equal(r.index, i++);
            assert_true(r.status == FPOOL_OK || r.status == FPOOL_ECANCELED);
            fpool_result_release(&r);
        }
        assert_status(fpool_next(results, &r, 0), FPOOL_ECANCELED);
        assert_int_equal(i, atomic_load(&source.n_yielded));
        assert_int_equal(atomic_load(&source.n_closed), 1);
    }
    assert_objects_gone(200);
}

static int task_terminate(struct fpool_task *task, void *item,
                          void **ret_value)
{
    *ret_value = item;
    return fpool_terminate(fpool_task_pool(task)) == FPOOL_OK &&
                   fpool_task_is_cancelled(task)
               ? 0
               : 1;
}

static void a_task_may_terminate_its_pool(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_terminate, NULL),
                              fpool_source_range(0, 1000),
                              FPOOL_JOB(.chunk = 1000), &batch));
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_ECANCELED);
    assert_ok(fpool_batch_result(batch, 0, &r));
    assert_int_equal(r.status, FPOOL_OK);
    assert_ok(fpool_batch_result(batch, 1, &r));
    assert_int_equal(r.status, FPOOL_ECANCELED);
    assert_ok(fpool_join(pool, GUARD_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            row_36_terminate_drops_what_is_queued_and_waits_for_nobody),
        cmocka_unit_test(row_37_terminate_ends_an_endless_stream),
        cmocka_unit_test(row_37_terminate_wakes_a_reader_that_waits),
        cmocka_unit_test(row_38_close_lets_a_half_read_stream_go_on),
        cmocka_unit_test(row_39_every_handle_completes_after_terminate),
        cmocka_unit_test(row_39_terminate_ends_calls_that_wait),
        cmocka_unit_test(
            row_57_finished_results_come_first_then_the_reason_for_ever),
        cmocka_unit_test(row_57_a_cancelled_stream_accounts_for_every_item),
        cmocka_unit_test(a_task_may_terminate_its_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
