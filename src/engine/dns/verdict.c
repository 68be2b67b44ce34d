/* SPDX-License-Identifier: MIT */
/* The classification of replies; called by reply.c. */
#include "engine/dns/verdict.h"

#include "engine/dns/type.h"

/* Neither an answer nor the beginning of one: a server that does no recursion
 * and points elsewhere (RFC 2308, section 2.2, type 3, has no such flags). */
static bool is_lame(const struct fpool_dns_parsed *p)
{
    return p->n_records == 0 && p->ttl == 0 &&
           (p->flags & (FPOOL_DNS_RA | FPOOL_DNS_AA)) == 0;
}

/* A server that does not know OPT says FORMERR to it, without OPT; one that
 * does know it always answers with OPT, and means something else (RFC 6891,
 * sections 6.1.1 and 7). */
static bool is_about_edns(const struct fpool_dns_reply_facts *f,
                          const struct fpool_dns_parsed *p)
{
    return f->had_edns && (f->has_no_name || !p->has_opt);
}

static enum fpool_dns_verdict judge_code(const struct fpool_dns_reply_facts *f,
                                         const struct fpool_dns_parsed *p)
{
    switch (p->rcode) {
    case FPOOL_DNS_RCODE_NOERROR:
        return is_lame(p) ? FPOOL_DNS_UNWILLING : FPOOL_DNS_ANSWERED;
    case FPOOL_DNS_RCODE_NXDOMAIN:
        return FPOOL_DNS_ANSWERED;
    case FPOOL_DNS_RCODE_FORMERR:
        return is_about_edns(f, p) ? FPOOL_DNS_WITHOUT_EDNS
                                   : FPOOL_DNS_AMBIGUOUS;
    case FPOOL_DNS_RCODE_BADVERS:
        return f->had_edns ? FPOOL_DNS_WITHOUT_EDNS : FPOOL_DNS_AMBIGUOUS;
    case FPOOL_DNS_RCODE_REFUSED:
    case FPOOL_DNS_RCODE_NOTIMP:
    case FPOOL_DNS_RCODE_NOTAUTH:
        return FPOOL_DNS_UNWILLING;
    default:
        return FPOOL_DNS_AMBIGUOUS;
    }
}

enum fpool_dns_verdict fpool_dns_judge(const struct fpool_dns_reply_facts *f,
                                       const struct fpool_dns_parsed *p)
{
    bool is_truncated = f->is_cut || (p->flags & FPOOL_DNS_TC) != 0;

    /* A truncated answer to TCP is one that does not fit at all. */
    if (is_truncated && !f->is_tcp && !f->has_no_name) {
        return FPOOL_DNS_TOO_LONG;
    }
    if (!f->has_no_name && f->parsed_as != FPOOL_OK) {
        return FPOOL_DNS_NONSENSE;
    }
    return judge_code(f, p);
}

enum fpool_dns_status fpool_dns_status_of(enum fpool_dns_verdict verdict,
                                          const struct fpool_dns_parsed *p)
{
    switch (verdict) {
    case FPOOL_DNS_ANSWERED:
    case FPOOL_DNS_TOO_LONG:
        if (p->rcode == FPOOL_DNS_RCODE_NXDOMAIN) {
            return FPOOL_DNS_NXDOMAIN;
        }
        return p->has_answer ? FPOOL_DNS_OK : FPOOL_DNS_NODATA;
    case FPOOL_DNS_UNWILLING:
        return FPOOL_DNS_REFUSED;
    case FPOOL_DNS_NONSENSE:
        return FPOOL_DNS_BADREPLY;
    case FPOOL_DNS_WITHOUT_EDNS:
    case FPOOL_DNS_AMBIGUOUS:
        break;
    }
    return p->rcode == FPOOL_DNS_RCODE_SERVFAIL ? FPOOL_DNS_SERVFAIL
                                                : FPOOL_DNS_FAILED;
}
