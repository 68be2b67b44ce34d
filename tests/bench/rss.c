/* SPDX-License-Identifier: MIT */
/* pool_bench --rss: what 1000 idle workers cost, and whether memory stays flat
 * over a long run.  Called by pool_bench.c. */
#include "bench.h"

#include <fetchpool/fetchpool.h>

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define N_IDLE 1000
#define MOST_IDLE_KIB (25 * 1024)
#define MOST_GROWTH_KIB 1024

/* A line of /proc/self/status such as 'VmRSS:', in KiB. */
static long memory_kib(const char *name)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");

    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            sscanf(line + strlen(name), "%ld", &kib);
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return kib;
}

static int nothing(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    (void)item;
    (void)ret_value;
    return 0;
}

static void wait_until_idle(struct fpool *pool)
{
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    while (fpool_get_stats(pool, &stats) == FPOOL_OK &&
           stats.idle < stats.workers) {
        sched_yield();
    }
}

static bool idle_workers(void)
{
    struct fpool *pool = NULL;
    long before = memory_kib("VmRSS:");
    long kib;

    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = N_IDLE,
                                          .flags = FPOOL_EAGER)) != FPOOL_OK) {
        fprintf(stderr, "no pool of %d workers\n", N_IDLE);
        return false;
    }
    wait_until_idle(pool);
    kib = memory_kib("VmRSS:") - before;
    fpool_destroy(&pool);
    printf("%d idle workers: %.1f MiB, %.1f KiB each (at most 25 MiB: %s)\n",
           N_IDLE, (double)kib / 1024, (double)kib / N_IDLE,
           kib <= MOST_IDLE_KIB ? "met" : "MISSED");
    return kib <= MOST_IDLE_KIB;
}

static long sample(uint64_t taken, double start)
{
    long kib = memory_kib("VmRSS:");

    printf("%12" PRIu64 " items  %8ld KiB  (peak %ld)  %7.1f s\n", taken, kib,
           memory_kib("VmHWM:"), bench_now() - start);
    fflush(stdout);
    return kib;
}

static bool flat_over(struct fpool_results *results, uint64_t n_items)
{
    struct fpool_result r;
    double start = bench_now();
    uint64_t mark = n_items / 100;
    uint64_t taken = 0;
    long first = 0;
    long last = 0;

    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        fpool_result_release(&r);
        taken++;
        if (taken == mark || taken == n_items) {
            last = sample(taken, start);
            first = first == 0 ? last : first;
            mark *= 10;
        }
    }
    printf("growth from %" PRIu64 " items on: %ld KiB (at most %d: %s)\n",
           n_items / 100, last - first, MOST_GROWTH_KIB,
           last - first <= MOST_GROWTH_KIB ? "met" : "MISSED");
    return taken == n_items && last - first <= MOST_GROWTH_KIB;
}

static bool long_run(uint64_t n_items)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;

    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 64)) != FPOOL_OK ||
        fpool_imap_unordered(pool, FPOOL_CALL(nothing, NULL),
                             fpool_source_range(0, n_items),
                             FPOOL_JOB(.window = 1024),
                             &results) != FPOOL_OK) {
        fprintf(stderr, "no pool\n");
        return false;
    }
    return flat_over(results, n_items);
}

int bench_rss(uint64_t n_items)
{
    bool is_small = idle_workers();
    bool is_flat = long_run(n_items < 100 ? 100 : n_items);

    return is_small && is_flat ? 0 : 1;
}
