/* SPDX-License-Identifier: MIT */
/* Look-ups of two families: which are asked for, and one that is missing, late,
 * or in trouble. */
#include "engine/dns/lookups_fixture.h"

#include "base/clock.h"

/* ---- Families. */

static void families_are_those_of_use(void **state)
{
    static const struct {
        struct fpool_dns_lookups_options options;
        const char *wanted;
        int n_questions;
    } cases[] = {
        { { .v6 = FPOOL_DNS_V6_GLOBAL }, "[2001:db8::1] 192.0.2.1", 2 },
        { { .v6 = FPOOL_DNS_V6_PRIVATE }, "192.0.2.1 [2001:db8::1]", 2 },
        { { .v6 = FPOOL_DNS_V6_NONE }, "192.0.2.1", 1 },
        { { .v6 = FPOOL_DNS_V6_NONE, .families = FPOOL_DNS_V6 },
          "[2001:db8::1]",
          1 },
        { { .v6 = FPOOL_DNS_V6_NONE, .families = FPOOL_DNS_V6 | FPOOL_DNS_V4 },
          "192.0.2.1 [2001:db8::1]",
          2 },
        { { .v6 = FPOOL_DNS_V6_GLOBAL, .families = FPOOL_DNS_V4 },
          "192.0.2.1",
          1 },
    };
    struct fixture f;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(cases); i++) {
        begin(&f, NULL, &cases[i].options);
        check_asked(&f, "www.test", cases[i].wanted);
        check_known(&f, "www.test", cases[i].wanted);
        end(&f);
        assert_int_equal(f.n_questions, cases[i].n_questions);
    }
}

static void one_family_may_be_missing(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "four.test",
          .type = RESPONDER_AAAA,
          .manner = RESPONDER_NODATA,
          .ttl = 10 },
        { .name = "four.test", .ttl = 300, .n = 3 },
        { .name = "six.test",
          .type = RESPONDER_A,
          .manner = RESPONDER_NXDOMAIN,
          .ttl = 10 },
        { .name = "blocked.test",
          .type = RESPONDER_A,
          .ttl = 300,
          .address = "\0\0\0\0" },
        { .name = "blocked.test", .manner = RESPONDER_NODATA },
        { 0 }
    };
    static const char three[] = "192.0.2.1 192.0.2.2 192.0.2.3";
    struct fixture f;

    (void)state;
    begin(&f, rules, NULL);
    check_asked(&f, "four.test", three);
    check_asked(&f, "six.test", "[2001:db8::1]");
    check_asked(&f, "blocked.test", "nodata");
    pass(&f, 200);
    check_known(&f, "four.test", three);
    check_known(&f, "six.test", "[2001:db8::1]");
    end(&f);
}

/* What failed may be there: after a minute it is asked for again. */
static void one_family_may_fail(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "half.test",
          .type = RESPONDER_AAAA,
          .manner = RESPONDER_SERVFAIL },
        { .name = "half.test", .ttl = 3600 },
        { .name = "less.test",
          .type = RESPONDER_A,
          .manner = RESPONDER_SERVFAIL },
        { .name = "less.test", .manner = RESPONDER_NODATA, .ttl = 300 },
        { 0 }
    };
    struct fixture f;

    (void)state;
    begin(&f, rules, NULL);
    check_asked(&f, "half.test", "192.0.2.1");
    pass(&f, 50);
    check_known(&f, "half.test", "192.0.2.1");
    pass(&f, 10);
    check_asked(&f, "half.test", "192.0.2.1");
    check_asked(&f, "less.test", "servfail");
    end(&f);
    assert_int_equal(f.n_questions, 6);
}

static void a_late_family_is_waited_for_a_little(void **state)
{
    static const struct responder_rule rules[] = { { .name = "late.test",
                                                     .type = RESPONDER_AAAA,
                                                     .manner = RESPONDER_HOLD,
                                                     .ttl = 300 },
                                                   { 0 } };
    struct fixture f;
    struct client c;
    int64_t start = fpool_now_ns();

    (void)state;
    begin(&f, rules, &with_delay);
    get(&f, &c, "late.test");
    assert_false(c.was_known);
    await(&c);
    assert_true(fpool_now_ns() - start >= 50000000);
    assert_string_equal(shown(&c), "192.0.2.1");
    check_known(&f, "late.test", "192.0.2.1");
    responder_release(&f.responder);
    await_addresses(&f, "late.test", 2);
    check_known(&f, "late.test", both);
    assert_int_equal(c.n_done, 1);
    end(&f);
    assert_int_equal(f.n_questions, 2);
}

