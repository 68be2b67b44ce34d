/* SPDX-License-Identifier: MIT */
/* The writer: a service thread that runs jobs which may wait for the disk.
 *
 * Purpose: keep the loops off the disk.
 * Ownership: works are embedded in their users' objects.
 * Thread-safety: any thread; create and destroy: one.
 * Limits: one thread, works in their order; the users bound their number. */
#ifndef FPOOL_ENGINE_HTTP_WRITER_H
#define FPOOL_ENGINE_HTTP_WRITER_H

#include "fetchpool/status.h"

struct fpool_http_writer;

struct fpool_http_work {
    struct fpool_http_work *next;
    void (*run)(struct fpool_http_work *work); /* on the writer's thread */
};

/* FPOOL_ENOMEM without memory or threads. */
enum fpool_status fpool_http_writer_create(
    struct fpool_http_writer **ret_writer);

/* Hands 'work' over; never blocks and cannot fail. */
void fpool_http_writer_push(struct fpool_http_writer *w,
                            struct fpool_http_work *work);

/* Runs what was pushed, ends the thread, stores NULL; accepts NULL. */
void fpool_http_writer_destroy(struct fpool_http_writer **writer);

#endif
