/* SPDX-License-Identifier: MIT */
/* Items to questions to queries.  What labels may hold is in label_test.c. */
#include "engine/dns/name.h"

#include <ares.h>
#include <string.h>

#include "base/mem.h"
#include "engine/dns/type.h"
#include "support/check.h"

#define A   FPOOL_DNS_TYPE_A
#define PTR FPOOL_DNS_TYPE_PTR

static const char *parse(struct fpool_dns_question *q, const char *item,
                         size_t size, const char *suffix, uint16_t type)
{
    const char *reason = NULL;
    enum fpool_status st =
        fpool_dns_question_parse(q, item, size, suffix, type, &reason);

    assert_int_equal(st, reason == NULL ? FPOOL_OK : FPOOL_EINVALID);
    return reason;
}

static void check_question(const char *item, const char *suffix, uint16_t type,
                           const char *name, uint16_t wanted_type)
{
    struct fpool_dns_question q;
    char text[FPOOL_DNS_MAX_NAME_TEXT];
    const char *reason = parse(&q, item, strlen(item), suffix, type);

    if (reason != NULL) {
        fail_msg("\"%s\": %s", item, reason);
    }
    assert_string_equal(q.text, name);
    assert_int_equal(q.type, wanted_type);
    assert_int_equal(fpool_dns_name_text(q.wire, q.wire_size, 0, text),
                     q.wire_size);
    assert_string_equal(text, name);
}

/* 'wanted_type' is what the response says. */
static void check_refused(const char *item, const char *suffix, uint16_t type,
                          const char *wanted, uint16_t wanted_type)
{
    struct fpool_dns_question q;
    const char *reason = parse(&q, item, strlen(item), suffix, type);

    if (reason == NULL) {
        fail_msg("\"%s\" is taken as %s", item, q.text);
    } else {
        assert_string_equal(reason, wanted);
    }
    assert_string_equal(q.text, "");
    assert_int_equal(q.wire_size, 0);
    assert_int_equal(q.type, wanted_type);
}

static void blanks_around_a_name_are_dropped(void **state)
{
    (void)state;
    check_question("example.org", NULL, A, "example.org", A);
    check_question(" \t Example.ORG. \r\n", NULL, A, "example.org", A);
    check_question("example.org\r", NULL, PTR, "example.org", PTR);
    check_question("\v\fa\v", NULL, A, "a", A);
    check_question("a\\ ", NULL, A, "a\\032", A);
}

static void nothing_is_no_name(void **state)
{
    struct fpool_dns_question q;

    (void)state;
    check_refused("", NULL, A, "empty name", A);
    check_refused(" \t\r\n", NULL, A, "empty name", A);
    check_refused("  ", "example.org", A, "empty name", A);
    assert_string_equal(parse(&q, "x", 0, NULL, A), "empty name");
    assert_string_equal(parse(&q, NULL, 0, NULL, A), "empty name");
    assert_string_equal(parse(&q, "\0", 1, NULL, A),
                        "control character in the name");
}

static void the_root_is_a_name(void **state)
{
    struct fpool_dns_question q;

    (void)state;
    check_question(".", NULL, A, ".", A);
    check_question(" . ns ", NULL, A, ".", FPOOL_DNS_TYPE_NS);
    assert_null(parse(&q, ".", 1, NULL, A));
    assert_int_equal(q.wire_size, 1);
    check_refused(". ", "example.org", A, "empty label", A);
    check_refused("..", NULL, A, "empty label", A);
}

static void a_second_word_is_the_type(void **state)
{
    (void)state;
    check_question("a MX", NULL, A, "a", FPOOL_DNS_TYPE_MX);
    check_question(" a\t \taaaa\r", NULL, A, "a", FPOOL_DNS_TYPE_AAAA);
    check_question("a. TYPE65280", NULL, A, "a", 65280);
    check_question("a\\ b MX", NULL, A, "a\\032b", FPOOL_DNS_TYPE_MX);
    check_question("\xc3\xbc MX", NULL, A, "xn--tda", FPOOL_DNS_TYPE_MX);
    check_refused("a b", NULL, A, "unknown record type", A);
    check_refused("a AXFR", NULL, A, "unknown record type", A);
    check_refused("a A\\", NULL, A, "unknown record type", A);
    check_refused("a MX b", NULL, A, "more than a name and a type",
                  FPOOL_DNS_TYPE_MX);
    check_refused("a MX\tMX", NULL, A, "more than a name and a type",
                  FPOOL_DNS_TYPE_MX);
    check_refused("a b c", NULL, A, "unknown record type", A);
}

