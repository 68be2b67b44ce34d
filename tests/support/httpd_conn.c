/* SPDX-License-Identifier: MIT */
/* One connection of the test server: reads requests, sends answers.  Called by
 * httpd.c when the socket is ready or a timer ends; has httpd_request.c read
 * what came and asks httpd_answer.c what to answer. */
#include "httpd.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_STEPS      16
#define HTTPD_SEND_SIZE ((size_t)128 * 1024)
#define PATTERN_SIZE    ((size_t)32 * 1024)
#define DRAIN_MS        2000

enum step {
    STEP_AGAIN,   /* something was done; there may be more */
    STEP_BLOCKED, /* the socket or a timer must say so first */
    STEP_GONE     /* the connection has ended */
};

/* What to watch for while blocked; epoll adds errors and hang-ups.  A client
 * that has ended only its own half still gets a delayed answer. */
static const uint32_t watched[CONN_N_STATES] = {
    [CONN_READING] = EPOLLIN,  [CONN_BODY] = EPOLLIN,
    [CONN_DELAYED] = 0,        [CONN_HUNG] = EPOLLRDHUP,
    [CONN_WRITING] = EPOLLOUT, [CONN_DRAINING] = EPOLLIN,
};

static enum step take_request(struct server *server, struct conn *conn);
static enum step take_body(struct server *server, struct conn *conn);
static enum step send_some(struct server *server, struct conn *conn);
static enum step drain(struct conn *conn);

void conn_open(struct server *server, int fd, void *tls)
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
    answer_reset(&conn->answer);
    conn->next = server->connections;
    if (conn->next != NULL) {
        conn->next->previous = conn;
    }
    server->connections = conn;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    event.data.ptr = conn;
    conn->tls = tls == NULL ? NULL : tls_open(tls, fd);
    n_accepted++;
    if ((tls != NULL && conn->tls == NULL) ||
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        conn_close(server, conn);
    }
}

void conn_close(struct server *server, struct conn *conn)
{
    timer_stop(server, conn);
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
    *(conn->previous == NULL ? &server->connections : &conn->previous->next) =
        conn->next;
    answer_fini(&conn->answer);
    free(conn->request.body);
    if (conn->tls != NULL) {
        tls_close(conn->tls);
    }
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
        case CONN_BODY:
            step = take_body(server, conn);
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

    conn->state = CONN_WRITING;
    if (delay > 0) {
        conn->state = CONN_DELAYED;
        timer_start(server, conn, delay);
    }
    return STEP_AGAIN;
}

/* Reads into 'buffer', of which '*used' bytes are used. */
static enum step receive(struct conn *conn, char *buffer, size_t size,
                         size_t *used)
{
    ssize_t n = conn_recv(conn, buffer + *used, size - *used);

    if (n > 0) {
        *used += (size_t)n;
        return STEP_AGAIN;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? STEP_BLOCKED
                                                        : STEP_GONE;
}

static enum step answer(struct server *server, struct conn *conn)
{
    answer_request(&conn->answer, server->root, &conn->request);
    free(conn->request.body);
    conn->request.body = NULL;
    conn->received -= conn->head_size;
    memmove(conn->head, conn->head + conn->head_size, conn->received);
    return begin_answer(server, conn);
}

static enum step refuse(struct server *server, struct conn *conn, int status)
{
    answer_refuse(&conn->answer, status);
    conn->received = 0;
    return begin_answer(server, conn);
}

/* The request has a body, of which a part may have come with the head. */
static enum step begin_body(struct server *server, struct conn *conn)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct request *request = &conn->request;
    size_t here = conn->received - conn->head_size;

    request->body = malloc(request->body_size);
    if (request->body == NULL) {
        return refuse(server, conn, 413);
    }
    here = here < request->body_size ? here : request->body_size;
    memcpy(request->body, conn->head + conn->head_size, here);
    memmove(conn->head + conn->head_size, conn->head + conn->head_size + here,
            conn->received - conn->head_size - here);
    conn->received -= here;
    conn->body_arrived = here;
    if (request->expects_100 && here == 0) {
        conn_send(conn, go_on, sizeof(go_on) - 1, 0);
    }
    conn->state = CONN_BODY;
    return STEP_AGAIN;
}

static enum step take_body(struct server *server, struct conn *conn)
{
    struct request *request = &conn->request;

    if (conn->body_arrived == request->body_size) {
        return answer(server, conn);
    }
    return receive(conn, request->body, request->body_size,
                   &conn->body_arrived);
}

static enum step take_request(struct server *server, struct conn *conn)
{
    int refused;

    /* Empty lines before a request are allowed, RFC 9112 section 2.2. */
    while (conn->received > 0 &&
           (conn->head[0] == '\r' || conn->head[0] == '\n')) {
        memmove(conn->head, conn->head + 1, --conn->received);
    }
    conn->head_size = head_size(conn);
    /* TLS, which belongs elsewhere, has no lines to be waited for. */
    if (conn->received > 0 && conn->head[0] == 0x16) {
        return refuse(server, conn, 400);
    }
    if (conn->head_size == 0 && conn->received < sizeof(conn->head) - 1) {
        return receive(conn, conn->head, sizeof(conn->head) - 1,
                       &conn->received);
    }
    if (conn->head_size == 0) {
        return refuse(server, conn, 431);
    }
    conn->head[conn->head_size - 1] = '\0';
    refused = request_read(&conn->request, conn->head);
    if (refused != 0) {
        return refuse(server, conn, refused);
    }
    return conn->request.body_size > 0 ? begin_body(server, conn)
                                       : answer(server, conn);
}

/* The count goes down before the other side can know that it has all. */
static void end_tally(struct answer *answer)
{
    if (answer->tally != NULL) {
        answer->tally->running--;
        answer->tally = NULL;
    }
}

static enum step finish_answer(struct server *server, struct conn *conn)
{
    struct linger linger = { 1, 0 };
    enum answer_end end = conn->answer.end;

    answer_fini(&conn->answer);
    switch (end) {
    case END_RESET:
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        return STEP_GONE;
    case END_DROP:
        return STEP_GONE;
    case END_HANG:
        conn->state = CONN_HUNG;
        return STEP_BLOCKED;
    case END_CLOSE:
        if (conn->tls != NULL) {
            tls_end(conn->tls);
        }
        shutdown(conn->fd, SHUT_WR);
        conn->state = CONN_DRAINING;
        timer_start(server, conn, DRAIN_MS);
        return STEP_AGAIN;
    default:
        conn->state = CONN_READING;
        return STEP_AGAIN;
    }
}

static enum step send_some(struct server *server, struct conn *conn)
{
    struct answer *answer = &conn->answer;
    bool is_text = answer->text_sent < answer->text_size;
    ssize_t n;

    if (!is_text && answer->left == 0) {
        return finish_answer(server, conn);
    }
    if (answer->left <= HTTPD_SEND_SIZE && answer->drip_ms == 0) {
        end_tally(answer);
    }
    n = is_text ? answer_send_text(conn) : answer_send_body(conn);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? STEP_BLOCKED : STEP_GONE;
    }
    if (answer->drip_ms > 0 &&
        (answer->text_sent < answer->text_size || answer->left > 0)) {
        conn->state = CONN_DELAYED;
        timer_start(server, conn, answer->drip_ms);
    }
    return STEP_AGAIN;
}

static enum step drain(struct conn *conn)
{
    size_t used = 0;

    return receive(conn, conn->head, sizeof(conn->head), &used);
}
