/* SPDX-License-Identifier: MIT */
/* Pullers; started when a job on an evented engine is launched. */
#include "core/puller.h"

#include "base/clock.h"
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

static void *puller_main(void *arg)
{
    struct fpool_job *job = arg;
    struct fpool *pool = job->pool;
    struct fpool_slot *slots[FPOOL_CHUNK_MAX];
    struct fpool_chunk chunk = { .max = FPOOL_CHUNK_MAX, .slots = slots };
    unsigned key;

    fpool_thread_self()->pool = pool;
    fpool_thread_set_name(pthread_self(), "fpool-puller");
    while (atomic_load(&job->phase) != FPOOL_PHASE_ENDED) {
        switch (fpool_pull(job, &chunk, NULL, NULL)) {
        case FPOOL_TOOK_ITEMS:
            start_all(job, &chunk);
            break;
        case FPOOL_TOOK_RETRY:
            break;
        case FPOOL_TOOK_BUSY: /* being ended by whoever cancels */
        case FPOOL_TOOK_NOTHING:
            key = fpool_gate_prepare(&job->pull_gate);
            if (atomic_load(&job->phase) == FPOOL_PHASE_READY ||
                atomic_load(&job->phase) == FPOOL_PHASE_ENDED) {
                fpool_gate_abandon(&job->pull_gate);
            } else {
                fpool_gate_wait(&job->pull_gate, key, FPOOL_NEVER);
            }
            break;
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
