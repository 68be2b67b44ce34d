/* SPDX-License-Identifier: MIT */
/* pulled - delivered <= window, at any instant: measured by sources that count
 * against what their reader has, with every verb, order, chunk and window. */
#include <pthread.h>

#include "support/check.h"

/* An endless source of objects that compares, at each pull, what it has yielded
 * with what the reader says it has got. */
struct gauge {
    atomic_llong n_pulled;
    atomic_llong n_delivered;
    atomic_llong peak;      /* most pulled and not delivered */
    atomic_int n_in_next;   /* readers that may hold a result unsaid */
    atomic_int n_wanted;    /* pulls that the main thread waits for */
    _Atomic(struct fpool_results *) results;
    atomic_llong exact_peak; /* the same, by the job's own counters */
    bool is_ready;
    long long end; /* 0: endless */
};

static void raise_to(atomic_llong *peak, long long value)
{
    long long old = atomic_load(peak);

    while (old < value &&
           !atomic_compare_exchange_weak(peak, &old, value)) {
    }
}

static int gauge_next(void *self, struct fpool_item *ret_item,
                      struct fpool_cancel *cancel)
{
    struct gauge *g = self;
    struct fpool_results *results = atomic_load(&g->results);
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    int n_in_next = atomic_load(&g->n_in_next); /* first: see the reader */
    long long n_delivered = atomic_load(&g->n_delivered);
    long long n_pulled;

    (void)cancel;
    if (g->end != 0 && atomic_load(&g->n_pulled) == g->end) {
        return FPOOL_END;
    }
    n_pulled = atomic_fetch_add(&g->n_pulled, 1) + 1;
    atomic_fetch_add(&g->n_wanted, 1);
    raise_to(&g->peak, n_pulled - n_delivered - n_in_next);
    if (results != NULL &&
        fpool_results_get_stats(results, &stats) == FPOOL_OK) {
        raise_to(&g->exact_peak,
                 (long long)(stats.pulled + 1 - stats.delivered));
    }
    *ret_item = fpool_item_take(object_make((uintptr_t)n_pulled - 1),
                                object_drop);
    return FPOOL_OK;
}

static bool gauge_ready(void *self)
{
    (void)self;
    return true;
}

static struct fpool_source gauge_source(struct gauge *g)
{
    return (struct fpool_source){ .next = gauge_next,
                                  .ready = g->is_ready ? gauge_ready : NULL,
                                  .self = g };
}

typedef enum fpool_status stream_verb(struct fpool *pool,
                                      const struct fpool_op *op,
                                      struct fpool_source source,
                                      const struct fpool_job_options *job,
                                      struct fpool_results **ret_results);

/* Reads 'n' results of an endless list, then stops reading: the source is asked
 * until the window is full and not once more.  Near the end of a full window
 * credit goes back by the quarter, so that it need not be filled again. */
static void check_bound(struct fpool *pool, stream_verb *verb, unsigned window,
                        unsigned chunk, int n)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct gauge g = { .is_ready = chunk != 1 };
    struct fpool_result r;
    int n_pulled;
    int i;

    objects_begin();
    assert_ok(verb(pool, FPOOL_CALL(task_object, NULL), gauge_source(&g),
                   FPOOL_JOB(.window = window, .chunk = chunk), &results));
    atomic_store(&g.results, results);
    for (i = 0; i < n; i++) {
        atomic_store(&g.n_in_next, 1);
        assert_ok(fpool_next(results, &r, GUARD_MS));
        atomic_fetch_add(&g.n_delivered, 1);
        atomic_store(&g.n_in_next, 0);
        fpool_result_release(&r);
    }
    await_count(&g.n_wanted, n == 0 ? (int)window : n);
    /* The reader has paused; another job finds the workers free. */
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, 1000), NULL, NULL));
    n_pulled = (int)atomic_load(&g.n_pulled);
    assert_in_range(n_pulled, n == 0 ? (int)window : n, n + (int)window);
    assert_in_range(atomic_load(&g.peak), n == 0 ? window : 0, window);
    assert_in_range(atomic_load(&g.exact_peak), 0, window);
    fpool_results_destroy(&results);
    assert_objects_gone(n_pulled);
}

static void check_all_bounds(stream_verb *verb)
{
    static const unsigned windows[] = { 1, 2, 7, 64, 300 };
    static const unsigned chunks[] = { 0, 1, 5, 1000 };
    unsigned workers;
    size_t w;
    size_t c;

    for (workers = 1; workers <= 4; workers += 3) {
        FPOOL_SCOPED struct fpool *pool = make_pool(workers);

        for (w = 0; w < N_ELEMENTS(windows); w++) {
            for (c = 0; c < N_ELEMENTS(chunks); c++) {
                check_bound(pool, verb, windows[w], chunks[c], 0);
                check_bound(pool, verb, windows[w], chunks[c], 500);
            }
        }
    }
}

static void row_56_the_window_is_never_exceeded(void **state)
{
    (void)state;
    check_all_bounds(fpool_imap);
    check_all_bounds(fpool_imap_unordered);
}

static void row_56_a_window_is_given_where_none_is_asked_for(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    struct gauge g = { .end = 0 };

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_object, NULL), gauge_source(&g),
                         NULL, &results));
    assert_ok(fpool_results_get_stats(results, &stats));
    assert_int_equal(stats.window, 6);
    await_count(&g.n_wanted, 6);
    fpool_results_destroy(&results);
    assert_int_equal(atomic_load(&g.n_pulled), 6);
}

