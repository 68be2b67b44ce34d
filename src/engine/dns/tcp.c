/* SPDX-License-Identifier: MIT */
/* Connections on the loop; called by the asker, which they call back.
 *
 * A connection that ends takes nothing else with it: the datagrams to the same
 * resolver go on.  It is closed by the asker, never from within its own events.
 */
#include "engine/dns/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/dns/name.h"
#include "engine/dns/wire.h"

#define FIRST_CAPACITY 1024

static struct fpool_dns_ask *ask_of(struct fpool_list *link)
{
    return FPOOL_OWNER_OF(link, struct fpool_dns_ask, link);
}

void fpool_dns_tcp_end(struct fpool_dns_tcp *tcp)
{
    struct fpool_list asks;
    struct fpool_list *link;

    if (tcp->is_ended) {
        return;
    }
    tcp->is_ended = true;
    fpool_loop_unwatch(tcp->loop, &tcp->watch);
    fpool_list_init(&asks);
    while ((link = fpool_list_pop(&tcp->asks)) != NULL) {
        fpool_list_push(&asks, link);
    }
    while ((link = fpool_list_pop(&tcp->waiting)) != NULL) {
        fpool_list_push(&asks, link);
    }
    tcp->n_asks = 0;
    tcp->events->ended(tcp->self, tcp->resolver, &asks, tcp->has_served);
}

static bool reserve(struct fpool_dns_tcp *tcp, size_t size)
{
    size_t capacity = tcp->out_capacity;
    uint8_t *out;

    if (tcp->out_sent > 0) {
        tcp->out_size -= tcp->out_sent;
        memmove(tcp->out, tcp->out + tcp->out_sent, tcp->out_size);
        tcp->out_sent = 0;
    }
    if (capacity - tcp->out_size >= size) {
        return true;
    }
    capacity = capacity == 0 ? FIRST_CAPACITY : capacity * 2;
    out = fpool_realloc(tcp->out, capacity);
    if (out == NULL) {
        return false;
    }
    tcp->out = out;
    tcp->out_capacity = capacity;
    return true;
}

