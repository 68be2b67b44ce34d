/* SPDX-License-Identifier: MIT */
/* Addresses to the names under which their PTR records are.
 *
 * Purpose: in-addr.arpa (RFC 1035, section 3.5), ip6.arpa (RFC 3596, section
 *   2.5).
 * Ownership: the caller's buffer.
 * Thread-safety: any thread.
 * Limits: none. */
#ifndef FPOOL_ENGINE_DNS_REVERSE_H
#define FPOOL_ENGINE_DNS_REVERSE_H

#include <stddef.h>
#include <stdint.h>

/* 32 digits and dots, "ip6.arpa", a zero byte. */
#define FPOOL_DNS_REVERSE_SIZE 73

/* Writes the name for an address in network order, of 4 or 16 bytes, as text
 * without a dot at the end.  An IPv4 address in IPv6 clothes (::ffff:192.0.2.1)
 * stays what it is written as. */
void fpool_dns_reverse_name(const uint8_t *address, size_t size,
                            char text[FPOOL_DNS_REVERSE_SIZE]);

#endif
