/* SPDX-License-Identifier: MIT */
/* A small HTTP/1.1 server on loopback, for tests and for the quick start.
 *
 *     httpd [-p PORT] [-d DELAY_MS] [-n N] [-a ADDRESS]... [-t PEM]... DIR
 *
 * It prints its addresses, one a line, and then serves the files below DIR
 * until its standard input ends or SIGTERM or SIGINT arrives.  (A standard
 * input that cannot be polled, such as /dev/null, is ignored.)  Nothing outside
 * DIR is ever served, and links are not followed.  PORT defaults to a free one;
 * with -d every answer waits.  -n makes it listen at N ports of 127.0.0.1, -a
 * also at the first port of another address, -t at a further port with TLS,
 * with the certificate and key of the file.  These paths are answered without a
 * file:
 *
 *     /-/status/NNN       that status; with ?retry-after=VALUE such a line
 *     /-/bytes/N          N bytes, always the same; understands Range
 *     /-/redirect/N       N redirects in a row, then /-/bytes/10
 *     /-/to?URL           a redirect to URL; /-/to/CODE?URL with that status
 *     /-/loop             a redirect to itself
 *     /-/echo             method, path, header lines, empty line, body: as sent
 *     /-/headers/N        N header lines besides; /-/bigheader/N: one of N
 * bytes
 *     /-/continue/N       N times 100 before the answer
 *     /-/gzip/N /-/bomb/N compressed: see httpd_gzip.c
 *     /-/keepalive-close  the connection ends behind it, without a word
 *     /-/stall/N          promises 1000 bytes, sends N, then nothing more
 *     /-/reset            the same with 400, then a reset; /-/refuse: at once
 *     /-/truncate         the same, then the end; /-/close: without an answer
 *     /-/cl/VALUE         that Content-Length, and 5 bytes
 *     /-/hang /-/endless /-/banner /-/chunks/...  and more: see httpd_broken.c
 *
 * These stand before another path, and before each other:
 *
 *     /-/delay/MS         the answer comes so much later
 *     /-/drip/MS          its body comes byte by byte; /-/slow/MS: its head,
 * too
 *     /-/flaky/N/KEY      the first N requests with KEY get 503
 *     /-/fail/CODE/N/KEY  or that status, with ?retry-after=VALUE such a line
 *                         or, with 0, what /-/truncate gets
 *     /-/throttle/MS/KEY  429 for so long after the first request with KEY
 *     /-/count/KEY        counts requests, and how many are answered at once
 *
 * And these are for the test itself, and are neither counted nor logged:
 *
 *     /-/count/KEY        requests so far, and most at once
 *     /-/stats            connections and requests so far
 *     /-/log              method, path and host of each request
 *     /-/forget           begins all these again
 *
 * One thread, one epoll; called by people and scripts only. */
#include "httpd.h"

#include <arpa/inet.h>
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
#include <unistd.h>

#define N_EVENTS 256

/* The marks of the descriptors that are not connections. */
static char mark_input;
static char mark_signal;

static void watch_listeners(struct server *server, uint32_t events)
{
    struct epoll_event event = { .events = events };
    size_t i;

    for (i = 0; i < server->n_listeners; i++) {
        event.data.ptr = &server->listeners[i];
        epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listeners[i].fd,
                  &event);
    }
}

void server_resume(struct server *server)
{
    if (server->is_full) {
        server->is_full = false;
        watch_listeners(server, EPOLLIN);
    }
}

