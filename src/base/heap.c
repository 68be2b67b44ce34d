/* SPDX-License-Identifier: MIT */
/* The timer heap; used by the pool's timers and the event loops. */
#include "base/heap.h"

#include "base/mem.h"

static void put(struct fpool_heap *h, uint32_t i, struct fpool_heap_node *node)
{
    h->at[i] = node;
    node->place = i + 1;
}

static void sift_up(struct fpool_heap *h, uint32_t i,
                    struct fpool_heap_node *node)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / 2;

        if (h->at[parent]->when <= node->when) {
            break;
        }
        put(h, i, h->at[parent]);
        i = parent;
    }
    put(h, i, node);
}

static void sift_down(struct fpool_heap *h, uint32_t i,
                      struct fpool_heap_node *node)
{
    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child >= h->n) {
            break;
        }
        if (child + 1 < h->n && h->at[child + 1]->when < h->at[child]->when) {
            child++;
        }
        if (h->at[child]->when >= node->when) {
            break;
        }
        put(h, i, h->at[child]);
        i = child;
    }
    put(h, i, node);
}

void fpool_heap_fini(struct fpool_heap *h)
{
    fpool_free(h->at);
    h->at = NULL;
    h->n = h->capacity = 0;
}

enum fpool_status fpool_heap_push(struct fpool_heap *h,
                                  struct fpool_heap_node *node)
{
    if (h->n == h->capacity) {
        uint32_t capacity = h->capacity == 0 ? 16 : h->capacity * 2;
        void *at = fpool_realloc(h->at, capacity * sizeof(*h->at));

        if (at == NULL) {
            return FPOOL_ENOMEM;
        }
        h->at = at;
        h->capacity = capacity;
    }
    h->n++;
    sift_up(h, h->n - 1, node);
    return FPOOL_OK;
}

void fpool_heap_remove(struct fpool_heap *h, struct fpool_heap_node *node)
{
    uint32_t i = node->place;
    struct fpool_heap_node *last;

    if (i == 0) {
        return;
    }
    i--;
    node->place = 0;
    last = h->at[--h->n];
    if (last == node) {
        return;
    }
    if (i > 0 && h->at[(i - 1) / 2]->when > last->when) {
        sift_up(h, i, last);
    } else {
        sift_down(h, i, last);
    }
}
