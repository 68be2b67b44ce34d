/* SPDX-License-Identifier: MIT */
/* What an asker counts for its users to see.
 *
 * Purpose: figures that other threads may read at any time.
 * Thread-safety: one thread, the asker's loop, writes; any thread reads.
 * Limits: round trips from 1 us to 268 s (2^28 us), told apart to an eighth. */
#ifndef FPOOL_ENGINE_DNS_COUNTERS_H
#define FPOOL_ENGINE_DNS_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "fetchpool/dns.h"

#define FPOOL_DNS_RTT_BUCKETS (26 * 8)

struct fpool_dns_counters {
    atomic_uint_fast64_t sent;
    atomic_uint_fast64_t received;
    atomic_uint_fast64_t retries;
    atomic_uint_fast64_t timeouts;
    atomic_uint_fast64_t late;
    atomic_uint_fast64_t ignored;
    atomic_uint_fast64_t tcp;
    atomic_uint_fast64_t kernel_drops;
    atomic_uint_fast64_t send_waits;
    atomic_uint in_flight;
    atomic_uint n_resolvers;
    atomic_uint n_good;
    atomic_uint_fast64_t rtt[FPOOL_DNS_RTT_BUCKETS];
};

/* Only one thread writes, so that no locked instruction is needed. */
static inline void fpool_dns_count(atomic_uint_fast64_t *counter)
{
    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
        memory_order_relaxed);
}

/* Counts a round trip. */
void fpool_dns_count_rtt(struct fpool_dns_counters *c, int64_t rtt_ns);

/* Fills in the figures, but not 'struct_size'. */
void fpool_dns_counters_read(const struct fpool_dns_counters *c,
                             struct fpool_dns_stats *s);

#endif
