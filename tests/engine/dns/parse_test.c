/* SPDX-License-Identifier: MIT */
/* Whole messages: header, question, negative answers, OPT, and what is cut,
 * bent or behind the end. */
#include "engine/dns/parse.h"

#include <string.h>

#include "engine/dns/message.h"

/* Zone "example" with a minimum of 900 seconds. */
#define SOA                                                                    \
    "\2ns\7example\0\1r\7example\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\3\x84"

static struct message m;
static struct fpool_dns_parsed p;

static int set_up(void **state)
{
    (void)state;
    fpool_dns_parsed_init(&p);
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_dns_parsed_fini(&p);
    return 0;
}

static size_t add_address(const char *bytes, uint32_t ttl)
{
    return message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_A, ttl, bytes, 4);
}

static void add_soa(uint32_t ttl)
{
    message_record(&m, AUTHORITY, "example", FPOOL_DNS_TYPE_SOA, ttl,
                   BYTES(SOA));
}

static void check_bad(void)
{
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
}

/* ---- Answers. */

static void a_plain_answer_is_read(void **state)
{
    size_t first = add_address("\xc0\0\2\1", 300);
    size_t second = add_address("\xc0\0\2\xff", 200);

    (void)state;
    message_opt(&m, 0, NULL, 0);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 2);
    check_record(&p, 0, "www.example", FPOOL_DNS_TYPE_A, "192.0.2.1");
    check_record(&p, 1, "www.example", FPOOL_DNS_TYPE_A, "192.0.2.255");
    assert_int_equal(p.records[0].ttl, 300);
    assert_int_equal(p.records[1].ttl, 200);
    assert_int_equal(p.records[0].rdata, first);
    assert_int_equal(p.records[1].rdata, second);
    assert_int_equal(p.records[1].rdata_size, 4);
    assert_int_equal(p.flags, 0x8180);
    assert_int_equal(p.rcode, 0);
    assert_int_equal(p.ttl, 200);
    assert_int_equal(p.extended_error, -1);
    assert_true(p.has_opt);
    assert_true(p.has_answer);
}

static void one_after_the_other_is_read(void **state)
{
    (void)state;
    add_address("\xc0\0\2\1", 300);
    message_opt(&m, 0, BYTES("\0\xf\0\2\0\1"));
    assert_ok(message_parse(&p, &m));
    message_begin(&m, "b.example", FPOOL_DNS_TYPE_MX);
    message_set_flags(&m, 0x8183);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 0);
    assert_int_equal(p.rcode, FPOOL_DNS_RCODE_NXDOMAIN);
    assert_int_equal(p.extended_error, -1);
    assert_int_equal(p.ttl, 0);
    assert_false(p.has_opt);
    assert_false(p.has_answer);
}

static void ttls_with_the_top_bit_are_zero(void **state)
{
    (void)state;
    add_address("\xc0\0\2\1", 300);
    add_address("\xc0\0\2\2", 0x80000001);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.records[1].ttl, 0);
    assert_int_equal(p.ttl, 0);
    m.size = 0;
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    add_address("\xc0\0\2\1", 0x7fffffff);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.ttl, 0x7fffffff);
}

static void records_of_other_classes_are_passed_over(void **state)
{
    size_t chaos;

    (void)state;
    add_address("\xc0\0\2\1", 300);
    chaos = message_record(&m, ANSWER, "other", FPOOL_DNS_TYPE_A, 1,
                           BYTES("\1\2\3"));
    message_set16(&m, chaos - 8, 3); /* the class */
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 1);
    assert_int_equal(p.ttl, 300);
    message_set16(&m, chaos - 8, 1);
    check_bad();
}

static void bytes_behind_the_end_are_passed_over(void **state)
{
    (void)state;
    add_address("\xc0\0\2\1", 300);
    message_put(&m, BYTES("garbage"));
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 1);
}

/* ---- Header and question. */

static void what_is_no_reply_is_refused(void **state)
{
    (void)state;
    add_address("\xc0\0\2\1", 300);
    message_set_flags(&m, 0x0100);
    check_bad();
    message_set_flags(&m, 0x8980); /* IQUERY */
    check_bad();
    message_set_flags(&m, 0xf180);
    check_bad();
    message_set_flags(&m, 0x8100);
    assert_ok(message_parse(&p, &m));
}

