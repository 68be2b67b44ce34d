/* SPDX-License-Identifier: MIT */
/* Jobs of the http engine: what their lanes share.  Called by engine.c and, on
 * the loops, by lanes and transfers. */
#include "engine/http/job.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/error.h"
#include "engine/http/settings.h"
#include "engine/http/trust.h"

#define MS 1000000LL

enum fpool_status fpool_http_job_create(struct fpool_http_job **ret_job,
                                        struct fpool_http_hubs *hubs,
                                        const struct fpool_op *op)
{
    struct fpool_http_job *job = fpool_calloc(
        1, sizeof(*job) + hubs->n * sizeof(struct fpool_http_lane));
    enum fpool_status status;
    unsigned i;

    if (job == NULL) {
        return FPOOL_ENOMEM;
    }
    atomic_init(&job->n_refs, 1);
    fpool_mutex_init(&job->mu);
    fpool_http_hubs_ref(hubs);
    job->hubs = hubs;
    job->serial = atomic_fetch_add(&hubs->n_jobs, 1) + 1;
    status = fpool_http_settings_read(job, op);
    for (i = 0; status == FPOOL_OK && i < hubs->n; i++) {
        struct fpool_http_names *names = NULL;

        if ((job->options.flags & FPOOL_HTTP_SYSTEM_NAMES) == 0) {
            status = fpool_http_hub_names(hubs->list[i], job->options.resolvers,
                                          &names);
        }
        fpool_http_lane_init(&job->lanes[i], job, hubs->list[i], i, names);
    }
    job->n_lanes = hubs->n;
    if (status != FPOOL_OK) {
        fpool_http_job_unref(job);
        return status;
    }
    atomic_init(&job->limit, job->options.in_flight);
    *ret_job = job;
    return FPOOL_OK;
}

void fpool_http_job_ref(struct fpool_http_job *job)
{
    atomic_fetch_add_explicit(&job->n_refs, 1, memory_order_relaxed);
}

void fpool_http_job_unref(struct fpool_http_job *job)
{
    if (job != NULL && atomic_fetch_sub(&job->n_refs, 1) == 1) {
        fpool_http_settings_release(job);
        fpool_mutex_fini(&job->mu);
        fpool_http_hubs_unref(job->hubs);
        fpool_free(job);
    }
}

void fpool_http_job_close(struct fpool_http_job *job)
{
    struct fpool_http_hubs *hubs = job->hubs;
    unsigned i;

    /* After the loops' end there is nothing to forget.  Posting never blocks,
     * so that the lock is held but for a moment. */
    fpool_mutex_lock(&hubs->mu);
    for (i = 0; !hubs->is_closed && i < job->n_lanes; i++) {
        fpool_http_lane_close(&job->lanes[i]);
    }
    fpool_mutex_unlock(&hubs->mu);
    fpool_http_job_unref(job);
}

void fpool_http_job_cancel(struct fpool_http_job *job)
{
    unsigned i;

    if (!atomic_exchange(&job->is_cancelled, true)) {
        for (i = 0; i < job->n_lanes; i++) {
            fpool_http_lane_cancel(&job->lanes[i]);
        }
    }
}

void fpool_http_job_submit(struct fpool_http_job *job,
                           struct fpool_http_reply *reply)
{
    const struct fpool_http_url *url = fpool_http_reply_target(reply);

    fpool_http_lane_submit(&job->lanes[(url->hash >> 32) % job->n_lanes],
                           reply);
}

enum fpool_status fpool_http_job_need_store(struct fpool_http_job *job)
{
    X509_STORE *none = NULL;
    X509_STORE *store;
    enum fpool_status status;

    if ((job->options.flags & FPOOL_HTTP_INSECURE) != 0 ||
        atomic_load(&job->store) != NULL) {
        return FPOOL_OK;
    }
    status = fpool_http_trust_get(&store, job->options.ca_file);
    if (status == FPOOL_OK && job->trust_name != NULL) {
        /* As libcurl will for each connection, then without any effect. */
        X509_STORE_load_path(store, job->trust_name);
    }
    if (status == FPOOL_OK &&
        !atomic_compare_exchange_strong(&job->store, &none, store)) {
        fpool_http_trust_unref(store); /* Somebody was faster. */
    }
    return status;
}

/* ---- Places. */

