/* SPDX-License-Identifier: MIT */
/* Retries and second opinions of the dns engine: who is asked again, how often,
 * and what is believed.
 *
 * A try may be repeated because the machine stalls for longer than a time-out.
 * So what is asserted of the number of queries holds whatever the timing. */
#include <string.h>

#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

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

#define LIST(servers) server_list((servers), N_ELEMENTS(servers))

static void start_two(struct server servers[2], const char *const *options)
{
    server_start(&servers[0], options);
    server_start(&servers[1], NULL);
}

/* Names that are answered after so many queries, up to the last pass, with one
 * resolver.  The server has seen every query that a response counts. */
static void lost_queries_are_sent_again(void **state)
{
    static const unsigned lost[] = { 0, 1, 2, 3, 4, 5, 6 };
    struct server s;
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    server_start(&s, NULL);
    for (i = 0; i < N_ELEMENTS(lost); i++) {
        char name[32];

        snprintf(name, sizeof(name), "flaky-%u.test", lost[i]);
        lookup_add(&l, 1, name);
    }
    lookup_add(&l, 1, "flaky-7.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    server_stop(&s);
    for (i = 0; i < N_ELEMENTS(lost); i++) {
        lookup_check_address(&l, i);
        assert_in_range(lookup_response(&l, i)->tries, lost[i] + 1, 7);
    }
    assert_int_equal(lookup_response(&l, 7)->status, FPOOL_DNS_TIMEOUT);
    assert_int_equal(lookup_response(&l, 7)->tries, 7);
    for (i = 0; i < l.n; i++) {
        assert_int_equal(server_n_asked(&s, l.names[i]),
                         lookup_response(&l, i)->tries);
    }
    assert_int_equal(l.stats.sent, s.n_queries);
    assert_int_equal(l.stats.retries, s.n_queries - l.n);
    assert_true(l.stats.timeouts >= 1 + 2 + 3 + 4 + 5 + 6 + 7);
    lookup_release(&l);
    server_release(&s);
}

/* With one resolver it is asked again, once: a second SERVFAIL is believed. */
static void a_failure_is_believed_the_second_time(void **state)
{
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 1, "failfirst-1.test");
    lookup_add(&l, 1, "failfirst-2.test");
    lookup_add(&l, 1, "servfail.test");
    lookup_add(&l, 1, "rcode-6.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    server_stop(&s);
    lookup_check_address(&l, 0);
    assert_int_equal(lookup_response(&l, 1)->status, FPOOL_DNS_SERVFAIL);
    assert_int_equal(lookup_response(&l, 2)->status, FPOOL_DNS_SERVFAIL);
    assert_int_equal(lookup_response(&l, 3)->status, FPOOL_DNS_FAILED);
    assert_string_equal(lookup_response(&l, 1)->resolver, s.address);
    assert_in_range(server_n_asked(&s, "servfail.test"), 2, 3);
    assert_in_range(server_n_asked(&s, "failfirst-2.test"), 2, 3);
    lookup_release(&l);
    server_release(&s);
}

/* Good names among the bad ones, or a resolver would soon rest for its faults
 * and there would be nobody else to ask.  Every fifth name is bad. */
static void add_mixed(struct lookup *l, const char *bad, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        char format[64];

        snprintf(format, sizeof(format), "g%u-%%u.test", i);
        lookup_add(l, 4, format);
        snprintf(format, sizeof(format), "%s.b%u.test", bad, i);
        lookup_add(l, 1, format);
    }
}

/* Many second opinions come in a row: that others failed the same names is no
 * fault of the one that is asked next, which would have to rest for it. */
