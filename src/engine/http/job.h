/* SPDX-License-Identifier: MIT */
/* A job of the http engine: its settings, its lanes, what they share.
 *
 * Purpose: the bounds that hold for all loops together, and the options with
 *   copies of all texts.
 * Ownership: shared by reference count: the pool's job state holds one, each
 *   request on its way holds one, each message to a loop holds one.
 * Thread-safety: any thread; the settings are read-only.
 * Limits: what waits here is bounded by the job's window. */
#ifndef FPOOL_ENGINE_HTTP_JOB_H
#define FPOOL_ENGINE_HTTP_JOB_H

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdatomic.h>

#include "base/sync.h"
#include "engine/http/hub.h"
#include "engine/http/lane.h"
#include "engine/http/policy.h"
#include "engine/http/proxy.h"
#include "engine/http/resolve_list.h"
#include "engine/http/temp.h"

struct fpool_http_counters {
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t retries;
    atomic_uint_fast64_t redirects;
    atomic_uint_fast64_t throttled;
    atomic_uint_fast64_t deferred;
    atomic_int n_paused; /* hosts */
    atomic_int n_down;
};

struct fpool_http_job {
    atomic_uint n_refs;
    uint64_t serial; /* no other job of the pool has it */
    struct fpool_http_hubs *hubs;
    /* The options, with defaults; all texts are ours. */
    struct fpool_http_op options;
    struct fpool_http_host_rules rules;
    struct fpool_http_codes retry_on;
    struct fpool_http_codes throttle_on;
    struct curl_slist *headers;
    struct fpool_http_proxy proxy;
    struct fpool_http_policy *policy;
    struct fpool_http_resolve_list *resolve;
    struct fpool_http_folder *folder; /* NULL: nowhere to put large bodies */
    const EVP_MD *digest;             /* NULL: none */
    _Atomic(X509_STORE *) store;      /* NULL: no https URL was seen */
    /* Keeps the connections of jobs apart that trust others: libcurl takes it
     * for a directory of certificates, and compares it.  NULL: the system's. */
    char *trust_name;
    atomic_bool is_cancelled;
    struct fpool_http_counters counters;
    atomic_uint n_running;
    atomic_uint limit;   /* of these */
    atomic_uint starved; /* a bit for each lane that found no room */
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    int64_t next_start FPOOL_GUARDED; /* by the job's rate */
    /* --- */
    int64_t rate_interval_ns; /* 0: no bound */
    unsigned n_lanes;
    struct fpool_http_lane lanes[];
};

/* Checks and copies 'op'.  FPOOL_EINVAL, FPOOL_EUNSUPPORTED (digest),
 * FPOOL_ELOCAL (a file or directory that cannot be opened), FPOOL_ENOMEM. */
enum fpool_status fpool_http_job_create(struct fpool_http_job **ret_job,
                                        struct fpool_http_hubs *hubs,
                                        const struct fpool_op *op);

void fpool_http_job_ref(struct fpool_http_job *job);
void fpool_http_job_unref(struct fpool_http_job *job); /* accepts NULL */

/* The pool's job is over: has the loops forget it, and gives up a reference. */
void fpool_http_job_close(struct fpool_http_job *job);

/* Has everything that waits or runs finished soon; never blocks. */
void fpool_http_job_cancel(struct fpool_http_job *job);

/* Gives 'reply', whose URL is known, to the loop of its host. */
void fpool_http_job_submit(struct fpool_http_job *job,
                           struct fpool_http_reply *reply);

/* The trust store, read when it is first needed; not on a loop.  FPOOL_OK,
 * FPOOL_ELOCAL, FPOOL_ENOMEM. */
enum fpool_status fpool_http_job_need_store(struct fpool_http_job *job);

/* A place among the job's transfers, for 'lane'; false when there is none, and
 * then the lane is woken when there may be. */
bool fpool_http_job_acquire(struct fpool_http_job *job,
                            const struct fpool_http_lane *lane);
void fpool_http_job_release(struct fpool_http_job *job);

/* Wakes lanes for which there was no room, where there is now. */
void fpool_http_job_offer(struct fpool_http_job *job);

/* Descriptors run short: no more transfers at once than there are. */
void fpool_http_job_lower_limit(struct fpool_http_job *job);

/* The job's rate: true, and one is taken; or when to ask again. */
bool fpool_http_job_take_rate(struct fpool_http_job *job, int64_t now,
                              int64_t *ret_when);

/* The status that the job's end gives its items; NONE while it goes on. */
enum fpool_http_error fpool_http_cancel_error(enum fpool_status reason);

/* Fills in the counters. */
void fpool_http_job_read_stats(struct fpool_http_job *job,
                               struct fpool_http_stats *ret_stats);

static inline void fpool_http_count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

#endif