static void the_type_is_known_though_the_name_is_wrong(void **state)
{
    (void)state;
    check_refused("a..b MX", NULL, A, "empty label", FPOOL_DNS_TYPE_MX);
    check_refused("a..b rubbish", NULL, A, "empty label", A);
    check_refused("a..\\ b MX", NULL, A, "empty label", FPOOL_DNS_TYPE_MX);
    check_refused("a..b\\", NULL, A, "empty label", A);
}

static void suffixes_are_appended(void **state)
{
    static const char *const suffixes[] = { "example.org", ".example.org",
                                            "Example.ORG.", ".example.org." };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(suffixes); i++) {
        check_question("www", suffixes[i], A, "www.example.org", A);
        check_question(" a.B. MX ", suffixes[i], A, "a.b.example.org",
                       FPOOL_DNS_TYPE_MX);
    }
    check_question("www", "", A, "www", A);
    check_question("www", ".", A, "www", A);
    check_question("a", "\xc3\xbc.de", A, "a.xn--tda.de", A);
    check_question("a\\.b", "c\\.d", A, "a\\.b.c\\.d", A);
    check_question("0/25", ".2.0.192.in-addr.arpa", PTR,
                   "0/25.2.0.192.in-addr.arpa", PTR);
    check_question("0/25.", "2.0.192.in-addr.arpa", PTR,
                   "0/25.2.0.192.in-addr.arpa", PTR);
    check_question("1", "0/25.2.0.192.in-addr.arpa", PTR,
                   "1.0/25.2.0.192.in-addr.arpa", PTR);
    check_refused("a", "b/8", A, "not a host name: '/' without a backslash", A);
    check_refused("a", "1/8", A, "not a host name: '/' without a backslash", A);
    check_refused("a", "..b", A, "empty label", A);
    check_refused("a", "..", A, "empty label", A);
    check_refused("a", "b..", A, "empty label", A);
    check_refused("a", "b c", A, "blank in the suffix", A);
    check_refused("a", " b", A, "empty label", A);
    check_refused(".a", "b", A, "empty label", A);
}

static void names_with_their_suffix_end_at_253_bytes(void **state)
{
    char suffix[252];
    size_t i;
    struct fpool_dns_question q;

    (void)state;
    for (i = 0; i < 251; i++) {
        suffix[i] = i % 50 == 49 ? '.' : 'x';
    }
    suffix[251] = '\0';
    assert_null(parse(&q, "a", 1, suffix, A));
    assert_int_equal(q.wire_size, 255);
    check_refused("ab", suffix, A, "name is longer than 253 bytes", A);
}

static void addresses_become_names_of_type_ptr(void **state)
{
    static const char one[] =
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
        "ip6.arpa";

    (void)state;
    check_question("192.0.2.1", NULL, PTR, "1.2.0.192.in-addr.arpa", PTR);
    check_question(" 192.0.2.1. \r", NULL, PTR, "1.2.0.192.in-addr.arpa", PTR);
    check_question("8.8.8.8", NULL, PTR, "8.8.8.8.in-addr.arpa", PTR);
    check_question("255.255.255.255 ptr", NULL, A,
                   "255.255.255.255.in-addr.arpa", PTR);
    check_question("2001:db8::1", NULL, PTR, one, PTR);
    check_question("2001:0DB8:0:0:0:0:0:1", NULL, PTR, one, PTR);
    check_question("2001:db8::0.0.0.1 PTR", NULL, A, one, PTR);
    check_question("::ffff:192.0.2.1", NULL, PTR,
                   "1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                   "0.0.0.0.ip6.arpa",
                   PTR);
    check_question("::", NULL, PTR,
                   "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                   "0.0.0.0.ip6.arpa",
                   PTR);
    /* They take no suffix. */
    check_question("192.0.2.1", "example.org", PTR, "1.2.0.192.in-addr.arpa",
                   PTR);
    check_question("2001:db8::1", "example.org", PTR, one, PTR);
}

