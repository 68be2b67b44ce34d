/* SPDX-License-Identifier: MIT */
/* Requests of the http engine from end to end: what the operation and what an
 * item's description put into them, and what is checked of the answer. */
#include <string.h>

#include "engine/http/fetches.h"
#include "engine/http/web.h"

static struct fpool *pool;
static struct web web;

static int set_up(void **state)
{
    (void)state;
    web_start(&web, 1, NULL);
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

/* What the server got for this operation; static, until the next call. */
static const char *sent(const struct fpool_op *op, const char *url)
{
    static char body[8192];
    struct fpool_result r = fetch_one(pool, op, url);
    const struct fpool_http_response *h = fpool_result_http(&r);

    if (r.status != FPOOL_OK || h->body == NULL) {
        fail_msg("%s: %s %s", url, h->error_kind, h->error_message);
    }
    snprintf(body, sizeof(body), "%s", (const char *)h->body);
    fpool_result_release(&r);
    return body;
}

static void a_plain_request_is_short(void **state)
{
    const char *text = sent(FPOOL_HTTP(), web_url(&web, 0, "/-/echo"));

    (void)state;
    assert_ptr_equal(strstr(text, "GET /-/echo\n"), text);
    assert_non_null(strstr(text, "\nUser-Agent: fetchpool/"));
    assert_non_null(
        strstr(text, web_text("\nHost: 127.0.0.1:%d\r\n", web_port(&web, 0))));
    assert_null(strcasestr(text, "cookie:"));
    assert_null(strcasestr(text, "authorization:"));
    assert_null(strcasestr(text, "expect:"));
    assert_true(n_times(text, "\r\n") <= 5);
}

static void the_operation_says_what_is_sent(void **state)
{
    const struct fpool_op *op =
        FPOOL_HTTP(.method = "PUT", .body = "a\0b", .body_size = 3,
                   .headers = "X-One: 1\nX-Two:  two words \nAccept:",
                   .user_agent = "me/1", .cookie = "a=b; c=d",
                   .user = "me:word");
    const char *text = sent(op, web_url(&web, 0, "/-/echo"));

    (void)state;
    assert_ptr_equal(strstr(text, "PUT /-/echo\n"), text);
    assert_int_equal(n_times(text, "\nX-One: 1\r\n"), 1);
    assert_int_equal(n_times(text, "two words"), 1);
    assert_int_equal(n_times(text, "\nUser-Agent: me/1\r\n"), 1);
    assert_int_equal(n_times(text, "\nCookie: a=b; c=d\r\n"), 1);
    assert_int_equal(n_times(text, "\nAuthorization: Basic bWU6d29yZA==\r\n"),
                     1);
    assert_int_equal(n_times(text, "\nContent-Length: 3\r\n"), 1);
    assert_null(strcasestr(text, "\naccept:"));
    assert_null(strcasestr(
        sent(FPOOL_HTTP(.user_agent = ""), web_url(&web, 0, "/-/echo")),
        "user-agent:"));
    assert_ptr_equal(sent(FPOOL_HTTP(.body = "x", .body_size = 1),
                          web_url(&web, 0, "/-/echo")),
                     text);
    assert_ptr_equal(strstr(text, "POST /-/echo\n"), text);
}

static void a_head_has_no_body(void **state)
{
    struct fpool_result r = fetch_one(pool, FPOOL_HTTP(.method = "HEAD"),
                                      web_url(&web, 0, "/-/bytes/1000"));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->status_code, 200);
    assert_int_equal(fpool_result_http(&r)->body_size, 0);
    fpool_result_release(&r);
    assert_non_null(strstr(web_log(&web), "HEAD /-/bytes/1000 "));
}

static void what_would_break_a_request_is_refused(void **state)
{
    struct fpool_item item = fpool_item_text(web_url(&web, 0, "/-/echo"));
    const struct fpool_op *const ops[] = {
        FPOOL_HTTP(.headers = "no colon"),
        FPOOL_HTTP(.headers = "X: a\r\n\r\nGET / HTTP/1.1"),
        FPOOL_HTTP(.headers = "X y: a"),
        FPOOL_HTTP(.headers = ": a"),
        FPOOL_HTTP(.method = "GE T"),
        FPOOL_HTTP(.method = "GET\r\nX: y"),
        FPOOL_HTTP(.method = ""),
        FPOOL_HTTP(.cookie = "a=b\r\nX: y"),
        FPOOL_HTTP(.user_agent = "a\nX: y"),
        FPOOL_HTTP(.user = "no colon"),
        FPOOL_HTTP(.retry_on = "99"),
        FPOOL_HTTP(.throttle_on = "500-400"),
        FPOOL_HTTP(.resolve = "nonsense"),
        FPOOL_HTTP(.allow_nets = "127.0.0.1/33"),
        FPOOL_HTTP(.deny_nets = "all"),
        FPOOL_HTTP(.tries = 101),
        FPOOL_HTTP(.rate = -1),
        FPOOL_HTTP(.host_rate = -1),
        FPOOL_HTTP(.retry_delay_ms = -1),
        FPOOL_HTTP(.max_retry_after_ms = -1),
        FPOOL_HTTP(.redirects = -2),
        FPOOL_HTTP(.body_size = 5),
    };
    struct fpool_result r;
    int n_taken = 0;
    size_t i;

    (void)state;
    web_forget(&web);
    for (i = 0; i < N_ELEMENTS(ops); i++) {
        enum fpool_status status = fpool_apply(pool, ops[i], item, NULL, &r);

        if (status != FPOOL_EINVAL) {
            print_error("operation %zu: %d\n", i, (int)status);
            n_taken++;
        }
    }
    assert_int_equal(n_taken, 0);
    assert_int_equal(web_n_requests(&web), 0);
}

