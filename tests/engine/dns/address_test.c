/* SPDX-License-Identifier: MIT */
/* Addresses of resolvers, from text and back. */
#include "engine/dns/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "support/check.h"

static union fpool_dns_address parsed(const char *text)
{
    union fpool_dns_address a;

    if (!fpool_dns_address_parse(&a, text, strlen(text))) {
        fail_msg("%s is refused", text);
    }
    return a;
}

static void check_address(const char *text, const char *wanted)
{
    union fpool_dns_address a = parsed(text);
    char shown[FPOOL_DNS_SERVER_TEXT_SIZE];

    fpool_dns_address_text(&a, shown);
    assert_string_equal(shown, wanted);
    if (strchr(wanted, '[') != NULL) {
        assert_int_equal(a.sa.sa_family, AF_INET6);
        assert_int_equal(fpool_dns_address_size(&a), sizeof(a.v6));
    } else {
        assert_int_equal(a.sa.sa_family, AF_INET);
        assert_int_equal(fpool_dns_address_size(&a), sizeof(a.v4));
    }
}

static void literals_are_taken(void **state)
{
    (void)state;
    check_address("192.0.2.53", "192.0.2.53:53");
    check_address("192.0.2.53:1", "192.0.2.53:1");
    check_address("192.0.2.53:65535", "192.0.2.53:65535");
    check_address("192.0.2.53:00053", "192.0.2.53:53");
    check_address("2001:db8::53", "[2001:db8::53]:53");
    check_address("[2001:DB8::53]", "[2001:db8::53]:53");
    check_address("[2001:db8::53]:5353", "[2001:db8::53]:5353");
    check_address("::1", "[::1]:53");
    check_address("::ffff:192.0.2.53", "192.0.2.53:53");
    check_address("[::ffff:c000:235]:54", "192.0.2.53:54");
    check_address("0102:0304:0506:0708:090a:0b0c:0d0e:0f10",
                  "[102:304:506:708:90a:b0c:d0e:f10]:53");
}

static void other_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "localhost",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.053.1",
        "192.0.2.53:",
        "192.0.2.53:0",
        "192.0.2.53:65536",
        "192.0.2.53:4294967349",
        "192.0.2.53:+53",
        "192.0.2.53:53x",
        "192.0.2.53: 53",
        "[192.0.2.53]",
        "[192.0.2.53]:53",
        "192.0.2.53%1",
        "2001:db8::53:",
        "2001:db8:::53",
        "[2001:db8::53",
        "2001:db8::53]",
        "[2001:db8::53]53",
        "[2001:db8::53]:",
        "[2001:db8::53]:0",
        "[2001:db8::53]:65536",
        "[[2001:db8::53]]",
        "[]",
        "[",
        "]",
        ":",
        ":53",
        "%1",
    };
    union fpool_dns_address a;
    char text[200];
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        if (fpool_dns_address_parse(&a, texts[i], strlen(texts[i]))) {
            fail_msg("\"%s\" is taken", texts[i]);
        }
    }
    memset(text, '0', sizeof(text));
    assert_false(fpool_dns_address_parse(&a, text, sizeof(text)));
    /* As long as the longest that is read, and longer. */
    memcpy(text, "1.2.3.4:", 8);
    text[78] = '7';
    assert_true(fpool_dns_address_parse(&a, text, 79));
    text[79] = '7';
    assert_false(fpool_dns_address_parse(&a, text, 80));
    assert_false(fpool_dns_address_parse(&a, "1.2.3.4\0x", 9));
    assert_false(fpool_dns_address_parse(&a, "1.2.3.4\0", 8));
}

static void addresses_of_no_host_are_refused(void **state)
{
    static const char *const texts[] = {
        "0.0.0.0",  "255.255.255.255", "224.0.0.251",   "239.255.255.255",
        "::",       "ff02::fb",        "[ff02::fb]:53", "::ffff:0.0.0.0",
        "ff02::1%1"
    };
    union fpool_dns_address a;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        if (fpool_dns_address_parse(&a, texts[i], strlen(texts[i]))) {
            fail_msg("\"%s\" is taken", texts[i]);
        }
    }
    check_address("223.255.255.255", "223.255.255.255:53");
    check_address("240.0.0.1", "240.0.0.1:53");
}

