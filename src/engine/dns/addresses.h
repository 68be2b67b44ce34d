/* SPDX-License-Identifier: MIT */
/* The addresses of a host: the answer that other engines get.
 *
 * Purpose: addresses of both families in the order in which they are to be
 *   tried, or why there are none; and what is known without asking anybody.
 * Use: put addresses into a mix, in their order of preference; set the answer
 *   from it.
 * Ownership: plain data; reasons are static texts.
 * Thread-safety: any thread.
 * Limits: FPOOL_DNS_MAX_ADDRESSES addresses, what is more is left out. */
#ifndef FPOOL_ENGINE_DNS_ADDRESSES_H
#define FPOOL_ENGINE_DNS_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/dns/name.h"
#include "engine/dns/servers.h"
#include "fetchpool/dns.h"

#define FPOOL_DNS_MAX_ADDRESSES 32

enum fpool_dns_family {
    FPOOL_DNS_FAMILY_V6,
    FPOOL_DNS_FAMILY_V4,
    FPOOL_DNS_N_FAMILIES
};

/* Sets of families. */
enum fpool_dns_families {
    FPOOL_DNS_V6 = 1 << FPOOL_DNS_FAMILY_V6,
    FPOOL_DNS_V4 = 1 << FPOOL_DNS_FAMILY_V4
};

struct fpool_dns_addresses {
    enum fpool_dns_status status; /* OK: there is an address */
    const char *reason;           /* a line of text; "" when well */
    size_t n;
    union fpool_dns_address list[FPOOL_DNS_MAX_ADDRESSES]; /* with port 0 */
};

/* Addresses on their way into an answer. */
struct fpool_dns_mix {
    unsigned families; /* wanted: enum fpool_dns_families */
    bool is_v6_first;
    size_t n[FPOOL_DNS_N_FAMILIES];
    union fpool_dns_address list[FPOOL_DNS_N_FAMILIES][FPOOL_DNS_MAX_ADDRESSES];
};

/* Empties a mix for addresses of 'families'. */
void fpool_dns_mix_init(struct fpool_dns_mix *m, unsigned families,
                        bool is_v6_first);

/* Adds an address if its family is wanted and it can be connected to: 0.0.0.0
 * and the like are how hosts files and resolvers say that a name is not to be
 * reached. */
void fpool_dns_mix_put(struct fpool_dns_mix *m,
                       const union fpool_dns_address *address);

/* The answer with the mix's addresses, of both families in turn (RFC 8305,
 * section 4); NODATA and 'reason' where there is none. */
void fpool_dns_addresses_set(struct fpool_dns_addresses *a,
                             const struct fpool_dns_mix *m, const char *reason);

/* The answer that has none. */
void fpool_dns_addresses_fail(struct fpool_dns_addresses *a,
                              enum fpool_dns_status status, const char *reason);

/* Reads an IPv4 address of four numbers, or an IPv6 address, with "%scope"
 * where it is link local; with port 0.  Unlike what resolvers have, it may be
 * any address at all. */
bool fpool_dns_literal_parse(union fpool_dns_address *a, const char *text,
                             size_t size);

/* Answers for a host what needs no resolver: addresses, in brackets or without,
 * whatever their family; "localhost" (RFC 6761, section 6.3), "onion" (RFC
 * 7686) and all below; and what is no name.  Returns false for all other names:
 * 'q' is then what is to be asked. */
bool fpool_dns_addresses_offhand(struct fpool_dns_addresses *a,
                                 struct fpool_dns_question *q, const char *host,
                                 size_t size, unsigned families,
                                 bool is_v6_first);

#endif
