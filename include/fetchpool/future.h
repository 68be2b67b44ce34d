/* SPDX-License-Identifier: MIT */
/* apply and apply_async: one item, now or later.
 *
 * Purpose: hand over one piece of work and collect its result when wanted.
 * Use:
 *     fpool_apply_async(pool, FPOOL_CALL(f, NULL), fpool_item_pointer(&x),
 *                       NULL, &future);
 *     fpool_future_wait(future, FPOOL_FOREVER, &r);
 * Ownership: on success the job takes the item; on failure it stays the
 *   caller's.  The future owns the result.
 * Thread-safety: any thread.
 * Limits: submission is bounded, see fpool_options 'queue'. */
#ifndef FETCHPOOL_FUTURE_H
#define FETCHPOOL_FUTURE_H

#include <fetchpool/job.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool;
struct fpool_future;

/* Runs 'op' on 'item', waits, and gives the result, which the caller releases;
 * look at its 'status'.  Fails as fpool_apply_async does.  On a worker of the
 * same pool it runs the item itself. */
FPOOL_API enum fpool_status fpool_apply(struct fpool *pool,
                                        const struct fpool_op *op,
                                        struct fpool_item item,
                                        const struct fpool_job_options *job,
                                        struct fpool_result *ret_result);

/* Submits 'op' on 'item'.  With 'ret_future' NULL nobody waits for it: its
 * result goes to 'on_done', if set, and is released.  When the queue is full an
 * outside thread waits for room (until the job's deadline: FPOOL_EDEADLINE);
 * with FPOOL_NONBLOCK, or on a thread of the pool beyond its nested allowance,
 * FPOOL_EAGAIN.  Also FPOOL_ECANCELED (the job's token is tripped already),
 * FPOOL_EINVAL, FPOOL_ENOMEM, FPOOL_ECLOSED, FPOOL_EINIT,
 * FPOOL_EUNSUPPORTED, FPOOL_EFORK. */
FPOOL_API enum fpool_status fpool_apply_async(
    struct fpool *pool, const struct fpool_op *op, struct fpool_item item,
    const struct fpool_job_options *job, struct fpool_future **ret_future);

/* Waits for the result and, unless 'ret_result' is NULL, fills in a view of it,
 * borrowed until the future is destroyed: do not release it.  FPOOL_OK however
 * the item ended; FPOOL_ETIMEDOUT when it has not yet; ask again.  A worker of
 * the same pool runs the item itself if it has not started. */
FPOOL_API enum fpool_status fpool_future_wait(struct fpool_future *future,
                                              int64_t timeout_ms,
                                              struct fpool_result *ret_result);

enum fpool_future_state {
    FPOOL_FUTURE_QUEUED,
    FPOOL_FUTURE_RUNNING,
    FPOOL_FUTURE_DONE,
    FPOOL_FUTURE_CANCELED /* done, and it never ran */
};

/* Where the item is now.  Never blocks. */
FPOOL_API enum fpool_future_state fpool_future_get_state(
    const struct fpool_future *future);

/* FPOOL_OK: it will not run (its result is FPOOL_ECANCELED).  FPOOL_EBUSY: it is
 * running and was told.  FPOOL_EALREADY: it is done.  Never waits. */
FPOOL_API enum fpool_status fpool_future_cancel(struct fpool_future *future);

/* Cancels, waits if the item is running, releases the result, stores NULL;
 * accepts NULL.  Called by the future's own task it does not wait. */
FPOOL_API void fpool_future_destroy(struct fpool_future **future);

/* Lets go of the handle without cancelling: as submitting with NULL. */
FPOOL_API void fpool_future_detach(struct fpool_future **future);

#ifdef __cplusplus
}
#endif

#endif