static void addresses_have_no_other_types(void **state)
{
    static const char reason[] =
        "an IP address can be asked for the type PTR only";
    static const char url[] = "not a host name: ':' or '@' without a backslash";

    (void)state;
    check_refused("192.0.2.1", NULL, A, reason, A);
    check_refused("192.0.2.1.", NULL, A, reason, A);
    check_refused("192.0.2.1 MX", NULL, PTR, reason, FPOOL_DNS_TYPE_MX);
    check_refused("2001:db8::1", NULL, A, reason, A);
    check_refused("2001:db8::1", "example.org", A, reason, A);
    check_refused("2001:db8::1 x", NULL, A, "unknown record type", A);
    check_refused("[2001:db8::1]", NULL, PTR, url, PTR);
    check_refused("fe80::1%lo", NULL, PTR, url, PTR);
    check_refused("192.0.2.1:53", NULL, PTR, url, PTR);
    check_refused("2001:db8:0000:0000:0000:0000:192.168.100.1000", NULL, PTR,
                  url, PTR);
}

static void what_looks_like_an_address_may_be_a_name(void **state)
{
    struct fpool_dns_question q;

    (void)state;
    check_question("2.0.0.127", ".zen.example", A, "2.0.0.127.zen.example", A);
    check_question("1.2.3", NULL, A, "1.2.3", A);
    check_question("1.2.3.4.5", NULL, PTR, "1.2.3.4.5", PTR);
    check_question("1.2.3.256", NULL, PTR, "1.2.3.256", PTR);
    check_question("1.2.3.4a", NULL, PTR, "1.2.3.4a", PTR);
    check_question("192.0.2\\.1", NULL, A, "192.0.2\\.1", A);
    check_question("1.2.3.4\\000", NULL, A, "1.2.3.4\\000", A);
    /* What stands before a zero byte is not all. */
    assert_string_equal(parse(&q, "::1\0x", 5, NULL, PTR),
                        "not a host name: ':' or '@' without a backslash");
}

/* ---- Queries. */

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* The query for 'q' has its name, type and options. */
static void check_query(const struct fpool_dns_question *q, uint16_t udp_size)
{
    uint8_t query[FPOOL_DNS_MAX_QUERY];
    enum fpool_status st = FPOOL_EINVAL;
    size_t size = fpool_dns_query_build(q, udp_size, query, &st);
    const uint8_t *p = query + 12;

    assert_ok(st);
    assert_int_equal(size, 12 + q->wire_size + 4 + FPOOL_DNS_OPT_SIZE);
    assert_memory_equal(query, "\0\0\1\0\0\1\0\0\0\0\0\1", 12);
    assert_memory_equal(p, q->wire, q->wire_size);
    p += q->wire_size;
    assert_int_equal(get16(p), q->type);
    assert_int_equal(get16(p + 2), 1);
    assert_memory_equal(p + 4, "\0\0\51", 3);
    assert_int_equal(get16(p + 7), udp_size);
    assert_memory_equal(p + 9, "\0\0\0\0\0\0", 6);
}

static void check_query_of(const char *item)
{
    struct fpool_dns_question q;

    assert_null(parse(&q, item, strlen(item), NULL, A));
    check_query(&q, 1232);
}

static void queries_carry_the_question(void **state)
{
    (void)state;
    check_query_of("example.org");
    check_query_of(".");
    check_query_of("a MX");
    check_query_of("a TYPE65535");
    check_query_of("1.2.3.9x");
    check_query_of("\\.\\\\\\000\\255.\\ .\\\"");
    check_query_of("\\000");
    check_query_of("1.0/25.2.0.192.in-addr.arpa PTR");
    check_query_of("b\xc3\xbc"
                   "cher.example");
}