static void texts_can_be_checked_before(void **state)
{
    static const struct {
        const char *field;
        const char *good;
        const char *bad;
    } rows[] = {
        { "retry_on", "408,500-599", "abc" },
        { "throttle_on", "429", "429-" },
        { "headers", "A: b\nC:", "A" },
        { "resolve", "h:80:127.0.0.1", "h" },
        { "allow_nets", "10.0.0.0/8, ::1", "10.0.0.0/8/8" },
        { "deny_nets", "10.0.0.0/8", "x" },
        { "user", "a:b", "a" },
        { "proxy", "http://127.0.0.1:8080", "http://[" },
        { "method", "REPORT", "A B" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        const char *said = fpool_http_check(rows[i].field, rows[i].good);

        if (said != NULL) {
            fail_msg("%s '%s': %s", rows[i].field, rows[i].good, said);
        }
        said = fpool_http_check(rows[i].field, rows[i].bad);
        if (said == NULL) {
            fail_msg("%s '%s' is not refused", rows[i].field, rows[i].bad);
        }
    }
}

/* ---- Items that are described. */

/* What the next items are to be. */
struct wish {
    const char *method;
    const char *headers;
    const char *body;
    const char *range;
    const char *sha256;
    int64_t size_and_1; /* 0: any */
    int64_t timeout_ms;
};

/* A line that begins with '!' is no good. */
static bool describe(void *userdata, const struct fpool_item *item,
                     struct fpool_http_request *ret_request,
                     const char **ret_reason)
{
    const struct wish *wish = userdata;

    if (item->size > 0 && *(const char *)item->data == '!') {
        *ret_reason = "the line begins with '!'";
        return false;
    }
    ret_request->method = wish->method;
    ret_request->headers = wish->headers;
    ret_request->range = wish->range;
    ret_request->sha256 = wish->sha256;
    ret_request->timeout_ms = wish->timeout_ms;
    if (wish->body != NULL) {
        ret_request->body = wish->body;
        ret_request->body_size = strlen(wish->body);
    }
    if (wish->size_and_1 > 0) {
        ret_request->size = wish->size_and_1 - 1;
    }
    return true;
}

#define WISH(...)                                                              \
    .describe = describe, .userdata = &(struct wish)                           \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

static void items_say_what_is_sent(void **state)
{
    const char *text =
        sent(FPOOL_HTTP(WISH(.method = "PATCH", .headers = "X-Item: yes",
                             .body = "item"),
                        .headers = "X-All: yes", .body = "operation",
                        .body_size = 9, .tries = 1),
             web_url(&web, 0, "/-/echo"));

    (void)state;
    assert_ptr_equal(strstr(text, "PATCH /-/echo\n"), text);
    assert_int_equal(n_times(text, "\nX-Item: yes\r\n"), 1);
    assert_int_equal(n_times(text, "\nX-All: yes\r\n"), 1);
    assert_non_null(strstr(text, "\r\n\ritem"));
    assert_null(strstr(text, "operation"));
    sent(FPOOL_HTTP(WISH(.range = "5-9"), .headers = "X-All: yes", .tries = 1),
         web_url(&web, 0, "/-/echo"));
    assert_int_equal(n_times(text, "\nRange: bytes=5-9\r\n"), 1);
    sent(FPOOL_HTTP(WISH(.range = NULL), .method = "DELETE", .tries = 1),
         web_url(&web, 0, "/-/echo"));
    assert_ptr_equal(strstr(text, "DELETE /-/echo\n"), text);
}

static void a_range_is_a_part(void **state)
{
    struct fpool_result r = fetch_one(
        pool, FPOOL_HTTP(WISH(.range = "8-15"), .max_size = 100, .tries = 1),
        web_url(&web, 0, "/-/bytes/1000"));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->status_code, 206);
    assert_int_equal(fpool_result_http(&r)->body_size, 8);
    fpool_result_release(&r);
}

