/* SPDX-License-Identifier: MIT */
/* Asks resolvers: windows, tries, time-outs, second opinions.
 *
 * Purpose: one set of resolvers on one event loop; whoever has questions (jobs
 * of the engine, look-ups for other engines, probes) feeds it. Way of a
 * question: feeder->feed        -> fpool_dns_asker_start (asker.c) choose a
 * resolver   (choose.c)       put into a port or connection (try.c) reply,
 * bounce, time-out -> judged    (reply.c, try.c) next try, or ask->done,
 * exactly once (asker.c) Ownership: the asker owns resolvers, ports,
 * connections; asks are their users'. Thread-safety: create, destroy, the
 * counters: any thread; everything else: the loop's thread. Limits: resolvers
 * as many as the list has; the questions in hand are bounded by whoever feeds.
 */
#ifndef FPOOL_ENGINE_DNS_ASKER_H
#define FPOOL_ENGINE_DNS_ASKER_H

#include "core/loop.h"
#include "engine/dns/ask.h"
#include "engine/dns/counters.h"
#include "engine/dns/ids.h"
#include "engine/dns/pace.h"
#include "engine/dns/port.h"
#include "engine/dns/random.h"
#include "engine/dns/tcp.h"

#define FPOOL_DNS_PORTS_OF_FAMILY 8
#define FPOOL_DNS_UDP_SIZE        1232 /* DNS flag day 2020 */
#define FPOOL_DNS_RECENT          16

struct fpool_dns_asker {
    struct fpool_loop *loop;
    struct fpool_loop_timer timer;
    bool has_timer;
    int64_t now;         /* as of this round, or event */
    int64_t local_until; /* nothing new is begun before: trouble of our own */
    struct fpool_dns_resolver *resolvers;
    uint32_t n_resolvers;
    uint32_t n_good;
    struct fpool_dns_resolver **open; /* those that may be asked now */
    uint32_t n_open;
    /* Those that gave the latest good replies, in a ring. */
    struct fpool_dns_resolver *recent[FPOOL_DNS_RECENT];
    unsigned n_recent;
    struct fpool_wheel wheel; /* of asks */
    struct fpool_wheel rests; /* of resolvers */
    struct fpool_dns_port *ports[2 * FPOOL_DNS_PORTS_OF_FAMILY]; /* v4, v6 */
    bool wants_new_ports; /* see renew_ports() */
    int64_t renewed_at;
    uint64_t drops_before;         /* by ports that are closed */
    enum fpool_status port_status; /* of the last attempt to open one */
    unsigned port_now[2];
    unsigned port_left[2]; /* datagrams until the port changes */
    struct fpool_dns_receive_buffer *buffer;
    struct fpool_dns_ids ids;
    struct fpool_dns_random random;
    uint64_t secret; /* of the cases of letters */
    struct fpool_dns_parsed parsed;
    struct fpool_list followers; /* asks to be continued by TCP */
    struct fpool_list retries;   /* asks that wait for their next try */
    struct fpool_list last_pass; /* the same, in their last pass */
    struct fpool_list hungry;    /* feeders */
    struct fpool_list connections;
    unsigned n_connections;
    struct fpool_list ended; /* connections to be closed */
    struct fpool_dns_pace pace;
    struct fpool_dns_pace retry_pace;
    struct fpool_dns_pace last_pace;
    bool has_resolver_pace; /* some resolver's rate is bounded */
    unsigned n_asks;
    uint64_t replies_then; /* at the last look back */
    uint64_t best_rate;    /* replies a second, of late */
    int64_t look_back_at;
    double least_fault;
    uint32_t n_judged; /* since that was found */
    struct fpool_dns_counters counters;
};

struct fpool_dns_asker_options {
    const struct fpool_dns_servers *servers;
    unsigned qps;
    unsigned resolver_qps;
};

/* Opens nothing yet.  FPOOL_ENOMEM. */
enum fpool_status fpool_dns_asker_create(
    struct fpool_dns_asker **ret_asker, struct fpool_loop *loop,
    const struct fpool_dns_asker_options *options);

/* Makes the asker known to its loop.  FPOOL_ENOMEM. */
enum fpool_status fpool_dns_asker_open(struct fpool_dns_asker *a);

/* Closes what is open; there are no asks any more, and will be none. */
void fpool_dns_asker_close(struct fpool_dns_asker *a);

/* Releases the memory of an asker that was closed, or never opened.  Any
 * thread; accepts NULL. */
void fpool_dns_asker_destroy(struct fpool_dns_asker **asker);

/* 'feeder' has questions; they are asked in the next round. */
void fpool_dns_asker_is_fed(struct fpool_dns_asker *a,
                            struct fpool_dns_feeder *feeder);

