/* SPDX-License-Identifier: MIT */
/* Probes for wildcards; called by jobs, asks the asker.
 *
 * The first random name that does not exist clears its zone.  One that exists
 * is followed by two others; where these bring data that was not seen before
 * (some wildcards answer with a few of many addresses), by more, and by some
 * more again for each answer that is not explained yet. */
#include "engine/dns/wildcard.h"

#include <string.h>

#include "base/mem.h"
#include "engine/dns/name.h"
#include "engine/dns/type.h"

#define LABEL_SIZE    16
#define MIN_PROBES    3  /* of a zone that has a wildcard */
#define MORE_PROBES   10 /* where it answers this and that */
#define MAX_DATA      64
#define N_BUCKETS     4096
#define MAX_IN_FLIGHT 256
#define PROBE_TRIES   4

/* What is known about the names right below one name, for one type. */
struct zone {
    struct fpool_dns_ask ask; /* must be first: the probe on its way */
    struct fpool_dns_wildcards *all;
    struct zone *next_in_bucket;
    struct fpool_list use;   /* the one not used for longest is first */
    struct fpool_list queue; /* for its next probe */
    struct fpool_list waiters;
    bool is_known;
    bool is_probing; /* 'ask' is in the asker's hands */
    unsigned n_probes;
    unsigned n_wanted; /* probes to be made until it is known */
    bool is_varied;    /* not every probe brought the same */
    bool is_doubtful;  /* the last probe had no answer */
    bool is_telling;   /* those who waited are being told */
    unsigned n_data;
    uint64_t data[MAX_DATA]; /* hashes: texts may be large, and are many */
    uint8_t query[FPOOL_DNS_MAX_QUERY];
    uint8_t name[FPOOL_DNS_MAX_WIRE_NAME]; /* of the zone */
};

struct fpool_dns_wildcards {
    struct fpool_dns_feeder feeder; /* must be first */
    struct fpool_dns_asker *asker;
    struct zone *buckets[N_BUCKETS];
    struct fpool_list uses;
    struct fpool_list queue;
    unsigned n_zones;
};

static bool feed(struct fpool_dns_feeder *feeder);
static void probe_done(struct fpool_dns_ask *ask,
                       const struct fpool_dns_outcome *outcome);

struct fpool_dns_wildcards *fpool_dns_wildcards_create(
    struct fpool_dns_asker *a)
{
    struct fpool_dns_wildcards *w = fpool_calloc(1, sizeof(*w));

    if (w != NULL) {
        w->feeder.feed = feed;
        w->feeder.max_first = MAX_IN_FLIGHT;
        w->asker = a;
        fpool_list_init(&w->uses);
        fpool_list_init(&w->queue);
    }
    return w;
}

/* ---- Zones. */

static size_t wire_size(const uint8_t *name)
{
    size_t size = 0;

    while (name[size] != 0) {
        size += 1 + name[size];
    }
    return size + 1;
}

static unsigned bucket_of(const uint8_t *name, size_t size, uint16_t type)
{
    uint32_t hash = 2166136261u ^ type; /* FNV-1a */
    size_t i;

    for (i = 0; i < size; i++) {
        hash = (hash ^ name[i]) * 16777619u;
    }
    return hash % N_BUCKETS;
}

static void unlink_zone(struct fpool_dns_wildcards *w, struct zone *z)
{
    struct zone **at =
        &w->buckets[bucket_of(z->name, wire_size(z->name), z->ask.type)];

    while (*at != z) {
        at = &(*at)->next_in_bucket;
    }
    *at = z->next_in_bucket;
    fpool_list_remove(&z->use);
    w->n_zones--;
}

/* Forgets the zone that was not used for longest, if it is known. */
static void forget_one(struct fpool_dns_wildcards *w)
{
    struct zone *z = FPOOL_OWNER_OF(w->uses.next, struct zone, use);

    if (w->n_zones >= FPOOL_DNS_WILDCARD_ZONES && z->is_known) {
        unlink_zone(w, z);
        fpool_free(z);
    }
}

static void probe(struct zone *z)
{
    fpool_list_push(&z->all->queue, &z->queue);
    fpool_dns_asker_is_fed(z->all->asker, &z->all->feeder);
}

static struct zone *create(struct fpool_dns_wildcards *w, const uint8_t *name,
                           size_t size, uint16_t type, unsigned bucket)
{
    struct zone *z;

    if (w->n_zones > 0) {
        forget_one(w);
    }
    z = fpool_calloc(1, sizeof(*z));
    if (z == NULL) {
        return NULL;
    }
    z->all = w;
    z->ask.type = type;
    memcpy(z->name, name, size);
    fpool_list_init(&z->waiters);
    z->next_in_bucket = w->buckets[bucket];
    w->buckets[bucket] = z;
    fpool_list_push(&w->uses, &z->use);
    w->n_zones++;
    z->n_wanted = MIN_PROBES;
    probe(z);
    return z;
}