/* Two tasks that wait for each other: only with two free workers at once. */
static int task_meet(struct fpool_task *task, void *item, void **ret_value)
{
    atomic_int *n_met = fpool_task_userdata(task);

    atomic_fetch_add(n_met, 1);
    await_count(n_met, 2);
    *ret_value = item;
    return 0;
}

static void row_58_a_full_window_holds_up_no_other_job(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *paused[4] = { NULL };
    struct gauge gauges[4] = { { .end = 0 } };
    FPOOL_SCOPED struct fpool_results *results = NULL;
    atomic_int n_met = 0;
    struct fpool_result r;
    int n;
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        gauges[i].is_ready = i % 2 == 0;
        assert_ok((i < 2 ? fpool_imap : fpool_imap_unordered)(
            pool, FPOOL_CALL(task_object, NULL), gauge_source(&gauges[i]),
            FPOOL_JOB(.window = 3), &paused[i]));
        await_count(&gauges[i].n_wanted, 3);
    }
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_meet, &n_met),
                         fpool_source_range(0, 2), FPOOL_JOB(.chunk = 1),
                         &results));
    assert_status(drain(results, &n), FPOOL_END);
    assert_int_equal(n, 2);
    fpool_results_destroy(&results);
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_square, NULL),
                                   fpool_source_range(0, 10000), NULL,
                                   &results));
    assert_status(drain(results, &n), FPOOL_END);
    assert_int_equal(n, 10000);
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                          fpool_item_pointer(NULL), NULL, &r));
    for (i = 0; i < 4; i++) {
        assert_int_equal(atomic_load(&gauges[i].n_pulled), 3);
        /* And it goes on where it was. */
        assert_ok(fpool_next(paused[i], &r, GUARD_MS));
        fpool_result_release(&r);
        await_count(&gauges[i].n_wanted, 4);
    }
    for (i = 0; i < 4; i++) {
        fpool_results_destroy(&paused[i]);
    }
}

/* A sink has delivered a result when its put returns. */
static int gauge_put(void *userdata, struct fpool_result *result)
{
    struct gauge *g = userdata;

    (void)result;
    atomic_fetch_add(&g->n_delivered, 1);
    return 0;
}

static void a_result_in_a_sink_still_counts(void **state)
{
    static const unsigned windows[] = { 1, 2, 7, 64 };
    static const unsigned chunks[] = { 0, 1, 5 };
    unsigned workers;
    size_t w;
    size_t c;

    (void)state;
    for (workers = 1; workers <= 4; workers += 3) {
        FPOOL_SCOPED struct fpool *pool = make_pool(workers);

        for (w = 0; w < N_ELEMENTS(windows); w++) {
            for (c = 0; c < N_ELEMENTS(chunks); c++) {
                FPOOL_SCOPED struct fpool_sink *sink = NULL;
                struct gauge g = { .is_ready = chunks[c] != 1, .end = 2000 };

                assert_ok(fpool_sink_create(&sink, gauge_put, NULL, &g));
                assert_ok(fpool_for_each(pool, FPOOL_CALL(task_object, NULL),
                                         gauge_source(&g), sink,
                                         FPOOL_JOB(.window = windows[w],
                                                   .chunk = chunks[c])));
                assert_int_equal(atomic_load(&g.n_delivered), 2000);
                assert_in_range(atomic_load(&g.peak), 1, windows[w]);
            }
        }
    }
}

/* In a map, an item is delivered when it is finished. */
static int task_gauge(struct fpool_task *task, void *item, void **ret_value)
{
    struct gauge *g = fpool_task_userdata(task);

    (void)item;
    *ret_value = NULL;
    atomic_fetch_add(&g->n_delivered, 1);
    return 0;
}

static void a_map_holds_no_more_than_its_window_either(void **state)
{
    static const unsigned windows[] = { 1, 3, 64 };
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    size_t w;
    unsigned chunk;

    (void)state;
    objects_begin();
    for (w = 0; w < N_ELEMENTS(windows); w++) {
        for (chunk = 0; chunk < 9; chunk += 4) {
            struct gauge g = { .is_ready = true, .end = 2000 };

            assert_ok(fpool_map(pool, FPOOL_CALL(task_gauge, &g),
                                gauge_source(&g),
                                FPOOL_JOB(.window = windows[w],
                                          .chunk = chunk),
                                NULL));
            assert_in_range(atomic_load(&g.peak), 1, windows[w]);
        }
    }
    assert_objects_gone(3 * 3 * 2000);
}

/* Reads a stream on a thread of its own. */
static void *reader_main(void *arg)
{
    drain(arg, NULL);
    return NULL;
}

static void no_snapshot_shows_more_than_the_window(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    pthread_t reader;

    (void)state;
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_square, NULL),
                                   fpool_source_range(0, 200000),
                                   FPOOL_JOB(.window = 4, .chunk = 1),
                                   &results));
    assert_int_equal(pthread_create(&reader, NULL, reader_main, results), 0);
    do {
        assert_ok(fpool_results_get_stats(results, &stats));
        assert_in_range(stats.delivered, 0, stats.pulled);
        assert_in_range(stats.pulled - stats.delivered, 0, 4);
    } while (stats.delivered != 200000);
    pthread_join(reader, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_56_the_window_is_never_exceeded),
        cmocka_unit_test(row_56_a_window_is_given_where_none_is_asked_for),
        cmocka_unit_test(row_58_a_full_window_holds_up_no_other_job),
        cmocka_unit_test(a_result_in_a_sink_still_counts),
        cmocka_unit_test(no_snapshot_shows_more_than_the_window),
        cmocka_unit_test(a_map_holds_no_more_than_its_window_either),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
