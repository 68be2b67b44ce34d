/* SPDX-License-Identifier: MIT */
/* One connection of the test server: reads requests, sends answers.  Called by
 * httpd.c when the socket is ready or a timer ends; asks httpd_answer.c what to
 * answer. */
#include "httpd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_STEPS 16
#define SEND_SIZE ((size_t)128 * 1024)
#define PATTERN_SIZE ((size_t)32 * 1024)
#define DRAIN_MS 2000

enum step {
    STEP_AGAIN,   /* something was done; there may be more */
    STEP_BLOCKED, /* the socket or a timer must say so first */
    STEP_GONE     /* the connection has ended */
};

/* What to watch for while blocked; epoll adds errors and hang-ups.  A client
 * that has ended only its own half still gets a delayed answer. */
static const uint32_t watched[CONN_N_STATES] = {
    [CONN_READING] = EPOLLIN,   [CONN_DELAYED] = 0,
    [CONN_HUNG] = EPOLLRDHUP,   [CONN_WRITING] = EPOLLOUT,
    [CONN_DRAINING] = EPOLLIN,
};

static enum step take_request(struct server *server, struct conn *conn);
static enum step send_some(struct server *server, struct conn *conn);
static enum step drain(struct conn *conn);

void conn_open(struct server *server, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };
    struct conn *conn = malloc(sizeof(*conn));
    int on = 1;

    if (conn == NULL) {
        close(fd);
        return;
    }
    memset(conn, 0, offsetof(struct conn, head));
    conn->fd = fd;
    conn->events = EPOLLIN;
    conn->answer.file = -1;
    conn->next = server->connections;
    if (conn->next != NULL) {
        conn->next->previous = conn;
    }
    server->connections = conn;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    event.data.ptr = conn;
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        conn_close(server, conn);
    }
}

static void end_answer(struct conn *conn)
{
    if (conn->answer.file >= 0) {
        close(conn->answer.file);
    }
    conn->answer.file = -1;
}

void conn_close(struct server *server, struct conn *conn)
{
    timer_stop(server, conn);
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
    *(conn->previous == NULL ? &server->connections : &conn->previous->next) =
        conn->next;
    end_answer(conn);
    close(conn->fd);
    free(conn);
    server_resume(server);
}

static void watch(struct server *server, struct conn *conn, uint32_t events)
{
    struct epoll_event event = { .events = events };

    if (conn->events != events) {
        event.data.ptr = conn;
        conn->events = events;
        epoll_ctl(server->epoll, EPOLL_CTL_MOD, conn->fd, &event);
    }
}

/* A turn is bounded so that one large file does not hold the others back; a
 * connection that has more to do asks to be writable, which it is. */
void conn_drive(struct server *server, struct conn *conn)
{
    enum step step = STEP_AGAIN;
    int i;

    for (i = 0; i < TURN_STEPS && step == STEP_AGAIN; i++) {
        switch (conn->state) {
        case CONN_READING:
            step = take_request(server, conn);
            break;
        case CONN_WRITING:
            step = send_some(server, conn);
            break;
        case CONN_DRAINING:
            step = drain(conn);
            break;
        default:
            step = STEP_BLOCKED;
            break;
        }
    }
    if (step == STEP_GONE) {
        conn_close(server, conn);
    } else {
        watch(server, conn,
              step == STEP_AGAIN ? EPOLLOUT : watched[conn->state]);
    }
}

void conn_wake(struct server *server, struct conn *conn)
{
    if (conn->state == CONN_DRAINING) {
        conn_close(server, conn);
    } else {
        conn->state = CONN_WRITING;
        conn_drive(server, conn);
    }
}

/* The size of the request head at the beginning of the buffer, with the empty
 * line that ends it; 0 while it is incomplete. */
static size_t head_size(const struct conn *conn)
{
    const char *end = memmem(conn->head, conn->received, "\n\r\n", 3);
    const char *bare = memmem(conn->head, conn->received, "\n\n", 2);

    if (bare != NULL && (end == NULL || bare < end)) {
        return (size_t)(bare - conn->head) + 2;
    }
    return end == NULL ? 0 : (size_t)(end - conn->head) + 3;
}