/* One family has come when another request does: it waits for the other only.
 */
static void what_has_come_is_not_asked_for_again(void **state)
{
    static const struct responder_rule rules[] = { { .name = "late.test",
                                                     .type = RESPONDER_AAAA,
                                                     .manner = RESPONDER_HOLD,
                                                     .ttl = 300 },
                                                   { 0 } };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, NULL);
    call(&f, prefetch, "late.test");
    await_delayed(&f, 1);
    assert_true(f.timer_when == f.delay_end);
    get(&f, &c, "late.test");
    assert_false(c.was_known);
    responder_release(&f.responder);
    await(&c);
    assert_string_equal(shown(&c), both);
    end(&f);
    assert_int_equal(f.n_questions, 2);
}

/* Nothing can be given before, however long it takes. */
static void a_late_family_is_all_there_is(void **state)
{
    static const struct responder_rule rules[] = {
        { .name = "late.test",
          .type = RESPONDER_A,
          .manner = RESPONDER_HOLD,
          .ttl = 300 },
        { .name = "late.test", .manner = RESPONDER_NODATA },
        { 0 }
    };
    struct fixture f;
    struct client c;
    int i;

    (void)state;
    begin(&f, rules, &with_delay);
    get(&f, &c, "late.test");
    await_count(&f.responder.n_queries, 2);
    for (i = 0; i < 20; i++) {
        pass(&f, 1);
    }
    assert_int_equal(c.n_done, 0);
    responder_release(&f.responder);
    await(&c);
    assert_string_equal(shown(&c), "192.0.2.1");
    end(&f);
}

/* One family has come and gone before the other came: only it is asked for
 * again. */
static void a_family_on_its_way_is_not_asked_for_twice(void **state)
{
    static const struct responder_rule rules[] = { { .name = "late.test",
                                                     .type = RESPONDER_AAAA,
                                                     .manner = RESPONDER_HOLD,
                                                     .ttl = 300 },
                                                   { .name = "late.test",
                                                     .ttl = 5 },
                                                   { 0 } };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, &with_delay);
    check_asked(&f, "late.test", "192.0.2.1");
    pass(&f, 10);
    get(&f, &c, "late.test");
    assert_false(c.was_known);
    await_count(&f.responder.n_a, 2);
    responder_release(&f.responder);
    await(&c);
    await_addresses(&f, "late.test", 2);
    pass(&f, 1);
    call(&f, forget, "late.test");
    get(&f, &c, "late.test");
    assert_false(c.was_known);
    await(&c);
    end(&f);
    assert_int_equal(f.n_questions, 5);
}

/* Forgotten while the other family is on its way. */
static void half_an_answer_may_be_forgotten(void **state)
{
    static const struct responder_rule rules[] = { { .name = "late.test",
                                                     .type = RESPONDER_AAAA,
                                                     .manner = RESPONDER_HOLD,
                                                     .ttl = 300 },
                                                   { 0 } };
    struct fixture f;
    struct client c;

    (void)state;
    begin(&f, rules, &with_delay);
    check_asked(&f, "late.test", "192.0.2.1");
    pass(&f, 2);
    call(&f, forget, "late.test");
    assert_int_equal(n_entries(&f), 1);
    get(&f, &c, "late.test");
    assert_false(c.was_known);
    await_count(&f.responder.n_a, 2);
    responder_release(&f.responder);
    await(&c);
    await_addresses(&f, "late.test", 2);
    end(&f);
    assert_int_equal(f.n_questions, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_are_those_of_use),
        cmocka_unit_test(one_family_may_be_missing),
        cmocka_unit_test(one_family_may_fail),
        cmocka_unit_test(a_late_family_is_waited_for_a_little),
        cmocka_unit_test(what_has_come_is_not_asked_for_again),
        cmocka_unit_test(a_late_family_is_all_there_is),
        cmocka_unit_test(a_family_on_its_way_is_not_asked_for_twice),
        cmocka_unit_test(half_an_answer_may_be_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