static void there_is_one_question(void **state)
{
    (void)state;
    message_set16(&m, 4, 0);
    check_bad();
    message_set16(&m, 4, 2);
    check_bad();
    message_set16(&m, 4, 1);
    assert_ok(message_parse(&p, &m));
}

static void the_question_is_of_the_type_and_class(void **state)
{
    (void)state;
    assert_status(message_parse_bytes(&p, m.bytes, m.size, FPOOL_DNS_TYPE_MX),
                  FPOOL_EPROTOCOL);
    assert_ok(message_parse_bytes(&p, m.bytes, m.size, FPOOL_DNS_TYPE_A));
    message_set16(&m, m.size - 2, 3);
    check_bad();
}

static void the_header_is_told_of_a_malformed_message(void **state)
{
    (void)state;
    message_set_flags(&m, 0x8185);
    message_set16(&m, 4, 0);
    check_bad();
    assert_int_equal(p.flags, 0x8185);
    assert_int_equal(p.rcode, FPOOL_DNS_RCODE_REFUSED);
    assert_status(message_parse_bytes(&p, m.bytes, 11, 1), FPOOL_EPROTOCOL);
    assert_int_equal(p.flags, 0);
    assert_status(message_parse_bytes(&p, m.bytes, 0, 1), FPOOL_EPROTOCOL);
}

static void sizes_have_bounds(void **state)
{
    (void)state;
    m.size = FPOOL_DNS_MAX_MESSAGE;
    memset(m.bytes + 29, 0, m.size - 29);
    assert_ok(message_parse_bytes(&p, m.bytes, m.size, FPOOL_DNS_TYPE_A));
    assert_status(message_parse_bytes(&p, m.bytes, m.size + 1, 1),
                  FPOOL_EPROTOCOL);
}

static void counts_must_fit(void **state)
{
    size_t i;

    (void)state;
    add_address("\xc0\0\2\1", 300);
    for (i = 6; i < 12; i += 2) {
        unsigned count = m.bytes[i + 1];

        message_set16(&m, i, count + 1);
        check_bad();
        message_set16(&m, i, 0xffff);
        check_bad();
        message_set16(&m, i, count);
        assert_ok(message_parse(&p, &m));
    }
}

/* ---- Negative answers. */

static void negative_answers_live_as_their_soa_says(void **state)
{
    unsigned flags;

    (void)state;
    for (flags = 0x8180; flags <= 0x8183; flags += 3) {
        message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
        message_set_flags(&m, flags);
        add_soa(3600);
        assert_ok(message_parse(&p, &m));
        assert_false(p.has_answer);
        assert_int_equal(p.ttl, 900);
        message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
        message_set_flags(&m, flags);
        message_record(&m, AUTHORITY, "example", FPOOL_DNS_TYPE_NS, 5,
                       BYTES("\1n\0"));
        add_soa(60);
        add_soa(30); /* the first counts */
        assert_ok(message_parse(&p, &m));
        assert_int_equal(p.ttl, 60);
    }
}

static void negative_answers_without_soa_are_not_kept(void **state)
{
    (void)state;
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.ttl, 0);
    message_record(&m, AUTHORITY, "example", FPOOL_DNS_TYPE_NS, 5,
                   BYTES("\1n\0"));
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.ttl, 0);
    add_soa(0x80000000);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.ttl, 0);
}

static void failures_are_not_kept(void **state)
{
    (void)state;
    message_set_flags(&m, 0x8182);
    add_soa(3600);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.ttl, 0);
    message_set_flags(&m, 0x8183);
    message_opt(&m, 0x01000000, NULL, 0); /* 19, which is not NXDOMAIN */
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.rcode, 19);
    assert_int_equal(p.ttl, 0);
}

static void an_alias_to_nothing_lives_as_the_shorter(void **state)
{
    (void)state;
    message_set_flags(&m, 0x8183);
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_CNAME, 120,
                BYTES("\1x\7example\0"));
    add_soa(3600);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 1);
    assert_false(p.has_answer);
    assert_int_equal(p.ttl, 120);
}

static void only_negative_answers_look_at_soa(void **state)
{
    (void)state;
    add_address("\xc0\0\2\1", 300);
    message_record(&m, AUTHORITY, "example", FPOOL_DNS_TYPE_SOA, 60,
                   BYTES("\0\0 cut"));
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.ttl, 300);
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_record(&m, AUTHORITY, "example", FPOOL_DNS_TYPE_SOA, 60,
                   BYTES("\0\0 cut"));
    check_bad();
}

