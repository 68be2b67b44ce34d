/* SPDX-License-Identifier: MIT */
/* The cache of addresses: which entries stay, how long answers live, and what
 * they are made of.  Time is a number. */
#include "engine/dns/cache.h"

#include <malloc.h>
#include <string.h>

#include "base/mem.h"
#include "engine/dns/message.h"

#define SECOND 1000000000LL
#define V6     FPOOL_DNS_FAMILY_V6
#define V4     FPOOL_DNS_FAMILY_V4

static const struct fpool_dns_ttls ttls = {
    .least = 5,
    .most = 3600,
    .least_negative = 5,
    .most_negative = 300,
    .failure = 1,
};
static const int64_t start = 1000 * SECOND;

/* ---- The table. */

/* The wire form of "nNUMBER". */
static size_t write_name(uint8_t wire[16], unsigned number)
{
    int size = snprintf((char *)wire + 1, 15, "n%u", number);

    wire[0] = (uint8_t)size;
    return (size_t)size + 2;
}

static struct fpool_dns_entry *find(const struct fpool_dns_cache *c,
                                    unsigned number)
{
    uint8_t wire[16];
    size_t size = write_name(wire, number);

    return fpool_dns_cache_find(c, wire, size);
}

static struct fpool_dns_entry *add(struct fpool_dns_cache *c, unsigned number)
{
    uint8_t wire[16];
    size_t size = write_name(wire, number);
    struct fpool_dns_entry *e = fpool_dns_cache_add(c, wire, size);

    assert_non_null(e);
    return e;
}

static void let_go(struct fpool_dns_cache *c, struct fpool_dns_entry *e)
{
    fpool_dns_cache_let_go(c, e);
    while ((e = fpool_dns_cache_surplus(c)) != NULL) {
        fpool_dns_cache_remove(c, e);
    }
}

static void names_are_found_again(void **state)
{
    struct fpool_dns_cache c;
    unsigned i;

    (void)state;
    assert_ok(fpool_dns_cache_init(&c, 1000, 1));
    for (i = 0; i < 1000; i++) {
        assert_null(find(&c, i));
        add(&c, i);
    }
    assert_int_equal(c.n, 1000);
    for (i = 0; i < 1000; i += 2) {
        fpool_dns_cache_remove(&c, find(&c, i));
    }
    assert_int_equal(c.n, 500);
    for (i = 0; i < 1000; i++) {
        assert_true((find(&c, i) != NULL) == (i % 2 == 1));
    }
    /* The beginning of a name is another name. */
    assert_null(fpool_dns_cache_find(&c, (const uint8_t *)"\1n", 3));
    fpool_dns_cache_fini(&c);
    fpool_dns_cache_fini(&c);
}

static void the_least_recently_used_goes_first(void **state)
{
    struct fpool_dns_cache c;
    unsigned i;

    (void)state;
    assert_ok(fpool_dns_cache_init(&c, 3, 1));
    for (i = 0; i < 3; i++) {
        let_go(&c, add(&c, i));
    }
    assert_null(fpool_dns_cache_surplus(&c));
    add(&c, 3);
    assert_ptr_equal(fpool_dns_cache_surplus(&c), find(&c, 0));
    fpool_dns_cache_let_go(&c, find(&c, 0));
    assert_ptr_equal(fpool_dns_cache_surplus(&c), find(&c, 1));
    let_go(&c, find(&c, 3));
    assert_null(find(&c, 1));
    assert_non_null(find(&c, 0));
    assert_int_equal(c.n, 3);
    fpool_dns_cache_fini(&c);
}

static void what_is_held_is_never_surplus(void **state)
{
    struct fpool_dns_cache c;
    unsigned i;

    (void)state;
    assert_ok(fpool_dns_cache_init(&c, 2, 1));
    for (i = 0; i < 10; i++) {
        add(&c, i);
    }
    assert_int_equal(c.n, 10);
    assert_null(fpool_dns_cache_surplus(&c));
    fpool_dns_cache_let_go(&c, find(&c, 7));
    assert_ptr_equal(fpool_dns_cache_surplus(&c), find(&c, 7));
    fpool_dns_cache_hold(find(&c, 7));
    assert_null(fpool_dns_cache_surplus(&c));
    fpool_dns_cache_fini(&c);
}

static void a_hundred_thousand_names_take_the_memory_of_few(void **state)
{
    struct fpool_dns_cache c;
    size_t used = 0;
    unsigned i;

    (void)state;
    assert_ok(fpool_dns_cache_init(&c, 1000, 1));
    for (i = 0; i < 100000; i++) {
        let_go(&c, add(&c, 100000 + i));
        if (i == 10000) {
            used = mallinfo2().uordblks;
        }
    }
    assert_int_equal(c.n, 1000);
    assert_in_range(mallinfo2().uordblks, 0, used + 1000);
    assert_non_null(find(&c, 199000));
    assert_null(find(&c, 198999));
    fpool_dns_cache_fini(&c);
}

