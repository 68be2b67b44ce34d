/* SPDX-License-Identifier: MIT */
/* One sink, two jobs: two threads run a `for_each` each, on the same pool and
 * into the same sink, which still sees one result at a time.
 * Python: two threads with pool.imap_unordered(), one lock around the list */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

struct job {
    struct fpool *pool;
    struct fpool_sink *sink;
    uint64_t first;
    uint64_t end;
    enum fpool_status status;
};

static int square(struct fpool_task *task, void *item, void **ret_value)
{
    uint64_t number = fpool_item_number(item);

    (void)task;
    poll(NULL, 0, 1);
    *ret_value = (void *)(uintptr_t)(number * number);
    return 0;
}

/* 'userdata' is a plain number, and no lock guards it. */
static int add(void *userdata, struct fpool_result *result)
{
    uint64_t *sum = userdata;

    *sum += (uintptr_t)result->value;
    return 0;
}

static void *run(void *arg)
{
    struct job *job = arg;

    job->status = fpool_for_each(job->pool, FPOOL_CALL(square, NULL),
                                 fpool_source_range(job->first, job->end),
                                 job->sink, NULL);
    return NULL;
}

int main(void)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    uint64_t sum = 0;
    pthread_t thread;

    if (fpool_create(&pool, NULL) != FPOOL_OK ||
        fpool_sink_create(&sink, add, NULL, &sum) != FPOOL_OK) {
        return 1;
    }
    struct job low = { .pool = pool, .sink = sink, .first = 1, .end = 501 };
    struct job high = { .pool = pool, .sink = sink, .first = 501, .end = 1001 };

    if (pthread_create(&thread, NULL, run, &low) != 0) {
        return 1;
    }
    run(&high);
    pthread_join(thread, NULL);
    if (low.status != FPOOL_OK || high.status != FPOOL_OK) {
        return 1;
    }
    printf("the squares from 1 to 1000 add up to %llu\n",
           (unsigned long long)sum);
    return 0;
}
