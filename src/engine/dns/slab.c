/* SPDX-License-Identifier: MIT */
/* Slabs; called by whoever makes responses and whoever releases them. */
#include "engine/dns/slab.h"

#include <stdalign.h>
#include <stdatomic.h>

#include "base/mem.h"

/* More blocks than a slab can have: while it is filled, it cannot become free.
 */
#define OPEN (1u << 30)

struct fpool_dns_slab {
    atomic_uint n_held; /* blocks not released yet; and OPEN */
};

/* In front of each block. */
struct head {
    alignas(max_align_t) struct fpool_dns_slab *slab;
};

#define SLAB_HEAD ((sizeof(struct fpool_dns_slab) + 15) / 16 * 16)

/* Gives up 'n' holds. */
static void release(struct fpool_dns_slab *slab, unsigned n)
{
    if (atomic_fetch_sub(&slab->n_held, n) == n) {
        fpool_free(slab);
    }
}

void fpool_dns_slab_fini(struct fpool_dns_slabs *slabs)
{
    if (slabs->current != NULL) {
        release(slabs->current, OPEN - slabs->n);
        slabs->current = NULL;
    }
}

static struct fpool_dns_slab *create(size_t size)
{
    struct fpool_dns_slab *slab = fpool_malloc(size);

    if (slab != NULL) {
        atomic_init(&slab->n_held, OPEN);
    }
    return slab;
}

static void *block_at(struct fpool_dns_slab *slab, size_t at)
{
    struct head *head = (struct head *)(void *)((char *)slab + at);

    head->slab = slab;
    return head + 1;
}

void *fpool_dns_slab_alloc(struct fpool_dns_slabs *slabs, size_t size)
{
    size_t need;

    if (size > FPOOL_DNS_SLAB_SIZE / 4) {
        struct fpool_dns_slab *own =
            create(SLAB_HEAD + sizeof(struct head) + size);

        if (own == NULL) {
            return NULL;
        }
        atomic_store_explicit(&own->n_held, 1, memory_order_relaxed);
        return block_at(own, SLAB_HEAD);
    }
    need = (sizeof(struct head) + size + sizeof(struct head) - 1) /
           sizeof(struct head) * sizeof(struct head);
    if (slabs->current == NULL || slabs->used + need > FPOOL_DNS_SLAB_SIZE) {
        fpool_dns_slab_fini(slabs);
        slabs->current = create(FPOOL_DNS_SLAB_SIZE);
        slabs->used = SLAB_HEAD;
        slabs->n = 0;
        if (slabs->current == NULL) {
            return NULL;
        }
    }
    slabs->used += need;
    slabs->n++;
    return block_at(slabs->current, slabs->used - need);
}

void fpool_dns_slab_free(void *block)
{
    if (block != NULL) {
        release(((struct head *)block)[-1].slab, 1);
    }
}
