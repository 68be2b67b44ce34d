/* SPDX-License-Identifier: MIT */
/* Connections: messages with their length before them (RFC 1035,
 * section 4.2.2), any number in a row, answered as they come or as the options
 * say.  Called by dnsd.c. */
#include "dnsd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* With more than this to be sent, nothing is read. */
#define MAX_UNSENT ((size_t)1 << 20)

static bool open_conn(struct dnsd *d, int fd)
{
    struct tcp_conn *conn = malloc(sizeof(*conn));
    int on = 1;

    if (conn == NULL) {
        return false;
    }
    memset(conn, 0, offsetof(struct tcp_conn, in));
    conn->watched.kind = WATCH_CONN;
    conn->watched.fd = fd;
    conn->n_references = 1;
    conn->events = EPOLLIN;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!dnsd_watch(d, &conn->watched)) {
        free(conn);
        return false;
    }
    conn->next = d->connections;
    if (conn->next != NULL) {
        conn->next->previous = conn;
    }
    d->connections = conn;
    d->counters.connections++;
    return true;
}

void tcp_accept(struct dnsd *d, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            return;
        }
        if (!open_conn(d, fd)) {
            close(fd);
        }
    }
}

void tcp_unref(struct tcp_conn *conn)
{
    if (--conn->n_references > 0) {
        return;
    }
    free(conn->held);
    free(conn->out);
    free(conn);
}

void tcp_close(struct dnsd *d, struct tcp_conn *conn)
{
    if (conn->is_closed) {
        return;
    }
    conn->is_closed = true;
    close(conn->watched.fd);
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
    *(conn->previous == NULL ? &d->connections : &conn->previous->next) =
        conn->next;
    tcp_unref(conn);
}

static bool make_room(struct tcp_conn *conn, size_t size)
{
    size_t n = conn->out_end - conn->out_start;
    uint8_t *out;

    if (conn->out_end + size <= conn->max_out) {
        return true;
    }
    if (n > 0) {
        memmove(conn->out, conn->out + conn->out_start, n);
    }
    conn->out_start = 0;
    conn->out_end = n;
    if (n + size <= conn->max_out) {
        return true;
    }
    out = realloc(conn->out, (n + size) * 2);
    if (out == NULL) {
        return false;
    }
    conn->out = out;
    conn->max_out = (n + size) * 2;
    return true;
}

void tcp_send(struct dnsd *d, struct tcp_conn *conn, enum tcp_manner manner,
              const uint8_t *bytes, size_t size)
{
    const uint8_t length[2] = { (uint8_t)(size >> 8), (uint8_t)size };

    if (conn->is_closed) {
        return;
    }
    if (manner == MANNER_CLOSE || !make_room(conn, size + sizeof(length))) {
        tcp_close(d, conn);
        return;
    }
    d->counters.answered++;
    memcpy(conn->out + conn->out_end, length, sizeof(length));
    conn->out_end += sizeof(length);
    size = manner == MANNER_HALF ? size / 2 : size;
    memcpy(conn->out + conn->out_end, bytes, size);
    conn->out_end += size;
    conn->is_slow = conn->is_slow || manner == MANNER_SLOW;
    conn->ends = conn->ends || manner == MANNER_HALF;
}

