/* SPDX-License-Identifier: MIT */
/* Socket functions for c-ares that send and receive many datagrams in one
 * system call, through one or several sockets.  Called by dns_floor_cares.c.
 *
 * c-ares has one descriptor for each server and never touches it itself once
 * there are socket functions, so what it gets is an eventfd that only stands
 * for the real sockets. */
#include "dns_floor.h"

#include <ares.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct datagrams {
    struct mmsghdr heads[FLOOR_BATCH];
    struct iovec parts[FLOOR_BATCH];
    uint8_t bytes[FLOOR_BATCH][FLOOR_REPLY_SIZE];
};

struct floor_batch {
    const struct floor *f;
    int epoll;
    int fds[FLOOR_MAX_SOCKETS];
    unsigned n_fds;
    unsigned next_out; /* the socket of the next batch */
    unsigned n_out;    /* datagrams that wait */
    unsigned n_in;     /* datagrams received */
    unsigned first_in; /* of these, the first that c-ares has not had */
    uint64_t readable; /* one bit for each socket that may have more */
    struct sockaddr_in from;
    struct datagrams out;
    struct datagrams in;
};

static void init_datagrams(struct datagrams *d)
{
    size_t i;

    for (i = 0; i < FLOOR_BATCH; i++) {
        d->parts[i].iov_base = d->bytes[i];
        d->parts[i].iov_len = FLOOR_REPLY_SIZE;
        d->heads[i].msg_hdr.msg_iov = &d->parts[i];
        d->heads[i].msg_hdr.msg_iovlen = 1;
    }
}

struct floor_batch *floor_batch_create(const struct floor *f, int epoll)
{
    struct floor_batch *batch = calloc(1, sizeof(*batch));
    bool is_good = batch != NULL;

    if (!is_good) {
        return NULL;
    }
    batch->f = f;
    batch->epoll = epoll;
    batch->from = floor_address(f);
    init_datagrams(&batch->out);
    init_datagrams(&batch->in);
    while (is_good && batch->n_fds < f->n_sockets) {
        struct epoll_event event = { .events = EPOLLIN,
                                     .data.u32 = batch->n_fds };
        int fd = floor_socket(f, true);

        is_good = fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
        batch->fds[batch->n_fds++] = fd;
    }
    if (!is_good) {
        floor_batch_destroy(&batch);
    }
    return batch;
}

void floor_batch_destroy(struct floor_batch **batch)
{
    if (*batch == NULL) {
        return;
    }
    while ((*batch)->n_fds > 0) {
        close((*batch)->fds[--(*batch)->n_fds]);
    }
    free(*batch);
    *batch = NULL;
}

void floor_batch_readable(struct floor_batch *batch, unsigned index)
{
    batch->readable |= (uint64_t)1 << index;
}

bool floor_batch_flush(struct floor_batch *batch)
{
    int fd = batch->fds[batch->next_out];
    unsigned sent = 0;

    if (batch->n_out == 0) {
        return true;
    }
    while (sent < batch->n_out) {
        int n = sendmmsg(fd, batch->out.heads + sent, batch->n_out - sent, 0);

        if (n > 0) {
            sent += (unsigned)n;
        } else if (errno == EAGAIN) {
            struct pollfd wait = { .fd = fd, .events = POLLOUT };

            poll(&wait, 1, -1);
        } else if (errno != EINTR && errno != ENOBUFS) {
            return false;
        }
    }
    batch->n_out = 0;
    batch->next_out = (batch->next_out + 1) % batch->n_fds;
    return true;
}

static ares_ssize_t send_one(ares_socket_t fd, const struct iovec *parts, int n,
                             void *user)
{
    struct floor_batch *batch = user;
    uint8_t *to = batch->out.bytes[batch->n_out];
    size_t size = 0;
    int i;

    (void)fd;
    for (i = 0; i < n && size + parts[i].iov_len <= FLOOR_REPLY_SIZE; i++) {
        memcpy(to + size, parts[i].iov_base, parts[i].iov_len);
        size += parts[i].iov_len;
    }
    batch->out.parts[batch->n_out++].iov_len = size;
    if (batch->n_out == FLOOR_BATCH && !floor_batch_flush(batch)) {
        return -1;
    }
    return (ares_ssize_t)size;
}

/* Fills the ring from a socket that may have something; false without any. */
static bool refill(struct floor_batch *batch)
{
    while (batch->readable != 0) {
        unsigned i = (unsigned)__builtin_ctzll(batch->readable);
        int n = recvmmsg(batch->fds[i], batch->in.heads, FLOOR_BATCH,
                         MSG_DONTWAIT, NULL);

        if (n < FLOOR_BATCH) {
            batch->readable &= ~((uint64_t)1 << i);
        }
        if (n > 0) {
            batch->first_in = 0;
            batch->n_in = (unsigned)n;
            return true;
        }
    }
    return false;
}

static ares_ssize_t receive_one(ares_socket_t fd, void *buffer, size_t size,
                                int flags, struct sockaddr *from,
                                socklen_t *from_size, void *user)
{
    struct floor_batch *batch = user;
    size_t n;

    (void)fd;
    (void)flags;
    if (batch->first_in == batch->n_in && !refill(batch)) {
        errno = EAGAIN;
        return -1;
    }
    n = batch->in.heads[batch->first_in].msg_len;
    n = n < size ? n : size;
    memcpy(buffer, batch->in.bytes[batch->first_in++], n);
    if (from != NULL) { /* c-ares compares it with the server's */
        memcpy(from, &batch->from, sizeof(batch->from));
        *from_size = sizeof(batch->from);
    }
    return (ares_ssize_t)n;
}

static ares_socket_t open_one(int family, int type, int protocol, void *user)
{
    (void)family;
    (void)protocol;
    (void)user;
    return type == SOCK_DGRAM ? eventfd(0, EFD_CLOEXEC) : -1;
}

static int close_one(ares_socket_t fd, void *user)
{
    (void)user;
    return close(fd);
}

static int connect_one(ares_socket_t fd, const struct sockaddr *to,
                       socklen_t size, void *user)
{
    (void)fd;
    (void)to;
    (void)size;
    (void)user;
    return 0;
}

bool floor_batch_install(struct floor_batch *batch,
                         struct ares_channeldata *channel)
{
    static const struct ares_socket_functions functions = {
        .asocket = open_one,
        .aclose = close_one,
        .aconnect = connect_one,
        .arecvfrom = receive_one,
        .asendv = send_one,
    };

    ares_set_socket_functions(channel, &functions, batch);
    return true;
}
