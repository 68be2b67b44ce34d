/* SPDX-License-Identifier: MIT */
/* Hosts: their key, and the rules of their health.  Called by the lanes. */
#include "engine/http/host.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"

#define MS 1000000LL

#define DOWN_AFTER    5 /* connections in a row that did not come about */
#define MAX_PROBES    3
#define MAX_PARKED_MS 60000
#define GONE_FACTOR   60 /* times the delay of a retry */
#define GOOD_ANSWERS  8  /* as good as a quiet time */
#define MAX_INTERVAL  (10000 * MS)
#define QUIET_NS      (60000 * MS)

struct fpool_http_host *fpool_http_host_create(
    const struct fpool_http_url *url, const struct fpool_http_host_rules *rules)
{
    struct fpool_http_host *host =
        fpool_calloc(1, sizeof(*host) + url->host_size);

    if (host == NULL) {
        return NULL;
    }
    fpool_list_init(&host->queue);
    host->limit = rules->per_host;
    host->hash = url->hash;
    host->port = url->port;
    host->is_secure = url->is_secure;
    host->name_size = url->host_size;
    memcpy(host->name, url->request + url->host_at, url->host_size);
    return host;
}

void fpool_http_host_destroy(struct fpool_http_host *host)
{
    fpool_free(host->addresses);
    fpool_free(host);
}

bool fpool_http_host_is(const struct fpool_http_host *host,
                        const struct fpool_http_url *url)
{
    return host->hash == url->hash && host->port == url->port &&
           host->is_secure == url->is_secure &&
           host->name_size == url->host_size &&
           strncasecmp(host->name, url->request + url->host_at,
                       url->host_size) == 0;
}

int64_t fpool_http_host_when(const struct fpool_http_host *host, int64_t now)
{
    int64_t when = host->next_start;

    if (host->n_running >= host->limit ||
        (host->parked_until != 0 && host->n_running > 0)) {
        return FPOOL_NEVER;
    }
    when = when > host->paused_until ? when : host->paused_until;
    when = when > host->parked_until ? when : host->parked_until;
    return when > now ? when : 0;
}

void fpool_http_host_take(struct fpool_http_host *host,
                          const struct fpool_http_host_rules *rules,
                          int64_t now)
{
    int64_t interval = rules->rate_interval_ns > host->interval_ns
                           ? rules->rate_interval_ns
                           : host->interval_ns;

    host->n_running++;
    if (interval > 0) {
        /* A start that is only late does not delay those behind it. */
        bool is_late = now - host->next_start <= 10 * MS;

        host->next_start = (is_late ? host->next_start : now) + interval;
    }
}

/* The pauses before were long ago, or did what they were for. */
static bool is_forgiven(const struct fpool_http_host *host, int64_t now)
{
    return host->n_good >= GOOD_ANSWERS || now - host->throttled_ns > QUIET_NS;
}

/* Half as fast from now on. */
static void slow_down(struct fpool_http_host *host,
                      const struct fpool_http_host_rules *rules)
{
    int64_t first = rules->retry_delay_ms * MS / 100;

    host->limit = host->limit > 1 ? host->limit / 2 : 1;
    host->n_well = 0;
    host->interval_ns = host->interval_ns > 0 ? host->interval_ns * 2 : first;
    if (host->interval_ns > MAX_INTERVAL) {
        host->interval_ns = MAX_INTERVAL;
    }
}

/* A host may ask for patience beyond the end of the clock. */
static int64_t after_ms(int64_t now, int64_t ms)
{
    return ms >= (FPOOL_NEVER - now) / MS ? FPOOL_NEVER : now + ms * MS;
}

/* Fewer at once from now on, and none for a while.  What comes back from
 * requests that were on their way when the pause began is part of it. */
