/* SPDX-License-Identifier: MIT */
/* NSEC, NSEC3, NSEC3PARAM, and the times of RRSIG. */
#include "engine/dns/rdata.h"

#include <string.h>
#include <time.h>

#include "engine/dns/message.h"

#define NSEC       FPOOL_DNS_TYPE_NSEC
#define NSEC3      50
#define NSEC3PARAM 51

/* RFC 4034, section 4.3. */
static void nsec_of_the_rfc_has_its_text(void **state)
{
    static const char bytes[] =
        "\4host\7example\3com\0\0\6\x40\1\0\0\0\3\4\x1b"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20";

    (void)state;
    check_data(NSEC, BYTES(bytes), "host.example.com A MX RRSIG NSEC TYPE1234");
}

/* RFC 5155, appendix A. */
static void nsec3_of_the_rfc_has_its_text(void **state)
{
    (void)state;
    check_data(NSEC3,
               BYTES("\1\1\0\xc\4\xaa\xbb\xcc\xdd\x14\x17\x4e\xb2\x40\x9f\xe2"
                     "\x8b\xcb\x48\x87\xa1\x83\x6f\x95\x7f\x0a\x84\x25\xe2\x7b"
                     "\0\7\x22\1\0\0\0\2\x90"),
               "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR "
               "NS SOA MX RRSIG DNSKEY NSEC3PARAM");
    check_exact_data(NSEC3PARAM, BYTES("\1\0\0\xc\4\xaa\xbb\xcc\xdd"),
                     "1 0 12 AABBCCDD");
    check_exact_data(NSEC3PARAM, BYTES("\1\0\0\0\0"), "1 0 0 -");
    check_data(NSEC3, BYTES("\1\0\0\0\0\1\xff"), "1 0 0 - VS");
    check_bad_data(NSEC3, BYTES("\1\0\0\0\0\0\0\1\x40"));
    check_bad_data(NSEC3, BYTES("\1\0\0\0\0\2\xff"));
    check_bad_data(NSEC3, BYTES("\1\0\0\0\2\xff"));
}

static void bitmaps_may_be_empty_and_full(void **state)
{
    uint8_t bytes[1 + 2 * 34];
    char text[8192];
    int length;

    (void)state;
    check_data(NSEC, BYTES("\0"), ".");
    check_data(NSEC, BYTES("\0\0\1\x80"), ". TYPE0");
    check_data(NSEC,
               BYTES("\0\xff\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
               ". TYPE65535");
    memset(bytes, 0xff, sizeof(bytes));
    bytes[0] = 0;
    bytes[1] = 0;
    bytes[2] = 32;
    bytes[35] = 1;
    bytes[36] = 32;
    length = data_text(NSEC, bytes, sizeof(bytes), text, sizeof(text));
    assert_true(length > 512 * 2);
    assert_string_equal(text + length - strlen(" TYPE511"), " TYPE511");
}

static void malformed_bitmaps_are_refused(void **state)
{
    (void)state;
    check_bad_data(NSEC, BYTES("\0\0"));           /* no size */
    check_bad_data(NSEC, BYTES("\0\0\0"));         /* an empty window */
    check_bad_data(NSEC, BYTES("\0\0\2\x40"));     /* cut */
    check_bad_data(NSEC, BYTES("\0\0\2\x40\0"));   /* zero at the end */
    check_bad_data(NSEC, BYTES("\0\0\1\0"));       /* the same */
    check_bad_data(NSEC, BYTES("\0\1\1\1\0\1\1")); /* windows descend */
    check_bad_data(NSEC, BYTES("\0\1\1\1\1\1\1")); /* twice the same */
    check_bad_data(NSEC, BYTES("\0\0\x21"
                               "abcdefghijklmnopqrstuvwxyz1234567"));
}

/* Days of all kinds, against libc. */
static void times_are_those_of_libc(void **state)
{
    uint64_t time;

    (void)state;
    for (time = 0; time <= UINT32_MAX; time += 86400 * 3 + 7207) {
        uint8_t bytes[] = "\0\1\5\2\0\0\1\0????\0\0\0\0\0\7\0x";
        time_t seconds = (time_t)time;
        char wanted[64];
        char text[64];
        struct tm tm;
        unsigned i;

        for (i = 0; i < 4; i++) {
            bytes[8 + i] = (uint8_t)(time >> (24 - 8 * i));
        }
        gmtime_r(&seconds, &tm);
        strftime(wanted, sizeof(wanted),
                 "A 5 2 256 %Y%m%d%H%M%S 19700101000000 7 . eA==", &tm);
        assert_true(data_text(FPOOL_DNS_TYPE_RRSIG, bytes, sizeof(bytes) - 1,
                              text, sizeof(text)) > 0);
        assert_string_equal(text, wanted);
    }
}

static void the_last_time_is_in_2106(void **state)
{
    (void)state;
    check_data(FPOOL_DNS_TYPE_RRSIG,
               BYTES("\x04\xd2\5\2\0\0\1\0\xff\xff\xff\xff\x38\x6d\x43\x7f"
                     "\0\7\0x"),
               "TYPE1234 5 2 256 21060207062815 19991231235959 7 . eA==");
    check_data(FPOOL_DNS_TYPE_RRSIG,
               BYTES("\0\1\5\2\0\0\1\0\x38\xbc\x5d\x7f\x38\xbc\x5d\x80"
                     "\0\7\0x"),
               "A 5 2 256 20000229235959 20000301000000 7 . eA==");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nsec_of_the_rfc_has_its_text),
        cmocka_unit_test(nsec3_of_the_rfc_has_its_text),
        cmocka_unit_test(bitmaps_may_be_empty_and_full),
        cmocka_unit_test(malformed_bitmaps_are_refused),
        cmocka_unit_test(times_are_those_of_libc),
        cmocka_unit_test(the_last_time_is_in_2106),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