static void without_memory_it_is_told(void **state)
{
    struct fpool_dns_cache c;

    (void)state;
    fpool_mem_fail_at(1, 0);
    assert_status(fpool_dns_cache_init(&c, 3, 1), FPOOL_ENOMEM);
    fpool_mem_fail_at(0, 0);
    fpool_dns_cache_fini(&c);
    assert_ok(fpool_dns_cache_init(&c, 3, 1));
    fpool_mem_fail_at(1, 0);
    assert_null(fpool_dns_cache_add(&c, (const uint8_t *)"\1n", 3));
    fpool_mem_fail_at(0, 0);
    assert_int_equal(c.n, 0);
    fpool_dns_cache_fini(&c);
}

/* ---- Answers. */

struct fixture {
    struct fpool_dns_cache cache;
    struct fpool_dns_entry *e;
    struct fpool_dns_parsed parsed;
    struct message message;
};

static void begin(struct fixture *f)
{
    assert_ok(fpool_dns_cache_init(&f->cache, 3, 1));
    fpool_dns_parsed_init(&f->parsed);
    f->e = add(&f->cache, 1);
}

static void end(struct fixture *f)
{
    fpool_dns_parsed_fini(&f->parsed);
    fpool_dns_cache_fini(&f->cache);
}

static void put_message(struct fixture *f, enum fpool_dns_family family,
                        enum fpool_dns_status status)
{
    struct fpool_dns_outcome outcome = {
        .status = status,
        .parsed = &f->parsed,
        .message = f->message.bytes,
        .message_size = f->message.size,
        .reason = "",
    };

    assert_ok(message_parse(&f->parsed, &f->message));
    fpool_dns_entry_put(f->e, family, &outcome, &ttls, start);
}

static void begin_message(struct fixture *f, enum fpool_dns_family family)
{
    message_begin(&f->message, "n1", family == V6 ? 28 : 1);
}

static void add_address(struct fixture *f, enum fpool_dns_family family,
                        const void *bytes, uint32_t ttl)
{
    message_add(&f->message, ANSWER, NULL, 0, family == V6 ? 28 : 1, ttl, bytes,
                family == V6 ? 16 : 4);
}

/* The family has one address. */
static void put_one(struct fixture *f, enum fpool_dns_family family,
                    uint32_t ttl)
{
    begin_message(f, family);
    add_address(f, family,
                family == V6 ? "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                             : "\300\0\2\1",
                ttl);
    put_message(f, family, FPOOL_DNS_OK);
}

static void put_negative(struct fixture *f, enum fpool_dns_family family,
                         enum fpool_dns_status status, uint32_t ttl)
{
    uint8_t soa[2 + 20] = { 0 };

    soa[18] = (uint8_t)(ttl >> 24);
    soa[19] = (uint8_t)(ttl >> 16);
    soa[20] = (uint8_t)(ttl >> 8);
    soa[21] = (uint8_t)ttl;
    begin_message(f, family);
    if (status == FPOOL_DNS_NXDOMAIN) {
        message_set_flags(&f->message, 0x8183);
    }
    if (ttl > 0) {
        message_add(&f->message, AUTHORITY, NULL, 0, 6, ttl, soa, sizeof(soa));
    }
    put_message(f, family, status);
}

static void put_failure(struct fixture *f, enum fpool_dns_family family,
                        enum fpool_dns_status status)
{
    struct fpool_dns_outcome outcome = { .status = status,
                                         .rcode = -1,
                                         .reason = "it is so" };

    fpool_dns_entry_put(f->e, family, &outcome, &ttls, start);
}

/* Asserts that the answer lives for so many seconds, to the nanosecond. */
static void check_life(struct fixture *f, int64_t seconds)
{
    fpool_dns_entry_settle(f->e, start);
    assert_true(fpool_dns_entry_is_fresh(f->e, start + seconds * SECOND - 1));
    assert_false(fpool_dns_entry_is_fresh(f->e, start + seconds * SECOND));
}

static void check_answer(const struct fixture *f, enum fpool_dns_status status,
                         const char *reason, const char *first, size_t n)
{
    struct fpool_dns_addresses a;
    char text[FPOOL_DNS_SERVER_TEXT_SIZE];

    fpool_dns_entry_show(f->e, true, &a);
    assert_int_equal(a.status, status);
    assert_string_equal(a.reason, reason);
    assert_int_equal(a.n, n);
    if (n > 0) {
        fpool_dns_address_text(&a.list[0], text);
        assert_string_equal(text, first);
    }
}

