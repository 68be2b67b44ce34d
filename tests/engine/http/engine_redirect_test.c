/* SPDX-License-Identifier: MIT */
/* Redirects of the http engine from end to end: how far, where to, with which
 * method, and what of the caller's goes along. */
#include <string.h>

#include "engine/http/fetches.h"
#include "engine/http/web.h"

static struct fpool *pool;
static struct web web;    /* two ports: two origins */
static struct web secure; /* the second address has TLS */
static char certs[64];

static int set_up(void **state)
{
    const char *certificate;

    (void)state;
    certs_make(certs, sizeof(certs));
    certificate = web_text("%s/good.pem", certs);
    web_start(&web, 2, (const char *const[]){ "-n", "2", NULL });
    web_start(&secure, 2, (const char *const[]){ "-t", certificate, NULL });
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    web_stop(&web);
    web_stop(&secure);
    certs_remove(certs);
    return 0;
}

static void redirects_are_counted_and_bounded(void **state)
{
    struct fpool_result r;
    const struct fpool_http_response *h;

    (void)state;
    r = fetch_one(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/redirect/10"));
    h = fpool_result_http(&r);
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(h->redirects, 10);
    assert_int_equal(h->tries, 1);
    assert_string_equal(h->url, web_url(&web, 0, "/-/redirect/10"));
    assert_string_equal(h->final_url, web_url(&web, 0, "/-/bytes/10"));
    fpool_result_release(&r);
    web_forget(&web);
    fetch_check(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/redirect/11"),
                "limit.redirects", 1);
    assert_int_equal(web_n_requests(&web), 11);
    web_forget(&web);
    fetch_check(pool, FPOOL_HTTP(.redirects = 2),
                web_url(&web, 0, "/-/redirect/3"), "limit.redirects", 1);
    assert_int_equal(web_n_requests(&web), 3);
}

static void loops_end(void **state)
{
    (void)state;
    web_forget(&web);
    fetch_check(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/loop"),
                "limit.redirects", 1);
    assert_int_equal(web_n_requests(&web), 11);
}

static void places_of_all_forms_are_understood(void **state)
{
    const char *port = strrchr(web.urls[0], ':');
    const char *const locations[] = {
        "/-/bytes/3",
        "../-/bytes/3",
        "bytes/3",
        "./bytes/3#fragment",
        "?anything",
        web_text("//127.0.0.1%s/-/bytes/3", port),
        web_text("HTTP://127.0.0.1%s/-/bytes/3", port),
        web_text("http://127.1%s/-/bytes/3", port),
        web_text("http://user:secret@127.0.0.1%s/-/bytes/3", port),
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(locations); i++) {
        /* The fifth one asks the same path again, which then leads astray. */
        const char *end = i == 4 ? "http.4xx" : "";
        const char *location = i == 4 ? "%3Fanything" : locations[i];

        fetch_check(pool, FPOOL_HTTP(),
                    web_url(&web, 0, web_text("/-/to?%s", location)), end, 1);
    }
}

static void places_elsewhere_are_refused(void **state)
{
    static const char *const locations[] = {
        "file:///etc/passwd", "ftp://127.0.0.1/",    "gopher://127.0.0.1/",
        "javascript:alert()", "data:,hello",         "mailto:a@b.test",
        "dict://127.0.0.1/",  "ldap://127.0.0.1/",   "ws://127.0.0.1/",
        "FILE:///etc/passwd", "view-source:http://", "scp://127.0.0.1/",
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(locations); i++) {
        web_forget(&web);
        fetch_check(pool, FPOOL_HTTP(),
                    web_url(&web, 0, web_text("/-/to?%s", locations[i])),
                    "policy.redirect", 1);
        assert_int_equal(web_n_requests(&web), 1);
    }
}

/* The body of a redirect is dropped, whatever its size, and so is the
 * response's; but a status of 300 or 304 is none. */
static void some_answers_only_look_like_redirects(void **state)
{
    static const struct {
        int status;
        bool leads;
    } rows[] = { { 300, false }, { 301, true },  { 302, true }, { 303, true },
                 { 304, false }, { 305, false }, { 307, true }, { 308, true } };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        struct fpool_result r = fetch_one(
            pool, FPOOL_HTTP(),
            web_url(&web, 0, web_text("/-/to/%d?/-/bytes/5", rows[i].status)));

        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(fpool_result_http(&r)->status_code,
                         rows[i].leads ? 200 : rows[i].status);
        assert_int_equal(fpool_result_http(&r)->redirects, rows[i].leads);
        fpool_result_release(&r);
    }
}

