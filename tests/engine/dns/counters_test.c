/* SPDX-License-Identifier: MIT */
/* Percentiles against sorted lists; and every figure is its own. */
#include "engine/dns/counters.h"

#include <pthread.h>
#include <string.h>

#include "support/check.h"

#define LARGEST_US (INT64_C(1) << 28) /* what lies above counts as this */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static struct fpool_dns_stats read_stats(const struct fpool_dns_counters *c)
{
    struct fpool_dns_stats s = { .struct_size = 4711 };

    fpool_dns_counters_read(c, &s);
    assert_int_equal(s.struct_size, 4711);
    return s;
}

/* To an eighth; below 8 us exactly. */
static void check_near(int64_t value, int64_t truth)
{
    assert_true(value >= truth - truth / 8 && value <= truth + truth / 8);
}

/* What a single round trip reads back as. */
static int64_t seen_as(int64_t rtt_ns)
{
    static struct fpool_dns_counters c;
    struct fpool_dns_stats s;

    memset(&c, 0, sizeof(c));
    fpool_dns_count_rtt(&c, rtt_ns);
    s = read_stats(&c);
    assert_int_equal(s.rtt_p90_us, s.rtt_p50_us);
    assert_int_equal(s.rtt_p99_us, s.rtt_p50_us);
    return s.rtt_p50_us;
}

static void every_round_trip_reads_back_to_an_eighth(void **state)
{
    int64_t us;
    int64_t before = -1;

    (void)state;
    for (us = 0; us < LARGEST_US; us += us / 200 + 1) {
        int64_t seen = seen_as(us * 1000 + 999);

        check_near(seen, us);
        assert_true(seen >= before); /* a longer one is never less */
        before = seen;
    }
}

static void extremes_stay_at_the_ends(void **state)
{
    (void)state;
    assert_int_equal(seen_as(INT64_MIN), 0);
    assert_int_equal(seen_as(-1), 0);
    assert_int_equal(seen_as(0), 0);
    assert_int_equal(seen_as(999), 0);
    assert_int_equal(seen_as(1000), 1);
    check_near(seen_as(LARGEST_US * 1000), LARGEST_US);
    assert_int_equal(seen_as(LARGEST_US * 1000),
                     seen_as(LARGEST_US * 1000 - 1));
    assert_int_equal(seen_as(INT64_MAX), seen_as(LARGEST_US * 1000));
}

/* Buckets are used one after the other, all of them. */
static void every_bucket_is_reached_in_order(void **state)
{
    static struct fpool_dns_counters c;
    unsigned bucket = 0;
    int64_t us;

    (void)state;
    for (us = 0; us < LARGEST_US; us += us / 64 + 1) {
        memset(&c, 0, sizeof(c));
        fpool_dns_count_rtt(&c, us * 1000);
        if (atomic_load(&c.rtt[bucket]) == 0) {
            bucket++;
            assert_true(bucket < FPOOL_DNS_RTT_BUCKETS);
        }
        assert_int_equal(atomic_load(&c.rtt[bucket]), 1);
    }
    assert_int_equal(bucket, FPOOL_DNS_RTT_BUCKETS - 1);
}

static void check_percentiles(int64_t *times_us, size_t n)
{
    static struct fpool_dns_counters c;
    struct fpool_dns_stats s;
    size_t i;

    memset(&c, 0, sizeof(c));
    for (i = 0; i < n; i++) {
        fpool_dns_count_rtt(&c, times_us[i] * 1000);
    }
    s = read_stats(&c);
    qsort(times_us, n, sizeof(times_us[0]), compare);
    check_near(s.rtt_p50_us, times_us[(n * 50 + 99) / 100 - 1]);
    check_near(s.rtt_p90_us, times_us[(n * 90 + 99) / 100 - 1]);
    check_near(s.rtt_p99_us, times_us[(n * 99 + 99) / 100 - 1]);
}

enum distribution {
    EVEN,
    FALLING,
    TWO_PEAKS,
    ONE_VALUE,
    WIDE,
    N_DISTRIBUTIONS
};

