/* SPDX-License-Identifier: MIT */
/* Hosts of the http engine from end to end: slots, rates, and a list in which
 * some are dead, slow or throttled and the others are not to notice. */
#include <string.h>

#include "base/clock.h"
#include "engine/http/fetches.h"
#include "engine/http/web.h"

#define N_HOSTS 12

static struct fpool *pool;
static struct web web;
static struct deaf dead; /* refuses */

static int set_up(void **state)
{
    (void)state;
    web_start(&web, N_HOSTS, (const char *const[]){ "-n", "12", NULL });
    deaf_open(&dead, DEAF_CLOSED);
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    deaf_close(&dead);
    web_stop(&web);
    return 0;
}

static void slots_of_a_host_are_kept(void **state)
{
    static const unsigned bounds[] = { 1, 2, 0 };
    struct fetches f = { 0 };
    size_t i;
    int k;

    (void)state;
    for (i = 0; i < N_ELEMENTS(bounds); i++) {
        unsigned most = bounds[i] == 0 ? 6 : bounds[i];

        for (k = 0; k < 40; k++) {
            fetches_add(&f, "%s/-/count/a%zu/-/delay/4/-/bytes/9", web.urls[0],
                        i);
            fetches_add(&f, "%s/-/count/b%zu/-/delay/4/-/bytes/9", web.urls[1],
                        i);
        }
        fetches_run(&f, pool, FPOOL_HTTP(.per_host = bounds[i]), NULL);
        fetches_check_all_ok(&f);
        fetches_release(&f);
        assert_int_equal(web_most(&web, web_text("a%zu", i)), most);
        assert_int_equal(web_most(&web, web_text("b%zu", i)), most);
    }
}

/* One connection for each slot, and none besides. */
static void connections_are_used_again(void **state)
{
    struct fetches f = { 0 };
    int k;

    (void)state;
    web_forget(&web);
    for (k = 0; k < 200; k++) {
        fetches_add(&f, "%s/-/bytes/9", web.urls[0]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.per_host = 3), NULL);
    fetches_check_all_ok(&f);
    assert_int_equal(web_n_requests(&web), 200);
    assert_in_range(web_n_connections(&web), 1, 3);
    fetches_release(&f);
}

static void transfers_of_all_hosts_are_bounded(void **state)
{
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 120; k++) {
        fetches_add(&f, "%s/-/count/all/-/delay/3/-/bytes/9",
                    web.urls[k % N_HOSTS]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.in_flight = 7), NULL);
    fetches_check_all_ok(&f);
    assert_int_equal(web_most(&web, "all"), 7);
    assert_int_equal(f.stats.in_flight_limit, 7);
    fetches_release(&f);
}

/* So many requests at so many a second take at least so long. */
static void rates_are_kept(void **state)
{
    struct fetches f = { 0 };
    int64_t start = fpool_now_ns();
    int k;

    (void)state;
    for (k = 0; k < 30; k++) {
        fetches_add(&f, "%s/-/bytes/9", web.urls[k % 3]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.rate = 100), NULL);
    fetches_check_all_ok(&f);
    fetches_release(&f);
    assert_true(fpool_now_ns() - start >= 200 * 1000000); /* a burst of ten */

    start = fpool_now_ns();
    for (k = 0; k < 60; k++) {
        fetches_add(&f, "%s/-/bytes/9", web.urls[k % 3]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.host_rate = 50), NULL);
    fetches_check_all_ok(&f);
    fetches_release(&f);
    assert_true(fpool_now_ns() - start >= 280 * 1000000);
}

/* Only the host that is bounded waits. */
static void a_rate_holds_up_nobody_else(void **state)
{
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 20; k++) {
        fetches_add(&f, "%s/-/bytes/9", web.urls[0]);
    }
    fetches_add(&f, "%s/-/bytes/9", web.urls[1]);
    fetches_run(&f, pool, FPOOL_HTTP(.host_rate = 50), NULL);
    fetches_check_all_ok(&f);
    assert_true(fetches_place(&f, 20) <= 5);
    fetches_release(&f);
}

/* A dead host is asked now and then, not once for each of its items and
 * tries. */
static void a_dead_host_is_given_up(void **state)
{
    struct fetches f = { 0 };
    size_t k;

    (void)state;
    for (k = 0; k < 300; k++) {
        fetches_add(&f, "http://127.0.0.1:%d/%zu", dead.port, k);
        fetches_add(&f, "%s/-/bytes/9", web.urls[k % N_HOSTS]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 1), NULL);
    assert_int_equal(fetches_count(&f, ""), 300);
    assert_int_equal(fetches_count(&f, "connect.refused") +
                         fetches_count(&f, "connect.host_down"),
                     300);
    assert_true(fetches_count(&f, "connect.host_down") > 200);
    assert_in_range(f.stats.requests, 303, 400);
    fetches_release(&f);
}

