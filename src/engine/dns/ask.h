/* SPDX-License-Identifier: MIT */
/* One question on its way through an asker, and how it ends.
 *
 * Purpose: what the asker, its ports and its connections know about a question.
 * Use: embed it, fill in the first part, fpool_dns_asker_start().
 * Ownership: its user's; it stays where it is until 'done' has been called.
 * Thread-safety: the loop's thread.
 * Limits: the last FPOOL_DNS_KEPT_TRIES tries are remembered; a reply to an
 *   older one comes too late. */
#ifndef FPOOL_ENGINE_DNS_ASK_H
#define FPOOL_ENGINE_DNS_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/wheel.h"
#include "engine/dns/parse.h"
#include "engine/dns/resolver.h"
#include "fetchpool/dns.h"

#define FPOOL_DNS_KEPT_TRIES 4

/* Where questions come from.  'feed' is called while questions can be started:
 * it starts one and returns true, or takes itself off its list and returns
 * false; then it is not called again until fpool_dns_asker_is_fed() says so, or
 * one of its first tries ends. */
struct fpool_dns_feeder {
    struct fpool_list link; /* among the hungry ones */
    bool (*feed)(struct fpool_dns_feeder *feeder);
    unsigned n_first;   /* first tries on their way, and not overdue */
    unsigned max_first; /* most of them */
};

enum fpool_dns_ask_state {
    FPOOL_DNS_ASK_IDLE,
    FPOOL_DNS_ASK_UNSENT,  /* a datagram waits in its port */
    FPOOL_DNS_ASK_SENT,    /* the timer is the try's */
    FPOOL_DNS_ASK_OVERDUE, /* the same, and it no longer counts */
    FPOOL_DNS_ASK_TCP,     /* on a connection */
    FPOOL_DNS_ASK_DELAYED, /* the timer is when to queue for the next try */
    FPOOL_DNS_ASK_QUEUED   /* for the next try */
};

struct fpool_dns_try {
    int64_t sent; /* when; 0: not yet */
    uint32_t resolver;
    uint16_t port;
    uint16_t id;
    bool is_open;  /* a reply is awaited */
    bool had_bare; /* an error without a name came, which anybody may send */
    bool has_edns;
    bool has_case;
};

struct fpool_dns_outcome;

struct fpool_dns_ask {
    /* ---- The user's part. */
    struct fpool_dns_feeder *feeder;
    void (*done)(struct fpool_dns_ask *ask,
                 const struct fpool_dns_outcome *outcome);
    uint8_t *query; /* as fpool_dns_query_build() makes it */
    uint16_t query_size;
    uint16_t type;
    uint8_t max_tries;  /* before the last pass */
    bool has_last_pass; /* asks once more, slowly, what timed out */
    int64_t deadline;   /* INT64_MAX: none */
    /* ---- The asker's; zero to begin with. */
    enum fpool_dns_ask_state state;
    struct fpool_list link;                           /* in a queue */
    struct fpool_wheel_node timer;                    /* see 'state' */
    struct fpool_dns_try tries[FPOOL_DNS_KEPT_TRIES]; /* a ring */
    unsigned n_tries;   /* so far; the last is at (n_tries - 1) % KEPT */
    uint8_t n_charged;  /* of these, how many count against 'max_tries' */
    uint8_t n_free;     /* not charged: a resolver's own fault */
    uint8_t n_servfail; /* replies */
    uint8_t n_refused;
    uint8_t n_bad;
    uint8_t n_ended;   /* connections that ended under it */
    uint8_t n_junk;    /* datagrams with our identifier that were not for us */
    bool is_first;     /* counts in its feeder's 'n_first' */
    bool is_in_window; /* its last try counts in its resolver's window */
    bool is_last_pass;
    bool is_bounced;  /* the network said that a resolver is not there */
    bool is_local;    /* what came last was trouble of our own */
    bool is_plain;    /* asked without EDNS, whatever the resolver can do */
    uint16_t n_local; /* times that it was so */
    bool wants_tcp;   /* the next try goes to the same resolver, by TCP */
    bool wants_same;  /* the next try goes to the same resolver */
    int64_t first_sent;
    enum fpool_dns_status seen; /* what to end with when nothing better comes */
    int seen_rcode;             /* -1: no reply yet */
    uint32_t seen_resolver;
    uint32_t servfail_by; /* 1 + who said so first; 0: nobody */
    uint32_t refused_by;
    bool seen_tcp;
    /* A truncated answer, in case TCP fails; or NULL. */
    uint8_t *partial;
    uint16_t partial_size;
    uint32_t partial_resolver;
};

struct fpool_dns_outcome {
    enum fpool_dns_status status;
    int rcode;                             /* -1: no reply */
    const struct fpool_dns_parsed *parsed; /* NULL: no reply that can be read */
    const uint8_t *message;                /* that 'parsed' is of */
    size_t message_size;
    const struct fpool_dns_resolver *resolver; /* who gave it; NULL: nobody */
    bool is_tcp;
    bool is_truncated;
    unsigned n_tries;
    int64_t time_ns;    /* since the first query left */
    const char *reason; /* static; "" when well */
};

static inline struct fpool_dns_try *fpool_dns_ask_last(
    struct fpool_dns_ask *ask)
{
    return &ask->tries[(ask->n_tries - 1) % FPOOL_DNS_KEPT_TRIES];
}

#endif
