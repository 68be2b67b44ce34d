/* SPDX-License-Identifier: MIT */
/* Messages that are cut, with TC and without, and messages with wrong bytes. */
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

static void add_address(const char *bytes, uint32_t ttl)
{
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_A, ttl, bytes, 4);
}

static void build_long(void)
{
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_CNAME, 120,
                BYTES("\1x\xc0\x10"));
    message_record(&m, ANSWER, "x.example", FPOOL_DNS_TYPE_A, 120, "abcd", 4);
    message_add(&m, ANSWER, BYTES("\xc0\x29"), FPOOL_DNS_TYPE_A, 60, "efgh", 4);
    message_add(&m, ANSWER, BYTES("\xc0\x29"), FPOOL_DNS_TYPE_RRSIG, 60,
                BYTES("\0\1\5\2\0\0\0\x3c\0\0\0\2\0\0\0\1\0\7\0sign"));
    message_record(&m, AUTHORITY, "example", FPOOL_DNS_TYPE_SOA, 60,
                   BYTES(SOA));
    message_record(&m, ADDITIONAL, "ns.example", FPOOL_DNS_TYPE_A, 1, "ijkl",
                   4);
    message_opt(&m, 0, BYTES("\0\xf\0\4\0\7no"));
}

static void a_cut_message_is_refused(void **state)
{
    size_t size;

    (void)state;
    build_long();
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 4);
    check_record(&p, 0, "www.example", FPOOL_DNS_TYPE_CNAME, "x.example");
    check_record(&p, 2, "x.example", FPOOL_DNS_TYPE_A, "101.102.103.104");
    for (size = 0; size < m.size; size++) {
        assert_status(message_parse_bytes(&p, m.bytes, size, FPOOL_DNS_TYPE_A),
                      FPOOL_EPROTOCOL);
    }
}

/* Each section may be the last. */
static void a_section_that_is_cut_is_refused(void **state)
{
    enum section section;
    size_t size;

    (void)state;
    for (section = ANSWER; section <= ADDITIONAL; section++) {
        message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
        message_add(&m, section, NULL, 0, FPOOL_DNS_TYPE_A, 60, "abcd", 4);
        assert_ok(message_parse(&p, &m));
        for (size = 29; size < m.size; size++) {
            assert_status(
                message_parse_bytes(&p, m.bytes, size, FPOOL_DNS_TYPE_A),
                FPOOL_EPROTOCOL);
        }
    }
}

/* With TC, what is whole is taken: one more record from time to time. */
static void of_a_truncated_message_the_whole_is_taken(void **state)
{
    size_t n_records = 0;
    size_t size;

    (void)state;
    build_long();
    message_set_flags(&m, 0x8380);
    for (size = 0; size < m.size; size++) {
        enum fpool_status status =
            message_parse_bytes(&p, m.bytes, size, FPOOL_DNS_TYPE_A);

        assert_status(status, size < 29 ? FPOOL_EPROTOCOL : FPOOL_OK);
        assert_true(p.n_records == n_records || p.n_records == n_records + 1);
        n_records = p.n_records;
        assert_int_equal(status == FPOOL_OK && p.has_answer, n_records > 1);
        assert_false(p.has_opt && p.extended_error == 7);
    }
    assert_int_equal(n_records, 4);
}

static void a_truncated_message_may_lack_its_chain(void **state)
{
    (void)state;
    message_record(&m, ANSWER, "else.example", FPOOL_DNS_TYPE_A, 60, "abcd", 4);
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
    message_set_flags(&m, 0x8380);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 1);
    assert_false(p.has_answer);
    check_record(&p, 0, "else.example", FPOOL_DNS_TYPE_A, "97.98.99.100");
}

static void a_truncated_message_ends_where_it_goes_wrong(void **state)
{
    (void)state;
    message_set_flags(&m, 0x8380);
    add_address("\xc0\0\2\1", 300);
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_A, 300, "abc", 3);
    add_address("\xc0\0\2\2", 100);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 1);
    assert_int_equal(p.ttl, 300);
    assert_true(p.has_answer);
}

/* Whatever the bytes: the fields are in bounds and the texts end. */
static void check_bounds(size_t size)
{
    size_t i;

    assert_true(p.text_size <= p.max_text);
    assert_true(p.n_records <= p.max_records);
    for (i = 0; i < p.n_records; i++) {
        assert_true(p.records[i].rdata + p.records[i].rdata_size <= size);
        assert_true(p.records[i].name + strlen(record_name(&p, i)) <
                    p.text_size);
        assert_true(p.records[i].data + strlen(record_data(&p, i)) <
                    p.text_size);
    }
}

static void any_byte_may_be_wrong(void **state)
{
    unsigned flags;
    size_t i;
    unsigned c;

    (void)state;
    for (flags = 0x8180; flags <= 0x8380; flags += 0x200) {
        build_long();
        message_set_flags(&m, flags);
        for (i = 0; i < m.size; i++) {
            uint8_t byte = m.bytes[i];

            for (c = 0; c < 256; c++) {
                m.bytes[i] = (uint8_t)c;
                if (message_parse_bytes(&p, m.bytes, m.size,
                                        FPOOL_DNS_TYPE_A) == FPOOL_OK) {
                    check_bounds(m.size);
                }
            }
            m.bytes[i] = byte;
        }
    }
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        UNIT(a_cut_message_is_refused),
        UNIT(a_section_that_is_cut_is_refused),
        UNIT(of_a_truncated_message_the_whole_is_taken),
        UNIT(a_truncated_message_may_lack_its_chain),
        UNIT(a_truncated_message_ends_where_it_goes_wrong),
        UNIT(any_byte_may_be_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
