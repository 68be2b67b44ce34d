/* SPDX-License-Identifier: MIT */
/* The allocator seam; called by every file that needs memory. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool counting;
static atomic_ulong n_asked;
static unsigned long fail_nth;
static bool fail_persistent;

static bool must_fail(void)
{
    unsigned long n;

    if (!atomic_load_explicit(&counting, memory_order_relaxed)) {
        return false;
    }
    n = atomic_fetch_add(&n_asked, 1) + 1;
    return fail_nth != 0 &&
           (n == fail_nth || (fail_persistent && n > fail_nth));
}

void *fpool_malloc(size_t size)
{
    return must_fail() ? NULL : malloc(size);
}

void *fpool_calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : calloc(count, size);
}

void *fpool_realloc(void *pointer, size_t size)
{
    return must_fail() ? NULL : realloc(pointer, size);
}

void *fpool_aligned_calloc(size_t alignment, size_t size)
{
    void *p = NULL;

    if (must_fail() || posix_memalign(&p, alignment, size) != 0) {
        return NULL;
    }
    return memset(p, 0, size);
}

void fpool_free(void *pointer)
{
    free(pointer);
}

void fpool_mem_fail_at(unsigned long nth, int persistent)
{
    fail_nth = nth;
    fail_persistent = persistent != 0;
    atomic_store(&n_asked, 0);
    atomic_store(&counting, nth != 0);
}

unsigned long fpool_mem_count(void)
{
    return atomic_load(&n_asked);
}
