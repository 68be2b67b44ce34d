/* SPDX-License-Identifier: MIT */
/* Tries of the http engine from end to end: what is asked again, how often, and
 * what a host that asks for patience gets. */
#include <string.h>

#include "base/clock.h"
#include "engine/http/fetches.h"
#include "engine/http/web.h"

static struct fpool *pool;
static struct web web;

static int set_up(void **state)
{
    (void)state;
    web_start(&web, 2, (const char *const[]){ "-n", "2", NULL });
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    web_stop(&web);
    return 0;
}

static void check(const struct fpool_op *op, const char *path, const char *kind,
                  unsigned tries)
{
    web_forget(&web);
    fetch_check(pool, op, web_url(&web, 0, path), kind, tries);
    assert_int_equal(web_n_requests(&web), tries);
}

static void what_may_go_better_is_tried_again(void **state)
{
    static const char *const paths[] = {
        "/-/status/408", "/-/status/500", "/-/status/502", "/-/status/504",
        "/-/status/520", "/-/status/529", "/-/status/503", "/-/close",
        "/-/reset",      "/-/refuse",     "/-/truncate",   "/-/hang",
        "/-/stall/3",    "/-/chunks/cut", "/-/cut-head",   "/-/half-head",
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(paths); i++) {
        struct fpool_result r;
        const struct fpool_http_response *h;
        unsigned n;

        web_forget(&web);
        r = fetch_one(pool,
                      FPOOL_HTTP(.tries = 3, .retry_delay_ms = 1,
                                 .first_byte_ms = 30, .stall_ms = 30),
                      web_url(&web, 0, paths[i]));
        h = fpool_result_http(&r);
        /* libcurl itself repeats what a used connection swallowed. */
        n = web_n_requests(&web);
        if (h->tries != 3 || n < 3 || n > 4) {
            fail_msg("%s: %s after %u tries, %u requests", paths[i],
                     h->error_kind, h->tries, n);
        }
        assert_int_not_equal(r.status, FPOOL_OK);
        fpool_result_release(&r);
    }
}

static void what_would_end_the_same_is_not(void **state)
{
    static const struct {
        const char *path;
        const char *kind;
    } rows[] = {
        { "/-/status/400", "http.4xx" },
        { "/-/status/404", "http.4xx" },
        { "/-/status/416", "http.4xx" },
        { "/-/status/501", "http.5xx" },
        { "/-/status/505", "http.5xx" },
        { "/-/status/599", "http.5xx" },
        { "/-/status/200", "" },
        { "/-/status/304", "" },
        { "/-/banner", "protocol.malformed" },
        { "/-/te-gzip", "protocol.coding" },
        { "/-/endless", "limit.size" },
        { "/-/endless-headers", "limit.header" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        check(FPOOL_HTTP(.tries = 3, .retry_delay_ms = 1, .max_size = 1000),
              rows[i].path, rows[i].kind, 1);
    }
}

static void a_later_try_may_go_well(void **state)
{
    struct fpool_result r;

    (void)state;
    r = fetch_one(pool, FPOOL_HTTP(.retry_delay_ms = 1),
                  web_url(&web, 0, "/-/fail/500/2/well/-/bytes/100"));
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->tries, 3);
    assert_int_equal(fpool_result_http(&r)->status_code, 200);
    assert_int_equal(fpool_result_http(&r)->body_size, 100);
    fpool_result_release(&r);
    check(FPOOL_HTTP(.retry_delay_ms = 1, .tries = 2),
          "/-/fail/500/2/late/-/bytes/100", "http.5xx", 2);
    check(FPOOL_HTTP(.tries = 1), "/-/status/500", "http.5xx", 1);
}

static void the_program_says_which_statuses(void **state)
{
    (void)state;
    check(FPOOL_HTTP(.retry_delay_ms = 1, .retry_on = "404, 418"),
          "/-/status/418", "http.4xx", 3);
    check(FPOOL_HTTP(.retry_delay_ms = 1, .retry_on = "404"), "/-/status/500",
          "http.5xx", 1);
    check(FPOOL_HTTP(.retry_delay_ms = 1, .retry_on = ""), "/-/status/500",
          "http.5xx", 1);
    check(FPOOL_HTTP(.retry_delay_ms = 1, .throttle_on = ""), "/-/status/429",
          "http.4xx", 1);
    check(FPOOL_HTTP(.retry_delay_ms = 1, .throttle_on = "404"),
          "/-/fail/404/2/patience/-/bytes/1", "", 3);
}

static void only_what_may_be_repeated_is(void **state)
{
    static const struct {
        const char *method;
        unsigned tries;
    } rows[] = { { "GET", 2 },    { "HEAD", 2 },    { "PUT", 2 },
                 { "DELETE", 2 }, { "OPTIONS", 2 }, { "POST", 1 },
                 { "PATCH", 1 },  { "BREW", 1 } };
    struct deaf deaf;
    unsigned n_wrong = 0;
    unsigned n;
    size_t i;

    (void)state;
    deaf_open(&deaf, DEAF_CLOSED);
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        const char *url = web_text("http://127.0.0.1:%d/", deaf.port);
        const struct fpool_op *op =
            FPOOL_HTTP(.retry_delay_ms = 1, .tries = 2,
                       .method = rows[i].method, .body = "x", .body_size = 1);

        check(op, "/-/status/500", "http.5xx", rows[i].tries);
        web_forget(&web);
        fetch_check(pool, op, web_url(&web, 0, "/-/close"), "protocol.empty",
                    rows[i].tries);
        n = web_n_requests(&web);
        /* libcurl itself repeats what a used connection swallowed. */
        if (n != rows[i].tries && (n > 3 || rows[i].tries == 1)) {
            print_error("%s was sent %u times\n", rows[i].method, n);
            n_wrong++;
        }
        /* Nothing was sent, so nothing is repeated. */
        fetch_check(pool, op, url, "connect.refused", 2);
    }
    assert_int_equal(n_wrong, 0);
    deaf_close(&deaf);
}