static void accept_some(struct server *server, const struct listener *listener)
{
    int i;

    for (i = 0; i < 64; i++) {
        int fd =
            accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            conn_open(server, fd, listener->tls);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            server->is_full = true;
            watch_listeners(server, 0);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static const struct listener *as_listener(const struct server *server,
                                          const void *mark)
{
    size_t i;

    for (i = 0; i < server->n_listeners; i++) {
        if (mark == &server->listeners[i]) {
            return &server->listeners[i];
        }
    }
    return NULL;
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
    const struct listener *listener = as_listener(server, conn);

    if (event->data.ptr == &mark_signal) {
        return false;
    }
    if (event->data.ptr == &mark_input) {
        return !input_has_ended();
    }
    if (listener != NULL) {
        accept_some(server, listener);
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
        int timeout = timers_run(server);
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

/* Listens at the address, and prints it.  Returns the port, 0 on failure. */
static int listen_at(struct server *server, const char *text, int port,
                     void *tls)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    bool is_v6 = inet_pton(AF_INET6, text, &v6.sin6_addr) == 1;
    struct sockaddr *address =
        is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);
    struct listener *listener = &server->listeners[server->n_listeners];
    int on = 1;

    v4.sin_port = htons((uint16_t)port);
    v6.sin6_port = v4.sin_port;
    if (server->n_listeners == HTTPD_LISTENERS ||
        (!is_v6 && inet_pton(AF_INET, text, &v4.sin_addr) != 1)) {
        errno = EINVAL;
        return 0;
    }
    listener->tls = tls;
    listener->fd = socket(address->sa_family,
                          SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    server->n_listeners++;
    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener->fd, address, size) != 0 ||
        listen(listener->fd, SOMAXCONN) != 0 ||
        getsockname(listener->fd, address, &size) != 0 ||
        !watch(server, listener->fd, listener)) {
        return 0;
    }
    port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    printf(is_v6 ? "http%s://[%s]:%d/\n" : "http%s://%s:%d/\n",
           tls == NULL ? "" : "s", text, port);
    return port;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* What the command line says. */
struct options {
    int port;
    int n_ports;
    int delay_ms;
    const char *addresses[HTTPD_LISTENERS];
    int n_addresses;
    const char *certificates[HTTPD_LISTENERS];
    int n_certificates;
};

static bool listen_all(struct server *server, const struct options *options)
{
    int port = listen_at(server, "127.0.0.1", options->port, NULL);
    int i;

    for (i = 1; i < options->n_ports && port != 0; i++) {
        if (listen_at(server, "127.0.0.1", 0, NULL) == 0) {
            return false;
        }
    }
    for (i = 0; i < options->n_addresses && port != 0; i++) {
        if (listen_at(server, options->addresses[i], port, NULL) == 0) {
            return false;
        }
    }
    for (i = 0; i < options->n_certificates && port != 0; i++) {
        void *tls = tls_load(options->certificates[i]);

        if (tls == NULL || listen_at(server, "127.0.0.1", 0, tls) == 0) {
            errno = tls == NULL ? EINVAL : errno;
            return false;
        }
    }
    return port != 0;
}

static int run(struct server *server, const struct options *options)
{
    int signals = open_signals();

    raise_descriptor_limit();
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!listen_all(server, options) || !watch(server, signals, &mark_signal)) {
        fprintf(stderr, "httpd: cannot listen: %s\n", strerror(errno));
        return 1;
    }
    watch(server, STDIN_FILENO, &mark_input);
    fflush(stdout);
    serve(server);
    while (server->connections != NULL) {
        conn_close(server, server->connections);
    }
    close(signals);
    return 0;
}

static void end(struct server *server)
{
    size_t i;

    for (i = 0; i < server->n_listeners; i++) {
        close(server->listeners[i].fd);
        tls_unload(server->listeners[i].tls);
    }
    close(server->epoll);
    close(server->root);
}

static int usage(void)
{
    fprintf(stderr, "usage: httpd [-p PORT] [-d DELAY_MS] [-n PORTS] "
                    "[-a ADDRESS]... [-t PEM]... DIR\n");
    return 2;
}

/* Reads a number up to 'max'; -1 for anything else. */
static int read_option(const char *text, long max)
{
    char *rest;
    long n = strtol(text, &rest, 10);

    return *text == '\0' || *rest != '\0' || n < 0 || n > max ? -1 : (int)n;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "p:d:n:a:t:")) != -1) {
        if (option == 'p') {
            o->port = read_option(optarg, 65535);
        } else if (option == 'd') {
            o->delay_ms = read_option(optarg, 3600000);
        } else if (option == 'n') {
            o->n_ports = read_option(optarg, HTTPD_LISTENERS);
        } else if (option == 'a' && o->n_addresses < HTTPD_LISTENERS) {
            o->addresses[o->n_addresses++] = optarg;
        } else if (option == 't' && o->n_certificates < HTTPD_LISTENERS) {
            o->certificates[o->n_certificates++] = optarg;
        } else {
            return false;
        }
    }
    return optind == argc - 1 && o->port >= 0 && o->delay_ms >= 0 &&
           o->n_ports >= 0;
}

int main(int argc, char **argv)
{
    static struct server server = { .epoll = -1 };
    static struct options options;
    int status;

    if (!read_options(&options, argc, argv)) {
        return usage();
    }
    server.delay_ms = options.delay_ms;
    server.root = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (server.root < 0) {
        fprintf(stderr, "httpd: %s: %s\n", argv[optind], strerror(errno));
        return 1;
    }
    status = run(&server, &options);
    end(&server);
    return status;
}
