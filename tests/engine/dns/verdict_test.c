/* SPDX-License-Identifier: MIT */
/* What each kind of reply is worth, for every response code. */
#include "engine/dns/verdict.h"

#include "engine/dns/type.h"
#include "support/check.h"

enum {
    GOOD_FLAGS = FPOOL_DNS_QR | FPOOL_DNS_RD | FPOOL_DNS_RA,
    MAX_RCODE = 4095
};

static struct fpool_dns_parsed reply_with(int rcode)
{
    return (struct fpool_dns_parsed){ .flags = GOOD_FLAGS, .rcode = rcode };
}

static const struct fpool_dns_reply_facts plain = { .parsed_as = FPOOL_OK };
static const struct fpool_dns_reply_facts with_edns = { .parsed_as = FPOOL_OK,
                                                        .had_edns = true };

static void check(const struct fpool_dns_reply_facts *f,
                  const struct fpool_dns_parsed *p,
                  enum fpool_dns_verdict wanted)
{
    assert_int_equal(fpool_dns_judge(f, p), wanted);
}

static enum fpool_dns_verdict wanted_of(int rcode)
{
    switch (rcode) {
    case FPOOL_DNS_RCODE_NOERROR:
    case FPOOL_DNS_RCODE_NXDOMAIN:
        return FPOOL_DNS_ANSWERED;
    case FPOOL_DNS_RCODE_REFUSED:
    case FPOOL_DNS_RCODE_NOTIMP:
    case FPOOL_DNS_RCODE_NOTAUTH:
        return FPOOL_DNS_UNWILLING;
    default:
        return FPOOL_DNS_AMBIGUOUS;
    }
}

static void every_code_to_a_query_without_opt(void **state)
{
    int rcode;

    (void)state;
    for (rcode = 0; rcode <= MAX_RCODE; rcode++) {
        struct fpool_dns_parsed p = reply_with(rcode);
        struct fpool_dns_reply_facts f = plain;

        check(&f, &p, wanted_of(rcode));
        f.is_tcp = true;
        check(&f, &p, wanted_of(rcode));
        p.has_opt = true; /* unasked for */
        check(&f, &p, wanted_of(rcode));
    }
}

/* The same with OPT, but for the two that may be about it. */
static void every_code_to_a_query_with_opt(void **state)
{
    int rcode;

    (void)state;
    for (rcode = 0; rcode <= MAX_RCODE; rcode++) {
        struct fpool_dns_parsed p = reply_with(rcode);
        bool is_about_opt = rcode == FPOOL_DNS_RCODE_FORMERR ||
                            rcode == FPOOL_DNS_RCODE_BADVERS;

        check(&with_edns, &p,
              is_about_opt ? FPOOL_DNS_WITHOUT_EDNS : wanted_of(rcode));
    }
}

/* One that answers with OPT knows it. */
static void formerr_with_opt_is_about_something_else(void **state)
{
    struct fpool_dns_parsed p = reply_with(FPOOL_DNS_RCODE_FORMERR);

    (void)state;
    p.has_opt = true;
    check(&with_edns, &p, FPOOL_DNS_AMBIGUOUS);
    p.rcode = FPOOL_DNS_RCODE_BADVERS; /* the code itself is OPT's */
    check(&with_edns, &p, FPOOL_DNS_WITHOUT_EDNS);
}

/* Of an error without the question nothing was parsed but the header: what is
 * left from the message before does not count. */
static void errors_without_question(void **state)
{
    int rcode;

    (void)state;
    for (rcode = 1; rcode < 16; rcode++) {
        struct fpool_dns_parsed p = reply_with(rcode);
        struct fpool_dns_reply_facts f = { .parsed_as = FPOOL_EPROTOCOL,
                                           .has_no_name = true };

        p.has_opt = true;
        p.has_answer = true;
        check(&f, &p, wanted_of(rcode));
        p.flags |= FPOOL_DNS_TC; /* TCP would not bring the question, either */
        check(&f, &p, wanted_of(rcode));
        f.had_edns = true;
        check(&f, &p,
              rcode == FPOOL_DNS_RCODE_FORMERR ? FPOOL_DNS_WITHOUT_EDNS
                                               : wanted_of(rcode));
    }
}

/* Too long for UDP whatever else it says, and whether it could be read. */
static void truncated_ones_are_asked_by_tcp(void **state)
{
    static const int codes[] = { 0, 1, 2, 3, 5, 16 };
    static const enum fpool_status parsed[] = { FPOOL_OK, FPOOL_EPROTOCOL };
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < N_ELEMENTS(codes); i++) {
        for (k = 0; k < N_ELEMENTS(parsed); k++) {
            struct fpool_dns_parsed p = reply_with(codes[i]);
            struct fpool_dns_reply_facts f = { .parsed_as = parsed[k],
                                               .had_edns = true };

            f.is_cut = true; /* by our buffer */
            check(&f, &p, FPOOL_DNS_TOO_LONG);
            f.is_cut = false;
            p.flags |= FPOOL_DNS_TC;
            check(&f, &p, FPOOL_DNS_TOO_LONG);
        }
    }
}