static enum step begin_answer(struct server *server, struct conn *conn)
{
    int64_t delay = conn->answer.delay_ms + server->delay_ms;

    if (conn->answer.kind == ANSWER_CLOSE) {
        return STEP_GONE;
    }
    if (conn->answer.kind == ANSWER_HANG) {
        conn->state = CONN_HUNG;
        return STEP_BLOCKED;
    }
    conn->state = CONN_WRITING;
    if (delay > 0) {
        conn->state = CONN_DELAYED;
        timer_start(server, conn, delay);
    }
    return STEP_AGAIN;
}

static enum step receive(struct conn *conn)
{
    ssize_t n = recv(conn->fd, conn->head + conn->received,
                     sizeof(conn->head) - 1 - conn->received, 0);

    if (n > 0) {
        conn->received += (size_t)n;
        return STEP_AGAIN;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? STEP_BLOCKED
                                                        : STEP_GONE;
}

static enum step take_request(struct server *server, struct conn *conn)
{
    size_t size;

    /* Empty lines before a request are allowed, RFC 9112 section 2.2. */
    while (conn->received > 0 &&
           (conn->head[0] == '\r' || conn->head[0] == '\n')) {
        memmove(conn->head, conn->head + 1, --conn->received);
    }
    size = head_size(conn);
    if (size == 0 && conn->received < sizeof(conn->head) - 1) {
        return receive(conn);
    }
    if (size == 0) {
        answer_too_long(&conn->answer);
        conn->received = 0;
        return begin_answer(server, conn);
    }
    conn->head[size - 1] = '\0';
    answer_request(&conn->answer, server->root, conn->head);
    conn->received -= size;
    memmove(conn->head, conn->head + size, conn->received);
    return begin_answer(server, conn);
}

static ssize_t send_body(struct conn *conn)
{
    static char pattern[PATTERN_SIZE];
    struct answer *answer = &conn->answer;
    size_t size = answer->left < SEND_SIZE ? (size_t)answer->left : SEND_SIZE;
    off_t offset = (off_t)answer->position;
    ssize_t n;

    if (answer->file >= 0) {
        n = sendfile(conn->fd, answer->file, &offset, size);
        if (n == 0) {
            errno = EIO; /* the file has become shorter */
            n = -1;
        }
    } else {
        size = size < PATTERN_SIZE ? size : PATTERN_SIZE;
        pattern_fill(pattern, size, answer->position);
        n = send(conn->fd, pattern, size, MSG_NOSIGNAL);
    }
    if (n > 0) {
        answer->position += (uint64_t)n;
        answer->left -= (uint64_t)n;
    }
    return n;
}

static ssize_t send_head(struct conn *conn)
{
    struct answer *answer = &conn->answer;
    ssize_t n = send(conn->fd, answer->head + answer->head_sent,
                     answer->head_size - answer->head_sent,
                     MSG_NOSIGNAL | (answer->left > 0 ? MSG_MORE : 0));

    if (n > 0) {
        answer->head_sent += (size_t)n;
    }
    return n;
}

static enum step finish_answer(struct server *server, struct conn *conn)
{
    end_answer(conn);
    conn->state = CONN_READING;
    if (conn->answer.is_last) {
        shutdown(conn->fd, SHUT_WR);
        conn->state = CONN_DRAINING;
        timer_start(server, conn, DRAIN_MS);
    }
    return STEP_AGAIN;
}

static enum step send_some(struct server *server, struct conn *conn)
{
    const struct answer *answer = &conn->answer;
    ssize_t n = answer->head_sent < answer->head_size ? send_head(conn)
                                                      : send_body(conn);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? STEP_BLOCKED : STEP_GONE;
    }
    if (answer->head_sent == answer->head_size && answer->left == 0) {
        return finish_answer(server, conn);
    }
    return STEP_AGAIN;
}

static enum step drain(struct conn *conn)
{
    ssize_t n = recv(conn->fd, conn->head, sizeof(conn->head), 0);

    if (n > 0) {
        return STEP_AGAIN;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? STEP_BLOCKED
                                                        : STEP_GONE;
}
