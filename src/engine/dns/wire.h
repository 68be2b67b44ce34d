/* SPDX-License-Identifier: MIT */
/* Bytes of queries and headers.
 *
 * Purpose: what is changed in a query from try to try, and what is looked at in
 *   a reply before it is parsed.
 * Thread-safety: any thread.
 * Limits: messages with one question. */
#ifndef FPOOL_ENGINE_DNS_WIRE_H
#define FPOOL_ENGINE_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t fpool_dns_wire_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void fpool_dns_wire_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Writes 'query' (see fpool_dns_query_build) to 'to' with an identifier, with
 * or without its OPT record; returns the size. */
size_t fpool_dns_wire_query(uint8_t *to, const uint8_t *query, size_t size,
                            uint16_t id, bool has_edns);

/* Gives the letters of a query's name cases that follow from 'seed'. */
void fpool_dns_wire_set_case(uint8_t *query, uint64_t seed);

enum fpool_dns_match {
    FPOOL_DNS_MATCH_NOT,     /* no reply to this query */
    FPOOL_DNS_MATCH,         /* its reply */
    FPOOL_DNS_MATCH_NO_NAME, /* an error without the question */
    FPOOL_DNS_MATCH_CASE     /* the reply, but for the case of letters */
};

/* Is the message a reply to 'query', apart from who sent it and the identifier?
 * With 'has_case' the name's letters must be as fpool_dns_wire_set_case() made
 * them with 'seed'. */
enum fpool_dns_match fpool_dns_wire_match(const uint8_t *message, size_t size,
                                          const uint8_t *query,
                                          size_t query_size, bool has_case,
                                          uint64_t seed);

/* Writes the query's name over that of the reply, which differs in case only.
 */
void fpool_dns_wire_restore_name(uint8_t *message, const uint8_t *query,
                                 size_t query_size);

#endif
