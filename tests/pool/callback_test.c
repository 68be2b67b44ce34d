/* SPDX-License-Identifier: MIT */
/* Completion callbacks: once, before any wait returns, with the outcome; and
 * what they may do. */
#include <pthread.h>

#include "support/check.h"

/* What a callback saw, for the main thread to check. */
struct record {
    atomic_int n_calls;
    enum fpool_status status;
    int code;
    bool has_result;
    uint64_t n_results;
    uintptr_t sum;
    struct fpool *pool;
    enum fpool_status joined;
    enum fpool_status terminated;
    pthread_t thread;
};

static void record_done(void *userdata, const struct fpool_done *done)
{
    struct record *record = userdata;
    struct fpool_result r;
    uint64_t i;

    record->status = done->status;
    record->has_result = done->result != NULL;
    record->thread = pthread_self();
    if (done->result != NULL) {
        record->code = done->result->code;
        record->sum = to_int(done->result->value);
    }
    if (done->batch != NULL) {
        record->n_results = fpool_batch_count(done->batch);
        for (i = 0; i < record->n_results; i++) {
            if (fpool_batch_result(done->batch, i, &r) == FPOOL_OK) {
                record->sum += to_int(r.value);
            }
        }
    }
    atomic_fetch_add(&record->n_calls, 1);
}

/* Tries what a callback must not do. */
static void join_when_done(void *userdata, const struct fpool_done *done)
{
    struct record *record = userdata;

    /* Not for ever, so that a fault fails the test instead of hanging it. */
    record->joined = fpool_join(record->pool, 1000);
    record_done(userdata, done);
}

static void terminate_when_done(void *userdata, const struct fpool_done *done)
{
    struct record *record = userdata;

    record->terminated = fpool_terminate(record->pool);
    record_done(userdata, done);
}

static void row_05_the_callback_of_an_empty_map_fires_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct record record = { .status = FPOOL_EINVAL };

    (void)state;
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 0),
                              FPOOL_JOB(.on_done = record_done,
                                        .userdata = &record),
                              &batch));
    assert_ok(fpool_batch_wait(batch, GUARD_MS));
    assert_int_equal(atomic_load(&record.n_calls), 1);
    assert_int_equal(record.status, FPOOL_OK);
}

static void row_10_the_callback_gets_the_whole_list_before_the_wait_ends(
    void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    int i;

    (void)state;
    for (i = 0; i < 200; i++) {
        FPOOL_SCOPED struct fpool_batch *batch = NULL;
        struct record record = { .status = FPOOL_EINVAL };

        assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                                  fpool_source_range(0, 10),
                                  FPOOL_JOB(.on_done = record_done,
                                            .userdata = &record),
                                  &batch));
        assert_ok(fpool_batch_wait(batch, FPOOL_FOREVER));
        assert_int_equal(atomic_load(&record.n_calls), 1);
        assert_int_equal(record.status, FPOOL_OK);
        assert_int_equal(record.n_results, 10);
        assert_int_equal(record.sum, 285);
        assert_false(record.has_result);
    }
}

static void row_11_the_same_callback_gets_the_error_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct counted_source source = { .end = 5, .code = 77 };
    struct record failed = { .status = FPOOL_OK };
    struct record broken = { .status = FPOOL_OK };

    (void)state;
    assert_status(fpool_map(pool, FPOOL_CALL(task_code, NULL),
                            fpool_source_range(0, 10),
                            FPOOL_JOB(.on_done = record_done,
                                      .userdata = &failed),
                            NULL),
                  FPOOL_EFAILED);
    assert_int_equal(atomic_load(&failed.n_calls), 1);
    assert_int_equal(failed.status, FPOOL_EFAILED);
    assert_status(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                            counted_source(&source),
                            FPOOL_JOB(.on_done = record_done,
                                      .userdata = &broken),
                            &batch),
                  FPOOL_ESOURCE);
    assert_int_equal(atomic_load(&broken.n_calls), 1);
    assert_int_equal(broken.status, FPOOL_ESOURCE);
    assert_int_equal(broken.n_results, 5);
}