/* Writes what the kernel takes; false when the connection is broken. */
static bool write_out(struct fpool_dns_tcp *tcp)
{
    while (tcp->out_sent < tcp->out_size) {
        ssize_t n = send(tcp->watch.fd, tcp->out + tcp->out_sent,
                         tcp->out_size - tcp->out_sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
        tcp->out_sent += n > 0 ? (size_t)n : 0;
    }
    (void)fpool_loop_rewatch(tcp->loop, &tcp->watch,
                             tcp->out_sent < tcp->out_size ? EPOLLIN | EPOLLOUT
                                                           : EPOLLIN);
    return true;
}

/* An ask under which a connection has ended before goes alone: it may be the
 * one that ends them, and must not take others with it again. */
static bool has_place(const struct fpool_dns_tcp *tcp)
{
    if (tcp->n_asks == 0) {
        return true;
    }
    return tcp->n_asks < FPOOL_DNS_TCP_PIPELINE &&
           ask_of(tcp->waiting.next)->n_ended == 0 &&
           ask_of(tcp->asks.next)->n_ended == 0;
}

/* Moves questions from those that wait to the wire. */
static void advance(struct fpool_dns_tcp *tcp)
{
    while (!fpool_list_is_empty(&tcp->waiting) && has_place(tcp)) {
        struct fpool_dns_ask *ask = ask_of(tcp->waiting.next);
        const struct fpool_dns_try *try = fpool_dns_ask_last(ask);
        size_t size;

        if (!reserve(tcp, 2 + FPOOL_DNS_MAX_QUERY)) {
            fpool_dns_tcp_end(tcp);
            return;
        }
        fpool_list_remove(&ask->link);
        fpool_list_push(&tcp->asks, &ask->link);
        tcp->n_asks++;
        size = fpool_dns_wire_query(tcp->out + tcp->out_size + 2, ask->query,
                                    ask->query_size, try->id, try->has_edns);
        fpool_dns_wire_put16(tcp->out + tcp->out_size, (uint16_t)size);
        tcp->out_size += 2 + size;
        tcp->events->sent(tcp->self, ask);
    }
    if (!tcp->is_connecting && tcp->out_sent < tcp->out_size &&
        !write_out(tcp)) {
        fpool_dns_tcp_end(tcp);
    }
}

/* Hands on all messages that are whole. */
static void take_messages(struct fpool_dns_tcp *tcp)
{
    size_t at = 0;

    while (!tcp->is_ended && tcp->in_size - at >= 2) {
        size_t size = fpool_dns_wire_get16(tcp->in + at);

        if (tcp->in_size - at - 2 < size) {
            break;
        }
        if (tcp->events->received(tcp->self, tcp->resolver, tcp->in + at + 2,
                                  size)) {
            tcp->has_served = true;
        }
        at += 2 + size;
    }
    tcp->in_size -= at;
    memmove(tcp->in, tcp->in + at, tcp->in_size);
}

/* False at the end, or when the connection is broken. */
static bool read_in(struct fpool_dns_tcp *tcp)
{
    ssize_t n = recv(tcp->watch.fd, tcp->in + tcp->in_size,
                     sizeof(tcp->in) - tcp->in_size, 0);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (n == 0) {
        return false;
    }
    tcp->in_size += (size_t)n;
    take_messages(tcp);
    return true;
}

static bool has_connected(struct fpool_dns_tcp *tcp)
{
    int error_number = 0;
    socklen_t size = sizeof(error_number);

    tcp->is_connecting = false;
    return getsockopt(tcp->watch.fd, SOL_SOCKET, SO_ERROR, &error_number,
                      &size) == 0 &&
           error_number == 0;
}

static void ready(struct fpool_watch *watch, uint32_t events)
{
    struct fpool_dns_tcp *tcp =
        FPOOL_OWNER_OF(watch, struct fpool_dns_tcp, watch);

    if (tcp->is_connecting && !has_connected(tcp)) {
        fpool_dns_tcp_end(tcp);
        return;
    }
    if ((events & EPOLLOUT) != 0 && !write_out(tcp)) {
        fpool_dns_tcp_end(tcp);
        return;
    }
    if ((events & ~(uint32_t)EPOLLOUT) != 0 && !read_in(tcp)) {
        fpool_dns_tcp_end(tcp);
        return;
    }
    if (!tcp->is_ended) {
        advance(tcp);
    }
}

void fpool_dns_tcp_ask(struct fpool_dns_tcp *tcp, struct fpool_dns_ask *ask)
{
    fpool_list_push(&tcp->waiting, &ask->link);
    tcp->idle_since = 0;
    advance(tcp);
}

void fpool_dns_tcp_drop(struct fpool_dns_tcp *tcp, struct fpool_dns_ask *ask)
{
    /* Those that wait have not been timed yet. */
    if (fpool_dns_ask_last(ask)->sent != 0) {
        tcp->n_asks--;
    }
    fpool_list_remove(&ask->link);
    if (fpool_list_is_empty(&tcp->asks) && fpool_list_is_empty(&tcp->waiting)) {
        tcp->idle_since = fpool_loop_now(tcp->loop);
    }
}

/* Non-blocking; true when it has begun. */
static bool begin(struct fpool_dns_tcp *tcp)
{
    const union fpool_dns_address *to = &tcp->resolver->address;
    int yes = 1;

    tcp->watch.fd =
        socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->watch.fd < 0) {
        return false;
    }
    (void)setsockopt(tcp->watch.fd, IPPROTO_TCP, TCP_NODELAY, &yes,
                     sizeof(yes));
    return connect(tcp->watch.fd, &to->sa, fpool_dns_address_size(to)) == 0 ||
           errno == EINPROGRESS;
}

enum fpool_status fpool_dns_tcp_open(struct fpool_dns_tcp **ret_tcp,
                                     struct fpool_loop *loop,
                                     struct fpool_dns_resolver *resolver,
                                     const struct fpool_dns_tcp_events *events,
                                     void *self)
{
    struct fpool_dns_tcp *tcp = fpool_calloc(1, sizeof(*tcp));

    if (tcp == NULL) {
        return FPOOL_ENOMEM;
    }
    tcp->loop = loop;
    tcp->resolver = resolver;
    tcp->events = events;
    tcp->self = self;
    tcp->is_connecting = true;
    tcp->watch.ready = ready;
    fpool_list_init(&tcp->asks);
    fpool_list_init(&tcp->waiting);
    if (!begin(tcp) ||
        fpool_loop_watch(loop, &tcp->watch, EPOLLIN | EPOLLOUT) != FPOOL_OK) {
        tcp->is_ended = true;
        fpool_dns_tcp_close(&tcp);
        return FPOOL_ECONNECT;
    }
    *ret_tcp = tcp;
    return FPOOL_OK;
}

void fpool_dns_tcp_close(struct fpool_dns_tcp **tcp)
{
    struct fpool_dns_tcp *t = *tcp;

    if (t == NULL) {
        return;
    }
    *tcp = NULL;
    if (!t->is_ended) {
        fpool_loop_unwatch(t->loop, &t->watch);
    }
    if (t->watch.fd >= 0) {
        close(t->watch.fd);
    }
    fpool_free(t->out);
    fpool_free(t);
}