static void items_may_be_no_good(void **state)
{
    static const char *const bad_headers[] = { "no colon", "X: a\rY: b",
                                               "a b: c" };
    struct fpool_result r;
    size_t i;

    (void)state;
    web_forget(&web);
    r = fetch_one(pool, FPOOL_HTTP(WISH(.size_and_1 = 0), .tries = 3), "!bad");
    assert_int_equal(r.status, FPOOL_EINVALID);
    assert_string_equal(fpool_result_http(&r)->error_kind, "invalid.request");
    assert_non_null(strstr(fpool_result_http(&r)->error_message, "'!'"));
    fpool_result_release(&r);
    for (i = 0; i < N_ELEMENTS(bad_headers); i++) {
        fetch_check(pool,
                    FPOOL_HTTP(WISH(.headers = bad_headers[i]), .tries = 1),
                    web_url(&web, 0, "/-/echo"), "invalid.request", 0);
    }
    fetch_check(pool, FPOOL_HTTP(WISH(.method = "G T"), .tries = 1),
                web_url(&web, 0, "/-/echo"), "invalid.request", 0);
    fetch_check(pool, FPOOL_HTTP(WISH(.sha256 = "abc"), .tries = 1),
                web_url(&web, 0, "/-/echo"), "invalid.request", 0);
    fetch_check(pool, FPOOL_HTTP(WISH(.range = "1-2\r\nX: y"), .tries = 1),
                web_url(&web, 0, "/-/echo"), "invalid.request", 0);
    assert_int_equal(web_n_requests(&web), 0);
}

static void bodies_must_be_what_was_promised(void **state)
{
    char digest[65];
    struct fpool_result r = fetch_one(pool, FPOOL_HTTP(.digest = "sha256"),
                                      web_url(&web, 0, "/-/bytes/1000"));
    const char *url = web_url(&web, 0, "/-/bytes/1000");

    (void)state;
    memcpy(digest, fpool_result_http(&r)->sha256, sizeof(digest));
    fpool_result_release(&r);
    fetch_check(pool, FPOOL_HTTP(WISH(.sha256 = digest), .tries = 1), url, "",
                1);
    fetch_check(pool, FPOOL_HTTP(WISH(.size_and_1 = 1001), .tries = 1), url, "",
                1);
    fetch_check(pool, FPOOL_HTTP(WISH(.size_and_1 = 1000), .tries = 1), url,
                "protocol.size", 1);
    fetch_check(pool, FPOOL_HTTP(WISH(.size_and_1 = 1002), .tries = 1), url,
                "protocol.size", 1);
    fetch_check(pool, FPOOL_HTTP(WISH(.size_and_1 = 1), .tries = 1), url,
                "protocol.size", 1);
    fetch_check(pool,
                FPOOL_HTTP(WISH(.size_and_1 = 1001, .sha256 = digest),
                           .flags = FPOOL_HTTP_NO_BODY, .tries = 1),
                url, "", 1);
    digest[7] = digest[7] == '0' ? '1' : '0';
    fetch_check(pool, FPOOL_HTTP(WISH(.sha256 = digest), .tries = 1), url,
                "protocol.checksum", 1);
    fetch_check(pool,
                FPOOL_HTTP(WISH(.sha256 = digest, .size_and_1 = 0),
                           .retry_delay_ms = 1, .tries = 3),
                url, "protocol.checksum", 3);
}

static void an_item_may_have_a_time_of_its_own(void **state)
{
    struct fpool_result r;

    (void)state;
    fetch_check(pool, FPOOL_HTTP(WISH(.timeout_ms = 60), .tries = 1),
                web_url(&web, 0, "/-/hang"), "timeout.total", 1);
    assert_ok(fpool_apply(pool,
                          FPOOL_HTTP(WISH(.timeout_ms = 5000), .tries = 1),
                          fpool_item_text(web_url(&web, 0,
                                                  "/-/delay/60/-/"
                                                  "bytes/1")),
                          FPOOL_JOB(.item_timeout_ms = 20), &r));
    assert_int_equal(r.status, FPOOL_OK);
    fpool_result_release(&r);
}

static void headers_are_kept_when_asked_for(void **state)
{
    struct fpool_result r;

    (void)state;
    r = fetch_one(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/bytes/1"));
    assert_string_equal(fpool_result_http(&r)->headers, "");
    fpool_result_release(&r);
    r = fetch_one(pool, FPOOL_HTTP(.flags = FPOOL_HTTP_KEEP_HEADERS),
                  web_url(&web, 0, "/-/to?/-/bytes/1"));
    assert_string_equal(fpool_result_http(&r)->headers,
                        "Content-Type: application/octet-stream\n"
                        "Content-Length: 1\nConnection: keep-alive\n");
    fpool_result_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_is_short),
        cmocka_unit_test(the_operation_says_what_is_sent),
        cmocka_unit_test(a_head_has_no_body),
        cmocka_unit_test(what_would_break_a_request_is_refused),
        cmocka_unit_test(texts_can_be_checked_before),
        cmocka_unit_test(items_say_what_is_sent),
        cmocka_unit_test(a_range_is_a_part),
        cmocka_unit_test(items_may_be_no_good),
        cmocka_unit_test(bodies_must_be_what_was_promised),
        cmocka_unit_test(an_item_may_have_a_time_of_its_own),
        cmocka_unit_test(headers_are_kept_when_asked_for),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
