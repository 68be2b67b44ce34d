/* SPDX-License-Identifier: MIT */
/* Responses: what users of the engine get.
 *
 * Purpose: a response, its records and all its texts in one block of memory.
 * Ownership: the result's, through drop_value.
 * Thread-safety: created on the loop, released by whoever has the result.
 * Limits: none. */
#ifndef FPOOL_ENGINE_DNS_RESPONSE_H
#define FPOOL_ENGINE_DNS_RESPONSE_H

#include "engine/dns/ask.h"
#include "engine/dns/slab.h"

/* Of an ask with its query, and its outcome; in a slab of 'slabs'.  NULL
 * without memory. */
struct fpool_dns_response *fpool_dns_response_create(
    struct fpool_dns_slabs *slabs, const uint8_t *query, size_t query_size,
    uint16_t type, const struct fpool_dns_outcome *outcome, bool keeps_message);

/* Of an item that is not a name; 'reason' is static. */
struct fpool_dns_response *fpool_dns_response_invalid(
    struct fpool_dns_slabs *slabs, uint16_t type, const char *reason);

/* For drop_value. */
void fpool_dns_response_release(void *response);

/* The result's status that goes with a response's. */
enum fpool_status fpool_dns_response_status(enum fpool_dns_status status);

#endif
