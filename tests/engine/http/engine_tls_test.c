/* SPDX-License-Identifier: MIT */
/* TLS of the http engine from end to end: certificates that are no good, whom
 * to trust, and a store that is read once. */
#include <string.h>

#include "base/clock.h"
#include "engine/http/fetches.h"
#include "engine/http/web.h"

/* Addresses of the server: the first speaks plain HTTP. */
enum { PLAIN, GOOD, EXPIRED, FUTURE, NAME, SELF, UNKNOWN, N_ADDRESSES };

static struct fpool *pool;
static struct web web;
static char certs[64];
static const char *ca;

static int set_up(void **state)
{
    static const char *const files[] = { "good", "expired", "future",
                                         "name", "self",    "unknown" };
    const char *options[2 * N_ADDRESSES] = { NULL };
    size_t i;

    (void)state;
    certs_make(certs, sizeof(certs));
    for (i = 0; i < N_ELEMENTS(files); i++) {
        options[2 * i] = "-t";
        options[2 * i + 1] = web_text("%s/%s.pem", certs, files[i]);
    }
    web_start(&web, N_ADDRESSES, options);
    ca = strdup(web_text("%s/ca.pem", certs));
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    web_stop(&web);
    certs_remove(certs);
    free((char *)(uintptr_t)ca);
    return 0;
}

static void bad_certificates_have_their_kinds(void **state)
{
    static const struct {
        size_t address;
        const char *kind;
    } rows[] = {
        { GOOD, "" },
        { EXPIRED, "tls.expired" },
        { FUTURE, "tls.expired tls.certificate" },
        { NAME, "tls.name" },
        { SELF, "tls.self_signed" },
        { UNKNOWN, "tls.untrusted" },
    };
    size_t i;

    (void)state;
    web_forget(&web);
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        struct fpool_result r =
            fetch_one(pool, FPOOL_HTTP(.ca_file = ca, .retry_delay_ms = 1),
                      web_url(&web, rows[i].address, "/-/bytes/5"));
        const struct fpool_http_response *h = fpool_result_http(&r);

        if (strstr(rows[i].kind, h->error_kind) == NULL) {
            fail_msg("%s: %s (%s)", rows[i].kind, h->error_kind,
                     h->error_message);
        }
        assert_int_equal(h->tries, 1); /* It would end the same. */
        assert_int_equal(r.status, i == 0 ? FPOOL_OK : FPOOL_ETLS);
        assert_int_equal(h->is_retryable, false);
        fpool_result_release(&r);
    }
    assert_int_equal(web_n_requests(&web), 1); /* Nobody else was told. */
}

static void the_store_decides(void **state)
{
    (void)state;
    /* The system trusts none of them. */
    fetch_check(pool, FPOOL_HTTP(), web_url(&web, GOOD, "/-/bytes/5"),
                "tls.untrusted", 1);
    fetch_check(pool, FPOOL_HTTP(.ca_file = web_text("%s/unknown.pem", certs)),
                web_url(&web, GOOD, "/-/bytes/5"), "tls.untrusted", 1);
    fetch_check(pool, FPOOL_HTTP(.ca_file = web_text("%s/self.pem", certs)),
                web_url(&web, SELF, "/-/bytes/5"), "", 1);
    /* A connection that one job trusts is not lent to another. */
    fetch_check(pool, FPOOL_HTTP(), web_url(&web, SELF, "/-/bytes/5"),
                "tls.self_signed", 1);
}

static void all_may_be_accepted(void **state)
{
    size_t i;

    (void)state;
    for (i = GOOD; i < N_ADDRESSES; i++) {
        fetch_check(pool, FPOOL_HTTP(.flags = FPOOL_HTTP_INSECURE),
                    web_url(&web, i, "/-/bytes/5"), "", 1);
    }
    /* In this job only. */
    fetch_check(pool, FPOOL_HTTP(.ca_file = ca),
                web_url(&web, EXPIRED, "/-/bytes/5"), "tls.expired", 1);
}

