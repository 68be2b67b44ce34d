/* SPDX-License-Identifier: MIT */
/* Names of addresses. */
#include "engine/dns/reverse.h"

#include <arpa/inet.h>
#include <string.h>

#include "support/check.h"

static void check_name(const char *address, const char *wanted)
{
    bool is_v6 = strchr(address, ':') != NULL;
    char text[FPOOL_DNS_REVERSE_SIZE];
    uint8_t bytes[16];

    assert_int_equal(inet_pton(is_v6 ? AF_INET6 : AF_INET, address, bytes), 1);
    fpool_dns_reverse_name(bytes, is_v6 ? 16 : 4, text);
    assert_string_equal(text, wanted);
}

static void v4_is_four_numbers_from_the_last(void **state)
{
    (void)state;
    check_name("192.0.2.1", "1.2.0.192.in-addr.arpa");
    check_name("0.9.10.99", "99.10.9.0.in-addr.arpa");
    check_name("100.101.200.255", "255.200.101.100.in-addr.arpa");
}

static void v6_is_32_digits_from_the_last(void **state)
{
    (void)state;
    check_name("2001:db8::567:89ab",
               "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
               "1.0.0.2.ip6.arpa");
    check_name("::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                      "0.0.0.0.0.0.ip6.arpa");
    check_name("::ffff:192.0.2.1",
               "1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
               "0.0.0.ip6.arpa");
    check_name("fedc:ba98:7654:3210:123:4567:89ab:cdef",
               "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.0.1.2.3.4.5.6.7.8.9.a.b.c."
               "d.e.f.ip6.arpa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_is_four_numbers_from_the_last),
        cmocka_unit_test(v6_is_32_digits_from_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
