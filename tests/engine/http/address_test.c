/* SPDX-License-Identifier: MIT */
/* Literal addresses and decimal numbers, to and from text. */
#include "engine/http/address.h"

#include <string.h>

#include "support/check.h"

static void check_literal(const char *text, int family, const char *shown)
{
    union fpool_http_address a;
    char back[FPOOL_HTTP_ADDRESS_TEXT_SIZE];

    assert_true(fpool_http_address_parse(&a, text, strlen(text), 8080));
    assert_int_equal(a.sa.sa_family, family);
    fpool_http_address_text(&a, back);
    assert_string_equal(back, shown);
    if (family == AF_INET) {
        assert_int_equal(fpool_http_address_size(&a), sizeof(a.v4));
        assert_int_equal(ntohs(a.v4.sin_port), 8080);
    } else {
        assert_int_equal(fpool_http_address_size(&a), sizeof(a.v6));
        assert_int_equal(ntohs(a.v6.sin6_port), 8080);
        assert_int_equal(a.v6.sin6_scope_id, 0);
    }
}

static void literals_go_to_and_from_text(void **state)
{
    (void)state;
    check_literal("192.0.2.1", AF_INET, "192.0.2.1");
    check_literal("255.255.255.255", AF_INET, "255.255.255.255");
    check_literal("0.0.0.0", AF_INET, "0.0.0.0");
    check_literal("2001:DB8:0:0::1", AF_INET6, "2001:db8::1");
    check_literal("::", AF_INET6, "::");
    check_literal("::ffff:192.0.2.1", AF_INET6, "::ffff:192.0.2.1");
    check_literal("1111:2222:3333:4444:5555:6666:255.255.255.255", AF_INET6,
                  "1111:2222:3333:4444:5555:6666:ffff:ffff");
}

static void what_is_no_literal_is_refused(void **state)
{
    static const char *const texts[] = {
        "",           " ",
        "localhost",  "127.1",
        "0x7f.1",     "1.2.3",
        "1.2.3.4.5",  "1.2.3.256",
        "1.2.3.04",   "1.2.3.4 ",
        " 1.2.3.4",   "[::1]",
        "fe80::1%lo", ":::",
        "1::2::3",    "::12345",
        "::1.2.3",    "2130706433",
        "1.2.3.4/8",  "1111:2222:3333:4444:5555:6666:255.255.255.2555"
    };
    union fpool_http_address a;
    union fpool_http_address before;
    size_t i;

    (void)state;
    memset(&a, 0x5a, sizeof(a));
    before = a;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        assert_false(
            fpool_http_address_parse(&a, texts[i], strlen(texts[i]), 80));
    }
    assert_false(fpool_http_address_parse(&a, "1.2.3.4\0x", 9, 80));
    assert_memory_equal(&a, &before, sizeof(a));
    assert_true(fpool_http_address_parse(&a, "1.2.3.45", 7, 80));
    assert_int_equal(ntohl(a.v4.sin_addr.s_addr), 0x01020304);
}

static void other_families_have_neither_size_nor_text(void **state)
{
    union fpool_http_address a;
    char text[FPOOL_HTTP_ADDRESS_TEXT_SIZE] = "x";

    (void)state;
    memset(&a, 0, sizeof(a));
    a.sa.sa_family = AF_UNIX;
    assert_int_equal(fpool_http_address_size(&a), 0);
    fpool_http_address_text(&a, text);
    assert_string_equal(text, "");
}

static void numbers_are_plain_and_within_their_bound(void **state)
{
    static const char *const bad[] = { "",
                                       "65536",
                                       "65540",
                                       "70000",
                                       "00",
                                       "01",
                                       "+1",
                                       "-1",
                                       " 1",
                                       "1 ",
                                       "1a",
                                       "0x1",
                                       "99999999999999999999" };
    unsigned number = 7;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(bad); i++) {
        assert_false(
            fpool_http_decimal_parse(&number, bad[i], strlen(bad[i]), 65535));
    }
    assert_int_equal(number, 7);
    assert_true(fpool_http_decimal_parse(&number, "0", 1, 65535));
    assert_int_equal(number, 0);
    assert_true(fpool_http_decimal_parse(&number, "65535", 5, 65535));
    assert_int_equal(number, 65535);
    assert_true(
        fpool_http_decimal_parse(&number, "4294967295", 10, 4294967295u));
    assert_int_equal(number, 4294967295u);
    assert_false(
        fpool_http_decimal_parse(&number, "4294967296", 10, 4294967295u));
    assert_false(fpool_http_decimal_parse(&number, "5", 1, 4));
    assert_false(fpool_http_decimal_parse(&number, "1\0", 2, 65535));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_go_to_and_from_text),
        cmocka_unit_test(what_is_no_literal_is_refused),
        cmocka_unit_test(other_families_have_neither_size_nor_text),
        cmocka_unit_test(numbers_are_plain_and_within_their_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