static struct zone *find_or_create(struct fpool_dns_wildcards *w,
                                   const uint8_t *name, uint16_t type)
{
    size_t size = wire_size(name);
    unsigned bucket = bucket_of(name, size, type);
    struct zone *z = w->buckets[bucket];

    while (z != NULL &&
           (z->ask.type != type || memcmp(z->name, name, size) != 0)) {
        z = z->next_in_bucket;
    }
    if (z == NULL) {
        return create(w, name, size, type, bucket);
    }
    fpool_list_remove(&z->use);
    fpool_list_push(&w->uses, &z->use);
    return z;
}

/* ---- Probes. */

/* A name below the zone that nobody has thought of. */
static void make_name(struct fpool_dns_wildcards *w, const struct zone *z,
                      struct fpool_dns_question *q)
{
    size_t size = wire_size(z->name);
    size_t i;

    q->type = z->ask.type;
    q->wire_size = (uint16_t)(1 + LABEL_SIZE + size);
    q->wire[0] = LABEL_SIZE;
    for (i = 1; i <= LABEL_SIZE; i++) {
        q->wire[i] =
            (uint8_t)('a' + fpool_dns_random_16(&w->asker->random) % 26);
    }
    memcpy(q->wire + 1 + LABEL_SIZE, z->name, size);
}

static void settle(struct zone *z)
{
    struct fpool_list waiters;
    struct fpool_list *link;

    z->is_known = true;
    z->is_telling = true;
    fpool_list_init(&waiters);
    while ((link = fpool_list_pop(&z->waiters)) != NULL) {
        fpool_list_push(&waiters, link);
    }
    while ((link = fpool_list_pop(&waiters)) != NULL) {
        struct fpool_dns_waiter *waiter =
            FPOOL_OWNER_OF(link, struct fpool_dns_waiter, link);

        waiter->known(waiter);
    }
    z->is_telling = false;
}

/* Prepares the next probe; false when there is no room for its name. */
static bool prepare(struct fpool_dns_wildcards *w, struct zone *z)
{
    struct fpool_dns_question q;
    uint8_t name[FPOOL_DNS_MAX_WIRE_NAME];
    enum fpool_status status;
    uint16_t type = z->ask.type;
    size_t size;

    memcpy(name, z->name, sizeof(name));
    if (wire_size(name) + 1 + LABEL_SIZE > FPOOL_DNS_MAX_WIRE_NAME) {
        return false;
    }
    make_name(w, z, &q);
    size = fpool_dns_query_build(&q, FPOOL_DNS_UDP_SIZE, z->query, &status);
    if (size == 0) {
        return false;
    }
    z->ask = (struct fpool_dns_ask){
        .feeder = &w->feeder,
        .done = probe_done,
        .query = z->query,
        .query_size = (uint16_t)size,
        .type = type,
        .max_tries = PROBE_TRIES,
        .deadline = INT64_MAX,
    };
    return true;
}

static bool feed(struct fpool_dns_feeder *feeder)
{
    struct fpool_dns_wildcards *w =
        (struct fpool_dns_wildcards *)(void *)feeder;
    struct fpool_list *link = fpool_list_pop(&w->queue);
    struct zone *z;

    if (link == NULL) {
        fpool_list_remove(&feeder->link);
        return false;
    }
    z = FPOOL_OWNER_OF(link, struct zone, queue);
    if (!prepare(w, z)) {
        settle(z);
        return true;
    }
    z->is_probing = true;
    z->n_probes++;
    fpool_dns_asker_start(w->asker, &z->ask);
    return true;
}

static uint64_t hash_of(const struct zone *z, const char *data)
{
    uint64_t hash = 14695981039346656037u ^ z->all->asker->secret; /* FNV-1a */

    for (; *data != '\0'; data++) {
        hash = (hash ^ (unsigned char)*data) * 1099511628211u;
    }
    return hash;
}

static bool has_data(const struct zone *z, const char *data)
{
    uint64_t hash = hash_of(z, data);
    unsigned i;

    for (i = 0; i < z->n_data; i++) {
        if (z->data[i] == hash) {
            return true;
        }
    }
    return false;
}

static void add_data(struct zone *z, const char *data)
{
    if (z->n_data < MAX_DATA && !has_data(z, data)) {
        z->data[z->n_data++] = hash_of(z, data);
        z->is_varied = z->is_varied || z->n_probes > 1;
    }
}