static void addresses_live_by_their_ttl_within_bounds(void **state)
{
    static const uint32_t cases[][2] = { { 0, 5 },       { 4, 5 },
                                         { 5, 5 },       { 6, 6 },
                                         { 3599, 3599 }, { 3600, 3600 },
                                         { 3601, 3600 }, { 0x7fffffff, 3600 } };
    struct fixture f;
    size_t i;

    (void)state;
    begin(&f);
    for (i = 0; i < N_ELEMENTS(cases); i++) {
        put_one(&f, V4, cases[i][0]);
        check_life(&f, cases[i][1]);
        check_answer(&f, FPOOL_DNS_OK, "", "192.0.2.1:0", 1);
    }
    end(&f);
}

static void absence_lives_by_its_soa_within_bounds(void **state)
{
    static const uint32_t cases[][2] = { { 0, 5 },     { 4, 5 },
                                         { 6, 6 },     { 299, 299 },
                                         { 300, 300 }, { 86400, 300 } };
    struct fixture f;
    size_t i;

    (void)state;
    begin(&f);
    for (i = 0; i < N_ELEMENTS(cases); i++) {
        put_negative(&f, V4, FPOOL_DNS_NODATA, cases[i][0]);
        check_life(&f, cases[i][1]);
        check_answer(&f, FPOOL_DNS_NODATA, "the name has no address", NULL, 0);
        put_negative(&f, V4, FPOOL_DNS_NXDOMAIN, cases[i][0]);
        check_life(&f, cases[i][1]);
        check_answer(&f, FPOOL_DNS_NXDOMAIN, "no such name", NULL, 0);
    }
    end(&f);
}

static void failure_lives_for_a_second(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    put_failure(&f, V4, FPOOL_DNS_TIMEOUT);
    check_life(&f, 1);
    check_answer(&f, FPOOL_DNS_TIMEOUT, "it is so", NULL, 0);
    put_failure(&f, V6, FPOOL_DNS_SERVFAIL);
    check_life(&f, 1);
    end(&f);
}

static void both_families_make_one_answer(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    put_one(&f, V4, 100);
    assert_true(fpool_dns_entry_has_address(f.e));
    check_life(&f, 100);
    check_answer(&f, FPOOL_DNS_OK, "", "192.0.2.1:0", 1);
    put_one(&f, V6, 50);
    check_life(&f, 50);
    check_answer(&f, FPOOL_DNS_OK, "", "[2001:db8::1]:0", 2);
    put_one(&f, V6, 200);
    check_life(&f, 100);
    end(&f);
}

static void a_family_that_is_not_there_shortens_nothing(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    put_one(&f, V4, 100);
    put_negative(&f, V6, FPOOL_DNS_NODATA, 10);
    check_life(&f, 100);
    check_answer(&f, FPOOL_DNS_OK, "", "192.0.2.1:0", 1);
    put_negative(&f, V6, FPOOL_DNS_NXDOMAIN, 10);
    check_life(&f, 100);
    end(&f);
}

/* What failed may be there: it is asked for again after a minute. */
static void half_an_answer_lives_for_a_minute(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    put_one(&f, V6, 3600);
    put_failure(&f, V4, FPOOL_DNS_TIMEOUT);
    check_life(&f, 60);
    check_answer(&f, FPOOL_DNS_OK, "", "[2001:db8::1]:0", 1);
    put_one(&f, V6, 30);
    check_life(&f, 30);
    end(&f);
}

/* Each of these, on whichever family, speaks for what follows it. */
static void a_failure_says_more_than_an_absence(void **state)
{
    static const enum fpool_dns_status order[] = { FPOOL_DNS_TIMEOUT,
                                                   FPOOL_DNS_NODATA,
                                                   FPOOL_DNS_NXDOMAIN };
    static const char *const reasons[] = { "it is so",
                                           "the name has no address",
                                           "no such name" };
    struct fixture f;
    size_t i;
    size_t j;

    (void)state;
    begin(&f);
    for (i = 0; i < 3; i++) {
        for (j = 0; j < 3; j++) {
            size_t least = i < j ? i : j;

            if (i == 0) {
                put_failure(&f, V4, order[i]);
            } else {
                put_negative(&f, V4, order[i], 100);
            }
            if (j == 0) {
                put_failure(&f, V6, order[j]);
            } else {
                put_negative(&f, V6, order[j], 20);
            }
            check_life(&f, least == 0 ? 1 : 20);
            check_answer(&f, order[least], reasons[least], NULL, 0);
        }
    }
    end(&f);
}