/* A list sorted by host, whose first hosts are dead, slow and throttled, each
 * with more items than the window holds: the healthy rest is through long
 * before them. */
#define N_SICK 150

static void sick_hosts_do_not_hold_up_healthy_ones(void **state)
{
    struct fetches f = { 0 };
    size_t last = 0;
    size_t n_late = 0;
    size_t k;

    (void)state;
    for (k = 0; k < 3 * N_SICK; k++) {
        if (k < N_SICK) {
            fetches_add(&f, "http://127.0.0.1:%d/%zu", dead.port, k);
        } else if (k < 2 * N_SICK) {
            fetches_add(&f, "%s/-/delay/50/-/bytes/9", web.urls[0]);
        } else {
            fetches_add(&f, "%s/-/throttle/1000/sick/-/bytes/9", web.urls[1]);
        }
    }
    for (k = 0; k < 600; k++) {
        fetches_add(&f, "%s/-/bytes/9", web.urls[2 + k / 60]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 20, .in_flight = 32),
                FPOOL_JOB(.window = 128));
    for (k = 0; k < f.n_done; k++) {
        last = f.order[k] >= 3 * N_SICK ? k : last;
    }
    for (k = last; k < f.n_done; k++) {
        n_late += f.order[k] >= N_SICK && f.order[k] < 3 * N_SICK;
    }
    assert_int_equal(fetches_count(&f, ""), f.n - N_SICK);
    /* Behind the last healthy one there is most of the slow and throttled. */
    assert_true(n_late >= 3 * N_SICK / 2);
    assert_true(f.stats.deferred > 0);
    fetches_release(&f);
}

/* In an ordered job nothing is put aside, and all arrive all the same. */
static void ordered_jobs_put_nothing_aside(void **state)
{
    struct fetches f = { .is_ordered = true };
    size_t k;

    (void)state;
    for (k = 0; k < 200; k++) {
        fetches_add(&f, "%s%s/-/bytes/9", web.urls[k / 20],
                    k < 20 ? "/-/throttle/100/ordered" : "");
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 5),
                FPOOL_JOB(.window = 16));
    fetches_check_all_ok(&f);
    for (k = 0; k < 200; k++) {
        assert_int_equal(f.order[k], k);
    }
    assert_int_equal(f.stats.deferred, 0);
    fetches_release(&f);
}

/* The same when the program wants nothing put aside. */
static void nothing_is_put_aside_unasked(void **state)
{
    struct fetches f = { 0 };
    size_t k;

    (void)state;
    for (k = 0; k < 200; k++) {
        fetches_add(&f, "%s%s/-/bytes/9", web.urls[k / 20],
                    k < 20 ? "/-/throttle/100/aside" : "");
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 5),
                FPOOL_JOB(.window = 16, .defer_max = -1));
    fetches_check_all_ok(&f);
    assert_int_equal(f.stats.deferred, 0);
    fetches_release(&f);
}

static void stats_tell_the_present(void **state)
{
    struct fpool_http_stats stats = { .struct_size = sizeof(stats) };
    struct fetches f = { 0 };
    size_t k;

    (void)state;
    web_forget(&web);
    for (k = 0; k < 20; k++) {
        fetches_add(&f, "%s/-/hang", web.urls[0]);
    }
    fetches_start(&f, pool, FPOOL_HTTP(.in_flight = 5), NULL);
    while (web_n_requests(&web) < 5) {
        assert_ok(fpool_http_get_stats(f.running, &stats));
        assert_true(stats.in_flight <= 5);
    }
    assert_ok(fpool_http_get_stats(f.running, &stats));
    assert_int_equal(stats.in_flight, 5);
    assert_int_equal(stats.in_flight_limit, 5);
    assert_int_equal(stats.requests, 5);
    assert_int_equal(stats.n_hosts, 1);
    assert_int_equal(stats.n_paused, 0);
    assert_int_equal(stats.n_down, 0);
    fpool_results_cancel(f.running);
    fetches_finish(&f, FPOOL_ECANCELED);
    fetches_release(&f);
    assert_status(fpool_http_get_stats(NULL, &stats), FPOOL_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_of_a_host_are_kept),
        cmocka_unit_test(connections_are_used_again),
        cmocka_unit_test(transfers_of_all_hosts_are_bounded),
        cmocka_unit_test(rates_are_kept),
        cmocka_unit_test(a_rate_holds_up_nobody_else),
        cmocka_unit_test(a_dead_host_is_given_up),
        cmocka_unit_test(sick_hosts_do_not_hold_up_healthy_ones),
        cmocka_unit_test(ordered_jobs_put_nothing_aside),
        cmocka_unit_test(nothing_is_put_aside_unasked),
        cmocka_unit_test(stats_tell_the_present),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
