/* SPDX-License-Identifier: MIT */
/* The window of a resolver against simulated networks, in virtual time.
 *
 * There is always a name to be asked for.  What is not answered is tried again, up
 * to four times, as the asker does it: outside the window, at up to half the best
 * rate of replies. */
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
    int64_t jitter;       /* up and down */
    double loss;          /* share of queries, at random */
    double dead;          /* share of names that nobody answers */
    unsigned capacity;    /* at most so many queries at a time; the rest is lost */
    unsigned rate;        /* at most so many a second; the rest is lost */
    unsigned refuse_rate; /* or refused */
    unsigned demand;      /* at most so many tries within the window */
    bool is_down;
};

struct try {
    struct fpool_heap_node timer;
    struct fpool_heap_node arrival;
    int64_t sent;
    unsigned number; /* of its name's tries, from 0 */
    bool is_dead;
    bool is_in_window;
    bool is_overdue;
    bool is_refused;
    struct try *next_free;
};

struct simulation {
    struct network network;
    struct fpool_dns_resolver resolver;
    int64_t now;
    uint64_t random;
    struct fpool_heap timers;
    struct fpool_heap arrivals;
    struct try *free;
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
static struct try tries[N_TRIES];

static double chance(void)
{
    sim.random = sim.random * 6364136223846793005u + 1442695040888963407u;
    return (double)(sim.random >> 11) / 9007199254740992.0;
}

static void meter(void)
{
    sim.n_sent = sim.n_answered = sim.n_refused = 0;
    sim.least_window = sim.largest_window = sim.resolver.window;
}

static void begin(const struct network *network)
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

static void end(void)
{
    fpool_heap_fini(&sim.timers);
    fpool_heap_fini(&sim.arrivals);
}

/* ---- The network. */

/* Whether there will be a reply. */
static bool is_served(struct try *t)
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

static void send_one(unsigned number, bool is_dead)
{
    struct try *t = sim.free;
    struct fpool_dns_resolver *r = &sim.resolver;

    assert_non_null(t);
    sim.free = t->next_free;
    *t = (struct try){ .sent = sim.now, .number = number, .is_dead = is_dead };
    sim.n_sent++;
    if (is_served(t)) {
        sim.n_served++;
        t->arrival.when = sim.now + sim.network.rtt +
                          (int64_t)((2 * chance() - 1) *
                                    (double)sim.network.jitter);
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

static void free_when_over(struct try *t)
{
    if (t->timer.place == 0 && t->arrival.place == 0) {
        t->next_free = sim.free;
        sim.free = t;
    }
}

static void give(struct try *t)
{
    if (t->is_in_window) {
        t->is_in_window = false;
        fpool_dns_resolver_give(&sim.resolver);
    }
}

static void timer_fires(struct try *t)
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

static void reply_arrives(struct try *t)
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

static bool send_retry(void)
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

static void set_retry_pace(void)
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

static void pump(void)
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
static void advance(int64_t limit)
{
    struct fpool_heap_node *timer = fpool_heap_first(&sim.timers);
    struct fpool_heap_node *arrival = fpool_heap_first(&sim.arrivals);
    int64_t next = sim.now + MS < limit ? sim.now + MS : limit;

    if (arrival != NULL && arrival->when <= next &&
        (timer == NULL || arrival->when <= timer->when)) {
        sim.now = arrival->when;
        reply_arrives((struct try *)(void *)((char *)arrival -
                                             offsetof(struct try, arrival)));
    } else if (timer != NULL && timer->when <= next) {
        sim.now = timer->when;
        timer_fires((struct try *)(void *)timer);
    } else {
        sim.now = next;
    }
}

static void run(int64_t time)
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

/* Runs it, and asserts that so many names a second were answered at least, with
 * so many queries for each at most. */
static void check_run(int64_t time, double answered, double queries)
{
    double seconds = (double)time / (double)SECOND;

    meter();
    run(time);
    assert_true((double)sim.n_answered >= answered * seconds);
    assert_true((double)sim.n_sent <= queries * (double)sim.n_answered);
}

/* The same once it has settled; and the window stayed within bounds. */
static void check(const struct network *network, double answered,
                  double queries, double least_window, double largest_window)
{
    begin(network);
    run(5 * SECOND);
    check_run(20 * SECOND, answered, queries);
    assert_true(sim.least_window >= least_window);
    assert_true(sim.largest_window <= largest_window);
    end();
}

/* ---- The beginning. */

static void slow_start_doubles_each_round_trip(void **state)
{
    static const struct network clean = { .rtt = 40 * MS };
    int i;

    (void)state;
    begin(&clean);
    run(MS); /* so that no look falls on a reply */
    for (i = 0; i < 9; i++) {
        assert_int_equal((unsigned)sim.resolver.window, 16u << i);
        run(40 * MS);
    }
    run(SECOND);
    assert_true(sim.resolver.window == FPOOL_DNS_WINDOW_MAX);
    end();
}

/* What is not used says nothing, and would be let loose one day. */
static void an_idle_window_does_not_grow(void **state)
{
    static const struct network slow = { .rtt = 40 * MS, .demand = 4 };

    (void)state;
    begin(&slow);
    run(20 * SECOND);
    assert_true(sim.n_answered > 1900);
    assert_true(sim.largest_window <= 16);
    end();
}

/* A first guess far above what there is room for is taken back at once. */
static void slow_start_ends_near_the_capacity(void **state)
{
    static const struct network small = { .rtt = 20 * MS, .capacity = 100 };

    (void)state;
    begin(&small);
    run(SECOND);
    assert_true(sim.largest_window <= 800);
    run(SECOND);
    assert_true(sim.resolver.window <= 200);
    end();
}

/* ---- What looks like too much to do, and is not. */

static void random_loss_does_not_matter(void **state)
{
    static const double losses[] = { 0.01, 0.05, 0.1 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(losses); i++) {
        struct network n = { .rtt = 50 * MS, .jitter = 10 * MS,
                             .capacity = 200, .loss = losses[i] };

        check(&n, 4000 * 0.8, 1.35, 40, 500);
    }
}

/* Without anything that would hold it back, it grows. */
static void random_loss_does_not_stop_growth(void **state)
{
    static const struct network lossy = { .rtt = 50 * MS, .loss = 0.1,
                                          .demand = 1000 };

    (void)state;
    begin(&lossy);
    run(5 * SECOND);
    check_run(5 * SECOND, 20000 * 0.8, 1.25);
    end();
}

static void names_that_nobody_answers_do_not_matter(void **state)
{
    static const double shares[] = { 0.2, 0.5 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(shares); i++) {
        struct network n = { .rtt = 30 * MS, .jitter = 5 * MS,
                             .capacity = 100, .dead = shares[i] };

        begin(&n); /* from the beginning, when nothing is known of them */
        check_run(5 * SECOND, 3333 * 0.6, 5);
        check_run(20 * SECOND, 3333 * 0.8, i == 0 ? 2 : 3);
        end();
    }
}

/* A part of the list that nobody answers, then the rest. */
static void it_recovers_behind_a_block_of_dead_names(void **state)
{
    static const struct network n = { .rtt = 30 * MS, .jitter = 5 * MS,
                                      .capacity = 100 };

    (void)state;
    begin(&n);
    run(5 * SECOND);
    sim.network.dead = 1;
    run(10 * SECOND);
    sim.network.dead = 0;
    run(5 * SECOND);
    check_run(10 * SECOND, 3333 * 0.8, 1.5);
    end();
}

/* ---- What is too much. */

static void it_hovers_near_the_capacity(void **state)
{
    static const int64_t rtts[] = { 5 * MS, 20 * MS, 100 * MS };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rtts); i++) {
        struct network n = { .rtt = rtts[i], .jitter = rtts[i] / 5,
                             .capacity = 100 };

        check(&n, 100.0 * (double)SECOND / (double)rtts[i] * 0.85, 1.35, 30,
              250);
    }
}

static void it_hovers_near_a_rate(void **state)
{
    static const struct network n = { .rtt = 50 * MS, .jitter = 5 * MS,
                                      .rate = 2000 };

    (void)state;
    check(&n, 2000 * 0.85, 1.35, 30, 250);
}

static void it_hovers_near_a_rate_that_refuses(void **state)
{
    static const struct network n = { .rtt = 50 * MS, .jitter = 5 * MS,
                                      .refuse_rate = 1000 };

    (void)state;
    check(&n, 1000 * 0.8, 1.35, 4, 500);
}

static void a_slow_one_with_little_room(void **state)
{
    static const struct network n = { .rtt = 300 * MS, .jitter = 20 * MS,
                                      .capacity = 30, .loss = 0.1 };

    (void)state;
    begin(&n);
    run(15 * SECOND);
    check_run(40 * SECOND, 100 * 0.5, 2);
    assert_true(sim.largest_window <= 120);
    end();
}

/* ---- What changes. */

static void it_follows_the_capacity(void **state)
{
    static const struct network n = { .rtt = 30 * MS, .jitter = 3 * MS,
                                      .capacity = 400 };

    (void)state;
    begin(&n);
    run(5 * SECOND);
    sim.network.capacity = 50;
    run(6 * SECOND);
    assert_true(sim.resolver.window <= 150);
    check_run(10 * SECOND, 1667 * 0.6, 8); /* retries are the asker's matter */
    sim.network.capacity = 400;
    run(6 * SECOND);
    check_run(10 * SECOND, 13333 * 0.8, 1.35);
    end();
}

/* While nobody is there, little is sent; afterwards all is as before, at once. */
static void it_recovers_after_an_outage(void **state)
{
    static const int64_t outages[] = { SECOND / 2, 10 * SECOND, 60 * SECOND };
    static const struct network n = { .rtt = 30 * MS, .jitter = 5 * MS,
                                      .capacity = 100 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(outages); i++) {
        begin(&n);
        run(5 * SECOND);
        sim.network.is_down = true;
        run(SECOND);
        meter();
        run(outages[i]);
        assert_true(sim.n_sent <=
                    5 * RETRY_RATE * (uint64_t)(outages[i] / SECOND + 1));
        sim.network.is_down = false;
        run(2 * SECOND);
        check_run(5 * SECOND, 3333 * 0.7, 2);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_start_doubles_each_round_trip),
        cmocka_unit_test(an_idle_window_does_not_grow),
        cmocka_unit_test(slow_start_ends_near_the_capacity),
        cmocka_unit_test(random_loss_does_not_matter),
        cmocka_unit_test(random_loss_does_not_stop_growth),
        cmocka_unit_test(names_that_nobody_answers_do_not_matter),
        cmocka_unit_test(it_recovers_behind_a_block_of_dead_names),
        cmocka_unit_test(it_hovers_near_the_capacity),
        cmocka_unit_test(it_hovers_near_a_rate),
        cmocka_unit_test(it_hovers_near_a_rate_that_refuses),
        cmocka_unit_test(a_slow_one_with_little_room),
        cmocka_unit_test(it_follows_the_capacity),
        cmocka_unit_test(it_recovers_after_an_outage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
