/* SPDX-License-Identifier: MIT */
/* The bytes of a query, try by try; called by the asker and its connections. */
#include "engine/dns/wire.h"

#include <string.h>

#include "engine/dns/name.h"
#include "engine/dns/type.h"

#define NAME     FPOOL_DNS_HEADER_SIZE
#define AR_COUNT 10

/* The size of the question: name, type, class. */
static size_t question_size(size_t query_size)
{
    return query_size - FPOOL_DNS_HEADER_SIZE - FPOOL_DNS_OPT_SIZE;
}

size_t fpool_dns_wire_query(uint8_t *to, const uint8_t *query, size_t size,
                            uint16_t id, bool has_edns)
{
    if (!has_edns) {
        size -= FPOOL_DNS_OPT_SIZE;
    }
    memcpy(to, query, size);
    fpool_dns_wire_put16(to, id);
    if (!has_edns) {
        fpool_dns_wire_put16(to + AR_COUNT, 0);
    }
    return size;
}

/* A good mixture of 64 bits (the finaliser of splitmix64). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Copies a name, length bytes and all, with the cases of 'seed'. */
static size_t write_cased(uint8_t *to, const uint8_t *name, uint64_t seed)
{
    unsigned n_letters = 0;
    uint64_t bits = 0;
    size_t i = 0;

    while (name[i] != 0) {
        size_t end = i + 1 + name[i];

        to[i] = name[i];
        for (i++; i < end; i++) {
            to[i] = name[i];
            if (is_letter(name[i])) {
                if (n_letters++ % 64 == 0) {
                    bits = mix(seed + n_letters);
                }
                to[i] = (uint8_t)((name[i] & ~0x20) | (bits & 1 ? 0x20 : 0));
                bits >>= 1;
            }
        }
    }
    to[i] = 0;
    return i + 1;
}

void fpool_dns_wire_set_case(uint8_t *query, uint64_t seed)
{
    write_cased(query + NAME, query + NAME, seed);
}

static bool is_same_name(const uint8_t *a, const uint8_t *b, size_t size)
{
    size_t i;

    if (memcmp(a, b, size) == 0) {
        return true;
    }
    for (i = 0; i < size; i++) {
        /* Length bytes are below 64 and differ from letters in either case. */
        if (a[i] != b[i] && (!is_letter(a[i]) || (a[i] ^ b[i]) != 0x20)) {
            return false;
        }
    }
    return true;
}

/* An error may come without the question: servers that could not read it. */
static bool is_bare_error(const uint8_t *message)
{
    unsigned rcode = fpool_dns_wire_get16(message + 2) & FPOOL_DNS_RCODE_BITS;

    return rcode != FPOOL_DNS_RCODE_NOERROR &&
           rcode != FPOOL_DNS_RCODE_NXDOMAIN &&
           fpool_dns_wire_get16(message + 4) == 0 &&
           fpool_dns_wire_get16(message + 6) == 0;
}

enum fpool_dns_match fpool_dns_wire_match(const uint8_t *message, size_t size,
                                          const uint8_t *query,
                                          size_t query_size, bool has_case,
                                          uint64_t seed)
{
    size_t question = question_size(query_size);
    uint8_t cased[FPOOL_DNS_MAX_WIRE_NAME];
    unsigned flags;

    if (size < FPOOL_DNS_HEADER_SIZE) {
        return FPOOL_DNS_MATCH_NOT;
    }
    flags = fpool_dns_wire_get16(message + 2);
    if ((flags & FPOOL_DNS_QR) == 0 || (flags & FPOOL_DNS_OPCODE) != 0) {
        return FPOOL_DNS_MATCH_NOT;
    }
    if (is_bare_error(message)) {
        return FPOOL_DNS_MATCH_NO_NAME;
    }
    if (fpool_dns_wire_get16(message + 4) != 1 ||
        size < FPOOL_DNS_HEADER_SIZE + question ||
        memcmp(message + NAME + question - 4, query + NAME + question - 4, 4) !=
            0 ||
        !is_same_name(message + NAME, query + NAME, question - 4)) {
        return FPOOL_DNS_MATCH_NOT;
    }
    if (has_case) {
        write_cased(cased, query + NAME, seed);
        if (memcmp(cased, message + NAME, question - 4) != 0) {
            return FPOOL_DNS_MATCH_CASE;
        }
    }
    return FPOOL_DNS_MATCH;
}

void fpool_dns_wire_restore_name(uint8_t *message, const uint8_t *query,
                                 size_t query_size)
{
    memcpy(message + NAME, query + NAME, question_size(query_size) - 4);
}
