/* SPDX-License-Identifier: MIT */
/* A lane's table of hosts: who is there, whose turn it may be, which addresses
 * they have.  Called by lane.c and ending.c. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/job.h"
#include "engine/http/lane.h"

#define FIRST_BUCKETS 64
#define MS            1000000LL

static void host_timer_fired(struct fpool_http_timer *node);
static void named(struct fpool_http_question *question,
                  const struct fpool_http_addresses *addresses);

/* ---- The table. */

static bool grow(struct fpool_http_lane *lane)
{
    size_t n = lane->n_buckets == 0 ? FIRST_BUCKETS : lane->n_buckets * 2;
    struct fpool_http_host **buckets = fpool_calloc(n, sizeof(*buckets));
    size_t i;

    if (buckets == NULL) {
        return lane->n_buckets > 0; /* Longer chains, then. */
    }
    for (i = 0; i < lane->n_buckets; i++) {
        struct fpool_http_host *host = lane->buckets[i];

        while (host != NULL) {
            struct fpool_http_host *next = host->next;

            host->next = buckets[host->hash & (n - 1)];
            buckets[host->hash & (n - 1)] = host;
            host = next;
        }
    }
    fpool_free(lane->buckets);
    lane->buckets = buckets;
    lane->n_buckets = n;
    return true;
}

static void count_hosts(struct fpool_http_lane *lane, int change)
{
    atomic_store_explicit(
        &lane->n_hosts,
        atomic_load_explicit(&lane->n_hosts, memory_order_relaxed) +
            (unsigned)change,
        memory_order_relaxed);
}

static void remove_host(struct fpool_http_lane *lane,
                        struct fpool_http_host *host)
{
    struct fpool_http_host **at =
        &lane->buckets[host->hash & (lane->n_buckets - 1)];

    while (*at != host) {
        at = &(*at)->next;
    }
    *at = host->next;
    lane->n_kept--;
    fpool_list_remove(&host->link);
    fpool_http_timer_unset(lane->hub, &host->timer);
    if (host->named == FPOOL_HTTP_ASKED) {
        fpool_http_names_cancel(&host->question);
    }
    fpool_http_host_destroy(host);
}

struct fpool_http_host *fpool_http_lane_host(struct fpool_http_lane *lane,
                                             const struct fpool_http_url *url)
{
    struct fpool_http_host *host;
    struct fpool_http_host **bucket;

    if (lane->n_buckets > 0) {
        host = lane->buckets[url->hash & (lane->n_buckets - 1)];
        while (host != NULL && !fpool_http_host_is(host, url)) {
            host = host->next;
        }
        if (host != NULL) {
            return host;
        }
    }
    if (lane->n_kept >= lane->n_buckets && !grow(lane)) {
        return NULL;
    }
    host = fpool_http_host_create(url, &lane->job->rules);
    if (host == NULL) {
        return NULL;
    }
    host->lane = lane;
    host->timer.fire = host_timer_fired;
    host->question.done = named;
    bucket = &lane->buckets[host->hash & (lane->n_buckets - 1)];
    host->next = *bucket;
    *bucket = host;
    lane->n_kept++;
    count_hosts(lane, 1);
    return host;
}

void fpool_http_lane_forget_hosts(struct fpool_http_lane *lane)
{
    size_t i;

    for (i = 0; i < lane->n_buckets; i++) {
        while (lane->buckets[i] != NULL) {
            remove_host(lane, lane->buckets[i]);
        }
    }
    fpool_free(lane->buckets);
    lane->buckets = NULL;
    lane->n_buckets = 0;
    lane->n_idle = 0;
    fpool_http_timer_unset(lane->hub, &lane->rate_timer);
}

/* The one that has been idle longest and has nothing worth remembering, or just
 * the one that has been idle longest. */
