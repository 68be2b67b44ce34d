/* SPDX-License-Identifier: MIT */
/* Records of the answer section: shared texts, memory that stays, memory that
 * fails, and messages that would expand without end. */
#include "engine/dns/parse_walk.h"

#include <string.h>

#include "base/mem.h"
#include "engine/dns/message.h"

static struct message m;
static struct fpool_dns_parsed p;

static int set_up(void **state)
{
    (void)state;
    fpool_dns_parsed_init(&p);
    message_begin(&m, "www.Example", FPOOL_DNS_TYPE_A);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_mem_fail_at(0, 0);
    fpool_dns_parsed_fini(&p);
    fpool_dns_parsed_fini(&p);
    return 0;
}

static void the_questions_name_is_shared(void **state)
{
    size_t size;

    (void)state;
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_A, 1, "abcd", 4);
    assert_ok(message_parse(&p, &m));
    size = p.text_size;
    message_address(&m, "WWW.example");
    message_add(&m, ANSWER, BYTES("\3wWw\xc0\x10"), FPOOL_DNS_TYPE_A, 1, "abcd",
                4);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 3);
    assert_int_equal(p.records[1].name, p.records[0].name);
    assert_int_equal(p.records[2].name, p.records[0].name);
    assert_string_equal(record_name(&p, 2), "www.example");
    assert_int_equal(p.text_size,
                     size + sizeof("192.0.2.1") + sizeof("97.98.99.100"));
}

/* Names in data are as they were sent. */
static void data_keeps_its_case(void **state)
{
    (void)state;
    message_begin(&m, "www.Example", FPOOL_DNS_TYPE_MX);
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_MX, 1,
                BYTES("\0\1\4MaiL\xc0\x10"));
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_MX, 1,
                BYTES("\0\2" QUESTION));
    assert_ok(message_parse(&p, &m));
    check_record(&p, 0, "www.example", FPOOL_DNS_TYPE_MX, "1 MaiL.Example");
    check_record(&p, 1, "www.example", FPOOL_DNS_TYPE_MX, "2 www.Example");
}

static void malformed_records_are_refused(void **state)
{
    (void)state;
    message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_A, 1, "abcde", 5);
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_add(&m, ANSWER, BYTES("\3www\xc0\x1d"), FPOOL_DNS_TYPE_A, 1, "abcd",
                4);
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_add(&m, ANSWER, BYTES("\x40"), FPOOL_DNS_TYPE_A, 1, "abcd", 4);
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    message_add(&m, ANSWER, BYTES("\xff\xff"), FPOOL_DNS_TYPE_A, 1, "abcd", 4);
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
}

/* Also those whose owner may be anybody. */
static void malformed_owners_are_refused(void **state)
{
    (void)state;
    message_add(&m, ANSWER, BYTES("\1a\xff\xff"), FPOOL_DNS_TYPE_RRSIG, 1,
                BYTES("\0\1\5\2\0\0\0\x3c\0\0\0\2\0\0\0\1\0\7\0s"));
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
}

static void build_many(unsigned n)
{
    message_begin(&m, "www.example", FPOOL_DNS_TYPE_A);
    while (n > 0) {
        uint8_t address[4] = { 10, 0, (uint8_t)(n >> 8), (uint8_t)n };

        message_add(&m, ANSWER, NULL, 0, FPOOL_DNS_TYPE_A, n, address, 4);
        n--;
    }
}

static void many_records_are_read(void **state)
{
    (void)state;
    build_many(4000);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 4000);
    check_record(&p, 0, "www.example", FPOOL_DNS_TYPE_A, "10.0.15.160");
    check_record(&p, 3999, "www.example", FPOOL_DNS_TYPE_A, "10.0.0.1");
    assert_int_equal(p.ttl, 1);
}

static void memory_stays(void **state)
{
    (void)state;
    build_many(4000);
    assert_ok(message_parse(&p, &m));
    fpool_mem_fail_at(1, 1); /* none is asked for */
    assert_ok(message_parse(&p, &m));
    assert_int_equal(fpool_mem_count(), 0);
    build_many(10);
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.n_records, 10);
    assert_int_equal(fpool_mem_count(), 0);
}