static void a_failure_needs_another_resolver_s_opinion(void **state)
{
    struct server servers[2];
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    start_two(servers, NULL);
    add_mixed(&l, "servfail", 150);
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = LIST(servers)), NULL);
    server_stop(&servers[0]);
    server_stop(&servers[1]);
    for (i = 0; i < l.n; i++) {
        if (i % 5 < 4) {
            lookup_check_address(&l, i);
            continue;
        }
        assert_int_equal(lookup_response(&l, i)->status, FPOOL_DNS_SERVFAIL);
        assert_in_range(server_n_asked(&servers[0], l.names[i]), 1, 2);
        assert_in_range(server_n_asked(&servers[1], l.names[i]), 1, 2);
    }
    lookup_release(&l);
    server_end_all(servers, 2);
}

/* Each of the two fails the first query for a name. */
static void a_failure_of_one_is_mended_by_the_other(void **state)
{
    static const char *const fails[] = { "--rcode", "2", NULL };
    struct server servers[2];
    struct lookup l = { 0 };

    (void)state;
    start_two(servers, fails);
    lookup_add(&l, 300, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = LIST(servers)), NULL);
    lookup_check_addresses(&l);
    server_stop(&servers[0]);
    server_stop(&servers[1]);
    assert_true(server_count(&servers[0], "udp") > 0);
    assert_int_equal(server_count(&servers[1], "udp") >= l.n, true);
    lookup_release(&l);
    server_end_all(servers, 2);
}

static void a_refusal_of_one_is_mended_by_the_other(void **state)
{
    static const char *const codes[] = { "5", "4", "9" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(codes); i++) {
        const char *const refuses[] = { "--rcode", codes[i], NULL };
        struct server servers[2];
        struct lookup l = { 0 };

        start_two(servers, refuses);
        lookup_add(&l, 300, "n%u.test");
        lookup_run(&l, pool, FPOOL_DNS(.resolvers = LIST(servers)), NULL);
        lookup_check_addresses(&l);
        server_stop(&servers[0]);
        assert_true(server_count(&servers[0], "udp") > 0);
        lookup_release(&l);
        server_end_all(servers, 2);
    }
}

static void what_all_refuse_is_refused(void **state)
{
    static const char *const refuses[] = { "--rcode", "5", NULL };
    struct server servers[2];
    struct lookup l = { 0 };

    (void)state;
    server_start(&servers[0], refuses);
    server_start(&servers[1], refuses);
    lookup_add(&l, 100, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = LIST(servers)), NULL);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_REFUSED), 100);
    server_stop(&servers[0]);
    server_stop(&servers[1]);
    assert_int_equal(lookup_n_tries(&l),
                     servers[0].n_queries + servers[1].n_queries);
    assert_true(server_count(&servers[0], "udp") > 0);
    assert_true(server_count(&servers[1], "udp") > 0);
    lookup_release(&l);
    server_end_all(servers, 2);
}

static void a_refused_name_is_shown_to_several(void **state)
{
    struct server servers[3];
    struct lookup l = { 0 };
    unsigned n_shown;
    size_t i;
    size_t k;

    (void)state;
    start_two(servers, NULL);
    server_start(&servers[2], NULL);
    add_mixed(&l, "refused", 20);
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = LIST(servers)), NULL);
    for (k = 0; k < 3; k++) {
        server_stop(&servers[k]);
    }
    for (i = 4; i < l.n; i += 5) {
        assert_int_equal(lookup_response(&l, i)->status, FPOOL_DNS_REFUSED);
        assert_true(lookup_response(&l, i)->tries >= 3);
        for (n_shown = 0, k = 0; k < 3; k++) {
            n_shown += server_n_asked(&servers[k], l.names[i]) > 0;
        }
        assert_true(n_shown >= 2);
    }
    lookup_release(&l);
    server_end_all(servers, 3);
}