static void throttle(struct fpool_http_host *host,
                     const struct fpool_http_host_rules *rules,
                     int64_t pause_ms, bool has_retry_after, int64_t now)
{
    bool is_new = now >= host->paused_until;
    int64_t until = after_ms(now, pause_ms);

    if (is_new) {
        host->n_throttled = is_forgiven(host, now) ? 1 : host->n_throttled + 1;
        host->throttled_ns = now;
        host->n_good = 0;
        slow_down(host, rules);
    }
    if (is_new || (has_retry_after && until > host->paused_until)) {
        int64_t from = is_new ? now : host->paused_until;

        host->paused_ms += (until - from) / MS;
        host->paused_until = until;
    }
}

static void forget_down(struct fpool_http_host *host)
{
    host->n_unreached = 0;
    host->n_probes = 0;
    host->parked_until = 0;
    host->gone_until = 0;
}

/* The way back is slow: one more for each round of good answers. */
static void recover(struct fpool_http_host *host,
                    const struct fpool_http_host_rules *rules, int64_t now)
{
    host->paused_ms = 0;
    host->n_good++;
    if (host->n_throttled > 0 && is_forgiven(host, now)) {
        host->n_throttled = 0;
    }
    host->interval_ns -= host->interval_ns / 64;
    if (host->interval_ns < MS) {
        host->interval_ns = 0;
    }
    if (host->limit < rules->per_host && ++host->n_well >= host->limit) {
        host->n_well = 0;
        host->limit++;
    }
}

/* True when it is given up. */
static bool count_unreached(struct fpool_http_host *host,
                            const struct fpool_http_host_rules *rules,
                            int64_t now)
{
    int64_t delay_ms;

    host->n_unreached++;
    if (host->n_unreached < DOWN_AFTER ||
        (host->parked_until != 0 && now < host->parked_until)) {
        return false; /* Others were on their way when it was parked. */
    }
    if (host->n_probes >= MAX_PROBES) {
        host->gone_until = now + GONE_FACTOR * rules->retry_delay_ms * MS;
        host->parked_until = 0;
        host->n_probes = 0;
        host->n_unreached = DOWN_AFTER - 1; /* The next one is a probe. */
        return true;
    }
    delay_ms = rules->retry_delay_ms << host->n_probes;
    delay_ms = delay_ms < MAX_PARKED_MS ? delay_ms : MAX_PARKED_MS;
    host->n_probes++;
    host->parked_until = now + delay_ms * MS;
    return false;
}

bool fpool_http_host_note(struct fpool_http_host *host,
                          const struct fpool_http_host_rules *rules,
                          const struct fpool_http_decision *decision,
                          bool is_answer, bool has_retry_after, int64_t now)
{
    switch (decision->class) {
    case FPOOL_HTTP_UNREACHED:
        return count_unreached(host, rules, now);
    case FPOOL_HTTP_LOCAL:
        return false;
    case FPOOL_HTTP_THROTTLED:
        forget_down(host);
        throttle(host, rules, decision->pause_ms, has_retry_after, now);
        return false;
    case FPOOL_HTTP_FINE:
    case FPOOL_HTTP_PERMANENT:
    case FPOOL_HTTP_TRANSIENT:
        break;
    }
    forget_down(host);
    if (is_answer) {
        recover(host, rules, now);
    }
    return false;
}

bool fpool_http_host_is_paused(const struct fpool_http_host *host, int64_t now)
{
    return host->paused_until > now;
}

bool fpool_http_host_is_down(const struct fpool_http_host *host, int64_t now)
{
    return host->parked_until != 0 || host->gone_until > now;
}

bool fpool_http_host_is_plain(const struct fpool_http_host *host, int64_t now)
{
    return host->paused_until <= now && host->parked_until == 0 &&
           host->gone_until <= now && host->n_throttled == 0;
}

bool fpool_http_host_set_addresses(struct fpool_http_host *host,
                                   const union fpool_http_address *list,
                                   size_t n)
{
    union fpool_http_address *copy = NULL;

    if (n > 0) {
        copy = fpool_malloc(n * sizeof(*copy));
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, list, n * sizeof(*copy));
    }
    fpool_free(host->addresses);
    host->addresses = copy;
    host->n_addresses = (unsigned)n;
    host->current = 0;
    host->named = FPOOL_HTTP_NAMED;
    return true;
}
