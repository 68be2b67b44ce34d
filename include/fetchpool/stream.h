/* SPDX-License-Identifier: MIT */
/* imap, imap_unordered, for_each: results one by one, from any length of list.
 *
 * Purpose: stream results while the list is still being read, in memory that
 *   does not depend on its length.
 * Use: see fetchpool.h, or examples/.
 * Ownership: fpool_next gives a result; releasing it only frees it, so a
 *   program may keep results as long as it likes without stalling the job.
 * Thread-safety: any thread; results go to exactly one caller of fpool_next.
 * Limits: pulled - delivered - deferred <= window at any instant (deferred
 *   items are on disk, see defer_max in job.h); an item is delivered
 *   when fpool_next, or the sink, has returned it. */
#ifndef FETCHPOOL_STREAM_H
#define FETCHPOOL_STREAM_H

#include <fetchpool/job.h>
#include <fetchpool/source.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool;
struct fpool_sink;
struct fpool_results;

/* Starts a job whose results come in the order of its items.  A slow item holds
 * back those behind it, within the window: 4 to 8 x workers suits lists with a
 * few slow ones.  Consumes 'source' also when it fails.  'job' may be NULL.
 * Does not block.  FPOOL_EINVAL, FPOOL_ENOMEM, FPOOL_ECLOSED, FPOOL_EINIT,
 * FPOOL_EUNSUPPORTED, FPOOL_EFORK. */
FPOOL_API enum fpool_status fpool_imap(struct fpool *pool,
                                       const struct fpool_op *op,
                                       struct fpool_source source,
                                       const struct fpool_job_options *job,
                                       struct fpool_results **ret_results);

/* The same with results as they complete; 'index' tells which is which. */
FPOOL_API enum fpool_status fpool_imap_unordered(
    struct fpool *pool, const struct fpool_op *op, struct fpool_source source,
    const struct fpool_job_options *job, struct fpool_results **ret_results);

/* Gives the next result in '*ret_result', waiting for it up to 'timeout_ms'.
 *
 *   FPOOL_OK         '*ret_result' is yours; look at its 'status'
 *   FPOOL_END        all results were delivered, now and for ever
 *   FPOOL_ETIMEDOUT  none yet; nothing is lost
 *   FPOOL_ESOURCE    the source failed; said once, after the last result,
 *                    then FPOOL_END
 *   FPOOL_ECANCELED, FPOOL_EDEADLINE, FPOOL_EFAILED (fail-fast), FPOOL_EINIT
 *                    why the job ended early; after the last result, for ever
 *   FPOOL_EFORK
 *
 * On a worker of the same pool it runs items of this job while it waits. */
FPOOL_API enum fpool_status fpool_next(struct fpool_results *results,
                                       struct fpool_result *ret_result,
                                       int64_t timeout_ms);

/* A descriptor that polls readable while fpool_next has something to say, made
 * on first use and owned by 'results'; only poll it.  Once it is readable,
 * call fpool_next with time-out 0 until it returns FPOOL_ETIMEDOUT; only then
 * is it reset.  -1 when no descriptor is to be had. */
FPOOL_API int fpool_results_fd(struct fpool_results *results);

/* Tells the job that its source, which said FPOOL_WAIT, has something now. */
FPOOL_API void fpool_results_wake(struct fpool_results *results);

/* While held, FPOOL_WAIT is never taken for the end: for feeders outside the
 * job's own tasks and consumer.  Counts; unhold wakes. */
FPOOL_API void fpool_results_hold(struct fpool_results *results);
FPOOL_API void fpool_results_unhold(struct fpool_results *results);

/* Cancels the job.  Never waits.  What was pulled is still delivered. */
FPOOL_API void fpool_results_cancel(struct fpool_results *results);

/* What the source returned when it failed, 0 while it has not. */
FPOOL_API int fpool_results_source_code(struct fpool_results *results);

struct fpool_results_stats {
    size_t struct_size;
    uint64_t pulled;    /* items taken from the source */
    uint64_t delivered; /* results handed over */
    unsigned window;
    unsigned chunk; /* items that a worker would take now, by itself */
};

/* A snapshot, never blocks; the caller has set 'struct_size'. */
FPOOL_API enum fpool_status fpool_results_get_stats(
    struct fpool_results *results, struct fpool_results_stats *ret_stats);

/* Cancels, waits for the running tasks of this job, drops the remaining
 * results, releases, stores NULL; accepts NULL.  Called by a task of the same
 * job it does not wait: the job ends when its last task does. */
FPOOL_API void fpool_results_destroy(struct fpool_results **results);

/* Runs a job and puts each result into 'sink' (borrowed), as it completes, on
 * the calling thread; returns when all are delivered.  A sink serves several
 * jobs at once and needs no lock of its own.  FPOOL_OK, FPOOL_ESINK when the
 * sink failed (the job is then cancelled, the rest is dropped), FPOOL_ESOURCE,
 * FPOOL_ECANCELED, FPOOL_EDEADLINE, FPOOL_EFAILED (fail-fast), or why the job
 * could not start.  A failed item is not an error of for_each. */
FPOOL_API enum fpool_status fpool_for_each(struct fpool *pool,
                                           const struct fpool_op *op,
                                           struct fpool_source source,
                                           struct fpool_sink *sink,
                                           const struct fpool_job_options *job);

#ifdef __cplusplus
}
#endif

#endif
