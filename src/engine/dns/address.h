/* SPDX-License-Identifier: MIT */
/* Addresses of resolvers, one at a time.
 *
 * Purpose: what can be sent to and answered from, and nothing else.
 * Ownership: plain data.
 * Thread-safety: any thread.
 * Limits: literals; the names of network interfaces are looked up, host names
 *   never.  Functions on addresses that others need too are in servers.h. */
#ifndef FPOOL_ENGINE_DNS_ADDRESS_H
#define FPOOL_ENGINE_DNS_ADDRESS_H

#include <stdint.h>

#include "engine/dns/servers.h"

/* Reads "ip", "ip:port", "[v6]", "[v6]:port", a bare v6; "%scope" behind a v6
 * is the name or the number of an interface.  False for anything else, and for
 * an address that is not usable. */
bool fpool_dns_address_parse(union fpool_dns_address *a, const char *text,
                             size_t size);

/* Of 4 and 16 bytes in network order, with a port in the machine's.  An IPv4
 * address in IPv6 clothes (::ffff:192.0.2.1) becomes an IPv4 address. */
void fpool_dns_address_set_v4(union fpool_dns_address *a, const void *bytes,
                              uint16_t port);
void fpool_dns_address_set_v6(union fpool_dns_address *a, const void *bytes,
                              uint16_t port, uint32_t scope);

/* Datagrams can go there and come back: an address of one host, with its link
 * where it is link-local, and only there. */
bool fpool_dns_address_is_usable(const union fpool_dns_address *a);

#endif
