/* SPDX-License-Identifier: MIT */
/* Addresses that the caller gives for hosts, as curl's --resolve.
 *
 * Purpose: connect to what the list says, without asking a name server.
 * Use: lines "HOST:PORT:ADDRESS[,ADDRESS]...".  "*" is any host that has no
 *   line of its own for the port; of lines for the same host and port the last
 *   one counts.  IPv6 addresses may stand in brackets.  A "+" in front is
 *   ignored, as no entry ever expires; "-HOST:PORT", which would remove one, is
 *   refused.  Blanks around a line and empty lines are ignored.
 * Ownership: a list is created, shared read-only, destroyed; what is found
 *   lives as long as the list.
 * Thread-safety: create and destroy: one thread; all else: any.
 * Limits: 255 bytes of host, FPOOL_HTTP_RESOLVE_ADDRESSES addresses in a line,
 *   any number of lines.  Hosts are compared byte by byte but for ASCII case
 *   and one dot at the end; no internationalised name is converted. */
#ifndef FPOOL_ENGINE_HTTP_RESOLVE_LIST_H
#define FPOOL_ENGINE_HTTP_RESOLVE_LIST_H

#include "engine/http/address.h"
#include "fetchpool/status.h"

#define FPOOL_HTTP_RESOLVE_ADDRESSES 32

struct fpool_http_resolve_list;

/* Stores NULL where 'lines' is NULL or has no entry.  FPOOL_EINVAL for lines
 * that are none, FPOOL_ENOMEM. */
enum fpool_status fpool_http_resolve_list_create(
    struct fpool_http_resolve_list **ret_list, const char *lines);
void fpool_http_resolve_list_destroy(struct fpool_http_resolve_list **list);

/* The addresses for a host, with 'port' set, and their number; NULL and 0 for a
 * host without.  'host' may have brackets around an IPv6 address.  Accepts a
 * NULL list. */
const union fpool_http_address *fpool_http_resolve_list_find(
    const struct fpool_http_resolve_list *list, const char *host,
    size_t host_size, uint16_t port, size_t *ret_n);

/* NULL, or what is wrong with the lines, as a static line of text. */
const char *fpool_http_resolve_list_check(const char *lines);

#endif
