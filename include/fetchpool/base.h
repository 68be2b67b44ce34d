/* SPDX-License-Identifier: MIT */
/* What every other public header needs: version, export, time-outs, scope.
 *
 * Purpose: the few macros that all of fetchpool's headers share.
 * Use: include <fetchpool/fetchpool.h>; this header comes with it.
 * Ownership: FPOOL_SCOPED destroys any fetchpool handle at the end of its
 *   scope, as Python's `with` does.
 * Thread-safety: macros only.
 * Limits: FPOOL_SCOPED needs GCC's or Clang's cleanup attribute. */
#ifndef FETCHPOOL_BASE_H
#define FETCHPOOL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FPOOL_VERSION_MAJOR 0
#define FPOOL_VERSION_MINOR 1
#define FPOOL_VERSION_PATCH 0
#define FPOOL_VERSION "0.1.0"

#if defined(__GNUC__)
#define FPOOL_API __attribute__((visibility("default")))
#else
#define FPOOL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A 'timeout_ms' is a relative time in milliseconds: 0 never blocks, a negative
 * value such as FPOOL_FOREVER waits without a limit.  Time is measured on
 * CLOCK_MONOTONIC, so a change of the wall clock moves no deadline. */
#define FPOOL_FOREVER ((int64_t)-1)

/* Version of the library that is running, as "major.minor.patch".  Never
 * blocks; any thread; the string is static. */
FPOOL_API const char *fpool_version(void);

/* Destroys the handle stored at 'handle_address', whatever its kind, and
 * stores NULL there; does nothing when it is NULL already.  This is what
 * FPOOL_SCOPED calls; programs seldom need it.  Blocks as the destroy function
 * of that kind does. */
FPOOL_API void fpool_handle_destroy(void *handle_address);

/* Put before the declaration of a handle, this destroys it at the end of the
 * scope, by whatever way the scope is left:
 *
 *     FPOOL_SCOPED struct fpool *pool = NULL;
 *
 * Handles are destroyed in the reverse order of their declarations. */
#define FPOOL_SCOPED __attribute__((cleanup(fpool_handle_destroy)))

#ifdef __cplusplus
}
#endif

#endif
