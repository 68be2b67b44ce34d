/* SPDX-License-Identifier: MIT */
/* Bytes of queries: with and without OPT, letter cases, and what is taken for a
 * reply. */
#include "engine/dns/wire.h"

#include <string.h>

#include "engine/dns/name.h"
#include "engine/dns/type.h"
#include "support/check.h"

enum { NAME = FPOOL_DNS_HEADER_SIZE, RCODE_SERVFAIL = 2 };

static const uint8_t opt[FPOOL_DNS_OPT_SIZE] = { 0, 0, 41, 0x04, 0xd0 };

struct query {
    uint8_t bytes[FPOOL_DNS_MAX_QUERY];
    size_t size;
    size_t name_size;
};

/* Puts a query together around a name on the wire. */
static void build(struct query *q, const uint8_t *name, size_t name_size)
{
    static const uint8_t header[NAME] = { 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1 };
    static const uint8_t type_and_class[4] = { 0, 28, 0, 1 };
    uint8_t *at = q->bytes + NAME + name_size;

    assert_true(name_size <= FPOOL_DNS_MAX_WIRE_NAME);
    memcpy(q->bytes, header, sizeof(header));
    memcpy(q->bytes + NAME, name, name_size);
    memcpy(at, type_and_class, 4);
    memcpy(at + 4, opt, sizeof(opt));
    q->name_size = name_size;
    q->size = NAME + name_size + 4 + sizeof(opt);
}

static size_t question_end(const struct query *q)
{
    return NAME + q->name_size + 4;
}

/* A literal with its last zero byte is a name. */
#define build_name(q, literal)                                                 \
    build((q), (const uint8_t *)(literal), sizeof(literal))

/* The same bytes as an empty reply. */
static size_t reply_to(const struct query *q, uint8_t *reply)
{
    memcpy(reply, q->bytes, question_end(q));
    reply[2] = 0x81;
    reply[3] = 0x80;
    reply[11] = 0;
    return question_end(q);
}

/* From a block that ends with the message, so that sanitizers see what is read
 * behind it. */
static enum fpool_dns_match match(const uint8_t *message, size_t size,
                                  const struct query *q, bool has_case,
                                  uint64_t seed)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    uint8_t *query = malloc(q->size);
    enum fpool_dns_match result;

    assert_non_null(exact);
    assert_non_null(query);
    memcpy(exact, message, size);
    memcpy(query, q->bytes, q->size);
    result = fpool_dns_wire_match(exact, size, query, q->size, has_case, seed);
    free(query);
    free(exact);
    return result;
}

/* ---- What is sent. */

static void a_query_with_and_without_opt(void **state)
{
    uint8_t to[FPOOL_DNS_MAX_QUERY + 1];
    struct query q;

    (void)state;
    build_name(&q, "\3www\7example\3org");
    memset(to, 0xaa, sizeof(to));
    assert_int_equal(fpool_dns_wire_query(to, q.bytes, q.size, 0xbeef, true),
                     q.size);
    assert_int_equal(fpool_dns_wire_get16(to), 0xbeef);
    assert_memory_equal(to + 2, q.bytes + 2, q.size - 2);
    assert_int_equal(to[q.size], 0xaa);

    memset(to, 0xaa, sizeof(to));
    assert_int_equal(fpool_dns_wire_query(to, q.bytes, q.size, 0x0102, false),
                     question_end(&q));
    assert_int_equal(fpool_dns_wire_get16(to), 0x0102);
    assert_memory_equal(to + 2, q.bytes + 2, 8);
    assert_int_equal(fpool_dns_wire_get16(to + 10), 0); /* no OPT announced, */
    assert_memory_equal(to + NAME, q.bytes + NAME, q.name_size + 4);
    assert_int_equal(to[question_end(&q)], 0xaa); /* nor written */
}

static void what_names_build_is_what_is_expected_here(void **state)
{
    uint8_t query[FPOOL_DNS_MAX_QUERY];
    struct fpool_dns_question question;
    enum fpool_status status;
    const char *reason;
    struct query q;

    (void)state;
    assert_ok(fpool_dns_question_parse(&question, "Example.Org.", 12, NULL,
                                       FPOOL_DNS_TYPE_AAAA, &reason));
    build_name(&q, "\7example\3org");
    assert_int_equal(fpool_dns_query_build(&question, 1232, query, &status),
                     q.size);
    assert_memory_equal(query, q.bytes, q.size);
}

