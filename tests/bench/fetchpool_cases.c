/* SPDX-License-Identifier: MIT */
/* fetchpool's own side of the benchmark: map, imap and imap_unordered, with all
 * workers started.  Results are taken by the main thread, one by one, and
 * released.  Called by pool_bench.c. */
#include "bench.h"

#include <fetchpool/fetchpool.h>

#include <stdlib.h>

#define MAP_SIZE 1000000
#define BATCH_SIZE 100000

struct fetchpool {
    struct fpool *pool;
    enum bench_work work;
    unsigned workers;
    uint64_t *elements;
};

static int task(struct fpool_task *t, void *item, void **ret_value)
{
    const enum bench_work *work = fpool_task_userdata(t);

    (void)item;
    (void)ret_value;
    bench_task(*work);
    return 0;
}

static void must(enum fpool_status status)
{
    bench_check(status == FPOOL_OK ? &status : NULL);
}

static void *fetchpool_open(unsigned workers, enum bench_work work)
{
    struct fetchpool *f = bench_check(calloc(1, sizeof(*f)));

    f->work = work;
    f->workers = workers;
    f->elements = bench_check(calloc(MAP_SIZE, sizeof(*f->elements)));
    must(fpool_create(&f->pool,
                      FPOOL_OPTIONS(.workers = workers, .flags = FPOOL_EAGER)));
    return f;
}

static void fetchpool_close(void *self)
{
    struct fetchpool *f = self;

    fpool_destroy(&f->pool);
    free(f->elements);
    free(f);
}

/* One map has at most 'most' elements; there are as many as needed. */
static void run_map(struct fetchpool *f, uint64_t n, size_t most,
                    bool has_batch)
{
    while (n > 0) {
        size_t count = n < most ? (size_t)n : most;
        struct fpool_batch *batch = NULL;

        must(fpool_map(
            f->pool, FPOOL_CALL(task, &f->work),
            fpool_source_array(f->elements, count, sizeof(*f->elements)), NULL,
            has_batch ? &batch : NULL));
        fpool_batch_destroy(&batch);
        n -= count;
    }
}

static void run_map_only(void *self, uint64_t n)
{
    run_map(self, n, MAP_SIZE, false);
}

static void run_map_batch(void *self, uint64_t n)
{
    run_map(self, n, BATCH_SIZE, true);
}

static void take_all(struct fpool_results *results, uint64_t n)
{
    struct fpool_result r;
    uint64_t taken = 0;

    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        fpool_result_release(&r);
        taken++;
    }
    bench_check(taken == n ? results : NULL);
    fpool_results_destroy(&results);
}

static void run_unordered(struct fetchpool *f, uint64_t n, unsigned window,
                          unsigned chunk)
{
    struct fpool_results *results;

    must(fpool_imap_unordered(
        f->pool, FPOOL_CALL(task, &f->work), fpool_source_range(0, n),
        FPOOL_JOB(.window = window, .chunk = chunk), &results));
    take_all(results, n);
}

static void run_unordered_1(void *self, uint64_t n)
{
    struct fetchpool *f = self;

    run_unordered(f, n, bench_window(f->workers), 1);
}

static void run_unordered_1_default(void *self, uint64_t n)
{
    run_unordered(self, n, 0, 1);
}

static void run_unordered_chunks(void *self, uint64_t n)
{
    struct fetchpool *f = self;

    run_unordered(f, n, bench_window(f->workers), 0);
}

static void run_ordered(void *self, uint64_t n)
{
    struct fetchpool *f = self;
    struct fpool_results *results;

    must(fpool_imap(
        f->pool, FPOOL_CALL(task, &f->work), fpool_source_range(0, n),
        FPOOL_JOB(.window = bench_window(f->workers), .chunk = 1), &results));
    take_all(results, n);
}

const struct bench_case fetchpool_cases[] = {
    { "map", "map, no results", fetchpool_open, run_map_only, fetchpool_close },
    { "batch", "map, results", fetchpool_open, run_map_batch, fetchpool_close },
    { "unordered", "imap_unordered, chunk 1", fetchpool_open, run_unordered_1,
      fetchpool_close },
    { "unordered-default", "  with the default window", fetchpool_open,
      run_unordered_1_default, fetchpool_close },
    { "unordered-chunks", "  with the default chunk", fetchpool_open,
      run_unordered_chunks, fetchpool_close },
    { "ordered", "imap, chunk 1", fetchpool_open, run_ordered,
      fetchpool_close },
};

const size_t n_fetchpool_cases =
    sizeof(fetchpool_cases) / sizeof(fetchpool_cases[0]);
