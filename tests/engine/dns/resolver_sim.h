/* SPDX-License-Identifier: MIT */
/* One resolver behind a simulated network, in virtual time.
 *
 * Purpose: what becomes of the window when the network does this or that.
 * Use: begin(), run() for a time, change 'sim.network', meter(), run(), look at
 *   'sim', end().
 * Ownership: one simulation, static.
 * Thread-safety: one thread.
 * Limits: there is always a name to be asked for.  What is not answered is
 *   tried again, up to four times, as the asker does it: outside the window, at
 *   up to half the best rate of replies. */
#ifndef TESTS_ENGINE_DNS_RESOLVER_SIM_H
#define TESTS_ENGINE_DNS_RESOLVER_SIM_H

#include <arpa/inet.h>
#include <string.h>

#include "base/heap.h"
#include "engine/dns/pace.h"
#include "engine/dns/resolver.h"
#include "support/check.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)

enum { MAX_TRIES = 4, N_TRIES = 1 << 17, RETRY_RATE = 100 };

/* What lies between us and the answers.  Zero: nothing of the kind. */
struct network {
    int64_t rtt;
    int64_t jitter;    /* up and down */
    double loss;       /* share of queries, at random */
    double dead;       /* share of names that nobody answers */
    unsigned capacity; /* at most so many queries at a time; the rest is lost */
    unsigned rate;     /* at most so many a second; the rest is lost */
    unsigned refuse_rate; /* or refused */
    unsigned demand;      /* at most so many tries within the window */
    bool is_down;
};

struct attempt {
    struct fpool_heap_node timer;
    struct fpool_heap_node arrival;
    int64_t sent;
    unsigned number; /* of its name's tries, from 0 */
    bool is_dead;
    bool is_in_window;
    bool is_overdue;
    bool is_refused;
    struct attempt *next_free;
};

struct simulation {
    struct network network;
    struct fpool_dns_resolver resolver;
    int64_t now;
    uint64_t random;
    struct fpool_heap timers;
    struct fpool_heap arrivals;
    struct attempt *free;
    unsigned n_served; /* queries that the network works on */
    struct fpool_dns_pace bound;
    unsigned waiting[MAX_TRIES][2]; /* names to be tried again; dead ones */
    struct fpool_dns_pace retry_pace;
    int64_t retry_look;
    uint64_t n_replies;
    uint64_t replies_then;
    uint64_t best_rate;
    /* Since meter(). */
    uint64_t n_sent;
    uint64_t n_answered;
    uint64_t n_refused;
    double least_window;
    double largest_window;
};

static struct simulation sim;
static struct attempt tries[N_TRIES];

static inline double chance(void)
{
    sim.random = sim.random * 6364136223846793005u + 1442695040888963407u;
    return (double)(sim.random >> 11) / 9007199254740992.0;
}

static inline void meter(void)
{
    sim.n_sent = sim.n_answered = sim.n_refused = 0;
    sim.least_window = sim.largest_window = sim.resolver.window;
}

static inline void begin(const struct network *network)
{
    union fpool_dns_address address = { .v4.sin_family = AF_INET };
    int i;

    memset(&sim, 0, sizeof(sim));
    address.v4.sin_addr.s_addr = htonl(0xc0000201);
    fpool_dns_resolver_init(&sim.resolver, &address, 0);
    sim.network = *network;
    sim.now = 1000 * SECOND;
    sim.random = 42;
    fpool_dns_pace_init(&sim.bound, network->rate + network->refuse_rate);
    for (i = 0; i < N_TRIES; i++) {
        tries[i].next_free = i == 0 ? NULL : &tries[i - 1];
    }
    sim.free = &tries[N_TRIES - 1];
    meter();
}

static inline void end(void)
{
    fpool_heap_fini(&sim.timers);
    fpool_heap_fini(&sim.arrivals);
}

/* ---- The network. */

/* Whether there will be a reply. */
static inline bool is_served(struct attempt *t)
{
    const struct network *n = &sim.network;
    bool is_lost = chance() < n->loss;

    if (n->is_down || is_lost) {
        return false;
    }
    if (sim.bound.interval > 0) {
        if (fpool_dns_pace_is_open(&sim.bound, sim.now)) {
            fpool_dns_pace_take(&sim.bound, sim.now);
        } else {
            t->is_refused = true;
            return n->refuse_rate > 0;
        }
    }
    return !t->is_dead && (n->capacity == 0 || sim.n_served < n->capacity);
}

static inline void send_one(unsigned number, bool is_dead)
{
    struct attempt *t = sim.free;
    struct fpool_dns_resolver *r = &sim.resolver;

    assert_non_null(t);
    sim.free = t->next_free;
    *t = (struct attempt){ .sent = sim.now,
                           .number = number,
                           .is_dead = is_dead };
    sim.n_sent++;
    if (is_served(t)) {
        sim.n_served++;
        t->arrival.when =
            sim.now + sim.network.rtt +
            (int64_t)((2 * chance() - 1) * (double)sim.network.jitter);
        assert_ok(fpool_heap_push(&sim.arrivals, &t->arrival));
    }
    if (number == 0) {
        t->is_in_window = true;
        fpool_dns_resolver_take(r, sim.now);
    }
    if (r->pace.interval > 0) {
        fpool_dns_pace_take(&r->pace, sim.now);
    }
    t->timer.when = sim.now + fpool_dns_resolver_patience(r);
    assert_ok(fpool_heap_push(&sim.timers, &t->timer));
}

