/* SPDX-License-Identifier: MIT */
/* A bad network on loopback: a UDP relay that loses and delays datagrams.
 *
 *     dns_relay [OPTION]... PORT
 *
 * It prints the port it listens at on 127.0.0.1 and sends what it gets there to
 * PORT of 127.0.0.1, and the answers back, until its standard input ends or
 * SIGTERM or SIGINT arrives; then it prints counters, one line of JSON, and so
 * it does on SIGUSR1.
 *
 *     -p, --port PORT       a fixed port instead of a free one
 *     --loss PERCENT        datagrams lost, in each direction (0)
 *     --delay MS            in each direction (25)
 *     --jitter MS           up to so much more or less (0)
 *     --seed N              chooses which are lost
 *
 * A client, an address and port, has its own socket to the server, so that the
 * server sees as many ports as there are clients.  Memory is bounded:
 * CLIENT_MAX sockets, the one not used for longest goes first, and LATER_MAX
 * datagrams on their way; what is beyond is lost and counted.  One thread, one
 * epoll; TCP is not relayed. */
#include "dns_relay.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH            64
#define MAX_SIZE         4096
#define N_EVENTS         256
#define MAX_LAST_BATCHES 1000

/* A datagram on its way. */
struct parcel {
    struct later_item item; /* the first field */
    struct client *client;
    bool is_reply;
    size_t size;
    uint8_t bytes[];
};

static struct {
    struct mmsghdr heads[BATCH];
    struct iovec parts[BATCH];
    struct sockaddr_in from[BATCH];
    uint8_t bytes[BATCH][MAX_SIZE];
} in;

/* What is due, for one socket. */
static struct {
    int fd;
    unsigned n;
    struct mmsghdr heads[BATCH];
    struct iovec parts[BATCH];
    struct parcel *parcels[BATCH];
} out;

/* ---- Datagrams. */

static int64_t due(struct relay *r)
{
    int64_t us = r->delay_ms * 1000;

    if (r->jitter_ms > 0) {
        uint64_t range = (uint64_t)r->jitter_ms * 2000 + 1;

        us += (int64_t)(next_random(&r->seed) % range) - r->jitter_ms * 1000;
    }
    return r->now_us + (us < 0 ? 0 : us);
}

static void post(struct relay *r, struct client *c, bool is_reply,
                 const uint8_t *bytes, size_t size)
{
    struct parcel *parcel;

    if (is_unlucky(&r->seed, r->loss)) {
        r->count.lost++;
        r->count.lost_replies += is_reply;
        return;
    }
    parcel = c == NULL ? NULL : malloc(sizeof(*parcel) + size);
    if (parcel == NULL || !later_add(&r->later, &parcel->item, due(r))) {
        r->count.overflow++;
        free(parcel);
        return;
    }
    parcel->client = c;
    parcel->is_reply = is_reply;
    parcel->size = size;
    memcpy(parcel->bytes, bytes, size);
    c->n_on_way++;
}

/* Takes what has come to 'fd' from clients, or from the server for 'c'; false
 * when there was nothing. */
static bool receive(struct relay *r, int fd, struct client *c)
{
    int n;
    int i;

    for (i = 0; i < BATCH; i++) {
        in.parts[i].iov_base = in.bytes[i];
        in.parts[i].iov_len = MAX_SIZE;
        in.heads[i].msg_hdr.msg_iov = &in.parts[i];
        in.heads[i].msg_hdr.msg_iovlen = 1;
        in.heads[i].msg_hdr.msg_name = &in.from[i];
        in.heads[i].msg_hdr.msg_namelen = sizeof(in.from[i]);
    }
    n = recvmmsg(fd, in.heads, BATCH, MSG_DONTWAIT, NULL);
    for (i = 0; i < n; i++) {
        struct client *with = c == NULL ? client_find(r, &in.from[i]) : c;

        *(c == NULL ? &r->count.queries : &r->count.replies) += 1;
        post(r, with, c != NULL, in.bytes[i], in.heads[i].msg_len);
    }
    return n > 0;
}

static void flush(void)
{
    unsigned sent = 0;
    unsigned i;

    while (sent < out.n) {
        int n = sendmmsg(out.fd, out.heads + sent, out.n - sent, 0);

        if (n > 0) {
            sent += (unsigned)n;
        } else if (errno != EINTR) {
            sent++; /* the other side is gone, or its buffer is full: lost */
        }
    }
    for (i = 0; i < out.n; i++) {
        out.parcels[i]->client->n_on_way--;
        free(out.parcels[i]);
    }
    out.n = 0;
}

static void deliver(struct relay *r, struct parcel *parcel)
{
    int fd = parcel->is_reply ? r->fd : parcel->client->fd;
    struct msghdr *head;

    if (out.n == BATCH || (out.n > 0 && out.fd != fd)) {
        flush();
    }
    out.fd = fd;
    out.parcels[out.n] = parcel;
    out.parts[out.n].iov_base = parcel->bytes;
    out.parts[out.n].iov_len = parcel->size;
    head = &out.heads[out.n++].msg_hdr;
    memset(head, 0, sizeof(*head));
    head->msg_iov = &out.parts[out.n - 1];
    head->msg_iovlen = 1;
    if (parcel->is_reply) {
        head->msg_name = &parcel->client->address;
        head->msg_namelen = sizeof(parcel->client->address);
    }
}

