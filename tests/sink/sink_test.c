/* SPDX-License-Identifier: MIT */
/* Sinks: one result at a time, owned by exactly one, failures kept. */
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "support/check.h"

/* A sink's state without a lock of its own: the sink must not need one. */
struct tally {
    int n_inside;
    int n_overlaps;
    uint64_t n;
    uint64_t sum;
    uint64_t fail_at; /* the put that fails with 77; 0: none */
    int n_closed;
};

static int tally_put(void *userdata, struct fpool_result *r)
{
    struct tally *t = userdata;

    t->n_overlaps += t->n_inside != 0;
    t->n_inside++;
    t->n++;
    t->sum += to_int(r->value);
    t->n_inside--;
    return t->n == t->fail_at ? 77 : 0;
}

static void tally_close(void *userdata)
{
    ((struct tally *)userdata)->n_closed++;
}

static void for_each_puts_every_result_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_sink *sink = NULL;
    struct tally tally = { 0 };

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 4)));
    assert_ok(fpool_sink_create(&sink, tally_put, tally_close, &tally));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_square, NULL),
                             fpool_source_range(0, 1000), sink, NULL));
    assert_int_equal(tally.n, 1000);
    assert_int_equal(tally.sum, 999ull * 1000 * 1999 / 6);
    assert_int_equal(tally.n_closed, 0);
    fpool_sink_destroy(&sink);
    assert_null(sink);
    assert_int_equal(tally.n_closed, 1);
}

struct feeder {
    struct fpool *pool;
    struct fpool_sink *sink;
    enum fpool_status st;
};

static void *feed(void *arg)
{
    struct feeder *f = arg;

    f->st = fpool_for_each(f->pool, FPOOL_CALL(task_square, NULL),
                           fpool_source_range(0, 20000), f->sink, NULL);
    return NULL;
}

static void two_jobs_share_a_sink_without_a_lock_of_its_own(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct tally tally = { 0 };
    struct feeder f[2];
    pthread_t threads[2];
    int i;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 4)));
    assert_ok(fpool_sink_create(&sink, tally_put, NULL, &tally));
    for (i = 0; i < 2; i++) {
        f[i] = (struct feeder){ pool, sink, FPOOL_EINVAL };
        assert_int_equal(pthread_create(&threads[i], NULL, feed, &f[i]), 0);
    }
    for (i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_ok(f[i].st);
    }
    assert_int_equal(tally.n, 40000);
    assert_int_equal(tally.n_overlaps, 0);
}

static void a_failing_sink_stops_its_job_and_keeps_its_code(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct counted_source source = { .end = 1000000, .code = FPOOL_END };
    struct tally tally = { .fail_at = 10 };
    struct fpool_result r = { .value = object_make(1),
                              .drop_value = object_drop };

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 4)));
    assert_ok(fpool_sink_create(&sink, tally_put, NULL, &tally));
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_square, NULL),
                                 counted_source(&source), sink, NULL),
                  FPOOL_ESINK);
    assert_int_equal(fpool_sink_code(sink), 77);
    assert_int_equal(tally.n, 10);
    assert_int_equal(atomic_load(&source.n_closed), 1);
    assert_status(fpool_sink_put(sink, &r), FPOOL_ESINK); /* it stays failed */
    assert_int_equal(tally.n, 10);
    assert_int_equal(atomic_load(&n_objects_made),
                     atomic_load(&n_objects_dropped));
}

static void a_collecting_sink_keeps_results_until_its_end(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_sink *sink = NULL;
    struct counted_source source = { .end = 200, .code = FPOOL_END };
    struct fpool_result r;
    uint64_t i;
    uint64_t sum = 0;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 4)));
    assert_ok(fpool_sink_collect(&sink));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_square, NULL),
                             counted_source(&source), sink, NULL));
    assert_int_equal(fpool_sink_count(sink), 200);
    for (i = 0; i < 200; i++) {
        assert_ok(fpool_sink_result(sink, i, &r));
        sum += object_value(r.item.data);
    }
    assert_int_equal(sum, 199 * 200 / 2);
    assert_status(fpool_sink_result(sink, 200, &r), FPOOL_EINVAL);
    assert_true(atomic_load(&n_objects_made) >
                atomic_load(&n_objects_dropped));
    fpool_sink_destroy(&sink);
    assert_int_equal(atomic_load(&n_objects_made),
                     atomic_load(&n_objects_dropped));
}

static void a_null_sink_releases_everything(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct counted_source source = { .end = 200, .code = FPOOL_END };

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 2)));
    assert_ok(fpool_sink_null(&sink));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_square, NULL),
                             counted_source(&source), sink, NULL));
    assert_int_equal(fpool_sink_count(sink), 0);
    assert_int_equal(atomic_load(&n_objects_made),
                     atomic_load(&n_objects_dropped));
}

static void for_each_without_a_sink_consumes_its_source(void **state)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct counted_source source = { .end = 1, .code = FPOOL_END };

    (void)state;
    assert_ok(fpool_create(&pool, NULL));
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_square, NULL),
                                 counted_source(&source), NULL, NULL),
                  FPOOL_EINVAL);
    assert_int_equal(atomic_load(&source.n_closed), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for_each_puts_every_result_once),
        cmocka_unit_test(two_jobs_share_a_sink_without_a_lock_of_its_own),
        cmocka_unit_test(a_failing_sink_stops_its_job_and_keeps_its_code),
        cmocka_unit_test(a_collecting_sink_keeps_results_until_its_end),
        cmocka_unit_test(a_null_sink_releases_everything),
        cmocka_unit_test(for_each_without_a_sink_consumes_its_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
