/* SPDX-License-Identifier: MIT */
/* A DNS server on loopback for tests: what a query gets is written in its name.
 *
 *     dnsd [OPTION]...
 *     dnsd --ask PORT NAME [TYPE-NUMBER]
 *
 * It prints its port and serves UDP and TCP on 127.0.0.1 until its standard
 * input ends or SIGTERM or SIGINT arrives; then it prints counters, one line of
 * JSON.  (A standard input that cannot be polled, such as /dev/null, is
 * ignored.)  SIGUSR1 makes it silent, and again makes it answer: it prints
 * "silent" or "answering" once that holds.  SIGUSR2 closes its sockets, so that
 * the system refuses for it, and opens them again at the same port: "gone",
 * "back".
 *
 *     -p, --port PORT       a fixed port instead of a free one
 *     --ipv6                also on ::1, the same port
 *     --no-tcp              refuses connections
 *     --drop PERCENT        loses so many queries; --seed N chooses which
 *     --delay MS            every answer waits
 *     --rcode N             that code for everything, as resolvers that refuse
 *     --lower               the question comes back in lower case
 *     --no-edns             FORMERR for every query with OPT
 *     --die-after N         silent after so many queries, until SIGUSR1
 *     --limit N             of more queries a second the rest is lost ...
 *     --refuse-above N      ... or refused
 *     --reverse N           TCP: N queries are awaited, answered the last first
 *     --tcp-queries N       TCP: a connection ends after so many answers
 *     --log FILE            a line for each query: microseconds, protocol,
 *                           port, identifier, type, name
 *
 * Words of the first labels.  Behind a word comes the end of the label, a digit
 * or a hyphen, so nx, nx7, nx-a all mean NXDOMAIN and "nxa" means nothing.  A
 * number belongs to a word with a hyphen: delay-100, delay-100-a.
 *
 *     a-1-2-3-4             A 1.2.3.4; other types: no data
 *     nx nodata             NXDOMAIN, no data; both with SOA
 *     servfail refused notimp rcode-N
 *     ede-N                 SERVFAIL with extended error N (RFC 8914)
 *     formerr               FORMERR to a query with OPT, well without
 *     silent                nothing
 *     many-N big            N records; 60 KB of them
 *     cname-N cnamenx-N     N links to a record; to NXDOMAIN
 *     cnameloop             two CNAMEs in a circle
 *     lie                   a record of an unrelated name only
 *     garbage short loop    random bytes; five bytes; a pointer to itself
 *     noquestion            REFUSED without the question
 *
 * These go before another word, or alone before a good answer; several may
 * follow each other, as in delay-50.flaky-2.nx.test:
 *
 *     delay-MS late-MS      the answer waits
 *     flaky-K failfirst-K   the first K queries for this very name and type get
 *                           nothing; SERVFAIL
 *     dup-N                 N answers (2)
 *     ttl-N
 *     wrongid wrongport wrongname wrongcase wrongtype
 *     also                  behind what is wrong comes the good answer
 *     tc                    TC by UDP; by TCP 100 records, or what follows
 *     tconly                TC and two records, by UDP and TCP
 *     tcpclose              TC by UDP; by TCP the connection ends at once,
 *     tcphalf tcpslow       or in the middle of the answer; byte by byte
 *
 * Everything else has one record of whatever type is asked for; the addresses
 * depend on the name alone.  Names below these zones are never words; in the
 * first three, what begins with "exists" exists, with an address of its own:
 *
 *     wild.test             all have the address 10.9.9.9, 2001:db8::
 *     wildmany.test         all have one of 10.9.9.9 to 10.9.9.12
 *     real.test             all others do not exist
 *     dict.test             all exist
 *
 * One thread, one epoll. */
#include "dnsd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define N_EVENTS         64
#define MAX_LAST_BATCHES 1000
#define PORT_TRIES       16

bool dnsd_watch(struct dnsd *d, struct watched *watched)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = watched };

    return epoll_ctl(d->epoll, EPOLL_CTL_ADD, watched->fd, &event) == 0;
}

/* UDP first; the port that it gets may be taken for TCP. */
static bool open_at(struct dnsd *d)
{
    size_t i;

    for (i = 0; i < d->n_endpoints; i++) {
        if (!udp_open(d, i) || (!d->options.no_tcp && !tcp_open(d, i))) {
            return false;
        }
    }
    return true;
}

static void close_sockets(struct dnsd *d)
{
    size_t i;

    for (i = 0; i < DNSD_MAX_ENDPOINTS; i++) {
        if (d->udp[i].fd >= 0) {
            close(d->udp[i].fd);
        }
        if (d->listeners[i].fd >= 0) {
            close(d->listeners[i].fd);
        }
        d->udp[i].fd = -1;
        d->listeners[i].fd = -1;
    }
}

static bool open_sockets(struct dnsd *d)
{
    int i;

    for (i = 0; i < PORT_TRIES; i++) {
        d->port = (uint16_t)d->options.port;
        if (open_at(d)) {
            return true;
        }
        close_sockets(d);
    }
    return false;
}

