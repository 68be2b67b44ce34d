/* SPDX-License-Identifier: MIT */
/* What follows from the end of a request: the class of every kind, the bounds
 * of every wait, and what is charged. */
#include "engine/http/retry.h"

#include "engine/http/error.h"
#include "support/check.h"

#define MINUTE 60000
#define HOUR   3600000

static struct fpool_http_codes retry_on;
static struct fpool_http_codes throttle_on;

/* A first try of three of a GET that was sent, with the defaults of the
 * operation, waiting the whole of each delay. */
static struct fpool_http_ending first(enum fpool_http_error error,
                                      int status_code)
{
    struct fpool_http_ending e = { .error = error,
                                   .status_code = status_code,
                                   .is_idempotent = true,
                                   .was_sent = true,
                                   .n_tries = 1,
                                   .max_tries = 3,
                                   .retry_after_ms = -1,
                                   .retry_delay_ms = 1000,
                                   .max_retry_after_ms = HOUR,
                                   .retry_on = &retry_on,
                                   .throttle_on = &throttle_on,
                                   .random = UINT32_MAX };

    return e;
}

static struct fpool_http_ending answered(int status_code)
{
    return first(fpool_http_classify_status(status_code), status_code);
}

static void assert_decision(struct fpool_http_ending e,
                            struct fpool_http_decision wanted)
{
    struct fpool_http_decision d = fpool_http_decide(&e);

    assert_int_equal(d.class, wanted.class);
    assert_int_equal(d.is_final, wanted.is_final);
    assert_int_equal(d.is_charged, wanted.is_charged);
    assert_int_equal(d.delay_ms, wanted.delay_ms);
    assert_int_equal(d.pause_ms, wanted.pause_ms);
}

#define assert_end(e, ...)                                                     \
    assert_decision((e), (struct fpool_http_decision){ __VA_ARGS__ })

static int set_up(void **state)
{
    (void)state;
    return fpool_http_codes_parse(&retry_on, "408,500,502-504,520-529") &&
                   fpool_http_codes_parse(&throttle_on, "429,503")
               ? 0
               : -1;
}

/* ---- The class of every kind. */

#define KIND(name) FPOOL_HTTP_ERROR_##name

static const enum fpool_http_error permanent[] = {
    KIND(INVALID_URL),     KIND(INVALID_LINE),       KIND(INVALID_REQUEST),
    KIND(DNS_NXDOMAIN),    KIND(DNS_NODATA),         KIND(TLS_EXPIRED),
    KIND(TLS_NAME),        KIND(TLS_SELF_SIGNED),    KIND(TLS_UNTRUSTED),
    KIND(TLS_CERTIFICATE), KIND(TLS_HANDSHAKE),      KIND(TIMEOUT_TOTAL),
    KIND(PROTOCOL_CODING), KIND(PROTOCOL_MALFORMED), KIND(PROTOCOL_OTHER),
    KIND(LIMIT_SIZE),      KIND(LIMIT_MEMORY),       KIND(LIMIT_HEADER),
    KIND(LIMIT_REDIRECTS), KIND(POLICY_REDIRECT),    KIND(POLICY_ADDRESS),
    KIND(POLICY_REFUSED),  KIND(LOCAL_DISK_FULL),    KIND(LOCAL_IO),
    KIND(LOCAL_CA_FILE),   KIND(LOCAL_OTHER),        KIND(DEADLINE),
    KIND(CANCELLED),
};

static const enum fpool_http_error transient[] = {
    KIND(DNS_SERVFAIL),   KIND(DNS_REFUSED),        KIND(DNS_FAILED),
    KIND(DNS_TIMEOUT),    KIND(TIMEOUT_FIRST_BYTE), KIND(TIMEOUT_STALL),
    KIND(PROTOCOL_EMPTY), KIND(PROTOCOL_TRUNCATED), KIND(PROTOCOL_HTTP2),
    KIND(PROTOCOL_SIZE),  KIND(PROTOCOL_CHECKSUM),
};

static const enum fpool_http_error unreached[] = {
    KIND(CONNECT_REFUSED), KIND(CONNECT_UNREACHABLE), KIND(CONNECT_RESET),
    KIND(CONNECT_FAILED),  KIND(CONNECT_PROXY),       KIND(TIMEOUT_CONNECT),
    KIND(TIMEOUT_TLS),
};

static const enum fpool_http_error local[] = {
    KIND(LOCAL_MEMORY),
    KIND(LOCAL_DESCRIPTORS),
};

/* These have tests of their own. */
static const enum fpool_http_error special[] = {
    KIND(NONE),
    KIND(HTTP_4XX),
    KIND(HTTP_5XX),
    KIND(CONNECT_HOST_DOWN),
};

