/* SPDX-License-Identifier: MIT */
/* Answers that no datagram holds: the dns engine asks again by TCP, over few
 * connections, and says so where that does not work. */
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

/* Asserts that name 'i' came whole, by TCP, with so many records. */
static void check_whole(const struct lookup *l, size_t i, size_t n_records)
{
    const struct fpool_dns_response *d = lookup_response(l, i);

    if (d->status != FPOOL_DNS_OK) {
        fail_msg("%s: %s %s", d->name, fpool_dns_status_text(d->status),
                 d->error_message);
    }
    assert_string_equal(d->protocol, "tcp");
    assert_false(d->is_truncated);
    assert_true(d->tries >= 2);
    assert_int_equal(d->n_records, n_records);
}

/* Names of a hundred records, with this server; few connections serve them. */
static void check_many(const char *const *options, unsigned n,
                       uint64_t max_connections)
{
    struct server s;
    struct lookup l = { 0 };
    size_t i;

    server_start(&s, options);
    lookup_add(&l, n, "tc.n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    for (i = 0; i < n; i++) {
        check_whole(&l, i, 100);
    }
    assert_true(l.stats.tcp >= n);
    server_stop(&s);
    if (options == NULL) { /* Others close before they have read all. */
        assert_int_equal(l.stats.sent, s.n_queries);
        assert_int_equal(l.stats.tcp, server_count(&s, "tcp"));
        assert_int_equal(l.stats.sent, lookup_n_tries(&l));
    }
    assert_true(server_count(&s, "tcp") >= n);
    assert_in_range(server_count(&s, "connections"), 1, max_connections);
    lookup_release(&l);
    server_release(&s);
}

static void a_connection_serves_many_names(void **state)
{
    (void)state;
    check_many(NULL, 500, 3);
}

/* Eight answers at a time, the last question's first: 64 are on their way. */
static void answers_may_come_in_any_order(void **state)
{
    static const char *const reverse[] = { "--reverse", "8", NULL };

    (void)state;
    check_many(reverse, 320, 3);
}

/* Each connection ends after five answers; the questions that were on it go to
 * the next one, and none of them fails. */
static void connections_that_end_early_are_replaced(void **state)
{
    static const char *const five[] = { "--tcp-queries", "5", NULL };

    (void)state;
    check_many(five, 100, 100);
}

/* The worst that RFC 7766 allows: one answer, and the connection ends. */
static void a_connection_for_each_answer_is_enough(void **state)
{
    static const char *const one[] = { "--tcp-queries", "1", NULL };

    (void)state;
    check_many(one, 40, 200);
}

static void large_answers_come_whole(void **state)
{
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 1, "big.test");
    lookup_add(&l, 1, "many-1500.test TXT");
    lookup_add(&l, 1, "many-1000.test AAAA");
    lookup_add(&l, 1, "tc.cname-3.test");
    lookup_add(&l, 1, "tc.nx.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    check_whole(&l, 0, 3750);
    check_whole(&l, 1, 1500);
    check_whole(&l, 2, 1000);
    check_whole(&l, 3, 4);
    assert_string_equal(lookup_response(&l, 0)->records[3749].data,
                        "10.0.14.165");
    assert_int_equal(lookup_response(&l, 4)->status, FPOOL_DNS_NXDOMAIN);
    assert_string_equal(lookup_response(&l, 4)->protocol, "tcp");
    lookup_release(&l);
    server_end_all(&s, 1);
}

static void a_byte_at_a_time_is_enough(void **state)
{
    struct server s;
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 10, "tcpslow.n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    for (i = 0; i < l.n; i++) {
        check_whole(&l, i, 1);
    }
    lookup_check_addresses(&l);
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* Connections that end before the answer, or in its middle: these names fail,
 * with a reason; those that were asked on the same connections do not. */
