/* SPDX-License-Identifier: MIT */
/* Names in the http engine, from end to end: who is asked, how often, what a
 * name without an address ends as, and the addresses that are tried in turn. */
#include <string.h>

#include "engine/dns/server.h"
#include "engine/http/fetches.h"
#include "engine/http/web.h"

static struct fpool *pool;
static struct web web;
static struct server names;

static int set_up(void **state)
{
    (void)state;
    web_start(&web, 2, (const char *const[]){ "-a", "127.0.0.2", NULL });
    server_start(&names, NULL);
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    web_stop(&web);
    server_end_all(&names, 1);
    return 0;
}

static const char *url_of(const char *name, const char *path)
{
    return web_text("http://%s:%d%s", name, web_port(&web, 0), path);
}

static void names_lead_to_addresses(void **state)
{
    const char *name;
    struct fpool_result r =
        fetch_one(pool, FPOOL_HTTP(.resolvers = names.address),
                  url_of("A-127-0-0-2.Lead.test", "/-/echo"));
    const struct fpool_http_response *h = fpool_result_http(&r);

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_string_equal(h->remote_ip, "127.0.0.2");
    name = web_text("Host: a-127-0-0-2.lead.test:%d\r\n", web_port(&web, 0));
    if (strcasestr(h->body, name) == NULL) {
        fail_msg("no %s in %s", name, (const char *)h->body);
    }
    assert_true(h->time_us.dns > 0);
    fpool_result_release(&r);
}

/* However many items of however many transfers: one question of each type. */
static void a_name_is_asked_for_once(void **state)
{
    struct server counting;
    struct fetches f = { 0 };
    unsigned n;
    int k;

    (void)state;
    server_start(&counting, (const char *const[]){ "--delay", "20", NULL });
    for (k = 0; k < 100; k++) {
        fetches_add(&f, "%s",
                    url_of(k % 2 == 0 ? "a-127-0-0-1.once.test"
                                      : "a-127-0-0-2.once.test",
                           "/-/bytes/1"));
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.resolvers = counting.address, .in_flight = 50),
                NULL);
    fetches_check_all_ok(&f);
    fetches_release(&f);
    server_stop(&counting);
    n = server_n_asked(&counting, "a-127-0-0-1.once.test");
    assert_in_range(n, 1, 2); /* A and AAAA */
    n = server_n_asked(&counting, "a-127-0-0-2.once.test");
    assert_in_range(n, 1, 2);
    server_release(&counting);
}

static void names_that_fail_have_their_kinds(void **state)
{
    static const struct {
        const char *name;
        const char *kind;
        unsigned tries;
    } rows[] = {
        { "nx.kinds.test", "dns.nxdomain", 1 },
        { "nodata.kinds.test", "dns.nodata", 1 },
        { "servfail.kinds.test", "dns.servfail", 2 },
        { "refused.kinds.test", "dns.refused", 2 },
        { "cnamenx-2.kinds.test", "dns.nxdomain", 1 },
    };
    const struct fpool_op *op =
        FPOOL_HTTP(.resolvers = names.address, .tries = 2, .retry_delay_ms = 1,
                   .connect_timeout_ms = 2000);
    size_t i;

    (void)state;
    web_forget(&web);
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        fetch_check(pool, op, url_of(rows[i].name, "/"), rows[i].kind,
                    rows[i].tries);
    }
    assert_int_equal(web_n_requests(&web), 0);
    fetch_check(pool, op, url_of("a..test", "/"), "invalid.url", 1);
}

static void silence_ends_in_time(void **state)
{
    (void)state;
    fetch_check(pool,
                FPOOL_HTTP(.resolvers = names.address, .tries = 1,
                           .connect_timeout_ms = 150),
                url_of("silent.end.test", "/"), "dns.timeout", 1);
}

/* A name that is looked for holds up no other host. */
static void a_silent_name_holds_up_nobody(void **state)
{
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 20; k++) {
        fetches_add(&f, "%s", url_of("silent.holds.test", "/"));
    }
    for (k = 0; k < 200; k++) {
        fetches_add(&f, "%s", url_of("a-127-0-0-1.holds.test", "/-/bytes/1"));
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.resolvers = names.address, .tries = 1,
                           .connect_timeout_ms = 400, .in_flight = 8),
                NULL);
    assert_int_equal(fetches_count(&f, ""), 200);
    assert_int_equal(fetches_count(&f, "dns.timeout") +
                         fetches_count(&f, "connect.host_down"),
                     20);
    for (k = 0; k < 200; k++) {
        assert_true(f.order[k] >= 20); /* the good ones first */
    }
    fetches_release(&f);
}