static void row_12_callback_and_wait_see_the_same_error(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct record record = { .status = FPOOL_OK };
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_code, NULL),
                                fpool_item_pointer(from_int(7)),
                                FPOOL_JOB(.on_done = record_done,
                                          .userdata = &record),
                                &future));
    assert_ok(fpool_future_wait(future, FPOOL_FOREVER, &r));
    assert_int_equal(r.status, FPOOL_EFAILED);
    assert_int_equal(r.code, 7);
    assert_int_equal(atomic_load(&record.n_calls), 1);
    assert_int_equal(record.status, FPOOL_EFAILED);
    assert_int_equal(record.code, 7);
}

static void row_13_a_callback_may_not_join(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct record record = { .pool = pool };

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(from_int(3)),
                                FPOOL_JOB(.on_done = join_when_done,
                                          .userdata = &record),
                                &future));
    assert_ok(fpool_future_wait(future, GUARD_MS, NULL));
    assert_int_equal(atomic_load(&record.n_calls), 1);
    assert_int_equal(record.joined, FPOOL_EDEADLK);
    assert_int_equal(record.sum, 9);
}

/* The callback of work that never ran is called by whoever cancelled it: by the
 * main thread here. */
static void a_callback_on_the_cancelling_thread_may_not_join(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct record record = { .pool = pool };

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, NULL));
    door_await(&door, 1);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(NULL),
                                FPOOL_JOB(.on_done = join_when_done,
                                          .userdata = &record),
                                NULL));
    assert_ok(fpool_terminate(pool));
    assert_int_equal(atomic_load(&record.n_calls), 1);
    assert_int_equal(record.status, FPOOL_ECANCELED);
    assert_true(pthread_equal(record.thread, pthread_self()));
    assert_int_equal(record.joined, FPOOL_EDEADLK);
    door_open(&door);
    /* Back on its own, the thread may. */
    assert_ok(fpool_join(pool, GUARD_MS));
}

/* ... and by the timer's thread here. */
static void a_callback_on_the_timers_thread_may_not_join(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    struct record record = { .pool = pool };

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, NULL));
    door_await(&door, 1);
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 3),
                              FPOOL_JOB(.on_done = join_when_done,
                                        .deadline_ms = 5,
                                        .userdata = &record),
                              &batch));
    assert_ok(fpool_close(pool));
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_EDEADLINE);
    assert_int_equal(atomic_load(&record.n_calls), 1);
    assert_int_equal(record.status, FPOOL_EDEADLINE);
    assert_int_equal(record.joined, FPOOL_EDEADLK);
    door_open(&door);
}

static void row_40_a_callback_may_terminate(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_future *future = NULL;
    FPOOL_SCOPED struct fpool_results *endless = NULL;
    struct counted_source source = { .end = UINT64_MAX };
    struct record record = { .pool = pool };

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                         counted_source(&source), NULL, &endless));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_code, NULL),
                                fpool_item_pointer(from_int(1)),
                                FPOOL_JOB(.on_done = terminate_when_done,
                                          .userdata = &record),
                                &future));
    assert_ok(fpool_future_wait(future, GUARD_MS, NULL));
    assert_int_equal(record.status, FPOOL_EFAILED);
    assert_int_equal(record.terminated, FPOOL_OK);
    assert_ok(fpool_join(pool, GUARD_MS));
    assert_status(drain(endless, NULL), FPOOL_ECANCELED);
}

/* Submits two more futures, and tells how that went. */
struct submitter {
    struct fpool *pool;
    enum fpool_status first;
    enum fpool_status second;
    atomic_int n_calls;
};

