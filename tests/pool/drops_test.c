/* SPDX-License-Identifier: MIT */
/* Every item and every value is dropped exactly once and every source closed
 * once, whatever the verb and however its job ends. */
#include <pthread.h>
#include <sched.h>

#include "support/check.h"

#define N 300

/* How a job may end. */
enum ending {
    BY_ITSELF,
    UNREAD,
    HALF_READ,
    CANCELLED,
    TERMINATED,
    SOURCE_FAILED,
    FAILED_FAST,
    OUT_OF_TIME,
    WORKERS_LOST,
    N_ENDINGS
};

/* The value is a copy of the item; some fail, end their thread, or wait. */
static int task_copy(struct fpool_task *task, void *item, void **ret_value)
{
    enum ending ending = *(enum ending *)fpool_task_userdata(task);
    uintptr_t n = object_value(item);

    *ret_value = object_make(n);
    if (ending == WORKERS_LOST && n % 50 == 0) {
        pthread_exit(NULL);
    }
    while (ending == OUT_OF_TIME && n >= 20 &&
           !fpool_task_is_cancelled(task)) {
        sched_yield();
    }
    return ending == FAILED_FAST && n == 100 ? 1 : 0;
}

static struct counted_source make_source(enum ending ending)
{
    return (struct counted_source){
        .end = N,
        .code = ending == SOURCE_FAILED ? 9 : FPOOL_END,
        .is_ready = true,
    };
}

static struct fpool_job_options make_options(enum ending ending,
                                             unsigned chunk)
{
    return (struct fpool_job_options){
        .struct_size = sizeof(struct fpool_job_options),
        .window = 32,
        .chunk = chunk,
        .deadline_ms = ending == OUT_OF_TIME ? 5 : 0,
        .flags = ending == FAILED_FAST ? FPOOL_FAIL_FAST : 0,
        .drop_value = object_drop,
    };
}

/* What the last call of a job that ended so says, and with it how far the reader
 * goes. */
static const struct {
    enum fpool_status status;
    int n_read; /* -1: to the end */
} expected[N_ENDINGS] = {
    [BY_ITSELF] = { FPOOL_END, -1 },
    [UNREAD] = { FPOOL_OK, 0 },
    [HALF_READ] = { FPOOL_OK, 40 },
    [CANCELLED] = { FPOOL_ECANCELED, 40 },
    [TERMINATED] = { FPOOL_ECANCELED, 40 },
    [SOURCE_FAILED] = { FPOOL_ESOURCE, -1 },
    [FAILED_FAST] = { FPOOL_EFAILED, -1 },
    [OUT_OF_TIME] = { FPOOL_EDEADLINE, -1 },
    [WORKERS_LOST] = { FPOOL_END, -1 },
};

static void check_stream(bool is_ordered, enum ending ending, unsigned workers,
                         unsigned chunk)
{
    struct fpool *pool = make_pool(workers);
    struct counted_source source = make_source(ending);
    struct fpool_job_options options = make_options(ending, chunk);
    struct fpool_results *results = NULL;
    enum fpool_status st = FPOOL_OK;
    struct fpool_result r;
    int n;

    objects_begin();
    assert_ok((is_ordered ? fpool_imap : fpool_imap_unordered)(
        pool, FPOOL_CALL(task_copy, &ending), counted_source(&source),
        &options, &results));
    for (n = 0; st == FPOOL_OK && n != expected[ending].n_read; n++) {
        st = fpool_next(results, &r, GUARD_MS);
        if (st == FPOOL_OK) {
            fpool_result_release(&r);
        }
    }
    if (ending == CANCELLED || ending == TERMINATED) {
        if (ending == CANCELLED) {
            fpool_results_cancel(results);
        } else {
            assert_ok(fpool_terminate(pool));
        }
        st = drain(results, NULL);
    }
    assert_status(st, expected[ending].status);
    fpool_results_destroy(&results);
    /* Time may be over before the first item. */
    assert_objects_gone(ending == UNREAD || ending == OUT_OF_TIME ? 0 : 40);
    assert_int_equal(atomic_load(&source.n_closed), 1);
    fpool_destroy(&pool);
    assert_objects_gone(0);
}

static void streams_drop_everything_once(void **state)
{
    static const unsigned chunks[] = { 0, 1, 16 };
    unsigned workers;
    int ending;
    size_t i;

    (void)state;
    for (workers = 1; workers <= 4; workers += 3) {
        for (ending = 0; ending < N_ENDINGS; ending++) {
            for (i = 0; i < N_ELEMENTS(chunks); i++) {
                check_stream(true, (enum ending)ending, workers, chunks[i]);
                check_stream(false, (enum ending)ending, workers, chunks[i]);
            }
        }
    }
}

