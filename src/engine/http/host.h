/* SPDX-License-Identifier: MIT */
/* A host, as one job sees it: its queue, its addresses, its health.
 *
 * Purpose: what is decided by host: how many transfers at once, how fast, when
 *   again.  A host is a scheme, a name and a port.
 * Use: the lane keeps hosts in its table, asks is_open(), and tells them how
 *   requests ended.
 * Ownership: the lane's.
 * Thread-safety: the loop's thread only.
 * Limits: see the constants in host.c. */
#ifndef FPOOL_ENGINE_HTTP_HOST_H
#define FPOOL_ENGINE_HTTP_HOST_H

#include "base/list.h"
#include "engine/http/timer.h"
#include "engine/http/names.h"
#include "engine/http/reply.h"
#include "engine/http/retry.h"

struct fpool_http_lane;

enum fpool_http_named {
    FPOOL_HTTP_UNNAMED, /* nobody has been asked */
    FPOOL_HTTP_ASKED,
    FPOOL_HTTP_NAMED /* the addresses are there, or libcurl finds them */
};

struct fpool_http_host {
    struct fpool_http_host *next; /* in its bucket of the table */
    struct fpool_http_lane *lane;
    struct fpool_list link;  /* in one of the lane's lists */
    struct fpool_list queue; /* of replies */
    unsigned n_queued;
    unsigned n_running;
    /* Health. */
    unsigned limit;       /* transfers at once, for now */
    unsigned n_well;      /* answers since that was raised */
    unsigned n_good;      /* answers since it was throttled */
    int64_t interval_ns;  /* between two starts, as it seems to want; 0: none */
    unsigned n_throttled; /* pauses of late */
    int64_t throttled_ns; /* when the last one began */
    int64_t paused_ms;    /* of pauses since an answer of another kind */
    int64_t paused_until; /* throttled, */
    int64_t parked_until; /* or not to be reached: then one probe */
    int64_t gone_until;   /* or given up */
    unsigned n_unreached; /* in a row */
    unsigned n_probes;    /* that were in vain */
    int64_t service_ns;   /* of a request, of late */
    int64_t silent_since; /* nothing has ended since */
    int64_t next_start;   /* by its rate */
    bool is_idle;         /* as its list says */
    bool is_counted_paused;
    bool is_counted_down;
    struct fpool_http_timer timer;
    /* Addresses. */
    enum fpool_http_named named;
    bool is_hurried; /* an item's time ends before the search for its name */
    struct fpool_http_question question;
    int64_t asked_ns;
    int64_t named_ns;
    union fpool_http_address *addresses;
    unsigned n_addresses; /* 0: libcurl finds them */
    unsigned current;     /* the address in use */
    /* The key. */
    uint64_t hash;
    uint16_t port;
    bool is_secure;
    uint16_t name_size;
    char name[];
};

/* The settings of a job that hosts go by. */
struct fpool_http_host_rules {
    unsigned per_host;
    int64_t retry_delay_ms;
    int64_t rate_interval_ns; /* 0: no bound */
};

/* NULL without memory. */
struct fpool_http_host *fpool_http_host_create(
    const struct fpool_http_url *url,
    const struct fpool_http_host_rules *rules);
void fpool_http_host_destroy(struct fpool_http_host *host);

bool fpool_http_host_is(const struct fpool_http_host *host,
                        const struct fpool_http_url *url);

/* When the next transfer may begin, in the past: now; FPOOL_NEVER: when one has
 * ended. */
int64_t fpool_http_host_when(const struct fpool_http_host *host, int64_t now);

/* A transfer begins. */
void fpool_http_host_take(struct fpool_http_host *host,
                          const struct fpool_http_host_rules *rules,
                          int64_t now);

/* A request has taken so long. */
static inline void fpool_http_host_serve(struct fpool_http_host *host,
                                         int64_t ns, int64_t now)
{
    host->silent_since = now;
    host->service_ns += (ns - host->service_ns) / 8;
}

/* A request ended as 'decision' says; 'is_answer': with a status.  Returns true
 * when the host is given up, and all that waits for it with it. */
bool fpool_http_host_note(struct fpool_http_host *host,
                          const struct fpool_http_host_rules *rules,
                          const struct fpool_http_decision *decision,
                          bool is_answer, bool has_retry_after, int64_t now);

/* Throttled, or not to be reached, now. */
bool fpool_http_host_is_paused(const struct fpool_http_host *host, int64_t now);
bool fpool_http_host_is_down(const struct fpool_http_host *host, int64_t now);

/* Has nothing that is worth remembering. */
bool fpool_http_host_is_plain(const struct fpool_http_host *host, int64_t now);

/* Takes new addresses.  False without memory. */
bool fpool_http_host_set_addresses(struct fpool_http_host *host,
                                   const union fpool_http_address *list,
                                   size_t n);

#endif
