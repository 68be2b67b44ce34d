/* SPDX-License-Identifier: MIT */
/* The stock of random numbers, from the kernel. */
#include "engine/dns/random.h"

#include <stddef.h>
#include <sys/random.h>

void fpool_dns_random_fill(struct fpool_dns_random *r)
{
    size_t size = 0;

    while (size < sizeof(r->numbers)) {
        ssize_t n =
            getrandom((char *)r->numbers + size, sizeof(r->numbers) - size, 0);

        size += n > 0 ? (size_t)n : 0; /* EINTR: once more. */
    }
    r->n_left = sizeof(r->numbers) / sizeof(r->numbers[0]);
}