static void truncated_over_tcp_is_taken_as_it_is(void **state)
{
    struct fpool_dns_parsed p = reply_with(FPOOL_DNS_RCODE_NOERROR);
    struct fpool_dns_reply_facts f = { .parsed_as = FPOOL_OK, .is_tcp = true };

    (void)state;
    p.flags |= FPOOL_DNS_TC;
    p.n_records = 1;
    p.has_answer = true;
    check(&f, &p, FPOOL_DNS_ANSWERED);
    p.rcode = FPOOL_DNS_RCODE_SERVFAIL;
    check(&f, &p, FPOOL_DNS_AMBIGUOUS);
    f.parsed_as = FPOOL_EPROTOCOL;
    check(&f, &p, FPOOL_DNS_NONSENSE);
}

static void what_cannot_be_read_is_nonsense_whatever_its_code(void **state)
{
    int rcode;

    (void)state;
    for (rcode = 0; rcode < 16; rcode++) {
        struct fpool_dns_parsed p = reply_with(rcode);
        struct fpool_dns_reply_facts f = { .parsed_as = FPOOL_EPROTOCOL,
                                           .had_edns = rcode % 2 == 0 };

        check(&f, &p, FPOOL_DNS_NONSENSE);
        f.is_tcp = true;
        check(&f, &p, FPOOL_DNS_NONSENSE);
    }
}

/* An empty answer is believed from one that does recursion, or knows the zone,
 * or says how long it holds. */
static void empty_answers(void **state)
{
    struct fpool_dns_parsed p = reply_with(FPOOL_DNS_RCODE_NOERROR);

    (void)state;
    check(&plain, &p, FPOOL_DNS_ANSWERED);
    p.flags = FPOOL_DNS_QR | FPOOL_DNS_AA;
    check(&plain, &p, FPOOL_DNS_ANSWERED);
    p.flags = FPOOL_DNS_QR | FPOOL_DNS_RD;
    check(&plain, &p, FPOOL_DNS_UNWILLING); /* it points elsewhere */
    check(&with_edns, &p, FPOOL_DNS_UNWILLING);
    p.ttl = 300;
    check(&plain, &p, FPOOL_DNS_ANSWERED);
    p.ttl = 0;
    p.n_records = 1;
    check(&plain, &p, FPOOL_DNS_ANSWERED);
    p.n_records = 0;
    p.rcode = FPOOL_DNS_RCODE_NXDOMAIN;
    check(&plain, &p, FPOOL_DNS_ANSWERED);
}

/* ---- The status that goes with it. */

static enum fpool_dns_status status_of(enum fpool_dns_verdict verdict,
                                       int rcode, bool has_answer)
{
    struct fpool_dns_parsed p = reply_with(rcode);

    p.has_answer = has_answer;
    return fpool_dns_status_of(verdict, &p);
}

static void answers_have_three_statuses(void **state)
{
    static const enum fpool_dns_verdict verdicts[] = { FPOOL_DNS_ANSWERED,
                                                       FPOOL_DNS_TOO_LONG };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(verdicts); i++) {
        assert_int_equal(status_of(verdicts[i], 0, true), FPOOL_DNS_OK);
        assert_int_equal(status_of(verdicts[i], 0, false), FPOOL_DNS_NODATA);
        assert_int_equal(status_of(verdicts[i], 3, false), FPOOL_DNS_NXDOMAIN);
        /* A CNAME to a name that does not exist (RFC 6604, section 3). */
        assert_int_equal(status_of(verdicts[i], 3, true), FPOOL_DNS_NXDOMAIN);
    }
}

static void failures_keep_their_reason(void **state)
{
    int rcode;

    (void)state;
    for (rcode = 0; rcode <= MAX_RCODE; rcode++) {
        enum fpool_dns_status failure = rcode == FPOOL_DNS_RCODE_SERVFAIL
                                            ? FPOOL_DNS_SERVFAIL
                                            : FPOOL_DNS_FAILED;
        int has_answer;

        for (has_answer = 0; has_answer < 2; has_answer++) {
            assert_int_equal(
                status_of(FPOOL_DNS_UNWILLING, rcode, has_answer == 1),
                FPOOL_DNS_REFUSED);
            assert_int_equal(
                status_of(FPOOL_DNS_NONSENSE, rcode, has_answer == 1),
                FPOOL_DNS_BADREPLY);
            assert_int_equal(
                status_of(FPOOL_DNS_AMBIGUOUS, rcode, has_answer == 1),
                failure);
            assert_int_equal(
                status_of(FPOOL_DNS_WITHOUT_EDNS, rcode, has_answer == 1),
                failure);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_to_a_query_without_opt),
        cmocka_unit_test(every_code_to_a_query_with_opt),
        cmocka_unit_test(formerr_with_opt_is_about_something_else),
        cmocka_unit_test(errors_without_question),
        cmocka_unit_test(truncated_ones_are_asked_by_tcp),
        cmocka_unit_test(truncated_over_tcp_is_taken_as_it_is),
        cmocka_unit_test(what_cannot_be_read_is_nonsense_whatever_its_code),
        cmocka_unit_test(empty_answers),
        cmocka_unit_test(answers_have_three_statuses),
        cmocka_unit_test(failures_keep_their_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