static void files_without_certificates_are_refused(void **state)
{
    struct fpool_item item = fpool_item_text(web_url(&web, GOOD, "/"));
    struct fpool_result r;

    (void)state;
    assert_status(fpool_apply(pool, FPOOL_HTTP(.ca_file = "/nonexistent"), item,
                              NULL, &r),
                  FPOOL_ELOCAL);
    assert_ok(fpool_apply(pool, FPOOL_HTTP(.ca_file = "/etc/passwd"), item,
                          NULL, &r));
    assert_status(r.status, FPOOL_ELOCAL);
    assert_string_equal(fpool_result_http(&r)->error_kind, "local.ca_file");
    fpool_result_release(&r);
}

/* Names are sent and checked as in the URL, whatever the address. */
static void names_are_those_of_the_url(void **state)
{
    int port = web_port(&web, GOOD);
    const char *list = web_text(
        "some.web.test:%d:127.0.0.1\nevil.example:%d:127.0.0.1", port, port);

    (void)state;
    fetch_check(pool, FPOOL_HTTP(.ca_file = ca, .resolve = list),
                web_text("https://some.web.test:%d/-/bytes/5", port), "", 1);
    fetch_check(pool, FPOOL_HTTP(.ca_file = ca, .resolve = list),
                web_text("https://evil.example:%d/-/bytes/5", port), "tls.name",
                1);
}

static void both_sides_must_speak_tls(void **state)
{
    struct fpool_result r;

    (void)state;
    fetch_check(pool, FPOOL_HTTP(.tries = 1),
                web_text("https://127.0.0.1:%d/", web_port(&web, PLAIN)),
                "tls.handshake", 1);
    /* What a server says to that is its own affair. */
    r = fetch_one(pool, FPOOL_HTTP(.tries = 1),
                  web_text("http://127.0.0.1:%d/", web_port(&web, GOOD)));
    assert_int_not_equal(r.status, FPOOL_OK);
    fpool_result_release(&r);
}

/* Fifty connections, each to a host of its own: to parse a bundle for each
 * would take seconds; the store is shared. */
static void many_hosts_share_the_store(void **state)
{
    int port = web_port(&web, GOOD);
    struct fetches f = { 0 };
    char list[4096] = "";
    size_t used = 0;
    int k;

    (void)state;
    web_forget(&web);
    for (k = 0; k < 50; k++) {
        used += (size_t)snprintf(list + used, sizeof(list) - used,
                                 "h%d.web.test:%d:127.0.0.1\n", k, port);
        fetches_add(&f, "https://h%d.web.test:%d/-/bytes/5", k, port);
        fetches_add(&f, "https://h%d.web.test:%d/-/bytes/6", k, port);
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.ca_file = ca, .resolve = list, .per_host = 1),
                NULL);
    fetches_check_all_ok(&f);
    assert_int_equal(web_n_connections(&web), 50);
    for (k = 0; k < 100; k += 2) {
        assert_true(fetches_response(&f, (size_t)k)->time_us.tls > 0 ||
                    fetches_response(&f, (size_t)k + 1)->time_us.tls > 0);
    }
    fetches_release(&f);
}

/* Without a length a body ends with its connection, with one it must be whole.
 * libcurl 7.88.1 does not tell an end without a word of farewell from another.
 */
static void bodies_end_as_without_tls(void **state)
{
    const struct fpool_op *op = FPOOL_HTTP(.ca_file = ca, .tries = 1);

    (void)state;
    fetch_check_body(pool, op, web_url(&web, GOOD, "/-/http10"), "hello");
    fetch_check(pool, op, web_url(&web, GOOD, "/-/truncate"),
                "protocol.truncated", 1);
    fetch_check(pool, op, web_url(&web, GOOD, "/-/chunks/cut"),
                "protocol.truncated", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_certificates_have_their_kinds),
        cmocka_unit_test(the_store_decides),
        cmocka_unit_test(all_may_be_accepted),
        cmocka_unit_test(files_without_certificates_are_refused),
        cmocka_unit_test(names_are_those_of_the_url),
        cmocka_unit_test(both_sides_must_speak_tls),
        cmocka_unit_test(many_hosts_share_the_store),
        cmocka_unit_test(bodies_end_as_without_tls),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
