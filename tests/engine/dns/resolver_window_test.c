/* SPDX-License-Identifier: MIT */
/* The window of a resolver against simulated networks: it uses what there is
 * room for, and not much more, whatever else is lost. */
#include "engine/dns/resolver_sim.h"

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
        struct network n = { .rtt = 50 * MS,
                             .jitter = 10 * MS,
                             .capacity = 200,
                             .loss = losses[i] };

        check(&n, 4000 * 0.7, 1.35, 30, 500);
    }
}

/* Without anything that would hold it back, it grows. */
static void random_loss_does_not_stop_growth(void **state)
{
    static const struct network lossy = { .rtt = 50 * MS,
                                          .loss = 0.1,
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
        struct network n = {
            .rtt = 30 * MS, .jitter = 5 * MS, .capacity = 100, .dead = shares[i]
        };

        begin(&n); /* from the beginning, when nothing is known of them */
        check_run(5 * SECOND, 3333 * 0.5, 5);
        check_run(20 * SECOND, 3333 * 0.6, i == 0 ? 2.5 : 3.5);
        end();
    }
}

/* A part of the list that nobody answers, then the rest. */
static void it_recovers_behind_a_block_of_dead_names(void **state)
{
    static const struct network n = { .rtt = 30 * MS,
                                      .jitter = 5 * MS,
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
        struct network n = { .rtt = rtts[i],
                             .jitter = rtts[i] / 5,
                             .capacity = 100 };

        check(&n, 100.0 * (double)SECOND / (double)rtts[i] * 0.85, 1.35, 30,
              250);
    }
}

static void it_hovers_near_a_rate(void **state)
{
    static const struct network n = { .rtt = 50 * MS,
                                      .jitter = 5 * MS,
                                      .rate = 2000 };

    (void)state;
    check(&n, 2000 * 0.85, 1.35, 30, 250);
}

static void it_hovers_near_a_rate_that_refuses(void **state)
{
    static const struct network n = { .rtt = 50 * MS,
                                      .jitter = 5 * MS,
                                      .refuse_rate = 1000 };

    (void)state;
    check(&n, 1000 * 0.8, 1.35, 4, 500);
}

static void a_slow_one_with_little_room(void **state)
{
    static const struct network n = {
        .rtt = 300 * MS, .jitter = 20 * MS, .capacity = 30, .loss = 0.1
    };

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
    static const struct network n = { .rtt = 30 * MS,
                                      .jitter = 3 * MS,
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

/* However few replies a small window lets through, it grows in good time. */
static void a_slow_one_grows_again(void **state)
{
    static const struct network n = { .rtt = 900 * MS };

    (void)state;
    begin(&n);
    sim.resolver.is_slow_start = false;
    sim.resolver.window = FPOOL_DNS_WINDOW_MIN;
    run(25 * SECOND);
    assert_true(sim.resolver.window >= 24);
    end();
}

/* While nobody is there, little is sent; afterwards all is as before, at once.
 */
static void it_recovers_after_an_outage(void **state)
{
    static const int64_t outages[] = { SECOND / 2, 10 * SECOND, 60 * SECOND };
    static const struct network n = { .rtt = 30 * MS,
                                      .jitter = 5 * MS,
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
        cmocka_unit_test(a_slow_one_grows_again),
        cmocka_unit_test(it_recovers_after_an_outage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