/* ---- What the asker does. */

static inline void free_when_over(struct attempt *t)
{
    if (t->timer.place == 0 && t->arrival.place == 0) {
        t->next_free = sim.free;
        sim.free = t;
    }
}

static inline void give(struct attempt *t)
{
    if (t->is_in_window) {
        t->is_in_window = false;
        fpool_dns_resolver_give(&sim.resolver);
    }
}

static inline void timer_fires(struct attempt *t)
{
    struct fpool_dns_resolver *r = &sim.resolver;

    fpool_heap_remove(&sim.timers, &t->timer);
    if (!t->is_overdue) {
        int64_t timeout = fpool_dns_resolver_timeout(r, t->number);

        t->is_overdue = true;
        if (r->last_reply >= t->sent) {
            give(t);
        }
        timeout += (int64_t)((double)timeout / 10 * (2 * chance() - 1));
        t->timer.when = t->sent + timeout;
        assert_ok(fpool_heap_push(&sim.timers, &t->timer));
        return;
    }
    fpool_dns_resolver_lost(r, sim.now, t->number == 0);
    give(t);
    if (fpool_dns_resolver_is_bad(r, sim.now, 1)) {
        fpool_dns_resolver_slow_down(r);
    }
    if (t->number + 1 < MAX_TRIES) {
        sim.waiting[t->number + 1][t->is_dead]++;
    }
    free_when_over(t);
}

static inline void reply_arrives(struct attempt *t)
{
    fpool_heap_remove(&sim.arrivals, &t->arrival);
    fpool_heap_remove(&sim.timers, &t->timer);
    sim.n_served--;
    sim.n_replies++;
    give(t);
    if (t->is_refused) {
        sim.n_refused++;
        fpool_dns_resolver_refused(&sim.resolver);
    } else {
        sim.n_answered++;
    }
    fpool_dns_resolver_replied(&sim.resolver, sim.now, sim.now - t->sent,
                               t->is_refused);
    free_when_over(t);
}

static inline bool send_retry(void)
{
    unsigned number;
    unsigned is_dead;

    for (number = 1; number < MAX_TRIES; number++) {
        for (is_dead = 0; is_dead < 2; is_dead++) {
            if (sim.waiting[number][is_dead] > 0) {
                sim.waiting[number][is_dead]--;
                send_one(number, is_dead == 1);
                return true;
            }
        }
    }
    return false;
}

static inline void set_retry_pace(void)
{
    uint64_t rate = (sim.n_replies - sim.replies_then) * 10;
    int64_t next = sim.retry_pace.next;

    if (sim.now >= sim.retry_look) {
        sim.retry_look = sim.now + SECOND / 10;
        sim.replies_then = sim.n_replies;
        sim.best_rate = rate > sim.best_rate ? rate : sim.best_rate;
        rate = sim.best_rate / 2;
        fpool_dns_pace_init(&sim.retry_pace,
                            rate < RETRY_RATE ? RETRY_RATE : (unsigned)rate);
        sim.retry_pace.next = next;
    }
}

static inline void pump(void)
{
    bool has_sent = true;

    set_retry_pace();
    while (has_sent) {
        unsigned demand = sim.network.demand;
        int64_t when;

        has_sent = false;
        if (fpool_dns_pace_is_open(&sim.retry_pace, sim.now) && send_retry()) {
            fpool_dns_pace_take(&sim.retry_pace, sim.now);
            has_sent = true;
        }
        if (fpool_dns_resolver_can_send(&sim.resolver, sim.now, &when) &&
            (demand == 0 || sim.resolver.n_out < demand)) {
            send_one(0, chance() < sim.network.dead);
            has_sent = true;
        }
    }
}

/* To the next event, at most a millisecond away. */
static inline void advance(int64_t limit)
{
    struct fpool_heap_node *timer = fpool_heap_first(&sim.timers);
    struct fpool_heap_node *arrival = fpool_heap_first(&sim.arrivals);
    int64_t next = sim.now + MS < limit ? sim.now + MS : limit;

    if (arrival != NULL && arrival->when <= next &&
        (timer == NULL || arrival->when <= timer->when)) {
        sim.now = arrival->when;
        reply_arrives(
            (struct attempt *)(void *)((char *)arrival -
                                       offsetof(struct attempt, arrival)));
    } else if (timer != NULL && timer->when <= next) {
        sim.now = timer->when;
        timer_fires((struct attempt *)(void *)timer);
    } else {
        sim.now = next;
    }
}

static inline void run(int64_t time)
{
    int64_t limit = sim.now + time;

    while (sim.now < limit) {
        double window = sim.resolver.window;

        pump();
        advance(limit);
        sim.least_window =
            window < sim.least_window ? window : sim.least_window;
        sim.largest_window =
            window > sim.largest_window ? window : sim.largest_window;
    }
}

#endif
