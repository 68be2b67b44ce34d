/* SPDX-License-Identifier: MIT */
/* A small HTTP/1.1 file server on 127.0.0.1, for tests and for the quick start.
 *
 *     httpd [-p PORT] [-d DELAY_MS] DIR
 *
 * It prints its address and then serves the files below DIR until its standard
 * input ends or SIGTERM or SIGINT arrives.  (A standard input that cannot be
 * polled, such as /dev/null, is ignored.)  Nothing outside DIR is ever served,
 * and links are not followed.  PORT defaults to a free one; with -d every
 * answer waits.  These paths are answered without a file:
 *
 *     /-/status/NNN      that status
 *     /-/bytes/N         N bytes, always the same
 *     /-/delay/MS/PATH   what /PATH answers, MS milliseconds later
 *     /-/redirect/N      N redirects in a row, then /-/bytes/10
 *     /-/hang            no answer, ever
 *     /-/close           no answer, and the connection ends
 *     /-/truncate        promises 1000 bytes, sends 400
 *
 * One thread, one epoll; called by people and scripts only. */
#include "httpd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define N_EVENTS 256

/* The marks of the descriptors that are not connections. */
static char mark_listener;
static char mark_input;
static char mark_signal;

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Most timers have the same length, so the search from the end is short. */
void timer_start(struct server *server, struct conn *conn, int64_t ms)
{
    struct conn *before = server->last;

    conn->due_ms = now_ms() + ms;
    while (before != NULL && before->due_ms > conn->due_ms) {
        before = before->earlier;
    }
    conn->earlier = before;
    conn->later = before == NULL ? server->first : before->later;
    *(before == NULL ? &server->first : &before->later) = conn;
    *(conn->later == NULL ? &server->last : &conn->later->earlier) = conn;
}

void timer_stop(struct server *server, struct conn *conn)
{
    if (conn->due_ms == 0) {
        return;
    }
    *(conn->earlier == NULL ? &server->first : &conn->earlier->later) =
        conn->later;
    *(conn->later == NULL ? &server->last : &conn->later->earlier) =
        conn->earlier;
    conn->due_ms = 0;
}

static int run_timers(struct server *server)
{
    int64_t now = now_ms();
    int64_t rest;

    while (server->first != NULL && server->first->due_ms <= now) {
        struct conn *conn = server->first;

        timer_stop(server, conn);
        conn_wake(server, conn);
    }
    if (server->first == NULL) {
        return -1;
    }
    rest = server->first->due_ms - now;
    return rest > 60000 ? 60000 : (int)rest;
}

static void watch_listener(struct server *server, uint32_t events)
{
    struct epoll_event event = { .events = events };

    event.data.ptr = &mark_listener;
    epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event);
}

void server_resume(struct server *server)
{
    if (server->is_full) {
        server->is_full = false;
        watch_listener(server, EPOLLIN);
    }
}

static void accept_some(struct server *server)
{
    int i;

    for (i = 0; i < 64; i++) {
        int fd = accept4(server->listener, NULL, NULL,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            conn_open(server, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            server->is_full = true;
            watch_listener(server, 0);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static bool input_has_ended(void)
{
    char ignored[256];
    ssize_t n = read(STDIN_FILENO, ignored, sizeof(ignored));

    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

/* Returns whether the server goes on. */
static bool handle_event(struct server *server, const struct epoll_event *event)
{
    struct conn *conn = event->data.ptr;

    if (event->data.ptr == &mark_signal) {
        return false;
    }
    if (event->data.ptr == &mark_input) {
        return !input_has_ended();
    }
    if (event->data.ptr == &mark_listener) {
        accept_some(server);
        return true;
    }
    if (conn->state == CONN_DELAYED || conn->state == CONN_HUNG) {
        conn_close(server, conn); /* only its end is watched for */
    } else {
        conn_drive(server, conn);
    }
    return true;
}

static void serve(struct server *server)
{
    struct epoll_event events[N_EVENTS];

    for (;;) {
        int timeout = run_timers(server);
        int n = epoll_wait(server->epoll, events, N_EVENTS, timeout);
        int i;

        for (i = 0; i < n; i++) {
            if (!handle_event(server, &events[i])) {
                return;
            }
        }
    }
}

static bool watch(struct server *server, int fd, void *mark)
{
    struct epoll_event event = { .events = EPOLLIN };

    event.data.ptr = mark;
    return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int open_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN); /* sendfile() has no flag for it */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Returns the port, 0 on failure. */
static int open_listener(struct server *server, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    server->listener =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(server->listener, SOMAXCONN) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) !=
            0) {
        return 0;
    }
    return ntohs(address.sin_port);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(struct server *server, int port)
{
    int signals = open_signals();

    raise_descriptor_limit();
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    port = open_listener(server, port);
    if (port == 0 || !watch(server, server->listener, &mark_listener) ||
        !watch(server, signals, &mark_signal)) {
        fprintf(stderr, "httpd: cannot listen: %s\n", strerror(errno));
        return 1;
    }
    watch(server, STDIN_FILENO, &mark_input);
    printf("http://127.0.0.1:%d/\n", port);
    fflush(stdout);
    serve(server);
    while (server->connections != NULL) {
        conn_close(server, server->connections);
    }
    close(signals);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: httpd [-p PORT] [-d DELAY_MS] DIR\n");
    return 2;
}

/* Reads a number up to 'max'; -1 for anything else. */
static int read_option(const char *text, long max)
{
    char *end;
    long n = strtol(text, &end, 10);

    return *text == '\0' || *end != '\0' || n < 0 || n > max ? -1 : (int)n;
}

int main(int argc, char **argv)
{
    struct server server = { .epoll = -1, .listener = -1 };
    int port = 0;
    int delay = 0;
    int option;
    int status;

    while ((option = getopt(argc, argv, "p:d:")) != -1) {
        if (option == 'p') {
            port = read_option(optarg, 65535);
        } else if (option == 'd') {
            delay = read_option(optarg, 3600000);
        } else {
            return usage();
        }
    }
    if (optind != argc - 1 || port < 0 || delay < 0) {
        return usage();
    }
    server.delay_ms = delay;
    server.root = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (server.root < 0) {
        fprintf(stderr, "httpd: %s: %s\n", argv[optind], strerror(errno));
        return 1;
    }
    status = run(&server, port);
    close(server.listener);
    close(server.epoll);
    close(server.root);
    return status;
}