static void connections_that_break_fail_their_names_only(void **state)
{
    struct server s;
    struct lookup l = { 0 };
    char format[64];
    unsigned i;

    (void)state;
    server_start(&s, NULL);
    for (i = 0; i < 12; i++) {
        snprintf(format, sizeof(format), "%s.b%u.test",
                 i % 2 == 0 ? "tcpclose" : "tcphalf", i);
        lookup_add(&l, 1, format);
        snprintf(format, sizeof(format), "tc.n%%u.g%u.test", i);
        lookup_add(&l, 9, format);
    }
    lookup_add(&l, 100, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    for (i = 0; i < l.n; i++) {
        const struct fpool_dns_response *d = lookup_response(&l, i);

        if (i >= 120) {
            lookup_check_address(&l, i);
        } else if (i % 10 != 0) {
            check_whole(&l, i, 100);
        } else {
            assert_int_equal(d->status, FPOOL_DNS_FAILED);
            assert_int_equal(d->rcode, -1);
            assert_string_equal(d->protocol, "tcp");
            assert_string_equal(d->resolver, s.address);
        }
    }
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* Truncated by TCP, too: there is no more to be had. */
static void a_part_is_marked_as_such(void **state)
{
    struct server s;
    const struct fpool_dns_response *d;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 1, "tconly.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    d = lookup_response(&l, 0);
    assert_int_equal(d->status, FPOOL_DNS_OK);
    assert_true(d->is_truncated);
    assert_int_equal(d->n_records, 2);
    assert_string_equal(d->protocol, "tcp");
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* Nobody listens there: what the datagram held is given, marked; where it held
 * nothing the name has failed. */
static void without_tcp_there_is_a_part_or_nothing(void **state)
{
    static const char *const no_tcp[] = { "--no-tcp", NULL };
    struct server s;
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    server_start(&s, no_tcp);
    lookup_add(&l, 20, "tconly.n%u.test");
    lookup_add(&l, 20, "tc.n%u.test");
    lookup_add(&l, 20, "n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address), NULL);
    for (i = 0; i < l.n; i++) {
        const struct fpool_dns_response *d = lookup_response(&l, i);

        if (i >= 40) {
            lookup_check_address(&l, i);
        } else if (i >= 20) {
            assert_int_equal(d->status, FPOOL_DNS_FAILED);
            assert_int_equal(d->n_records, 0);
        } else {
            assert_int_equal(d->status, FPOOL_DNS_OK);
            assert_true(d->is_truncated);
            assert_int_equal(d->n_records, 2);
            assert_string_equal(d->protocol, "udp");
            assert_string_equal(d->resolver, s.address);
        }
    }
    lookup_release(&l);
    server_end_all(&s, 1);
}

/* A resolver without TCP is no reason to fail while there is another. */
static void another_resolver_may_have_tcp(void **state)
{
    static const char *const no_tcp[] = { "--no-tcp", NULL };
    struct server servers[2];
    struct lookup l = { 0 };
    size_t i;

    (void)state;
    server_start(&servers[0], no_tcp);
    server_start(&servers[1], NULL);
    lookup_add(&l, 60, "tc.n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = server_list(servers, 2)), NULL);
    for (i = 0; i < l.n; i++) {
        check_whole(&l, i, 100);
        assert_string_equal(lookup_response(&l, i)->resolver,
                            servers[1].address);
    }
    lookup_release(&l);
    server_end_all(servers, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_many_names),
        cmocka_unit_test(answers_may_come_in_any_order),
        cmocka_unit_test(connections_that_end_early_are_replaced),
        cmocka_unit_test(a_connection_for_each_answer_is_enough),
        cmocka_unit_test(large_answers_come_whole),
        cmocka_unit_test(a_byte_at_a_time_is_enough),
        cmocka_unit_test(connections_that_break_fail_their_names_only),
        cmocka_unit_test(a_part_is_marked_as_such),
        cmocka_unit_test(without_tcp_there_is_a_part_or_nothing),
        cmocka_unit_test(another_resolver_may_have_tcp),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