static void what_nobody_can_connect_to_is_left_out(void **state)
{
    static const char none[] = "no address that can be connected to";
    struct fixture f;

    (void)state;
    begin(&f);
    begin_message(&f, V4);
    add_address(&f, V4, "\0\0\0\0", 100);
    put_message(&f, V4, FPOOL_DNS_OK);
    check_answer(&f, FPOOL_DNS_NODATA, none, NULL, 0);
    check_life(&f, 100);
    add_address(&f, V4, "\340\0\0\1", 1000);
    add_address(&f, V4, "\300\0\2\7", 1000);
    put_message(&f, V4, FPOOL_DNS_OK);
    check_answer(&f, FPOOL_DNS_OK, "", "192.0.2.7:0", 1);
    fpool_dns_entry_clear(f.e, V4);
    begin_message(&f, V6);
    add_address(&f, V6, "\0\0\0\0\0\0\0\0\0\0\xff\xff\300\0\2\1", 100);
    add_address(&f, V6, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 100);
    put_message(&f, V6, FPOOL_DNS_OK);
    check_answer(&f, FPOOL_DNS_NODATA, none, NULL, 0);
    end(&f);
}

static void at_most_32_addresses_are_kept(void **state)
{
    struct fixture f;
    uint8_t bytes[16] = { 0x20, 1 };
    unsigned i;

    (void)state;
    begin(&f);
    begin_message(&f, V6);
    for (i = 0; i < 100; i++) {
        bytes[15] = (uint8_t)i;
        add_address(&f, V6, bytes, 100);
    }
    put_message(&f, V6, FPOOL_DNS_OK);
    check_answer(&f, FPOOL_DNS_OK, "", "[2001::]:0", 32);
    assert_int_equal(f.e->parts[V6].n, 32);
    put_one(&f, V4, 100);
    check_answer(&f, FPOOL_DNS_OK, "", "[2001::]:0", 32);
    end(&f);
}

/* Records of other types, as CNAMEs, lie between. */
static void aliases_lead_to_addresses(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    begin_message(&f, V4);
    message_alias(&f.message, "n1", 5, "other"); /* with a TTL of 300 */
    message_record(&f.message, ANSWER, "other", 1, 3000, "\300\0\2\2", 4);
    put_message(&f, V4, FPOOL_DNS_OK);
    check_life(&f, 300);
    check_answer(&f, FPOOL_DNS_OK, "", "192.0.2.2:0", 1);
    end(&f);
}

static void no_memory_for_addresses_is_a_failure(void **state)
{
    struct fpool_dns_outcome outcome = { .status = FPOOL_DNS_OK, .reason = "" };
    struct fixture f;

    (void)state;
    begin(&f);
    put_one(&f, V4, 100);
    outcome.parsed = &f.parsed;
    outcome.message = f.message.bytes;
    fpool_mem_fail_at(1, 0);
    fpool_dns_entry_put(f.e, V4, &outcome, &ttls, start);
    fpool_mem_fail_at(0, 0);
    check_life(&f, 1);
    check_answer(&f, FPOOL_DNS_FAILED, "out of memory", NULL, 0);
    end(&f);
}

static void what_was_cleared_is_no_answer(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_false(fpool_dns_entry_is_fresh(f.e, start));
    put_one(&f, V4, 100);
    check_life(&f, 100);
    fpool_dns_entry_clear(f.e, V4);
    assert_false(fpool_dns_entry_is_fresh(f.e, start));
    assert_false(fpool_dns_entry_has_address(f.e));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_again),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(what_is_held_is_never_surplus),
        cmocka_unit_test(a_hundred_thousand_names_take_the_memory_of_few),
        cmocka_unit_test(without_memory_it_is_told),
        cmocka_unit_test(addresses_live_by_their_ttl_within_bounds),
        cmocka_unit_test(absence_lives_by_its_soa_within_bounds),
        cmocka_unit_test(failure_lives_for_a_second),
        cmocka_unit_test(both_families_make_one_answer),
        cmocka_unit_test(a_family_that_is_not_there_shortens_nothing),
        cmocka_unit_test(half_an_answer_lives_for_a_minute),
        cmocka_unit_test(a_failure_says_more_than_an_absence),
        cmocka_unit_test(what_nobody_can_connect_to_is_left_out),
        cmocka_unit_test(at_most_32_addresses_are_kept),
        cmocka_unit_test(aliases_lead_to_addresses),
        cmocka_unit_test(no_memory_for_addresses_is_a_failure),
        cmocka_unit_test(what_was_cleared_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
