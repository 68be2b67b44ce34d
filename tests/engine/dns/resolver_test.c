/* SPDX-License-Identifier: MIT */
/* Who may be asked, who is silent, whose faults count, and when a try is given
 * up.  Rest: resolver_rest_test.c; the window: resolver_window_test.c. */
#include "engine/dns/resolver.h"

#include <arpa/inet.h>

#include "support/check.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define START  (77 * SECOND)

static struct fpool_dns_resolver make(uint32_t address, unsigned qps)
{
    union fpool_dns_address a = { .v4.sin_family = AF_INET };
    struct fpool_dns_resolver r;

    a.v4.sin_addr.s_addr = htonl(address);
    a.v4.sin_port = htons(53);
    fpool_dns_resolver_init(&r, &a, qps);
    return r;
}

static struct fpool_dns_resolver far_one(void)
{
    return make(0xc0000235, 0);
}

static struct fpool_dns_resolver near_one(void)
{
    return make(0x7f000001, 0);
}

static bool can_send(const struct fpool_dns_resolver *r, int64_t now)
{
    int64_t when;

    return fpool_dns_resolver_can_send(r, now, &when);
}

static int64_t opens_at(const struct fpool_dns_resolver *r, int64_t now)
{
    int64_t when;

    assert_false(fpool_dns_resolver_can_send(r, now, &when));
    return when;
}

/* One query and its reply. */
static void ask(struct fpool_dns_resolver *r, int64_t now, int64_t rtt,
                bool is_fault)
{
    fpool_dns_resolver_take(r, now);
    fpool_dns_resolver_give(r);
    fpool_dns_resolver_replied(r, now + rtt, rtt, is_fault);
}

/* One query, and the time-out. */
static void miss(struct fpool_dns_resolver *r, int64_t now, bool is_first)
{
    fpool_dns_resolver_take(r, now);
    fpool_dns_resolver_lost(r, now, is_first);
    fpool_dns_resolver_give(r);
}

/* ---- Who may be asked. */

static void a_new_one_gets_a_few_queries(void **state)
{
    struct fpool_dns_resolver r = far_one();
    int n = 0;

    (void)state;
    while (can_send(&r, START)) {
        fpool_dns_resolver_take(&r, START);
        n++;
    }
    assert_int_equal(n, 16);
    assert_true(opens_at(&r, START) ==
                INT64_MAX); /* Time alone changes nothing. */
    fpool_dns_resolver_give(&r);
    assert_true(can_send(&r, START));
    r = near_one();
    for (n = 0; can_send(&r, START); n++) {
        fpool_dns_resolver_take(&r, START);
    }
    assert_int_equal(n, 128);
}

/* Letter cases protect against others between us and the resolver. */
static void only_far_ones_get_letter_cases(void **state)
{
    (void)state;
    assert_true(far_one().has_case);
    assert_false(near_one().has_case);
    assert_true(far_one().has_edns && near_one().has_edns);
}

static void a_rate_says_when(void **state)
{
    struct fpool_dns_resolver r = make(0xc0000235, 50);

    (void)state;
    assert_true(can_send(&r, START));
    fpool_dns_resolver_take(&r, START);
    fpool_dns_pace_take(&r.pace, START);
    assert_true(opens_at(&r, START) == START + 20 * MS);
    assert_true(can_send(&r, START + 20 * MS));
}

/* ---- Silence. */

/* With replies each 20 ms before, the first try that stays without one is given
 * up after 300 ms; ten of them are enough. */
static void a_silent_one_is_bad_in_time(void **state)
{
    struct fpool_dns_resolver r = far_one();
    int64_t now = START;
    int i;

    (void)state;
    for (i = 0; i < 100; i++, now += 20 * MS) {
        ask(&r, now, 20 * MS, false);
    }
    for (i = 0; i < 9; i++) {
        miss(&r, now + 300 * MS, true);
        assert_false(fpool_dns_resolver_is_bad(&r, now + 300 * MS, 0));
    }
    miss(&r, now + 300 * MS, true);
    assert_true(fpool_dns_resolver_is_bad(&r, now + 300 * MS, 0));
}

/* One that never answered, too. */
static void one_that_was_never_there_is_bad_in_time(void **state)
{
    struct fpool_dns_resolver r = far_one();
    int64_t end = START + fpool_dns_resolver_timeout(&r, 0);
    int i;

    (void)state;
    for (i = 0; i < 16; i++) {
        fpool_dns_resolver_take(&r, START);
    }
    for (i = 0; i < 10; i++) {
        assert_false(fpool_dns_resolver_is_bad(&r, end, 0));
        fpool_dns_resolver_lost(&r, end, true);
        fpool_dns_resolver_give(&r);
    }
    assert_true(fpool_dns_resolver_is_bad(&r, end, 0));
    assert_true(end - START <= SECOND);
}

