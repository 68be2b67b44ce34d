/* SPDX-License-Identifier: MIT */
/* Hosts files, streamed word by word into a hash table of names; called by
 * hosts.c.  Everything is in a few arrays that refer to each other by index, so
 * that a list of a million names is a handful of allocations. */
#include "engine/dns/hosts_table.h"

#include <string.h>

#include "base/mem.h"
#include "engine/dns/label.h"
#include "engine/dns/type.h"

#define FIRST_SLOTS 64u /* a power of two */

struct fpool_dns_hosts_name {
    uint32_t at; /* in 'bytes' */
    uint32_t hash;
    uint32_t first; /* node, from 1 */
    uint32_t last;
};

struct fpool_dns_hosts_node {
    uint32_t address; /* index */
    uint32_t next;    /* node, from 1; 0: none */
};

/* ---- The table. */

static uint32_t hash_of(const uint8_t *wire, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    size_t i;

    for (i = 0; i < size; i++) {
        hash = (hash ^ wire[i]) * 16777619u;
    }
    return hash;
}

/* An array with room for 'n' elements of 'size' bytes; NULL without memory, and
 * then the old one stays. */
static void *grow(void *array, size_t *max, size_t n, size_t size)
{
    size_t capacity = *max == 0 ? 16 : *max;
    void *grown;

    if (n <= *max) {
        return array;
    }
    while (capacity < n) {
        capacity *= 2;
    }
    grown = fpool_realloc(array, capacity * size);
    if (grown != NULL) {
        *max = capacity;
    }
    return grown;
}

/* Makes room for one more of everything. */
static enum fpool_status reserve(struct fpool_dns_hosts_table *t)
{
    void *array;

    array = grow(t->bytes, &t->max_bytes,
                 t->n_bytes + 1 + FPOOL_DNS_MAX_WIRE_NAME, 1);
    if (array == NULL) {
        return FPOOL_ENOMEM;
    }
    t->bytes = array;
    array = grow(t->names, &t->max_names, t->n_names + 1, sizeof(*t->names));
    if (array == NULL) {
        return FPOOL_ENOMEM;
    }
    t->names = array;
    array = grow(t->addresses, &t->max_addresses, t->n_addresses + 1,
                 sizeof(*t->addresses));
    if (array == NULL) {
        return FPOOL_ENOMEM;
    }
    t->addresses = array;
    array = grow(t->nodes, &t->max_nodes, t->n_nodes + 1, sizeof(*t->nodes));
    if (array == NULL) {
        return FPOOL_ENOMEM;
    }
    t->nodes = array;
    return FPOOL_OK;
}

static enum fpool_status reserve_slot(struct fpool_dns_hosts_table *t)
{
    size_t n_slots = t->n_slots == 0 ? FIRST_SLOTS : 2 * t->n_slots;
    uint32_t *slots;
    uint32_t i;

    if (t->n_names < t->n_slots / 2) {
        return FPOOL_OK;
    }
    slots = fpool_calloc(n_slots, sizeof(*slots));
    if (slots == NULL) {
        return FPOOL_ENOMEM;
    }
    for (i = 0; i < t->n_names; i++) {
        size_t slot = t->names[i].hash & (n_slots - 1);

        while (slots[slot] != 0) {
            slot = (slot + 1) & (n_slots - 1);
        }
        slots[slot] = i + 1;
    }
    fpool_free(t->slots);
    t->slots = slots;
    t->n_slots = n_slots;
    return FPOOL_OK;
}

static bool is_name(const struct fpool_dns_hosts_table *t,
                    const struct fpool_dns_hosts_name *name,
                    const uint8_t *wire, size_t size)
{
    const uint8_t *bytes = t->bytes + name->at;

    return bytes[0] == size && memcmp(bytes + 1, wire, size) == 0;
}

/* The slot of a name, or the free one where it belongs. */
static uint32_t *find_slot(const struct fpool_dns_hosts_table *t, uint32_t hash,
                           const uint8_t *wire, size_t size)
{
    size_t i = hash;

    for (;; i++) {
        uint32_t *slot = &t->slots[i & (t->n_slots - 1)];

        if (*slot == 0 || (t->names[*slot - 1].hash == hash &&
                           is_name(t, &t->names[*slot - 1], wire, size))) {
            return slot;
        }
    }
}

static struct fpool_dns_hosts_name *find_or_add(
    struct fpool_dns_hosts_table *t, const struct fpool_dns_question *q)
{
    uint32_t hash = hash_of(q->wire, q->wire_size);
    uint32_t *slot = find_slot(t, hash, q->wire, q->wire_size);

    if (*slot == 0) {
        t->names[t->n_names++] =
            (struct fpool_dns_hosts_name){ .at = (uint32_t)t->n_bytes,
                                           .hash = hash };
        *slot = (uint32_t)t->n_names;
        t->bytes[t->n_bytes] = (uint8_t)q->wire_size;
        memcpy(t->bytes + t->n_bytes + 1, q->wire, q->wire_size);
        t->n_bytes += 1u + q->wire_size;
    }
    return &t->names[*slot - 1];
}

