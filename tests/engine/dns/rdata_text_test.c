/* SPDX-License-Identifier: MIT */
/* The bounded writer: numbers, encodings, addresses and strings, and what
 * happens when there is no room for them. */
#include "engine/dns/rdata.h"

#include <arpa/inet.h>
#include <string.h>

#include "support/check.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

typedef void (*put_bytes)(struct fpool_dns_writer *w, const uint8_t *bytes,
                          size_t size);

static void begin(struct fpool_dns_writer *w, char *buffer, size_t size)
{
    w->at = buffer;
    w->end = buffer + size;
    w->is_full = false;
}

/* 'put' makes 'wanted' of the bytes, and stops where the room ends. */
static void check_put(put_bytes put, const void *bytes, size_t size,
                      const char *wanted)
{
    size_t max = strlen(wanted);
    size_t room;

    for (room = 0; room <= max; room++) {
        char *buffer = malloc(room + 1);
        struct fpool_dns_writer w;

        assert_non_null(buffer);
        begin(&w, buffer, room);
        put(&w, bytes, size);
        assert_int_equal(w.is_full, room < max);
        assert_true(w.at <= buffer + room);
        assert_memory_equal(buffer, wanted, (size_t)(w.at - buffer));
        if (w.is_full) {
            fpool_dns_put_char(&w, 'x');
            fpool_dns_put(&w, "xx", 2);
            assert_memory_equal(buffer, wanted, (size_t)(w.at - buffer));
        } else {
            assert_ptr_equal(w.at, buffer + max);
        }
        free(buffer);
    }
}

static void put_number(struct fpool_dns_writer *w, const uint8_t *bytes,
                       size_t size)
{
    uint32_t number;

    assert_int_equal(size, sizeof(number));
    memcpy(&number, bytes, sizeof(number));
    fpool_dns_put_number(w, number);
}

static void numbers_are_decimal(void **state)
{
    static const struct {
        uint32_t number;
        const char *text;
    } cases[] = { { 0, "0" },
                  { 9, "9" },
                  { 10, "10" },
                  { 65535, "65535" },
                  { 4294967295u, "4294967295" } };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(cases); i++) {
        check_put(put_number, &cases[i].number, 4, cases[i].text);
    }
}

static void hexadecimal_is_in_upper_case(void **state)
{
    (void)state;
    check_put(fpool_dns_put_hex, BYTES(""), "");
    check_put(fpool_dns_put_hex, BYTES("\x00\x1f\xab\xff"), "001FABFF");
}

/* RFC 4648, section 10. */
static void base64_is_that_of_the_rfc(void **state)
{
    (void)state;
    check_put(fpool_dns_put_base64, BYTES(""), "");
    check_put(fpool_dns_put_base64, BYTES("f"), "Zg==");
    check_put(fpool_dns_put_base64, BYTES("fo"), "Zm8=");
    check_put(fpool_dns_put_base64, BYTES("foo"), "Zm9v");
    check_put(fpool_dns_put_base64, BYTES("foob"), "Zm9vYg==");
    check_put(fpool_dns_put_base64, BYTES("fooba"), "Zm9vYmE=");
    check_put(fpool_dns_put_base64, BYTES("foobar"), "Zm9vYmFy");
    check_put(fpool_dns_put_base64, BYTES("\xfb\xff\xfe"), "+//+");
}

/* RFC 4648, section 10, without the padding. */
static void base32_is_that_of_the_rfc(void **state)
{
    (void)state;
    check_put(fpool_dns_put_base32, BYTES(""), "");
    check_put(fpool_dns_put_base32, BYTES("f"), "CO");
    check_put(fpool_dns_put_base32, BYTES("fo"), "CPNG");
    check_put(fpool_dns_put_base32, BYTES("foo"), "CPNMU");
    check_put(fpool_dns_put_base32, BYTES("foob"), "CPNMUOG");
    check_put(fpool_dns_put_base32, BYTES("fooba"), "CPNMUOJ1");
    check_put(fpool_dns_put_base32, BYTES("foobar"), "CPNMUOJ1E8");
}

