/* SPDX-License-Identifier: MIT */
/* Choosing the number of workers.  One is the serial loop; one for each CPU
 * suits work that computes; work that waits wants as many as may wait at once,
 * hundreds or thousands, which cost little memory.  Times go to stderr.
 * Python: ThreadPool(1), ThreadPool(os.cpu_count()), ThreadPool(256) */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>
#include <time.h>

static int wait_a_little(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    (void)item;
    (void)ret_value;
    poll(NULL, 0, 1);
    return 0;
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Runs 500 waits of a millisecond each on a pool of 'workers' threads. */
static enum fpool_status measure(const char *title, unsigned workers)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    double start = now();
    enum fpool_status st;

    /* Threads start when there is work, at most 'workers' of them. */
    st = fpool_create(&pool, FPOOL_OPTIONS(.workers = workers));
    if (st == FPOOL_OK) {
        st = fpool_map(pool, FPOOL_CALL(wait_a_little, NULL),
                       fpool_source_range(0, 500), NULL, NULL);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "%s: %s\n", title, fpool_status_text(st));
        return st;
    }
    fpool_get_stats(pool, &stats);
    printf("%s: %llu done\n", title, (unsigned long long)stats.completed);
    fprintf(stderr, "%s: %.3f s, %u threads\n", title, now() - start,
            stats.peak_workers);
    return FPOOL_OK;
}

int main(void)
{
    if (measure("one", 1) != FPOOL_OK ||
        measure("one for each CPU", fpool_usable_cpus()) != FPOOL_OK ||
        measure("hundreds", 200) != FPOOL_OK ||
        measure("thousands", 2000) != FPOOL_OK) {
        return 1;
    }
    return 0;
}