/* The name has this address already, or as many as it may. */
static bool is_enough(const struct fpool_dns_hosts_table *t,
                      const struct fpool_dns_hosts_name *name)
{
    uint32_t i = name->first;
    unsigned n = 0;

    while (i != 0) {
        const struct fpool_dns_hosts_node *node = &t->nodes[i - 1];

        if (fpool_dns_address_is_same(&t->addresses[node->address],
                                      &t->address)) {
            return true;
        }
        i = node->next;
        n++;
    }
    return n >= FPOOL_DNS_MAX_ADDRESSES;
}

static void add_address(struct fpool_dns_hosts_table *t,
                        struct fpool_dns_hosts_name *name)
{
    if (is_enough(t, name)) {
        return;
    }
    if (t->address_at == 0) {
        t->addresses[t->n_addresses++] = t->address;
        t->address_at = (uint32_t)t->n_addresses;
    }
    t->nodes[t->n_nodes++] =
        (struct fpool_dns_hosts_node){ .address = t->address_at - 1 };
    if (name->first == 0) {
        name->first = (uint32_t)t->n_nodes;
    } else {
        t->nodes[name->last - 1].next = (uint32_t)t->n_nodes;
    }
    name->last = (uint32_t)t->n_nodes;
}

bool fpool_dns_hosts_table_find(const struct fpool_dns_hosts_table *t,
                                const uint8_t *wire, size_t size,
                                struct fpool_dns_mix *mix)
{
    uint32_t slot;
    uint32_t i;

    if (t->n_names == 0) {
        return false;
    }
    slot = *find_slot(t, hash_of(wire, size), wire, size);
    if (slot == 0) {
        return false;
    }
    for (i = t->names[slot - 1].first; i != 0; i = t->nodes[i - 1].next) {
        fpool_dns_mix_put(mix, &t->addresses[t->nodes[i - 1].address]);
    }
    return true;
}

void fpool_dns_hosts_table_fini(struct fpool_dns_hosts_table *t)
{
    fpool_free(t->bytes);
    fpool_free(t->names);
    fpool_free(t->addresses);
    fpool_free(t->nodes);
    fpool_free(t->slots);
    memset(t, 0, sizeof(*t));
}

/* ---- The reader. */

/* Many lines in a row have the same address. */
static void take_address(struct fpool_dns_hosts_table *t)
{
    union fpool_dns_address address;

    if (t->size > sizeof(t->word) ||
        !fpool_dns_literal_parse(&address, t->word, t->size)) {
        t->is_over = true;
        return;
    }
    if (t->address_at == 0 ||
        !fpool_dns_address_is_same(&address, &t->address)) {
        t->address_at = 0;
    }
    t->address = address;
    t->has_address = true;
}

static enum fpool_status take_name(struct fpool_dns_hosts_table *t)
{
    struct fpool_dns_question q;
    const char *reason;
    enum fpool_status st;

    if (t->size > sizeof(t->word)) {
        return FPOOL_OK;
    }
    st = fpool_dns_question_parse(&q, t->word, t->size, NULL, FPOOL_DNS_TYPE_A,
                                  &reason);
    if (st != FPOOL_OK) {
        return st == FPOOL_EINVALID ? FPOOL_OK : st;
    }
    st = reserve(t);
    if (st == FPOOL_OK) {
        st = reserve_slot(t);
    }
    if (st == FPOOL_OK) {
        add_address(t, find_or_add(t, &q));
    }
    return st;
}

static enum fpool_status end_word(struct fpool_dns_hosts_table *t)
{
    enum fpool_status st = FPOOL_OK;

    if (t->size > 0 && !t->is_over) {
        if (t->has_address) {
            st = take_name(t);
        } else {
            take_address(t);
        }
    }
    t->size = 0;
    return st;
}

static void put(struct fpool_dns_hosts_table *t, char c)
{
    if (t->size < sizeof(t->word)) {
        t->word[t->size] = c;
    }
    if (t->size <= sizeof(t->word)) {
        t->size++; /* One more than there is room for: too long. */
    }
}

enum fpool_status fpool_dns_hosts_feed(struct fpool_dns_hosts_table *t,
                                       const char *bytes, size_t size)
{
    enum fpool_status st = FPOOL_OK;
    size_t i;

    for (i = 0; i < size && st == FPOOL_OK; i++) {
        char c = bytes[i];

        if (!fpool_dns_is_blank(c) && c != '#') {
            put(t, c);
            continue;
        }
        st = end_word(t);
        if (c == '\n') {
            t->has_address = t->is_over = false;
        } else if (c == '#') {
            t->is_over = true;
        }
    }
    return st;
}

enum fpool_status fpool_dns_hosts_end(struct fpool_dns_hosts_table *t)
{
    return fpool_dns_hosts_feed(t, "\n", 1);
}