static void count(int *counts, const enum fpool_http_error *errors, size_t n)
{
    while (n-- > 0) {
        counts[errors[n]]++;
    }
}

static void every_kind_has_one_class(void **state)
{
    int counts[FPOOL_HTTP_N_ERRORS] = { 0 };
    size_t i;

    (void)state;
    count(counts, permanent, N_ELEMENTS(permanent));
    count(counts, transient, N_ELEMENTS(transient));
    count(counts, unreached, N_ELEMENTS(unreached));
    count(counts, local, N_ELEMENTS(local));
    count(counts, special, N_ELEMENTS(special));
    for (i = 0; i < N_ELEMENTS(counts); i++) {
        assert_int_equal(counts[i], 1);
    }
}

static void what_went_well_is_final(void **state)
{
    (void)state;
    assert_end(answered(200), FPOOL_HTTP_FINE, .is_final = true);
    assert_end(answered(304), FPOOL_HTTP_FINE, .is_final = true);
}

static void permanent_errors_are_final(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(permanent); i++) {
        struct fpool_http_ending e = first(permanent[i], 0);

        assert_end(e, FPOOL_HTTP_PERMANENT, .is_final = true);
        e.was_sent = false;
        e.retry_after_ms = 5000;
        assert_end(e, FPOOL_HTTP_PERMANENT, .is_final = true);
    }
}

/* The rules for errors that are tried again, in all states of an item. */
static void check_tries(struct fpool_http_ending e, enum fpool_http_class class)
{
    assert_end(e, class, .is_charged = true, .delay_ms = 1000);
    e.retry_after_ms = 5000; /* Of a redirect, say; of no concern here. */
    assert_end(e, class, .is_charged = true, .delay_ms = 1000);
    e.n_tries = 2;
    assert_end(e, class, .is_charged = true, .delay_ms = 2000);
    e.n_tries = 3;
    assert_end(e, class, .is_final = true);
    e.max_tries = 1;
    e.n_tries = 1;
    assert_end(e, class, .is_final = true);
}

static void transient_errors_are_tried_again(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(transient); i++) {
        struct fpool_http_ending e = first(transient[i], 0);

        check_tries(e, FPOOL_HTTP_TRANSIENT);
        e.status_code = 200; /* It broke in the body. */
        check_tries(e, FPOOL_HTTP_TRANSIENT);
        e.is_idempotent = false;
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_final = true);
        e.was_sent = false; /* But there was an answer. */
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_final = true);
        e.status_code = 0;
        check_tries(e, FPOOL_HTTP_TRANSIENT);
    }
}

static void hosts_that_are_not_reached_are_tried_again(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(unreached); i++) {
        struct fpool_http_ending e = first(unreached[i], 0);

        check_tries(e, FPOOL_HTTP_TRANSIENT);
        e.is_idempotent = false;
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_final = true);
        e.was_sent = false;
        check_tries(e, FPOOL_HTTP_UNREACHED);
    }
}

static void a_host_that_is_down_is_final(void **state)
{
    struct fpool_http_ending e = first(FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN, 0);

    (void)state;
    assert_end(e, FPOOL_HTTP_UNREACHED, .is_final = true);
    e.was_sent = false;
    assert_end(e, FPOOL_HTTP_UNREACHED, .is_final = true);
}

static void trouble_of_this_machine_is_not_charged(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(local); i++) {
        struct fpool_http_ending e = first(local[i], 0);

        e.n_tries = 3;
        assert_end(e, FPOOL_HTTP_LOCAL, .delay_ms = 1000);
        e.retry_delay_ms = 5000;
        assert_end(e, FPOOL_HTTP_LOCAL, .delay_ms = 1000);
        e.random = 0;
        assert_end(e, FPOOL_HTTP_LOCAL, .delay_ms = 500);
        e.retry_delay_ms = 10;
        assert_end(e, FPOOL_HTTP_LOCAL, .delay_ms = 5);
        e.n_throttled = 15;
        assert_end(e, FPOOL_HTTP_LOCAL, .delay_ms = 5);
        e.n_throttled = 16;
        assert_end(e, FPOOL_HTTP_LOCAL, .is_final = true);
        e.n_throttled = 0;
        e.is_idempotent = false;
        assert_end(e, FPOOL_HTTP_LOCAL, .is_final = true);
        e.was_sent = false;
        assert_end(e, FPOOL_HTTP_LOCAL, .delay_ms = 5);
    }
}

/* What users are told agrees with what is done, but for kinds that say nothing
 * of the next run, and statuses, of which each has its own class. */
