/* SPDX-License-Identifier: MIT */
/* Data of records from the wire to text, for every type that has a form; those
 * of DNSSEC's bitmaps, SVCB and LOC have programs of their own. */
#include "engine/dns/rdata.h"

#include <string.h>

#include "engine/dns/message.h"

static void data_has_its_text(void **state)
{
    static const struct {
        unsigned type;
        bool is_exact; /* every byte is needed */
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
        { FPOOL_DNS_TYPE_A, true, BYTES("\xc0\x00\x02\x01"), "192.0.2.1" },
        { FPOOL_DNS_TYPE_AAAA, true,
          BYTES(" \x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                "\x01"),
          "2001:db8::1" },
        { FPOOL_DNS_TYPE_NS, true, BYTES("\x02ns\xc0\x0c"), "ns.example.com" },
        { FPOOL_DNS_TYPE_CNAME, true,
          BYTES("\x01\x61\x01\x62\x07\x65xample\x00"), "a.b.example" },
        { FPOOL_DNS_TYPE_CNAME, true, BYTES("\x00"), "." },
        { FPOOL_DNS_TYPE_PTR, true, BYTES("\x06*x y;z\xc0\x14"),
          "*x\\032y\\;z.com" },
        { FPOOL_DNS_TYPE_DNAME, true, BYTES("\xc0\x0c"), "example.com" },
        { FPOOL_DNS_TYPE_SOA, true,
          BYTES("\x02ns\xc0\x0c\x03\x61.b\xc0\x14x\xa3\xf1t\x00\x00\x1c \x00"
                "\x00\x0e\x10\x00\x12u\x00\xff\xff\xff\xff"),
          "ns.example.com a\\.b.com 2024010100 7200 3600 1209600 4294"
          "967295" },
        { FPOOL_DNS_TYPE_MX, true, BYTES("\x00\x0a\x04mail\xc0\x0c"),
          "10 mail.example.com" },
        { FPOOL_DNS_TYPE_MX, true, /* RFC 7505 */
          BYTES("\x00\x00\x00"), "0 ." },
        { FPOOL_DNS_TYPE_HINFO, true, /* RFC 8482, section 4.2 */
          BYTES("\x07RFC8482\x00"), "\"RFC8482\" \"\"" },
        { FPOOL_DNS_TYPE_TXT, false,
          BYTES("\x0bv=spf1 -all\x00\x05\x61\x22\x5c\xe9\x0a"),
          "\"v=spf1 -all\" \"\" \"a\\\"\\\\\\233\\010\"" },
        { FPOOL_DNS_TYPE_SPF, false, BYTES("\x0bv=spf1 -all"),
          "\"v=spf1 -all\"" },
        { FPOOL_DNS_TYPE_SRV, true, /* RFC 2782 */
          BYTES("\x00\x00\x00\x01\x00\x09\x0cold-slow-box\x07\x65xample\x03"
                "\x63om\x00"),
          "0 1 9 old-slow-box.example.com" },
        { FPOOL_DNS_TYPE_SRV, true, /* compressed: RFC 3597, section 4 */
          BYTES("\x00\x00\x00\x01\x00\x09\x01x\xc0\x0c"),
          "0 1 9 x.example.com" },
        { FPOOL_DNS_TYPE_NAPTR, true, /* RFC 3403 */
          BYTES("\x00\x64\x00\x32\x01s\x0dz3950+I2L+I2C\x00\x06_z3950\x04_tc"
                "p\x06gatech\x03\x65\x64u\x00"),
          "100 50 \"s\" \"z3950+I2L+I2C\" \"\" _z3950._tcp.gatech.edu" },
        { FPOOL_DNS_TYPE_NAPTR, true,
          BYTES("\x00\x64\x00\x0a\x00\x00!!^urn:cid:.+@([^\x5c.]+\x5c.)(.*)$"
                "!\x5c\x32!i\x00"),
          "100 10 \"\" \"\" \"!^urn:cid:.+@([^\\\\.]+\\\\.)(.*)$!\\\\"
          "2!i\" ." },
        { FPOOL_DNS_TYPE_DS, false, /* RFC 4034, section 5.4 */
          BYTES("\xec\x45\x05\x01+\xb1\x83\xaf_\x22X\x81y\xa5;\x0a\x98\x63"
                "\x1f\xad\x1a)!\x18"),
          "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118" },
        { FPOOL_DNS_TYPE_CDS, false, /* RFC 8078, section 4 */
          BYTES("\x00\x00\x00\x00\x00"), "0 0 0 00" },
        { FPOOL_DNS_TYPE_CDNSKEY, false, BYTES("\x00\x00\x03\x00\x00"),
          "0 3 0 AA==" },
        { FPOOL_DNS_TYPE_DNSKEY, false, /* RFC 4034, section 2.3 */
          BYTES("\x01\x00\x03\x05\x01\x03\xd2*l\xa7\x7f\x35\xb8\x93 o\xd3^LP"
                "m\x83x\x84\x37\x09\xb9~\x04\x16G\xe1\xbf\xf4=\x8d\x64\xc6I"
                "\xaf\x1e\x37\x19s\xc9\xe8\x91\xfc\xe3\xdfQ\x9a\x8c\x84\x0a"
                "\x63\xee\x42\xa6\xd2\xeb\xdd\xbb\x97\x03]!Z\xa4\xe4\x17\xb1"
                "\xfa\x45\xfa\x11\xa9t\x1e\xa2\x09\x8c\x1d\xfa_\xb5\xfe\xb3"
                "\x32\xfdK\xc8\x15 \x89\xae\xf3k\xa6\x44\xcc\xe2\x41;;r\xbe"
                "\x18\xcb\xef\x8d\xa2S\xf4\xe9=!\x03\x86m\x92\x34\xa2\xe2"
                "\x8d\xf5)\xa6}Th\xdb\xef\xe3"),
          "256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHj"
          "cZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpf"
          "tf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn"
          "1UaNvv4w==" },
        { FPOOL_DNS_TYPE_RRSIG, false, /* RFC 4034, section 3.3 */
          BYTES("\x00\x01\x05\x03\x00\x01Q\x80>|\x9d\xd7>U\x10\xd7\x0aR\x07"
                "\x65xample\x03\x63om\x00\xa0\x90u[\xa5\x8d\x1a\xff\xa5v\xf4"
                "\x37X1\xb4\x31\x09 \xe4\x81!\x8d\x18\xa9\xf1\x64\xeb=\x81"
                "\xaf\xd3\xb8u\xd3\xc7T(c\x1e\x0c\xf2\xa2\x8dP\x87_p\xc3)"
                "\xd7\xdb\xfa\xfe\xa8\x07\xdc\x1f\xba\x1d\xc3L\x95\xd4\x01"
                "\xf2\x3f\x33L\xe6;\xfc\xf3\xf1\xb5\xb4G9\xe5\xf0\xed\xed"
                "\x18\xd6\xb3\x3f\x04\x0a\x91\x13v\xd1s\xd7W\xa9\xf0\xc1\xfa"
                "\x17\x98\x94\x1b\xb0\xb3k-\xf9\x06'\x90\xfa\x7f\x01\x66\xf2"
                "s~\xea\x90sx4\x1f\xb1-\xc0\xa7z"),
          "A 5 3 86400 20030322173103 20030220173103 2642 example.com"
          " oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKij"
          "VCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3tGNazPwQ"
          "KkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o=" },
        { FPOOL_DNS_TYPE_SSHFP, false, /* RFC 4255, section 3.2 */
          BYTES("\x02\x01\x12\x34Vx\x9a\xbc\xde\xf6x\x90\x12\x34Vx\x9a\xbc"
                "\xde\xf6x\x90"),
          "2 1 123456789ABCDEF67890123456789ABCDEF67890" },
        { FPOOL_DNS_TYPE_TLSA, false, /* RFC 6698, section 2.3 */
          BYTES("\x00\x00\x01\xd2\xab\xde$\x0d|\xd3\xeekK(\xc5M\xf0\x34\xb9y"
                "\x83\xa1\xd1n\x8a\x41\x0e\x45\x61\xcb\x10\x66\x18\xe9q"),
          "0 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561"
          "CB106618E971" },
        { 53, false, /* SMIMEA */
          BYTES("\x03\x00\x00\xab"), "3 0 0 AB" },
        { FPOOL_DNS_TYPE_CAA, false, /* RFC 8659, section 4 */
          BYTES("\x00\x05issueca1.example.net"),
          "0 issue \"ca1.example.net\"" },
        { FPOOL_DNS_TYPE_CAA, false, BYTES("\x00\x05issue;"), "0 issue \";\"" },
        { FPOOL_DNS_TYPE_CAA, false, BYTES("\x00\x05issue"), "0 issue \"\"" },
        { FPOOL_DNS_TYPE_CAA, false, BYTES("\x80\x03tbsUnknown"),
          "128 tbs \"Unknown\"" },
        { FPOOL_DNS_TYPE_URI, false, /* RFC 7553, section 4.6 */
          BYTES("\x00\x0a\x00\x01\x66tp://ftp1.example.com/public"),
          "10 1 \"ftp://ftp1.example.com/public\"" },
        { 14, true, /* MINFO */
          BYTES("\x01\x61\xc0\x0c\x01\x62\xc0\x0c"),
          "a.example.com b.example.com" },
        { 17, true, /* RP */
          BYTES("\x01\x61\xc0\x0c\x00"), "a.example.com ." },
        { 18, true, /* AFSDB */
          BYTES("\x00\x01\xc0\x0c"), "1 example.com" },
        { 26, true, /* PX */
          BYTES("\x00\x01\xc0\x0c\x00"), "1 example.com ." },
        { 37, false, /* CERT */
          BYTES("\x00\x01\x30\x39\x08\x66oobar"), "1 12345 8 Zm9vYmFy" },
        { 49, false, /* DHCID: RFC 4701, section 3.6.1 */
          BYTES("\x00\x02\x01\x63o\xc0\xb8'\x1c\x82\x82[\xb1\xac\x5c\x41\xcf"
                "SQ\xaai\xb4\xfe\xbd\x94\xe8\xf1|\xdb\x95\x00\x0d\xa4\x8c@"),
          "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=" },
        { 61, false, /* OPENPGPKEY */
          BYTES("foob"), "Zm9vYg==" },
        { 62, false, /* CSYNC: RFC 7477, section 2.1.1 */
          BYTES("\x00\x00\x00\x42\x00\x03\x00\x04`\x00\x00\x08"),
          "66 3 A NS AAAA" },
        { 63, false, /* ZONEMD */
          BYTES("xH\xb7\x8c\x01\x01\xfe\xbe=L\xe2\xec/\xfaK\xa9\x9d\x46\xcdi"
                "\xd6\xd2\x97\x11\xe5R\x17\x05{\xee"),
          "2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E552170"
          "57BEE" },
        { 107, true, /* LP */
          BYTES("\x00\x0a\xc0\x0c"), "10 example.com" },
        { 261, false, /* RESINFO */
          BYTES("\x04qnam\x01x"), "\"qnam\" \"x\"" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(cases); i++) {
        (cases[i].is_exact ? check_exact_data : check_data)(
            cases[i].type, cases[i].bytes, cases[i].size, cases[i].text);
    }
}

/* Names may be compressed in the types of RFC 1035 and those of its time. */
static void old_types_hold_compressed_names(void **state)
{
    static const unsigned types[] = { 2, 3, 4, 5, 7, 8, 9, 12, 39 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(types); i++) {
        check_exact_data(types[i], BYTES("\1a" QUESTION), "a.example.com");
    }
    check_exact_data(21, BYTES("\0\1" QUESTION), "1 example.com"); /* RT */
    check_exact_data(36, BYTES("\0\1" QUESTION), "1 example.com"); /* KX */
}

static void new_types_hold_whole_names(void **state)
{
    (void)state;
    check_bad_data(FPOOL_DNS_TYPE_SVCB, BYTES("\0\1" QUESTION));
    check_bad_data(FPOOL_DNS_TYPE_HTTPS, BYTES("\0\1" QUESTION));
    check_bad_data(FPOOL_DNS_TYPE_NSEC, BYTES(QUESTION "\0\1\x40"));
    check_bad_data(FPOOL_DNS_TYPE_RRSIG,
                   BYTES("\0\1\5\2\0\0\1\0\0\0\0\2\0\0\0\1\0\7" QUESTION "x"));
}

/* RFC 3597, section 5, for types that have no form here, also old and odd ones.
 */
static void other_types_are_hexadecimal(void **state)
{
    static const unsigned types[] = { 0,    10,    11,    24,   25,  38,
                                      41,   42,    45,    54,   55,  104,
                                      108,  128,   250,   255,  262, 263,
                                      1234, 32769, 62347, 65535 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(types); i++) {
        check_data(types[i], BYTES("\xab\xcd\xef\1\x23\x45"),
                   "\\# 6 ABCDEF012345");
        check_data(types[i], BYTES(""), "\\# 0");
    }
}

static void malformed_data_is_refused(void **state)
{
    (void)state;
    check_bad_data(FPOOL_DNS_TYPE_A, BYTES("\1\2\3"));
    check_bad_data(FPOOL_DNS_TYPE_A, BYTES("\1\2\3\4\5"));
    check_bad_data(FPOOL_DNS_TYPE_A, BYTES(""));
    check_bad_data(FPOOL_DNS_TYPE_AAAA, BYTES("\1\2\3\4"));
    check_bad_data(FPOOL_DNS_TYPE_NS, BYTES("\xc0\xff"));
    check_bad_data(FPOOL_DNS_TYPE_NS, BYTES("\1a\xc0\x19")); /* itself */
    check_bad_data(FPOOL_DNS_TYPE_TXT, BYTES(""));
    check_bad_data(FPOOL_DNS_TYPE_TXT, BYTES("\3ab"));
    check_bad_data(FPOOL_DNS_TYPE_TXT, BYTES("\1a\1"));
    check_bad_data(FPOOL_DNS_TYPE_HINFO, BYTES("\1a"));
    check_bad_data(FPOOL_DNS_TYPE_HINFO, BYTES("\1a\1b\1c"));
    check_bad_data(FPOOL_DNS_TYPE_DS, BYTES("\0\1\5\1"));
    check_bad_data(FPOOL_DNS_TYPE_DNSKEY, BYTES("\1\0\3\5"));
    check_bad_data(FPOOL_DNS_TYPE_TLSA, BYTES("\0\0\1"));
    check_bad_data(FPOOL_DNS_TYPE_SSHFP, BYTES("\1"));
    check_bad_data(FPOOL_DNS_TYPE_URI, BYTES("\0\1\0"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\0issue"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\6issue"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\5is-ueca"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\1\xe1ueca"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\1/x"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\1:x"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\1@x"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\1[x"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\1`x"));
    check_bad_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\1{x"));
    check_data(FPOOL_DNS_TYPE_CAA, BYTES("\0\6azAZ09x"), "0 azAZ09 \"x\"");
    check_bad_data(61, BYTES(""));
}

/* A name in data may read what is before the data, never what is behind. */
static void names_end_within_the_data(void **state)
{
    static const uint8_t message[] = "............\1a\0\1b\0\1c\0";
    char text[64];

    (void)state;
    assert_int_equal(fpool_dns_rdata_text(message, 21, 15, 3, 2, text, 64), 1);
    assert_string_equal(text, "b");
    assert_int_equal(fpool_dns_rdata_text(message, 21, 15, 2, 2, text, 64), -1);
    assert_int_equal(fpool_dns_rdata_text(message, 21, 15, 4, 2, text, 64), -1);
}

static void data_beyond_the_message_is_refused(void **state)
{
    static const uint8_t message[16] = { 0 };
    char text[64];

    (void)state;
    assert_int_equal(fpool_dns_rdata_text(message, 16, 12, 4, 1, text, 64), 7);
    assert_int_equal(fpool_dns_rdata_text(message, 15, 12, 4, 1, text, 64), -1);
    assert_int_equal(fpool_dns_rdata_text(message, 16, 17, 0, 9999, text, 64),
                     -1);
    assert_int_equal(fpool_dns_rdata_text(message, 16, 16, 0, 9999, text, 64),
                     4);
    assert_int_equal(
        fpool_dns_rdata_text(message, 16, SIZE_MAX, 4, 1, text, 64), -1);
    assert_int_equal(
        fpool_dns_rdata_text(message, 16, 12, SIZE_MAX, 1, text, 64), -1);
}

/* Any bytes at all: a text or none, in bounds, and no byte in it that is not
 * printable. */
static void any_data_is_harmless(void **state)
{
    uint32_t seed = 1;
    unsigned type;
    unsigned i;

    (void)state;
    for (type = 0; type < 270; type++) {
        for (i = 0; i < 200; i++) {
            uint8_t bytes[64];
            char text[1024];
            size_t n;
            int length;

            for (n = 0; n < sizeof(bytes); n++) {
                seed = seed * 1103515245u + 12345u;
                bytes[n] = (uint8_t)((seed >> 16) % (seed >> 24 & 1 ? 256 : 8));
            }
            length = data_text(type, bytes, i % 64, text, sizeof(text));
            for (n = 0; length > 0 && n < (size_t)length; n++) {
                assert_true(text[n] >= ' ' && text[n] < 0x7f);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_has_its_text),
        cmocka_unit_test(old_types_hold_compressed_names),
        cmocka_unit_test(new_types_hold_whole_names),
        cmocka_unit_test(other_types_are_hexadecimal),
        cmocka_unit_test(malformed_data_is_refused),
        cmocka_unit_test(names_end_within_the_data),
        cmocka_unit_test(data_beyond_the_message_is_refused),
        cmocka_unit_test(any_data_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