/* Asks; called by 'feed' only, as the last thing that it does: when even the
 * first try meets local trouble, 'ask->done' may be called from here. */
void fpool_dns_asker_start(struct fpool_dns_asker *a,
                           struct fpool_dns_ask *ask);

/* Forgets an ask that was started and is not done; 'done' is not called. */
void fpool_dns_asker_cancel(struct fpool_dns_asker *a,
                            struct fpool_dns_ask *ask);

/* What is due; after each round of the loop. */
void fpool_dns_asker_round(struct fpool_dns_asker *a);

/* ---- Between the asker's own files. */

static inline struct fpool_dns_ask *fpool_dns_ask_of_link(struct fpool_list *l)
{
    return FPOOL_OWNER_OF(l, struct fpool_dns_ask, link);
}

/* asker.c: ends an ask with what was seen, or with an answer. */
void fpool_dns_asker_finish(struct fpool_dns_asker *a,
                            struct fpool_dns_ask *ask,
                            struct fpool_dns_outcome *outcome);
void fpool_dns_asker_give_up(struct fpool_dns_asker *a,
                             struct fpool_dns_ask *ask);

/* asker.c: has it tried again after 'delay' ns, or gives up. */
void fpool_dns_asker_try_again(struct fpool_dns_asker *a,
                               struct fpool_dns_ask *ask, int64_t delay,
                               bool is_free);

/* asker.c: the same without a charge. */
void fpool_dns_asker_delay(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                           int64_t delay);

/* asker.c: puts it into the queue for its next try. */
void fpool_dns_asker_queue(struct fpool_dns_asker *a,
                           struct fpool_dns_ask *ask);

/* choose.c: keeps 'open' right after anything happened to 'r', whose state was
 * 'before'. */
void fpool_dns_choose_update(struct fpool_dns_asker *a,
                             struct fpool_dns_resolver *r,
                             enum fpool_dns_resolver_state before);
/* What the counters say of how many are good. */
void fpool_dns_choose_show_good(struct fpool_dns_asker *a, unsigned n);
/* Sends 'r' to rest if it should. */
void fpool_dns_choose_judge(struct fpool_dns_asker *a,
                            struct fpool_dns_resolver *r);
/* One of the open resolvers for the next try; for a retry, when none is open,
 * another. */
struct fpool_dns_resolver *fpool_dns_choose(struct fpool_dns_asker *a,
                                            const struct fpool_dns_ask *ask);
/* Finds the least share of faults, of all that are good. */
void fpool_dns_choose_find_least_fault(struct fpool_dns_asker *a);

/* try.c: sends the next try. */
void fpool_dns_try_udp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                       struct fpool_dns_resolver *r);
void fpool_dns_try_tcp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                       struct fpool_dns_resolver *r);
/* Takes the ask off whatever it waits for, but leaves its tries open. */
void fpool_dns_try_detach(struct fpool_dns_asker *a, struct fpool_dns_ask *ask);
/* Forgets all tries, so that replies to them match nothing. */
void fpool_dns_try_close_all(struct fpool_dns_asker *a,
                             struct fpool_dns_ask *ask);
void fpool_dns_try_close(struct fpool_dns_asker *a, struct fpool_dns_try *try);
void fpool_dns_try_timer(struct fpool_wheel_node *node, void *asker);
void fpool_dns_try_tcp_sent(void *asker, struct fpool_dns_ask *ask);
/* Which cases the letters of a try's name have. */
uint64_t fpool_dns_try_case_seed(const struct fpool_dns_asker *a,
                                 const struct fpool_dns_try *try);
extern const struct fpool_dns_port_events fpool_dns_try_port_events;

/* The first try of its name ends, or no longer counts. */
void fpool_dns_asker_release_first(struct fpool_dns_asker *a,
                                   struct fpool_dns_ask *ask);
void fpool_dns_try_release_window(struct fpool_dns_asker *a,
                                  struct fpool_dns_ask *ask);

/* reply.c */
void fpool_dns_reply_udp(void *asker, struct fpool_dns_port *port,
                         const union fpool_dns_address *from, uint8_t *data,
                         size_t size, bool is_cut, int64_t now);
void fpool_dns_reply_bounce(void *asker, struct fpool_dns_port *port,
                            const union fpool_dns_address *to,
                            const uint8_t *data, size_t size);
extern const struct fpool_dns_tcp_events fpool_dns_reply_tcp_events;

/* What a try to 'r' is known by on a connection, in place of a port's number.
 */
static inline uint16_t fpool_dns_tcp_port(const struct fpool_dns_resolver *r)
{
    return (uint16_t)(0x8000u | (r->index & 0x7fff));
}

#endif