static void forget_one(struct fpool_http_lane *lane)
{
    int64_t now = fpool_loop_now(lane->hub->loop);
    struct fpool_list *link = lane->idle.next;
    int looks;

    for (looks = 0; looks < 16 && link->next != &lane->idle; looks++) {
        if (fpool_http_host_is_plain(
                FPOOL_OWNER_OF(link, struct fpool_http_host, link), now)) {
            break;
        }
        link = link->next;
    }
    lane->n_idle--;
    remove_host(lane, FPOOL_OWNER_OF(link, struct fpool_http_host, link));
}

/* ---- Whose turn it may be. */

static void count_states(struct fpool_http_lane *lane,
                         struct fpool_http_host *host, int64_t now)
{
    bool has_work = host->n_queued > 0 || host->n_running > 0;
    bool is_paused = has_work && fpool_http_host_is_paused(host, now);
    bool is_down = has_work && fpool_http_host_is_down(host, now);

    if (is_paused != host->is_counted_paused) {
        host->is_counted_paused = is_paused;
        atomic_fetch_add(&lane->job->counters.n_paused, is_paused ? 1 : -1);
    }
    if (is_down != host->is_counted_down) {
        host->is_counted_down = is_down;
        atomic_fetch_add(&lane->job->counters.n_down, is_down ? 1 : -1);
    }
}

static void put(struct fpool_list *list, struct fpool_http_host *host)
{
    fpool_list_remove(&host->link);
    fpool_list_push(list, &host->link);
}

static void place_idle(struct fpool_http_lane *lane,
                       struct fpool_http_host *host)
{
    if (!host->is_idle) {
        host->is_idle = true;
        count_hosts(lane, -1);
        lane->n_idle++;
        put(&lane->idle, host);
        if (lane->n_idle > FPOOL_HTTP_MAX_IDLE) {
            forget_one(lane);
        }
    }
}

void fpool_http_lane_place(struct fpool_http_lane *lane,
                           struct fpool_http_host *host)
{
    int64_t now = fpool_loop_now(lane->hub->loop);
    int64_t when = fpool_http_host_when(host, now);

    count_states(lane, host, now);
    if (host->is_idle && (host->n_queued > 0 || host->n_running > 0)) {
        host->is_idle = false;
        lane->n_idle--;
        count_hosts(lane, 1);
    }
    if (host->n_queued == 0) {
        if (host->n_running == 0 && host->named != FPOOL_HTTP_ASKED) {
            place_idle(lane, host);
        } else {
            put(&lane->busy, host);
        }
        return;
    }
    if (when == 0 && host->named == FPOOL_HTTP_NAMED) {
        put(&lane->ready, host);
        return;
    }
    put(&lane->blocked, host);
    if (host->named == FPOOL_HTTP_NAMED && when != FPOOL_NEVER) {
        fpool_http_timer_set(lane->hub, &host->timer, when);
    }
}

/* ---- Addresses. */

static void name_with(struct fpool_http_lane *lane,
                      struct fpool_http_host *host,
                      const struct fpool_http_addresses *found)
{
    union fpool_http_address allowed[FPOOL_HTTP_MAX_ADDRESSES];
    struct fpool_http_end end = { .address = -1, .retry_after_ms = -1 };
    size_t n = 0;
    size_t i;

    host->named = FPOOL_HTTP_UNNAMED;
    host->named_ns = fpool_now_ns();
    for (i = 0; i < found->n; i++) {
        if (fpool_http_policy_allows(lane->job->policy, &found->list[i].sa)) {
            allowed[n++] = found->list[i];
        }
    }
    if (n > 0 && fpool_http_host_set_addresses(host, allowed, n)) {
        return;
    }
    end.error = found->error != FPOOL_HTTP_ERROR_NONE ? found->error
                : n > 0 ? FPOOL_HTTP_ERROR_LOCAL_MEMORY
                        : FPOOL_HTTP_ERROR_POLICY_ADDRESS;
    end.message = found->error != FPOOL_HTTP_ERROR_NONE ? found->reason : NULL;
    fpool_http_lane_settle_queue(lane, host, &end);
}

