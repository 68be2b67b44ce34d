/* SPDX-License-Identifier: MIT */
/* Texts for proxies: what each of them means, and which are refused. */
#include "engine/http/proxy.h"

#include <string.h>

#include "base/mem.h"
#include "support/check.h"

static void assert_text(const char *text, const char *wanted)
{
    if (wanted == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, wanted);
    }
}

static void check(const char *text, const char *http, const char *https,
                  const char *no)
{
    struct fpool_http_proxy p;

    assert_ok(fpool_http_proxy_init(&p, text));
    assert_text(p.http, http);
    assert_text(p.https, https);
    assert_text(p.no, no);
    assert_int_equal(fpool_http_proxy_is_used(&p),
                     http != NULL || https != NULL);
    assert_null(fpool_http_proxy_check(text));
    fpool_http_proxy_fini(&p);
    assert_null(p.http);
    assert_false(fpool_http_proxy_is_used(&p));
    fpool_http_proxy_fini(&p);
}

static void check_refused(const char *text)
{
    struct fpool_http_proxy p;

    assert_status(fpool_http_proxy_init(&p, text), FPOOL_EINVAL);
    assert_null(p.http);
    assert_null(p.https);
    assert_null(p.no);
    assert_non_null(fpool_http_proxy_check(text));
}

static void nothing_is_no_proxy(void **state)
{
    (void)state;
    check(NULL, NULL, NULL, NULL);
    check("", NULL, NULL, NULL);
}

static void one_text_is_for_all(void **state)
{
    static const char *const texts[] = {
        "http://proxy:3128",     "https://proxy",  "socks4://proxy",
        "socks4a://proxy",       "socks5://proxy", "socks5h://proxy:1080",
        "HTTP://proxy",          "proxy",          "proxy:3128",
        "ftp.example:3128",      "192.0.2.1:8080", "http://[2001:db8::1]:3128/",
        "http://u:p%40@proxy/",  "u:p@proxy:3128", "http://u:p=q@proxy",
        "http://proxy:3128/?a=b"
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        check(texts[i], texts[i], texts[i], NULL);
    }
}

static void lines_are_for_each_scheme(void **state)
{
    (void)state;
    check("http=http://a:1", "http://a:1", NULL, NULL);
    check("https=a:1", NULL, "a:1", NULL);
    check("http=http://a\nhttps=socks5h://b:2\nno=c, .d,e=f", "http://a",
          "socks5h://b:2", "c, .d,e=f");
    check("no=*\nhttps=b\nhttp=a\n", "a", "b", "*");
    check("http=http://u:p=q@a", "http://u:p=q@a", NULL, NULL);
}

static void exceptions_alone_are_no_proxy(void **state)
{
    (void)state;
    check("no=a.example", NULL, NULL, "a.example");
}

static void lines_may_be_empty_behind_their_key(void **state)
{
    (void)state;
    check("http=\nhttps=\nno=\n", NULL, NULL, NULL);
    check("http=a\nhttps=", "a", NULL, NULL);
}

static void what_is_no_proxy_is_refused(void **state)
{
    static const char *const texts[] = { "ftp://proxy",
                                         "file:///etc/passwd",
                                         "socks6://proxy",
                                         "javascript:x",
                                         "http://",
                                         "http://proxy:x",
                                         "http://proxy:0x",
                                         "http://proxy:65536",
                                         "http://[::1",
                                         "http://a b",
                                         " http://a",
                                         "http://a ",
                                         "://a",
                                         "http:a",
                                         "http://a\x7f",
                                         "http://a\tb",
                                         "http:///",
                                         ":3128" };
    char line[64];
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        check_refused(texts[i]);
        assert_true(snprintf(line, sizeof(line), "http=%s", texts[i]) > 0);
        check_refused(line);
        assert_true(snprintf(line, sizeof(line), "https=%s", texts[i]) > 0);
        check_refused(line);
    }
}

static void lines_that_are_none_are_refused(void **state)
{
    static const char *const texts[] = {
        "ftp=http://a",      "HTTP=http://a",
        "=http://a",         "http =http://a",
        " http=http://a",    "http=a\n\nhttps=b",
        "\nhttp=a",          "http=a\nhttp://b",
        "http=a\nb",         "http=a\nhttp=b",
        "no=a\nno=b",        "https=a\nno=c\nhttps=a",
        "http=a\r\nno=b",    "http=a\nno=b\r\n",
        "no=a\rb",           "no=a\x7f",
        "http://a\nhttps=b", "http://a\r\n",
        "http://a\nno=b",    "a\n",
        "http=a\nno",
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        check_refused(texts[i]);
    }
}

static void without_memory_nothing_is_left(void **state)
{
    static const char *const texts[] = { "http://a", "http=a\nhttps=b\nno=c" };
    struct fpool_http_proxy p;
    enum fpool_status status;
    unsigned long n;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        n = 0;
        do {
            fpool_mem_fail_at(++n, 0);
            status = fpool_http_proxy_init(&p, texts[i]);
            fpool_mem_fail_at(0, 0);
            assert_true(status == FPOOL_OK || status == FPOOL_ENOMEM);
            assert_int_equal(status == FPOOL_OK, p.http != NULL);
            assert_int_equal(status == FPOOL_OK, p.https != NULL);
            fpool_http_proxy_fini(&p);
        } while (status != FPOOL_OK);
        assert_true(n > 2);
    }
    /* Whether it is one cannot be told, so that nobody is blamed. */
    fpool_mem_fail_at(1, 0);
    assert_null(fpool_http_proxy_check("http://a"));
    fpool_mem_fail_at(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_no_proxy),
        cmocka_unit_test(one_text_is_for_all),
        cmocka_unit_test(lines_are_for_each_scheme),
        cmocka_unit_test(exceptions_alone_are_no_proxy),
        cmocka_unit_test(lines_may_be_empty_behind_their_key),
        cmocka_unit_test(what_is_no_proxy_is_refused),
        cmocka_unit_test(lines_that_are_none_are_refused),
        cmocka_unit_test(without_memory_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
