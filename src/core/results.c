/* SPDX-License-Identifier: MIT */
/* The handle of a stream: how it starts, what can be done to it besides reading,
 * how it ends.  Reading is in stream.c. */
#include <string.h>

#include "core/handle.h"
#include "core/pool.h"

static enum fpool_status start(struct fpool *pool, const struct fpool_op *op,
                               struct fpool_source source,
                               const struct fpool_job_options *options,
                               enum fpool_shape shape,
                               struct fpool_results **ret_results)
{
    struct fpool_job *job;
    enum fpool_status st;

    st = fpool_job_start(&(struct fpool_job_request){
                             .pool = ret_results == NULL ? NULL : pool,
                             .op = op,
                             .source = source,
                             .options = options,
                             .shape = shape,
                             .kind = FPOOL_KIND_RESULTS },
                         &job);
    if (st == FPOOL_OK) {
        *ret_results = (struct fpool_results *)job;
    }
    return st;
}

enum fpool_status fpool_imap(struct fpool *pool, const struct fpool_op *op,
                             struct fpool_source source,
                             const struct fpool_job_options *job,
                             struct fpool_results **ret_results)
{
    return start(pool, op, source, job, FPOOL_SHAPE_ORDERED, ret_results);
}

enum fpool_status fpool_imap_unordered(struct fpool *pool,
                                       const struct fpool_op *op,
                                       struct fpool_source source,
                                       const struct fpool_job_options *job,
                                       struct fpool_results **ret_results)
{
    return start(pool, op, source, job, FPOOL_SHAPE_UNORDERED, ret_results);
}

int fpool_results_fd(struct fpool_results *results)
{
    struct fpool_job *job = &results->job;
    struct fpool_bell bell = { -1 };

    if (fpool_job_is_forked(job)) {
        return -1;
    }
    fpool_mutex_lock(&job->mu);
    if (job->bell.fd < 0 && fpool_bell_init(&bell) == FPOOL_OK) {
        /* Readable from the start: the first FPOOL_ETIMEDOUT arms it. */
        fpool_bell_ring(&bell);
        job->bell = bell;
    }
    bell = job->bell;
    fpool_mutex_unlock(&job->mu);
    return bell.fd;
}

void fpool_results_wake(struct fpool_results *results)
{
    if (!fpool_job_is_forked(&results->job)) {
        fpool_job_wake(&results->job);
    }
}

void fpool_results_hold(struct fpool_results *results)
{
    atomic_fetch_add(&results->job.holds, 1);
}

void fpool_results_unhold(struct fpool_results *results)
{
    atomic_fetch_sub(&results->job.holds, 1);
    fpool_results_wake(results);
}

void fpool_results_cancel(struct fpool_results *results)
{
    fpool_cancel_trip(&results->job.token);
}

int fpool_results_source_code(struct fpool_results *results)
{
    return atomic_load(&results->job.source_code);
}

enum fpool_status fpool_results_get_stats(struct fpool_results *results,
                                          struct fpool_results_stats *ret_stats)
{
    struct fpool_results_stats s = { .struct_size = sizeof(s) };
    size_t size;

    if (results == NULL || ret_stats == NULL ||
        ret_stats->struct_size < sizeof(s.struct_size)) {
        return FPOOL_EINVAL;
    }
    if (fpool_job_is_forked(&results->job)) {
        return FPOOL_EFORK;
    }
    do { /* the two of one instant: 'delivered' did not change around it */
        s.delivered = atomic_load(&results->job.delivered);
        s.pulled = atomic_load(&results->job.pulled);
    } while (s.delivered != atomic_load(&results->job.delivered));
    s.window = results->job.window;
    s.chunk = results->job.chunk != 0 ? results->job.chunk
                                      : atomic_load(&results->job.chunk_now);
    size = ret_stats->struct_size < sizeof(s) ? ret_stats->struct_size
                                              : sizeof(s);
    s.struct_size = size;
    memcpy(ret_stats, &s, size);
    return FPOOL_OK;
}

void fpool_results_destroy(struct fpool_results **results)
{
    if (results != NULL && *results != NULL) {
        fpool_job_destroy(&(*results)->job);
        *results = NULL;
    }
}
