/* SPDX-License-Identifier: MIT */
/* The http engine from end to end, against a server that says anything: each
 * item ends with one result of the right kind, in bounded time and memory. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/http/server.h"
#include "fetchpool/http.h"
#include "support/check.h"

#define OK_HEAD   "HTTP/1.1 200 OK\r\n"
#define MIB       (1024 * 1024)
#define BIG_SIZE  (5 * MIB + 123)
#define BIG_LABEL "5243003"

static const struct server_answer answers[] = {
    { "/ok", OK_HEAD "Content-Type: text/x\r\nContent-Length: 5\r\n\r\nhello",
      SERVER_CLOSE, NULL, 0 },
    { "/empty", OK_HEAD "Content-Length: 0\r\n\r\n", SERVER_CLOSE, NULL, 0 },
    { "/chunked", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      SERVER_CLOSE, NULL, 0 },
    { "/http10", "HTTP/1.0 200 OK\r\n\r\nhello", SERVER_CLOSE, NULL, 0 },
    { "/204", "HTTP/1.1 204 No\r\n\r\n", SERVER_CLOSE, NULL, 0 },
    { "/404", "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", SERVER_CLOSE,
      NULL, 0 },
    { "/503", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", SERVER_CLOSE,
      NULL, 0 },
    { "/endless-404", "HTTP/1.1 404 No\r\n\r\n", SERVER_REPEAT, "xxxxxxxxxxxxx",
      0 },
    { "/truncated", OK_HEAD "Content-Length: 1000\r\n\r\nhello", SERVER_CLOSE,
      NULL, 0 },
    { "/cut-chunk", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\nhel",
      SERVER_CLOSE, NULL, 0 },
    { "/bad-chunk", OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nhel",
      SERVER_CLOSE, NULL, 0 },
    { "/gzip-coding", OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      SERVER_CLOSE, NULL, 0 },
    { "/two-codings", OK_HEAD "Transfer-Encoding: gzip\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", SERVER_CLOSE, NULL, 0 },
    { "/bad-length", OK_HEAD "Content-Length: 5x\r\n\r\nhello", SERVER_CLOSE,
      NULL, 0 },
    { "/banner", "SSH-2.0-OpenSSH_9.2\r\n", SERVER_CLOSE, NULL, 0 },
    { "/nothing", "", SERVER_CLOSE, NULL, 0 },
    { "/reset", OK_HEAD "Content-Length: 1000\r\n\r\nhello", SERVER_RESET, NULL,
      0 },
    { "/hang", "", SERVER_HANG, NULL, 0 },
    { "/half-head", OK_HEAD "X: ", SERVER_HANG, NULL, 0 },
    { "/stall", OK_HEAD "Content-Length: 1000\r\n\r\nhello", SERVER_HANG, NULL,
      0 },
    { "/endless", OK_HEAD "\r\n", SERVER_REPEAT, "xxxxxxxxxxxxxxxxxxxxxxxx", 0 },
    { "/endless-head", OK_HEAD, SERVER_REPEAT, "X-Header: some text\r\n", 0 },
    { "/endless-100", "", SERVER_REPEAT, "HTTP/1.1 100 Go\r\n\r\n", 0 },
    { "/big", OK_HEAD "Content-Length: " BIG_LABEL "\r\n\r\n", SERVER_FILL, NULL,
      BIG_SIZE },
    { "/big-unknown", OK_HEAD "\r\n", SERVER_FILL, NULL, BIG_SIZE },
    { "/to-ok", "HTTP/1.1 302 F\r\nLocation: ok\r\nContent-Length: 0\r\n\r\n",
      SERVER_CLOSE, NULL, 0 },
    { "/loop", "HTTP/1.1 302 F\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n",
      SERVER_CLOSE, NULL, 0 },
    { "/to-file", "HTTP/1.1 302 F\r\nLocation: file:///etc/passwd\r\n"
      "Content-Length: 0\r\n\r\n", SERVER_CLOSE, NULL, 0 },
    { "/to-ok-endless", "HTTP/1.1 302 F\r\nLocation: /ok\r\n\r\n", SERVER_REPEAT,
      "xxxxxxxxxxxxx", 0 },
    { "/no-location", "HTTP/1.1 302 F\r\nContent-Length: 2\r\n\r\nhi",
      SERVER_CLOSE, NULL, 0 },
};

static struct fpool *pool;
static char spool[] = "/tmp/fpool-http-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(spool) == NULL) {
        return -1;
    }
    server_start(answers, N_ELEMENTS(answers));
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    server_stop();
    return rmdir(spool); /* fails when a temporary file was left */
}

