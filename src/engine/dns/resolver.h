/* SPDX-License-Identifier: MIT */
/* What we know about one resolver, and how much we ask of it.
 *
 * Purpose: round-trip times, a window that adapts, faults, rest; pure
 * arithmetic on what happened and when, so that it can be tested without a
 * network. Ownership: plain data, the asker's. Thread-safety: one thread.
 * Limits: see the constants.
 *
 * The window bounds the first tries that are not yet overdue; retries have a
 * rate instead, since names that nobody answers would fill any window.  Those
 * look like loss and are not, and how many there are changes along a list, so
 * that no share of loss tells whether a resolver has too much to do.  But then
 * a larger window brings no more replies.  So the window climbs the hill of
 * replies a second: a step up while larger ones bring more, or nothing is lost;
 * a step down while they do not.  It begins by doubling each round trip as long
 * as that pays.
 *
 * One that refuses some and answers others is asked too fast, and gets a rate.
 * A resolver that has stopped answering rests and is probed; with nobody else
 * to ask it is asked slowly instead. */
#ifndef FPOOL_ENGINE_DNS_RESOLVER_H
#define FPOOL_ENGINE_DNS_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/wheel.h"
#include "engine/dns/pace.h"
#include "engine/dns/servers.h"

#define FPOOL_DNS_WINDOW_MIN 4
#define FPOOL_DNS_WINDOW_MAX 16384

enum fpool_dns_resolver_state {
    FPOOL_DNS_GOOD,
    FPOOL_DNS_RESTING, /* asked nothing until 'rest_until' */
    FPOOL_DNS_PROBING  /* one try is on its way, until 'rest_until' */
};

struct fpool_dns_tcp;

struct fpool_dns_resolver {
    union fpool_dns_address address;
    char *text; /* the address as text, once it was asked for; or NULL */
    uint32_t index;
    uint32_t
        place; /* 1 + position among those that may be asked now; 0: none */
    bool is_loopback;
    bool has_edns;   /* until it has shown that it cannot */
    bool knows_edns; /* it has answered with OPT: no news can change that */
    bool has_case;   /* letters are sent in random cases */
    bool knows_case; /* it has repeated them: no news can change that */
    bool is_slow_start;
    bool is_settling; /* the window has changed; replies do not show it yet */
    bool has_given;   /* a place, which the reply that comes now may explain */
    bool is_refusal;  /* the reply that comes now */
    bool was_silent;  /* it rests for that, and not for faults */
    bool is_gone;     /* the network says so, and nothing else came since */
    enum fpool_dns_resolver_state state;
    double window;
    unsigned n_out; /* tries within the window */
    /* Of this step; see resolver.c. */
    int64_t step_start;
    int64_t step_end; /* 0: none has begun */
    unsigned peak_out;
    unsigned n_given;
    unsigned n_answered; /* of 'n_given' */
    unsigned n_replied;  /* those to retries, too */
    double window_then;  /* of the step before */
    double rate_then;    /* replies a nanosecond; both 0: there was none */
    int64_t srtt;        /* nanoseconds; 0: no reply yet */
    int64_t rttvar;
    int64_t last_reply; /* when; or when it was first asked */
    unsigned n_misses;  /* first tries timed out since the last reply */
    int64_t interval_end;
    int64_t interval_start;
    unsigned n_useful; /* replies in this interval */
    unsigned n_refused;
    unsigned n_hurried; /* of which it answered later */
    unsigned n_seen;    /* replies that 'fault' is made of */
    double fault;       /* share of replies of no use, over time */
    double useful_rate; /* replies a second that were of use, over time */
    double limit;       /* queries a second that it seems to bear; 0: any */
    int64_t rest_ns;
    int64_t rest_until;
    unsigned qps; /* what the user allows; 0: any */
    struct fpool_dns_pace pace;
    struct fpool_wheel_node wake; /* set while time alone makes it usable */
    struct fpool_dns_tcp *tcp;    /* NULL: no connection */
    unsigned n_tcp_vain; /* connections in a row that ended without an answer */
};

void fpool_dns_resolver_init(struct fpool_dns_resolver *r,
                             const union fpool_dns_address *address,
                             unsigned qps);

/* May it be sent one more?  If not, '*ret_when' is when time makes it so,
 * INT64_MAX: some reply or time-out must come first. */
bool fpool_dns_resolver_can_send(const struct fpool_dns_resolver *r,
                                 int64_t now, int64_t *ret_when);

/* A first try, or a probe, takes a place in the window. */
void fpool_dns_resolver_take(struct fpool_dns_resolver *r, int64_t now);

/* A try gives its place back: answered, given up, or overdue. */
void fpool_dns_resolver_give(struct fpool_dns_resolver *r);

/* A reply came after 'rtt' nanoseconds; 'is_fault': it says no more than that
 * the resolver will not or cannot answer. */
void fpool_dns_resolver_replied(struct fpool_dns_resolver *r, int64_t now,
                                int64_t rtt, bool is_fault);

/* The same, where it refuses to answer; comes before _replied(). */
void fpool_dns_resolver_refused(struct fpool_dns_resolver *r);

/* It has answered a name that it had refused: it was asked too fast. */
void fpool_dns_resolver_hurried(struct fpool_dns_resolver *r);

/* A try, the first of its name or not, had no reply in time. */
void fpool_dns_resolver_lost(struct fpool_dns_resolver *r, int64_t now,
                             bool is_first);

/* The network said that nobody is there. */
void fpool_dns_resolver_unreachable(struct fpool_dns_resolver *r, int64_t now);

/* True when it should rest: no sign of life, or faults far above 'least_fault',
 * the share of the best of the others. */
bool fpool_dns_resolver_is_bad(const struct fpool_dns_resolver *r, int64_t now,
                               double least_fault);

/* Sends it to rest, each time for longer, up to a minute. */
void fpool_dns_resolver_rest(struct fpool_dns_resolver *r, int64_t now);

/* It is bad, and there is nobody else to ask: few at a time, from now on. */
void fpool_dns_resolver_slow_down(struct fpool_dns_resolver *r);

/* Nanoseconds until try number 'n' (from 0) is given up, without jitter; and
 * until it no longer counts against the window. */
int64_t fpool_dns_resolver_timeout(const struct fpool_dns_resolver *r,
                                   unsigned n);
int64_t fpool_dns_resolver_patience(const struct fpool_dns_resolver *r);

#endif
