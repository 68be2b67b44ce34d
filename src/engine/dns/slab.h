/* SPDX-License-Identifier: MIT */
/* Many small blocks that one thread makes and another releases.
 *
 * Purpose: a block that is released by another thread than the one that made it
 *   costs the allocator's lock; a slab is one block for many, and its last
 *   release is the only one that the allocator sees.
 * Ownership: the maker's slab and the released blocks hold a slab together.
 * Thread-safety: alloc and fini: the maker's thread; free: any thread.
 * Limits: a block that is kept keeps its slab, FPOOL_DNS_SLAB_SIZE bytes;
 * larger blocks have their own. */
#ifndef FPOOL_ENGINE_DNS_SLAB_H
#define FPOOL_ENGINE_DNS_SLAB_H

#include <stddef.h>

#define FPOOL_DNS_SLAB_SIZE 8192

struct fpool_dns_slab;

/* The slab that is being filled; NULL: none yet. */
struct fpool_dns_slabs {
    struct fpool_dns_slab *current;
    size_t used;
    unsigned n; /* blocks in it */
};

/* 'size' bytes for any type, or NULL. */
void *fpool_dns_slab_alloc(struct fpool_dns_slabs *slabs, size_t size);

/* Releases a block; accepts NULL. */
void fpool_dns_slab_free(void *block);

/* The maker makes no more. */
void fpool_dns_slab_fini(struct fpool_dns_slabs *slabs);

#endif
