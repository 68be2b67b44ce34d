/* SPDX-License-Identifier: MIT */
/* Addresses of hosts, for other engines on their own event loops.
 *
 * Purpose: each name is asked for once, however many want it, and kept; both
 *   families are asked for at the same time.
 * Use: create; on the loop's thread open, then round() after each round of the
 *   loop, and at the end close; destroy.
 *     addresses = fpool_dns_lookups_get(l, host, size, &request);
 *     if (addresses == NULL) { request.done(&request, addresses) will come }
 * Way of a host: literals and names that nobody is asked for; the hosts file;
 *   the cache; questions for both families, shared by all who wait.
 * Ownership: requests are embedded in their users' objects; addresses are
 *   copied where they are to stay.
 * Thread-safety: create and destroy: any thread; everything else: the loop's.
 * Delay: where one family has addresses and the other takes its time, the
 *   answer is given without that (RFC 8305, section 3); later requests get
 *   both.
 * Limits: names are absolute, no search list is applied.  The hosts file is
 *   read on the loop's thread.  What is kept is bounded; what waits is bounded
 *   by whoever asks. */
#ifndef FPOOL_ENGINE_DNS_LOOKUPS_H
#define FPOOL_ENGINE_DNS_LOOKUPS_H

#include "base/list.h"
#include "core/loop.h"
#include "engine/dns/addresses.h"
#include "engine/dns/reach.h"

struct fpool_dns_lookups;
struct fpool_dns_entry;

/* Zero in any field means its default. */
struct fpool_dns_lookups_options {
    const char *servers; /* as in struct fpool_dns_op; default the system's */
    const char *hosts;   /* path; default "/etc/hosts" */
    /* enum fpool_dns_families; default both, but IPv6 addresses are then asked
     * for in DNS only where the machine has a way to them. */
    unsigned families;
    enum fpool_dns_v6 v6; /* GLOBAL: IPv6 first */
    size_t max_entries;   /* kept; default 16384 */
    /* Seconds that an answer is kept: with addresses, by its TTL, 5 to 3600;
     * without, by RFC 2308, section 5, 5 to 300; no answer at all, 1. */
    unsigned least_ttl;
    unsigned most_ttl;
    unsigned least_negative_ttl;
    unsigned most_negative_ttl;
    unsigned failure_ttl;
    unsigned in_flight;  /* questions whose first try is on its way; 1000 */
    unsigned tries;      /* of a question; default 4, at most 16 */
    unsigned timeout_ms; /* of a question, from its beginning; default 15000 */
    unsigned delay_ms;   /* for the other family; default 50 */
};

struct fpool_dns_request {
    struct fpool_list link; /* zero: does not wait */
    struct fpool_dns_entry *entry;
    /* Called once, from fpool_dns_lookups_round(), with what is valid during
     * the call.  It may call anything here but round, close and destroy. */
    void (*done)(struct fpool_dns_request *request,
                 const struct fpool_dns_addresses *addresses);
};

/* 'options' may be NULL, and is not kept.  Opens nothing on the loop yet.
 * FPOOL_EINVAL for options that cannot be; FPOOL_ENOTFOUND where the system has
 * no resolvers; FPOOL_ENOMEM. */
enum fpool_status fpool_dns_lookups_create(
    struct fpool_dns_lookups **ret_lookups, struct fpool_loop *loop,
    const struct fpool_dns_lookups_options *options);

/* Makes them known to the loop.  FPOOL_ENOMEM. */
enum fpool_status fpool_dns_lookups_open(struct fpool_dns_lookups *l);

/* Takes back all questions and closes what is open.  No request waits then. */
void fpool_dns_lookups_close(struct fpool_dns_lookups *l);

/* Releases what was closed, or never opened; stores NULL; accepts NULL. */
void fpool_dns_lookups_destroy(struct fpool_dns_lookups **lookups);

/* Does what is due, and calls 'done'; after each round of the loop. */
void fpool_dns_lookups_round(struct fpool_dns_lookups *l);

/* The addresses of 'host', valid until the next call of any of these functions;
 * or NULL, and then 'request', which has its 'done' and waits for nothing, will
 * be called.  Hosts are as in URLs: names, also in UTF-8, and addresses, also
 * in brackets.  What is no name is BADNAME, which is final. */
const struct fpool_dns_addresses *fpool_dns_lookups_get(
    struct fpool_dns_lookups *l, const char *host, size_t size,
    struct fpool_dns_request *request);

/* Has 'done' not called; does nothing when 'request' waits for nothing.  The
 * question goes on, for the cache. */
void fpool_dns_lookups_cancel(struct fpool_dns_lookups *l,
                              struct fpool_dns_request *request);

/* Asks, unless the answer is there, for whoever will want it. */
void fpool_dns_lookups_prefetch(struct fpool_dns_lookups *l, const char *host,
                                size_t size);

/* None of the addresses was of use: the next one to want them asks again.  An
 * answer younger than 'failure_ttl' is kept: a new one would be the same. */
void fpool_dns_lookups_forget(struct fpool_dns_lookups *l, const char *host,
                              size_t size);

/* Names that are kept, or being asked for. */
size_t fpool_dns_lookups_n_entries(const struct fpool_dns_lookups *l);

/* For tests: 'ns' pass at once, for all but the resolvers. */
void fpool_dns_lookups_advance(struct fpool_dns_lookups *l, int64_t ns);

#endif