/* Many names at once that nobody answers are no silence, as long as others are
 * answered; nor are retries of such names; nor is a moment. */
static void misses_alone_are_no_silence(void **state)
{
    struct fpool_dns_resolver r = far_one();
    int64_t now = START;
    int i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        miss(&r, now, true);
        if (i % 9 == 8) {
            now += 30 * MS;
            ask(&r, now, 20 * MS, false);
            now += 20 * MS;
        }
        assert_false(fpool_dns_resolver_is_bad(&r, now, 0));
    }
    for (i = 0; i < 100; i++) {
        miss(&r, now + 10 * SECOND, false);
        assert_false(fpool_dns_resolver_is_bad(&r, now + 10 * SECOND, 0));
    }
    r = far_one();
    ask(&r, START, 20 * MS, false);
    for (i = 0; i < 100; i++) {
        miss(&r, START + 100 * MS, true);
        assert_false(fpool_dns_resolver_is_bad(&r, START + 100 * MS, 0));
    }
}

static void one_stray_bounce_is_not_enough(void **state)
{
    struct fpool_dns_resolver r = far_one();

    (void)state;
    ask(&r, START, 20 * MS, false);
    fpool_dns_resolver_unreachable(&r, START + SECOND);
    assert_false(fpool_dns_resolver_is_bad(&r, START + SECOND, 0));
    fpool_dns_resolver_unreachable(&r, START + SECOND);
    assert_true(fpool_dns_resolver_is_bad(&r, START + SECOND, 0));
    ask(&r, START + SECOND, 20 * MS, false);
    assert_false(fpool_dns_resolver_is_bad(&r, START + 2 * SECOND, 0));
}

static void the_last_one_is_asked_slowly_instead(void **state)
{
    struct fpool_dns_resolver r = far_one();
    int64_t now = START;
    int i;

    (void)state;
    for (i = 0; i < 5000; i++) {
        while (can_send(&r, now)) {
            fpool_dns_resolver_take(&r, now);
        }
        fpool_dns_resolver_give(&r);
        fpool_dns_resolver_replied(&r, now, 20 * MS, false);
        now += MS / 10;
    }
    assert_true(r.window > 100);
    fpool_dns_resolver_slow_down(&r);
    assert_true(r.window <= 16);
    assert_true(r.is_slow_start); /* and fast again when it answers */
    assert_int_equal(r.state, FPOOL_DNS_GOOD);
}

/* ---- Faults. */

static double draw(unsigned *seed)
{
    return (double)(rand_r(seed) % 100000) / 100000;
}

static double least_fault(const struct fpool_dns_resolver *r, int n)
{
    double least = 1;
    int i;

    for (i = 0; i < n; i++) {
        least = r[i].fault < least ? r[i].fault : least;
    }
    return least;
}

/* Whatever share of the names is broken, none of many equal ones is taken for a
 * bad one. */
static void nobody_is_bad_where_all_are_the_same(void **state)
{
    enum { N = 500 };
    static const double shares[] = { 0.1, 0.3, 0.5, 0.7, 0.9, 1 };
    static struct fpool_dns_resolver r[N];
    unsigned seed = 4;
    size_t share;
    int round;
    int i;

    (void)state;
    for (share = 0; share < N_ELEMENTS(shares); share++) {
        for (i = 0; i < N; i++) {
            r[i] = far_one();
        }
        for (round = 0; round < 200; round++) {
            int64_t now = START + round * 10 * MS;
            double least = least_fault(r, N);

            for (i = 0; i < N; i++) {
                ask(&r[i], now, MS, draw(&seed) < shares[share]);
                assert_false(fpool_dns_resolver_is_bad(&r[i], now, least));
            }
        }
    }
}

/* So many replies until it is found out, among others with their share. */
static int replies_until_bad(double share, double others)
{
    enum { N = 10 };
    struct fpool_dns_resolver r[N];
    unsigned seed = 6;
    int round;
    int i;

    for (i = 0; i < N; i++) {
        r[i] = far_one();
    }
    for (round = 1; round <= 1000; round++) {
        int64_t now = START + round * 10 * MS;

        for (i = 0; i < N; i++) {
            ask(&r[i], now, MS, draw(&seed) < (i == 0 ? share : others));
        }
        assert_false(fpool_dns_resolver_is_bad(&r[1], now, least_fault(r, N)));
        if (fpool_dns_resolver_is_bad(&r[0], now, least_fault(r, N))) {
            return round;
        }
    }
    return 0;
}

