/* SPDX-License-Identifier: MIT */
/* A hash table with linear probing; removal moves later entries back, so that
 * nothing is left to skip. */
#include "engine/dns/ids.h"

#include "base/mem.h"

#define FIRST_SIZE 4096u

/* Identifiers are random already, ports are not. */
static uint32_t home(const struct fpool_dns_ids *ids, uint32_t key)
{
    return (key ^ (key >> 16) * 0x9e3779b1u) & ids->mask;
}

static enum fpool_status allocate(struct fpool_dns_ids *ids, uint32_t size)
{
    ids->table = fpool_calloc(size, sizeof(*ids->table));
    ids->mask = size - 1;
    return ids->table == NULL ? FPOOL_ENOMEM : FPOOL_OK;
}

enum fpool_status fpool_dns_ids_init(struct fpool_dns_ids *ids)
{
    ids->n = 0;
    return allocate(ids, FIRST_SIZE);
}

void fpool_dns_ids_fini(struct fpool_dns_ids *ids)
{
    fpool_free(ids->table);
    *ids = (struct fpool_dns_ids){ .n = 0 };
}

/* The place of 'key', or the free one where it belongs. */
static uint32_t place_of(const struct fpool_dns_ids *ids, uint32_t key)
{
    uint32_t i = home(ids, key);

    while (ids->table[i].value != NULL && ids->table[i].key != key) {
        i = (i + 1) & ids->mask;
    }
    return i;
}

void *fpool_dns_ids_find(const struct fpool_dns_ids *ids, uint32_t key)
{
    return ids->table[place_of(ids, key)].value;
}

static void put(struct fpool_dns_ids *ids, uint32_t key, void *value)
{
    struct fpool_dns_ids_entry *entry = &ids->table[place_of(ids, key)];

    entry->key = key;
    entry->value = value;
}

static enum fpool_status grow(struct fpool_dns_ids *ids)
{
    struct fpool_dns_ids old = *ids;
    uint32_t i;

    if (allocate(ids, (old.mask + 1) * 2) != FPOOL_OK) {
        *ids = old;
        return FPOOL_ENOMEM;
    }
    for (i = 0; i <= old.mask; i++) {
        if (old.table[i].value != NULL) {
            put(ids, old.table[i].key, old.table[i].value);
        }
    }
    fpool_free(old.table);
    return FPOOL_OK;
}

enum fpool_status fpool_dns_ids_add(struct fpool_dns_ids *ids, uint32_t key,
                                    void *value)
{
    if (ids->n >= (ids->mask + 1) / 2 && grow(ids) != FPOOL_OK) {
        return FPOOL_ENOMEM;
    }
    put(ids, key, value);
    ids->n++;
    return FPOOL_OK;
}

void fpool_dns_ids_remove(struct fpool_dns_ids *ids, uint32_t key)
{
    uint32_t hole = place_of(ids, key);
    uint32_t i = hole;

    if (ids->table[hole].value == NULL) {
        return;
    }
    ids->n--;
    for (;;) {
        i = (i + 1) & ids->mask;
        if (ids->table[i].value == NULL) {
            break;
        }
        /* An entry may fill the hole unless its home lies behind it. */
        if (((i - home(ids, ids->table[i].key)) & ids->mask) >=
            ((i - hole) & ids->mask)) {
            ids->table[hole] = ids->table[i];
            hole = i;
        }
    }
    ids->table[hole].value = NULL;
}
