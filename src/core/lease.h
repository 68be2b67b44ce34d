/* SPDX-License-Identifier: MIT */
/* Leases: what a worker has taken at once and not yet begun.
 *
 * Purpose: make the rest of a chunk visible, so that others take it over when
 *   its first item is slow.
 * Use: open a chunk of two or more, pop its items one by one, close it.
 * Ownership: leases live in the pool; a dying owner leaves its lease behind for
 *   others to empty.
 * Thread-safety: pop: the owner, without a lock.  steal: any thread.
 * Limits: 2^32 - 1 items. */
#ifndef FPOOL_CORE_LEASE_H
#define FPOOL_CORE_LEASE_H

#include "base/sync.h"
#include "core/pull.h"

struct fpool_lease {
    struct fpool_lease *next;
    struct fpool_lease *previous;
    bool is_orphan;
    atomic_uint_fast64_t span; /* next << 32 | end, within 'chunk' */
    struct fpool_chunk chunk;
    struct fpool_slot *slots[FPOOL_CHUNK_MAX]; /* the chunk's */
};

struct fpool_leases {
    atomic_uint n_open;
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    struct fpool_lease *open FPOOL_GUARDED;
    struct fpool_lease *spare FPOOL_GUARDED;
};

void fpool_leases_init(struct fpool_leases *l);
void fpool_leases_fini(struct fpool_leases *l);

/* Shows the chunk to others; NULL without memory. */
struct fpool_lease *fpool_lease_open(struct fpool_leases *l,
                                     const struct fpool_chunk *chunk);

/* The owner's next item, as its position in the chunk; false when none is left. */
bool fpool_lease_pop(struct fpool_lease *lease, unsigned *ret_position);

/* The owner is through. */
void fpool_lease_close(struct fpool_leases *l, struct fpool_lease *lease);

/* The owner's thread ends: the rest stays for others. */
void fpool_lease_abandon(struct fpool_leases *l, struct fpool_lease *lease);

/* Takes half of what some lease still has (of 'job' only, unless NULL), with a
 * reference on its job. */
bool fpool_lease_steal(struct fpool_leases *l, const struct fpool_job *job,
                       struct fpool_chunk *chunk);

/* Whether stealing could find something. */
bool fpool_leases_have_work(struct fpool_leases *l);

#endif
