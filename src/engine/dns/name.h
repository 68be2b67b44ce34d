/* SPDX-License-Identifier: MIT */
/* From the bytes of an item to a question.
 *
 * Purpose: everything that users write for a name: blanks around it, a dot at
 *   the end, capitals, escapes, UTF-8, IP addresses for PTR, a type behind it.
 * Ownership: a question is plain data.
 * Thread-safety: any thread.
 * Limits: names of 253 bytes, labels of 63 (RFC 1035, section 2.3.4). */
#ifndef FPOOL_ENGINE_DNS_NAME_H
#define FPOOL_ENGINE_DNS_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "engine/dns/parse.h"

/* Of one question: its name in lower case, on the wire and as text. */
struct fpool_dns_question {
    uint16_t type;
    uint16_t wire_size; /* with the root's zero byte */
    uint8_t wire[FPOOL_DNS_MAX_WIRE_NAME];
    char text[FPOOL_DNS_MAX_NAME_TEXT]; /* as in responses */
};

/* Reads "NAME" or "NAME TYPE"; 'suffix' (may be NULL, "example.org" or
 * ".example.org") is appended to the name, 'type' counts where the item names
 * none.  FPOOL_EINVALID for what is not a name, and '*ret_reason' then says
 * why, in a static text; FPOOL_ENOMEM. */
enum fpool_status fpool_dns_question_parse(struct fpool_dns_question *q,
                                           const char *item, size_t size,
                                           const char *suffix, uint16_t type,
                                           const char **ret_reason);

/* The bytes of a query for 'q' with identifier 0, recursion desired and, last,
 * an OPT record of FPOOL_DNS_OPT_SIZE bytes that announces 'udp_size' (RFC
 * 6891). Returns its size, at most FPOOL_DNS_MAX_QUERY; 0 for a name that is
 * never to be asked for (RFC 7686: "onion"), or without memory: 'status' tells
 * which by FPOOL_ENOTFOUND and FPOOL_ENOMEM. */
#define FPOOL_DNS_OPT_SIZE  11
#define FPOOL_DNS_MAX_QUERY (12 + 255 + 4 + FPOOL_DNS_OPT_SIZE)
size_t fpool_dns_query_build(const struct fpool_dns_question *q,
                             uint16_t udp_size,
                             uint8_t query[FPOOL_DNS_MAX_QUERY],
                             enum fpool_status *ret_status);

#endif
