/* SPDX-License-Identifier: MIT */
/* Names of record types and response codes. */
#include "engine/dns/type.h"

#include <string.h>

#include "support/check.h"

static void check_type(const char *text, int wanted)
{
    uint16_t type = 0x7777;
    bool is_type = fpool_dns_type_parse(text, strlen(text), &type);

    assert_int_equal(is_type, wanted >= 0);
    assert_int_equal(type, wanted >= 0 ? wanted : 0x7777);
}

static void types_are_read_in_any_case(void **state)
{
    (void)state;
    check_type("A", 1);
    check_type("a", 1);
    check_type("AAAA", 28);
    check_type("aAaA", 28);
    check_type("mx", 15);
    check_type("Https", 65);
    check_type("svcb", 64);
    check_type("nsap-ptr", 23);
    check_type("nsec3param", 51);
    check_type("caa", 257);
    check_type("zonemd", 63);
    check_type("wallet", 262);
    check_type("TA", 32768);
    check_type("dlv", 32769);
    check_type("any", 255);
    check_type("*", 255);
}

static void types_are_read_by_number(void **state)
{
    (void)state;
    check_type("TYPE1", 1);
    check_type("type65", 65);
    check_type("TyPe65280", 65280);
    check_type("TYPE65535", 65535);
    check_type("TYPE00001", 1);
    check_type("TYPE65536", -1);
    check_type("TYPE99999", -1);
    check_type("TYPE000001", -1);
    check_type("TYPE", -1);
    check_type("TYPE1a", -1);
    check_type("TYPE-1", -1);
    check_type("TYPE 1", -1);
}

static void what_is_no_type_is_refused(void **state)
{
    static const char *const texts[] = { "",     "AA", "AAA", "AAAAA", "M",
                                         "MXX",  "1",  "A ",  "**",    "a.",
                                         "type", "kA", "[",   "\xc1" };
    uint16_t type = 0;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        check_type(texts[i], -1);
    }
    assert_false(fpool_dns_type_parse("A\0", 2, &type));
    assert_false(fpool_dns_type_parse("MX", 1, &type));
}

static void types_of_the_envelope_are_refused(void **state)
{
    static const char *const texts[] = { "OPT",     "TSIG",    "IXFR",
                                         "AXFR",    "TYPE0",   "TYPE41",
                                         "TYPE250", "TYPE251", "TYPE252" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        check_type(texts[i], -1);
    }
}

/* Every number has a text, and every text is its number again. */
static void texts_and_numbers_agree(void **state)
{
    unsigned n;

    (void)state;
    for (n = 0; n <= UINT16_MAX; n++) {
        char buffer[FPOOL_DNS_CODE_TEXT_SIZE];
        const char *text = fpool_dns_type_text((uint16_t)n, buffer);
        bool is_asked = n != 0 && n != 41 && (n < 250 || n > 252);

        check_type(text, is_asked ? (int)n : -1);
    }
}

static void types_have_texts(void **state)
{
    char buffer[FPOOL_DNS_CODE_TEXT_SIZE];

    (void)state;
    assert_string_equal(fpool_dns_type_text(1, buffer), "A");
    assert_string_equal(fpool_dns_type_text(41, buffer), "OPT");
    assert_string_equal(fpool_dns_type_text(255, buffer), "ANY");
    assert_string_equal(fpool_dns_type_text(257, buffer), "CAA");
    assert_string_equal(fpool_dns_type_text(0, buffer), "TYPE0");
    assert_string_equal(fpool_dns_type_text(54, buffer), "TYPE54");
    assert_string_equal(fpool_dns_type_text(1234, buffer), "TYPE1234");
    assert_string_equal(fpool_dns_type_text(32769, buffer), "DLV");
    assert_string_equal(fpool_dns_type_text(65535, buffer), "TYPE65535");
}

static void codes_have_texts(void **state)
{
    char buffer[FPOOL_DNS_CODE_TEXT_SIZE];

    (void)state;
    assert_string_equal(fpool_dns_rcode_text(0, buffer), "NOERROR");
    assert_string_equal(fpool_dns_rcode_text(3, buffer), "NXDOMAIN");
    assert_string_equal(fpool_dns_rcode_text(5, buffer), "REFUSED");
    assert_string_equal(fpool_dns_rcode_text(12, buffer), "RCODE12");
    assert_string_equal(fpool_dns_rcode_text(16, buffer), "BADVERS");
    assert_string_equal(fpool_dns_rcode_text(23, buffer), "RCODE23");
    assert_string_equal(fpool_dns_rcode_text(4095, buffer), "RCODE4095");
    assert_string_equal(fpool_dns_rcode_text(-1, buffer), "");
    assert_string_equal(fpool_dns_rcode_text(4096, buffer), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_read_in_any_case),
        cmocka_unit_test(types_are_read_by_number),
        cmocka_unit_test(what_is_no_type_is_refused),
        cmocka_unit_test(types_of_the_envelope_are_refused),
        cmocka_unit_test(texts_and_numbers_agree),
        cmocka_unit_test(types_have_texts),
        cmocka_unit_test(codes_have_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
