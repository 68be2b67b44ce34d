/* SPDX-License-Identifier: MIT */
/* dns_floor --raw: queries straight through sendmmsg() and recvmmsg().  Called
 * by dns_floor.c.  The identifier is the number of the slot, so nothing has to
 * be looked up; this is less than any resolver may do. */
#include "dns_floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* One question that may be on its way. */
struct slot {
    int64_t sent_us; /* 0: none */
    uint64_t name;
    unsigned socket;
};

struct ring {
    struct mmsghdr heads[FLOOR_BATCH];
    struct iovec parts[FLOOR_BATCH];
    uint8_t bytes[FLOOR_BATCH][FLOOR_REPLY_SIZE];
};

struct raw {
    const struct floor *f;
    struct floor_tally *tally;
    struct sockaddr_in to;
    int epoll;
    int fds[FLOOR_MAX_SOCKETS];
    uint64_t next; /* the next name */
    int64_t now_us;
    int64_t checked_us; /* when lost ones were last looked for */
    unsigned n_queued[FLOOR_MAX_SOCKETS];
    struct ring *out; /* one for each socket */
    struct ring *in;
    struct slot *slots;
};

static void init_ring(struct ring *ring, struct sockaddr_in *to)
{
    size_t i;

    memset(ring, 0, sizeof(*ring));
    for (i = 0; i < FLOOR_BATCH; i++) {
        ring->parts[i].iov_base = ring->bytes[i];
        ring->parts[i].iov_len = FLOOR_REPLY_SIZE;
        ring->heads[i].msg_hdr.msg_iov = &ring->parts[i];
        ring->heads[i].msg_hdr.msg_iovlen = 1;
        if (to != NULL) {
            ring->heads[i].msg_hdr.msg_name = to;
            ring->heads[i].msg_hdr.msg_namelen = sizeof(*to);
        }
    }
}

static bool flush(struct raw *raw, unsigned socket)
{
    struct ring *out = &raw->out[socket];
    unsigned sent = 0;

    while (sent < raw->n_queued[socket]) {
        int n = sendmmsg(raw->fds[socket], out->heads + sent,
                         raw->n_queued[socket] - sent, 0);

        if (n > 0) {
            sent += (unsigned)n;
        } else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
            return false;
        }
    }
    raw->n_queued[socket] = 0;
    return true;
}

static bool ask(struct raw *raw, struct slot *slot)
{
    struct ring *out = &raw->out[slot->socket];
    unsigned i = raw->n_queued[slot->socket]++;

    slot->sent_us = raw->now_us;
    out->parts[i].iov_len = floor_query(
        raw->f, slot->name, (uint16_t)(slot - raw->slots), out->bytes[i]);
    return i + 1 < FLOOR_BATCH || flush(raw, slot->socket);
}

static bool ask_next(struct raw *raw, struct slot *slot)
{
    slot->sent_us = 0;
    if (raw->next == raw->f->n_queries) {
        return true;
    }
    slot->name = raw->next++;
    return ask(raw, slot);
}

static bool take_answer(struct raw *raw, const uint8_t *bytes, size_t size)
{
    unsigned id = (unsigned)bytes[0] << 8 | bytes[1];

    if (size < 12 || id >= raw->f->window || raw->slots[id].sent_us == 0) {
        return true; /* late: it was sent again */
    }
    raw->tally->answered++;
    raw->tally->bytes += size;
    raw->tally->rcodes[bytes[3] & 15]++;
    return ask_next(raw, &raw->slots[id]);
}

static bool receive(struct raw *raw, unsigned socket)
{
    int n;

    do {
        int i;

        n = recvmmsg(raw->fds[socket], raw->in->heads, FLOOR_BATCH,
                     MSG_DONTWAIT, NULL);
        for (i = 0; i < n; i++) {
            if (!take_answer(raw, raw->in->bytes[i],
                             raw->in->heads[i].msg_len)) {
                return false;
            }
        }
    } while (n == FLOOR_BATCH);
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Sends again what has waited too long. */
static bool send_lost(struct raw *raw)
{
    unsigned i;

    if (raw->now_us - raw->checked_us < 100000) {
        return true;
    }
    raw->checked_us = raw->now_us;
    for (i = 0; i < raw->f->window; i++) {
        struct slot *slot = &raw->slots[i];

        if (slot->sent_us != 0 &&
            raw->now_us - slot->sent_us > FLOOR_PATIENCE_MS * 1000) {
            raw->tally->resent++;
            if (!ask(raw, slot)) {
                return false;
            }
        }
    }
    return true;
}

static bool flush_all(struct raw *raw)
{
    unsigned i;

    for (i = 0; i < raw->f->n_sockets; i++) {
        if (raw->n_queued[i] > 0 && !flush(raw, i)) {
            return false;
        }
    }
    return true;
}

static bool run(struct raw *raw)
{
    struct epoll_event events[FLOOR_MAX_SOCKETS];
    unsigned i;

    raw->now_us = floor_now_us();
    for (i = 0; i < raw->f->window; i++) {
        raw->slots[i].socket = i % raw->f->n_sockets;
        if (!ask_next(raw, &raw->slots[i])) {
            return false;
        }
    }
    while (raw->tally->answered < raw->f->n_queries) {
        int n;
        int k;

        if (!flush_all(raw)) {
            return false;
        }
        n = epoll_wait(raw->epoll, events, FLOOR_MAX_SOCKETS, 100);
        raw->now_us = floor_now_us();
        for (k = 0; k < n; k++) {
            if (!receive(raw, events[k].data.u32)) {
                return false;
            }
        }
        if (!send_lost(raw)) {
            return false;
        }
    }
    return true;
}

static bool open_all(struct raw *raw)
{
    unsigned i;

    raw->to = floor_address(raw->f);
    raw->epoll = epoll_create1(EPOLL_CLOEXEC);
    raw->slots = calloc(raw->f->window, sizeof(*raw->slots));
    raw->in = malloc(sizeof(*raw->in));
    raw->out = malloc(raw->f->n_sockets * sizeof(*raw->out));
    if (raw->slots == NULL || raw->in == NULL || raw->out == NULL) {
        return false;
    }
    init_ring(raw->in, NULL);
    for (i = 0; i < raw->f->n_sockets; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

        init_ring(&raw->out[i], raw->f->is_unconnected ? &raw->to : NULL);
        raw->fds[i] = floor_socket(raw->f, !raw->f->is_unconnected);
        if (raw->fds[i] < 0 ||
            epoll_ctl(raw->epoll, EPOLL_CTL_ADD, raw->fds[i], &event) != 0) {
            return false;
        }
    }
    return true;
}

bool floor_raw(const struct floor *f, struct floor_tally *tally)
{
    struct raw raw = { .f = f, .tally = tally, .epoll = -1 };
    bool is_good = open_all(&raw) && run(&raw);
    unsigned i;

    for (i = 0; i < f->n_sockets && raw.fds[i] > 0; i++) {
        close(raw.fds[i]);
    }
    close(raw.epoll);
    free(raw.out);
    free(raw.in);
    free(raw.slots);
    return is_good;
}