static void check_batch(bool is_kept, enum ending ending, unsigned workers,
                        unsigned chunk)
{
    struct fpool *pool = make_pool(workers);
    struct counted_source source = make_source(ending);
    struct fpool_job_options options = make_options(ending, chunk);
    struct fpool_batch *batch = NULL;

    objects_begin();
    if (is_kept) {
        assert_ok(fpool_map_async(pool, FPOOL_CALL(task_copy, &ending),
                                  counted_source(&source), &options, &batch));
        if (ending == CANCELLED) {
            fpool_batch_cancel(batch);
        } else if (ending == TERMINATED) {
            assert_ok(fpool_terminate(pool));
        }
        if (ending != UNREAD) {
            fpool_batch_wait(batch, GUARD_MS);
        }
        fpool_batch_destroy(&batch);
    } else {
        fpool_map(pool, FPOOL_CALL(task_copy, &ending),
                  counted_source(&source), &options, NULL);
    }
    assert_objects_gone(0);
    assert_int_equal(atomic_load(&source.n_closed), 1);
    fpool_destroy(&pool);
    assert_objects_gone(0);
}

static void batches_drop_everything_once(void **state)
{
    static const unsigned chunks[] = { 0, 1, 16 };
    unsigned workers;
    int ending;
    size_t i;

    (void)state;
    for (workers = 1; workers <= 4; workers += 3) {
        for (ending = 0; ending < N_ENDINGS; ending++) {
            for (i = 0; i < N_ELEMENTS(chunks); i++) {
                check_batch(true, (enum ending)ending, workers, chunks[i]);
                check_batch(false, (enum ending)ending, workers, chunks[i]);
            }
        }
    }
}

static int put_some(void *userdata, struct fpool_result *result)
{
    int *n_left = userdata;

    (void)result;
    return (*n_left)-- == 0 ? 3 : 0;
}

static void for_each_drops_everything_once(void **state)
{
    unsigned workers;
    int ending;
    int n_puts;

    (void)state;
    for (workers = 1; workers <= 4; workers += 3) {
        for (ending = SOURCE_FAILED; ending < N_ENDINGS; ending++) {
            /* The sink takes all, or fails at once, or in the middle. */
            for (n_puts = -1; n_puts <= 20; n_puts += 7) {
                struct fpool *pool = make_pool(workers);
                enum ending how = (enum ending)ending;
                struct counted_source source = make_source(how);
                struct fpool_job_options options = make_options(how, 0);
                struct fpool_sink *sink = NULL;
                int n_left = n_puts;
                enum fpool_status st;

                objects_begin();
                assert_ok(fpool_sink_create(&sink, put_some, NULL, &n_left));
                st = fpool_for_each(pool, FPOOL_CALL(task_copy, &how),
                                    counted_source(&source), sink, &options);
                assert_int_equal(fpool_sink_code(sink),
                                 st == FPOOL_ESINK ? 3 : 0);
                assert_true((st == FPOOL_ESINK) == (n_puts >= 0) ||
                            how == OUT_OF_TIME);
                assert_objects_gone(0);
                assert_int_equal(atomic_load(&source.n_closed), 1);
                fpool_sink_destroy(&sink);
                fpool_destroy(&pool);
                assert_objects_gone(0);
            }
        }
    }
}

static void futures_drop_everything_once(void **state)
{
    enum ending ending = BY_ITSELF;
    int round;
    int i;

    (void)state;
    for (round = 0; round < 40; round++) {
        struct fpool *pool = make_pool(2);
        struct fpool_future *futures[8] = { NULL };

        objects_begin();
        ending = round % 2 == 0 ? BY_ITSELF : WORKERS_LOST;
        for (i = 0; i < 8; i++) {
            assert_ok(fpool_apply_async(
                pool, FPOOL_CALL(task_copy, &ending),
                fpool_item_take(object_make((uintptr_t)i * 50), object_drop),
                FPOOL_JOB(.drop_value = object_drop),
                i % 4 == 0 ? NULL : &futures[i]));
        }
        for (i = 0; i < 8; i++) {
            if (i % 4 == 1) {
                fpool_future_cancel(futures[i]);
            } else if (i % 4 == 2) {
                fpool_future_detach(&futures[i]);
            }
        }
        if (round % 3 == 0) {
            assert_ok(fpool_terminate(pool));
        }
        for (i = 0; i < 8; i++) {
            fpool_future_destroy(&futures[i]);
        }
        fpool_destroy(&pool);
        assert_objects_gone(8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_drop_everything_once),
        cmocka_unit_test(batches_drop_everything_once),
        cmocka_unit_test(for_each_drops_everything_once),
        cmocka_unit_test(futures_drop_everything_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