static void the_column_for_users_agrees_with_the_classes(void **state)
{
    static const enum fpool_http_error exceptions[] = {
        KIND(TIMEOUT_TOTAL),   KIND(DEADLINE), KIND(CANCELLED),
        KIND(LOCAL_DISK_FULL), KIND(HTTP_5XX),
    };
    int i;

    (void)state;
    for (i = 0; i < FPOOL_HTTP_N_ERRORS; i++) {
        enum fpool_http_error error = (enum fpool_http_error)i;
        struct fpool_http_ending e = first(error, 0);
        enum fpool_http_class class = fpool_http_decide(&e).class;
        bool is_hopeless =
            class == FPOOL_HTTP_FINE || class == FPOOL_HTTP_PERMANENT;
        size_t k;

        for (k = 0; k < N_ELEMENTS(exceptions); k++) {
            is_hopeless = is_hopeless && exceptions[k] != error;
        }
        assert_int_equal(fpool_http_error_is_retryable(error), !is_hopeless);
    }
}

/* ---- Statuses. */

static void statuses_of_the_set_are_tried_again(void **state)
{
    static const int tried[] = { 408, 500, 502, 504, 520, 529 };
    static const int permanent_ones[] = { 400, 401, 403, 404, 410, 425,
                                          499, 501, 505, 519, 530, 599 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(tried); i++) {
        struct fpool_http_ending e = answered(tried[i]);

        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true,
                   .delay_ms = 1000);
        e.n_tries = 3;
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_final = true);
        e = answered(tried[i]);
        e.is_idempotent = false;
        e.was_sent = false;
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_final = true);
    }
    for (i = 0; i < N_ELEMENTS(permanent_ones); i++) {
        struct fpool_http_ending e = answered(permanent_ones[i]);

        e.retry_after_ms = 1000;
        assert_end(e, FPOOL_HTTP_PERMANENT, .is_final = true);
    }
}

static void a_retry_after_without_throttling_is_the_delay(void **state)
{
    struct fpool_http_ending e = answered(500);

    (void)state;
    e.random = 0;
    e.retry_after_ms = 7000;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = 7000);
    e.retry_after_ms = 2 * HOUR;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = HOUR);
    e.retry_after_ms = 1;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = 1);
    e.retry_after_ms = 0;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = 500);
}

static void delays_double_up_to_a_minute(void **state)
{
    static const int64_t whole[] = { 1000,  2000,   4000,   8000,  16000,
                                     32000, MINUTE, MINUTE, MINUTE };
    struct fpool_http_ending e = answered(500);
    unsigned i;

    (void)state;
    e.max_tries = UINT32_MAX;
    for (i = 0; i < N_ELEMENTS(whole); i++) {
        e.n_tries = i + 1;
        e.random = UINT32_MAX;
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true,
                   .delay_ms = whole[i]);
        e.random = 0;
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true,
                   .delay_ms = whole[i] / 2);
        e.random = UINT32_MAX / 2 + 1;
        assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true,
                   .delay_ms = whole[i] * 3 / 4);
    }
    e.n_tries = UINT32_MAX - 1;
    e.random = UINT32_MAX;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = MINUTE);
}

static void delays_of_any_size_are_waited(void **state)
{
    struct fpool_http_ending e = answered(500);

    (void)state;
    e.n_tries = 2;
    e.retry_delay_ms = 5 * MINUTE;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true,
               .delay_ms = 5 * MINUTE);
    e.retry_delay_ms = INT64_MAX;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true,
               .delay_ms = INT64_MAX);
    e.n_tries = 1;
    e.random = 0;
    e.retry_delay_ms = 1;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = 1);
    e.retry_delay_ms = 0;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = 1);
    e.retry_delay_ms = INT64_MIN;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = 1);
}

/* ---- Hosts that ask for patience. */

static void a_429_pauses_the_host_and_costs_no_try(void **state)
{
    struct fpool_http_ending e = answered(429);

    (void)state;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 1000);
    e.is_idempotent = false;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 1000);
    e.n_tries = 3;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 1000);
    e.n_throttled = 15;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 1000);
    e.n_throttled = 16;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true, .pause_ms = 1000);
}

static void a_503_is_charged_unless_it_says_how_long(void **state)
{
    struct fpool_http_ending e = answered(503);

    (void)state;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_charged = true, .pause_ms = 1000);
    e.n_tries = 3;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true, .pause_ms = 1000);
    e.retry_after_ms = 5000;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 5000);
    e.retry_after_ms = 0;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 1000);
    e = answered(503);
    e.is_idempotent = false;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true, .pause_ms = 1000);
    e.retry_after_ms = 5000;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true, .pause_ms = 5000);
}

