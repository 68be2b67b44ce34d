/* SPDX-License-Identifier: MIT */
/* Record types and response codes by name and number.
 *
 * Purpose: the tables of RFC 6895 and its registries that people use by name.
 * Ownership: static texts, except where a buffer is given.
 * Thread-safety: any thread.
 * Limits: class IN. */
#ifndef FPOOL_ENGINE_DNS_TYPE_H
#define FPOOL_ENGINE_DNS_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fpool_dns_type {
    FPOOL_DNS_TYPE_A = 1,
    FPOOL_DNS_TYPE_NS = 2,
    FPOOL_DNS_TYPE_CNAME = 5,
    FPOOL_DNS_TYPE_SOA = 6,
    FPOOL_DNS_TYPE_PTR = 12,
    FPOOL_DNS_TYPE_HINFO = 13,
    FPOOL_DNS_TYPE_MX = 15,
    FPOOL_DNS_TYPE_TXT = 16,
    FPOOL_DNS_TYPE_AAAA = 28,
    FPOOL_DNS_TYPE_SRV = 33,
    FPOOL_DNS_TYPE_NAPTR = 35,
    FPOOL_DNS_TYPE_DNAME = 39,
    FPOOL_DNS_TYPE_OPT = 41,
    FPOOL_DNS_TYPE_DS = 43,
    FPOOL_DNS_TYPE_SSHFP = 44,
    FPOOL_DNS_TYPE_RRSIG = 46,
    FPOOL_DNS_TYPE_NSEC = 47,
    FPOOL_DNS_TYPE_DNSKEY = 48,
    FPOOL_DNS_TYPE_TLSA = 52,
    FPOOL_DNS_TYPE_CDS = 59,
    FPOOL_DNS_TYPE_CDNSKEY = 60,
    FPOOL_DNS_TYPE_SVCB = 64,
    FPOOL_DNS_TYPE_HTTPS = 65,
    FPOOL_DNS_TYPE_SPF = 99,
    FPOOL_DNS_TYPE_ANY = 255,
    FPOOL_DNS_TYPE_URI = 256,
    FPOOL_DNS_TYPE_CAA = 257
};

enum fpool_dns_rcode {
    FPOOL_DNS_RCODE_NOERROR = 0,
    FPOOL_DNS_RCODE_FORMERR = 1,
    FPOOL_DNS_RCODE_SERVFAIL = 2,
    FPOOL_DNS_RCODE_NXDOMAIN = 3,
    FPOOL_DNS_RCODE_NOTIMP = 4,
    FPOOL_DNS_RCODE_REFUSED = 5,
    FPOOL_DNS_RCODE_NOTAUTH = 9,
    FPOOL_DNS_RCODE_BADVERS = 16
};

/* Room for "TYPE65535" and "RCODE4095" with their zero byte. */
#define FPOOL_DNS_CODE_TEXT_SIZE 12

/* The number of a type: a name in any case, or "TYPEnnn" (RFC 3597, section 5).
 * False for anything else, and for the types of the query's envelope: OPT,
 * TSIG (250), IXFR, AXFR (251, 252), 0. */
bool fpool_dns_type_parse(const char *text, size_t size, uint16_t *ret_type);

/* The name of a type; writes "TYPEnnn" into 'buffer' when it has none. */
const char *fpool_dns_type_text(uint16_t type,
                                char buffer[FPOOL_DNS_CODE_TEXT_SIZE]);

/* The same for a response code: "NOERROR", "RCODE23". */
const char *fpool_dns_rcode_text(int rcode,
                                 char buffer[FPOOL_DNS_CODE_TEXT_SIZE]);

#endif
