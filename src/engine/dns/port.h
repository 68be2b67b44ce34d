/* SPDX-License-Identifier: MIT */
/* A source port: a UDP socket that sends and receives in batches.
 *
 * Purpose: sendmmsg(2) and recvmmsg(2), and what can go wrong locally.
 * Use: put datagrams in, flush; give it to the loop and receive.
 * Ownership: the asker's.
 * Thread-safety: the loop's thread.
 * Limits: FPOOL_DNS_PORT_BATCH datagrams wait to be sent. */
#ifndef FPOOL_ENGINE_DNS_PORT_H
#define FPOOL_ENGINE_DNS_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/loop.h"
#include "engine/dns/name.h"
#include "engine/dns/servers.h"

#define FPOOL_DNS_PORT_BATCH   64
#define FPOOL_DNS_RECEIVE_SIZE 4096

struct fpool_dns_port;

/* What a port tells its user. */
struct fpool_dns_port_events {
    /* The datagram put in with 'tag' has left at 'now'. */
    void (*sent)(void *self, void *tag, int64_t now);
    /* It cannot be sent there, now or later (no route, forbidden). */
    void (*failed)(void *self, void *tag, int error_number);
    void (*received)(void *self, struct fpool_dns_port *port,
                     const union fpool_dns_address *from, uint8_t *data,
                     size_t size, bool is_cut, int64_t now);
    /* The network says that a query did not arrive; 'data' is the query. */
    void (*bounced)(void *self, struct fpool_dns_port *port,
                    const union fpool_dns_address *to, const uint8_t *data,
                    size_t size);
};

/* Room for a batch of replies, for all ports of an asker. */
struct fpool_dns_receive_buffer;

struct fpool_dns_port {
    struct fpool_watch watch; /* fd -1: not open */
    unsigned number;
    bool is_blocked;   /* the kernel takes no more; watched for room */
    bool is_starved;   /* blocked, and it will not say when there is room */
    uint32_t drops;    /* the kernel's count of datagrams that we lost */
    bool is_connected; /* to the only resolver there is */
    unsigned n;        /* waiting to be sent */
    struct fpool_loop *loop;
    const struct fpool_dns_port_events *events;
    void *self;
    struct mmsghdr messages[FPOOL_DNS_PORT_BATCH];
    struct iovec parts[FPOOL_DNS_PORT_BATCH];
    void *tags[FPOOL_DNS_PORT_BATCH];
    uint8_t data[FPOOL_DNS_PORT_BATCH][FPOOL_DNS_MAX_QUERY];
};

struct fpool_dns_port_options {
    struct fpool_loop *loop;
    int family;
    unsigned number;
    const union fpool_dns_address *peer; /* the only one to talk to; or NULL */
    const struct fpool_dns_port_events *events;
    void *self; /* for 'events' */
    struct fpool_dns_receive_buffer *buffer;
};

/* Opens a socket and watches it.  FPOOL_ECONNECT where this machine does not
 * have the family, FPOOL_ELOCAL without descriptors, FPOOL_ENOMEM. */
enum fpool_status fpool_dns_port_open(
    struct fpool_dns_port **ret_port,
    const struct fpool_dns_port_options *options);
void fpool_dns_port_close(struct fpool_dns_port **port); /* accepts NULL */

static inline bool fpool_dns_port_is_full(const struct fpool_dns_port *p)
{
    return p->n == FPOOL_DNS_PORT_BATCH;
}

/* Room for the next datagram, to 'to', which stays until it was sent; the port
 * is not full.  It counts once 'size' is committed. */
uint8_t *fpool_dns_port_room(struct fpool_dns_port *p);
void fpool_dns_port_put(struct fpool_dns_port *p,
                        const union fpool_dns_address *to, size_t size,
                        void *tag);

/* Forgets the datagram of 'tag', if it is still here. */
void fpool_dns_port_drop(struct fpool_dns_port *p, const void *tag);

/* Hands the kernel what waits, as much as it takes.  A starved port is flushed
 * again after a millisecond or so. */
void fpool_dns_port_flush(struct fpool_dns_port *p);

enum fpool_status fpool_dns_receive_buffer_create(
    struct fpool_dns_receive_buffer **ret_buffer);

#endif