static struct fpool_result fetch(const struct fpool_op *op, const char *url)
{
    struct fpool_result result;

    assert_ok(fpool_apply(pool, op, fpool_item_text(url), NULL, &result));
    assert_string_equal(result.engine, "http");
    return result;
}

static void good_answers_come_with_their_bodies(void **state)
{
    static const struct {
        const char *path;
        const char *body;
    } rows[] = { { "/ok", "hello" }, { "/empty", NULL },
                 { "/chunked", "hello" }, { "/http10", "hello" },
                 { "/204", NULL } };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        struct fpool_result r = fetch(FPOOL_HTTP(.digest = "sha256"),
                                      server_url(rows[i].path));
        const struct fpool_http_response *h = fpool_result_http(&r);

        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(h->error, FPOOL_HTTP_ERROR_NONE);
        assert_int_equal(h->body_fd, -1);
        assert_int_equal(strlen(h->sha256), 64);
        if (rows[i].body == NULL) {
            assert_int_equal(h->body_size, 0);
        } else {
            assert_int_equal(h->body_size, strlen(rows[i].body));
            assert_string_equal(h->body, rows[i].body);
        }
        fpool_result_release(&r);
    }
}

static void a_response_tells_what_happened(void **state)
{
    struct fpool_result r = fetch(FPOOL_HTTP(), server_url("/to-ok"));
    const struct fpool_http_response *h = fpool_result_http(&r);

    (void)state;
    assert_int_equal(h->status_code, 200);
    assert_string_equal(h->http_version, "1.1");
    assert_string_equal(h->url, server_url("/to-ok"));
    assert_string_equal(h->final_url, server_url("/ok"));
    assert_int_equal(h->redirects, 1);
    assert_string_equal(h->content_type, "text/x");
    assert_string_equal(h->remote_ip, "127.0.0.1");
    assert_int_equal(h->remote_port, server_port());
    assert_string_equal(h->sha256, "");
    assert_true(h->time_us.total > 0);
    fpool_result_release(&r);
    assert_null(fpool_result_http(&r));
}

static void check_failure(const struct fpool_op *op, const char *url,
                          const char *kind, enum fpool_status status)
{
    struct fpool_result r = fetch(op, url);
    const struct fpool_http_response *h = fpool_result_http(&r);

    assert_non_null(h);
    assert_string_equal(h->error_kind, kind);
    assert_int_equal(r.status, status);
    assert_true(h->error_message[0] != '\0');
    assert_null(h->body);
    assert_int_equal(h->body_fd, -1);
    fpool_result_release(&r);
}