/* A record that says what the name is: what was asked for, or another name. */
static bool is_telling(uint16_t record_type, uint16_t type)
{
    return record_type == type || record_type == FPOOL_DNS_TYPE_CNAME ||
           type == FPOOL_DNS_TYPE_ANY;
}

static void probe_done(struct fpool_dns_ask *ask,
                       const struct fpool_dns_outcome *outcome)
{
    struct zone *z = (struct zone *)(void *)ask;
    const struct fpool_dns_parsed *p = outcome->parsed;
    size_t i;

    z->is_probing = false;
    z->is_doubtful = outcome->status != FPOOL_DNS_OK &&
                     outcome->status != FPOOL_DNS_NODATA &&
                     outcome->status != FPOOL_DNS_NXDOMAIN;
    if (outcome->status == FPOOL_DNS_OK && p != NULL) {
        for (i = 0; i < p->n_records; i++) {
            if (is_telling(p->records[i].type, ask->type)) {
                add_data(z, p->text + p->records[i].data);
            }
        }
        if (z->is_varied && z->n_wanted < MORE_PROBES) {
            z->n_wanted = MORE_PROBES;
        }
        if (z->n_probes < z->n_wanted) {
            probe(z);
            return;
        }
    }
    settle(z);
}

/* ---- Judging. */

/* Another name that the zone leads all its names to, or nothing but data that
 * any name has. */
static bool is_explained(const struct zone *z,
                         const struct fpool_dns_response *r)
{
    size_t i;

    for (i = 0; i < r->n_records; i++) {
        const struct fpool_dns_record *record = &r->records[i];

        if (record->type == FPOOL_DNS_TYPE_CNAME && has_data(z, record->data)) {
            return true;
        }
        if (record->type == r->type && !has_data(z, record->data)) {
            return false;
        }
    }
    return z->n_data > 0;
}

/* A name is not explained by what is known of its zone: is that all?  A few
 * probes of a wildcard may all have brought the same of several answers. */
static bool wants_more(const struct zone *z)
{
    if (z->n_probes >= FPOOL_DNS_WILDCARD_PROBES) {
        return false;
    }
    return z->is_varied || (z->n_data > 0 && z->n_probes < MORE_PROBES) ||
           (z->is_doubtful && !z->is_telling);
}

enum fpool_dns_wildcard fpool_dns_wildcards_judge(
    struct fpool_dns_wildcards *w, const uint8_t *query,
    const struct fpool_dns_response *r, struct fpool_dns_waiter *waiter)
{
    const uint8_t *name = query + FPOOL_DNS_HEADER_SIZE;
    struct zone *z;

    if (name[0] == 0 || name[1 + name[0]] == 0) {
        return FPOOL_DNS_WILDCARD_NO; /* The root has no wildcard. */
    }
    z = find_or_create(w, name + 1 + name[0], r->type);
    if (z == NULL) {
        return FPOOL_DNS_WILDCARD_NO; /* without memory, not known */
    }
    if (z->is_known && is_explained(z, r)) {
        return FPOOL_DNS_WILDCARD_YES;
    }
    if (z->is_known && wants_more(z)) {
        z->is_known = false;
        z->n_wanted = z->is_varied    ? z->n_probes + MORE_PROBES
                      : z->n_data > 0 ? MORE_PROBES
                                      : z->n_probes + MIN_PROBES;
        probe(z);
    }
    if (!z->is_known) {
        fpool_list_push(&z->waiters, &waiter->link);
        return FPOOL_DNS_WILDCARD_UNKNOWN;
    }
    return FPOOL_DNS_WILDCARD_NO;
}

/* ---- The end. */

void fpool_dns_wildcards_cancel(struct fpool_dns_wildcards *w)
{
    struct fpool_list *link = w->uses.next;

    while (link != &w->uses) {
        struct zone *z = FPOOL_OWNER_OF(link, struct zone, use);

        link = link->next;
        if (z->is_probing) {
            fpool_dns_asker_cancel(w->asker, &z->ask);
            z->is_probing = false;
        }
        if (!z->is_known) {
            fpool_list_remove(&z->queue);
            unlink_zone(w, z);
            fpool_free(z);
        }
    }
    fpool_list_remove(&w->feeder.link);
}

void fpool_dns_wildcards_destroy(struct fpool_dns_wildcards *w)
{
    struct fpool_list *link;

    if (w == NULL) {
        return;
    }
    while ((link = fpool_list_pop(&w->uses)) != NULL) {
        fpool_free(FPOOL_OWNER_OF(link, struct zone, use));
    }
    fpool_free(w);
}
