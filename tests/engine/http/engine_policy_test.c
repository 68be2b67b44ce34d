/* SPDX-License-Identifier: MIT */
/* Which addresses the http engine connects to, from end to end: whatever a URL,
 * a name or a redirect says, a server that is out of bounds sees no
 * connection. */
#include <string.h>

#include "engine/dns/server.h"
#include "engine/http/fetches.h"
#include "engine/http/web.h"

static struct fpool *pool;
static struct web web; /* 127.0.0.1, and 127.0.0.2 at the same port */
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

/* All of them are this machine, and none may be asked. */
static const char *const spellings[] = {
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "0",
    "0.0.0.0",
    "[::]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1", /* full-width digits */
    "\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1", /* circled digits */
    "ok@127.0.0.1",
    "8.8.8.8@127.0.0.1",
    "127.0.0.2",
    "any.test",
    "a-127-0-0-1.test",
};

static void check_refused(const struct fpool_op *op, const char *url)
{
    struct fpool_result r = fetch_one(pool, op, url);
    const char *kind = fpool_result_http(&r)->error_kind;

    if (strcmp(kind, "policy.address") != 0 &&
        strcmp(kind, "invalid.url") != 0 && strcmp(kind, "dns.nxdomain") != 0) {
        fail_msg("%s: '%s' %s", url, kind,
                 fpool_result_http(&r)->error_message);
    }
    fpool_result_release(&r);
}

static void no_spelling_gets_through(void **state)
{
    const struct fpool_op *op =
        FPOOL_HTTP(.flags = FPOOL_HTTP_DENY_PRIVATE, .resolvers = names.address,
                   .connect_timeout_ms = 2000);
    const char *port = strrchr(web.urls[0], ':');
    size_t i;

    (void)state;
    web_forget(&web);
    for (i = 0; i < N_ELEMENTS(spellings); i++) {
        check_refused(op, web_text("http://%s%s/", spellings[i], port));
        check_refused(op, web_text("https://%s%s/", spellings[i], port));
    }
    assert_string_equal(web_log(&web), "");
    fetch_check(pool, op, web_text("http://127.0.0.1%s/", port),
                "policy.address", 1);
    fetch_check(pool, op, web_text("http://localhost%s/", port),
                "policy.address", 1);
    assert_int_equal(web_n_requests(&web), 0);
}

static void no_redirect_gets_through(void **state)
{
    const struct fpool_op *op =
        FPOOL_HTTP(.flags = FPOOL_HTTP_DENY_PRIVATE, .resolvers = names.address,
                   .allow_nets = "127.0.0.2/32", .connect_timeout_ms = 2000);
    const char *port = strrchr(web.urls[0], ':');
    size_t i;

    (void)state;
    web_forget(&web);
    for (i = 0; i < N_ELEMENTS(spellings); i++) {
        if (strcmp(spellings[i], "127.0.0.2") != 0) {
            check_refused(op, web_text("%s/-/to/%d?http://%s%s/-/bytes/1",
                                       web.urls[1], 301 + (int)(i % 3),
                                       spellings[i], port));
        }
    }
    assert_int_equal(n_times(web_log(&web), "/-/bytes/1"), 0);
    fetch_check(pool, op, web_url(&web, 1, "/-/bytes/1"), "", 1);
}

static void lists_of_networks_are_kept(void **state)
{
    static const struct {
        uint32_t flags;
        const char *allow;
        const char *deny;
        bool first; /* 127.0.0.1 may be asked; 127.0.0.2 may */
        bool second;
    } rows[] = {
        { 0, NULL, NULL, true, true },
        { 0, NULL, "127.0.0.2/32", true, false },
        { 0, NULL, "127.0.0.0/8", false, false },
        { 0, "127.0.0.2/32", "127.0.0.0/8", false, true },
        { 0, NULL, "::/0, 0.0.0.0/0", false, false },
        { 0, NULL, "10.0.0.0/8, fe80::/10", true, true },
        { FPOOL_HTTP_DENY_PRIVATE, "127.0.0.2/32", NULL, false, true },
        { FPOOL_HTTP_DENY_PRIVATE, "127.0.0.0/30", NULL, true, true },
        { FPOOL_HTTP_DENY_PRIVATE, "127.0.0.2", "127.0.0.2", false, true },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        const struct fpool_op *op =
            FPOOL_HTTP(.flags = rows[i].flags, .allow_nets = rows[i].allow,
                       .deny_nets = rows[i].deny);

        fetch_check(pool, op, web_url(&web, 0, "/-/bytes/1"),
                    rows[i].first ? "" : "policy.address", 1);
        fetch_check(pool, op, web_url(&web, 1, "/-/bytes/1"),
                    rows[i].second ? "" : "policy.address", 1);
    }
}

