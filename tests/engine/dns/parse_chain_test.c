/* SPDX-License-Identifier: MIT */
/* Whose records an answer section may hold: chains of CNAMEs and DNAMEs in any
 * order, in circles, and too long. */
#include "engine/dns/parse_chain.h"

#include <string.h>

#include "engine/dns/message.h"

#define A     FPOOL_DNS_TYPE_A
#define CNAME FPOOL_DNS_TYPE_CNAME
#define DNAME FPOOL_DNS_TYPE_DNAME

static struct message m;
static struct fpool_dns_parsed p;

static int set_up(void **state)
{
    (void)state;
    fpool_dns_parsed_init(&p);
    message_begin(&m, "a.example", A);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_dns_parsed_fini(&p);
    return 0;
}

static void check_answer(bool has_answer)
{
    assert_ok(message_parse(&p, &m));
    assert_int_equal(p.has_answer, has_answer);
}

static void check_bad(void)
{
    assert_status(message_parse(&p, &m), FPOOL_EPROTOCOL);
}

static void the_chain_is_followed(void **state)
{
    (void)state;
    message_alias(&m, "a.example", CNAME, "b.example");
    message_alias(&m, "b.example", CNAME, "c.other");
    message_address(&m, "c.other");
    message_address(&m, "c.other");
    check_answer(true);
    assert_int_equal(p.n_records, 4);
    check_record(&p, 0, "a.example", CNAME, "b.example");
    check_record(&p, 1, "b.example", CNAME, "c.other");
    check_record(&p, 3, "c.other", A, "192.0.2.1");
}

static void records_come_in_any_order(void **state)
{
    unsigned order;

    (void)state;
    for (order = 0; order < 27; order++) {
        unsigned which[3] = { order % 3, order / 3 % 3, order / 9 };
        unsigned i;

        if (which[0] == which[1] || which[0] == which[2] ||
            which[1] == which[2]) {
            continue;
        }
        message_begin(&m, "a.example", A);
        for (i = 0; i < 3; i++) {
            if (which[i] == 0) {
                message_alias(&m, "a.example", CNAME, "b.example");
            } else if (which[i] == 1) {
                message_alias(&m, "b.example", CNAME, "c.example");
            } else {
                message_address(&m, "c.example");
            }
        }
        check_answer(true);
    }
}

static void names_are_the_same_in_any_case(void **state)
{
    (void)state;
    message_begin(&m, "A.Example", A);
    message_alias(&m, "a.EXAMPLE", CNAME, "B.example");
    message_address(&m, "b.eXample");
    check_answer(true);
    check_record(&p, 0, "a.example", CNAME, "B.example");
    check_record(&p, 1, "B.example", A, "192.0.2.1");
}

static void compressed_names_are_followed(void **state)
{
    size_t b;
    char owner[2];

    (void)state;
    b = message_add(&m, ANSWER, NULL, 0, CNAME, 60, BYTES("\1b\xc0\x0e"));
    owner[0] = (char)(0xc0 | b >> 8);
    owner[1] = (char)b;
    b = message_add(&m, ANSWER, owner, 2, CNAME, 60, BYTES("\1c\xc0\x0e"));
    owner[0] = (char)(0xc0 | b >> 8);
    owner[1] = (char)b;
    message_add(&m, ANSWER, owner, 2, A, 60, "abcd", 4);
    message_add(&m, ANSWER, BYTES("\1c\xc0\x0e"), A, 60, "abcd", 4);
    check_answer(true);
    check_record(&p, 1, "b.example", CNAME, "c.example");
    check_record(&p, 2, "c.example", A, "97.98.99.100");
    check_record(&p, 3, "c.example", A, "97.98.99.100");
    assert_int_equal(p.records[2].name, p.records[1].data);
    assert_int_equal(p.records[3].name, p.records[1].data);
}

static void strangers_are_refused(void **state)
{
    (void)state;
    message_address(&m, "a.example");
    message_address(&m, "b.example");
    check_bad();
    message_begin(&m, "a.example", A);
    message_address(&m, "example");
    check_bad();
    message_begin(&m, "a.example", A);
    message_alias(&m, "a.example", CNAME, "b.example");
    message_alias(&m, "c.example", CNAME, "d.example");
    message_address(&m, "d.example");
    check_bad();
    message_begin(&m, "a.example", A);
    message_alias(&m, "a.example", FPOOL_DNS_TYPE_NS, "b.example");
    message_address(&m, "b.example");
    check_bad();
}

