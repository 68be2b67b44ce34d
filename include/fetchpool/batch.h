/* SPDX-License-Identifier: MIT */
/* map, starmap and their async forms: all results, by index.
 *
 * Purpose: run over a whole list and look at the results afterwards.  Memory
 *   grows with the list, as a list does; for endless ones see stream.h.
 * Use:
 *     FPOOL_SCOPED struct fpool_batch *batch = NULL;
 *     st = fpool_map(pool, FPOOL_CALL(f, NULL), FPOOL_ARRAY(in), NULL, &batch);
 *     fpool_batch_result(batch, i, &r);
 * Ownership: the batch owns its results and releases them when destroyed.
 * Thread-safety: any thread; results may be read once the batch is complete.
 * Limits: memory. */
#ifndef FETCHPOOL_BATCH_H
#define FETCHPOOL_BATCH_H

#include <fetchpool/job.h>
#include <fetchpool/source.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool;
struct fpool_batch;

/* Runs 'op' over every item of 'source' and waits for all.  Returns FPOOL_OK
 * when all items did well, otherwise the status of the lowest index that did
 * not, or FPOOL_ESOURCE.  '*ret_batch' is given in all of these cases, and left
 * alone when the job could not start (FPOOL_EINVAL, FPOOL_ENOMEM,
 * FPOOL_ECLOSED, FPOOL_EUNSUPPORTED, FPOOL_EFORK).  With 'ret_batch' NULL,
 * items and values are released as each finishes.  Consumes 'source' always.
 * On a worker of the same pool it runs items of this job while it waits. */
FPOOL_API enum fpool_status fpool_map(struct fpool *pool,
                                      const struct fpool_op *op,
                                      struct fpool_source source,
                                      const struct fpool_job_options *job,
                                      struct fpool_batch **ret_batch);

/* The same for rows of arguments; 'op' is an FPOOL_STARCALL. */
FPOOL_API enum fpool_status fpool_starmap(struct fpool *pool,
                                          const struct fpool_op *op,
                                          struct fpool_source source,
                                          const struct fpool_job_options *job,
                                          struct fpool_batch **ret_batch);

/* Starts the same without waiting; 'ret_batch' must not be NULL. */
FPOOL_API enum fpool_status fpool_map_async(struct fpool *pool,
                                            const struct fpool_op *op,
                                            struct fpool_source source,
                                            const struct fpool_job_options *job,
                                            struct fpool_batch **ret_batch);
FPOOL_API enum fpool_status fpool_starmap_async(
    struct fpool *pool, const struct fpool_op *op, struct fpool_source source,
    const struct fpool_job_options *job, struct fpool_batch **ret_batch);

/* Waits until all items are finished, then returns as fpool_map does;
 * FPOOL_ETIMEDOUT when that takes longer; ask again.  On a worker of the same
 * pool it runs items of this batch meanwhile. */
FPOOL_API enum fpool_status fpool_batch_wait(struct fpool_batch *batch,
                                             int64_t timeout_ms);

/* The number of results once complete: of items pulled, and for a source with
 * positions always all of them.  Before that, 0. */
FPOOL_API uint64_t fpool_batch_count(struct fpool_batch *batch);

/* Fills '*ret_result' with a view of result 'index', borrowed until the batch is
 * destroyed: do not release it.  FPOOL_EBUSY before the batch is complete,
 * FPOOL_EINVAL for an index that is none or a batch without results. */
FPOOL_API enum fpool_status fpool_batch_result(struct fpool_batch *batch,
                                               uint64_t index,
                                               struct fpool_result *ret_result);

/* What the source returned when it failed, 0 while it has not. */
FPOOL_API int fpool_batch_source_code(struct fpool_batch *batch);

/* Cancels what has not finished.  Never waits. */
FPOOL_API void fpool_batch_cancel(struct fpool_batch *batch);

/* Cancels what has not finished, waits for running tasks, releases all results,
 * stores NULL; accepts NULL.  Called by a task of the same batch it does not
 * wait. */
FPOOL_API void fpool_batch_destroy(struct fpool_batch **batch);

#ifdef __cplusplus
}
#endif

#endif