/* The first name learns it, at the cost of a query; the others know. */
static void edns_is_switched_off_where_it_is_not_understood(void **state)
{
    static const char *const no_edns[] = { "--no-edns", NULL };
    struct server s;
    struct lookup l = { 0 };
    uint64_t n_with_opt;

    (void)state;
    server_start(&s, no_edns);
    lookup_one(pool, FPOOL_DNS(.resolvers = s.address), "first.test",
               FPOOL_DNS_OK);
    lookup_add(&l, 200, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    lookup_check_addresses(&l);
    server_stop(&s);
    n_with_opt = server_count(&s, "opt");
    assert_in_range(n_with_opt, 1, 3);
    assert_true(server_count(&s, "udp") - n_with_opt >= 201);
    assert_int_equal(server_n_asked(&s, "first.test") >= 2, true);
    lookup_release(&l);
    server_release(&s);
}

static void edns_stays_on_where_it_is_understood(void **state)
{
    static const char *const no_edns[] = { "--no-edns", NULL };
    struct server servers[2];
    struct lookup l = { 0 };
    uint64_t n;

    (void)state;
    start_two(servers, no_edns);
    lookup_add(&l, 500, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = LIST(servers), .in_flight = 20),
               NULL);
    lookup_check_addresses(&l);
    server_stop(&servers[0]);
    server_stop(&servers[1]);
    n = server_count(&servers[0], "udp");
    assert_true(server_count(&servers[0], "opt") > 0);
    /* Those that were on their way when it was learnt, and no others. */
    assert_in_range(server_count(&servers[0], "opt"), 1, 20 + 2);
    assert_true(n > server_count(&servers[0], "opt"));
    assert_int_equal(server_count(&servers[1], "udp"),
                     server_count(&servers[1], "opt"));
    lookup_release(&l);
    server_end_all(servers, 2);
}

/* A name for which a server says FORMERR to EDNS is answered without. */
static void one_bad_zone_does_not_lose_its_name(void **state)
{
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 1, "formerr.test");
    lookup_add(&l, 1, "big.test TXT");
    lookup_add(&l, 1, "rcode-1.test"); /* FORMERR, whatever is asked */
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    lookup_check_address(&l, 0);
    assert_int_equal(lookup_response(&l, 1)->status, FPOOL_DNS_OK);
    assert_int_equal(lookup_response(&l, 2)->status, FPOOL_DNS_FAILED);
    assert_int_equal(lookup_response(&l, 2)->rcode, 1);
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* Exactly 'tries' queries, and no last pass. */
static void tries_are_counted(void **state)
{
    static const unsigned tries[] = { 1, 2, 3 };
    struct server s;
    size_t i;

    (void)state;
    server_start(&s, NULL);
    for (i = 0; i < N_ELEMENTS(tries); i++) {
        struct lookup l = { 0 };
        char name[32];

        snprintf(name, sizeof(name), "silent.t%u.test", tries[i]);
        lookup_add(&l, 1, name);
        lookup_run(&l, pool,
                   FPOOL_DNS(.resolvers = s.address, .tries = tries[i],
                             .flags = FPOOL_DNS_NO_LAST_PASS),
                   NULL);
        assert_int_equal(lookup_response(&l, 0)->status, FPOOL_DNS_TIMEOUT);
        assert_int_equal(lookup_response(&l, 0)->tries, tries[i]);
        lookup_release(&l);
    }
    server_stop(&s);
    assert_int_equal(server_n_asked(&s, "silent.t1.test"), 1);
    assert_int_equal(server_n_asked(&s, "silent.t2.test"), 2);
    assert_int_equal(server_n_asked(&s, "silent.t3.test"), 3);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_queries_are_sent_again),
        cmocka_unit_test(a_failure_is_believed_the_second_time),
        cmocka_unit_test(a_failure_needs_another_resolver_s_opinion),
        cmocka_unit_test(a_failure_of_one_is_mended_by_the_other),
        cmocka_unit_test(a_refusal_of_one_is_mended_by_the_other),
        cmocka_unit_test(what_all_refuse_is_refused),
        cmocka_unit_test(a_refused_name_is_shown_to_several),
        cmocka_unit_test(edns_is_switched_off_where_it_is_not_understood),
        cmocka_unit_test(edns_stays_on_where_it_is_understood),
        cmocka_unit_test(one_bad_zone_does_not_lose_its_name),
        cmocka_unit_test(tries_are_counted),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
