/* SPDX-License-Identifier: MIT */
/* Sinks that several jobs share, and the scope that destroys any handle. */
#include <pthread.h>
#include <sched.h>

#include "support/check.h"

#define N 2000

/* A sink that needs no lock: it counts with plain numbers. */
struct plain {
    atomic_int n_inside;
    atomic_int n_at_once; /* most puts at once */
    uint64_t n;
    uint64_t sum;
    uint64_t fails_at; /* fails at this put; 0: never */
    int n_closed;
};

static int plain_put(void *userdata, struct fpool_result *result)
{
    struct plain *p = userdata;
    int inside = atomic_fetch_add(&p->n_inside, 1) + 1;
    int i;

    for (i = 0; i < 5; i++) {
        sched_yield(); /* time for others to come in, if they could */
    }
    if (inside > atomic_load(&p->n_at_once)) {
        atomic_store(&p->n_at_once, inside);
    }
    p->n++;
    p->sum += to_int(result->value);
    atomic_fetch_sub(&p->n_inside, 1);
    return p->fails_at != 0 && p->n >= p->fails_at ? 77 : 0;
}

static void plain_close(void *userdata)
{
    ((struct plain *)userdata)->n_closed++;
}

/* A thread that runs one job into the sink. */
struct caller {
    pthread_t thread;
    struct fpool *pool;
    struct fpool_sink *sink;
    uint64_t n;
    enum fpool_status st;
};

static void *caller_main(void *arg)
{
    struct caller *c = arg;

    c->st = fpool_for_each(c->pool, FPOOL_CALL(task_square, NULL),
                           fpool_source_range(0, c->n), c->sink,
                           FPOOL_JOB(.window = 8));
    return NULL;
}

static void callers_run(struct caller *callers, size_t n, struct fpool *pool,
                        struct fpool_sink *sink, uint64_t n_items)
{
    size_t i;

    for (i = 0; i < n; i++) {
        callers[i] =
            (struct caller){ .pool = pool, .sink = sink, .n = n_items };
        assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_main,
                                        &callers[i]),
                         0);
    }
    for (i = 0; i < n; i++) {
        pthread_join(callers[i].thread, NULL);
    }
}

static void jobs_that_share_a_sink_put_one_at_a_time(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    struct fpool_sink *sink = NULL;
    struct plain plain = { .n = 0 };
    struct caller callers[4];
    uint64_t sum = 0;
    uint64_t i;

    (void)state;
    assert_ok(fpool_sink_create(&sink, plain_put, plain_close, &plain));
    callers_run(callers, N_ELEMENTS(callers), pool, sink, N);
    for (i = 0; i < N_ELEMENTS(callers); i++) {
        assert_status(callers[i].st, FPOOL_OK);
    }
    for (i = 0; i < N; i++) {
        sum += 4 * i * i;
    }
    assert_int_equal(atomic_load(&plain.n_at_once), 1);
    assert_int_equal(plain.n, 4 * N);
    assert_int_equal(plain.sum, sum);
    assert_int_equal(fpool_sink_code(sink), 0);
    assert_int_equal(plain.n_closed, 0);
    fpool_sink_destroy(&sink);
    assert_null(sink);
    assert_int_equal(plain.n_closed, 1);
    fpool_sink_destroy(&sink);
}

static void a_sink_that_fails_stops_all_its_jobs(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct plain plain = { .fails_at = 100 };
    struct caller callers[3];
    struct fpool_result r = { .status = FPOOL_OK };
    size_t i;

    (void)state;
    assert_ok(fpool_sink_create(&sink, plain_put, NULL, &plain));
    callers_run(callers, N_ELEMENTS(callers), pool, sink, UINT32_MAX);
    for (i = 0; i < N_ELEMENTS(callers); i++) {
        assert_status(callers[i].st, FPOOL_ESINK);
    }
    assert_int_equal(plain.n, 100); /* no put after the failed one */
    assert_int_equal(fpool_sink_code(sink), 77);
    assert_status(fpool_sink_put(sink, &r), FPOOL_ESINK);
    assert_int_equal(plain.n, 100);
}

/* Tasks put into the sink of their own job's reader, too. */
static int task_put(struct fpool_task *task, void *item, void **ret_value)
{
    struct fpool_result r = { .value = item };

    *ret_value = item;
    return (int)fpool_sink_put(fpool_task_userdata(task), &r);
}

static void tasks_and_readers_may_share_a_sink(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct plain plain = { .n = 0 };

    (void)state;
    assert_ok(fpool_sink_create(&sink, plain_put, NULL, &plain));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_put, sink),
                             fpool_source_range(0, N), sink, NULL));
    assert_int_equal(plain.n, 2 * N);
    assert_int_equal(plain.sum, (uint64_t)N * (N - 1));
    assert_int_equal(atomic_load(&plain.n_at_once), 1);
}

static void a_failed_item_is_put_like_any_other(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct fpool_result r;
    bool seen[10] = { false };
    uint64_t i;

    (void)state;
    assert_ok(fpool_sink_collect(&sink));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_code, NULL),
                             fpool_source_range(0, 10), sink, NULL));
    assert_int_equal(fpool_sink_count(sink), 10);
    for (i = 0; i < 10; i++) {
        assert_ok(fpool_sink_result(sink, i, &r));
        assert_int_equal(r.status, r.index == 0 ? FPOOL_OK : FPOOL_EFAILED);
        assert_int_equal(r.code, r.index);
        assert_false(seen[r.index]);
        seen[r.index] = true;
    }
}

static int open_all(struct door *door, int *ret_descriptor)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    FPOOL_SCOPED struct fpool_cancel *token = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    FPOOL_SCOPED struct fpool_future *future = NULL;
    FPOOL_SCOPED struct fpool_future *none = NULL;

    assert_ok(fpool_cancel_create(&token, NULL));
    assert_ok(fpool_sink_collect(&sink));
    assert_ok(fpool_for_each(
        pool, FPOOL_CALL(task_object_copy, NULL),
        counted_source(&(struct counted_source){ .end = 5,
                                                 .code = FPOOL_END }),
        sink, FPOOL_JOB(.drop_value = object_drop)));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_until_told, door),
                         fpool_source_range(0, 100),
                         FPOOL_JOB(.limit = 1, .cancel = token), &results));
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_until_told, door),
                              fpool_source_range(0, 100), FPOOL_JOB(.limit = 1),
                              &batch));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_until_told, door),
                                fpool_item_take(object_make(1), object_drop),
                                NULL, &future));
    assert_null(none);
    door_await(door, 3);
    *ret_descriptor = fpool_cancel_fd(token) + fpool_results_fd(results);
    return (int)fpool_sink_count(sink);
}

static void a_scope_destroys_every_kind_of_handle(void **state)
{
    int n_threads = count_threads();
    int n_descriptors = count_descriptors();
    int i;

    (void)state;
    objects_begin();
    for (i = 1; i <= 20; i++) {
        struct door door = { 0 };
        int descriptor = -1;

        assert_int_equal(open_all(&door, &descriptor), 5);
        assert_true(descriptor > 0);
        assert_int_equal(atomic_load(&door.n_left), 3);
        assert_objects_gone(11 * i);
        assert_int_equal(count_descriptors(), n_descriptors);
    }
    await_threads(n_threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_that_share_a_sink_put_one_at_a_time),
        cmocka_unit_test(a_sink_that_fails_stops_all_its_jobs),
        cmocka_unit_test(tasks_and_readers_may_share_a_sink),
        cmocka_unit_test(a_failed_item_is_put_like_any_other),
        cmocka_unit_test(a_scope_destroys_every_kind_of_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