static void a_body_is_sent_with_every_try(void **state)
{
    struct fpool_result r =
        fetch_one(pool,
                  FPOOL_HTTP(.retry_delay_ms = 1, .method = "PUT",
                             .body = "some body", .body_size = 9),
                  web_url(&web, 0, "/-/fail/502/2/body/-/echo"));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->tries, 3);
    assert_non_null(strstr(fpool_result_http(&r)->body, "\r\n\r"
                                                        "some body"));
    fpool_result_release(&r);
}

static void retries_go_behind_fresh_items(void **state)
{
    struct fetches f = { 0 };
    int i;

    (void)state;
    fetches_add(&f, "%s/-/fail/500/1/behind/-/bytes/1", web.urls[0]);
    for (i = 0; i < 60; i++) {
        fetches_add(&f, "%s/-/delay/1/-/bytes/1", web.urls[0]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 1, .per_host = 1), NULL);
    fetches_check_all_ok(&f);
    assert_true(fetches_place(&f, 0) > 40);
    assert_int_equal(f.stats.requests, 62);
    assert_int_equal(f.stats.retries, 1);
    assert_int_equal(f.stats.throttled, 0);
    fetches_release(&f);
}

static void retry_after_is_waited_for(void **state)
{
    struct fetches f = { 0 };
    int64_t start = fpool_now_ns();
    int i;

    (void)state;
    for (i = 0; i < 10; i++) {
        fetches_add(&f, "%s/-/fail/429/1/second/-/bytes/1?retry-after=1",
                    web.urls[0]);
        fetches_add(&f, "%s/-/delay/1/-/bytes/1", web.urls[1]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 1, .per_host = 1), NULL);
    fetches_check_all_ok(&f);
    assert_true(fpool_now_ns() - start >= 1000000000);
    assert_int_equal(f.stats.throttled, 1);
    for (i = 0; i < 10; i++) { /* The host waits, and nobody else. */
        assert_true(fetches_place(&f, (size_t)(2 * i)) >= 10);
        assert_true(fetches_place(&f, (size_t)(2 * i + 1)) < 10);
    }
    fetches_release(&f);
}

static void pauses_of_a_host_grow(void **state)
{
    struct fetches f = { 0 };
    unsigned n;
    int i;

    (void)state;
    web_forget(&web);
    for (i = 0; i < 50; i++) {
        fetches_add(&f, "%s/-/count/grow/-/throttle/200/grow2/-/bytes/1",
                    web.urls[0]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 4), NULL);
    fetches_check_all_ok(&f);
    /* 4 ms, doubled each time, are 200 ms after six; pauses of half the length
     * and requests that were on their way are allowed for. */
    n = web_count(&web, "grow");
    assert_in_range(n, 51, 110);
    assert_int_equal(f.stats.requests, n);
    assert_int_equal(f.stats.throttled, n - 50);
    fetches_release(&f);
}

/* What Retry-After says is bounded, and nonsense is as none. */
static void patience_has_an_end(void **state)
{
    static const char *const values[] = {
        "soon", "-1",   "1.5", "Wed,%2021%20Oct%202015%2007:28:00%20GMT",
        "",     "0x10",
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(values); i++) {
        const char *path = web_text(
            "/-/fail/429/2/v%zu/-/bytes/1?retry-after=%s", i, values[i]);

        check(FPOOL_HTTP(.retry_delay_ms = 1), path, "", 3);
    }
    check(FPOOL_HTTP(.retry_delay_ms = 1, .max_retry_after_ms = 20),
          "/-/fail/429/1/capped/-/bytes/1?retry-after=999999999999999999999",
          "", 2);
    check(FPOOL_HTTP(.retry_delay_ms = 1, .max_retry_after_ms = 20),
          "/-/status/429?retry-after=3600", "http.4xx", 2);
}

static void a_connection_that_ends_unseen_costs_no_try(void **state)
{
    struct fetches f = { 0 };
    size_t i;

    (void)state;
    for (i = 0; i < 300; i++) {
        fetches_add(&f, "%s/-/keepalive-close", web.urls[0]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.tries = 1, .per_host = 1), NULL);
    fetches_check_all_ok(&f);
    fetches_release(&f);
}

static void the_wait_between_tries_grows(void **state)
{
    int64_t start = fpool_now_ns();

    (void)state;
    /* 20 + 40 + 80, of which at least half is waited. */
    check(FPOOL_HTTP(.tries = 4, .retry_delay_ms = 20), "/-/status/500",
          "http.5xx", 4);
    assert_true(fpool_now_ns() - start >= 70 * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_go_better_is_tried_again),
        cmocka_unit_test(what_would_end_the_same_is_not),
        cmocka_unit_test(a_later_try_may_go_well),
        cmocka_unit_test(the_program_says_which_statuses),
        cmocka_unit_test(only_what_may_be_repeated_is),
        cmocka_unit_test(a_body_is_sent_with_every_try),
        cmocka_unit_test(retries_go_behind_fresh_items),
        cmocka_unit_test(retry_after_is_waited_for),
        cmocka_unit_test(pauses_of_a_host_grow),
        cmocka_unit_test(patience_has_an_end),
        cmocka_unit_test(a_connection_that_ends_unseen_costs_no_try),
        cmocka_unit_test(the_wait_between_tries_grows),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
