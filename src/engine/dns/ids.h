/* SPDX-License-Identifier: MIT */
/* Which query a reply belongs to.
 *
 * Purpose: the outstanding tries by source port and message identifier.
 * Ownership: the map owns its table, not what it points at.
 * Thread-safety: one thread.
 * Limits: a table that fits the second-level cache with thousands of tries; up
 *   to 2^28 entries. */
#ifndef FPOOL_ENGINE_DNS_IDS_H
#define FPOOL_ENGINE_DNS_IDS_H

#include <stdint.h>

#include "fetchpool/status.h"

struct fpool_dns_ids_entry {
    uint32_t key;
    void *value; /* NULL: a free place */
};

struct fpool_dns_ids {
    struct fpool_dns_ids_entry *table; /* linear probing */
    uint32_t mask;
    uint32_t n;
};

/* The key of a try: the number of its port and its identifier. */
static inline uint32_t fpool_dns_ids_key(unsigned port, uint16_t id)
{
    return (uint32_t)port << 16 | id;
}

enum fpool_status fpool_dns_ids_init(struct fpool_dns_ids *ids);
void fpool_dns_ids_fini(struct fpool_dns_ids *ids);

/* The value at 'key', or NULL. */
void *fpool_dns_ids_find(const struct fpool_dns_ids *ids, uint32_t key);

/* Adds 'value', not NULL, at a key that has none.  FPOOL_ENOMEM. */
enum fpool_status fpool_dns_ids_add(struct fpool_dns_ids *ids, uint32_t key,
                                    void *value);

/* Forgets 'key'; does nothing when it is not there. */
void fpool_dns_ids_remove(struct fpool_dns_ids *ids, uint32_t key);

#endif
