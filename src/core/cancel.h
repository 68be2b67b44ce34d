/* SPDX-License-Identifier: MIT */
/* Tokens from the inside: embedded in jobs and tasks, with a hook.
 *
 * Purpose: one tree for pool, job, task and the user's own tokens.
 * Use: init an embedded token with its owner's hook; fini before the owner goes.
 * Ownership: an embedded token belongs to its owner, whose life 'hold' and
 *   'release' extend while a trip calls 'on_trip'.
 * Thread-safety: any thread.
 * Limits: one lock for each tree; trips are rare. */
#ifndef FPOOL_CORE_CANCEL_H
#define FPOOL_CORE_CANCEL_H

#include <stdatomic.h>

#include "base/sync.h"
#include "fetchpool/cancel.h"

struct fpool_cancel;

/* What a trip does to a token's owner.  All three may be NULL. */
struct fpool_cancel_hook {
    /* Keeps the owner alive; false when it is already on its way out.  Called
     * with the tree's lock held, so it only counts. */
    bool (*hold)(struct fpool_cancel *token);
    void (*on_trip)(struct fpool_cancel *token);
    void (*release)(struct fpool_cancel *token);
};

struct fpool_cancel_tree; /* the lock that a tree shares */

struct fpool_cancel {
    uint32_t kind;
    atomic_uint refs; /* of a token made by fpool_cancel_create() */
    atomic_int reason; /* enum fpool_status; FPOOL_OK while not tripped */
    atomic_int fd;     /* eventfd, or -1 */
    struct fpool_cancel_tree *tree;
    const struct fpool_cancel_hook *hook;
    /* --- guarded by the tree's lock --- */
    struct fpool_cancel *parent;
    struct fpool_cancel *child; /* the first */
    struct fpool_cancel *previous;
    struct fpool_cancel *next;
    struct fpool_cancel *tripped_next; /* owned by the trip under way */
};

/* Makes '*token' a child of 'parent', or the root of a new tree; when 'parent'
 * is tripped it is tripped too, without a call of the hook.  FPOOL_ENOMEM. */
enum fpool_status fpool_cancel_init(struct fpool_cancel *token,
                                    struct fpool_cancel *parent,
                                    const struct fpool_cancel_hook *hook);

/* Takes the token out of its tree; its children become its parent's. */
void fpool_cancel_fini(struct fpool_cancel *token);

/* Trips with a reason other than FPOOL_ECANCELED.  Returns whether this call
 * was the one that tripped 'token'. */
bool fpool_cancel_trip_for(struct fpool_cancel *token,
                           enum fpool_status reason);

static inline enum fpool_status fpool_cancel_reason(
    const struct fpool_cancel *token)
{
    return (enum fpool_status)atomic_load(&token->reason);
}

#endif