/* Interface 1 is the loopback in every network namespace. */
static void link_local_addresses_need_their_link(void **state)
{
    static const char *const refused[] = {
        "fe80::1",        "[fe80::1]:53",       "fe80::1%",   "fe80::1%0",
        "fe80::1%nolink", "fe80::1%4294967296", "fe80::1%-1", "2001:db8::1%1",
        "::1%1",          "[fe80::1]%1",        "fe80::1%1]"
    };
    char name[IF_NAMESIZE];
    char text[FPOOL_DNS_SERVER_TEXT_SIZE];
    char wanted[FPOOL_DNS_SERVER_TEXT_SIZE];
    union fpool_dns_address a;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(refused); i++) {
        if (fpool_dns_address_parse(&a, refused[i], strlen(refused[i]))) {
            fail_msg("\"%s\" is taken", refused[i]);
        }
    }
    assert_non_null(if_indextoname(1, name));
    snprintf(wanted, sizeof(wanted), "[fe80::1%%%s]:53", name);
    check_address("fe80::1%1", wanted);
    snprintf(text, sizeof(text), "[fe80::1%%%s]", name);
    check_address(text, wanted);
    a = parsed(text);
    assert_int_equal(a.v6.sin6_scope_id, 1);
    check_address("[fe80::1%4294967295]:7", "[fe80::1%4294967295]:7");
}

static void the_longest_text_fits(void **state)
{
    char shown[FPOOL_DNS_SERVER_TEXT_SIZE];
    union fpool_dns_address a =
        parsed("[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");

    (void)state;
    fpool_dns_address_text(&a, shown);
    assert_string_equal(
        shown, "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

static bool is_same(const char *one, const char *other)
{
    union fpool_dns_address a = parsed(one);
    union fpool_dns_address b = parsed(other);

    assert_int_equal(fpool_dns_address_is_same(&a, &b),
                     fpool_dns_address_is_same(&b, &a));
    return fpool_dns_address_is_same(&a, &b);
}

static void sameness_is_of_all_parts(void **state)
{
    (void)state;
    assert_true(is_same("192.0.2.53", "192.0.2.53:53"));
    assert_true(is_same("::ffff:192.0.2.53", "192.0.2.53"));
    assert_false(is_same("192.0.2.53", "192.0.2.53:54"));
    assert_false(is_same("192.0.2.53", "192.0.2.54"));
    assert_true(is_same("[2001:db8::1]", "2001:db8:0::1"));
    assert_false(is_same("2001:db8::1", "[2001:db8::1]:54"));
    assert_false(is_same("2001:db8::1", "2001:db8::2"));
    assert_false(is_same("fe80::1%1", "fe80::1%4294967295"));
    assert_false(is_same("127.0.0.1", "::1"));
}

static void what_is_not_address_is_not_compared(void **state)
{
    union fpool_dns_address a = parsed("2001:db8::1");
    union fpool_dns_address b = a;

    (void)state;
    b.v6.sin6_flowinfo = 1;
    assert_true(fpool_dns_address_is_same(&a, &b));
    a = parsed("192.0.2.1");
    b = a;
    b.v4.sin_zero[0] = 1;
    assert_true(fpool_dns_address_is_same(&a, &b));
}

static bool is_loopback(const char *text)
{
    union fpool_dns_address a = parsed(text);

    return fpool_dns_address_is_loopback(&a);
}

static void loopback_is_127_and_one(void **state)
{
    (void)state;
    assert_true(is_loopback("127.0.0.1"));
    assert_true(is_loopback("127.255.255.254"));
    assert_true(is_loopback("::1"));
    assert_true(is_loopback("::ffff:127.0.0.53"));
    assert_false(is_loopback("126.255.255.255"));
    assert_false(is_loopback("128.0.0.1"));
    assert_false(is_loopback("::2"));
    assert_false(is_loopback("1::1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_taken),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(addresses_of_no_host_are_refused),
        cmocka_unit_test(link_local_addresses_need_their_link),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(sameness_is_of_all_parts),
        cmocka_unit_test(what_is_not_address_is_not_compared),
        cmocka_unit_test(loopback_is_127_and_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
