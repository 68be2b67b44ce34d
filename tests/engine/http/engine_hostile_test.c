/* SPDX-License-Identifier: MIT */
/* Servers that say anything, and the http engine: each item ends with a result
 * of the right kind, in bounded time and memory, and its neighbours, at the
 * same server in the same job, never notice. */
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
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

/* Where two kinds are right, since chance decides which is first, both stand
 * there. */
static const struct {
    const char *path;
    const char *kind;
} rows[] = {
    { "/-/truncate", "protocol.truncated" },
    { "/-/chunks/cut", "protocol.truncated" },
    { "/-/chunks/no-end", "protocol.truncated" },
    { "/-/chunks/size", "protocol.malformed" },
    { "/-/chunks/huge", "protocol.malformed" },
    { "/-/chunks/negative", "protocol.malformed" },
    { "/-/chunks/no-line", "protocol.malformed" },
    { "/-/chunks/extension", "limit.header protocol.malformed limit.size "
                             "timeout.stall" },
    { "/-/chunks/trailers", "limit.header protocol.malformed" },
    { "/-/chunks/stall", "timeout.stall" },
    { "/-/chunks/good", "" },
    { "/-/te-gzip", "protocol.coding" },
    { "/-/te-twice", "protocol.coding" },
    { "/-/te-identity", "" },
    { "/-/ce-twice", "protocol.coding" },
    { "/-/ce-list", "protocol.coding" },
    { "/-/cl/5x", "protocol.malformed" },
    { "/-/cl/-1", "protocol.malformed" },
    { "/-/cl/%2B5", "protocol.malformed" },
    { "/-/cl/1e3", "protocol.malformed" },
    { "/-/cl/0x5", "protocol.malformed" },
    { "/-/cl/18446744073709551621", "protocol.malformed limit.size" },
    { "/-/cl/9223372036854775808", "protocol.malformed limit.size" },
    { "/-/cl/%20", "protocol.malformed" },
    { "/-/cl/5,%206", "protocol.malformed" },
    { "/-/cl/5", "" },
    { "/-/cl/005", "" },
    { "/-/cl/6", "protocol.truncated" },
    { "/-/cl-twice", "protocol.malformed" },
    { "/-/cl-and-te", "" },
    { "/-/http09", "protocol.malformed" },
    { "/-/http3", "protocol.malformed" },
    { "/-/http10", "" },
    { "/-/banner", "protocol.malformed" },
    { "/-/fold", "" },
    { "/-/zeros", "" },
    { "/-/close", "protocol.empty connect.reset" },
    { "/-/refuse", "connect.reset" },
    { "/-/reset", "connect.reset" },
    { "/-/hang", "timeout.first_byte" },
    { "/-/half-head", "timeout.first_byte" },
    { "/-/cut-head", "protocol.empty protocol.truncated protocol.malformed" },
    { "/-/stall/0", "timeout.stall" },
    { "/-/stall/999", "timeout.stall" },
    { "/-/slow/20/-/bytes/1", "timeout.first_byte" },
    { "/-/endless", "limit.size" },
    { "/-/endless/chunked", "limit.size" },
    { "/-/endless/404", "http.4xx" },
    { "/-/endless-headers", "limit.header" },
    { "/-/endless-line", "limit.header" },
    { "/-/endless-continue", "limit.header" },
    { "/-/headers/1100", "limit.header" },
    { "/-/headers/900", "" },
    { "/-/bigheader/90000", "" },
    { "/-/bigheader/270000", "limit.header" },
    { "/-/continue/20", "" },
    { "/-/loop", "limit.redirects" },
    { "/-/to?", "" },
    { "/-/to?http://", "policy.redirect invalid.url" },
    { "/-/to?http://[", "policy.redirect invalid.url" },
    { "/-/to?http://a%20b/", "policy.redirect invalid.url" },
    { "/-/status/404", "http.4xx" },
    { "/-/status/599", "http.5xx" },
};

#define FIRST_BYTE_MS 150
#define LIMITS                                                                 \
    .tries = 1, .first_byte_ms = FIRST_BYTE_MS, .stall_ms = FIRST_BYTE_MS,     \
    .max_size = 100000, .body_memory = 200000, .per_host = 32

static void check_kind(const struct fpool_http_response *h, const char *path,
                       const char *kinds)
{
    const char *kind = h->error_kind;
    bool is_right = kinds[0] == '\0'
                        ? kind[0] == '\0'
                        : kind[0] != '\0' && strstr(kinds, kind) != NULL;

    if (!is_right) {
        print_error("%s: '%s' (%s) in place of '%s'\n", path, kind,
                    h->error_message, kinds);
    }
}

static bool is_kind(const struct fpool_http_response *h, const char *kinds)
{
    return kinds[0] == '\0' ? h->error_kind[0] == '\0'
                            : h->error_kind[0] != '\0' &&
                                  strstr(kinds, h->error_kind) != NULL;
}