static void queries_carry_any_bytes(void **state)
{
    struct fpool_dns_question q = { .type = A };
    unsigned seed = 7;
    unsigned round;

    (void)state;
    for (round = 0; round < 3000; round++) {
        size_t size = 0;

        while (size < 255 - 65 && (size == 0 || seed >> 16 & 7)) {
            size_t n;
            size_t i;

            seed = seed * 1103515245u + 12345u;
            n = 1 + (seed >> 16) % (round % 2 == 0 ? 63 : 4);
            q.wire[size++] = (uint8_t)n;
            for (i = 0; i < n; i++) {
                seed = seed * 1103515245u + 12345u;
                q.wire[size++] = (uint8_t)(seed >> 16);
            }
        }
        q.wire[size] = 0;
        q.wire_size = (uint16_t)(size + 1);
        check_query(&q, (uint16_t)(512 + round));
    }
}

static void the_longest_name_has_a_query(void **state)
{
    struct fpool_dns_question q;
    char item[4 * 253];
    size_t size = 0;
    size_t i;

    (void)state;
    for (i = 0; i < 253; i++) {
        bool is_dot = i % 64 == 63;

        memcpy(item + size, is_dot ? "." : "\\255", is_dot ? 1 : 4);
        size += is_dot ? 1 : 4;
    }
    assert_null(parse(&q, item, size, NULL, A));
    assert_int_equal(q.wire_size, 255);
    assert_int_equal(strlen(q.text), 4 * 250 + 3);
    check_query(&q, 65535);
}

static size_t build(const char *item, enum fpool_status *st)
{
    struct fpool_dns_question q;
    uint8_t query[FPOOL_DNS_MAX_QUERY];

    assert_null(parse(&q, item, strlen(item), NULL, A));
    return fpool_dns_query_build(&q, 1232, query, st);
}

/* RFC 7686, and nothing that only looks like it. */
static void onions_are_not_asked_for(void **state)
{
    static const char *const onions[] = { "onion", "a.onion", "A.ONION.",
                                          "a.b.\\onion" };
    static const char *const others[] = { "xonion",    "onion.a",
                                          "onio",      "onions",
                                          "a\\.onion", "a.b\\.onion",
                                          "\\005onion" };
    enum fpool_status st;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(onions); i++) {
        st = FPOOL_OK;
        assert_int_equal(build(onions[i], &st), 0);
        assert_status(st, FPOOL_ENOTFOUND);
    }
    for (i = 0; i < N_ELEMENTS(others); i++) {
        check_query_of(others[i]);
    }
}

static void a_query_without_memory_is_told(void **state)
{
    enum fpool_status st = FPOOL_OK;

    (void)state;
    fpool_mem_fail_at(1, 0);
    assert_int_equal(build("a", &st), 0);
    fpool_mem_fail_at(0, 0);
    assert_status(st, FPOOL_ENOMEM);
    assert_int_not_equal(build("a", &st), 0);
    assert_ok(st);
}

/* Names of letters cost no memory. */
static void plain_names_are_parsed_without_memory(void **state)
{
    struct fpool_dns_question q;

    (void)state;
    fpool_mem_fail_at(1, 1);
    assert_null(parse(&q, "www.example.org MX", 18, "a\\.b.example", A));
    assert_int_equal(fpool_mem_count(), 0);
    fpool_mem_fail_at(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_around_a_name_are_dropped),
        cmocka_unit_test(nothing_is_no_name),
        cmocka_unit_test(the_root_is_a_name),
        cmocka_unit_test(a_second_word_is_the_type),
        cmocka_unit_test(the_type_is_known_though_the_name_is_wrong),
        cmocka_unit_test(suffixes_are_appended),
        cmocka_unit_test(names_with_their_suffix_end_at_253_bytes),
        cmocka_unit_test(addresses_become_names_of_type_ptr),
        cmocka_unit_test(addresses_have_no_other_types),
        cmocka_unit_test(what_looks_like_an_address_may_be_a_name),
        cmocka_unit_test(queries_carry_the_question),
        cmocka_unit_test(queries_carry_any_bytes),
        cmocka_unit_test(the_longest_name_has_a_query),
        cmocka_unit_test(onions_are_not_asked_for),
        cmocka_unit_test(a_query_without_memory_is_told),
        cmocka_unit_test(plain_names_are_parsed_without_memory),
    };

    /* c-ares takes its memory where tests can make it fail. */
    ares_library_init_mem(ARES_LIB_INIT_ALL, fpool_malloc, fpool_free,
                          fpool_realloc);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