static void numbers_are_in_network_order(void **state)
{
    uint8_t bytes[2];

    (void)state;
    fpool_dns_wire_put16(bytes, 0xfe01);
    assert_int_equal(bytes[0], 0xfe);
    assert_int_equal(bytes[1], 0x01);
    assert_int_equal(fpool_dns_wire_get16(bytes), 0xfe01);
}

/* ---- Letter cases. */

static bool is_letter(unsigned byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* A name of about 'size' bytes with labels of all sizes: of letters in lower
 * case, or of any bytes but capitals. */
static size_t draw_name(uint8_t *name, size_t size, bool has_all_bytes,
                        unsigned *seed)
{
    size_t at = 0;

    while (at + 2 < size) {
        size_t room = size - at - 2;
        size_t label = 1 + (size_t)rand_r(seed) % 63;
        size_t i;

        label = label > room ? room : label;
        name[at++] = (uint8_t)label;
        for (i = 0; i < label; i++) {
            uint8_t byte = (uint8_t)(rand_r(seed) >> 4);

            if (!has_all_bytes || (byte >= 'A' && byte <= 'Z')) {
                byte = (uint8_t)('a' + byte % 26);
            }
            name[at++] = byte;
        }
    }
    name[at++] = 0;
    return at;
}

/* Only letters change, only in case, in the same way whatever it was before. */
static void check_cases(const struct query *q, uint64_t seed)
{
    struct query cased = *q;
    struct query again;
    struct query back;
    size_t label = NAME; /* where the next length byte is */
    size_t i;

    fpool_dns_wire_set_case(cased.bytes, seed);
    for (i = 0; i < q->size; i++) {
        bool is_text = i >= NAME && i < NAME + q->name_size - 1 && i != label;

        if (i == label && q->bytes[i] != 0) {
            label += 1u + q->bytes[i];
        }
        if (is_text && is_letter(q->bytes[i])) {
            assert_int_equal(cased.bytes[i] | 0x20, q->bytes[i]);
        } else {
            assert_int_equal(cased.bytes[i], q->bytes[i]);
        }
    }
    again = cased;
    fpool_dns_wire_set_case(again.bytes, seed);
    assert_memory_equal(again.bytes, cased.bytes, q->size);
    back = cased;
    fpool_dns_wire_restore_name(back.bytes, q->bytes, q->size);
    assert_memory_equal(back.bytes, q->bytes, q->size);
    back.size = reply_to(&cased, again.bytes);
    assert_int_equal(match(again.bytes, back.size, q, true, seed),
                     FPOOL_DNS_MATCH);
    assert_int_equal(match(again.bytes, back.size, q, false, 0),
                     FPOOL_DNS_MATCH);
}

static void cases_come_back_for_names_of_every_size(void **state)
{
    uint8_t name[FPOOL_DNS_MAX_WIRE_NAME];
    unsigned seed = 21;
    struct query q;
    size_t size;
    int all;

    (void)state;
    for (size = 1; size <= FPOOL_DNS_MAX_WIRE_NAME; size++) {
        for (all = 0; all < 2; all++) {
            build(&q, name, draw_name(name, size, all == 1, &seed));
            check_cases(&q, 0);
            check_cases(&q, UINT64_MAX);
            check_cases(&q, (uint64_t)rand_r(&seed) << 33 ^ size);
        }
    }
}

/* Every label size; '0' to '?' are bytes of text and of sizes. */
static void length_bytes_are_not_letters(void **state)
{
    uint8_t name[FPOOL_DNS_MAX_WIRE_NAME];
    struct query q;
    size_t size;

    (void)state;
    for (size = 1; size <= 63; size++) {
        name[0] = (uint8_t)size;
        memset(name + 1, (int)size, size); /* text like its length */
        name[size + 1] = 3;
        memcpy(name + size + 2, "abc", 4);
        build(&q, name, size + 6);
        check_cases(&q, size);
    }
}

/* Two queries that differ in one bit of the seed: nothing of one tells about
 * the other, and each letter is either half of the time. */
static void cases_cannot_be_told_from_others(void **state)
{
    enum { N_SEEDS = 256 };
    static unsigned n_upper[FPOOL_DNS_MAX_WIRE_NAME];
    uint8_t name[FPOOL_DNS_MAX_WIRE_NAME];
    uint8_t before[FPOOL_DNS_MAX_QUERY] = { 0 };
    unsigned seed = 5;
    unsigned n_letters = 0;
    struct query q;
    uint64_t s;
    size_t i;

    (void)state;
    build(&q, name, draw_name(name, sizeof(name), false, &seed));
    for (s = 0; s < N_SEEDS; s++) {
        unsigned n_changed = 0;
        struct query cased = q;

        fpool_dns_wire_set_case(cased.bytes, s);
        n_letters = 0;
        for (i = 0; i < q.name_size; i++) {
            bool is_upper = cased.bytes[NAME + i] != q.bytes[NAME + i];

            n_upper[i] += is_upper;
            n_letters += is_letter(name[i]);
            n_changed += cased.bytes[NAME + i] != before[NAME + i];
        }
        if (s > 0) {
            assert_in_range(n_changed, n_letters / 4, n_letters * 3 / 4);
        }
        memcpy(before, cased.bytes, q.size);
    }
    assert_true(n_letters > 200);
    for (i = 0; i < q.name_size; i++) {
        if (is_letter(name[i])) {
            assert_in_range(n_upper[i], N_SEEDS / 4, N_SEEDS * 3 / 4);
        }
    }
}

/* ---- What is taken for a reply. */

/* What one byte of a good reply, changed, makes of it. */
static enum fpool_dns_match changed_as(const struct query *q, size_t at,
                                       uint8_t from, uint8_t to, bool has_case)
{
    size_t type = NAME + q->name_size;

    if (at == 2) {
        return (to & 0xf8) == 0x80 ? FPOOL_DNS_MATCH : FPOOL_DNS_MATCH_NOT;
    }
    if (at == 4 || at == 5 || at >= type) {
        return FPOOL_DNS_MATCH_NOT;
    }
    if (at < NAME) {
        return FPOOL_DNS_MATCH; /* the identifier, the code, other counts */
    }
    if (is_letter(from) && is_letter(to) && (from ^ to) == 0x20) {
        return has_case ? FPOOL_DNS_MATCH_CASE : FPOOL_DNS_MATCH;
    }
    return FPOOL_DNS_MATCH_NOT;
}

static void check_changes(const struct query *q, bool has_case)
{
    uint8_t reply[FPOOL_DNS_MAX_QUERY];
    uint64_t seed = 99;
    struct query sent = *q;
    size_t size;
    size_t at;
    unsigned change;

    if (has_case) {
        fpool_dns_wire_set_case(sent.bytes, seed);
    }
    size = reply_to(&sent, reply);
    assert_int_equal(match(reply, size, q, has_case, seed), FPOOL_DNS_MATCH);
    for (at = 0; at < size; at++) {
        uint8_t good = reply[at];

        for (change = 1; change < 256; change++) {
            reply[at] = (uint8_t)(good ^ change);
            assert_int_equal(match(reply, size, q, has_case, seed),
                             changed_as(q, at, good, reply[at], has_case));
        }
        reply[at] = good;
    }
}

static void every_byte_of_header_and_question_counts(void **state)
{
    struct query q;

    (void)state;
    build_name(&q, "\3www\10-example\11x@[`{_1\0z\3org");
    check_changes(&q, false);
    check_changes(&q, true);
    build_name(&q, ""); /* the root */
    check_changes(&q, true);
}

static void another_case_is_told_apart(void **state)
{
    uint8_t reply[FPOOL_DNS_MAX_QUERY];
    struct query q;
    size_t size;

    (void)state;
    build_name(&q, "\20averyverylongone\7example\3org");
    size = reply_to(&q, reply); /* in lower case, as many servers send it */
    assert_int_equal(match(reply, size, &q, true, 1), FPOOL_DNS_MATCH_CASE);
    fpool_dns_wire_set_case(reply, 2); /* that of another query */
    assert_int_equal(match(reply, size, &q, true, 1), FPOOL_DNS_MATCH_CASE);
    fpool_dns_wire_set_case(reply, 1);
    assert_int_equal(match(reply, size, &q, true, 1), FPOOL_DNS_MATCH);
    fpool_dns_wire_restore_name(reply, q.bytes, q.size);
    assert_memory_equal(reply + NAME, q.bytes + NAME, q.name_size + 4);

    build_name(&q, "\003123\003456"); /* no letters: no case to get wrong */
    size = reply_to(&q, reply);
    assert_int_equal(match(reply, size, &q, true, 1), FPOOL_DNS_MATCH);
}

static void short_messages_of_every_length(void **state)
{
    uint8_t reply[FPOOL_DNS_MAX_QUERY + 40];
    uint8_t name[FPOOL_DNS_MAX_WIRE_NAME];
    unsigned seed = 8;
    struct query q;
    size_t size;
    size_t n;

    (void)state;
    build(&q, name, draw_name(name, sizeof(name), false, &seed));
    size = reply_to(&q, reply);
    memset(reply + size, 0xc0, sizeof(reply) - size);
    for (n = 0; n <= size + 40; n++) {
        assert_int_equal(match(reply, n, &q, false, 0),
                         n < size ? FPOOL_DNS_MATCH_NOT : FPOOL_DNS_MATCH);
        assert_int_equal(match(reply, n, &q, true, 7),
                         n < size ? FPOOL_DNS_MATCH_NOT : FPOOL_DNS_MATCH_CASE);
    }
}

/* The question of another query with a longer or a shorter name. */
static void other_names_do_not_match(void **state)
{
    uint8_t reply[FPOOL_DNS_MAX_QUERY];
    struct query q;
    struct query other;

    (void)state;
    build_name(&q, "\3www\7example\3org");
    build_name(&other, "\3www\7example\3org\3net");
    assert_int_equal(match(reply, reply_to(&other, reply), &q, false, 0),
                     FPOOL_DNS_MATCH_NOT);
    build_name(&other, "\7example\3org");
    assert_int_equal(match(reply, reply_to(&other, reply), &q, false, 0),
                     FPOOL_DNS_MATCH_NOT);
    build_name(&other,
               "\13www.example\3org"); /* the same text but for labels */
    assert_int_equal(match(reply, reply_to(&other, reply), &q, false, 0),
                     FPOOL_DNS_MATCH_NOT);
}

/* ---- Errors without the question. */

static void errors_may_come_without_the_question(void **state)
{
    uint8_t reply[NAME] = { 0 };
    struct query q;
    unsigned code;

    (void)state;
    build_name(&q, "\3www\7example\3org");
    for (code = 0; code < 16; code++) {
        bool is_error =
            code != FPOOL_DNS_RCODE_NOERROR && code != FPOOL_DNS_RCODE_NXDOMAIN;

        reply[2] = 0x80;
        reply[3] = (uint8_t)code;
        assert_int_equal(match(reply, NAME, &q, true, 1),
                         is_error ? FPOOL_DNS_MATCH_NO_NAME
                                  : FPOOL_DNS_MATCH_NOT);
        reply[2] = 0; /* a query */
        assert_int_equal(match(reply, NAME, &q, true, 1), FPOOL_DNS_MATCH_NOT);
        reply[2] = 0x80 | 2 << 3; /* another opcode */
        assert_int_equal(match(reply, NAME, &q, true, 1), FPOOL_DNS_MATCH_NOT);
    }
}

/* One count differs: only answers matter; a question must be there if counted.
 */
static void errors_without_question_have_no_answers(void **state)
{
    size_t at;
    struct query q;

    (void)state;
    build_name(&q, "\3www\7example\3org");
    for (at = 4; at < NAME; at++) {
        uint8_t reply[NAME] = { 0, 0, 0x80, RCODE_SERVFAIL };

        reply[at] = 1;
        assert_int_equal(match(reply, NAME, &q, false, 0),
                         at < 8 ? FPOOL_DNS_MATCH_NOT
                                : FPOOL_DNS_MATCH_NO_NAME);
    }
}

static void noise_is_no_reply(void **state)
{
    uint8_t noise[300];
    unsigned seed = 31;
    struct query q;
    int round;

    (void)state;
    build_name(&q, "\3www\7example\3org");
    for (round = 0; round < 100000; round++) {
        size_t size = (size_t)rand_r(&seed) % sizeof(noise);
        size_t i;

        for (i = 0; i < size; i++) {
            noise[i] = (uint8_t)(rand_r(&seed) >> 5);
        }
        if (size > 7) {
            noise[4] = 1; /* two questions at least: no bare error, either */
        }
        assert_int_equal(match(noise, size, &q, round % 2 == 0, 1),
                         FPOOL_DNS_MATCH_NOT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_with_and_without_opt),
        cmocka_unit_test(what_names_build_is_what_is_expected_here),
        cmocka_unit_test(numbers_are_in_network_order),
        cmocka_unit_test(cases_come_back_for_names_of_every_size),
        cmocka_unit_test(length_bytes_are_not_letters),
        cmocka_unit_test(cases_cannot_be_told_from_others),
        cmocka_unit_test(every_byte_of_header_and_question_counts),
        cmocka_unit_test(another_case_is_told_apart),
        cmocka_unit_test(short_messages_of_every_length),
        cmocka_unit_test(other_names_do_not_match),
        cmocka_unit_test(errors_may_come_without_the_question),
        cmocka_unit_test(errors_without_question_have_no_answers),
        cmocka_unit_test(noise_is_no_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