/* Each among nine healthy ones. */
static void every_oddity_has_its_kind_and_harms_nobody(void **state)
{
    struct fetches f = { 0 };
    size_t n_wrong = 0;
    size_t i;

    (void)state;
    for (i = 0; i < 10 * N_ELEMENTS(rows); i++) {
        fetches_add(&f, "%s%s", web.urls[0],
                    i % 10 == 0 ? rows[i / 10].path : "/-/bytes/77");
    }
    fetches_run(&f, pool, FPOOL_HTTP(LIMITS), NULL);
    for (i = 0; i < f.n; i++) {
        const struct fpool_http_response *h = fetches_response(&f, i);
        const char *kinds = i % 10 == 0 ? rows[i / 10].kind : "";

        check_kind(h, f.urls[i], kinds);
        n_wrong += !is_kind(h, kinds);
        if (h->tries != 1) {
            print_error("%s: %u tries: %s\n", f.urls[i], h->tries,
                        h->error_kind);
            n_wrong++;
        }
        if (i % 10 != 0 && h->error == FPOOL_HTTP_ERROR_NONE) {
            assert_int_equal(h->body_size, 77);
        }
    }
    assert_int_equal(n_wrong, 0);
    fetches_release(&f);
}

/* As the rows above, with codings asked for. */
static void compressed_oddities_have_their_kinds(void **state)
{
    static const struct {
        const char *path;
        const char *kind;
    } codings[] = {
        { "/-/gzip/1000", "" },
        { "/-/gzip/0", "" },
        { "/-/gzip/99999", "" },
        { "/-/bytes/1000", "" },
        { "/-/gzip/100001", "limit.size" },
        { "/-/bomb/100000", "limit.size" },
        { "/-/ce-unknown", "protocol.coding" },
        { "/-/ce-wrong", "protocol.coding" },
        { "/-/ce-twice", "protocol.coding" },
        { "/-/ce-list", "protocol.coding" },
        { "/-/te-gzip", "protocol.coding" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(codings); i++) {
        struct fpool_result r =
            fetch_one(pool, FPOOL_HTTP(LIMITS, .flags = FPOOL_HTTP_COMPRESSED),
                      web_url(&web, 0, codings[i].path));

        check_kind(fpool_result_http(&r), codings[i].path, codings[i].kind);
        assert_true(is_kind(fpool_result_http(&r), codings[i].kind));
        fpool_result_release(&r);
    }
}

/* Each of these would send for ever: the process must not grow with it. */
static void memory_does_not_grow_with_what_is_sent(void **state)
{
    static const char *const paths[] = {
        "/-/endless",         "/-/endless/chunked",  "/-/endless-headers",
        "/-/endless-line",    "/-/endless-continue", "/-/chunks/extension",
        "/-/chunks/trailers", "/-/bomb/100000000",   "/-/endless/404",
    };
    struct fetches f = { 0 };
    struct rusage before;
    struct rusage now;
    size_t i;

    (void)state;
    getrusage(RUSAGE_SELF, &before);
    for (i = 0; i < 10 * N_ELEMENTS(paths); i++) {
        fetches_add(&f, "%s%s", web.urls[0], paths[i % N_ELEMENTS(paths)]);
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.tries = 1, .first_byte_ms = 100, .stall_ms = 100,
                           .max_size = 5000000, .per_host = 8,
                           .flags = FPOOL_HTTP_NO_BODY | FPOOL_HTTP_COMPRESSED),
                FPOOL_JOB(.item_timeout_ms = 1000));
    assert_int_equal(fetches_count(&f, ""), 0);
    fetches_release(&f);
    getrusage(RUSAGE_SELF, &now);
    assert_true(now.ru_maxrss - before.ru_maxrss < 32 * 1024);
}

static void every_silence_ends_in_time(void **state)
{
    struct deaf full;
    struct deaf silent;
    int64_t start = fpool_now_ns();
    const struct fpool_op *op =
        FPOOL_HTTP(.tries = 1, .connect_timeout_ms = 100, .first_byte_ms = 100);

    (void)state;
    deaf_open(&full, DEAF_FULL);
    deaf_open(&silent, DEAF_SILENT);
    fetch_check(pool, op, web_text("http://127.0.0.1:%d/", full.port),
                "timeout.connect", 1);
    fetch_check(pool, op, web_text("http://127.0.0.1:%d/", silent.port),
                "timeout.first_byte", 1);
    fetch_check(pool, op, web_text("https://127.0.0.1:%d/", silent.port),
                "timeout.tls", 1);
    fetch_check(pool, op, web_text("https://127.0.0.1:%d/", web_port(&web, 0)),
                "tls.handshake", 1);
    assert_true(fpool_now_ns() - start < (int64_t)3000 * 1000000);
    deaf_close(&full);
    deaf_close(&silent);
}

/* A byte now and then is no stall; the item's own time ends it. */
static void dripping_is_no_stall_but_has_an_end(void **state)
{
    struct fpool_result r;

    (void)state;
    fetch_check(pool, FPOOL_HTTP(.tries = 1, .stall_ms = 100),
                web_url(&web, 0, "/-/drip/5/-/bytes/40"), "", 1);
    assert_ok(
        fpool_apply(pool, FPOOL_HTTP(.stall_ms = 100),
                    fpool_item_text(web_url(&web, 0, "/-/drip/5/-/bytes/4000")),
                    FPOOL_JOB(.item_timeout_ms = 200), &r));
    assert_int_equal(r.status, FPOOL_EDEADLINE);
    assert_string_equal(fpool_result_http(&r)->error_kind, "timeout.total");
    fpool_result_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_oddity_has_its_kind_and_harms_nobody),
        cmocka_unit_test(compressed_oddities_have_their_kinds),
        cmocka_unit_test(memory_does_not_grow_with_what_is_sent),
        cmocka_unit_test(every_silence_ends_in_time),
        cmocka_unit_test(dripping_is_no_stall_but_has_an_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