/* ---- The loop. */

static char mark_listener;
static char mark_signal;
static char mark_input;

static void print_counters(const struct relay *r)
{
    printf("{\"queries\":%" PRIu64 ",\"replies\":%" PRIu64 ",\"lost\":%" PRIu64
           ",\"lost_replies\":%" PRIu64 ",\"overflow\":%" PRIu64
           ",\"clients\":%" PRIu64 "}\n",
           r->count.queries, r->count.replies, r->count.lost,
           r->count.lost_replies, r->count.overflow, r->count.clients);
    fflush(stdout);
}

/* Returns whether the relay goes on. */
static bool handle_signal(const struct relay *r)
{
    int number = life_signal(r->signals);

    if (number == SIGUSR1) {
        print_counters(r);
    }
    return number == SIGUSR1 || number == 0;
}

/* Returns whether the relay goes on.  Clients whose sockets are among the
 * events come first, since a datagram at the listener may close one of them. */
static bool handle_events(struct relay *r, const struct epoll_event *events,
                          int n)
{
    bool is_listener = false;
    int i;

    for (i = 0; i < n; i++) {
        void *mark = events[i].data.ptr;

        if ((mark == &mark_signal && !handle_signal(r)) ||
            (mark == &mark_input && life_has_ended())) {
            return false;
        }
        if (mark == &mark_listener) {
            is_listener = true;
        } else if (mark != &mark_input && mark != &mark_signal) {
            struct client *c = mark;

            receive(r, c->fd, c);
        }
    }
    if (is_listener) {
        receive(r, r->fd, NULL);
    }
    return true;
}

static void serve(struct relay *r)
{
    struct epoll_event events[N_EVENTS];
    bool goes_on = true;

    while (goes_on) {
        int timeout = later_timeout(&r->later, r->now_us);
        int n = epoll_wait(r->epoll, events, N_EVENTS, timeout);
        struct later_item *item;

        r->now_us = clock_us();
        goes_on = handle_events(r, events, n);
        for (item = later_take(&r->later, r->now_us); item != NULL;
             item = later_take(&r->later, r->now_us)) {
            deliver(r, (struct parcel *)item);
        }
        flush();
    }
}

static void clean_up(struct relay *r)
{
    struct later_item *item;

    for (item = later_take_any(&r->later); item != NULL;
         item = later_take_any(&r->later)) {
        free(item);
    }
    later_fini(&r->later);
    while (r->first != NULL) {
        client_close(r, r->first);
    }
    close(r->fd);
    close(r->epoll);
}

static int run(struct relay *r, int port)
{
    static const int others[] = { SIGUSR1, 0 };
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    int i;

    life_raise_limit();
    r->signals = life_signals(others);
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->fd = relay_open(port);
    if (r->fd < 0 || !relay_watch(r, r->fd, &mark_listener) ||
        !relay_watch(r, r->signals, &mark_signal) ||
        getsockname(r->fd, (struct sockaddr *)&address, &size) != 0) {
        fprintf(stderr, "dns_relay: cannot listen: %s\n", strerror(errno));
        return 1;
    }
    relay_watch(r, STDIN_FILENO, &mark_input);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    r->now_us = clock_us();
    serve(r);
    /* What had arrived before the end is counted. */
    for (i = 0; i < MAX_LAST_BATCHES && receive(r, r->fd, NULL); i++) {
    }
    print_counters(r);
    clean_up(r);
    close(r->signals);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: dns_relay [-p PORT] [--loss PERCENT] [--delay MS]\n"
                    "                 [--jitter MS] [--seed N] PORT\n");
    return 2;
}

static const struct option long_options[] = {
    { "port", required_argument, NULL, 'p' },
    { "loss", required_argument, NULL, 'l' },
    { "delay", required_argument, NULL, 'd' },
    { "jitter", required_argument, NULL, 'j' },
    { "seed", required_argument, NULL, 's' },
    { NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
    static struct relay r = { .delay_ms = 25 };
    long port = 0;
    long target;
    int key;

    while ((key = getopt_long(argc, argv, "p:", long_options, NULL)) != -1) {
        long n = optarg == NULL ? -1 : read_number(optarg, 1000000);

        if (key == 'l') {
            r.loss = strtod(optarg, NULL);
        } else if (n < 0) {
            return usage();
        }
        port = key == 'p' ? n : port;
        r.delay_ms = key == 'd' ? n : r.delay_ms;
        r.jitter_ms = key == 'j' ? n : r.jitter_ms;
        r.seed = key == 's' ? (uint64_t)n : r.seed;
    }
    target = argc - optind == 1 ? read_number(argv[optind], 65535) : -1;
    if (target < 1 || port > 65535 || r.loss < 0 || r.loss > 100) {
        return usage();
    }
    r.server.sin_family = AF_INET;
    r.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r.server.sin_port = htons((uint16_t)target);
    return run(&r, (int)port);
}
