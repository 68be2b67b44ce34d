/* SPDX-License-Identifier: MIT */
/* UDP sockets on the loop; called by the asker, which they call back.
 *
 * With more than one resolver the sockets are not connected, so that one port
 * serves any number of them; who answered is checked with each datagram. Errors
 * that the network reports come through the error queue (ip(7), IP_RECVERR). */
#include "engine/dns/port.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* A small datagram is charged about 768 bytes. */
#define BUFFER_SIZE (4 << 20)

#define CONTROL_SIZE    64
#define ERROR_CONTROL   512
#define BATCHES_AT_ONCE 8
#define ERRORS_AT_ONCE  64
#define MAX_REPORTS     16

struct fpool_dns_receive_buffer {
    struct mmsghdr messages[FPOOL_DNS_PORT_BATCH];
    struct iovec parts[FPOOL_DNS_PORT_BATCH];
    union fpool_dns_address from[FPOOL_DNS_PORT_BATCH];
    alignas(struct cmsghdr) char control[FPOOL_DNS_PORT_BATCH][CONTROL_SIZE];
    uint8_t data[FPOOL_DNS_PORT_BATCH][FPOOL_DNS_RECEIVE_SIZE];
};

struct port {
    struct fpool_dns_port face; /* must be first */
    struct fpool_dns_receive_buffer *buffer;
};

enum fpool_status fpool_dns_receive_buffer_create(
    struct fpool_dns_receive_buffer **ret_buffer)
{
    struct fpool_dns_receive_buffer *b = fpool_calloc(1, sizeof(*b));
    size_t i;

    if (b == NULL) {
        return FPOOL_ENOMEM;
    }
    for (i = 0; i < FPOOL_DNS_PORT_BATCH; i++) {
        b->parts[i] = (struct iovec){ b->data[i], FPOOL_DNS_RECEIVE_SIZE };
        b->messages[i].msg_hdr.msg_iov = &b->parts[i];
        b->messages[i].msg_hdr.msg_iovlen = 1;
        b->messages[i].msg_hdr.msg_name = &b->from[i];
        b->messages[i].msg_hdr.msg_control = b->control[i];
    }
    *ret_buffer = b;
    return FPOOL_OK;
}

/* ---- Receiving. */

static void note_drops(struct fpool_dns_port *p, struct msghdr *m)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&p->drops, CMSG_DATA(c), sizeof(p->drops));
        }
    }
}