static unsigned bit_of(const struct fpool_http_lane *lane)
{
    return 1u << lane->number;
}

/* Others have found no room, and this lane has its share. */
static bool must_yield(struct fpool_http_job *job,
                       const struct fpool_http_lane *lane)
{
    unsigned others = atomic_load(&job->starved) & ~bit_of(lane);

    return others != 0 &&
           lane->n_running >= atomic_load(&job->limit) / job->n_lanes + 1;
}

bool fpool_http_job_acquire(struct fpool_http_job *job,
                            const struct fpool_http_lane *lane)
{
    int looks;

    for (looks = 0; looks < 2; looks++) {
        if (!must_yield(job, lane)) {
            if (atomic_fetch_add(&job->n_running, 1) <
                atomic_load(&job->limit)) {
                return true;
            }
            atomic_fetch_sub(&job->n_running, 1);
        }
        /* Seen by whoever releases from now on; hence the second look. */
        atomic_fetch_or(&job->starved, bit_of(lane));
    }
    return false;
}

void fpool_http_job_release(struct fpool_http_job *job)
{
    atomic_fetch_sub(&job->n_running, 1);
}

void fpool_http_job_offer(struct fpool_http_job *job)
{
    unsigned starved;
    unsigned i;

    if (atomic_load(&job->starved) == 0 ||
        atomic_load(&job->n_running) >= atomic_load(&job->limit)) {
        return;
    }
    starved = atomic_exchange(&job->starved, 0);
    for (i = 0; i < job->n_lanes; i++) {
        /* A lane without work may be on a loop that has ended. */
        if ((starved & (1u << i)) != 0 &&
            atomic_load(&job->lanes[i].n_waiting) > 0) {
            fpool_http_lane_wake(&job->lanes[i]);
        }
    }
}

void fpool_http_job_lower_limit(struct fpool_http_job *job)
{
    unsigned limit = atomic_load(&job->limit);
    unsigned n = atomic_load(&job->n_running);

    n = n < 1 ? 1 : n;
    while (n < limit && !atomic_compare_exchange_weak(&job->limit, &limit, n)) {
        /* Another lane was faster; perhaps it went lower. */
    }
}

bool fpool_http_job_take_rate(struct fpool_http_job *job, int64_t now,
                              int64_t *ret_when)
{
    bool may;

    if (job->rate_interval_ns == 0) {
        return true;
    }
    fpool_mutex_lock(&job->mu);
    may = job->next_start <= now;
    if (may) {
        /* A start that is only late does not delay those behind it. */
        bool is_late = now - job->next_start <= 10 * MS;

        job->next_start =
            (is_late ? job->next_start : now) + job->rate_interval_ns;
    } else {
        *ret_when = job->next_start;
    }
    fpool_mutex_unlock(&job->mu);
    return may;
}

enum fpool_http_error fpool_http_cancel_error(enum fpool_status reason)
{
    switch (reason) {
    case FPOOL_OK:
        return FPOOL_HTTP_ERROR_NONE;
    case FPOOL_EDEADLINE:
        return FPOOL_HTTP_ERROR_DEADLINE;
    default:
        return FPOOL_HTTP_ERROR_CANCELLED;
    }
}

static unsigned positive(int n)
{
    return n > 0 ? (unsigned)n : 0;
}

void fpool_http_job_read_stats(struct fpool_http_job *job,
                               struct fpool_http_stats *ret_stats)
{
    struct fpool_http_counters *c = &job->counters;
    unsigned i;

    ret_stats->requests = atomic_load(&c->requests);
    ret_stats->retries = atomic_load(&c->retries);
    ret_stats->redirects = atomic_load(&c->redirects);
    ret_stats->throttled = atomic_load(&c->throttled);
    ret_stats->deferred = atomic_load(&c->deferred);
    ret_stats->in_flight = atomic_load(&job->n_running);
    ret_stats->in_flight_limit = atomic_load(&job->limit);
    ret_stats->n_paused = positive(atomic_load(&c->n_paused));
    ret_stats->n_down = positive(atomic_load(&c->n_down));
    for (i = 0; i < job->n_lanes; i++) {
        ret_stats->n_hosts += atomic_load(&job->lanes[i].n_hosts);
        ret_stats->n_waiting += atomic_load(&job->lanes[i].n_waiting);
    }
}
