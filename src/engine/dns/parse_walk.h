/* SPDX-License-Identifier: MIT */
/* The walk over one message, which parse.c begins and ends and parse_answer.c
 * does in the middle.
 *
 * Purpose: one place in the message, and what was found up to it.
 * Ownership: on the parser's stack; borrows the message and the parsed.
 * Thread-safety: one thread at a time.
 * Limits: inside the parser only; others include parse.h. */
#ifndef FPOOL_ENGINE_DNS_PARSE_WALK_H
#define FPOOL_ENGINE_DNS_PARSE_WALK_H

#include "engine/dns/parse.h"
#include "engine/dns/parse_chain.h"
#include "engine/dns/rdata.h"

#define FPOOL_DNS_CLASS_IN 1

/* A record as it is found, none of it judged but that it is there. */
struct fpool_dns_raw_record {
    size_t owner; /* offset */
    size_t rdata;
    uint32_t ttl;
    uint16_t rdata_size;
    uint16_t type;
    uint16_t rr_class;
};

struct fpool_dns_walk {
    struct fpool_dns_parsed *parsed;
    const uint8_t *message;
    size_t size;
    size_t at;
    uint32_t least_ttl;    /* of the answer section */
    uint32_t negative_ttl; /* of the first SOA of the authority section */
    bool has_soa;
    struct fpool_dns_chain chain;
};

/* RFC 2181, section 8. */
static inline uint32_t fpool_dns_sane_ttl(uint32_t ttl)
{
    return ttl > INT32_MAX ? 0 : ttl;
}

/* The record at 'at', which moves behind it; false when it is cut. */
static inline bool fpool_dns_walk_next(struct fpool_dns_walk *w,
                                       struct fpool_dns_raw_record *r)
{
    size_t end = fpool_dns_name_skip(w->message, w->size, w->at);
    const uint8_t *bytes = w->message + end;

    if (end == 0 || w->size - end < 10) {
        return false;
    }
    r->owner = w->at;
    r->type = fpool_dns_wire_get16(bytes);
    r->rr_class = fpool_dns_wire_get16(bytes + 2);
    r->ttl = fpool_dns_get32(bytes + 4);
    r->rdata_size = fpool_dns_wire_get16(bytes + 8);
    r->rdata = end + 10;
    if (w->size - r->rdata < r->rdata_size) {
        return false;
    }
    w->at = r->rdata + r->rdata_size;
    return true;
}

/* Makes room for any name in 'text' of 'p'; FPOOL_EPROTOCOL when there is more
 * text than can be. */
enum fpool_status fpool_dns_reserve_name(struct fpool_dns_parsed *p);

/* Reads one record of the answer section. */
enum fpool_status fpool_dns_read_answer(struct fpool_dns_walk *w);

#endif
