/* SPDX-License-Identifier: MIT */
/* Datagrams, many in one system call.  Called by dnsd.c. */
#include "dnsd.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (4 << 20)

/* What is to be sent; all through one socket. */
static struct {
    int fd;
    unsigned n;
    struct mmsghdr heads[DNSD_BATCH];
    struct iovec parts[DNSD_BATCH];
    struct sockaddr_storage to[DNSD_BATCH];
    uint8_t bytes[DNSD_BATCH][DNSD_UDP_SIZE];
} out;

static struct {
    struct mmsghdr heads[DNSD_BATCH];
    struct iovec parts[DNSD_BATCH];
    struct sockaddr_storage from[DNSD_BATCH];
    uint8_t bytes[DNSD_BATCH][DNSD_QUERY_SIZE];
} in;

static socklen_t loopback(size_t endpoint, uint16_t port,
                          struct sockaddr_storage *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof(*address));
    if (endpoint == 0) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof(*four);
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    six->sin6_addr = in6addr_loopback;
    return sizeof(*six);
}

/* The port of the address is at the same place in both families. */
static uint16_t port_of(const struct sockaddr_storage *address)
{
    return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

static int open_socket(size_t endpoint, uint16_t port, int type)
{
    struct sockaddr_storage address;
    socklen_t size = loopback(endpoint, port, &address);
    int buffer = BUFFER_SIZE;
    int on = 1;
    int fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (type == SOCK_STREAM) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    } else {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    }
    if (address.ss_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
        (type == SOCK_DGRAM || listen(fd, SOMAXCONN) == 0)) {
        return fd;
    }
    close(fd);
    return -1;
}

bool udp_open(struct dnsd *d, size_t endpoint)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    struct watched *udp = &d->udp[endpoint];

    udp->kind = WATCH_UDP;
    udp->fd = open_socket(endpoint, d->port, SOCK_DGRAM);
    if (udp->fd < 0 ||
        getsockname(udp->fd, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    d->port = port_of(&address);
    return dnsd_watch(d, udp);
}

bool tcp_open(struct dnsd *d, size_t endpoint)
{
    struct watched *listener = &d->listeners[endpoint];

    listener->kind = WATCH_LISTENER;
    listener->fd = open_socket(endpoint, d->port, SOCK_STREAM);
    return listener->fd >= 0 && dnsd_watch(d, listener);
}

bool udp_receive(struct dnsd *d, int fd)
{
    int n;
    int i;

    for (i = 0; i < DNSD_BATCH; i++) {
        in.parts[i].iov_base = in.bytes[i];
        in.parts[i].iov_len = DNSD_QUERY_SIZE;
        in.heads[i].msg_hdr.msg_iov = &in.parts[i];
        in.heads[i].msg_hdr.msg_iovlen = 1;
        in.heads[i].msg_hdr.msg_name = &in.from[i];
        in.heads[i].msg_hdr.msg_namelen = sizeof(in.from[i]);
    }
    n = recvmmsg(fd, in.heads, DNSD_BATCH, MSG_DONTWAIT, NULL);
    for (i = 0; i < n && !d->is_gone; i++) {
        struct origin from = { .fd = fd };

        from.address_size = in.heads[i].msg_hdr.msg_namelen;
        memcpy(&from.address, &in.from[i], from.address_size);
        dnsd_query(d, &from, in.bytes[i], in.heads[i].msg_len);
    }
    return n > 0;
}

void udp_flush(struct dnsd *d)
{
    unsigned sent = 0;

    (void)d;
    while (sent < out.n) {
        int n = sendmmsg(out.fd, out.heads + sent, out.n - sent, 0);

        if (n > 0) {
            sent += (unsigned)n;
        } else if (errno != EINTR) {
            sent++; /* as if the network had lost it */
        }
    }
    out.n = 0;
}

/* From a port that was not asked. */
static void send_elsewhere(const struct origin *to, const uint8_t *bytes,
                           size_t size)
{
    int fd =
        open_socket(to->address.ss_family == AF_INET ? 0 : 1, 0, SOCK_DGRAM);

    if (fd >= 0) {
        sendto(fd, bytes, size, 0, (const struct sockaddr *)&to->address,
               to->address_size);
        close(fd);
    }
}

void udp_send(struct dnsd *d, const struct origin *to, bool other_port,
              const uint8_t *bytes, size_t size)
{
    unsigned i;

    d->counters.answered++;
    if (other_port) {
        udp_flush(d); /* what goes first stays first */
        send_elsewhere(to, bytes, size);
        return;
    }
    if (out.n == DNSD_BATCH || (out.n > 0 && out.fd != to->fd)) {
        udp_flush(d);
    }
    i = out.n++;
    out.fd = to->fd;
    memcpy(out.bytes[i], bytes, size);
    memcpy(&out.to[i], &to->address, to->address_size);
    out.parts[i].iov_base = out.bytes[i];
    out.parts[i].iov_len = size;
    out.heads[i].msg_hdr.msg_iov = &out.parts[i];
    out.heads[i].msg_hdr.msg_iovlen = 1;
    out.heads[i].msg_hdr.msg_name = &out.to[i];
    out.heads[i].msg_hdr.msg_namelen = to->address_size;
}