static void malformed_soas_are_refused(void **state)
{
    static const char soa[] = SOA;
    size_t size;

    (void)state;
    for (size = 0; size <= sizeof(soa); size++) {
        message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
        message_record(&m, AUTHORITY, "example", FPOOL_DNS_TYPE_SOA, 60, soa,
                       size);
        assert_status(message_parse(&p, &m),
                      size == sizeof(soa) - 1 ? FPOOL_OK : FPOOL_EPROTOCOL);
    }
}

/* ---- OPT. */

static void codes_are_extended(void **state)
{
    (void)state;
    message_opt(&m, 0x01008000, NULL, 0);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.rcode, FPOOL_DNS_RCODE_BADVERS);
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_set_flags(&m, 0x818f);
    message_opt(&m, 0xff000000, NULL, 0);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.rcode, 0xfff);
}

static void opt_may_be_anywhere_among_the_additional(void **state)
{
    (void)state;
    message_record(&m, ADDITIONAL, "a", FPOOL_DNS_TYPE_A, 1, "abcd", 4);
    message_opt(&m, 0, BYTES("\0\xf\0\2\0\x16"));
    message_record(&m, ADDITIONAL, "b", FPOOL_DNS_TYPE_A, 1, "abc", 3);
    assert_ok(message_parse(&p, &m));
    assert_true(p.has_opt);
    assert_int_equal(p.extended_error, 22);
    assert_int_equal(p.n_records, 0);
}

static void there_is_one_opt_at_the_root(void **state)
{
    (void)state;
    message_opt(&m, 0, NULL, 0);
    message_opt(&m, 0, NULL, 0);
    check_bad();
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_record(&m, ADDITIONAL, "a", FPOOL_DNS_TYPE_OPT, 0, NULL, 0);
    check_bad();
}

static void check_options(const char *options, size_t size, int wanted)
{
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_opt(&m, 0, options, size);
    if (wanted < -1) {
        check_bad();
    } else {
        assert_ok(message_parse(&p, &m));
        assert_int_equal(p.extended_error, wanted);
    }
}

static void extended_errors_are_found(void **state)
{
    (void)state;
    check_options(BYTES("\0\xf\0\2\0\0"), 0);
    check_options(BYTES("\0\xf\0\x6\0\x17text"), 23);
    check_options(BYTES("\0\xf\0\2\xff\xff"), 65535);
    check_options(BYTES("\0\xa\0\x8"
                        "12345678"
                        "\0\xf\0\2\0\7"),
                  7);
    check_options(BYTES("\0\xf\0\2\0\6\0\xf\0\2\0\7"), 6);
    check_options(BYTES("\0\xf\0\2\0\0\0\xf\0\2\0\7"), 0);
    check_options(BYTES("\0\xa\0\0"), -1);
    check_options(BYTES("\0\xf\0\1\7"), -1);
    check_options(BYTES("\0\xf\0\0\0\xf\0\2\0\7"), 7);
}

static void malformed_options_are_refused(void **state)
{
    (void)state;
    check_options(BYTES("\0"), -2);
    check_options(BYTES("\0\xf\0"), -2);
    check_options(BYTES("\0\xf\0\2\7"), -2);
    check_options(BYTES("\0\xf\0\2\0\7\0"), -2);
    check_options(BYTES("\0\xf\xff\xff\0\7"), -2);
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        UNIT(a_plain_answer_is_read),
        UNIT(one_after_the_other_is_read),
        UNIT(ttls_with_the_top_bit_are_zero),
        UNIT(records_of_other_classes_are_passed_over),
        UNIT(bytes_behind_the_end_are_passed_over),
        UNIT(what_is_no_reply_is_refused),
        UNIT(there_is_one_question),
        UNIT(the_question_is_of_the_type_and_class),
        UNIT(the_header_is_told_of_a_malformed_message),
        UNIT(sizes_have_bounds),
        UNIT(counts_must_fit),
        UNIT(negative_answers_live_as_their_soa_says),
        UNIT(negative_answers_without_soa_are_not_kept),
        UNIT(failures_are_not_kept),
        UNIT(an_alias_to_nothing_lives_as_the_shorter),
        UNIT(only_negative_answers_look_at_soa),
        UNIT(malformed_soas_are_refused),
        UNIT(codes_are_extended),
        UNIT(opt_may_be_anywhere_among_the_additional),
        UNIT(there_is_one_opt_at_the_root),
        UNIT(extended_errors_are_found),
        UNIT(malformed_options_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
