/* SPDX-License-Identifier: MIT */
/* The inside of look-ups.
 *
 * Purpose: shared by lookups.c and lookups_create.c.
 * Ownership: owns all that it has a pointer to, but the loop.
 * Thread-safety: as lookups.h says.
 * Limits: others include lookups.h. */
#ifndef FPOOL_ENGINE_DNS_LOOKUPS_PRIVATE_H
#define FPOOL_ENGINE_DNS_LOOKUPS_PRIVATE_H

#include "engine/dns/cache.h"
#include "engine/dns/hosts.h"
#include "engine/dns/lookups.h"
#include "engine/dns/queue.h"

struct fpool_dns_lookups {
    struct fpool_loop *loop;
    struct fpool_dns_asker *asker;
    struct fpool_dns_queue queue;
    struct fpool_dns_cache cache;
    struct fpool_dns_hosts hosts;
    struct fpool_dns_ttls ttls;
    unsigned families; /* wanted */
    unsigned asked;    /* of these, those asked for in DNS */
    bool is_v6_first;
    int64_t delay;             /* for the other family */
    struct fpool_list delayed; /* entries that wait for their other family */
    struct fpool_list ready;   /* entries whose waiters are to be called */
    struct fpool_loop_timer timer;
    bool is_woken; /* questions came since the asker's last round */
    int64_t ahead; /* of the loop's clock: for tests */
    struct fpool_dns_addresses answer; /* what 'get' returned last */
};

#endif
