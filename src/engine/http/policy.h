/* SPDX-License-Identifier: MIT */
/* Which addresses may be connected to.
 *
 * Purpose: keep a list from strangers out of the private network, whatever its
 *   names resolve to and wherever its servers redirect.
 * Ownership: a policy is created, shared read-only, destroyed.
 * Thread-safety: create and destroy: one thread; the check: any.
 * Limits: 4,096 networks in a list. */
#ifndef FPOOL_ENGINE_HTTP_POLICY_H
#define FPOOL_ENGINE_HTTP_POLICY_H

#include <stdbool.h>
#include <sys/socket.h>

#include "fetchpool/status.h"

struct fpool_http_policy;

/* Lists as in struct fpool_http_op, NULL for none: networks or single
 * addresses, separated by commas or blanks; at least one.  "10.1.2.3/8" is the
 * network that the address is in, as in most tools; "::ffff:10.0.0.0/104" is
 * the same.  Stores NULL where nothing is denied.  FPOOL_EINVAL for a list that
 * is none, FPOOL_ENOMEM. */
enum fpool_status fpool_http_policy_create(
    struct fpool_http_policy **ret_policy, bool denies_private,
    const char *allow_nets, const char *deny_nets);
void fpool_http_policy_destroy(struct fpool_http_policy **policy);

/* Accepts a NULL policy, which allows all; any other denies families that are
 * neither IPv4 nor IPv6.  A mapped address (::ffff:192.0.2.1) is its IPv4
 * address, for both lists; what embeds one in another way is denied with it,
 * and not allowed with it. */
bool fpool_http_policy_allows(const struct fpool_http_policy *policy,
                              const struct sockaddr *address);

/* True where an address is not of the global internet: the special-purpose
 * registries of IANA (RFC 6890), multicast, IPv6 outside of 2000::/3, and all
 * that embeds such an IPv4 address (mapped, compatible, translated, NAT64,
 * 6to4, Teredo, ISATAP). */
bool fpool_http_address_is_private(const struct sockaddr *address);

/* NULL, or what is wrong with the list, as a static line of text. */
const char *fpool_http_policy_check(const char *nets);

#endif