static void bad_answers_have_their_kinds(void **state)
{
    static const struct {
        const char *path;
        const char *kind;
        enum fpool_status status;
    } rows[] = {
        { "/404", "http.4xx", FPOOL_EFAILED },
        { "/503", "http.5xx", FPOOL_EFAILED },
        { "/endless-404", "http.4xx", FPOOL_EFAILED },
        { "/truncated", "protocol.truncated", FPOOL_EPROTOCOL },
        { "/cut-chunk", "protocol.truncated", FPOOL_EPROTOCOL },
        { "/bad-chunk", "protocol.malformed", FPOOL_EPROTOCOL },
        { "/gzip-coding", "protocol.coding", FPOOL_EPROTOCOL },
        { "/two-codings", "protocol.coding", FPOOL_EPROTOCOL },
        { "/bad-length", "protocol.malformed", FPOOL_EPROTOCOL },
        { "/banner", "protocol.malformed", FPOOL_EPROTOCOL },
        { "/nothing", "protocol.empty", FPOOL_EPROTOCOL },
        { "/reset", "connect.reset", FPOOL_ECONNECT },
        { "/hang", "timeout.first_byte", FPOOL_EDEADLINE },
        { "/half-head", "timeout.first_byte", FPOOL_EDEADLINE },
        { "/stall", "timeout.stall", FPOOL_EDEADLINE },
        { "/endless", "limit.size", FPOOL_ETOOLARGE },
        { "/big", "limit.size", FPOOL_ETOOLARGE },
        { "/endless-head", "limit.header", FPOOL_ETOOLARGE },
        { "/endless-100", "limit.header", FPOOL_ETOOLARGE },
        { "/loop", "limit.redirects", FPOOL_EPROTOCOL },
        { "/to-file", "policy.redirect", FPOOL_EREFUSED },
    };
    const struct fpool_op *op =
        FPOOL_HTTP(.first_byte_ms = 200, .stall_ms = 200, .max_size = 100000,
                   .spool_dir = spool, .tries = 1);
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        check_failure(op, server_url(rows[i].path), rows[i].kind,
                      rows[i].status);
    }
    check_failure(op, "http://127.0.0.1:1/", "connect.refused",
                  FPOOL_EREFUSED);
}

static void what_is_no_url_fails_without_a_request(void **state)
{
    struct fpool_item item = fpool_item_text("http://127.0.0.1:1/");
    struct fpool_result r;

    (void)state;
    check_failure(FPOOL_HTTP(), "no url", "invalid.url", FPOOL_EINVALID);
    check_failure(FPOOL_HTTP(), "", "invalid.url", FPOOL_EINVALID);
    item.flags = FPOOL_ITEM_TRUNCATED;
    assert_ok(fpool_apply(pool, FPOOL_HTTP(), item, NULL, &r));
    assert_int_equal(r.status, FPOOL_EINVALID);
    assert_string_equal(fpool_result_http(&r)->error_kind, "invalid.line");
    fpool_result_release(&r);
}

static void redirects_may_be_left_alone(void **state)
{
    struct fpool_result r =
        fetch(FPOOL_HTTP(.redirects = -1), server_url("/to-ok"));

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->status_code, 302);
    fpool_result_release(&r);
    r = fetch(FPOOL_HTTP(), server_url("/no-location"));
    assert_int_equal(r.status, FPOOL_OK);
    assert_string_equal(fpool_result_http(&r)->body, "hi");
    fpool_result_release(&r);
    r = fetch(FPOOL_HTTP(), server_url("/to-ok-endless"));
    assert_int_equal(r.status, FPOOL_OK);
    assert_string_equal(fpool_result_http(&r)->body, "hello");
    fpool_result_release(&r);
}

/* Asserts that 'fd' has BIG_SIZE times 'x'. */
static void check_big(int fd)
{
    static char block[65536];
    off_t offset = 0;

    for (;;) {
        ssize_t n = pread(fd, block, sizeof(block), offset);

        assert_true(n >= 0);
        if (n == 0) {
            break;
        }
        assert_null(memchr(block, '\0', (size_t)n));
        assert_int_equal(block[0], 'x');
        assert_int_equal(block[n - 1], 'x');
        offset += n;
    }
    assert_int_equal(offset, BIG_SIZE);
}

