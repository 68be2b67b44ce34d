/* SPDX-License-Identifier: MIT */
/* A resolver inside the test's process, on 127.0.0.1 and by UDP.
 *
 * Purpose: what is decided for each type of a name, and exact counts while it
 *   runs; dnsd (tests/support) does everything else.
 * Use:
 *     static const struct responder_rule rules[] = {
 *         { "slow.test", 28, RESPONDER_HOLD }, { 0 } };
 *     responder_start(&r, rules);
 *     ... r.address is "127.0.0.1:PORT" ...
 *     responder_release(&r);
 *     responder_stop(&r);
 *   A name without a rule has one address, with a TTL of 300 seconds.
 * Ownership: the structure is the caller's; rules stay where they are.
 * Thread-safety: the main thread; counts: any thread.
 * Limits: RESPONDER_MAX_HELD queries are held. */
#ifndef TESTS_ENGINE_DNS_RESPONDER_H
#define TESTS_ENGINE_DNS_RESPONDER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/check.h"

#define RESPONDER_MAX_HELD 256
#define RESPONDER_A        1
#define RESPONDER_AAAA     28

enum responder_manner {
    RESPONDER_ANSWER,
    RESPONDER_NODATA,
    RESPONDER_NXDOMAIN,
    RESPONDER_SERVFAIL,
    RESPONDER_SILENT,
    RESPONDER_HOLD /* until responder_release(), then ANSWER */
};

struct responder_rule {
    const char *name; /* in lower case; NULL ends the rules */
    unsigned type;    /* 0: any */
    enum responder_manner manner;
    uint32_t ttl;        /* of the addresses, or of the SOA */
    unsigned n;          /* addresses 192.0.2.1 ..., 2001:db8::1 ...; 0: 1 */
    const void *address; /* instead of these, one of 4 or 16 bytes */
};

struct responder_query {
    struct sockaddr_in from;
    const struct responder_rule *rule;
    size_t size; /* of the header and the question */
    uint8_t bytes[512];
};

struct responder {
    const struct responder_rule *rules;
    char address[32];
    int fd;
    int bell;
    pthread_t thread;
    atomic_bool is_stopping;
    atomic_bool is_released;
    atomic_int n_queries;
    atomic_int n_a;
    atomic_int n_aaaa;
    atomic_int n_held; /* so far */
    /* ---- The thread's. */
    int n_waiting;
    struct responder_query held[RESPONDER_MAX_HELD];
};

static const struct responder_rule responder_default = { .manner =
                                                             RESPONDER_ANSWER,
                                                         .ttl = 300 };

static inline uint8_t *responder_put(uint8_t *p, const void *bytes, size_t size)
{
    memcpy(p, bytes, size);
    return p + size;
}

static inline uint8_t *responder_put16(uint8_t *p, unsigned n)
{
    *p++ = (uint8_t)(n >> 8);
    *p++ = (uint8_t)n;
    return p;
}

/* A record of the question's name, up to its data of 'size' bytes. */
static inline uint8_t *responder_put_head(uint8_t *p, unsigned type,
                                          uint32_t ttl, unsigned size)
{
    p = responder_put16(p, 0xc00c);
    p = responder_put16(p, type);
    p = responder_put16(p, 1);
    p = responder_put16(p, ttl >> 16);
    p = responder_put16(p, ttl & 0xffff);
    return responder_put16(p, size);
}

static inline unsigned responder_type(const struct responder_query *q)
{
    return q->bytes[q->size - 4] * 256u + q->bytes[q->size - 3];
}

static inline uint8_t *responder_put_addresses(uint8_t *p,
                                               const struct responder_query *q)
{
    static const uint8_t v4[4] = { 192, 0, 2, 0 };
    static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };
    bool is_v6 = responder_type(q) == RESPONDER_AAAA;
    unsigned size = is_v6 ? 16 : 4;
    unsigned n = q->rule->n == 0 ? 1 : q->rule->n;
    unsigned i;

    for (i = 1; i <= n; i++) {
        p = responder_put_head(p, responder_type(q), q->rule->ttl, size);
        if (q->rule->address != NULL) {
            p = responder_put(p, q->rule->address, size);
        } else {
            p = responder_put(p, is_v6 ? v6 : v4, size);
            p[-1] = (uint8_t)i;
        }
    }
    return p;
}

/* Its own name as server and as mailbox, and five numbers. */
static inline uint8_t *responder_put_soa(uint8_t *p, uint32_t ttl)
{
    int i;

    p = responder_put_head(p, 6, ttl, 2 + 2 + 5 * 4);
    p = responder_put16(p, 0xc00c);
    p = responder_put16(p, 0xc00c);
    for (i = 0; i < 5; i++) {
        p = responder_put16(p, ttl >> 16);
        p = responder_put16(p, ttl & 0xffff);
    }
    return p;
}