static void strings_are_escaped(void **state)
{
    (void)state;
    check_put(fpool_dns_put_escaped, BYTES("a b;c"), "a b;c");
    check_put(fpool_dns_put_escaped, BYTES("\"\\"), "\\\"\\\\");
    check_put(fpool_dns_put_escaped, BYTES("\0\t\x1f\x7f\x80\xff~"),
              "\\000\\009\\031\\127\\128\\255~");
    check_put(fpool_dns_put_quoted, BYTES(""), "\"\"");
    check_put(fpool_dns_put_quoted, BYTES("a\"b"), "\"a\\\"b\"");
}

static void put_ipv4(struct fpool_dns_writer *w, const uint8_t *bytes,
                     size_t size)
{
    assert_int_equal(size, 4);
    fpool_dns_put_ipv4(w, bytes);
}

static void put_ipv6(struct fpool_dns_writer *w, const uint8_t *bytes,
                     size_t size)
{
    assert_int_equal(size, 16);
    fpool_dns_put_ipv6(w, bytes);
}

static void every_byte_of_ipv4_is_right(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < 256; i++) {
        uint8_t bytes[4] = { (uint8_t)i, (uint8_t)(255 - i), (uint8_t)(i * 7),
                             0 };
        char wanted[INET_ADDRSTRLEN];

        assert_non_null(inet_ntop(AF_INET, bytes, wanted, sizeof(wanted)));
        check_put(put_ipv4, bytes, 4, wanted);
    }
}

/* The examples of RFC 5952 are among them. */
static void ipv6_is_canonical(void **state)
{
    static const char *const texts[] = {
        "::",
        "::1",
        "1::",
        "2001:db8::1",
        "2001:db8::2:1",
        "2001:db8::aaaa:0:0:1",
        "2001:db8:0:1:1:1:1:1",
        "2001:0:0:1::1",
        "2001:db8::1:0:0:1",
        "fe80::",
        "ff02::1:ff00:0",
        "1:2:3:4:5:6:7:8",
        "0:1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:0",
        "0:2:3:4:5:6:7:8",
        "1000:100:10:1:fff:ff:f:0",
        "1:2:3:4:5:6::",
        "1:0:3:0:5:0:7:0",
        "64:ff9b::c000:221",
        "::ffff:192.0.2.1",
        "::ffff:0.0.0.0",
        "::c000:201",
        "::1:2",
        "::fffe:c000:201",
        "::1:ffff:c000:201",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "abcd:ef01:10:200:3000::",
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(texts); i++) {
        uint8_t bytes[16];

        assert_int_equal(inet_pton(AF_INET6, texts[i], bytes), 1);
        check_put(put_ipv6, bytes, 16, texts[i]);
    }
}

/* All patterns of zero groups, against libc where it agrees on the form. */
static void ipv6_is_that_of_libc(void **state)
{
    unsigned pattern;

    (void)state;
    for (pattern = 1; pattern < 256; pattern++) {
        uint8_t bytes[16] = { 0 };
        char wanted[INET6_ADDRSTRLEN];
        unsigned i;

        for (i = 0; i < 8; i++) {
            bytes[2 * i + 1] = (pattern >> i & 1) != 0 ? (uint8_t)(i + 9) : 0;
        }
        assert_non_null(inet_ntop(AF_INET6, bytes, wanted, sizeof(wanted)));
        if (strchr(wanted, '.') == NULL) {
            check_put(put_ipv6, bytes, 16, wanted);
        }
    }
}

static void readers_stop_at_the_end(void **state)
{
    static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
    struct fpool_dns_reader r = { bytes, 1, 6, false };

    (void)state;
    assert_int_equal(fpool_dns_take_number(&r, 2), 0x0203);
    assert_ptr_equal(fpool_dns_take(&r, 0), bytes + 3);
    assert_false(r.is_bad);
    assert_int_equal(fpool_dns_take_number(&r, 4), 0);
    assert_true(r.is_bad);
    assert_int_equal(fpool_dns_left(&r), 0);
    assert_null(fpool_dns_take(&r, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(hexadecimal_is_in_upper_case),
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(base32_is_that_of_the_rfc),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(every_byte_of_ipv4_is_right),
        cmocka_unit_test(ipv6_is_canonical),
        cmocka_unit_test(ipv6_is_that_of_libc),
        cmocka_unit_test(readers_stop_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
