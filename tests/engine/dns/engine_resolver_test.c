/* SPDX-License-Identifier: MIT */
/* Resolvers that are dead, silent, refuse, or come back: the dns engine asks
 * the others, waits in bounded time where there are none, and loses no name. */
#include <signal.h>
#include <string.h>

#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

/* Tries on loopback wait 150, 300, 600 and 1200 ms, then the last pass 1 s, and
 * 1, 2 and 2 s for its tries, each a tenth more at most: 9 s.  Elsewhere the
 * first four begin with 500 ms: 15 s.  The rest is for slow machines. */
#define BOUND_US 15000000

static struct fpool *pool;

static int set_up(void **state)
{
    (void)state;
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    return 0;
}

static void start_all(struct server *servers, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        server_start(&servers[i], NULL);
    }
}

/* A port where nobody listens gives an error at once, and costs no name its
 * tries. */
static void a_dead_resolver_among_good_ones_costs_nothing(void **state)
{
    struct server servers[3];
    struct lookup l = { 0 };

    (void)state;
    start_all(servers, 3);
    server_tell(&servers[1], SIGUSR2, "gone");
    lookup_add(&l, 1000, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = server_list(servers, 3)), NULL);
    lookup_check_addresses(&l);
    assert_int_equal(l.stats.n_resolvers, 3);
    lookup_release(&l);
    server_end_all(servers, 3);
}

static void a_silent_resolver_among_good_ones_rests(void **state)
{
    struct server servers[3];
    struct lookup l = { 0 };

    (void)state;
    start_all(servers, 3);
    server_tell(&servers[1], SIGUSR1, "silent");
    lookup_add(&l, 5000, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = server_list(servers, 3)), NULL);
    lookup_check_addresses(&l);
    assert_true(l.stats.timeouts > 0);
    assert_int_equal(l.stats.n_good, 2);
    server_stop(&servers[1]);
    assert_true(server_count(&servers[1], "udp") < 1000);
    lookup_release(&l);
    server_end_all(servers, 3);
}

/* It refuses, so it is asked less and less. */
static void a_refusing_resolver_is_used_little(void **state)
{
    static const char *const refuses[] = { "--rcode", "5", NULL };
    struct server servers[2];
    struct lookup l = { 0 };

    (void)state;
    server_start(&servers[0], NULL);
    server_start(&servers[1], refuses);
    lookup_add(&l, 10000, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = server_list(servers, 2)), NULL);
    lookup_check_addresses(&l);
    server_stop(&servers[1]);
    assert_true(server_count(&servers[1], "udp") < l.n / 10);
    lookup_release(&l);
    server_end_all(servers, 2);
}

/* All names end, all as time-outs, in bounded time: see BOUND_US.  The two ways
 * of being dead are tried at once. */
static void without_any_resolver_all_names_time_out(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server gone[2];
    struct server silent[2];
    struct lookup of_gone = { 0 };
    struct lookup of_silent = { 0 };
    int64_t start = lookup_now_us();

    (void)state;
    start_all(gone, 2);
    start_all(silent, 2);
    server_tell(&gone[0], SIGUSR2, "gone");
    server_tell(&gone[1], SIGUSR2, "gone");
    server_tell(&silent[0], SIGUSR1, "silent");
    server_tell(&silent[1], SIGUSR1, "silent");
    lookup_add(&of_gone, 100, "n%u.test");
    lookup_add(&of_silent, 100, "n%u.test");
    assert_ok(fpool_imap_unordered(pool,
                                   FPOOL_DNS(.resolvers = server_list(gone, 2)),
                                   lookup_source(&of_gone), NULL, &results));
    lookup_run(&of_silent, pool, FPOOL_DNS(.resolvers = server_list(silent, 2)),
               NULL);
    lookup_take(&of_gone, results, 0);
    assert_int_equal(lookup_count(&of_gone, FPOOL_DNS_TIMEOUT), 100);
    assert_int_equal(lookup_count(&of_silent, FPOOL_DNS_TIMEOUT), 100);
    assert_string_equal(lookup_response(&of_silent, 0)->error_message,
                        "no reply");
    assert_string_equal(lookup_response(&of_gone, 0)->error_message,
                        "no resolver can be reached");
    assert_true(lookup_now_us() - start < BOUND_US);
    lookup_release(&of_gone);
    lookup_release(&of_silent);
    server_end_all(gone, 2);
    server_end_all(silent, 2);
}

/* Takes results until the outage shows in the counters. */
static void await_trouble(struct lookup *l, struct fpool_results *results)
{
    int64_t end = lookup_now_us() + GUARD_MS * 1000LL;

    do {
        lookup_take_ready(l, results);
        assert_true(lookup_now_us() < end);
    } while (l->stats.retries < 20);
}

/* The only resolver goes away in the middle, and comes back when that has been
 * noticed: nothing is lost. */
static void check_outage(int signal_number, const char *down, const char *up)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server s;
    struct lookup l = { 0 };

    server_start(&s, NULL);
    lookup_add(&l, 3000, "n%u.test");
    assert_ok(fpool_imap_unordered(
        pool, FPOOL_DNS(.resolvers = s.address, .in_flight = 50),
        lookup_source(&l), FPOOL_JOB(.window = 200), &results));
    lookup_take(&l, results, 500);
    server_tell(&s, signal_number, down);
    await_trouble(&l, results);
    server_tell(&s, signal_number, up);
    lookup_take(&l, results, 0);
    assert_status(l.end, FPOOL_END);
    assert_int_equal(l.n_results, l.n);
    lookup_check_addresses(&l);
    assert_int_equal(l.stats.n_good, 1);
    lookup_release(&l);
    server_end_all(&s, 1);
}

