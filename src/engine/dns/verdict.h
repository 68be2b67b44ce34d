/* SPDX-License-Identifier: MIT */
/* What a reply is worth.
 *
 * Purpose: tell what is about the name from what is about the resolver, in one
 *   pure function.
 * Thread-safety: any thread.
 * Limits: none. */
#ifndef FPOOL_ENGINE_DNS_VERDICT_H
#define FPOOL_ENGINE_DNS_VERDICT_H

#include <stdbool.h>

#include "engine/dns/parse.h"
#include "fetchpool/dns.h"

enum fpool_dns_verdict {
    FPOOL_DNS_ANSWERED,     /* final: ok, nodata or nxdomain */
    FPOOL_DNS_TOO_LONG,     /* ask the same resolver by TCP */
    FPOOL_DNS_WITHOUT_EDNS, /* ask the same resolver without OPT */
    FPOOL_DNS_AMBIGUOUS,    /* SERVFAIL and the like: a second opinion */
    FPOOL_DNS_UNWILLING,    /* the resolver's own fault: ask another */
    FPOOL_DNS_NONSENSE      /* cannot be read, or answers something else */
};

struct fpool_dns_reply_facts {
    enum fpool_status parsed_as; /* what fpool_dns_parse() returned */
    bool is_tcp;
    bool is_cut;      /* longer than our buffer */
    bool had_edns;    /* the query had OPT */
    bool has_no_name; /* an error without the question */
};

enum fpool_dns_verdict fpool_dns_judge(const struct fpool_dns_reply_facts *f,
                                       const struct fpool_dns_parsed *p);

/* The status of a reply that is final, or the best that came. */
enum fpool_dns_status fpool_dns_status_of(enum fpool_dns_verdict verdict,
                                          const struct fpool_dns_parsed *p);

#endif
