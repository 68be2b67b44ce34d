/* SPDX-License-Identifier: MIT */
/* A job's side of the engine: its options, its queue, its running transfers.
 *
 * Purpose: bound the transfers of a job, in the order of its requests.
 * Ownership: shared by reference count: the pool's job state holds one, each
 *   request on its way holds one, a cancellation on its way holds one.
 * Thread-safety: create, reference counts, cancel and the options: any thread;
 *   the rest belongs to the loop's thread.
 * Limits: what waits here is bounded by the job's window. */
#ifndef FPOOL_ENGINE_HTTP_JOB_H
#define FPOOL_ENGINE_HTTP_JOB_H

#include <stdatomic.h>

#include "engine/http/hub.h"
#include "engine/http/reply.h"

struct fpool_http_job {
    atomic_uint n_refs;
    struct fpool_http_hub *hub;
    /* The options, with defaults and copies of all texts. */
    struct fpool_http_op options;
    char *user_agent;
    char *ca_file;
    struct fpool_http_folder *folder; /* NULL: nowhere to put large bodies */
    const EVP_MD *digest;             /* NULL: none */
    struct fpool_post cancel_post;
    atomic_bool is_cancel_posted;
    /* --- the loop's thread only --- */
    struct fpool_post *first_waiting;
    struct fpool_post **last_waiting;
    struct fpool_http_transfer *running;
    unsigned n_running;
    bool is_pumping;
};

/* Checks and copies 'op'.  FPOOL_EINVAL, FPOOL_EUNSUPPORTED (digest),
 * FPOOL_ELOCAL (a file or directory that cannot be opened), FPOOL_ENOMEM. */
enum fpool_status fpool_http_job_create(struct fpool_http_job **ret_job,
                                        struct fpool_http_hub *hub,
                                        const struct fpool_op *op);

void fpool_http_job_ref(struct fpool_http_job *job);
void fpool_http_job_unref(struct fpool_http_job *job); /* accepts NULL */

/* Has everything that waits or runs finished soon; never blocks. */
void fpool_http_job_cancel(struct fpool_http_job *job);

/* Hands 'reply', whose URL is known, to the loop. */
void fpool_http_job_submit(struct fpool_http_job *job,
                           struct fpool_http_reply *reply);

/* Finishes a reply that never ran, or that a transfer is done with.  It must
 * hold its reference of the job no longer afterwards. */
void fpool_http_job_finish(struct fpool_http_reply *reply, int code);

/* On the loop: starts what may start. */
void fpool_http_job_pump(struct fpool_http_job *job);

#endif
