/* SPDX-License-Identifier: MIT */
/* Numbers that nobody can guess, cheaply.
 *
 * Purpose: identifiers, ports, letter cases and labels (RFC 5452, section 4).
 * Thread-safety: one thread for each.
 * Limits: getrandom(2) once for every 4,096 bytes. */
#ifndef FPOOL_ENGINE_DNS_RANDOM_H
#define FPOOL_ENGINE_DNS_RANDOM_H

#include <stdint.h>

struct fpool_dns_random {
    unsigned n_left; /* 0 to begin with */
    uint16_t numbers[2048];
};

/* Fills the stock again. */
void fpool_dns_random_fill(struct fpool_dns_random *r);

static inline uint16_t fpool_dns_random_16(struct fpool_dns_random *r)
{
    if (r->n_left == 0) {
        fpool_dns_random_fill(r);
    }
    return r->numbers[--r->n_left];
}

static inline uint32_t fpool_dns_random_32(struct fpool_dns_random *r)
{
    uint32_t high = fpool_dns_random_16(r);

    return high << 16 | fpool_dns_random_16(r);
}

#endif
