/* SPDX-License-Identifier: MIT */
/* Threads: how the library starts them.
 *
 * Purpose: every thread of the library has the signals blocked, a name and a
 *   stack of known size.
 * Ownership: the caller joins the thread.
 * Thread-safety: any thread.
 * Limits: names are cut to 15 bytes, the kernel's limit. */
#ifndef FPOOL_CORE_SERVICE_H
#define FPOOL_CORE_SERVICE_H

#include <pthread.h>

#include "fetchpool/status.h"

/* Starts a joinable thread; 'stack_size' 0 means 512 KiB; 'name' NULL leaves
 * naming to the thread, which must do it where it may end and be joined before
 * this returns.  Only synchronous signals (SIGSEGV and the like) are left
 * unblocked in it.  FPOOL_ENOMEM. */
enum fpool_status fpool_thread_create(pthread_t *ret_thread, const char *name,
                                      size_t stack_size, void *(*main)(void *),
                                      void *arg);

void fpool_thread_set_name(pthread_t thread, const char *name);

#endif