/* A second CNAME of the same name leads nowhere. */
static void the_first_alias_counts(void **state)
{
    (void)state;
    message_alias(&m, "a.example", CNAME, "b.example");
    message_alias(&m, "a.example", CNAME, "c.example");
    message_address(&m, "b.example");
    check_answer(true);
    message_address(&m, "c.example");
    check_bad();
}

static void other_types_are_no_answer(void **state)
{
    (void)state;
    message_alias(&m, "a.example", CNAME, "b.example");
    check_answer(false);
    message_alias(&m, "b.example", FPOOL_DNS_TYPE_NS, "n.example");
    check_answer(false);
    message_address(&m, "b.example");
    check_answer(true);
}

static void circles_end(void **state)
{
    (void)state;
    message_alias(&m, "a.example", CNAME, "a.example");
    check_answer(false);
    assert_int_equal(p.n_records, 1);
    message_begin(&m, "a.example", A);
    message_alias(&m, "a.example", CNAME, "b.example");
    message_alias(&m, "b.example", CNAME, "c.example");
    message_alias(&m, "c.example", CNAME, "b.example");
    check_answer(false);
    assert_int_equal(p.n_records, 3);
    message_address(&m, "d.example");
    check_bad();
}

static void build_links(unsigned n)
{
    unsigned i;

    message_begin(&m, "0.example", A);
    for (i = 0; i < n; i++) {
        char owner[32];
        char target[32];

        snprintf(owner, sizeof(owner), "%u.example", i);
        snprintf(target, sizeof(target), "%u.example", i + 1);
        message_alias(&m, owner, CNAME, target);
    }
}

static void chains_have_a_bound(void **state)
{
    (void)state;
    build_links(FPOOL_DNS_MAX_NAMES - 1);
    message_address(&m, "63.example");
    check_answer(true);
    build_links(FPOOL_DNS_MAX_NAMES);
    check_bad();
    build_links(1500);
    check_bad();
    message_set_flags(&m, 0x8380);
    check_answer(false);
    assert_int_equal(p.n_records, FPOOL_DNS_MAX_NAMES - 1);
}

/* ---- DNAME. */

static void dnames_stand_above_the_chain(void **state)
{
    (void)state;
    message_alias(&m, "example", DNAME, "other");
    message_alias(&m, "a.example", CNAME, "a.other");
    message_address(&m, "a.other");
    check_answer(true);
    message_begin(&m, "a.example", A);
    message_alias(&m, "a.example", CNAME, "b.c.other");
    message_alias(&m, "OTHER", DNAME, "third");
    message_alias(&m, "", DNAME, "fourth");
    message_alias(&m, "b.c.other", CNAME, "b.c.third");
    message_address(&m, "b.c.third");
    check_answer(true);
}

/* A pointer into the middle of a name is one to a name of its own. */
static void owners_may_begin_in_the_middle(void **state)
{
    (void)state;
    message_add(&m, ANSWER, BYTES("\xc0\x0e"), DNAME, 60, BYTES("\5other\0"));
    message_alias(&m, "a.example", CNAME, "a.other");
    message_address(&m, "a.other");
    check_answer(true);
    check_record(&p, 0, "example", DNAME, "other");
    message_add(&m, ANSWER, BYTES("\xc0\x0e"), A, 60, "abcd", 4);
    check_bad();
}

static void dnames_elsewhere_are_refused(void **state)
{
    static const char *const owners[] = { "other",       "ample",
                                          "x.a.example", "aaaaaaaaa",
                                          "b.example",   "x" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(owners); i++) {
        message_begin(&m, "a.example", A);
        message_alias(&m, owners[i], DNAME, "third");
        check_bad();
    }
}

/* The question is one label, "a.example", below the root. */
static void escaped_dots_are_no_ends_of_labels(void **state)
{
    static const char label[] = "\x9"
                                "a.example";

    (void)state;
    memset(m.bytes + 12, 0, sizeof(m.bytes) - 12);
    m.size = 12;
    message_put(&m, label, sizeof(label));
    message_put(&m, BYTES("\0\1\0\1"));
    message_alias(&m, "example", DNAME, "third");
    check_bad();
    m.bytes[13] = '\\'; /* "\\\.example" */
    check_bad();
    message_begin(&m, "\\.example", A); /* "\\.example": two labels */
    message_alias(&m, "example", DNAME, "third");
    check_answer(false);
}

