/* SPDX-License-Identifier: MIT */
/* Many names, many jobs, and a network that loses some: everything is answered,
 * and nothing grows. */
#include <pthread.h>
#include <string.h>

#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

static struct fpool *pool;

static int set_up(void **state)
{
    (void)state;
    pool = make_pool(4);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    return 0;
}

/* Every query was asked for, and every answer used. */
static void many_names_are_all_answered(void **state)
{
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 50000, "n%u.test");
    lookup_add(&l, 500, "nx.n%u.test");
    lookup_add(&l, 50, "tc.n%u.test");
    lookup_add(&l, 50, "bad..%u");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    server_stop(&s);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), 50050);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_NXDOMAIN), 500);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_BADNAME), 50);
    assert_int_equal(lookup_n_tries(&l), l.stats.sent);
    assert_true(l.stats.sent >= s.n_queries);
    assert_int_equal(l.stats.in_flight, 0);
    assert_true(l.stats.received >= 50600);
    assert_true(l.stats.received + l.stats.timeouts >= l.stats.sent);
    /* Identifiers and ports are drawn at random. */
    assert_in_range(server_count(&s, "ports"), 4, 8);
    assert_true(server_count(&s, "ids") > 30000);
    lookup_release(&l);
    server_release(&s);
}

/* A network that loses one datagram in twenty, each way, and delays the others:
 * a tenth of all tries fails, and seven in a row do not. */
static void what_a_bad_network_loses_is_asked_again(void **state)
{
    static const char *const bad[] = { "--loss", "5",        "--delay",
                                       "10",     "--jitter", "10",
                                       "--seed", "7",        NULL };
    struct server s;
    struct server relay;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    relay_start(&relay, bad, s.port);
    lookup_add(&l, 3000, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = relay.address), NULL);
    lookup_check_addresses(&l);
    assert_true(l.stats.timeouts > 0);
    server_stop(&relay);
    assert_int_equal(server_count(&relay, "queries"), l.stats.sent);
    assert_true(server_count(&relay, "lost") > 0);
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* Two jobs at once on the same resolver share what is known about it; neither
 * keeps the other waiting. */
static void two_jobs_share_a_resolver(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server s;
    struct lookup first = { 0 };
    struct lookup second = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&first, 20000, "first%u.test");
    lookup_add(&second, 100, "second%u.test");
    assert_ok(fpool_imap_unordered(pool, FPOOL_DNS(.resolvers = s.address),
                                   lookup_source(&first),
                                   FPOOL_JOB(.window = 2000), &results));
    /* The first job stands still meanwhile, as nobody takes its results. */
    lookup_run(&second, pool, FPOOL_DNS(.resolvers = s.address, .type = "a"),
               NULL);
    lookup_take(&first, results, 0);
    assert_status(first.end, FPOOL_END);
    lookup_check_addresses(&first);
    lookup_check_addresses(&second);
    assert_true(first.stats.sent >= 20100); /* counted together */
    lookup_release(&first);
    lookup_release(&second);
    server_end_all(&s, 1);
}

/* Jobs with resolvers of their own ask these, and only these. */
static void jobs_with_other_resolvers_ask_others(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server servers[2];
    struct lookup first = { 0 };
    struct lookup second = { 0 };
    size_t i;

    (void)state;
    server_start(&servers[0], NULL);
    server_start(&servers[1], NULL);
    lookup_add(&first, 500, "first%u.test");
    lookup_add(&second, 500, "second%u.test");
    assert_ok(fpool_imap_unordered(pool,
                                   FPOOL_DNS(.resolvers = servers[0].address),
                                   lookup_source(&first), NULL, &results));
    lookup_run(&second, pool, FPOOL_DNS(.resolvers = servers[1].address), NULL);
    lookup_take(&first, results, 0);
    lookup_check_addresses(&first);
    lookup_check_addresses(&second);
    server_stop(&servers[0]);
    server_stop(&servers[1]);
    for (i = 0; i < servers[0].n_queries; i++) {
        assert_memory_equal(servers[0].queries[i].name, "first", 5);
    }
    for (i = 0; i < servers[1].n_queries; i++) {
        assert_memory_equal(servers[1].queries[i].name, "second", 6);
    }
    lookup_release(&first);
    lookup_release(&second);
    server_end_all(servers, 2);
}

/* One after the other, on changing resolvers: what the earlier ones needed is
 * closed. */
static void many_short_jobs_leave_nothing_open(void **state)
{
    struct server servers[2];
    int n_descriptors = 0;
    unsigned i;

    (void)state;
    server_start(&servers[0], NULL);
    server_start(&servers[1], NULL);
    for (i = 0; i < 300; i++) {
        lookup_one(pool, FPOOL_DNS(.resolvers = servers[i % 2].address),
                   "n.test", FPOOL_DNS_OK);
        if (i % 10 == 0) {
            lookup_one(pool, FPOOL_DNS(.resolvers = servers[i % 2].address),
                       "nx.tc.test", FPOOL_DNS_NXDOMAIN);
        }
        if (i == 20) {
            n_descriptors = count_descriptors();
        }
    }
    /* An asker has eight ports at most, and a connection. */
    assert_true(count_descriptors() <= n_descriptors + 9);
    server_end_all(servers, 2);
}

static void nothing_is_left_when_a_pool_ends(void **state)
{
    struct server s;
    int n_descriptors;
    int n_threads;
    unsigned i;

    (void)state;
    server_start(&s, NULL);
    n_descriptors = count_descriptors();
    n_threads = count_threads();
    for (i = 0; i < 10; i++) {
        struct fpool *other = make_pool(1);
        struct lookup l = { 0 };

        lookup_add(&l, 100, "n%u.test");
        lookup_add(&l, 3, "tc.n%u.test");
        lookup_run(&l, other, FPOOL_DNS(.resolvers = s.address), NULL);
        fpool_destroy(&other);
        assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), l.n);
        lookup_release(&l); /* after the pool */
    }
    await_threads(n_threads);
    assert_int_equal(count_descriptors(), n_descriptors);
    server_end_all(&s, 1);
}

/* Single look-ups from many threads, all on the pool's one loop. */
static const struct server *the_server;
static atomic_int n_wrong;

static void *look_up_some(void *argument)
{
    unsigned i;

    (void)argument;
    for (i = 0; i < 50; i++) {
        struct fpool_result r;

        if (fpool_apply(pool, FPOOL_DNS(.resolvers = the_server->address),
                        fpool_item_text("n.test"), NULL, &r) != FPOOL_OK ||
            fpool_result_dns(&r)->status != FPOOL_DNS_OK) {
            atomic_fetch_add(&n_wrong, 1);
        }
        fpool_result_release(&r);
    }
    return NULL;
}

static void any_thread_may_look_up(void **state)
{
    struct server s;
    pthread_t threads[8];
    size_t i;

    (void)state;
    server_start(&s, NULL);
    the_server = &s;
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, look_up_some, NULL),
                         0);
    }
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&n_wrong), 0);
    server_stop(&s);
    assert_true(s.n_queries >= 400);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_names_are_all_answered),
        cmocka_unit_test(what_a_bad_network_loses_is_asked_again),
        cmocka_unit_test(two_jobs_share_a_resolver),
        cmocka_unit_test(jobs_with_other_resolvers_ask_others),
        cmocka_unit_test(many_short_jobs_leave_nothing_open),
        cmocka_unit_test(nothing_is_left_when_a_pool_ends),
        cmocka_unit_test(any_thread_may_look_up),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
