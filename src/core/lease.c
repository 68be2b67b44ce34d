/* SPDX-License-Identifier: MIT */
/* Leases; opened by workers, robbed by workers and by whoever cancels. */
#include "core/lease.h"

#include <string.h>

#include "base/mem.h"

static uint64_t span(uint64_t next, uint64_t end)
{
    return next << 32 | end;
}

static void copy_items(struct fpool_chunk *to, const struct fpool_chunk *from,
                       unsigned first, unsigned n)
{
    to->job = from->job;
    to->n = n;
    to->base = from->base + first;
    if (from->job->slots != NULL) {
        memcpy(to->slots, from->slots + first, n * sizeof(to->slots[0]));
    }
}

void fpool_leases_init(struct fpool_leases *l)
{
    fpool_mutex_init(&l->mu);
}

void fpool_leases_fini(struct fpool_leases *l)
{
    struct fpool_lease *lease;

    fpool_mutex_lock(&l->mu);
    lease = l->spare;
    l->spare = NULL;
    fpool_mutex_unlock(&l->mu);
    while (lease != NULL) {
        struct fpool_lease *next = lease->next;

        fpool_free(lease);
        lease = next;
    }
    fpool_mutex_fini(&l->mu);
}

static void link_locked(struct fpool_leases *l, struct fpool_lease *lease)
    FPOOL_REQUIRES(l->mu)
{
    lease->previous = NULL;
    lease->next = l->open;
    if (l->open != NULL) {
        l->open->previous = lease;
    }
    l->open = lease;
    atomic_fetch_add(&l->n_open, 1);
}

static void unlink_locked(struct fpool_leases *l, struct fpool_lease *lease)
    FPOOL_REQUIRES(l->mu)
{
    if (lease->previous != NULL) {
        lease->previous->next = lease->next;
    } else {
        l->open = lease->next;
    }
    if (lease->next != NULL) {
        lease->next->previous = lease->previous;
    }
    lease->next = l->spare;
    l->spare = lease;
    atomic_fetch_sub(&l->n_open, 1);
}

struct fpool_lease *fpool_lease_open(struct fpool_leases *l,
                                     const struct fpool_chunk *chunk)
{
    struct fpool_lease *lease;

    fpool_mutex_lock(&l->mu);
    lease = l->spare;
    if (lease != NULL) {
        l->spare = lease->next;
    }
    fpool_mutex_unlock(&l->mu);
    if (lease == NULL) {
        lease = fpool_calloc(1, sizeof(*lease));
        if (lease == NULL) {
            return NULL;
        }
        lease->chunk.max = FPOOL_CHUNK_MAX;
        lease->chunk.slots = lease->slots;
    }
    copy_items(&lease->chunk, chunk, 0, chunk->n);
    lease->is_orphan = false;
    atomic_store(&lease->span, span(0, chunk->n));
    fpool_mutex_lock(&l->mu);
    link_locked(l, lease);
    fpool_mutex_unlock(&l->mu);
    return lease;
}

bool fpool_lease_pop(struct fpool_lease *lease, unsigned *ret_position)
{
    uint64_t s = atomic_load(&lease->span);

    while (s >> 32 < (s & UINT32_MAX)) {
        if (atomic_compare_exchange_weak(&lease->span, &s, s + (1ull << 32))) {
            *ret_position = (unsigned)(s >> 32);
            return true;
        }
    }
    return false;
}

void fpool_lease_close(struct fpool_leases *l, struct fpool_lease *lease)
{
    fpool_mutex_lock(&l->mu);
    unlink_locked(l, lease);
    fpool_mutex_unlock(&l->mu);
}

void fpool_lease_abandon(struct fpool_leases *l, struct fpool_lease *lease)
{
    uint64_t s;

    fpool_mutex_lock(&l->mu);
    lease->is_orphan = true;
    s = atomic_load(&lease->span);
    if (s >> 32 >= (s & UINT32_MAX)) {
        unlink_locked(l, lease);
    }
    fpool_mutex_unlock(&l->mu);
}

/* Takes the second half of the lease, at least one item. */
static bool rob_locked(struct fpool_leases *l, struct fpool_lease *lease,
                       struct fpool_chunk *chunk)
    FPOOL_REQUIRES(l->mu)
{
    uint64_t s = atomic_load(&lease->span);
    uint64_t next;
    uint64_t end;
    uint64_t n;

    do {
        next = s >> 32;
        end = s & UINT32_MAX;
        if (next >= end) {
            return false;
        }
        n = (end - next + 1) / 2;
        if (lease->chunk.job->slots != NULL && n > chunk->max) {
            n = chunk->max;
        }
    } while (!atomic_compare_exchange_weak(&lease->span, &s,
                                           span(next, end - n)));
    copy_items(chunk, &lease->chunk, (unsigned)(end - n), (unsigned)n);
    if (lease->is_orphan && end - n == next) {
        unlink_locked(l, lease);
    }
    return true;
}

bool fpool_lease_steal(struct fpool_leases *l, const struct fpool_job *job,
                       struct fpool_chunk *chunk)
{
    struct fpool_lease *lease;
    bool found = false;

    if (atomic_load(&l->n_open) == 0) {
        return false;
    }
    fpool_mutex_lock(&l->mu);
    for (lease = l->open; lease != NULL && !found;) {
        struct fpool_lease *next = lease->next;

        if (job == NULL || lease->chunk.job == job) {
            found = rob_locked(l, lease, chunk);
        }
        lease = next;
    }
    if (found) {
        chunk->owns_reference = true;
        fpool_job_hold(chunk->job);
    }
    fpool_mutex_unlock(&l->mu);
    return found;
}

bool fpool_leases_have_work(struct fpool_leases *l)
{
    struct fpool_lease *lease;
    bool found = false;

    if (atomic_load(&l->n_open) == 0) {
        return false;
    }
    fpool_mutex_lock(&l->mu);
    for (lease = l->open; lease != NULL && !found; lease = lease->next) {
        uint64_t s = atomic_load(&lease->span);

        found = s >> 32 < (s & UINT32_MAX);
    }
    fpool_mutex_unlock(&l->mu);
    return found;
}