/* Answers to other queries are not meant for us. */
static void a_lie_is_no_answer(void **state)
{
    (void)state;
    fetch_check(pool,
                FPOOL_HTTP(.resolvers = names.address, .tries = 1,
                           .connect_timeout_ms = 2000),
                url_of("wrongid.also.a-127-0-0-1.lie.test", "/-/bytes/1"), "",
                1);
}

static void addresses_are_tried_in_turn(void **state)
{
    struct fetches f = { 0 };
    int port = web_port(&web, 0);
    const char *list = web_text("two.test:%d:127.0.0.9,127.0.0.1\n"
                                "three.test:%d:127.0.0.8,[::1],127.0.0.2\n"
                                "none.test:%d:127.0.0.8,127.0.0.9",
                                port, port, port);
    int k;

    (void)state;
    fetch_check(pool, FPOOL_HTTP(.resolve = list, .tries = 1),
                url_of("two.test", "/-/bytes/1"), "", 1);
    fetch_check(pool, FPOOL_HTTP(.resolve = list, .tries = 1),
                url_of("three.test", "/-/bytes/1"), "", 1);
    fetch_check(pool, FPOOL_HTTP(.resolve = list, .tries = 1),
                url_of("none.test", "/-/bytes/1"), "connect.refused", 1);
    /* Once found, the good one is kept. */
    for (k = 0; k < 50; k++) {
        fetches_add(&f, "%s", url_of("two.test", "/-/bytes/1"));
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.resolve = list, .tries = 1, .per_host = 2), NULL);
    fetches_check_all_ok(&f);
    assert_in_range(f.stats.requests, 50, 52);
    fetches_release(&f);
}

/* A SYN that nobody answers does not use up the time of the next address. */
static void the_next_address_has_its_time(void **state)
{
    struct deaf deaf;
    const char *list;

    (void)state;
    deaf_open(&deaf, DEAF_FULL);
    list = web_text("slow.test:%d:127.0.0.1,127.0.0.9", deaf.port);
    fetch_check(
        pool,
        FPOOL_HTTP(.resolve = list, .tries = 1, .connect_timeout_ms = 300),
        web_text("http://slow.test:%d/", deaf.port), "connect.refused", 1);
    deaf_close(&deaf);
}

static void overrides_go_before_names(void **state)
{
    int port = web_port(&web, 0);
    const char *list = web_text("nx.over.test:%d:127.0.0.2", port);
    struct fpool_result r =
        fetch_one(pool, FPOOL_HTTP(.resolve = list, .resolvers = names.address),
                  url_of("NX.over.test", "/-/bytes/1"));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_string_equal(fpool_result_http(&r)->remote_ip, "127.0.0.2");
    fpool_result_release(&r);
    /* For this port only. */
    fetch_check(
        pool,
        FPOOL_HTTP(.resolve = list, .resolvers = names.address, .tries = 1),
        "http://nx.over.test:1/", "dns.nxdomain", 1);
}

static void the_system_may_be_asked(void **state)
{
    (void)state;
    fetch_check(pool, FPOOL_HTTP(.flags = FPOOL_HTTP_SYSTEM_NAMES),
                url_of("localhost", "/-/bytes/1"), "", 1);
    /* And /etc/hosts goes before the resolver, which knows another address. */
    fetch_check(pool, FPOOL_HTTP(.resolvers = names.address),
                url_of("localhost", "/-/bytes/1"), "", 1);
}

static void many_names_are_found(void **state)
{
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 500; k++) {
        fetches_add(&f, "%s",
                    url_of(web_text("a-127-0-0-1.n%d.test", k), "/-/bytes/1"));
    }
    fetches_run(&f, pool, FPOOL_HTTP(.resolvers = names.address), NULL);
    fetches_check_all_ok(&f);
    fetches_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_to_addresses),
        cmocka_unit_test(a_name_is_asked_for_once),
        cmocka_unit_test(names_that_fail_have_their_kinds),
        cmocka_unit_test(silence_ends_in_time),
        cmocka_unit_test(a_silent_name_holds_up_nobody),
        cmocka_unit_test(a_lie_is_no_answer),
        cmocka_unit_test(addresses_are_tried_in_turn),
        cmocka_unit_test(the_next_address_has_its_time),
        cmocka_unit_test(overrides_go_before_names),
        cmocka_unit_test(the_system_may_be_asked),
        cmocka_unit_test(many_names_are_found),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
