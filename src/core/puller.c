/* SPDX-License-Identifier: MIT */
/* Pullers; started when a job on an evented engine is launched. */
#include "core/puller.h"

#include "base/clock.h"
#include "core/defer.h"
#include "core/pool.h"
#include "core/service.h"

static void start_all(struct fpool_job *job, struct fpool_chunk *chunk)
{
    unsigned i;

    fpool_count(&job->pool->started, chunk->n);
    for (i = 0; i < chunk->n; i++) {
        job->engine->start(job->state, &chunk->slots[i]->request);
    }
}

/* Whether there will be nothing to do any more.  While items may be put aside,
 * that is when all are finished. */
static bool is_over(const struct fpool_job *job)
{
    return atomic_load(&job->phase) == FPOOL_PHASE_ENDED &&
           (job->defer == NULL ||
            atomic_load(&job->finished) == atomic_load(&job->pulled));
}

static void wait(struct fpool_job *job)
{
    unsigned key = fpool_gate_prepare(&job->pull_gate);
    int64_t deadline = FPOOL_NEVER;

    if (is_over(job) ||
        (atomic_load(&job->phase) == FPOOL_PHASE_READY &&
         !fpool_defer_is_passing(job)) ||
        fpool_defer_has_work(job, &deadline)) {
        fpool_gate_abandon(&job->pull_gate);
    } else {
        fpool_gate_wait(&job->pull_gate, key, deadline);
    }
}

static void *puller_main(void *arg)
{
    struct fpool_job *job = arg;
    struct fpool *pool = job->pool;
    struct fpool_slot *slots[FPOOL_CHUNK_MAX];
    struct fpool_chunk chunk = { .max = FPOOL_CHUNK_MAX, .slots = slots };
    enum fpool_took took;

    fpool_thread_self()->pool = pool;
    fpool_thread_set_name(pthread_self(), "fpool-puller");
    while (!is_over(job)) {
        if (fpool_defer_is_used(job) && fpool_defer_step(job)) {
            continue;
        }
        took = FPOOL_TOOK_NOTHING;
        if (!fpool_defer_is_passing(job)) {
            took = fpool_pull(job, &chunk, NULL, NULL);
        }
        if (took == FPOOL_TOOK_ITEMS) {
            start_all(job, &chunk);
        } else if (took != FPOOL_TOOK_RETRY) {
            wait(job); /* busy: it is being ended by whoever cancels */
        }
    }
    fpool_job_release(job);
    fpool_end_thread(pool);
    return NULL;
}

enum fpool_status fpool_puller_start(struct fpool_job *job)
{
    enum fpool_status st;

    fpool_job_hold(job);
    st = fpool_start_thread(job->pool, puller_main, job);
    if (st != FPOOL_OK) {
        fpool_job_release(job);
    }
    return st;
}
