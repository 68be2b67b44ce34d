/* SPDX-License-Identifier: MIT */
/* The cache of addresses; called by lookups. */
#include "engine/dns/cache.h"

#include <string.h>

#include "base/mem.h"
#include "core/loop.h"
#include "engine/dns/address.h"
#include "engine/dns/type.h"

#define SECOND      1000000000LL
#define MIN_BUCKETS 16u
#define MAX_BUCKETS (1u << 22)

/* ---- The table. */

enum fpool_status fpool_dns_cache_init(struct fpool_dns_cache *c, size_t max,
                                       uint64_t seed)
{
    memset(c, 0, sizeof(*c));
    fpool_list_init(&c->uses);
    c->max = max;
    c->seed = seed;
    c->n_buckets = MIN_BUCKETS;
    while (c->n_buckets < max && c->n_buckets < MAX_BUCKETS) {
        c->n_buckets *= 2;
    }
    c->buckets = fpool_calloc(c->n_buckets, sizeof(struct fpool_dns_entry *));
    return c->buckets == NULL ? FPOOL_ENOMEM : FPOOL_OK;
}

static void entry_free(struct fpool_dns_entry *e)
{
    fpool_dns_entry_clear(e, FPOOL_DNS_FAMILY_V6);
    fpool_dns_entry_clear(e, FPOOL_DNS_FAMILY_V4);
    fpool_free(e);
}

void fpool_dns_cache_fini(struct fpool_dns_cache *c)
{
    size_t i;

    for (i = 0; c->buckets != NULL && i < c->n_buckets; i++) {
        struct fpool_dns_entry *e = c->buckets[i];

        while (e != NULL) {
            struct fpool_dns_entry *next = e->next_in_bucket;

            entry_free(e);
            e = next;
        }
    }
    fpool_free(c->buckets);
    memset(c, 0, sizeof(*c));
}

static uint64_t hash_of(const struct fpool_dns_cache *c, const uint8_t *wire,
                        size_t size)
{
    uint64_t hash = c->seed ^ 14695981039346656037u; /* FNV-1a */
    size_t i;

    for (i = 0; i < size; i++) {
        hash = (hash ^ wire[i]) * 1099511628211u;
        hash ^= hash >> 32; /* so that the seed reaches the low bits */
    }
    return hash;
}

static struct fpool_dns_entry **bucket_of(const struct fpool_dns_cache *c,
                                          uint64_t hash)
{
    return &c->buckets[hash & (c->n_buckets - 1)];
}

struct fpool_dns_entry *fpool_dns_cache_find(const struct fpool_dns_cache *c,
                                             const uint8_t *wire, size_t size)
{
    uint64_t hash = hash_of(c, wire, size);
    struct fpool_dns_entry *e = *bucket_of(c, hash);

    while (e != NULL && (e->hash != hash || e->wire_size != size ||
                         memcmp(e->wire, wire, size) != 0)) {
        e = e->next_in_bucket;
    }
    return e;
}

struct fpool_dns_entry *fpool_dns_cache_add(struct fpool_dns_cache *c,
                                            const uint8_t *wire, size_t size)
{
    struct fpool_dns_entry *e = fpool_calloc(1, sizeof(*e) + size);
    struct fpool_dns_entry **bucket;

    if (e == NULL) {
        return NULL;
    }
    memcpy(e->wire, wire, size);
    e->wire_size = (uint8_t)size;
    e->hash = hash_of(c, wire, size);
    fpool_list_init(&e->waiters);
    bucket = bucket_of(c, e->hash);
    e->next_in_bucket = *bucket;
    *bucket = e;
    c->n++;
    return e;
}

void fpool_dns_cache_remove(struct fpool_dns_cache *c,
                            struct fpool_dns_entry *e)
{
    struct fpool_dns_entry **at = bucket_of(c, e->hash);

    while (*at != e) {
        at = &(*at)->next_in_bucket;
    }
    *at = e->next_in_bucket;
    fpool_list_remove(&e->use);
    c->n--;
    entry_free(e);
}