/* Connections that one job may use are not lent to another that may not. */
static void jobs_do_not_share_what_only_one_may_use(void **state)
{
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 5; k++) {
        fetches_add(&f, "%s/-/bytes/1", web.urls[0]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(), NULL);
    fetches_check_all_ok(&f);
    fetches_release(&f);
    web_forget(&web);
    fetch_check(pool, FPOOL_HTTP(.flags = FPOOL_HTTP_DENY_PRIVATE),
                web_url(&web, 0, "/-/bytes/1"), "policy.address", 1);
    assert_int_equal(web_n_requests(&web), 0);
}

static void one_that_is_refused_does_not_harm_the_others(void **state)
{
    struct fetches f = { 0 };
    size_t k;

    (void)state;
    for (k = 0; k < 100; k++) {
        fetches_add(&f, "%s/-/bytes/%zu", web.urls[k % 2], k);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.deny_nets = "127.0.0.2"), NULL);
    assert_int_equal(fetches_count(&f, ""), 50);
    assert_int_equal(fetches_count(&f, "policy.address"), 50);
    fetches_release(&f);
}

/* The next address of a host is used where the first may not be. */
static void a_host_may_have_an_address_that_is_allowed(void **state)
{
    const char *list =
        web_text("two.test:%d:127.0.0.1,127.0.0.2", web_port(&web, 0));

    (void)state;
    web_forget(&web);
    fetch_check(pool, FPOOL_HTTP(.resolve = list, .deny_nets = "127.0.0.1"),
                web_text("http://two.test:%d/-/bytes/1", web_port(&web, 0)), "",
                1);
    assert_int_equal(web_n_requests(&web), 1);
}

/* A policy is on, so no variable leads around it; without one, neither. */
static void the_environment_is_not_asked(void **state)
{
    struct deaf deaf;

    (void)state;
    deaf_open(&deaf, DEAF_CLOSED);
    setenv("http_proxy", web_text("http://127.0.0.1:%d", deaf.port), 1);
    setenv("all_proxy", web_text("http://127.0.0.1:%d", deaf.port), 1);
    fetch_check(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/bytes/1"), "", 1);
    fetch_check(
        pool,
        FPOOL_HTTP(.flags = FPOOL_HTTP_DENY_PRIVATE, .allow_nets = "127.0.0.1"),
        web_url(&web, 0, "/-/bytes/1"), "", 1);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    deaf_close(&deaf);
}

static void a_proxy_is_judged_by_its_own_address(void **state)
{
    const char *proxy = web_text("%s", web.urls[0]);

    (void)state;
    web_forget(&web);
    fetch_check(pool, FPOOL_HTTP(.proxy = proxy),
                "http://elsewhere.test/-/bytes/5", "", 1);
    assert_string_equal(web_log(&web), "GET /-/bytes/5 elsewhere.test\n");
    fetch_check(
        pool, FPOOL_HTTP(.proxy = proxy, .deny_nets = "127.0.0.1", .tries = 1),
        "http://elsewhere.test/-/bytes/5", "policy.address", 1);
    assert_int_equal(web_n_requests(&web), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_spelling_gets_through),
        cmocka_unit_test(no_redirect_gets_through),
        cmocka_unit_test(lists_of_networks_are_kept),
        cmocka_unit_test(jobs_do_not_share_what_only_one_may_use),
        cmocka_unit_test(one_that_is_refused_does_not_harm_the_others),
        cmocka_unit_test(a_host_may_have_an_address_that_is_allowed),
        cmocka_unit_test(the_environment_is_not_asked),
        cmocka_unit_test(a_proxy_is_judged_by_its_own_address),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