static int64_t draw(enum distribution distribution, unsigned *seed)
{
    int64_t r = rand_r(seed) % 100000;
    int64_t other = rand_r(seed) % 100000;

    switch (distribution) {
    case EVEN:
        return 100 + r;
    case FALLING:
        return r * other / 50000 * other / 50000 + 20;
    case TWO_PEAKS: /* a cache and the rest of the world */
        return other < 97000 ? 300 + r % 50 : 800000 + r;
    case ONE_VALUE:
        return 12345;
    default:
        return INT64_C(1) << (r % 28);
    }
}

static void percentiles_are_those_of_the_sorted_list(void **state)
{
    enum { MAX = 30000 };
    static int64_t times[MAX];
    static const size_t counts[] = { 1, 2, 3, 10, 99, 100, 101, 1000, MAX };
    unsigned seed = 77;
    int distribution;
    size_t i;
    size_t n;

    (void)state;
    for (distribution = 0; distribution < N_DISTRIBUTIONS; distribution++) {
        for (n = 0; n < N_ELEMENTS(counts); n++) {
            for (i = 0; i < counts[n]; i++) {
                times[i] = draw((enum distribution)distribution, &seed);
            }
            check_percentiles(times, counts[n]);
        }
    }
}

static void without_replies_all_is_zero(void **state)
{
    static struct fpool_dns_counters c;
    struct fpool_dns_stats zero = { .struct_size = 4711 };
    struct fpool_dns_stats s = read_stats(&c);

    (void)state;
    assert_memory_equal(&s, &zero, sizeof(s));
}

static void every_figure_is_its_own(void **state)
{
    static struct fpool_dns_counters c;
    struct fpool_dns_stats s;

    (void)state;
    atomic_store(&c.sent, 1);
    atomic_store(&c.received, 2);
    atomic_store(&c.retries, 3);
    atomic_store(&c.timeouts, 4);
    atomic_store(&c.late, 5);
    atomic_store(&c.ignored, 6);
    atomic_store(&c.tcp, 7);
    atomic_store(&c.kernel_drops, 8);
    atomic_store(&c.send_waits, UINT64_C(1) << 40);
    atomic_store(&c.in_flight, 10);
    atomic_store(&c.n_resolvers, 11);
    atomic_store(&c.n_good, 12);
    s = read_stats(&c);
    assert_int_equal(s.sent, 1);
    assert_int_equal(s.received, 2);
    assert_int_equal(s.retries, 3);
    assert_int_equal(s.timeouts, 4);
    assert_int_equal(s.late, 5);
    assert_int_equal(s.ignored, 6);
    assert_int_equal(s.tcp, 7);
    assert_int_equal(s.kernel_drops, 8);
    assert_int_equal(s.send_waits, UINT64_C(1) << 40);
    assert_int_equal(s.in_flight, 10);
    assert_int_equal(s.n_resolvers, 11);
    assert_int_equal(s.n_good, 12);
}

/* ---- Another thread reads meanwhile. */

enum { N_COUNTED = 300000 };

static struct fpool_dns_counters shared;

static void *count(void *unused)
{
    int i;

    (void)unused;
    for (i = 0; i < N_COUNTED; i++) {
        fpool_dns_count(&shared.sent);
        fpool_dns_count_rtt(&shared, (i % 2 == 0 ? 1000 : 4000) * 1000);
    }
    return NULL;
}

static void can_be_read_at_any_time(void **state)
{
    struct fpool_dns_stats s;
    uint64_t before = 0;
    pthread_t writer;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, count, NULL), 0);
    do {
        s = read_stats(&shared);
        assert_true(s.sent >= before);
        before = s.sent;
        if (s.rtt_p50_us != 0) {
            check_near(s.rtt_p50_us, 1000);
        }
    } while (s.sent < N_COUNTED);
    pthread_join(writer, NULL);
    s = read_stats(&shared);
    assert_int_equal(s.sent, N_COUNTED);
    check_near(s.rtt_p50_us, 1000);
    check_near(s.rtt_p99_us, 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_round_trip_reads_back_to_an_eighth),
        cmocka_unit_test(extremes_stay_at_the_ends),
        cmocka_unit_test(every_bucket_is_reached_in_order),
        cmocka_unit_test(percentiles_are_those_of_the_sorted_list),
        cmocka_unit_test(without_replies_all_is_zero),
        cmocka_unit_test(every_figure_is_its_own),
        cmocka_unit_test(can_be_read_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
