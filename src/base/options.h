/* SPDX-License-Identifier: MIT */
/* Options structures whose first member is their size.
 *
 * Purpose: programs built against older or newer headers meet this library
 *   safely, as the kernel does with extensible structures.
 * Thread-safety: any thread.
 * Limits: none. */
#ifndef FPOOL_BASE_OPTIONS_H
#define FPOOL_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Copies the caller's structure at 'from' (NULL: all defaults) into the zeroed
 * 'to' of 'size' bytes.  False when the caller's is larger and has something
 * set that this library does not know, or is no structure at all. */
bool fpool_options_copy(void *to, size_t size, const void *from);

#endif