static void named(struct fpool_http_question *question,
                  const struct fpool_http_addresses *addresses)
{
    struct fpool_http_host *host =
        FPOOL_OWNER_OF(question, struct fpool_http_host, question);
    struct fpool_http_lane *lane = host->lane;

    fpool_http_timer_unset(lane->hub, &host->timer);
    name_with(lane, host, addresses);
    fpool_http_lane_place(lane, host);
    fpool_http_lane_pump(lane);
}

/* What the caller says about the name, in place of name servers. */
static bool name_by_list(struct fpool_http_lane *lane,
                         struct fpool_http_host *host,
                         struct fpool_http_addresses *ret)
{
    const union fpool_http_address *list;
    size_t n = 0;

    list = fpool_http_resolve_list_find(lane->job->resolve, host->name,
                                        host->name_size, host->port, &n);
    if (list == NULL) {
        return false;
    }
    ret->error = FPOOL_HTTP_ERROR_NONE;
    ret->reason = "";
    ret->n = n < FPOOL_HTTP_MAX_ADDRESSES ? n : FPOOL_HTTP_MAX_ADDRESSES;
    memcpy(ret->list, list, ret->n * sizeof(*list));
    return true;
}

/* As long as a connection may take, or the first of its items has. */
static void set_patience(struct fpool_http_lane *lane,
                         struct fpool_http_host *host)
{
    const struct fpool_http_reply *first =
        FPOOL_OWNER_OF(host->queue.next, struct fpool_http_reply, link);
    int64_t timeout_ns = lane->job->options.connect_timeout_ms * MS;
    int64_t left = fpool_http_reply_time_left(first);

    host->is_hurried = left < timeout_ns;
    fpool_http_timer_set(lane->hub, &host->timer,
                         fpool_loop_now(lane->hub->loop) +
                             (host->is_hurried ? left : timeout_ns));
}

void fpool_http_lane_name(struct fpool_http_lane *lane,
                          struct fpool_http_host *host)
{
    struct fpool_http_addresses found;

    if (host->named != FPOOL_HTTP_UNNAMED || host->n_queued == 0) {
        return;
    }
    host->asked_ns = fpool_now_ns();
    if (fpool_http_proxy_for(&lane->job->proxy, host->is_secure) != NULL) {
        fpool_http_host_set_addresses(host, NULL, 0);
        return;
    }
    if (name_by_list(lane, host, &found)) {
        name_with(lane, host, &found);
        return;
    }
    if (lane->names == NULL) {
        fpool_http_host_set_addresses(host, NULL, 0);
        return;
    }
    host->named = FPOOL_HTTP_ASKED;
    if (fpool_http_names_ask(lane->names, &host->question, host->name,
                             host->name_size, &found)) {
        name_with(lane, host, &found);
        return;
    }
    set_patience(lane, host);
}

/* Its pause is over; or its name was looked up for too long. */
static void host_timer_fired(struct fpool_http_timer *node)
{
    struct fpool_http_host *host =
        FPOOL_OWNER_OF(node, struct fpool_http_host, timer);
    struct fpool_http_lane *lane = host->lane;
    struct fpool_http_end end = { .error = FPOOL_HTTP_ERROR_DNS_TIMEOUT,
                                  .address = -1,
                                  .retry_after_ms = -1 };

    if (host->named == FPOOL_HTTP_ASKED) {
        fpool_http_names_cancel(&host->question);
        host->named = FPOOL_HTTP_UNNAMED;
        if (host->is_hurried) {
            end.error = FPOOL_HTTP_ERROR_TIMEOUT_TOTAL;
        }
        fpool_http_lane_settle_queue(lane, host, &end);
    }
    fpool_http_lane_place(lane, host);
    fpool_http_lane_pump(lane);
}
