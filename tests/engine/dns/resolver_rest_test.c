/* SPDX-License-Identifier: MIT */
/* Who rests, for how long, and what ends it. */
#include "engine/dns/resolver.h"

#include <arpa/inet.h>

#include "support/check.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)
#define START  (77 * SECOND)

static struct fpool_dns_resolver far_one(void)
{
    union fpool_dns_address a = { .v4.sin_family = AF_INET };
    struct fpool_dns_resolver r;

    a.v4.sin_addr.s_addr = htonl(0xc0000235);
    a.v4.sin_port = htons(53);
    fpool_dns_resolver_init(&r, &a, 0);
    return r;
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

/* Silent: it has just been found so, with some tries still out. */
static struct fpool_dns_resolver silent_one(int64_t now)
{
    struct fpool_dns_resolver r = far_one();
    int i;

    for (i = 0; i < 6; i++) {
        fpool_dns_resolver_take(&r, now - SECOND);
    }
    for (i = 0; i < 10; i++) {
        miss(&r, now, true);
    }
    assert_true(fpool_dns_resolver_is_bad(&r, now, 0));
    r.window = 300;
    r.is_slow_start = false;
    fpool_dns_resolver_rest(&r, now);
    return r;
}

/* Faulty: it refuses everything. */
static struct fpool_dns_resolver faulty_one(int64_t now)
{
    struct fpool_dns_resolver r = far_one();
    int i;

    for (i = 0; i < 200 && !fpool_dns_resolver_is_bad(&r, now, 0); i++) {
        ask(&r, now, 20 * MS, true);
    }
    assert_true(fpool_dns_resolver_is_bad(&r, now, 0));
    r.window = 300;
    r.is_slow_start = false;
    fpool_dns_resolver_rest(&r, now);
    return r;
}

/* Rests for exactly so long, then takes one query and no more. */
static int64_t rest_over(struct fpool_dns_resolver *r, int64_t now,
                         int64_t rest)
{
    assert_int_equal(r->state, FPOOL_DNS_RESTING);
    assert_false(fpool_dns_resolver_is_bad(r, now + rest, 0)); /* no news */
    assert_true(opens_at(r, now) == now + rest);
    assert_true(opens_at(r, now + rest - 1) == now + rest);
    assert_true(can_send(r, now + rest));
    fpool_dns_resolver_take(r, now + rest);
    assert_int_equal(r->state, FPOOL_DNS_PROBING);
    assert_false(can_send(r, now + rest));
    return now + rest;
}

/* How a probe can fail. */
enum failure { LOST, BOUNCED, REFUSED, N_FAILURES };

static void fail_probe(struct fpool_dns_resolver *r, int64_t now,
                       enum failure failure)
{
    if (failure == LOST) {
        fpool_dns_resolver_lost(r, now, false);
        fpool_dns_resolver_give(r);
    } else if (failure == BOUNCED) {
        fpool_dns_resolver_unreachable(r, now);
        fpool_dns_resolver_give(r);
    } else {
        fpool_dns_resolver_give(r);
        fpool_dns_resolver_replied(r, now, 20 * MS, true);
    }
}

static void each_rest_is_twice_as_long_up_to_a_minute(void **state)
{
    static const int seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
    int failure;
    size_t i;

    (void)state;
    for (failure = 0; failure < N_FAILURES; failure++) {
        struct fpool_dns_resolver r = faulty_one(START);
        int64_t now = START;

        for (i = 0; i < N_ELEMENTS(seconds); i++) {
            now = rest_over(&r, now, seconds[i] * SECOND) + 400 * MS;
            fail_probe(&r, now, (enum failure)failure);
        }
    }
}

/* Restored: in use at once, slowly at first; the next rest is a short one. */
static void check_restored(const struct fpool_dns_resolver *r, int64_t now)
{
    struct fpool_dns_resolver copy = *r;

    assert_int_equal(r->state, FPOOL_DNS_GOOD);
    assert_true(can_send(r, now));
    assert_true((unsigned)r->window == 16);
    assert_true(r->is_slow_start);
    fpool_dns_resolver_rest(&copy, now);
    assert_true(opens_at(&copy, now) == now + SECOND);
}

static void a_good_probe_restores(void **state)
{
    struct fpool_dns_resolver r = faulty_one(START);
    int64_t now = rest_over(&r, START, SECOND);

    (void)state;
    fail_probe(&r, now, LOST);
    now = rest_over(&r, now, 2 * SECOND);
    fpool_dns_resolver_give(&r);
    fpool_dns_resolver_replied(&r, now + 20 * MS, 20 * MS, false);
    check_restored(&r, now + 20 * MS);

    r = silent_one(START);
    now = rest_over(&r, START, SECOND);
    fpool_dns_resolver_give(&r);
    fpool_dns_resolver_replied(&r, now + 20 * MS, 20 * MS, false);
    check_restored(&r, now + 20 * MS);
}

/* That of one that was silent may be a fault of the name: it is there again. */
static void any_reply_ends_silence(void **state)
{
    struct fpool_dns_resolver r = silent_one(START);
    int64_t now = rest_over(&r, START, SECOND);

    (void)state;
    fpool_dns_resolver_give(&r);
    fpool_dns_resolver_replied(&r, now + 20 * MS, 20 * MS, true);
    check_restored(&r, now + 20 * MS);

    r = silent_one(START); /* and one that comes very late does, too */
    fpool_dns_resolver_replied(&r, START + 100 * MS, SECOND + 100 * MS, false);
    check_restored(&r, START + 100 * MS);
}

/* What was under way when it went to rest changes nothing. */
static void late_replies_do_not_end_a_rest_for_faults(void **state)
{
    struct fpool_dns_resolver r = faulty_one(START);
    double fault = r.fault;
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        fpool_dns_resolver_replied(&r, START + 10 * MS, 30 * MS, i % 10 != 0);
    }
    assert_true(r.fault == fault);
    rest_over(&r, START, SECOND);
}

/* A probe may be forgotten without a word: its name was answered by another, or
 * is not wanted any more.  Nothing else must wait for ever. */
static void a_forgotten_probe_is_sent_again(void **state)
{
    struct fpool_dns_resolver r = silent_one(START);
    int64_t now = rest_over(&r, START, SECOND);
    int64_t when = opens_at(&r, now);

    (void)state;
    fpool_dns_resolver_give(&r);
    assert_true(when > now + 4400 * MS); /* the longest time-out */
    assert_true(when <= now + 10 * SECOND);
    assert_true(can_send(&r, when));
    fpool_dns_resolver_take(&r, when);
    assert_false(can_send(&r, when));
    fail_probe(&r, when, LOST);
    rest_over(&r, when, 2 * SECOND); /* It failed once, not twice. */
}

/* A probe needs no room: what is out may never come back. */
static void old_tries_do_not_keep_a_probe_back(void **state)
{
    struct fpool_dns_resolver r = far_one();
    int i;

    (void)state;
    for (i = 0; i < 16; i++) {
        fpool_dns_resolver_take(&r, START);
    }
    for (i = 0; i < 10; i++) {
        fpool_dns_resolver_lost(&r, START + SECOND, true);
    }
    fpool_dns_resolver_rest(&r, START + SECOND);
    rest_over(&r, START + SECOND, SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rest_is_twice_as_long_up_to_a_minute),
        cmocka_unit_test(a_good_probe_restores),
        cmocka_unit_test(any_reply_ends_silence),
        cmocka_unit_test(late_replies_do_not_end_a_rest_for_faults),
        cmocka_unit_test(a_forgotten_probe_is_sent_again),
        cmocka_unit_test(old_tries_do_not_keep_a_probe_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