static void large_bodies_go_to_a_file(void **state)
{
    static const char *const paths[] = { "/big", "/big-unknown" };
    char digest[65] = "";
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(paths); i++) {
        struct fpool_result r =
            fetch(FPOOL_HTTP(.spool_dir = spool, .digest = "sha256"),
                  server_url(paths[i]));
        const struct fpool_http_response *h = fpool_result_http(&r);

        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(h->body_size, BIG_SIZE);
        assert_null(h->body);
        assert_true(h->body_fd >= 0);
        check_big(h->body_fd);
        if (i > 0) {
            assert_string_equal(h->sha256, digest);
        }
        memcpy(digest, h->sha256, sizeof(digest));
        fpool_result_release(&r);
    }
}

static void large_bodies_without_a_place_are_too_large(void **state)
{
    struct fpool_result r;

    (void)state;
    check_failure(FPOOL_HTTP(), server_url("/big"), "limit.memory",
                  FPOOL_ETOOLARGE);
    check_failure(FPOOL_HTTP(), server_url("/big-unknown"), "limit.memory",
                  FPOOL_ETOOLARGE);
    r = fetch(FPOOL_HTTP(.body_memory = 6 * MIB), server_url("/big"));
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(fpool_result_http(&r)->body_size, BIG_SIZE);
    assert_non_null(fpool_result_http(&r)->body);
    fpool_result_release(&r);
}

static void bodies_may_be_counted_and_dropped(void **state)
{
    struct fpool_result r = fetch(FPOOL_HTTP(.flags = FPOOL_HTTP_NO_BODY,
                                             .digest = "sha256"),
                                  server_url("/big"));
    const struct fpool_http_response *h = fpool_result_http(&r);

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(h->body_size, BIG_SIZE);
    assert_null(h->body);
    assert_int_equal(h->body_fd, -1);
    assert_int_equal(strlen(h->sha256), 64);
    fpool_result_release(&r);
}

static void an_item_has_a_deadline(void **state)
{
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_apply(pool, FPOOL_HTTP(),
                          fpool_item_text(server_url("/stall")),
                          FPOOL_JOB(.item_timeout_ms = 100), &r));
    assert_int_equal(r.status, FPOOL_EDEADLINE);
    assert_string_equal(fpool_result_http(&r)->error_kind, "timeout.total");
    fpool_result_release(&r);
}

/* A source of 'n_left' URLs of one kind. */
struct urls {
    const char *url;
    int n_left;
};

static int next_url(void *self, struct fpool_item *ret_item,
                    struct fpool_cancel *cancel)
{
    struct urls *urls = self;

    (void)cancel;
    if (urls->n_left == 0) {
        return FPOOL_END;
    }
    urls->n_left--;
    *ret_item = fpool_item_text(urls->url);
    return FPOOL_OK;
}

static void many_items_run_within_the_bound(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct urls urls = { server_url("/ok"), 500 };
    struct fpool_source source = { .next = next_url, .self = &urls };
    struct fpool_result r;
    int n = 0;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_HTTP(.in_flight = 8), source,
                         FPOOL_JOB(.window = 50), &results));
    while (fpool_next(results, &r, GUARD_MS) == FPOOL_OK) {
        assert_int_equal(r.index, n);
        assert_int_equal(r.status, FPOOL_OK);
        n++;
        fpool_result_release(&r);
    }
    assert_int_equal(n, 500);
}

static void cancelling_finishes_what_waits_and_what_runs(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_cancel *cancel = NULL;
    struct urls urls = { server_url("/stall"), 40 };
    struct fpool_source source = { .next = next_url, .self = &urls };
    int before = server_n_requests();
    struct fpool_result r;
    enum fpool_status status;
    int n = 0;

    (void)state;
    assert_ok(fpool_cancel_create(&cancel, NULL));
    assert_ok(fpool_imap_unordered(pool, FPOOL_HTTP(.in_flight = 4), source,
                                   FPOOL_JOB(.window = 40, .cancel = cancel),
                                   &results));
    while (server_n_requests() < before + 4) {
        assert_int_equal(fpool_next(results, &r, 1), FPOOL_ETIMEDOUT);
    }
    fpool_cancel_trip(cancel);
    for (status = fpool_next(results, &r, GUARD_MS); status == FPOOL_OK;
         status = fpool_next(results, &r, GUARD_MS)) {
        assert_int_equal(r.status, FPOOL_ECANCELED);
        assert_string_equal(fpool_result_http(&r)->error_kind, "cancelled");
        n++;
        fpool_result_release(&r);
    }
    assert_true(n >= 4 && n <= 40);
}

