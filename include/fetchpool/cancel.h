/* SPDX-License-Identifier: MIT */
/* Cancellation tokens, in a tree.
 *
 * Purpose: tell a job, or a whole tree of jobs, to stop.
 * Use: create a token, pass it as FPOOL_JOB(.cancel = token), trip it from any
 *   thread.  Inside a task, fpool_task_cancel_token() is the token to watch and
 *   to hand to nested jobs.
 * Ownership: a child keeps its parent's tree alive; destroying a token that
 *   jobs still use only gives up the caller's reference.
 * Thread-safety: any thread.  Tripping takes a lock, so it is not for signal
 *   handlers: from a handler, write to a descriptor and trip from a thread.
 * Limits: cancellation is cooperative; a call that never looks is not stopped.
 */
#ifndef FETCHPOOL_CANCEL_H
#define FETCHPOOL_CANCEL_H

#include <fetchpool/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool_cancel;

/* Gives a new token in '*ret_token'; tripping 'parent' (may be NULL) trips it
 * too, at once if the parent is tripped already.  FPOOL_ENOMEM. */
FPOOL_API enum fpool_status fpool_cancel_create(struct fpool_cancel **ret_token,
                                                struct fpool_cancel *parent);

/* Trips the token and everything below it, once; later calls do nothing.
 * Queued work is finished as FPOOL_ECANCELED, running tasks are told.  Never
 * waits for a task; completion callbacks and drop functions of work that had
 * not started may run on the calling thread. */
FPOOL_API void fpool_cancel_trip(struct fpool_cancel *token);

/* True once tripped.  One atomic load. */
FPOOL_API bool fpool_cancel_is_tripped(const struct fpool_cancel *token);

/* A descriptor that polls readable once the token is tripped, made on first
 * use and owned by the token; -1 when no descriptor is to be had.  Only poll
 * it, never read or close it. */
FPOOL_API int fpool_cancel_fd(struct fpool_cancel *token);

/* Gives up the caller's reference and stores NULL; accepts NULL.  Does not
 * trip the token. */
FPOOL_API void fpool_cancel_destroy(struct fpool_cancel **token);

#ifdef __cplusplus
}
#endif

#endif