/* Every allocation may fail; the next parse goes on as if it had not. */
static void memory_may_fail(void **state)
{
    unsigned long n_allocations;
    unsigned long nth;
    size_t size;

    (void)state;
    build_many(1000);
    size = m.size;
    fpool_mem_fail_at(1000, 0);
    assert_ok(fpool_dns_parse(&p, m.bytes, size, FPOOL_DNS_TYPE_A));
    n_allocations = fpool_mem_count();
    assert_true(n_allocations > 5);
    for (nth = 1; nth <= n_allocations; nth++) {
        unsigned flags;

        for (flags = 0x8180; flags <= 0x8380; flags += 0x200) {
            fpool_dns_parsed_fini(&p);
            fpool_dns_parsed_init(&p);
            message_set_flags(&m, flags);
            fpool_mem_fail_at(nth, 0);
            assert_status(fpool_dns_parse(&p, m.bytes, size, FPOOL_DNS_TYPE_A),
                          FPOOL_ENOMEM);
            fpool_mem_fail_at(0, 0);
            assert_ok(fpool_dns_parse(&p, m.bytes, size, FPOOL_DNS_TYPE_A));
            assert_int_equal(p.n_records, 1000);
        }
    }
}

/* Sixty-five thousand bytes of pointers to a name of a thousand characters. */
static void build_bomb(unsigned type, const char *data, size_t size)
{
    unsigned i;

    m.size = 12;
    for (i = 0; i < 4; i++) {
        uint8_t label[64];

        memset(label, 0xff, sizeof(label));
        label[0] = i < 3 ? 63 : 61;
        message_put(&m, label, label[0] + 1);
    }
    message_put(&m, BYTES("\0"));
    message_put16(&m, type);
    message_put16(&m, 1);
    message_set16(&m, 6, 0);
    while (m.size + 12 + size <= FPOOL_DNS_MAX_MESSAGE) {
        message_add(&m, ANSWER, NULL, 0, type, 60, data, size);
    }
}

static void bombs_are_refused(void **state)
{
    (void)state;
    build_bomb(FPOOL_DNS_TYPE_NS, BYTES(QUESTION));
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
    assert_true(p.max_text <= FPOOL_DNS_MAX_TEXT);
    message_set_flags(&m, 0x8380);
    assert_ok(message_parse(&p, &m));
    assert_true(p.text_size <= FPOOL_DNS_MAX_TEXT);
    assert_true(p.text_size > FPOOL_DNS_MAX_TEXT - 8192);
    assert_int_equal(p.n_records, (p.text_size - 1004) / 1004);
    message_set_flags(&m, 0x8180);
    build_bomb(FPOOL_DNS_TYPE_A, "abcd", 4); /* costs no text: harmless */
    assert_ok(message_parse(&p, &m));
}

/* Owners outside the chain cost a text each, until there are too many names. */
static void names_without_end_are_refused(void **state)
{
    unsigned i;

    (void)state;
    build_bomb(FPOOL_DNS_TYPE_A, "abcd", 4);
    m.size = 12 + 255 + 4;
    message_set16(&m, 6, 0);
    for (i = 0; i < 1600; i++) {
        uint8_t owner[6] = {
            3, (uint8_t)(i >> 8), (uint8_t)i, 0, 0xc0, 12 + 64
        };

        message_add(&m, ANSWER, owner, 6, FPOOL_DNS_TYPE_RRSIG, 60,
                    BYTES("\0\1\5\2\0\0\0\x3c\0\0\0\2\0\0\0\1\0\7\0s"));
    }
    m.bytes[6] = 0;
    m.bytes[7] = 200;
    assert_ok(message_parse(&p, &m));
    message_set16(&m, 6, 1500);
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
    assert_true(p.max_text <= FPOOL_DNS_MAX_TEXT);
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        UNIT(the_questions_name_is_shared),
        UNIT(data_keeps_its_case),
        UNIT(malformed_records_are_refused),
        UNIT(malformed_owners_are_refused),
        UNIT(many_records_are_read),
        UNIT(memory_stays),
        UNIT(memory_may_fail),
        UNIT(bombs_are_refused),
        UNIT(names_without_end_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
