/* SPDX-License-Identifier: MIT */
/* URLs: what is taken, in which form, and what is refused with which words. */
#include "engine/http/url.h"

#include <string.h>

#include "support/check.h"

static void check_url(const char *text, const char *base, const char *request,
                      const char *shown)
{
    struct fpool_http_url url = { 0 };
    const char *reason = NULL;

    assert_ok(fpool_http_url_parse(&url, text, strlen(text), base, &reason));
    assert_string_equal(url.request, request);
    assert_string_equal(url.shown, shown);
    fpool_http_url_fini(&url);
    fpool_http_url_fini(&url);
}

static void check_refused(const char *text, size_t size, const char *base)
{
    struct fpool_http_url url = { 0 };
    const char *reason = NULL;

    assert_status(fpool_http_url_parse(&url, text, size, base, &reason),
                  FPOOL_EINVALID);
    assert_non_null(reason);
    assert_null(url.request);
}

static void urls_are_taken_in_normal_form(void **state)
{
    (void)state;
    check_url("http://h", NULL, "http://h/", "http://h/");
    check_url("  HTTPS://h/a \r\n", NULL, "https://h/a", "https://h/a");
    check_url("http://h/a/../b#f", NULL, "http://h/b", "http://h/b");
    check_url("http://u:p@h/x", NULL, "http://u:p@h/x", "http://h/x");
    check_url("http://h/\xc3\xa9", NULL, "http://h/%c3%a9", "http://h/%c3%a9");
}

static void redirects_may_be_relative_and_loose(void **state)
{
    (void)state;
    check_url("/x y", "http://h/a/b", "http://h/x%20y", "http://h/x%20y");
    check_url("c", "http://h/a/b?q", "http://h/a/c", "http://h/a/c");
    check_url("//o/x", "https://u:p@h/a", "https://o/x", "https://o/x");
    check_url("http://o/", "https://u:p@h/a", "http://o/", "http://o/");
}

static void what_is_no_url_of_ours_is_refused(void **state)
{
    static const char *const texts[] = { "",
                                         "  ",
                                         "h/x",
                                         "ftp://h/x",
                                         "file:///etc/passwd",
                                         "javascript:x",
                                         "http://",
                                         "http://h:x/",
                                         "http://h:99999/",
                                         "http://[::1/",
                                         "http://h/a b",
                                         "http://h/a\tb",
                                         "http://h/\x01",
                                         "http://h/\x7f",
                                         "mailto:a@b",
                                         "http//h/" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        check_refused(texts[i], strlen(texts[i]), NULL);
    }
    check_refused("http://h/\0x", 11, NULL);
    check_refused("file:///x", 9, "http://h/");
    check_refused("ftp://h/", 8, "http://h/");
}

static void long_urls_are_refused(void **state)
{
    static char text[70000];

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "http://h/", 9);
    check_refused(text, FPOOL_HTTP_MAX_URL + 1, NULL);
    check_refused(text, FPOOL_HTTP_MAX_TARGET + 1, "http://h/");
}

static struct fpool_http_url parsed(const char *text)
{
    struct fpool_http_url url = { 0 };
    const char *reason = "";

    assert_status(fpool_http_url_parse(&url, text, strlen(text), NULL, &reason),
                  FPOOL_OK);
    return url;
}

static void check_host(const char *text, const char *host, unsigned port,
                       bool is_secure)
{
    struct fpool_http_url url = parsed(text);

    assert_int_equal(url.host_size, strlen(host));
    assert_memory_equal(url.request + url.host_at, host, url.host_size);
    assert_int_equal(url.port, port);
    assert_int_equal(url.is_secure, is_secure);
    fpool_http_url_fini(&url);
}

static void host_and_port_are_told(void **state)
{
    (void)state;
    check_host("http://h/", "h", 80, false);
    check_host("https://h.example/a:b@c", "h.example", 443, true);
    check_host("http://h:8080?x=@y", "h", 8080, false);
    check_host("http://user:p%40ss@h:65535/", "h", 65535, false);
    check_host("https://[2001:db8::1]/", "[2001:db8::1]", 443, true);
    check_host("http://u@[::1]:81/@", "[::1]", 81, false);
}

static void check_origin(const char *one, const char *other, bool is_same)
{
    struct fpool_http_url a = parsed(one);
    struct fpool_http_url b = parsed(other);

    assert_int_equal(fpool_http_url_is_same_origin(&a, &b), is_same);
    if (is_same) {
        assert_true(a.hash == b.hash);
    }
    fpool_http_url_fini(&a);
    fpool_http_url_fini(&b);
}

static void origins_are_told_apart(void **state)
{
    (void)state;
    check_origin("http://h/a", "http://h/b?c", true);
    check_origin("http://EXAMPLE.org/", "http://example.ORG:80/", true);
    check_origin("http://user@h/", "http://h/", true);
    check_origin("http://h/", "https://h/", false);
    check_origin("http://h/", "http://h:81/", false);
    check_origin("http://h/", "http://g/", false);
    check_origin("http://h.example/", "http://g.h.example/", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_in_normal_form),
        cmocka_unit_test(redirects_may_be_relative_and_loose),
        cmocka_unit_test(what_is_no_url_of_ours_is_refused),
        cmocka_unit_test(long_urls_are_refused),
        cmocka_unit_test(host_and_port_are_told),
        cmocka_unit_test(origins_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