/* RFC 9110, section 15.4: what becomes of a method. */
static void methods_follow_the_rules(void **state)
{
    static const struct {
        int status;
        const char *method;
        const char *becomes;
        bool keeps_body;
    } rows[] = {
        { 301, "POST", "GET", false },     { 302, "POST", "GET", false },
        { 303, "POST", "GET", false },     { 307, "POST", "POST", true },
        { 308, "POST", "POST", true },     { 301, "PUT", "PUT", true },
        { 302, "DELETE", "DELETE", true }, { 303, "PUT", "GET", false },
        { 303, "DELETE", "GET", false },   { 307, "PATCH", "PATCH", true },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        struct fpool_result r = fetch_one(
            pool,
            FPOOL_HTTP(.method = rows[i].method, .body = "the body",
                       .body_size = 8),
            web_url(&web, 0, web_text("/-/to/%d?/-/echo", rows[i].status)));
        const struct fpool_http_response *h = fpool_result_http(&r);
        const char *first = web_text("%s /-/echo\n", rows[i].becomes);

        assert_int_equal(r.status, FPOOL_OK);
        if (strncmp(h->body, first, strlen(first)) != 0 ||
            (strstr(h->body, "the body") != NULL) != rows[i].keeps_body) {
            fail_msg("%s after %d: %s", rows[i].method, rows[i].status,
                     (const char *)h->body);
        }
        assert_int_equal(strstr(h->body, "Content-Length:") != NULL,
                         rows[i].keeps_body);
        fpool_result_release(&r);
    }
}

static void head_stays_head(void **state)
{
    struct fpool_result r = fetch_one(pool, FPOOL_HTTP(.method = "HEAD"),
                                      web_url(&web, 0, "/-/to/303?/-/bytes/5"));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->status_code, 200);
    assert_int_equal(fpool_result_http(&r)->body_size, 0);
    fpool_result_release(&r);
    assert_non_null(strstr(web_log(&web), "HEAD /-/bytes/5 "));
}

/* A body of the caller's must not go to a stranger. */
static const struct {
    const char *headers;
    const char *user;
    const char *cookie;
} secrets = { "X-Api-Key: sesame\nAuthorization: Bearer sesame", "me:sesame",
              "a=sesame" };

static unsigned secrets_sent(const struct fpool_op *op, const char *url,
                             const char **ret_body)
{
    static char body[4096];
    struct fpool_result r = fetch_one(pool, op, url);
    const struct fpool_http_response *h = fpool_result_http(&r);

    if (r.status != FPOOL_OK) {
        fail_msg("%s: %s %s", url, h->error_kind, h->error_message);
    }
    assert_true((size_t)h->body_size < sizeof(body));
    memcpy(body, h->body, (size_t)h->body_size + 1);
    fpool_result_release(&r);
    *ret_body = body;
    /* "me:sesame" in base 64 is "bWU6c2VzYW1l". */
    return n_times(body, "sesame") + n_times(body, "bWU6c2VzYW1l");
}