static void a_large_transfer_can_be_cancelled(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct urls urls = { server_url("/endless"), 8 };
    struct fpool_source source = { .next = next_url, .self = &urls };
    int before = server_n_requests();
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_imap_unordered(pool, FPOOL_HTTP(.spool_dir = spool, .per_host = 8),
                                   source, NULL, &results));
    while (server_n_requests() < before + 8) {
        assert_int_equal(fpool_next(results, &r, 1), FPOOL_ETIMEDOUT);
    }
    assert_int_equal(fpool_next(results, &r, 100), FPOOL_ETIMEDOUT);
}

static void a_response_outlives_its_pool(void **state)
{
    struct fpool *other = make_pool(1);
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_apply(other, FPOOL_HTTP(.spool_dir = spool),
                          fpool_item_text(server_url("/big")), NULL, &r));
    fpool_destroy(&other);
    check_big(fpool_result_http(&r)->body_fd);
    fpool_result_release(&r);
}

static void nothing_is_left_when_a_pool_ends(void **state)
{
    int n_descriptors = count_descriptors();
    int n_threads = count_threads();
    struct fpool *other = make_pool(1);
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_apply(other, FPOOL_HTTP(),
                          fpool_item_text(server_url("/ok")), NULL, &r));
    fpool_result_release(&r);
    fpool_destroy(&other);
    assert_true(count_descriptors() <= n_descriptors);
    await_threads(n_threads);
}

static void wrong_options_are_refused(void **state)
{
    struct fpool_item item = fpool_item_text(server_url("/ok"));
    struct fpool_result r;

    (void)state;
    assert_status(fpool_apply(pool, FPOOL_HTTP(.stall_ms = -1), item, NULL, &r),
                  FPOOL_EINVAL);
    assert_status(fpool_apply(pool, FPOOL_HTTP(.flags = 1u << 31), item, NULL,
                              &r),
                  FPOOL_EINVAL);
    assert_status(fpool_apply(pool, FPOOL_HTTP(.digest = "md4"), item, NULL,
                              &r),
                  FPOOL_EUNSUPPORTED);
    assert_status(fpool_apply(pool, FPOOL_HTTP(.spool_dir = "/nonexistent"),
                              item, NULL, &r),
                  FPOOL_ELOCAL);
    assert_status(fpool_apply(pool, FPOOL_HTTP(.ca_file = "/nonexistent"), item,
                              NULL, &r),
                  FPOOL_ELOCAL);
    assert_non_null(strstr(fpool_http_version_text(), "libcurl/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_answers_come_with_their_bodies),
        cmocka_unit_test(a_response_tells_what_happened),
        cmocka_unit_test(bad_answers_have_their_kinds),
        cmocka_unit_test(what_is_no_url_fails_without_a_request),
        cmocka_unit_test(redirects_may_be_left_alone),
        cmocka_unit_test(large_bodies_go_to_a_file),
        cmocka_unit_test(large_bodies_without_a_place_are_too_large),
        cmocka_unit_test(bodies_may_be_counted_and_dropped),
        cmocka_unit_test(an_item_has_a_deadline),
        cmocka_unit_test(many_items_run_within_the_bound),
        cmocka_unit_test(cancelling_finishes_what_waits_and_what_runs),
        cmocka_unit_test(a_large_transfer_can_be_cancelled),
        cmocka_unit_test(a_response_outlives_its_pool),
        cmocka_unit_test(nothing_is_left_when_a_pool_ends),
        cmocka_unit_test(wrong_options_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
