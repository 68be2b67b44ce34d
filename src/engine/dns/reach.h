/* SPDX-License-Identifier: MIT */
/* What of IPv6 this machine has.
 *
 * Purpose: not to ask for addresses that nobody can go to, and not to try those
 *   first that seldom lead anywhere.
 * Use: once; networks that come later are not noticed.
 * Thread-safety: any thread.
 * Limits: sends nothing, so that a way out which leads nowhere counts. */
#ifndef FPOOL_ENGINE_DNS_REACH_H
#define FPOOL_ENGINE_DNS_REACH_H

enum fpool_dns_v6 {
    FPOOL_DNS_V6_CHECK,   /* not known: find out */
    FPOOL_DNS_V6_NONE,    /* no way out */
    FPOOL_DNS_V6_PRIVATE, /* a way out, but no global address of our own */
    FPOOL_DNS_V6_GLOBAL
};

/* One of the last three. */
enum fpool_dns_v6 fpool_dns_reach_v6(void);

#endif