static void secrets_stay_with_their_origin(void **state)
{
    const char *const echoes[] = {
        web_url(&web, 1, "/-/echo"), /* another port */
        web_text("http://localhost%s/-/echo", strrchr(web.urls[0], ':')),
        web_url(&secure, 1, "/-/echo"), /* another scheme */
    };
    const struct fpool_op *headers =
        FPOOL_HTTP(.headers = secrets.headers, .cookie = secrets.cookie,
                   .flags = FPOOL_HTTP_INSECURE);
    const struct fpool_op *user =
        FPOOL_HTTP(.user = secrets.user, .flags = FPOOL_HTTP_INSECURE);
    const char *body;
    size_t i;

    (void)state;
    assert_int_equal(
        secrets_sent(headers, web_url(&web, 0, "/-/to?/-/echo"), &body), 3);
    assert_int_equal(
        secrets_sent(user, web_url(&web, 0, "/-/to?/-/echo"), &body), 1);
    for (i = 0; i < N_ELEMENTS(echoes); i++) {
        const char *url = web_url(&web, 0, web_text("/-/to?%s", echoes[i]));

        assert_int_equal(secrets_sent(headers, url, &body), 0);
        assert_int_equal(secrets_sent(user, url, &body), 0);
        assert_null(strcasestr(body, "referer"));
    }
}

static void a_body_does_not_go_to_strangers(void **state)
{
    const char *url =
        web_url(&web, 0, web_text("/-/to/307?%s", web_url(&web, 1, "/-/echo")));
    const struct fpool_op *op =
        FPOOL_HTTP(.method = "PUT", .body = "sesame", .body_size = 6);
    struct fpool_result r = fetch_one(pool, op, url);

    (void)state;
    if (r.status == FPOOL_OK) {
        assert_null(strstr(fpool_result_http(&r)->body, "sesame"));
    }
    fpool_result_release(&r);
}

/* The user of a URL is as good as an option, and as private. */
static void users_in_urls_are_private(void **state)
{
    const char *port = strrchr(web.urls[0], ':');
    const char *body;
    struct fpool_result r;

    (void)state;
    assert_int_equal(
        secrets_sent(FPOOL_HTTP(),
                     web_text("http://me:sesame@127.0.0.1%s/-/echo", port),
                     &body),
        1);
    assert_int_equal(
        secrets_sent(FPOOL_HTTP(),
                     web_text("http://me:sesame@127.0.0.1%s/-/to?%s", port,
                              web_url(&web, 1, "/-/echo")),
                     &body),
        0);
    r = fetch_one(pool, FPOOL_HTTP(.tries = 1),
                  web_text("http://me:sesame@127.0.0.1%s/-/close#x", port));
    assert_string_equal(fpool_result_http(&r)->url,
                        web_url(&web, 0, "/-/close"));
    assert_null(strstr(fpool_result_http(&r)->error_message, "sesame"));
    fpool_result_release(&r);
}

static void plain_text_does_not_follow_secrecy(void **state)
{
    const char *url =
        web_url(&secure, 1, web_text("/-/to?%s", web_url(&web, 0, "/-/echo")));

    (void)state;
    web_forget(&web);
    fetch_check(pool, FPOOL_HTTP(.flags = FPOOL_HTTP_INSECURE), url,
                "policy.redirect", 1);
    assert_int_equal(web_n_requests(&web), 0);
    fetch_check(pool,
                FPOOL_HTTP(.flags = FPOOL_HTTP_INSECURE | FPOOL_HTTP_DOWNGRADE),
                url, "", 1);
    assert_int_equal(web_n_requests(&web), 1);
}

/* A retry of a hop is a try; the hops behind it are none. */
static void hops_are_tried_again(void **state)
{
    struct fpool_result r =
        fetch_one(pool, FPOOL_HTTP(.retry_delay_ms = 1),
                  web_url(&web, 0, "/-/to?/-/fail/500/2/hop/-/bytes/5"));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->tries, 3);
    assert_int_equal(fpool_result_http(&r)->body_size, 5);
    fpool_result_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects_are_counted_and_bounded),
        cmocka_unit_test(loops_end),
        cmocka_unit_test(places_of_all_forms_are_understood),
        cmocka_unit_test(places_elsewhere_are_refused),
        cmocka_unit_test(some_answers_only_look_like_redirects),
        cmocka_unit_test(methods_follow_the_rules),
        cmocka_unit_test(head_stays_head),
        cmocka_unit_test(secrets_stay_with_their_origin),
        cmocka_unit_test(a_body_does_not_go_to_strangers),
        cmocka_unit_test(users_in_urls_are_private),
        cmocka_unit_test(plain_text_does_not_follow_secrecy),
        cmocka_unit_test(hops_are_tried_again),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