/* False when the connection has broken. */
static bool send_out(struct dnsd *d, struct tcp_conn *conn)
{
    while (conn->out_start < conn->out_end && !conn->waits) {
        size_t size = conn->is_slow ? 1 : conn->out_end - conn->out_start;
        ssize_t n = send(conn->watched.fd, conn->out + conn->out_start, size,
                         MSG_NOSIGNAL);

        if (n < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        conn->out_start += (size_t)n;
        if (conn->is_slow) {
            conn->waits = true;
            dnsd_wake(d, conn);
        }
    }
    if (conn->out_start == conn->out_end) {
        conn->is_slow = false;
    }
    return true;
}

static void query(struct dnsd *d, struct tcp_conn *conn, const uint8_t *bytes,
                  size_t size)
{
    struct origin from = { .conn = conn, .fd = conn->watched.fd };

    dnsd_query(d, &from, bytes, size);
}

/* Answers what was held back, the last first. */
static void release(struct dnsd *d, struct tcp_conn *conn)
{
    uint8_t *end;

    if (conn->n_held == 0) {
        return;
    }
    end = conn->held + conn->held_size;
    while (conn->n_held > 0 && !conn->is_closed) {
        uint16_t size;

        memcpy(&size, end - sizeof(size), sizeof(size));
        end -= sizeof(size) + size;
        conn->n_held--;
        query(d, conn, end, size);
    }
    conn->held_size = 0;
}

/* Keeps the query for release(), its length behind it. */
static void hold(struct dnsd *d, struct tcp_conn *conn, const uint8_t *bytes,
                 uint16_t size)
{
    uint8_t *held = realloc(conn->held, conn->held_size + size + sizeof(size));

    if (held == NULL) {
        return;
    }
    conn->held = held;
    memcpy(held + conn->held_size, bytes, size);
    memcpy(held + conn->held_size + size, &size, sizeof(size));
    conn->held_size += size + sizeof(size);
    if (++conn->n_held >= d->options.reverse) {
        release(d, conn);
    }
}

static void take_queries(struct dnsd *d, struct tcp_conn *conn)
{
    size_t start = 0;

    while (!conn->is_closed && !conn->ends && conn->n_in - start >= 2) {
        const uint8_t *p = conn->in + start;
        uint16_t size = (uint16_t)(p[0] << 8 | p[1]);

        if (conn->n_in - start < 2u + size) {
            break;
        }
        start += 2u + size;
        conn->n_queries++;
        if (d->options.reverse > 1) {
            hold(d, conn, p + 2, size);
        } else {
            query(d, conn, p + 2, size);
        }
        if (d->options.tcp_queries > 0 &&
            conn->n_queries >= d->options.tcp_queries) {
            conn->ends = true;
        }
    }
    if (!conn->is_closed && start > 0) {
        conn->n_in -= start;
        memmove(conn->in, conn->in + start, conn->n_in);
    }
}

/* False when the connection has broken. */
static bool receive(struct dnsd *d, struct tcp_conn *conn)
{
    while (!conn->is_closed && !conn->ends && !conn->has_input_ended &&
           conn->out_end - conn->out_start < MAX_UNSENT) {
        ssize_t n = recv(conn->watched.fd, conn->in + conn->n_in,
                         sizeof(conn->in) - conn->n_in, 0);

        if (n < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        if (n == 0) {
            conn->has_input_ended = true;
            release(d, conn);
            return true;
        }
        conn->n_in += (size_t)n;
        take_queries(d, conn);
    }
    return true;
}

static void set_events(struct dnsd *d, struct tcp_conn *conn)
{
    size_t unsent = conn->out_end - conn->out_start;
    struct epoll_event event = { .events = 0 };

    if (!conn->has_input_ended && !conn->ends && unsent < MAX_UNSENT) {
        event.events |= EPOLLIN;
    }
    if (unsent > 0 && !conn->waits) {
        event.events |= EPOLLOUT;
    }
    if (event.events != conn->events) {
        conn->events = event.events;
        event.data.ptr = &conn->watched;
        epoll_ctl(d->epoll, EPOLL_CTL_MOD, conn->watched.fd, &event);
    }
}

void tcp_drive(struct dnsd *d, struct tcp_conn *conn)
{
    bool is_good;

    conn->n_references++; /* an answer may close it */
    is_good = receive(d, conn) && !conn->is_closed && send_out(d, conn);
    if (!is_good || ((conn->has_input_ended || conn->ends) &&
                     conn->out_start == conn->out_end && conn->n_late == 0)) {
        tcp_close(d, conn);
    } else {
        set_events(d, conn);
    }
    tcp_unref(conn);
}
