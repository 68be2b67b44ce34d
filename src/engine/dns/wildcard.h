/* SPDX-License-Identifier: MIT */
/* Zones in which every name exists.
 *
 * Purpose: tell names that were made from those that a wildcard (RFC 4592)
 * makes up, by asking for random names beside them. Use: judge each answer;
 * when the zone is not known yet, the waiter is called once it is, and judges
 * again. Ownership: the job's; waiters are its items'. Thread-safety: the
 * loop's thread. Limits: FPOOL_DNS_WILDCARD_ZONES zones and types are
 * remembered, those not used for longest are forgotten;
 * FPOOL_DNS_WILDCARD_PROBES names are asked for in one zone. */
#ifndef FPOOL_ENGINE_DNS_WILDCARD_H
#define FPOOL_ENGINE_DNS_WILDCARD_H

#include "engine/dns/asker.h"

#define FPOOL_DNS_WILDCARD_ZONES  16384
#define FPOOL_DNS_WILDCARD_PROBES 50

struct fpool_dns_wildcards;

struct fpool_dns_waiter {
    struct fpool_list link; /* in none: does not wait */
    void (*known)(struct fpool_dns_waiter *waiter);
};

enum fpool_dns_wildcard {
    FPOOL_DNS_WILDCARD_NO,
    FPOOL_DNS_WILDCARD_YES,    /* the zone gives the same to any name */
    FPOOL_DNS_WILDCARD_UNKNOWN /* 'known' will be called */
};

/* NULL without memory. */
struct fpool_dns_wildcards *fpool_dns_wildcards_create(
    struct fpool_dns_asker *a);

/* Forgets all; no waiter waits any more.  Accepts NULL. */
void fpool_dns_wildcards_destroy(struct fpool_dns_wildcards *w);

/* Takes back the probes that are on their way; nobody waits for them. */
void fpool_dns_wildcards_cancel(struct fpool_dns_wildcards *w);

/* Is the answer 'r' to 'query' one that the zone gives to any name? */
enum fpool_dns_wildcard fpool_dns_wildcards_judge(
    struct fpool_dns_wildcards *w, const uint8_t *query,
    const struct fpool_dns_response *r, struct fpool_dns_waiter *waiter);

#endif
