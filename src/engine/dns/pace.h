/* SPDX-License-Identifier: MIT */
/* A rate: so many a second, evenly, with a small burst.
 *
 * Purpose: --qps and its like; a virtual clock in place of a bucket of tokens
 *   (the generic cell rate algorithm), so that nothing needs refilling.
 * Thread-safety: one thread.
 * Limits: a burst of ten milliseconds' worth, at least one. */
#ifndef FPOOL_ENGINE_DNS_PACE_H
#define FPOOL_ENGINE_DNS_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct fpool_dns_pace {
    int64_t interval; /* nanoseconds between two; 0: no bound */
    int64_t slack;    /* how far 'next' may be ahead */
    int64_t next;     /* when the next one is due */
};

static inline void fpool_dns_pace_init(struct fpool_dns_pace *p, unsigned rate)
{
    *p = (struct fpool_dns_pace){ .interval = 0 };
    if (rate > 0) {
        /* Rounded up: rather less than the rate than more. */
        p->interval = (INT64_C(1000000000) + rate - 1) / rate;
        p->slack = 10000000 - p->interval;
        p->slack = p->slack < 0 ? 0 : p->slack;
    }
}

/* When one more may go; in the past: now. */
static inline int64_t fpool_dns_pace_when(const struct fpool_dns_pace *p)
{
    return p->next - p->slack;
}

static inline bool fpool_dns_pace_is_open(const struct fpool_dns_pace *p,
                                          int64_t now)
{
    return p->interval == 0 || fpool_dns_pace_when(p) <= now;
}

static inline void fpool_dns_pace_take(struct fpool_dns_pace *p, int64_t now)
{
    p->next = (p->next < now ? now : p->next) + p->interval;
}

#endif
