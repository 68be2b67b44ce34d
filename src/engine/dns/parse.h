/* SPDX-License-Identifier: MIT */
/* From the bytes of a DNS reply to records in presentation format.
 *
 * Purpose: the one bounds-checked walker over messages (RFC 1035, section 4).
 * Use: init once, parse any number of messages, read the fields, fini.
 * Ownership: everything that a struct fpool_dns_parsed points at is its own,
 * and is overwritten by the next parse. Thread-safety: one thread at a time for
 * each. Limits: messages of 65,535 bytes; names of 255 bytes on the wire;
 * pointers that go forward or in circles make a message malformed.  What text a
 * message can expand to is bounded: FPOOL_DNS_MAX_TEXT. */
#ifndef FPOOL_ENGINE_DNS_PARSE_H
#define FPOOL_ENGINE_DNS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fetchpool/status.h"

#define FPOOL_DNS_HEADER_SIZE   12
#define FPOOL_DNS_MAX_MESSAGE   65535
#define FPOOL_DNS_MAX_WIRE_NAME 255
/* 255 bytes, each "\ddd", and a zero byte. */
#define FPOOL_DNS_MAX_NAME_TEXT 1021
/* A message that expands to more text than this is FPOOL_EPROTOCOL. */
#define FPOOL_DNS_MAX_TEXT (1u << 20)

/* Bits of the header's second word. */
enum fpool_dns_header_bits {
    FPOOL_DNS_QR = 0x8000,
    FPOOL_DNS_OPCODE = 0x7800,
    FPOOL_DNS_AA = 0x0400,
    FPOOL_DNS_TC = 0x0200,
    FPOOL_DNS_RD = 0x0100,
    FPOOL_DNS_RA = 0x0080,
    FPOOL_DNS_RCODE_BITS = 0x000f
};

/* A record of the answer section.  'name' and 'data' are offsets of texts,
 * ended by a zero byte, in struct fpool_dns_parsed 'text'. */
struct fpool_dns_parsed_record {
    uint32_t name;
    uint32_t data;
    uint32_t ttl; /* with the top bit set: 0 (RFC 2181, section 8) */
    uint16_t type;
    uint16_t rdata; /* offset in the message */
    uint16_t rdata_size;
};

struct fpool_dns_parsed {
    /* The answer section, class IN only. */
    struct fpool_dns_parsed_record *records;
    size_t n_records;
    size_t max_records;
    char *text;
    size_t text_size;
    size_t max_text;
    uint16_t flags; /* of the header */
    int rcode; /* with the extended bits of OPT (RFC 6891, section 6.1.3) */
    bool has_opt;
    bool has_answer; /* some record has the type asked for (any, for ANY) and
                        the name asked for or where its CNAMEs (DNAMEs) lead */
    /* Seconds that the answer may be kept: the least TTL of the records; of a
     * negative answer the lesser of the SOA's TTL and its minimum field (RFC
     * 2308, section 5), 0 without SOA. */
    uint32_t ttl;
    int extended_error; /* INFO-CODE of RFC 8914; -1: none */
};

void fpool_dns_parsed_init(struct fpool_dns_parsed *p);
void fpool_dns_parsed_fini(struct fpool_dns_parsed *p);

/* Reads a whole reply with one question, about 'type'.  FPOOL_EPROTOCOL for a
 * malformed message, also one in which a record of the answer section belongs
 * neither to the name asked for nor to its chain of CNAMEs, in any order (RRSIG
 * records and other classes are passed over); FPOOL_ENOMEM.  Of a truncated
 * message (TC), what is whole is taken and the rest passed over without error.
 * Nothing but the header's fields means anything after a failure. */
enum fpool_status fpool_dns_parse(struct fpool_dns_parsed *p,
                                  const uint8_t *message, size_t size,
                                  uint16_t type);

/* Writes the name at 'offset' of the message, without its last dot ("." for the
 * root), escaped as in zone files (RFC 1035, section 5.1; RFC 4343,
 * section 2.1), and a zero byte.  Returns the offset behind the name, 0 when it
 * is malformed. */
size_t fpool_dns_name_text(const uint8_t *message, size_t size, size_t offset,
                           char text[FPOOL_DNS_MAX_NAME_TEXT]);

/* Writes at most 'max' bytes: the presentation format of a record's data, and a
 * zero byte.  Returns the length, -1 when the data is malformed or does not
 * fit. */
int fpool_dns_rdata_text(const uint8_t *message, size_t size, size_t rdata,
                         size_t rdata_size, uint16_t type, char *text,
                         size_t max);

#endif