/* Returns how many datagrams there were. */
static int receive_batch(struct port *port)
{
    struct fpool_dns_port *p = &port->face;
    struct fpool_dns_receive_buffer *b = port->buffer;
    int64_t now;
    int i;
    int n;

    for (i = 0; i < FPOOL_DNS_PORT_BATCH; i++) {
        b->messages[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
        b->messages[i].msg_hdr.msg_controllen = CONTROL_SIZE;
    }
    n = recvmmsg(p->watch.fd, b->messages, FPOOL_DNS_PORT_BATCH, MSG_DONTWAIT,
                 NULL);
    if (n <= 0) {
        return 0;
    }
    now = fpool_now_ns();
    for (i = 0; i < n; i++) {
        struct msghdr *m = &b->messages[i].msg_hdr;

        if (m->msg_controllen > 0) {
            note_drops(p, m);
        }
        p->events->received(p->self, p, &b->from[i], b->data[i],
                            b->messages[i].msg_len,
                            (m->msg_flags & MSG_TRUNC) != 0, now);
    }
    return n;
}

/* Takes one report of the network off the queue; false: there is none. */
static bool receive_error(struct fpool_dns_port *p)
{
    uint8_t data[FPOOL_DNS_MAX_QUERY];
    alignas(struct cmsghdr) char control[ERROR_CONTROL];
    union fpool_dns_address to;
    struct iovec part = { data, sizeof(data) };
    struct msghdr m = { .msg_name = &to,
                        .msg_namelen = sizeof(to),
                        .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof(control) };
    ssize_t n = recvmsg(p->watch.fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

    if (n < 0) {
        return false;
    }
    if (m.msg_namelen > 0) {
        p->events->bounced(p->self, p, &to, data, (size_t)n);
    }
    return true;
}

static void unblock(struct fpool_dns_port *p)
{
    if (p->is_blocked) {
        p->is_blocked = false;
        (void)fpool_loop_rewatch(p->loop, &p->watch, EPOLLIN);
    }
}

static void ready(struct fpool_watch *watch, uint32_t events)
{
    struct fpool_dns_port *p =
        FPOOL_OWNER_OF(watch, struct fpool_dns_port, watch);
    int i;

    if ((events & EPOLLERR) != 0) {
        for (i = 0; i < ERRORS_AT_ONCE && receive_error(p); i++) {
        }
    }
    for (i = 0; i < BATCHES_AT_ONCE; i++) {
        if (receive_batch((struct port *)(void *)p) < FPOOL_DNS_PORT_BATCH) {
            break;
        }
    }
    if ((events & EPOLLOUT) != 0) {
        unblock(p);
        fpool_dns_port_flush(p);
    }
}

/* ---- Sending. */

uint8_t *fpool_dns_port_room(struct fpool_dns_port *p)
{
    return p->data[p->n];
}

void fpool_dns_port_put(struct fpool_dns_port *p,
                        const union fpool_dns_address *to, size_t size,
                        void *tag)
{
    struct msghdr *m = &p->messages[p->n].msg_hdr;

    m->msg_name = p->is_connected ? NULL : (void *)(uintptr_t)to;
    m->msg_namelen = p->is_connected ? 0 : fpool_dns_address_size(to);
    p->parts[p->n].iov_len = size;
    p->tags[p->n] = tag;
    p->n++;
}

/* Takes 'n' datagrams from 'first' on out of those that wait. */
static void take_out(struct fpool_dns_port *p, unsigned first, unsigned n)
{
    unsigned i;

    for (i = first; i + n < p->n; i++) {
        p->messages[i].msg_hdr.msg_name = p->messages[i + n].msg_hdr.msg_name;
        p->messages[i].msg_hdr.msg_namelen =
            p->messages[i + n].msg_hdr.msg_namelen;
        p->parts[i].iov_len = p->parts[i + n].iov_len;
        p->tags[i] = p->tags[i + n];
        memcpy(p->data[i], p->data[i + n], p->parts[i + n].iov_len);
    }
    p->n -= n;
}

void fpool_dns_port_drop(struct fpool_dns_port *p, const void *tag)
{
    unsigned i;

    for (i = 0; i < p->n; i++) {
        if (p->tags[i] == tag) {
            take_out(p, i, 1);
            return;
        }
    }
}

/* A full send buffer is watched for room.  A full queue of the device leaves
 * the socket writable, so that watching it would be a busy loop. */
static void block(struct fpool_dns_port *p, int error_number)
{
    p->is_starved = error_number != EAGAIN;
    if (!p->is_blocked && !p->is_starved) {
        (void)fpool_loop_rewatch(p->loop, &p->watch, EPOLLIN | EPOLLOUT);
    }
    p->is_blocked = true;
}

/* The datagram's own, and not the report of an earlier one. */
static bool is_its_own(int error_number)
{
    return error_number == EPERM || error_number == EACCES ||
           error_number == EINVAL || error_number == EMSGSIZE ||
           error_number == ENETUNREACH || error_number == EADDRNOTAVAIL ||
           error_number == EAFNOSUPPORT;
}

static void tell_sent(struct fpool_dns_port *p, unsigned n)
{
    int64_t now = fpool_now_ns();
    unsigned i;

    for (i = 0; i < n; i++) {
        p->events->sent(p->self, p->tags[i], now);
    }
}

/* The first datagram cannot go. */
static void fail_first(struct fpool_dns_port *p, int error_number)
{
    void *tag = p->tags[0];

    take_out(p, 0, 1);
    p->events->failed(p->self, tag, error_number);
}

void fpool_dns_port_flush(struct fpool_dns_port *p)
{
    unsigned done = 0;
    unsigned n_reports = 0;

    if (p->is_starved) {
        p->is_blocked = p->is_starved = false;
    }
    while (done < p->n) {
        int n = sendmmsg(p->watch.fd, p->messages + done, p->n - done, 0);

        if (n > 0) {
            done += (unsigned)n;
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        if (done > 0) {
            break; /* Tell what went first; the rest is looked at below. */
        }
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
            block(p, errno);
            return;
        }
        /* Reports of earlier datagrams are said once each. */
        if (is_its_own(errno) || ++n_reports > MAX_REPORTS) {
            fail_first(p, errno);
        }
    }
    if (done > 0) {
        tell_sent(p, done);
        take_out(p, 0, done);
        if (p->n > 0) {
            fpool_dns_port_flush(p);
        }
    }
}

/* ---- Life. */

/* What the kernel grants without privilege may be less. */
static void set_buffers(int fd)
{
    int size = BUFFER_SIZE;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
}

static void set_reports(int fd, int family)
{
    int yes = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof(yes));
    if (family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &yes, sizeof(yes));
    } else {
        (void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &yes, sizeof(yes));
    }
}

static void init_messages(struct fpool_dns_port *p)
{
    size_t i;

    for (i = 0; i < FPOOL_DNS_PORT_BATCH; i++) {
        p->parts[i].iov_base = p->data[i];
        p->messages[i].msg_hdr.msg_iov = &p->parts[i];
        p->messages[i].msg_hdr.msg_iovlen = 1;
    }
}

/* A connected socket needs no look at the routes for each datagram. */
static void connect_to(struct fpool_dns_port *p,
                       const union fpool_dns_address *peer)
{
    p->is_connected =
        peer != NULL &&
        connect(p->watch.fd, &peer->sa, fpool_dns_address_size(peer)) == 0;
}

enum fpool_status fpool_dns_port_open(
    struct fpool_dns_port **ret_port,
    const struct fpool_dns_port_options *options)
{
    struct port *port = fpool_calloc(1, sizeof(*port));
    struct fpool_dns_port *p;

    if (port == NULL) {
        return FPOOL_ENOMEM;
    }
    p = &port->face;
    port->buffer = options->buffer;
    p->loop = options->loop;
    p->number = options->number;
    p->events = options->events;
    p->self = options->self;
    p->watch.ready = ready;
    init_messages(p);
    p->watch.fd =
        socket(options->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->watch.fd < 0) {
        enum fpool_status status =
            errno == EAFNOSUPPORT ? FPOOL_ECONNECT : FPOOL_ELOCAL;

        fpool_free(port);
        return status;
    }
    set_buffers(p->watch.fd);
    set_reports(p->watch.fd, options->family);
    connect_to(p, options->peer);
    if (fpool_loop_watch(p->loop, &p->watch, EPOLLIN) != FPOOL_OK) {
        close(p->watch.fd);
        fpool_free(port);
        return FPOOL_ENOMEM;
    }
    *ret_port = p;
    return FPOOL_OK;
}

void fpool_dns_port_close(struct fpool_dns_port **port)
{
    struct fpool_dns_port *p = *port;

    if (p == NULL) {
        return;
    }
    *port = NULL;
    fpool_loop_unwatch(p->loop, &p->watch);
    close(p->watch.fd);
    fpool_free(p);
}
