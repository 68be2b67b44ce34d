/* SPDX-License-Identifier: MIT */
/* Names, what resolvers have said about them, and until when that holds.
 *
 * Purpose: a hash table of names that is bounded, the least recently used out
 *   first; the life of answers by their TTLs.
 * Use: find, or add, an entry; put the part of each family as it arrives;
 *   settle; show.
 * Ownership: the cache owns its entries; what waits for them, and what asks,
 *   are their users', who take these away before an entry is removed.
 * Thread-safety: one thread at a time.  Time is what the caller says it is.
 * Limits: entries that somebody waits for are never surplus, so that there can
 *   be more of them than the bound. */
#ifndef FPOOL_ENGINE_DNS_CACHE_H
#define FPOOL_ENGINE_DNS_CACHE_H

#include "base/list.h"
#include "engine/dns/addresses.h"
#include "engine/dns/ask.h"

struct fpool_dns_queued;

/* Half of an answer, the other half of which failed, is kept no longer. */
#define FPOOL_DNS_CACHE_HALF_S 60

/* Seconds. */
struct fpool_dns_ttls {
    unsigned least;
    unsigned most;
    unsigned least_negative; /* NXDOMAIN, NODATA (RFC 2308) */
    unsigned most_negative;
    unsigned failure; /* no answer at all */
};

/* What is known about one family. */
struct fpool_dns_part {
    uint8_t *bytes; /* addresses of 16 or 4 bytes; NULL: none */
    const char *reason;
    int64_t expires;
    enum fpool_dns_status status;
    uint8_t n;
    bool is_known;
};

struct fpool_dns_entry {
    struct fpool_dns_entry *next_in_bucket;
    struct fpool_list use; /* among those that nobody waits for */
    /* ---- The user's: what waits, what asks, and a queue. */
    struct fpool_list waiters;
    struct fpool_list link;
    struct fpool_dns_queued *asks[FPOOL_DNS_N_FAMILIES]; /* NULL: none */
    int64_t delay_end;
    /* ---- The answer. */
    struct fpool_dns_part parts[FPOOL_DNS_N_FAMILIES];
    bool is_answered; /* 'settle' was called, and nothing was cleared since */
    int64_t answered; /* when */
    int64_t expires;
    uint64_t hash;
    uint8_t wire_size;
    uint8_t wire[];
};

struct fpool_dns_cache {
    struct fpool_dns_entry **buckets;
    size_t n_buckets;       /* a power of two */
    struct fpool_list uses; /* the one not used for longest is first */
    size_t n;
    size_t max;
    uint64_t seed; /* so that nobody can choose names of one bucket */
};

/* FPOOL_ENOMEM. */
enum fpool_status fpool_dns_cache_init(struct fpool_dns_cache *c, size_t max,
                                       uint64_t seed);
void fpool_dns_cache_fini(struct fpool_dns_cache *c); /* also all zero */

/* NULL: not there. */
struct fpool_dns_entry *fpool_dns_cache_find(const struct fpool_dns_cache *c,
                                             const uint8_t *wire, size_t size);

/* A new entry, held; NULL without memory. */
struct fpool_dns_entry *fpool_dns_cache_add(struct fpool_dns_cache *c,
                                            const uint8_t *wire, size_t size);

void fpool_dns_cache_remove(struct fpool_dns_cache *c,
                            struct fpool_dns_entry *e);

/* Holds an entry: it is never surplus.  Lets it go: it is the last to be. */
void fpool_dns_cache_hold(struct fpool_dns_entry *e);
void fpool_dns_cache_let_go(struct fpool_dns_cache *c,
                            struct fpool_dns_entry *e);

/* The entry to remove, as there are too many; NULL: there are not, or none can
 * go. */
struct fpool_dns_entry *fpool_dns_cache_surplus(
    const struct fpool_dns_cache *c);

/* ---- Entries. */

/* Takes over what an outcome says about one family. */
void fpool_dns_entry_put(struct fpool_dns_entry *e,
                         enum fpool_dns_family family,
                         const struct fpool_dns_outcome *outcome,
                         const struct fpool_dns_ttls *ttls, int64_t now);

/* Forgets it. */
void fpool_dns_entry_clear(struct fpool_dns_entry *e,
                           enum fpool_dns_family family);

/* Some family has an address. */
bool fpool_dns_entry_has_address(const struct fpool_dns_entry *e);

/* What is known is the answer from now on, until it expires: as soon as the
 * first part with addresses does, or, without addresses, the first part at all.
 */
void fpool_dns_entry_settle(struct fpool_dns_entry *e, int64_t now);

static inline bool fpool_dns_entry_is_fresh(const struct fpool_dns_entry *e,
                                            int64_t now)
{
    return e->is_answered && now < e->expires;
}

/* Writes the answer; at least one part is known.  Without addresses it is that
 * of the part that says most: a failure before an absence, since what failed
 * may yet be there. */
void fpool_dns_entry_show(const struct fpool_dns_entry *e, bool is_v6_first,
                          struct fpool_dns_addresses *a);

#endif