static inline void responder_answer(struct responder *r,
                                    const struct responder_query *q)
{
    enum responder_manner manner = q->rule->manner;
    uint8_t bytes[4096];
    uint8_t *p = responder_put(bytes, q->bytes, q->size);
    unsigned n = q->rule->n == 0 ? 1 : q->rule->n;
    bool is_negative =
        manner == RESPONDER_NODATA || manner == RESPONDER_NXDOMAIN;
    bool is_good = manner == RESPONDER_ANSWER || manner == RESPONDER_HOLD;

    bytes[2] = 0x81;
    bytes[3] = (uint8_t)(0x80 | (manner == RESPONDER_NXDOMAIN   ? 3
                                 : manner == RESPONDER_SERVFAIL ? 2
                                                                : 0));
    responder_put16(bytes + 6, is_good ? n : 0);
    responder_put16(bytes + 8, is_negative ? 1 : 0);
    responder_put16(bytes + 10, 0);
    if (is_good) {
        p = responder_put_addresses(p, q);
    } else if (is_negative) {
        p = responder_put_soa(p, q->rule->ttl);
    }
    sendto(r->fd, bytes, (size_t)(p - bytes), 0,
           (const struct sockaddr *)&q->from, sizeof(q->from));
}

/* Cuts the query behind its question, and finds its rule; false: it has none.
 */
static inline bool responder_read(const struct responder *r,
                                  struct responder_query *q, size_t size)
{
    char name[256];
    size_t used = 0;
    size_t at = 12;

    while (at < size && q->bytes[at] != 0) {
        size_t end = at + 1 + q->bytes[at];

        for (at++; at < end && at < size && used < sizeof(name) - 1; at++) {
            uint8_t c = q->bytes[at];

            name[used++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        name[used++] = '.';
    }
    if (at + 5 > size || used == 0) {
        return false;
    }
    name[used - 1] = '\0';
    q->size = at + 5;
    for (q->rule = r->rules; q->rule->name != NULL; q->rule++) {
        if (strcmp(q->rule->name, name) == 0 &&
            (q->rule->type == 0 || q->rule->type == responder_type(q))) {
            return true;
        }
    }
    q->rule = &responder_default;
    return true;
}

static inline void responder_receive(struct responder *r)
{
    struct responder_query q;
    socklen_t from_size = sizeof(q.from);
    ssize_t n = recvfrom(r->fd, q.bytes, sizeof(q.bytes), MSG_DONTWAIT,
                         (struct sockaddr *)&q.from, &from_size);

    if (n < 0 || !responder_read(r, &q, (size_t)n)) {
        return;
    }
    atomic_fetch_add(&r->n_queries, 1);
    atomic_fetch_add(
        responder_type(&q) == RESPONDER_AAAA ? &r->n_aaaa : &r->n_a, 1);
    if (q.rule->manner == RESPONDER_HOLD && !atomic_load(&r->is_released)) {
        if (r->n_waiting < RESPONDER_MAX_HELD) {
            r->held[r->n_waiting++] = q;
        }
        atomic_fetch_add(&r->n_held, 1);
    } else if (q.rule->manner != RESPONDER_SILENT) {
        responder_answer(r, &q);
    }
}

static inline void *responder_main(void *argument)
{
    struct responder *r = argument;
    struct pollfd fds[2] = { { .fd = r->fd, .events = POLLIN },
                             { .fd = r->bell, .events = POLLIN } };

    while (!atomic_load(&r->is_stopping)) {
        uint64_t n;

        poll(fds, 2, -1);
        if (fds[1].revents != 0 && read(r->bell, &n, sizeof(n)) < 0) {
            break;
        }
        while (atomic_load(&r->is_released) && r->n_waiting > 0) {
            responder_answer(r, &r->held[--r->n_waiting]);
        }
        if (fds[0].revents != 0) {
            responder_receive(r);
        }
    }
    return NULL;
}

/* Starts it with 'rules', or NULL for none; asserts that it can. */
static inline void responder_start(struct responder *r,
                                   const struct responder_rule *rules)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t size = sizeof(a);
    int room = 1 << 20;

    memset(r, 0, sizeof(*r));
    r->rules = rules == NULL ? &responder_default : rules;
    r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    r->bell = eventfd(0, EFD_CLOEXEC);
    assert_true(r->fd >= 0 && r->bell >= 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    assert_int_equal(bind(r->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&a, &size), 0);
    snprintf(r->address, sizeof(r->address), "127.0.0.1:%u",
             (unsigned)ntohs(a.sin_port));
    assert_int_equal(pthread_create(&r->thread, NULL, responder_main, r), 0);
}

static inline void responder_ring(const struct responder *r)
{
    const uint64_t one = 1;

    assert_int_equal(write(r->bell, &one, sizeof(one)), sizeof(one));
}

/* Answers what is held, and holds nothing any more. */
static inline void responder_release(struct responder *r)
{
    atomic_store(&r->is_released, true);
    responder_ring(r);
}

static inline void responder_stop(struct responder *r)
{
    atomic_store(&r->is_stopping, true);
    responder_ring(r);
    pthread_join(r->thread, NULL);
    close(r->fd);
    close(r->bell);
}

#endif