static void the_sets_say_which_statuses_pause_a_host(void **state)
{
    struct fpool_http_codes only_403;
    struct fpool_http_codes also_429;
    struct fpool_http_codes none;
    struct fpool_http_ending e = answered(403);

    (void)state;
    assert_true(fpool_http_codes_parse(&only_403, "403"));
    assert_true(fpool_http_codes_parse(&none, ""));
    e.throttle_on = &only_403;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 1000);
    e.is_idempotent = false;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true, .pause_ms = 1000);
    e = answered(503);
    e.throttle_on = &none;
    e.retry_after_ms = 5000;
    assert_end(e, FPOOL_HTTP_TRANSIENT, .is_charged = true, .delay_ms = 5000);
    e.retry_on = &none;
    assert_end(e, FPOOL_HTTP_PERMANENT, .is_final = true);
    assert_true(fpool_http_codes_parse(&also_429, "429"));
    e = answered(429);
    e.retry_on = &also_429;
    e.n_tries = 3;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 1000);
    e = answered(429);
    e.throttle_on = &none;
    assert_end(e, FPOOL_HTTP_PERMANENT, .is_final = true);
}

/* The end of the body may be lost, what its beginning said is not. */
static void a_429_that_breaks_is_one_all_the_same(void **state)
{
    struct fpool_http_ending e =
        first(FPOOL_HTTP_ERROR_PROTOCOL_TRUNCATED, 429);

    (void)state;
    e.retry_after_ms = 5000;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 5000);
    e.error = FPOOL_HTTP_ERROR_CONNECT_RESET;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 5000);
    e.error = FPOOL_HTTP_ERROR_CANCELLED;
    assert_end(e, FPOOL_HTTP_PERMANENT, .is_final = true);
}

static void pauses_grow_with_each_up_to_15_minutes(void **state)
{
    static const int64_t whole[] = { 1000,   2000,   4000,   8000,
                                     16000,  32000,  64000,  128000,
                                     256000, 512000, 900000, 900000 };
    struct fpool_http_ending e = answered(429);
    unsigned i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(whole); i++) {
        e.n_host_throttled = i;
        e.random = UINT32_MAX;
        assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = whole[i]);
        e.random = 0;
        assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = whole[i] / 2);
    }
    e.n_host_throttled = UINT32_MAX;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 450000);
    e.max_retry_after_ms = 10000;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 10000);
    e.max_retry_after_ms = HOUR;
    e.retry_after_ms = 20 * MINUTE; /* The bound is not for those asked for. */
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 20 * MINUTE);
}

static void a_host_is_paused_no_longer_than_allowed_in_all(void **state)
{
    struct fpool_http_ending e = answered(429);

    (void)state;
    e.retry_after_ms = 5 * (int64_t)HOUR;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = HOUR);
    e.retry_after_ms = FPOOL_HTTP_MAX_RETRY_AFTER_MS;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = HOUR);
    e.n_host_throttled = 1;
    e.host_pause_ms = HOUR - 5000;
    e.retry_after_ms = 5000;
    assert_end(e, FPOOL_HTTP_THROTTLED, .pause_ms = 5000);
    e.retry_after_ms = 5001;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true, .pause_ms = 5000);
    e.host_pause_ms = HOUR;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true);
    e.host_pause_ms = HOUR + 1;
    assert_end(e, FPOOL_HTTP_THROTTLED, .is_final = true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_one_class),
        cmocka_unit_test(what_went_well_is_final),
        cmocka_unit_test(permanent_errors_are_final),
        cmocka_unit_test(transient_errors_are_tried_again),
        cmocka_unit_test(hosts_that_are_not_reached_are_tried_again),
        cmocka_unit_test(a_host_that_is_down_is_final),
        cmocka_unit_test(trouble_of_this_machine_is_not_charged),
        cmocka_unit_test(the_column_for_users_agrees_with_the_classes),
        cmocka_unit_test(statuses_of_the_set_are_tried_again),
        cmocka_unit_test(a_retry_after_without_throttling_is_the_delay),
        cmocka_unit_test(delays_double_up_to_a_minute),
        cmocka_unit_test(delays_of_any_size_are_waited),
        cmocka_unit_test(a_429_pauses_the_host_and_costs_no_try),
        cmocka_unit_test(a_503_is_charged_unless_it_says_how_long),
        cmocka_unit_test(the_sets_say_which_statuses_pause_a_host),
        cmocka_unit_test(a_429_that_breaks_is_one_all_the_same),
        cmocka_unit_test(pauses_grow_with_each_up_to_15_minutes),
        cmocka_unit_test(a_host_is_paused_no_longer_than_allowed_in_all),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
