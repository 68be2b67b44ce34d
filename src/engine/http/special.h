/* SPDX-License-Identifier: MIT */
/* Addresses as the policy sees them, and which of them are special.
 *
 * Purpose: know an address whatever clothes it wears, and whether it is of the
 *   global internet; see fpool_http_address_is_private() in policy.h.
 * Ownership: plain data.
 * Thread-safety: any thread.
 * Limits: scopes are ignored; prefixes that a network chose for its own NAT64
 *   (RFC 6052, section 2.2) are not known. */
#ifndef FPOOL_ENGINE_HTTP_SPECIAL_H
#define FPOOL_ENGINE_HTTP_SPECIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An address as 16 bits at a time: 8 such parts, or 2 of IPv4. */
struct fpool_http_place {
    bool is_v4;
    uint16_t part[8];
};

/* Teredo's two, and one of ISATAP. */
#define FPOOL_HTTP_MAX_EMBEDDED 3

/* A mapped address (::ffff:192.0.2.1) becomes the IPv4 address that it is to
 * the kernel.  False for an address of neither family. */
bool fpool_http_place_get(struct fpool_http_place *ret_place,
                          const struct sockaddr *address);

/* Whether the first 'n_bits' are those of 'parts'. */
bool fpool_http_place_is_within(const struct fpool_http_place *place,
                                const uint16_t *parts, unsigned n_bits);

/* Stores the IPv4 addresses to which packets for an IPv6 address may go in the
 * end, and returns their number. */
size_t fpool_http_place_get_embedded(
    struct fpool_http_place ret_places[FPOOL_HTTP_MAX_EMBEDDED],
    const struct fpool_http_place *place);

/* True for what is not of the global internet. */
bool fpool_http_place_is_private(const struct fpool_http_place *place);

#endif
