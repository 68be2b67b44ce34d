/* SPDX-License-Identifier: MIT */
/* SVCB and HTTPS: the test vectors of RFC 9460, and what must be refused. */
#include "engine/dns/rdata.h"

#include <string.h>

#include "engine/dns/message.h"

#define SVCB FPOOL_DNS_TYPE_SVCB

/* "1 ." before parameters. */
#define SERVICE "\0\1\0"

/* "key9 key11" */
#define KEYS "\0\x9\0\0\0\xb\0\0"

/* Appendices D.1 and D.2. */
static void vectors_of_the_rfc_have_their_text(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
        { /* an alias */
          BYTES("\x00\x00\x03\x66oo\x07\x65xample\x03\x63om\x00"),
          "0 foo.example.com" },
        { /* the owner itself */
          BYTES("\x00\x01\x00"), "1 ." },
        { BYTES("\x00\x10\x03\x66oo\x07\x65xample\x03\x63om\x00\x00\x03"
                "\x00\x02\x00\x35"),
          "16 foo.example.com port=53" },
        { BYTES("\x00\x01\x03\x66oo\x07\x65xample\x03\x63om\x00\x02\x9b"
                "\x00\x05hello"),
          "1 foo.example.com key667=\"hello\"" },
        { BYTES("\x00\x01\x03\x66oo\x07\x65xample\x03\x63om\x00\x02\x9b"
                "\x00\x09hello\xd2qoo"),
          "1 foo.example.com key667=\"hello\\210qoo\"" },
        { BYTES("\x00\x01\x03\x66oo\x07\x65xample\x03\x63om\x00\x00\x06"
                "\x00  \x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                "\x00\x00\x01 \x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00"
                "\x00\x00S\x00\x01"),
          "1 foo.example.com ipv6hint=2001:db8::1,2001:db8::53:1" },
        { BYTES("\x00\x01\x07\x65xample\x03\x63om\x00\x00\x06\x00\x10 "
                "\x01\x0d\xb8\xff\xff\xff\xff\xff\xff\xff\xff\xc6\x33\x64"
                "\x64"),
          "1 example.com ipv6hint=2001:db8:ffff:ffff:ffff:ffff:c633"
          ":6464" },
        { BYTES("\x00\x10\x03\x66oo\x07\x65xample\x03org\x00\x00\x00\x00"
                "\x04\x00\x01\x00\x04\x00\x01\x00\x09\x02h2\x05h3-19\x00"
                "\x04\x00\x04\xc0\x00\x02\x01"),
          "16 foo.example.org mandatory=alpn,ipv4hint alpn=\"h2,h3-"
          "19\" ipv4hint=192.0.2.1" },
        { BYTES("\x00\x10\x03\x66oo\x07\x65xample\x03org\x00\x00\x01\x00"
                "\x0c\x08\x66\x5coo,bar\x02h2"),
          "16 foo.example.org alpn=\"f\\\\\\\\oo\\\\,bar,h2\"" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(cases); i++) {
        check_data(SVCB, cases[i].bytes, cases[i].size, cases[i].text);
        check_data(FPOOL_DNS_TYPE_HTTPS, cases[i].bytes, cases[i].size,
                   cases[i].text);
    }
}

/* Appendix D.3, as it would come from the wire. */
static void failures_of_the_rfc_are_refused(void **state)
{
    (void)state;
    /* key123=abc key123=def */
    check_bad_data(SVCB, BYTES(SERVICE "\0\x7b\0\3abc\0\x7b\0\3def"));
    /* mandatory, alpn, port, ipv4hint, ipv6hint without a value */
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\1\0\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\3\0\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\4\0\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\6\0\0"));
    /* no-default-alpn=abc */
    check_bad_data(SVCB, BYTES(SERVICE "\0\2\0\3abc"));
    /* mandatory=key123 */
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\2\0\x7b"));
    /* mandatory=mandatory */
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\2\0\0"));
    /* mandatory=key123,key123 key123=abc */
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\4\0\x7b\0\x7b\0\x7b\0\3abc"));
}

static void every_key_has_its_text(void **state)
{
    (void)state;
    check_data(SVCB,
               BYTES(SERVICE "\0\1\0\3\2h2\0\2\0\0"
                             "\0\3\0\2\x20\xfb"),
               "1 . alpn=\"h2\" no-default-alpn port=8443");
    check_data(SVCB, BYTES(SERVICE "\0\4\0\x8\1\2\3\4\5\6\7\x8"),
               "1 . ipv4hint=1.2.3.4,5.6.7.8");
    check_data(SVCB, BYTES(SERVICE "\0\5\0\4foob"), "1 . ech=Zm9vYg==");
    check_data(SVCB, BYTES(SERVICE "\0\7\0\x10/dns-query{?dns}"),
               "1 . dohpath=\"/dns-query{?dns}\"");
    check_data(SVCB, BYTES(SERVICE "\0\x8\0\0"), "1 . ohttp");
    check_data(SVCB, BYTES(SERVICE "\0\x9\0\0\xff\xff\0\2\"\\"),
               "1 . key9 key65535=\"\\\"\\\\\"");
    check_data(SVCB, BYTES(SERVICE "\0\1\0\5\1\"\2\xe9 "),
               "1 . alpn=\"\\\",\\233 \"");
}

static void mandatory_keys_may_be_neighbours(void **state)
{
    (void)state;
    check_data(
        SVCB, BYTES(SERVICE "\0\0\0\4\0\1\0\2\0\1\0\3\2h2\0\2\0\0"),
        "1 . mandatory=alpn,no-default-alpn alpn=\"h2\" no-default-alpn");
}

static void malformed_values_are_refused(void **state)
{
    (void)state;
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\1\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\3\0\1\0\0\1\0\3\2h2"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\1\0\1\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\1\0\4\2h2\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\1\0\3\3h2"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\3\0\1\1"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\3\0\3\1\1\1"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\4\0\5\1\2\3\4\5"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\5\0\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\6\0\4\1\2\3\4"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\7\0\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\x8\0\1x"));
}

static void keys_come_in_ascending_order(void **state)
{
    (void)state;
    check_bad_data(SVCB, BYTES(SERVICE "\0\x8\0\0\0\2\0\0"));
    check_bad_data(SVCB, BYTES(SERVICE "\0\2\0\0\0\2\0\0"));
    check_data(SVCB, BYTES(SERVICE "\0\2\0\0\0\x8\0\0"),
               "1 . no-default-alpn ohttp");
}

static void what_is_mandatory_must_be_there(void **state)
{
    (void)state;
    check_data(SVCB, BYTES(SERVICE "\0\0\0\4\0\x9\0\xb" KEYS),
               "1 . mandatory=key9,key11 key9 key11");
    check_data(SVCB, BYTES(SERVICE "\0\0\0\2\0\xb" KEYS),
               "1 . mandatory=key11 key9 key11");
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\2\0\xa" KEYS));
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\2\0\x8" KEYS));
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\4\0\xb\0\xc" KEYS));
    check_bad_data(SVCB, BYTES(SERVICE "\0\0\0\4\0\xb\0\x9" KEYS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc_have_their_text),
        cmocka_unit_test(failures_of_the_rfc_are_refused),
        cmocka_unit_test(every_key_has_its_text),
        cmocka_unit_test(mandatory_keys_may_be_neighbours),
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(keys_come_in_ascending_order),
        cmocka_unit_test(what_is_mandatory_must_be_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