/* Nothing is sent any more, and nothing is kept for later. */
static void go(struct dnsd *d)
{
    struct later_item *item;

    udp_flush(d);
    d->is_gone = true;
    while (d->connections != NULL) {
        tcp_close(d, d->connections);
    }
    for (item = later_take_any(&d->later); item != NULL;
         item = later_take_any(&d->later)) {
        dnsd_run_late(d, item);
    }
    close_sockets(d);
}

/* What arrived before the end or a signal is treated as before it, so that
 * tests and counters are exact; bounded, since somebody may go on asking. */
static void drain(struct dnsd *d)
{
    size_t i;
    int k;

    for (i = 0; i < d->n_endpoints && !d->is_gone; i++) {
        for (k = 0; k < MAX_LAST_BATCHES; k++) {
            if (!udp_receive(d, d->udp[i].fd)) {
                break;
            }
        }
    }
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

/* Returns whether the server goes on. */
static bool handle_signal(struct dnsd *d, int fd)
{
    int number = life_signal(fd);

    drain(d);
    if (number == SIGUSR1) {
        d->is_silent = !d->is_silent;
        say(d->is_silent ? "silent" : "answering");
        return true;
    }
    if (number == SIGUSR2 && !d->is_gone) {
        go(d);
        say("gone");
        return true;
    }
    if (number == SIGUSR2) {
        d->is_gone = false;
        if (open_at(d)) {
            say("back");
            return true;
        }
    }
    return number == 0;
}

/* Returns whether the server goes on, and in '*ret_rest' whether the rest of
 * the events still holds. */
static bool handle_event(struct dnsd *d, struct watched *watched,
                         bool *ret_rest)
{
    switch (watched->kind) {
    case WATCH_UDP:
        udp_receive(d, watched->fd);
        return true;
    case WATCH_LISTENER:
        tcp_accept(d, watched->fd);
        return true;
    case WATCH_CONN:
        tcp_drive(d, (struct tcp_conn *)watched);
        return true;
    case WATCH_SIGNAL:
        *ret_rest = false;
        return handle_signal(d, watched->fd);
    case WATCH_INPUT:
        return !life_has_ended();
    }
    return true;
}

static void serve(struct dnsd *d)
{
    struct epoll_event events[N_EVENTS];

    for (;;) {
        int timeout = later_timeout(&d->later, d->now_us);
        int n = epoll_wait(d->epoll, events, N_EVENTS, timeout);
        bool rest = true;
        struct later_item *item;
        int i;

        d->now_us = clock_us();
        for (i = 0; i < n && rest; i++) {
            if (!handle_event(d, events[i].data.ptr, &rest)) {
                return;
            }
        }
        for (item = later_take(&d->later, d->now_us); item != NULL;
             item = later_take(&d->later, d->now_us)) {
            dnsd_run_late(d, item);
        }
        udp_flush(d);
    }
}

static int run(struct dnsd *d)
{
    static const int others[] = { SIGUSR1, SIGUSR2, 0 };
    struct watched signals = { .kind = WATCH_SIGNAL };
    struct watched input = { .kind = WATCH_INPUT, .fd = STDIN_FILENO };

    life_raise_limit();
    signals.fd = life_signals(others);
    d->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!open_sockets(d) || !dnsd_watch(d, &signals)) {
        fprintf(stderr, "dnsd: cannot listen: %s\n", strerror(errno));
        close_sockets(d);
        return 1;
    }
    dnsd_watch(d, &input);
    d->now_us = clock_us();
    printf("%d\n", d->port);
    fflush(stdout);
    serve(d);
    drain(d);
    if (!d->is_gone) {
        go(d);
    }
    counters_print(&d->counters, stdout);
    close(signals.fd);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: dnsd [OPTION]...\n"
                    "       dnsd --ask PORT NAME [TYPE-NUMBER]\n"
                    "The options stand at the beginning of dnsd.c.\n");
    return 2;
}

static int ask(int n, char **arguments)
{
    long port = n < 2 ? -1 : read_number(arguments[0], 65535);
    long type = n < 3 ? TYPE_A : read_number(arguments[2], 65535);

    if (port < 0 || type < 0 || n > 3) {
        return usage();
    }
    return ask_until_answered(port, arguments[1], (unsigned)type);
}

int main(int argc, char **argv)
{
    static struct dnsd d = { .options = { .rcode = -1 }, .n_endpoints = 1 };
    int status;
    size_t i;

    if (!options_read(&d, argc, argv)) {
        return usage();
    }
    if (d.options.asks) {
        return ask(argc - optind, argv + optind);
    }
    if (optind != argc) {
        return usage();
    }
    for (i = 0; i < DNSD_MAX_ENDPOINTS; i++) {
        d.udp[i].fd = -1;
        d.listeners[i].fd = -1;
    }
    status = run(&d);
    if (d.options.log != NULL) {
        fclose(d.options.log);
    }
    later_fini(&d.later);
    asked_fini(&d.asked);
    close(d.epoll);
    return status;
}
