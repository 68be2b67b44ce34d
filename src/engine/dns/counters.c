/* SPDX-License-Identifier: MIT */
/* Counters and percentiles; written by the asker, read by whoever asks. */
#include "engine/dns/counters.h"

#define SUB 8 /* buckets for each power of two */

static unsigned bucket_of(uint64_t us)
{
    unsigned power;

    if (us < SUB) {
        return (unsigned)us;
    }
    power = 63 - (unsigned)__builtin_clzll(us);
    power = power > 27 ? 27 : power;
    us = us >> 28 != 0 ? (1u << 28) - 1 : us;
    return (power - 2) * SUB + (unsigned)(us >> (power - 3) & (SUB - 1));
}

/* The middle of a bucket, in microseconds. */
static int64_t value_of(unsigned bucket)
{
    unsigned power = bucket / SUB + 2;

    if (bucket < SUB) {
        return bucket;
    }
    return ((int64_t)(SUB + bucket % SUB) << (power - 3)) +
           ((int64_t)1 << (power - 3)) / 2;
}

void fpool_dns_count_rtt(struct fpool_dns_counters *c, int64_t rtt_ns)
{
    fpool_dns_count(
        &c->rtt[bucket_of((uint64_t)(rtt_ns < 0 ? 0 : rtt_ns) / 1000)]);
}

static uint64_t load(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static int64_t percentile(const struct fpool_dns_counters *c, uint64_t total,
                          unsigned percent)
{
    uint64_t wanted = (total * percent + 99) / 100;
    uint64_t sum = 0;
    unsigned i;

    for (i = 0; i < FPOOL_DNS_RTT_BUCKETS && total > 0; i++) {
        sum += load(&c->rtt[i]);
        if (sum >= wanted) {
            return value_of(i);
        }
    }
    return 0;
}

void fpool_dns_counters_read(const struct fpool_dns_counters *c,
                             struct fpool_dns_stats *s)
{
    uint64_t total = 0;
    unsigned i;

    s->sent = load(&c->sent);
    s->received = load(&c->received);
    s->retries = load(&c->retries);
    s->timeouts = load(&c->timeouts);
    s->late = load(&c->late);
    s->ignored = load(&c->ignored);
    s->tcp = load(&c->tcp);
    s->kernel_drops = load(&c->kernel_drops);
    s->send_waits = load(&c->send_waits);
    s->in_flight = atomic_load(&c->in_flight);
    s->n_resolvers = atomic_load(&c->n_resolvers);
    s->n_good = atomic_load(&c->n_good);
    for (i = 0; i < FPOOL_DNS_RTT_BUCKETS; i++) {
        total += load(&c->rtt[i]);
    }
    s->rtt_p50_us = percentile(c, total, 50);
    s->rtt_p90_us = percentile(c, total, 90);
    s->rtt_p99_us = percentile(c, total, 99);
}
