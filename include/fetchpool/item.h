/* SPDX-License-Identifier: MIT */
/* Items go in, results come out.
 *
 * Purpose: what a source yields and what a job gives back for it.
 * Use:
 *     while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
 *         use(r.index, r.status, r.value);
 *         fpool_result_release(&r);
 *     }
 * Ownership: an item belongs to the job from the moment the source has yielded
 *   it, then to its result; the result releases it.  Every item and every value
 *   is dropped exactly once, whatever happens.
 * Thread-safety: plain data; one thread at a time.
 * Limits: none. */
#ifndef FETCHPOOL_ITEM_H
#define FETCHPOOL_ITEM_H

#include <fetchpool/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fpool_item_flags {
    /* The line was longer than the source's bound; 'data' is its beginning. */
    FPOOL_ITEM_TRUNCATED = 1 << 0
};

struct fpool_item {
    void *data;  /* the item itself, or the first of its 'size' bytes */
    size_t size; /* number of bytes; 0 where 'data' is an opaque pointer */
    /* Called exactly once with 'data' when the item is no longer needed, on any
     * thread; NULL where the data is only borrowed and outlives its result. */
    void (*drop)(void *data);
    uint32_t flags; /* enum fpool_item_flags */
};

/* An item that is a pointer; the job borrows it. */
static inline struct fpool_item fpool_item_pointer(void *data)
{
    struct fpool_item item = { data, 0, NULL, 0 };
    return item;
}

/* An item that is a pointer; the job takes it and calls 'drop' in the end. */
static inline struct fpool_item fpool_item_take(void *data,
                                                void (*drop)(void *data))
{
    struct fpool_item item = { data, 0, drop, 0 };
    return item;
}

/* An item made of 'size' bytes; the job borrows them. */
static inline struct fpool_item fpool_item_bytes(const void *data, size_t size)
{
    struct fpool_item item = { (void *)(uintptr_t)data, size, NULL, 0 };
    return item;
}

/* An item that is a C string, without its terminator; the job borrows it. */
FPOOL_API struct fpool_item fpool_item_text(const char *text);

/* Fills '*ret_item' with a copy of 'size' bytes, followed by a terminating zero
 * that 'size' does not count; the item owns the copy.  FPOOL_ENOMEM. */
FPOOL_API enum fpool_status fpool_item_copy(struct fpool_item *ret_item,
                                            const void *data, size_t size);

/* The number carried by an item of fpool_source_range(). */
static inline uint64_t fpool_item_number(const void *data)
{
    return (uint64_t)(uintptr_t)data;
}

struct fpool_result {
    uint64_t index; /* position of the item in its source, from 0 */
    /* FPOOL_OK, or why there is no good value: FPOOL_EFAILED (the task said so,
     * see 'code'), FPOOL_ECANCELED, FPOOL_EDEADLINE, FPOOL_EWORKER,
     * FPOOL_EINIT, or an engine's reason. */
    enum fpool_status status;
    /* The engine's own code, untouched: what the function returned for `call`,
     * a CURLcode for `http`.  0 when there is none. */
    int code;
    void *value; /* what the engine made; owned by the result */
    void (*drop_value)(void *value); /* NULL: 'value' needs no release */
    struct fpool_item item;          /* what went in; owned by the result */
    const char *engine; /* whose 'code' and 'value' these are: "call", "http" */
};

/* Releases the item and the value and clears them in '*result'; index, status
 * and code stay.  A value that the program wants to keep is taken by setting
 * 'value' to NULL first.  Releasing twice is harmless.  Runs the drop functions
 * on the calling thread. */
FPOOL_API void fpool_result_release(struct fpool_result *result);

#ifdef __cplusplus
}
#endif

#endif
