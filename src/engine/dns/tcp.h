/* SPDX-License-Identifier: MIT */
/* A connection to one resolver, for answers that no datagram holds.
 *
 * Purpose: DNS over TCP (RFC 7766): reused, pipelined, answers in any order.
 * Use: opened with the first question, asked again and again; the asker drops
 * it when it has been idle. Ownership: the asker's, kept in its resolver; it
 * points at asks. Thread-safety: the loop's thread. Limits:
 * FPOOL_DNS_TCP_PIPELINE questions on the wire at once, the others wait. */
#ifndef FPOOL_ENGINE_DNS_TCP_H
#define FPOOL_ENGINE_DNS_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "engine/dns/ask.h"

#define FPOOL_DNS_TCP_PIPELINE 64

struct fpool_dns_tcp_events {
    /* The query of 'ask' is on its way. */
    void (*sent)(void *self, struct fpool_dns_ask *ask);
    /* True: it was a reply to one of our queries. */
    bool (*received)(void *self, struct fpool_dns_resolver *resolver,
                     uint8_t *data, size_t size);
    /* The connection has ended; 'asks' were on it, and are on none now.
     * 'is_stale': it had answered before, so that a new one may do. */
    void (*ended)(void *self, struct fpool_dns_resolver *resolver,
                  struct fpool_list *asks, bool is_stale);
};

struct fpool_dns_tcp {
    struct fpool_watch watch;
    struct fpool_list link; /* among the asker's connections */
    struct fpool_loop *loop;
    struct fpool_dns_resolver *resolver;
    const struct fpool_dns_tcp_events *events;
    void *self;
    bool is_connecting;
    bool has_served;           /* at least one reply came */
    bool is_ended;             /* the watch is gone */
    unsigned n_asks;           /* on the wire */
    int64_t idle_since;        /* 0: not idle */
    struct fpool_list asks;    /* on the wire */
    struct fpool_list waiting; /* for their turn */
    uint8_t *out;
    size_t out_size;
    size_t out_sent;
    size_t out_capacity;
    size_t in_size;
    uint8_t in[2 + FPOOL_DNS_MAX_MESSAGE];
};

/* Begins to connect.  FPOOL_ENOMEM, FPOOL_ECONNECT. */
enum fpool_status fpool_dns_tcp_open(struct fpool_dns_tcp **ret_tcp,
                                     struct fpool_loop *loop,
                                     struct fpool_dns_resolver *resolver,
                                     const struct fpool_dns_tcp_events *events,
                                     void *self);

/* Sends the query of 'ask', now or in its turn. */
void fpool_dns_tcp_ask(struct fpool_dns_tcp *tcp, struct fpool_dns_ask *ask);

/* 'ask', which is on this connection, needs it no more. */
void fpool_dns_tcp_drop(struct fpool_dns_tcp *tcp, struct fpool_dns_ask *ask);

/* The connection is of no use any more: hands back all that is on it. */
void fpool_dns_tcp_end(struct fpool_dns_tcp *tcp);

/* Closes a connection without asks; accepts NULL. */
void fpool_dns_tcp_close(struct fpool_dns_tcp **tcp);

#endif
