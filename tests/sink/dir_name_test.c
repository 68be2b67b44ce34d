/* SPDX-License-Identifier: MIT */
/* Names of files: known beforehand, different for different URLs, and never a
 * way out of the directory. */
#include "sink/dir_name.h"

#include <string.h>

#include "support/check.h"

static const char *name_of(enum fpool_dir_layout layout, const char *url,
                           uint64_t seq)
{
    static char name[FPOOL_DIR_NAME_SIZE];

    assert_ok(fpool_dir_name_make(layout, url, strlen(url), seq, name));
    assert_true(fpool_dir_name_is_safe(name));
    return name;
}

/* printf %s http://h/a.txt | sha256sum */
static void the_hash_layout_is_the_sha256_of_the_url(void **state)
{
    (void)state;
    assert_string_equal(name_of(FPOOL_DIR_HASH, "http://h/a.txt", 0),
                        "fa/66/fa6631580ba05bf7c7e2312418391786.txt");
    assert_string_equal(name_of(FPOOL_DIR_HASH, "  http://h/a.txt\r", 9),
                        "fa/66/fa6631580ba05bf7c7e2312418391786.txt");
}

static void an_extension_is_short_and_plain_or_left_out(void **state)
{
    static const struct {
        const char *url;
        const char *end; /* what comes after the 32 digits */
    } rows[] = {
        { "http://h/a.tar.gz", ".gz" },    { "http://h/a", "" },
        { "http://h/.bashrc", "" },        { "http://h/a.verylongone", "" },
        { "http://h/a.b%2fc", "" },        { "http://h/a.JPEG?x=.png", ".JPEG" },
        { "http://h.com", "" },            { "http://h/a.", "" },
        { "http://h/a.html#x.y", ".html" }, { "http://h/a.b/c", "" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        const char *name = name_of(FPOOL_DIR_HASH, rows[i].url, 0);

        assert_string_equal(name + 6 + 32, rows[i].end);
    }
}

static void the_path_layout_encodes_and_drops_nothing(void **state)
{
    static const struct {
        const char *url;
        const char *name;
    } rows[] = {
        { "http://H.org/a/b.txt", "h.org/a/b.txt" },
        { "http://h", "h/%index" },
        { "http://h/a/", "h/a/%index" },
        { "http://h:81/x", "h%3A81/x" },
        { "http://u:secret@h/x", "h/x" },
        { "http://h/x#part", "h/x" },
        { "http://h/x?a=b&c=/d", "h/x?a=b&c=%2Fd" },
        { "http://h/?a", "h/%index?a" },
        { "http://h/../../etc/passwd", "h/%2E./%2E./etc/passwd" },
        { "http://h/%2e%2E/x", "h/%2e%2e/x" },
        { "http://h//x", "h/%_/x" },
        { "http://h/.bashrc", "h/%2Ebashrc" },
        { "http://h/-rf", "h/%2Drf" },
        { "http://h/a%2fb", "h/a%2fb" },
        { "http://h/a%zz", "h/a%25zz" },
        { "http://h/a\\b\x1b[m\xe2\x80\xae", "h/a%5Cb%1B%5Bm%E2%80%AE" },
        { "http://[::1]/x", "%5B%3A%3A1%5D/x" },
        { "http://../x", "%2E./x" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_string_equal(name_of(FPOOL_DIR_PATH, rows[i].url, 0),
                            rows[i].name);
    }
}

/* "http://h" and 'n' times 'text'. */
static const char *long_url(const char *text, size_t n)
{
    static char url[20000];
    size_t size = strlen(text);
    char *end = url + 8;

    memcpy(url, "http://h", 8);
    for (; n > 0; n--) {
        memcpy(end, text, size);
        end += size;
    }
    *end = '\0';
    return url;
}

/* Asserts that two URLs, of which the second is longer, get different names. */
static void check_longer(const char *text, size_t n, const char *mark)
{
    char first[FPOOL_DIR_NAME_SIZE];
    const char *name = name_of(FPOOL_DIR_PATH, long_url(text, n), 0);

    memcpy(first, name, strlen(name) + 1);
    assert_non_null(strstr(first, mark));
    assert_string_not_equal(
        first, name_of(FPOOL_DIR_PATH, long_url(text, n + 1), 0));
}

static void long_and_deep_urls_get_short_names_that_differ(void **state)
{
    (void)state;
    check_longer("/aaaaaaaaaaaaaaa", 20, "h/aaa");
    check_longer("/a", 5000, "h/%~");
    check_longer("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 45,
                 "h/%~");
    check_longer("%20", 3000, "%~"); /* a host, and what a host */
    assert_non_null(strstr(
        name_of(FPOOL_DIR_PATH, "http://h/"
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                0),
        "xxx%~"));
}

static void the_index_layout_is_the_ordinal(void **state)
{
    (void)state;
    assert_string_equal(name_of(FPOOL_DIR_INDEX, "http://h/a.html", 17),
                        "0000/00000017.html");
    assert_string_equal(name_of(FPOOL_DIR_INDEX, "http://h/", 123456789),
                        "12345/123456789");
}

static void what_is_no_url_gets_no_name(void **state)
{
    static const char *const urls[] = { "", "   ", "x", "://h/", "http:///x",
                                        "http://", "/etc/passwd" };
    char name[FPOOL_DIR_NAME_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(urls); i++) {
        assert_status(fpool_dir_name_make(FPOOL_DIR_PATH, urls[i],
                                          strlen(urls[i]), 0, name),
                      FPOOL_EINVALID);
    }
}

static void unsafe_names_are_recognised(void **state)
{
    static const char *const names[] = { "",     "/x",  "x/",    "a//b", "..",
                                         "../x", "a/.", "a/../b" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(names); i++) {
        assert_false(fpool_dir_name_is_safe(names[i]));
    }
    assert_true(fpool_dir_name_is_safe("a/b..c/...d"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_layout_is_the_sha256_of_the_url),
        cmocka_unit_test(an_extension_is_short_and_plain_or_left_out),
        cmocka_unit_test(the_path_layout_encodes_and_drops_nothing),
        cmocka_unit_test(long_and_deep_urls_get_short_names_that_differ),
        cmocka_unit_test(the_index_layout_is_the_ordinal),
        cmocka_unit_test(what_is_no_url_gets_no_name),
        cmocka_unit_test(unsafe_names_are_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