static void one_far_worse_than_others_is_bad(void **state)
{
    (void)state;
    assert_in_range(replies_until_bad(1, 0), 8, 50);
    assert_in_range(replies_until_bad(1, 0.3), 8, 100);
    assert_in_range(replies_until_bad(0.8, 0.1), 8, 150);
    assert_int_equal(replies_until_bad(0.2, 0), 0); /* not that much worse */
    assert_int_equal(replies_until_bad(0.7, 0.6), 0);
}

/* ---- Times. */

static void the_first_replies_set_the_time_out(void **state)
{
    struct fpool_dns_resolver r = far_one();

    (void)state;
    assert_true(fpool_dns_resolver_timeout(&r, 0) == 500 * MS);
    ask(&r, START, 100 * MS, false); /* RFC 6298, section 2.2 */
    assert_true(r.srtt == 100 * MS && r.rttvar == 50 * MS);
    assert_true(fpool_dns_resolver_timeout(&r, 0) == 300 * MS);
    ask(&r, START, 200 * MS, false); /* and 2.3 */
    assert_true(r.srtt == 112500000 && r.rttvar == 62500000);
    assert_true(fpool_dns_resolver_timeout(&r, 0) == 362500000);
    ask(&r, START, 0, false); /* faster than the clock */
    assert_true(r.srtt > 0 && r.srtt < 112500000);
}

static void time_outs_double_up_to_a_bound(void **state)
{
    struct fpool_dns_resolver r = far_one();
    unsigned n;

    (void)state;
    ask(&r, START, 200 * MS, false); /* 200 + 4 * 100 */
    assert_true(fpool_dns_resolver_timeout(&r, 0) == 600 * MS);
    assert_true(fpool_dns_resolver_timeout(&r, 1) == 1200 * MS);
    assert_true(fpool_dns_resolver_timeout(&r, 2) == 2400 * MS);
    for (n = 3; n < 100; n++) {
        assert_true(fpool_dns_resolver_timeout(&r, n) == 4000 * MS);
    }
}

/* Steady round trips of all lengths: bounds hold, and a reply as late as any so
 * far is still awaited. */
static void time_outs_and_patience_have_bounds(void **state)
{
    int64_t rtt;
    int is_near;
    int i;

    (void)state;
    for (rtt = 1000; rtt < 20 * SECOND; rtt = rtt * 5 / 4) {
        for (is_near = 0; is_near < 2; is_near++) {
            struct fpool_dns_resolver r = is_near ? near_one() : far_one();
            int64_t least = is_near ? 150 * MS : 300 * MS;

            for (i = 0; i < 100; i++) {
                int64_t timeout = fpool_dns_resolver_timeout(&r, 0);
                int64_t patience = fpool_dns_resolver_patience(&r);

                assert_true(timeout >= least && timeout <= 2000 * MS);
                assert_true(patience >= 20 * MS && patience <= timeout);
                ask(&r, START, i % 2 == 0 ? rtt : rtt / 2, false);
            }
            assert_true(fpool_dns_resolver_patience(&r) >=
                        (rtt < 2000 * MS ? rtt : 2000 * MS));
        }
    }
}

/* Without a reply yet there is no usual time. */
static void patience_with_a_new_one_is_the_time_out(void **state)
{
    struct fpool_dns_resolver far = far_one();
    struct fpool_dns_resolver near = near_one();

    (void)state;
    assert_true(fpool_dns_resolver_patience(&far) == 500 * MS);
    assert_true(fpool_dns_resolver_patience(&near) == 150 * MS);
    ask(&near, START, MS / 10, false);
    assert_true(fpool_dns_resolver_patience(&near) == 20 * MS);
    assert_true(fpool_dns_resolver_timeout(&near, 0) == 150 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one_gets_a_few_queries),
        cmocka_unit_test(only_far_ones_get_letter_cases),
        cmocka_unit_test(a_rate_says_when),
        cmocka_unit_test(a_silent_one_is_bad_in_time),
        cmocka_unit_test(one_that_was_never_there_is_bad_in_time),
        cmocka_unit_test(misses_alone_are_no_silence),
        cmocka_unit_test(one_stray_bounce_is_not_enough),
        cmocka_unit_test(the_last_one_is_asked_slowly_instead),
        cmocka_unit_test(nobody_is_bad_where_all_are_the_same),
        cmocka_unit_test(one_far_worse_than_others_is_bad),
        cmocka_unit_test(the_first_replies_set_the_time_out),
        cmocka_unit_test(time_outs_double_up_to_a_bound),
        cmocka_unit_test(time_outs_and_patience_have_bounds),
        cmocka_unit_test(patience_with_a_new_one_is_the_time_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