void fpool_dns_cache_hold(struct fpool_dns_entry *e)
{
    fpool_list_remove(&e->use);
}

void fpool_dns_cache_let_go(struct fpool_dns_cache *c,
                            struct fpool_dns_entry *e)
{
    fpool_list_remove(&e->use);
    fpool_list_push(&c->uses, &e->use);
}

struct fpool_dns_entry *fpool_dns_cache_surplus(const struct fpool_dns_cache *c)
{
    if (c->n <= c->max || fpool_list_is_empty(&c->uses)) {
        return NULL;
    }
    return FPOOL_OWNER_OF(c->uses.next, struct fpool_dns_entry, use);
}

/* ---- Parts. */

void fpool_dns_entry_clear(struct fpool_dns_entry *e,
                           enum fpool_dns_family family)
{
    fpool_free(e->parts[family].bytes);
    e->parts[family] = (struct fpool_dns_part){ .reason = "" };
    e->is_answered = false;
}

static size_t size_of(enum fpool_dns_family family)
{
    return family == FPOOL_DNS_FAMILY_V6 ? 16 : 4;
}

static void set_address(union fpool_dns_address *address,
                        enum fpool_dns_family family, const uint8_t *bytes)
{
    if (family == FPOOL_DNS_FAMILY_V6) {
        fpool_dns_address_set_v6(address, bytes, 0, 0);
    } else {
        fpool_dns_address_set_v4(address, bytes, 0);
    }
}

/* Something to connect to: not 0.0.0.0, which would be this machine, and no
 * IPv4 address in an AAAA record. */
static bool is_good(enum fpool_dns_family family, const uint8_t *bytes)
{
    union fpool_dns_address address;

    set_address(&address, family, bytes);
    return (address.sa.sa_family == AF_INET6) ==
               (family == FPOOL_DNS_FAMILY_V6) &&
           fpool_dns_address_is_usable(&address);
}

/* Copies the good addresses of an outcome, as many as there may be, to 'to',
 * which may be NULL.  Returns how many. */
static uint8_t copy_addresses(uint8_t *to, enum fpool_dns_family family,
                              const struct fpool_dns_outcome *o)
{
    const struct fpool_dns_parsed *p = o->parsed;
    uint16_t type =
        family == FPOOL_DNS_FAMILY_V6 ? FPOOL_DNS_TYPE_AAAA : FPOOL_DNS_TYPE_A;
    size_t size = size_of(family);
    uint8_t n = 0;
    size_t i;

    for (i = 0; i < p->n_records && n < FPOOL_DNS_MAX_ADDRESSES; i++) {
        const struct fpool_dns_parsed_record *r = &p->records[i];
        const uint8_t *bytes = o->message + r->rdata;

        if (r->type == type && r->rdata_size == size &&
            is_good(family, bytes)) {
            if (to != NULL) {
                memcpy(to + n * size, bytes, size);
            }
            n++;
        }
    }
    return n;
}

static void fail(struct fpool_dns_part *part, enum fpool_dns_status status,
                 const char *reason)
{
    part->status = status;
    part->reason = reason;
}

static void put_addresses(struct fpool_dns_part *part,
                          enum fpool_dns_family family,
                          const struct fpool_dns_outcome *o)
{
    uint8_t n = copy_addresses(NULL, family, o);

    if (n == 0) {
        fail(part, FPOOL_DNS_NODATA, "no address that can be connected to");
        return;
    }
    part->bytes = fpool_malloc(n * size_of(family));
    if (part->bytes == NULL) {
        fail(part, FPOOL_DNS_FAILED, "out of memory");
        return;
    }
    part->n = copy_addresses(part->bytes, family, o);
}

static bool is_negative(enum fpool_dns_status status)
{
    return status == FPOOL_DNS_NODATA || status == FPOOL_DNS_NXDOMAIN;
}

static unsigned clamp(uint32_t n, unsigned least, unsigned most)
{
    return n < least ? least : n > most ? most : n;
}