static void a_resolver_that_falls_silent_may_come_back(void **state)
{
    (void)state;
    check_outage(SIGUSR1, "silent", "answering");
}

static void a_resolver_that_is_started_again_goes_on(void **state)
{
    (void)state;
    check_outage(SIGUSR2, "gone", "back");
}

/* One of two goes silent and comes back: it is used again, since it is probed.
 */
static void a_resolver_that_rests_is_probed(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server servers[2];
    struct lookup l = { 0 };
    struct fpool_dns_stats stats = { .struct_size = sizeof(stats) };
    int64_t end = lookup_now_us() + GUARD_MS * 1000LL;

    (void)state;
    start_all(servers, 2);
    server_tell(&servers[0], SIGUSR1, "silent");
    lookup_add(&l, 1000000, "n%u.test");
    assert_ok(fpool_imap_unordered(
        pool, FPOOL_DNS(.resolvers = server_list(servers, 2), .qps = 2000),
        lookup_source(&l), NULL, &results));
    do {
        lookup_take(&l, results, 100);
        assert_ok(fpool_dns_get_stats(results, &stats));
        assert_true(lookup_now_us() < end);
    } while (stats.n_good == 2);
    server_tell(&servers[0], SIGUSR1, "answering");
    do {
        lookup_take(&l, results, 100);
        assert_ok(fpool_dns_get_stats(results, &stats));
        assert_true(lookup_now_us() < end);
    } while (stats.n_good == 1);
    fpool_results_destroy(&results);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), l.n_results);
    lookup_release(&l);
    server_end_all(servers, 2);
}

/* The live ones are somewhere in a long list of the dead.  Which are asked first is
 * random: with 3 of 1,000 the 4,000 tries that come before the first name may be
 * given up all miss them once in 100,000 runs. */
static void few_live_resolvers_among_many_dead_are_found(void **state)
{
    struct server servers[3];
    struct lookup l = { 0 };
    size_t size = 1000 * sizeof("127.0.255.255:65535,");
    char *list = malloc(size);
    size_t used = 0;
    unsigned i;

    (void)state;
    assert_non_null(list);
    start_all(servers, 3);
    for (i = 0; i < 1000; i++) {
        if (i % 400 == 100) {
            used += (size_t)snprintf(list + used, size - used, "%s,",
                                     servers[i / 400].address);
        } else {
            used +=
                (size_t)snprintf(list + used, size - used, "127.0.%u.%u:%d,",
                                 i / 250 + 1, i % 250 + 1, servers[0].port);
        }
    }
    list[used - 1] = '\0';
    lookup_add(&l, 2000, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = list), NULL);
    assert_int_equal(l.stats.n_resolvers, 1000);
    lookup_check_addresses(&l);
    assert_true(l.time_us < BOUND_US);
    lookup_release(&l);
    server_end_all(servers, 3);
    free(list);
}

static void a_resolver_given_twice_is_one(void **state)
{
    struct server s;
    struct lookup l = { 0 };
    char list[128];

    (void)state;
    server_start(&s, NULL);
    snprintf(list, sizeof(list), "%s\n%s # again\n[::ffff:127.0.0.1]:%d",
             s.address, s.address, s.port);
    lookup_add(&l, 10, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = list), NULL);
    lookup_check_addresses(&l);
    assert_int_equal(l.stats.n_resolvers, 1);
    lookup_release(&l);
    server_end_all(&s, 1);
}

static void resolvers_may_have_ipv6_addresses(void **state)
{
    static const char *const ipv6[] = { "--ipv6", NULL };
    struct server servers[2];
    struct lookup l = { 0 };
    char list[128];
    size_t i;

    (void)state;
    server_start(&servers[0], ipv6);
    server_start(&servers[1], NULL);
    snprintf(list, sizeof(list), "[::1]:%d", servers[0].port);
    lookup_add(&l, 100, "n%u.test");
    lookup_add(&l, 1, "tc.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = list), NULL);
    for (i = 0; i < l.n; i++) {
        if (i < 100) {
            lookup_check_address(&l, i);
        }
        assert_string_equal(lookup_response(&l, i)->resolver, list);
    }
    assert_string_equal(lookup_response(&l, 100)->protocol, "tcp");
    lookup_forget(&l);
    /* Both families at once. */
    snprintf(list, sizeof(list), "[::1]:%d %s", servers[0].port,
             servers[1].address);
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = list), NULL);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), l.n);
    server_stop(&servers[1]);
    assert_true(servers[1].n_queries > 0);
    lookup_release(&l);
    server_end_all(servers, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_resolver_among_good_ones_costs_nothing),
        cmocka_unit_test(a_silent_resolver_among_good_ones_rests),
        cmocka_unit_test(a_refusing_resolver_is_used_little),
        cmocka_unit_test(without_any_resolver_all_names_time_out),
        cmocka_unit_test(a_resolver_that_falls_silent_may_come_back),
        cmocka_unit_test(a_resolver_that_is_started_again_goes_on),
        cmocka_unit_test(a_resolver_that_rests_is_probed),
        cmocka_unit_test(few_live_resolvers_among_many_dead_are_found),
        cmocka_unit_test(a_resolver_given_twice_is_one),
        cmocka_unit_test(resolvers_may_have_ipv6_addresses),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