static void submit_when_done(void *userdata, const struct fpool_done *done)
{
    struct submitter *s = userdata;

    (void)done;
    s->first = fpool_apply_async(s->pool, FPOOL_CALL(task_square, NULL),
                                 fpool_item_pointer(NULL), NULL, NULL);
    s->second = fpool_apply_async(s->pool, FPOOL_CALL(task_square, NULL),
                                  fpool_item_pointer(NULL), NULL, NULL);
    atomic_fetch_add(&s->n_calls, 1);
}

/* A callback has the nested allowance and never waits for room, on whatever
 * thread it runs: here on one that is none of the pool's. */
static void a_callback_that_submits_never_waits(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct submitter submitter = { .first = FPOOL_EINVAL };
    int i;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 1, .queue = 3,
                                                .nested_queue = 1)));
    submitter.pool = pool;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, NULL));
    door_await(&door, 1);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(NULL),
                                FPOOL_JOB(.on_done = submit_when_done,
                                          .userdata = &submitter),
                                &future));
    for (i = 0; i < 2; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    /* Three are queued.  Cancelling one makes room for it and the callback
     * fills that and the one nested place. */
    assert_ok(fpool_future_cancel(future));
    assert_int_equal(atomic_load(&submitter.n_calls), 1);
    assert_int_equal(submitter.first, FPOOL_OK);
    assert_int_equal(submitter.second, FPOOL_OK);
    assert_status(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(NULL),
                                    FPOOL_JOB(.flags = FPOOL_NONBLOCK), NULL),
                  FPOOL_EAGAIN);
    door_open(&door);
}

/* Callbacks of jobs that end in each way come exactly once. */
static void every_end_calls_back_once(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fpool_batch *batch = NULL;
    struct fpool_future *future = NULL;
    struct record records[4] = { { .status = FPOOL_OK } };

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_until_told, &door),
                                fpool_item_pointer(NULL),
                                FPOOL_JOB(.on_done = record_done,
                                          .userdata = &records[0]),
                                NULL));
    door_await(&door, 1);
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 100),
                              FPOOL_JOB(.on_done = record_done,
                                        .userdata = &records[1]),
                              &batch));
    fpool_batch_cancel(batch);
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_ECANCELED);
    assert_int_equal(atomic_load(&records[1].n_calls), 1);
    assert_int_equal(records[1].status, FPOOL_ECANCELED);
    fpool_batch_destroy(&batch);
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(NULL),
                                FPOOL_JOB(.on_done = record_done,
                                          .userdata = &records[2]),
                                &future));
    fpool_future_destroy(&future);
    assert_int_equal(atomic_load(&records[2].n_calls), 1);
    assert_int_equal(records[2].status, FPOOL_ECANCELED);
    assert_ok(fpool_terminate(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    assert_int_equal(atomic_load(&records[0].n_calls), 1);
    assert_int_equal(records[0].status, FPOOL_OK); /* its task did well */
    /* A call that is refused calls nobody. */
    assert_status(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(NULL),
                                    FPOOL_JOB(.on_done = record_done,
                                              .userdata = &records[3]),
                                    NULL),
                  FPOOL_ECLOSED);
    assert_status(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                            fpool_source_range(0, 3),
                            FPOOL_JOB(.on_done = record_done,
                                      .userdata = &records[3]),
                            NULL),
                  FPOOL_ECLOSED);
    assert_int_equal(atomic_load(&records[3].n_calls), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_05_the_callback_of_an_empty_map_fires_once),
        cmocka_unit_test(
            row_10_the_callback_gets_the_whole_list_before_the_wait_ends),
        cmocka_unit_test(row_11_the_same_callback_gets_the_error_once),
        cmocka_unit_test(row_12_callback_and_wait_see_the_same_error),
        cmocka_unit_test(row_13_a_callback_may_not_join),
        cmocka_unit_test(a_callback_on_the_cancelling_thread_may_not_join),
        cmocka_unit_test(a_callback_on_the_timers_thread_may_not_join),
        cmocka_unit_test(row_40_a_callback_may_terminate),
        cmocka_unit_test(a_callback_that_submits_never_waits),
        cmocka_unit_test(every_end_calls_back_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