/* Seconds that a part may be kept. */
static unsigned life_of(const struct fpool_dns_part *part,
                        const struct fpool_dns_outcome *o,
                        const struct fpool_dns_ttls *ttls)
{
    uint32_t ttl = o->parsed == NULL ? 0 : o->parsed->ttl;

    if (part->status == FPOOL_DNS_OK) {
        return clamp(ttl, ttls->least, ttls->most);
    }
    return is_negative(part->status)
               ? clamp(ttl, ttls->least_negative, ttls->most_negative)
               : ttls->failure;
}

void fpool_dns_entry_put(struct fpool_dns_entry *e,
                         enum fpool_dns_family family,
                         const struct fpool_dns_outcome *outcome,
                         const struct fpool_dns_ttls *ttls, int64_t now)
{
    struct fpool_dns_part *part = &e->parts[family];

    fpool_free(part->bytes);
    *part = (struct fpool_dns_part){
        .status = outcome->status,
        .reason = outcome->reason,
        .is_known = true,
    };
    if (outcome->status == FPOOL_DNS_OK) {
        put_addresses(part, family, outcome);
    } else if (outcome->status == FPOOL_DNS_NXDOMAIN) {
        part->reason = "no such name";
    } else if (outcome->status == FPOOL_DNS_NODATA) {
        part->reason = "the name has no address";
    }
    part->expires = now + life_of(part, outcome, ttls) * SECOND;
}

/* ---- Answers. */

bool fpool_dns_entry_has_address(const struct fpool_dns_entry *e)
{
    return e->parts[FPOOL_DNS_FAMILY_V6].n > 0 ||
           e->parts[FPOOL_DNS_FAMILY_V4].n > 0;
}

void fpool_dns_entry_settle(struct fpool_dns_entry *e, int64_t now)
{
    bool has_address = fpool_dns_entry_has_address(e);
    int64_t expires = INT64_MAX;
    size_t i;

    for (i = 0; i < FPOOL_DNS_N_FAMILIES; i++) {
        const struct fpool_dns_part *part = &e->parts[i];
        int64_t end = part->expires;

        if (!part->is_known || (has_address && is_negative(part->status))) {
            continue;
        }
        if (has_address && part->n == 0) {
            end = now + FPOOL_DNS_CACHE_HALF_S * SECOND;
        }
        expires = end < expires ? end : expires;
    }
    e->expires = expires;
    if (!e->is_answered) {
        e->answered = now;
    }
    e->is_answered = true;
}

/* Which part speaks for an answer without addresses: the lowest. */
static unsigned rank_of(const struct fpool_dns_part *part)
{
    if (!part->is_known) {
        return 4;
    }
    switch (part->status) {
    case FPOOL_DNS_OK:
        return 0;
    case FPOOL_DNS_NODATA:
        return 2;
    case FPOOL_DNS_NXDOMAIN:
        return 3;
    default:
        return 1;
    }
}

void fpool_dns_entry_show(const struct fpool_dns_entry *e, bool is_v6_first,
                          struct fpool_dns_addresses *a)
{
    const struct fpool_dns_part *v6 = &e->parts[FPOOL_DNS_FAMILY_V6];
    const struct fpool_dns_part *v4 = &e->parts[FPOOL_DNS_FAMILY_V4];
    struct fpool_dns_mix mix;
    unsigned i;

    if (!fpool_dns_entry_has_address(e)) {
        const struct fpool_dns_part *part =
            rank_of(v4) <= rank_of(v6) ? v4 : v6;

        fpool_dns_addresses_fail(a, part->status, part->reason);
        return;
    }
    fpool_dns_mix_init(&mix, FPOOL_DNS_V4 | FPOOL_DNS_V6, is_v6_first);
    for (i = 0; i < FPOOL_DNS_N_FAMILIES; i++) {
        size_t j;

        for (j = 0; j < e->parts[i].n; j++) {
            union fpool_dns_address address;

            set_address(&address, i, e->parts[i].bytes + j * size_of(i));
            fpool_dns_mix_put(&mix, &address);
        }
    }
    fpool_dns_addresses_set(a, &mix, "");
}
