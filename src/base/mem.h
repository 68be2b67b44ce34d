/* SPDX-License-Identifier: MIT */
/* The library's allocator: the only place that calls malloc and free.
 *
 * Purpose: one seam, so that tests can make the n-th allocation fail.
 * Ownership: as malloc and free.
 * Thread-safety: any thread; fpool_mem_fail_at() is for tests on one thread.
 * Limits: none. */
#ifndef FPOOL_BASE_MEM_H
#define FPOOL_BASE_MEM_H

#include <stddef.h>

/* 'size' bytes, or NULL. */
void *fpool_malloc(size_t size);

/* 'count' x 'size' zero bytes, or NULL, also when the product overflows. */
void *fpool_calloc(size_t count, size_t size);

/* Resizes as realloc does; on failure the old block stays. */
void *fpool_realloc(void *pointer, size_t size);

/* 'size' zero bytes at a multiple of 'alignment' (a power of two). */
void *fpool_aligned_calloc(size_t alignment, size_t size);

/* Releases a block from any of the above; accepts NULL. */
void fpool_free(void *pointer);

/* For tests: the 'nth' allocation from now (from 1) and, if 'persistent', all
 * after it return NULL; 0 switches this off. */
void fpool_mem_fail_at(unsigned long nth, int persistent);

/* For tests: allocations asked for since the last fpool_mem_fail_at(). */
unsigned long fpool_mem_count(void);

#endif
