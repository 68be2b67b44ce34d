/* SPDX-License-Identifier: MIT */
/* dns_floor --cares and --cares-mmsg: the queries through one c-ares channel,
 * with its own socket or with those of dns_floor_batch.c.  Called by
 * dns_floor.c.
 *
 * c-ares does no more here than match replies to queries: no retries, no
 * opinion about response codes, its timers only as a backstop. */
#include "dns_floor.h"

#include <ares.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct cares {
    const struct floor *f;
    struct floor_tally *tally;
    ares_channel channel;
    struct floor_batch *batch; /* NULL: c-ares has its own socket */
    int epoll;
    ares_socket_t fd; /* the channel's socket */
    uint64_t next;    /* the next name */
    uint64_t n_done;
    uint16_t id;
};

static void watch(void *user, ares_socket_t fd, int readable, int writable)
{
    struct cares *c = user;
    struct epoll_event event = { .events = (readable ? EPOLLIN : 0u) |
                                           (writable ? EPOLLOUT : 0u) };

    c->fd = fd;
    if (c->batch == NULL) {
        epoll_ctl(c->epoll, event.events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_ADD,
                  fd, &event);
    }
}

static void take(void *user, int status, int timeouts, unsigned char *bytes,
                 int size)
{
    struct cares *c = user;

    (void)timeouts;
    c->n_done++;
    if (bytes == NULL || size < 12) {
        (void)status;
        c->tally->failed++;
        return;
    }
    c->tally->answered++;
    c->tally->bytes += (uint64_t)size;
    c->tally->rcodes[bytes[3] & 15]++;
}

static void ask(struct cares *c)
{
    uint8_t query[FLOOR_MAX_QUERY];
    size_t size;
    uint64_t k = c->next++;

    if (c->f->build) {
        ares_query(c->channel, c->f->names[k % c->f->n_names], 1, 1, take, c);
        return;
    }
    size = floor_query(c->f, k, c->id++, query);
    ares_send(c->channel, query, (int)size, take, c);
}

/* Callbacks do not ask, since a run of failures would then recurse. */
static bool fill(struct cares *c)
{
    while (c->next < c->f->n_queries && c->next - c->n_done < c->f->window) {
        ask(c);
    }
    return c->batch == NULL || floor_batch_flush(c->batch);
}

static bool run(struct cares *c)
{
    struct epoll_event events[FLOOR_MAX_SOCKETS];

    while (c->n_done < c->f->n_queries) {
        int n;
        int i;

        if (!fill(c)) {
            return false;
        }
        n = epoll_wait(c->epoll, events, FLOOR_MAX_SOCKETS, 100);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        for (i = 0; i < n && c->batch != NULL; i++) {
            floor_batch_readable(c->batch, events[i].data.u32);
        }
        ares_process_fd(c->channel, n > 0 ? c->fd : ARES_SOCKET_BAD,
                        ARES_SOCKET_BAD);
    }
    return true;
}

static bool open_channel(struct cares *c)
{
    struct ares_options options = { 0 };
    struct ares_addr_port_node server = { .family = AF_INET };
    char lookups[] = "b";
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
               ARES_OPT_LOOKUPS | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB;

    options.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_IGNTC |
                    ARES_FLAG_STAYOPEN | ARES_FLAG_NOSEARCH |
                    ARES_FLAG_NOALIASES | (c->f->no_opt ? 0 : ARES_FLAG_EDNS);
    options.timeout = FLOOR_PATIENCE_MS * 4;
    options.tries = 1;
    options.lookups = lookups;
    options.ednspsz = FLOOR_REPLY_SIZE;
    options.sock_state_cb = watch;
    options.sock_state_cb_data = c;
    if (c->f->receive_buffer > 0) {
        mask |= ARES_OPT_SOCK_RCVBUF;
        options.socket_receive_buffer_size = c->f->receive_buffer;
    }
    server.addr.addr4 = floor_address(c->f).sin_addr;
    server.udp_port = c->f->port;
    server.tcp_port = c->f->port;
    return ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS &&
           ares_init_options(&c->channel, &options, mask) == ARES_SUCCESS &&
           ares_set_servers_ports(c->channel, &server) == ARES_SUCCESS;
}

bool floor_cares(const struct floor *f, struct floor_tally *tally)
{
    struct cares c = { .f = f, .tally = tally, .epoll = -1 };
    bool is_good;

    c.epoll = epoll_create1(EPOLL_CLOEXEC);
    is_good = c.epoll >= 0 && open_channel(&c);
    if (is_good && f->mode == FLOOR_CARES_MMSG) {
        c.batch = floor_batch_create(f, c.epoll);
        is_good = c.batch != NULL && floor_batch_install(c.batch, c.channel);
    }
    is_good = is_good && run(&c);
    if (c.channel != NULL) {
        ares_destroy(c.channel);
    }
    ares_library_cleanup();
    floor_batch_destroy(&c.batch);
    close(c.epoll);
    return is_good;
}