static void the_asked_dname_is_an_answer(void **state)
{
    (void)state;
    message_begin(&m, "a.example", DNAME);
    message_alias(&m, "a.example", DNAME, "third");
    check_answer(true);
    message_begin(&m, "a.example", DNAME);
    message_alias(&m, "example", DNAME, "other");
    message_alias(&m, "a.example", CNAME, "a.other");
    check_answer(false);
}

/* ---- Types that ask for other than their own. */

static void an_alias_answers_for_itself(void **state)
{
    (void)state;
    message_begin(&m, "a.example", CNAME);
    message_alias(&m, "a.example", CNAME, "b.example");
    check_answer(true);
    message_begin(&m, "a.example", CNAME);
    message_alias(&m, "a.example", CNAME, "a.example");
    check_answer(true);
}

static void any_is_what_the_name_itself_has(void **state)
{
    (void)state;
    message_begin(&m, "a.example", FPOOL_DNS_TYPE_ANY);
    message_address(&m, "a.example");
    message_alias(&m, "a.example", FPOOL_DNS_TYPE_NS, "b.example");
    check_answer(true);
    assert_int_equal(p.n_records, 2);
    message_address(&m, "b.example");
    check_bad();
    message_begin(&m, "a.example", FPOOL_DNS_TYPE_ANY);
    message_alias(&m, "a.example", CNAME, "b.example");
    check_answer(true);
    message_begin(&m, "a.example", FPOOL_DNS_TYPE_ANY);
    message_alias(&m, "example", DNAME, "b.example");
    check_answer(false);
}

#define SIGNATURE "\0\1\5\2\0\0\0\x3c\0\0\0\2\0\0\0\1\0\7\0sign"

static void signatures_may_be_anybodys(void **state)
{
    (void)state;
    message_address(&m, "a.example");
    message_record(&m, ANSWER, "b.example", FPOOL_DNS_TYPE_RRSIG, 60,
                   BYTES(SIGNATURE));
    check_answer(true);
    check_record(&p, 1, "b.example", FPOOL_DNS_TYPE_RRSIG,
                 "A 5 2 60 19700101000002 19700101000001 7 . c2lnbg==");
    message_begin(&m, "a.example", FPOOL_DNS_TYPE_RRSIG);
    message_record(&m, ANSWER, "b.example", FPOOL_DNS_TYPE_RRSIG, 60,
                   BYTES(SIGNATURE));
    check_answer(false);
    message_record(&m, ANSWER, "a.example", FPOOL_DNS_TYPE_RRSIG, 60,
                   BYTES(SIGNATURE));
    check_answer(true);
}

static void signatures_of_many_are_taken(void **state)
{
    unsigned i;

    (void)state;
    message_address(&m, "a.example");
    for (i = 0; i < 2 * FPOOL_DNS_MAX_NAMES; i++) {
        char owner[32];

        snprintf(owner, sizeof(owner), "%u.example", i);
        message_record(&m, ANSWER, owner, FPOOL_DNS_TYPE_RRSIG, 60,
                       BYTES(SIGNATURE));
    }
    check_answer(true);
    assert_string_equal(record_name(&p, 1), "0.example");
    assert_string_equal(record_name(&p, 128), "127.example");
    message_address(&m, "b.example");
    check_bad();
}

int main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        UNIT(the_chain_is_followed),
        UNIT(records_come_in_any_order),
        UNIT(names_are_the_same_in_any_case),
        UNIT(compressed_names_are_followed),
        UNIT(strangers_are_refused),
        UNIT(the_first_alias_counts),
        UNIT(other_types_are_no_answer),
        UNIT(circles_end),
        UNIT(chains_have_a_bound),
        UNIT(dnames_stand_above_the_chain),
        UNIT(owners_may_begin_in_the_middle),
        UNIT(dnames_elsewhere_are_refused),
        UNIT(escaped_dots_are_no_ends_of_labels),
        UNIT(the_asked_dname_is_an_answer),
        UNIT(an_alias_answers_for_itself),
        UNIT(any_is_what_the_name_itself_has),
        UNIT(signatures_may_be_anybodys),
        UNIT(signatures_of_many_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
