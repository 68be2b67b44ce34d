/* SPDX-License-Identifier: MIT */
/* Kind tags: how FPOOL_SCOPED knows which destroy function to call.
 *
 * Purpose: every public handle begins with a uint32_t of this enumeration.
 * Thread-safety: constant while the handle lives.
 * Limits: none. */
#ifndef FPOOL_CORE_HANDLE_H
#define FPOOL_CORE_HANDLE_H

#include <stdint.h>

enum fpool_kind {
    FPOOL_KIND_POOL = 0x66706f6f, /* odd values, unlikely by accident */
    FPOOL_KIND_RESULTS,
    FPOOL_KIND_BATCH,
    FPOOL_KIND_FUTURE,
    FPOOL_KIND_CANCEL,
    FPOOL_KIND_HOOKED /* the struct fpool_handle below: others' handles */
};

/* The beginning of a handle that a higher room defines (a sink, a directory):
 * it brings its own destroy function. */
struct fpool_handle {
    uint32_t kind; /* FPOOL_KIND_HOOKED */
    void (*destroy)(void *handle_address);
};

#endif
