/* SPDX-License-Identifier: MIT */
/* URLs: what is taken, in which form, and what is refused with which words. */
#include "engine/http/url.h"

#include <string.h>

#include "support/check.h"

static void check_url(const char *text, const char *base, const char *request,
                      const char *shown)
{
    struct fpool_http_url url = { NULL, NULL };
    const char *reason = NULL;

    assert_ok(fpool_http_url_parse(&url, text, strlen(text), base, &reason));
    assert_string_equal(url.request, request);
    assert_string_equal(url.shown, shown);
    fpool_http_url_fini(&url);
    fpool_http_url_fini(&url);
}

static void check_refused(const char *text, size_t size, const char *base)
{
    struct fpool_http_url url = { NULL, NULL };
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
    static const char *const texts[] = {
        "", "  ", "h/x", "ftp://h/x", "file:///etc/passwd", "javascript:x",
        "http://", "http://h:x/", "http://h:99999/", "http://[::1/",
        "http://h/a b", "http://h/a\tb", "http://h/\x01", "http://h/\x7f",
        "mailto:a@b", "http//h/"
    };
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

static void the_scheme_is_told(void **state)
{
    (void)state;
    assert_true(fpool_http_url_is_secure("https://h/"));
    assert_false(fpool_http_url_is_secure("http://h/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_in_normal_form),
        cmocka_unit_test(redirects_may_be_relative_and_loose),
        cmocka_unit_test(what_is_no_url_of_ours_is_refused),
        cmocka_unit_test(long_urls_are_refused),
        cmocka_unit_test(the_scheme_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
