/* SPDX-License-Identifier: MIT */
/* What the server has seen: how often each name and type, and counters.  Called
 * by dnsd.c. */
#include "dnsd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ASKED ((size_t)1 << 21)

static bool grow(struct asked *asked)
{
    size_t size = asked->size == 0 ? 1024 : asked->size * 2;
    uint64_t *hashes;
    uint32_t *counts;
    size_t i;

    if (size > MAX_ASKED) {
        return false;
    }
    hashes = calloc(size, sizeof(*hashes));
    counts = calloc(size, sizeof(*counts));
    if (hashes == NULL || counts == NULL) {
        free(hashes);
        free(counts);
        return false;
    }
    for (i = 0; i < asked->size; i++) {
        size_t k = asked->hashes[i] & (size - 1);

        if (asked->hashes[i] == 0) {
            continue;
        }
        while (hashes[k] != 0) {
            k = (k + 1) & (size - 1);
        }
        hashes[k] = asked->hashes[i];
        counts[k] = asked->counts[i];
    }
    asked_fini(asked);
    asked->hashes = hashes;
    asked->counts = counts;
    asked->size = size;
    return true;
}

uint32_t asked_before(struct asked *asked, uint64_t hash)
{
    size_t k;

    hash += hash == 0; /* 0 means free */
    if (asked->n >= asked->size / 4 * 3 && !grow(asked)) {
        return 0;
    }
    for (k = hash & (asked->size - 1); asked->hashes[k] != 0;
         k = (k + 1) & (asked->size - 1)) {
        if (asked->hashes[k] == hash) {
            return ++asked->counts[k];
        }
    }
    asked->hashes[k] = hash;
    asked->n++;
    return 0;
}

void asked_fini(struct asked *asked)
{
    free(asked->hashes);
    free(asked->counts);
    asked->hashes = NULL;
    asked->counts = NULL;
}

static unsigned set_bit(uint8_t *bits, unsigned i)
{
    uint8_t bit = (uint8_t)(1u << (i % 8));
    unsigned is_new = (bits[i / 8] & bit) == 0;

    bits[i / 8] |= bit;
    return is_new;
}

void counters_query(struct counters *c, const struct query *q, uint16_t port,
                    int64_t now_us)
{
    *(q->is_tcp ? &c->tcp : &c->udp) += 1;
    c->with_opt += q->has_opt;
    c->with_capitals += q->has_capitals;
    c->repeated += q->n_before > 0;
    c->n_ids += set_bit(c->ids, q->id);
    if (!q->is_tcp) {
        c->n_ports += set_bit(c->ports, port);
    }
    if (c->first_us == 0) {
        c->first_us = now_us;
    }
    c->last_us = now_us;
    if (now_us - c->window_start_us >= 100000) {
        c->window_start_us = now_us;
        c->window = 0;
    }
    c->window++;
    c->peak = c->window > c->peak ? c->window : c->peak;
}

void counters_print(const struct counters *c, FILE *to)
{
    fprintf(
        to,
        "{\"udp\":%" PRIu64 ",\"tcp\":%" PRIu64 ",\"connections\":%" PRIu64
        ",\"answered\":%" PRIu64 ",\"malformed\":%" PRIu64
        ",\"dropped\":%" PRIu64 ",\"silenced\":%" PRIu64 ",\"limited\":%" PRIu64
        ",\"tc\":%" PRIu64 ",\"opt\":%" PRIu64 ",\"capitals\":%" PRIu64
        ",\"repeated\":%" PRIu64 ",\"ports\":%" PRIu64 ",\"ids\":%" PRIu64
        ",\"peak_100ms\":%" PRIu64 ",\"span_us\":%" PRId64 "}\n",
        c->udp, c->tcp, c->connections, c->answered, c->malformed, c->dropped,
        c->silenced, c->limited, c->truncated, c->with_opt, c->with_capitals,
        c->repeated, c->n_ports, c->n_ids, c->peak, c->last_us - c->first_us);
    fflush(to);
}
