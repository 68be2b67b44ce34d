/* SPDX-License-Identifier: MIT */
/* Rates: never more than allowed, hardly less, to the nanosecond. */
#include "engine/dns/pace.h"

#include <limits.h>

#include "support/check.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)

static const unsigned rates[] = {
    1,          2,          3,           7,         50,
    99,         100,        101,         1000,      33333,
    300000,     7000000,    600000000,   700000000, 999999999,
    1000000000, 1000000001, 3000000000u, UINT_MAX
};

/* What a rate allows at one instant, times SECOND: ten milliseconds' worth, at
 * least one. */
static int64_t burst_of(unsigned rate)
{
    return rate <= 100 ? SECOND : 10 * MS * rate;
}

/* Time for a burst and some thousands behind it, at most a quarter of an hour.
 */
static int64_t time_of(unsigned rate)
{
    int64_t time = (burst_of(rate) + 20000 * SECOND) / rate;

    return time > 1000 * SECOND ? 1000 * SECOND : time;
}

/* Takes whenever it can, at times that jump; in no interval are there more than
 * rate * time + burst. */
static void check_bound(unsigned rate, unsigned seed)
{
    int64_t end = time_of(rate);
    int64_t now = 0; /* since 'start' */
    int64_t start = 5 * SECOND;
    int64_t least = INT64_MAX; /* of n * SECOND - rate * time, before each */
    int64_t n = 0;
    struct fpool_dns_pace p;

    fpool_dns_pace_init(&p, rate);
    while (now < end) {
        if (fpool_dns_pace_is_open(&p, start + now)) {
            int64_t level = n * SECOND - rate * now;

            fpool_dns_pace_take(&p, start + now);
            least = level < least ? level : least;
            n++;
            assert_true(level + SECOND - least <= burst_of(rate));
        } else if (rand_r(&seed) % 4 == 0) {
            now += (int64_t)(rand_r(&seed) % 20000) * (end / 1000000 + 1);
        } else {
            now = fpool_dns_pace_when(&p) - start;
        }
    }
}

static void never_more_than_the_rate_and_a_burst(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rates); i++) {
        check_bound(rates[i], 1);
        check_bound(rates[i], 2);
    }
}

static void hardly_less_than_the_rate(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rates) && rates[i] <= 300000; i++) {
        int64_t end = time_of(rates[i]);
        struct fpool_dns_pace p;
        int64_t now = SECOND;
        int64_t n = 0;

        fpool_dns_pace_init(&p, rates[i]);
        for (;;) {
            if (!fpool_dns_pace_is_open(&p, now)) {
                now = fpool_dns_pace_when(&p);
            }
            if (now >= SECOND + end) {
                break;
            }
            fpool_dns_pace_take(&p, now);
            n++;
        }
        assert_true(n * SECOND >= rates[i] * (end / 1000 * 999));
    }
}

static void check_opens_at(const struct fpool_dns_pace *p, int64_t when)
{
    assert_int_equal(fpool_dns_pace_when(p), when);
    assert_false(fpool_dns_pace_is_open(p, when - 1));
    assert_true(fpool_dns_pace_is_open(p, when));
}

static void slow_ones_come_one_by_one(void **state)
{
    int64_t start = 17 * SECOND + 3;
    struct fpool_dns_pace p;
    int i;

    (void)state;
    fpool_dns_pace_init(&p, 100); /* 10 ms apart: no burst */
    assert_true(fpool_dns_pace_is_open(&p, start));
    for (i = 0; i < 50; i++) {
        fpool_dns_pace_take(&p, start + i * 10 * MS);
        check_opens_at(&p, start + (i + 1) * 10 * MS);
    }
    fpool_dns_pace_init(&p, 4); /* and none here, either */
    fpool_dns_pace_take(&p, start);
    check_opens_at(&p, start + 250 * MS);
}

/* Ten at once, then one each millisecond. */
static void check_burst(struct fpool_dns_pace *p, int64_t now)
{
    int i;

    for (i = 0; i < 10; i++) {
        assert_true(fpool_dns_pace_is_open(p, now));
        fpool_dns_pace_take(p, now);
    }
    for (i = 1; i < 20; i++) {
        check_opens_at(p, now + i * MS);
        fpool_dns_pace_take(p, now + i * MS);
    }
}

static void a_pause_gives_one_burst_and_no_more(void **state)
{
    struct fpool_dns_pace p;

    (void)state;
    fpool_dns_pace_init(&p, 1000);
    check_burst(&p, SECOND);
    check_burst(&p,
                SECOND + 29 * MS); /* the first time that it is full again */
    check_burst(&p, 10 * SECOND);
    check_burst(&p, 100000 * SECOND);
}

/* What must go, goes, and is paid for later. */
static void taken_too_early_is_waited_for(void **state)
{
    struct fpool_dns_pace p;
    int i;

    (void)state;
    fpool_dns_pace_init(&p, 10);
    for (i = 0; i < 5; i++) {
        fpool_dns_pace_take(&p, SECOND);
    }
    check_opens_at(&p, SECOND + 500 * MS);
}

static void zero_is_no_bound(void **state)
{
    struct fpool_dns_pace p;
    int i;

    (void)state;
    fpool_dns_pace_init(&p, 0);
    for (i = 0; i < 1000; i++) {
        assert_true(fpool_dns_pace_is_open(&p, SECOND));
        fpool_dns_pace_take(&p, SECOND);
    }
    assert_true(fpool_dns_pace_when(&p) <= SECOND);
}

static void the_largest_rates_are_still_rates(void **state)
{
    struct fpool_dns_pace p;
    int64_t n = 0;

    (void)state;
    fpool_dns_pace_init(&p, UINT_MAX);
    while (fpool_dns_pace_is_open(&p, SECOND)) {
        fpool_dns_pace_take(&p, SECOND);
        n++;
        assert_true(n <= burst_of(UINT_MAX) / SECOND);
    }
    assert_true(n >= 1000000);
    check_opens_at(&p, SECOND + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_more_than_the_rate_and_a_burst),
        cmocka_unit_test(hardly_less_than_the_rate),
        cmocka_unit_test(slow_ones_come_one_by_one),
        cmocka_unit_test(a_pause_gives_one_burst_and_no_more),
        cmocka_unit_test(taken_too_early_is_waited_for),
        cmocka_unit_test(zero_is_no_bound),
        cmocka_unit_test(the_largest_rates_are_still_rates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
