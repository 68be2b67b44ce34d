/* SPDX-License-Identifier: MIT */
/* The health of a host, on a clock that is just a number: how many at once, how
 * fast, when again after pauses, and what happens to one that is not there. */
#include "engine/http/host.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "support/check.h"

#define MS     1000000LL
#define SECOND (1000 * MS)

/* Some time after boot, far from 0. */
#define NOW (5000 * SECOND)

static const struct fpool_http_host_rules plain = { .per_host = 6,
                                                    .retry_delay_ms = 1000 };

static struct fpool_http_host *make(const char *text,
                                    const struct fpool_http_host_rules *rules)
{
    struct fpool_http_url url = { .request = NULL };
    const char *reason = "";
    struct fpool_http_host *host;

    assert_ok(fpool_http_url_parse(&url, text, strlen(text), NULL, &reason));
    host = fpool_http_host_create(&url, rules);
    assert_non_null(host);
    fpool_http_url_fini(&url);
    return host;
}

/* A request that began some time before ends now; the host is not given up. */
static void end(struct fpool_http_host *host, enum fpool_http_class class,
                int64_t now)
{
    struct fpool_http_decision d = { .class = class };
    bool is_answer = class == FPOOL_HTTP_FINE;

    assert_false(fpool_http_host_note(host, &plain, &d, is_answer, false, now));
}

static void answer(struct fpool_http_host *host, unsigned n, int64_t now)
{
    while (n-- > 0) {
        end(host, FPOOL_HTTP_FINE, now);
    }
}

static void throttle(struct fpool_http_host *host, int64_t pause_ms,
                     bool has_retry_after, int64_t now)
{
    struct fpool_http_decision d = { .class = FPOOL_HTTP_THROTTLED,
                                     .pause_ms = pause_ms };

    assert_false(
        fpool_http_host_note(host, &plain, &d, true, has_retry_after, now));
}

/* A connection that does not come about; true when the host is given up. */
static bool miss(struct fpool_http_host *host,
                 const struct fpool_http_host_rules *rules, int64_t now)
{
    struct fpool_http_decision d = { .class = FPOOL_HTTP_UNREACHED };

    return fpool_http_host_note(host, rules, &d, false, false, now);
}

static void misses(struct fpool_http_host *host, unsigned n, int64_t now)
{
    while (n-- > 0) {
        assert_false(miss(host, &plain, now));
    }
}

/* ---- The key. */

static void check_is(const struct fpool_http_host *host, const char *text,
                     bool wanted)
{
    struct fpool_http_url url = { .request = NULL };
    const char *reason = "";

    assert_ok(fpool_http_url_parse(&url, text, strlen(text), NULL, &reason));
    assert_int_equal(fpool_http_host_is(host, &url), wanted);
    url.hash = host->hash; /* Others may have the same. */
    assert_int_equal(fpool_http_host_is(host, &url), wanted);
    fpool_http_url_fini(&url);
}

static void a_host_is_a_scheme_a_name_and_a_port(void **state)
{
    struct fpool_http_host *host = make("http://h.example/a", &plain);

    (void)state;
    check_is(host, "http://h.example/b?c", true);
    check_is(host, "http://H.Example/", true);
    check_is(host, "http://u:p@h.example:80/", true);
    check_is(host, "https://h.example/", false);
    check_is(host, "https://h.example:80/", false);
    check_is(host, "http://h.example:81/", false);
    check_is(host, "http://g.example/", false);
    check_is(host, "http://h.exampl/", false);
    check_is(host, "http://h.examples/", false);
    fpool_http_host_destroy(host);
}

static void without_memory_there_is_no_host(void **state)
{
    struct fpool_http_url url = { .request = (char[]){ "http://h/" },
                                  .host_at = 7,
                                  .host_size = 1 };

    (void)state;
    fpool_mem_fail_at(1, 0);
    assert_null(fpool_http_host_create(&url, &plain));
    fpool_mem_fail_at(0, 0);
}

/* ---- Slots and rates. */

static void transfers_begin_up_to_the_limit(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);
    unsigned i;

    (void)state;
    for (i = 0; i < 6; i++) {
        assert_int_equal(fpool_http_host_when(host, NOW), 0);
        fpool_http_host_take(host, &plain, NOW);
    }
    assert_int_equal(host->n_running, 6);
    assert_int_equal(fpool_http_host_when(host, NOW), FPOOL_NEVER);
    host->n_running--;
    assert_int_equal(fpool_http_host_when(host, NOW), 0);
    fpool_http_host_destroy(host);
}

static void a_rate_keeps_starts_apart(void **state)
{
    struct fpool_http_host_rules rules = { .per_host = 6,
                                           .retry_delay_ms = 1000,
                                           .rate_interval_ns = 20 * MS };
    struct fpool_http_host *host = make("http://h/", &rules);

    (void)state;
    assert_int_equal(fpool_http_host_when(host, NOW), 0);
    fpool_http_host_take(host, &rules, NOW);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 20 * MS);
    assert_int_equal(fpool_http_host_when(host, NOW + 20 * MS - 1),
                     NOW + 20 * MS);
    assert_int_equal(fpool_http_host_when(host, NOW + 20 * MS), 0);
    /* One that begins early all the same is counted; being late is no credit.
     */
    fpool_http_host_take(host, &rules, NOW + 15 * MS);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 40 * MS);
    fpool_http_host_take(host, &rules, NOW + 90 * MS);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 110 * MS);
    fpool_http_host_destroy(host);
}

static void the_slower_of_two_rates_counts(void **state)
{
    struct fpool_http_host_rules rules = { .per_host = 6,
                                           .rate_interval_ns = 20 * MS };
    struct fpool_http_host *host = make("http://h/", &rules);

    (void)state;
    host->interval_ns = 19 * MS;
    fpool_http_host_take(host, &rules, NOW);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 20 * MS);
    host->interval_ns = 21 * MS;
    host->next_start = 0;
    fpool_http_host_take(host, &rules, NOW);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 21 * MS);
    rules.rate_interval_ns = 0;
    host->next_start = 0;
    fpool_http_host_take(host, &rules, NOW);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 21 * MS);
    fpool_http_host_destroy(host);
}

static void the_latest_of_all_reasons_counts(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    host->next_start = NOW + 1;
    host->paused_until = NOW + 2;
    host->parked_until = NOW + 3;
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 3);
    host->paused_until = NOW + 4;
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 4);
    host->next_start = NOW + 5;
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 5);
    assert_int_equal(fpool_http_host_when(host, NOW + 5), 0);
    fpool_http_host_destroy(host);
}

static void the_time_of_a_request_is_an_average(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);
    int i;

    (void)state;
    fpool_http_host_serve(host, 80 * MS, NOW);
    assert_int_equal(host->service_ns, 10 * MS);
    for (i = 0; i < 100; i++) {
        fpool_http_host_serve(host, 80 * MS, NOW);
    }
    assert_in_range((uint64_t)host->service_ns, 79 * MS, 80 * MS);
    for (i = 0; i < 200; i++) {
        fpool_http_host_serve(host, 0, NOW);
    }
    assert_in_range((uint64_t)host->service_ns, 0, 7);
    fpool_http_host_destroy(host);
}

/* ---- Hosts that ask for patience. */

static void a_throttled_host_is_paused(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    throttle(host, 1500, false, NOW);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + 1500 * MS);
    assert_true(fpool_http_host_is_paused(host, NOW + 1500 * MS - 1));
    assert_false(fpool_http_host_is_paused(host, NOW + 1500 * MS));
    assert_int_equal(fpool_http_host_when(host, NOW + 1500 * MS), 0);
    assert_false(fpool_http_host_is_down(host, NOW));
    assert_int_equal(host->n_throttled, 1);
    assert_int_equal(host->paused_ms, 1500);
    fpool_http_host_destroy(host);
}

static void each_pause_halves_the_speed(void **state)
{
    static const unsigned limits[] = { 3, 1, 1, 1 };
    struct fpool_http_host *host = make("http://h/", &plain);
    int64_t now = NOW;
    unsigned i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(limits); i++) {
        throttle(host, 1000, false, now);
        now += SECOND;
        assert_int_equal(host->limit, limits[i]);
        /* A hundredth of the delay of a retry, at first. */
        assert_int_equal(host->interval_ns, 10 * MS << i);
        assert_int_equal(host->n_throttled, i + 1);
        assert_int_equal(host->paused_ms, 1000 * (i + 1));
    }
    for (i = 0; i < 20; i++) {
        throttle(host, 1000, false, now);
        now += SECOND;
    }
    assert_int_equal(host->limit, 1);
    assert_int_equal(host->interval_ns, 10 * SECOND);
    fpool_http_host_take(host, &plain, now);
    assert_int_equal(host->next_start, now + 10 * SECOND);
    fpool_http_host_destroy(host);
}

static void one_volley_of_answers_is_one_pause(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    throttle(host, 1000, false, NOW);
    throttle(host, 1000, false, NOW);
    throttle(host, 5000, false, NOW + 999 * MS);
    assert_int_equal(host->n_throttled, 1);
    assert_int_equal(host->limit, 3);
    assert_int_equal(host->interval_ns, 10 * MS);
    assert_int_equal(host->paused_until, NOW + SECOND);
    assert_int_equal(host->paused_ms, 1000);
    throttle(host, 1000, false, NOW + SECOND);
    assert_int_equal(host->n_throttled, 2);
    assert_int_equal(host->paused_until, NOW + 2 * SECOND);
    assert_int_equal(host->paused_ms, 2000);
    fpool_http_host_destroy(host);
}

static void a_host_that_says_how_long_is_believed(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    throttle(host, 1000, false, NOW);
    throttle(host, 5000, true, NOW + 100 * MS);
    assert_int_equal(host->paused_until, NOW + 5100 * MS);
    assert_int_equal(host->paused_ms, 5100);
    throttle(host, 2000, true, NOW + 200 * MS); /* That is less. */
    assert_int_equal(host->paused_until, NOW + 5100 * MS);
    assert_int_equal(host->paused_ms, 5100);
    assert_int_equal(host->n_throttled, 1);
    assert_int_equal(host->limit, 3);
    fpool_http_host_destroy(host);
}

static void good_answers_make_up_for_pauses(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    throttle(host, 1000, false, NOW);
    answer(host, 7, NOW + SECOND);
    throttle(host, 1000, false, NOW + SECOND);
    assert_int_equal(host->n_throttled, 2);
    answer(host, 7, NOW + 2 * SECOND);
    assert_int_equal(host->n_throttled, 2);
    answer(host, 1, NOW + 2 * SECOND);
    assert_int_equal(host->n_throttled, 0);
    throttle(host, 1000, false, NOW + 2 * SECOND);
    assert_int_equal(host->n_throttled, 1);
    fpool_http_host_destroy(host);
}

static void a_quiet_minute_makes_up_for_pauses(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    throttle(host, 1000, false, NOW);
    throttle(host, 1000, false, NOW + 60 * SECOND);
    assert_int_equal(host->n_throttled, 2);
    throttle(host, 1000, false, NOW + 120 * SECOND + 1);
    assert_int_equal(host->n_throttled, 1);
    answer(host, 1, NOW + 180 * SECOND + 1);
    assert_int_equal(host->n_throttled, 1);
    answer(host, 1, NOW + 180 * SECOND + 2);
    assert_int_equal(host->n_throttled, 0);
    fpool_http_host_destroy(host);
}

static void only_an_answer_ends_the_sum_of_pauses(void **state)
{
    static const enum fpool_http_class others[] = { FPOOL_HTTP_UNREACHED,
                                                    FPOOL_HTTP_LOCAL,
                                                    FPOOL_HTTP_TRANSIENT,
                                                    FPOOL_HTTP_PERMANENT };
    struct fpool_http_decision broken = { .class = FPOOL_HTTP_TRANSIENT };
    struct fpool_http_host *host = make("http://h/", &plain);
    size_t i;

    (void)state;
    throttle(host, 1000, false, NOW);
    for (i = 0; i < N_ELEMENTS(others); i++) {
        end(host, others[i], NOW + SECOND);
        assert_int_equal(host->paused_ms, 1000);
        assert_int_equal(host->n_good, 0);
    }
    /* A bad answer is one, too. */
    assert_false(
        fpool_http_host_note(host, &plain, &broken, true, false, NOW + SECOND));
    assert_int_equal(host->paused_ms, 0);
    assert_int_equal(host->n_good, 1);
    fpool_http_host_destroy(host);
}

static void the_way_back_is_slow(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);
    unsigned limit;

    (void)state;
    throttle(host, 1000, false, NOW);
    throttle(host, 1000, false, NOW + SECOND);
    for (limit = 1; limit < 6; limit++) {
        assert_int_equal(host->limit, limit);
        answer(host, limit - 1, NOW + 2 * SECOND);
        assert_int_equal(host->limit, limit);
        answer(host, 1, NOW + 2 * SECOND);
    }
    answer(host, 100, NOW + 2 * SECOND);
    assert_int_equal(host->limit, 6);
    /* Three of four answers, and a pause: they do not count any more. */
    throttle(host, 1000, false, NOW + 3 * SECOND);
    answer(host, 3 + 3, NOW + 4 * SECOND);
    assert_int_equal(host->limit, 4);
    throttle(host, 1000, false, NOW + 4 * SECOND);
    answer(host, 1, NOW + 5 * SECOND);
    assert_int_equal(host->limit, 2);
    answer(host, 1, NOW + 5 * SECOND);
    assert_int_equal(host->limit, 3);
    fpool_http_host_destroy(host);
}

static void starts_come_closer_with_each_answer(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    host->interval_ns = 64 * MS;
    answer(host, 1, NOW);
    assert_int_equal(host->interval_ns, 63 * MS);
    end(host, FPOOL_HTTP_TRANSIENT, NOW);
    assert_int_equal(host->interval_ns, 63 * MS);
    host->interval_ns = MS + MS / 32;
    answer(host, 1, NOW);
    assert_in_range((uint64_t)host->interval_ns, MS, MS + MS / 32);
    answer(host, 3, NOW);
    assert_int_equal(host->interval_ns, 0);
    fpool_http_host_destroy(host);
}

static void pauses_beyond_all_time_are_endless(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    throttle(host, FPOOL_HTTP_MAX_RETRY_AFTER_MS, true, NOW);
    assert_true(fpool_http_host_is_paused(host, NOW + SECOND));
    assert_int_equal(fpool_http_host_when(host, NOW), FPOOL_NEVER);
    assert_true(host->paused_ms > 0);
    throttle(host, INT64_MAX, true, NOW + SECOND);
    assert_true(fpool_http_host_is_paused(host, NOW + SECOND));
    fpool_http_host_destroy(host);
}

/* ---- Hosts that are not there. */

static void five_failures_in_a_row_park_a_host(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    misses(host, 4, NOW);
    assert_int_equal(fpool_http_host_when(host, NOW), 0);
    assert_false(fpool_http_host_is_down(host, NOW));
    end(host, FPOOL_HTTP_LOCAL, NOW); /* That says nothing of the host. */
    misses(host, 1, NOW);
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + SECOND);
    assert_true(fpool_http_host_is_down(host, NOW));
    assert_false(fpool_http_host_is_paused(host, NOW));
    fpool_http_host_destroy(host);
}

static void a_connection_between_makes_it_no_row(void **state)
{
    static const enum fpool_http_class others[] = { FPOOL_HTTP_FINE,
                                                    FPOOL_HTTP_PERMANENT,
                                                    FPOOL_HTTP_TRANSIENT,
                                                    FPOOL_HTTP_THROTTLED };
    struct fpool_http_host *host = make("http://h/", &plain);
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(others); i++) {
        misses(host, 4, NOW);
        end(host, others[i], NOW);
        assert_false(fpool_http_host_is_down(host, NOW));
    }
    misses(host, 4, NOW);
    assert_false(fpool_http_host_is_down(host, NOW));
    fpool_http_host_destroy(host);
}

static void a_parked_host_gets_one_probe(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    misses(host, 5, NOW);
    /* Others were on their way; no probe until they are back. */
    host->n_running = 1;
    assert_int_equal(fpool_http_host_when(host, NOW), FPOOL_NEVER);
    misses(host, 1, NOW + SECOND - 1);
    host->n_running = 0;
    assert_int_equal(fpool_http_host_when(host, NOW), NOW + SECOND);
    assert_int_equal(fpool_http_host_when(host, NOW + SECOND), 0);
    assert_true(fpool_http_host_is_down(host, NOW + SECOND));
    fpool_http_host_take(host, &plain, NOW + SECOND);
    assert_int_equal(fpool_http_host_when(host, NOW + SECOND), FPOOL_NEVER);
    fpool_http_host_destroy(host);
}

static void a_probe_that_is_answered_opens_the_host(void **state)
{
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    misses(host, 5, NOW);
    misses(host, 1, NOW + SECOND);
    host->n_running = 1;
    answer(host, 1, NOW + 3 * SECOND);
    assert_false(fpool_http_host_is_down(host, NOW + 3 * SECOND));
    assert_int_equal(fpool_http_host_when(host, NOW + 3 * SECOND), 0);
    assert_int_equal(host->limit, 6);
    /* All begins anew. */
    misses(host, 4, NOW + 4 * SECOND);
    assert_false(fpool_http_host_is_down(host, NOW + 4 * SECOND));
    misses(host, 1, NOW + 4 * SECOND);
    assert_int_equal(host->parked_until, NOW + 5 * SECOND);
    fpool_http_host_destroy(host);
}

/* The failure that parks the host, and three probes in vain. */
static int64_t give_up(struct fpool_http_host *host,
                       const struct fpool_http_host_rules *rules,
                       const int64_t *waits, int64_t now)
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        assert_false(miss(host, rules, now));
        assert_int_equal(fpool_http_host_when(host, now), now + waits[i]);
        now += waits[i];
    }
    assert_true(miss(host, rules, now));
    return now;
}

static void after_three_probes_a_host_is_given_up(void **state)
{
    static const int64_t waits[] = { SECOND, 2 * SECOND, 4 * SECOND };
    struct fpool_http_host *host = make("http://h/", &plain);
    int64_t now;

    (void)state;
    misses(host, 4, NOW);
    now = give_up(host, &plain, waits, NOW);
    assert_int_equal(now, NOW + 7 * SECOND);
    assert_int_equal(host->gone_until, now + 60 * SECOND);
    assert_true(fpool_http_host_is_down(host, now + 60 * SECOND - 1));
    assert_false(fpool_http_host_is_down(host, now + 60 * SECOND));
    assert_int_equal(fpool_http_host_when(host, now + 60 * SECOND), 0);
    /* The first failure parks it at once, and so on. */
    now = give_up(host, &plain, waits, now + 60 * SECOND);
    assert_int_equal(now, NOW + 74 * SECOND);
    assert_int_equal(host->gone_until, now + 60 * SECOND);
    answer(host, 1, now);
    assert_false(fpool_http_host_is_down(host, now));
    misses(host, 4, now);
    assert_false(fpool_http_host_is_down(host, now));
    fpool_http_host_destroy(host);
}

static void a_host_is_parked_for_a_minute_at_most(void **state)
{
    static const int64_t growing[] = { 20 * SECOND, 40 * SECOND, 60 * SECOND };
    static const int64_t longest[] = { 60 * SECOND, 60 * SECOND, 60 * SECOND };
    struct fpool_http_host_rules rules = { .per_host = 6,
                                           .retry_delay_ms = 20000 };
    struct fpool_http_host *host = make("http://h/", &rules);
    int64_t now;

    (void)state;
    misses(host, 4, NOW);
    now = give_up(host, &rules, growing, NOW);
    assert_int_equal(host->gone_until, now + 1200 * SECOND);
    answer(host, 1, now);
    misses(host, 4, now);
    rules.retry_delay_ms = 3600000;
    now = give_up(host, &rules, longest, now);
    assert_int_equal(host->gone_until, now + 60 * 3600 * SECOND);
    fpool_http_host_destroy(host);
}

/* ---- What is worth remembering. */

static void a_plain_host_can_be_forgotten(void **state)
{
    static const int64_t waits[] = { SECOND, 2 * SECOND, 4 * SECOND };
    struct fpool_http_host *host = make("http://h/", &plain);
    int64_t now;

    (void)state;
    assert_true(fpool_http_host_is_plain(host, NOW));
    throttle(host, 1000, false, NOW);
    assert_false(fpool_http_host_is_plain(host, NOW));
    answer(host, 8, NOW);
    assert_false(fpool_http_host_is_plain(host, NOW + SECOND - 1));
    assert_true(fpool_http_host_is_plain(host, NOW + SECOND));
    throttle(host, 1000, false, NOW + SECOND);
    assert_false(fpool_http_host_is_plain(host, NOW + 2 * SECOND));
    answer(host, 8, NOW + 2 * SECOND);
    misses(host, 5, NOW + 2 * SECOND);
    assert_false(fpool_http_host_is_plain(host, NOW + 4 * SECOND));
    answer(host, 1, NOW + 4 * SECOND);
    assert_true(fpool_http_host_is_plain(host, NOW + 4 * SECOND));
    misses(host, 4, NOW + 5 * SECOND);
    now = give_up(host, &plain, waits, NOW + 5 * SECOND);
    assert_false(fpool_http_host_is_plain(host, now));
    assert_true(fpool_http_host_is_plain(host, now + 60 * SECOND));
    fpool_http_host_destroy(host);
}

static void addresses_are_copied_and_replaced(void **state)
{
    union fpool_http_address list[3];
    struct fpool_http_host *host = make("http://h/", &plain);

    (void)state;
    memset(list, 0, sizeof(list));
    list[2].v4.sin_port = 7;
    assert_true(fpool_http_host_set_addresses(host, list, 3));
    assert_int_equal(host->named, FPOOL_HTTP_NAMED);
    host->current = 2;
    list[2].v4.sin_port = 0;
    assert_int_equal(host->n_addresses, 3);
    assert_int_equal(host->addresses[2].v4.sin_port, 7);
    fpool_mem_fail_at(1, 0);
    assert_false(fpool_http_host_set_addresses(host, list, 1));
    fpool_mem_fail_at(0, 0);
    assert_int_equal(host->n_addresses, 3);
    assert_int_equal(host->addresses[2].v4.sin_port, 7);
    assert_true(fpool_http_host_set_addresses(host, list, 1));
    assert_int_equal(host->n_addresses, 1);
    assert_int_equal(host->current, 0);
    assert_true(fpool_http_host_set_addresses(host, NULL, 0));
    assert_int_equal(host->n_addresses, 0);
    assert_null(host->addresses);
    fpool_http_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_a_scheme_a_name_and_a_port),
        cmocka_unit_test(without_memory_there_is_no_host),
        cmocka_unit_test(transfers_begin_up_to_the_limit),
        cmocka_unit_test(a_rate_keeps_starts_apart),
        cmocka_unit_test(the_slower_of_two_rates_counts),
        cmocka_unit_test(the_latest_of_all_reasons_counts),
        cmocka_unit_test(the_time_of_a_request_is_an_average),
        cmocka_unit_test(a_throttled_host_is_paused),
        cmocka_unit_test(each_pause_halves_the_speed),
        cmocka_unit_test(one_volley_of_answers_is_one_pause),
        cmocka_unit_test(a_host_that_says_how_long_is_believed),
        cmocka_unit_test(good_answers_make_up_for_pauses),
        cmocka_unit_test(a_quiet_minute_makes_up_for_pauses),
        cmocka_unit_test(only_an_answer_ends_the_sum_of_pauses),
        cmocka_unit_test(the_way_back_is_slow),
        cmocka_unit_test(starts_come_closer_with_each_answer),
        cmocka_unit_test(pauses_beyond_all_time_are_endless),
        cmocka_unit_test(five_failures_in_a_row_park_a_host),
        cmocka_unit_test(a_connection_between_makes_it_no_row),
        cmocka_unit_test(a_parked_host_gets_one_probe),
        cmocka_unit_test(a_probe_that_is_answered_opens_the_host),
        cmocka_unit_test(after_three_probes_a_host_is_given_up),
        cmocka_unit_test(a_host_is_parked_for_a_minute_at_most),
        cmocka_unit_test(a_plain_host_can_be_forgotten),
        cmocka_unit_test(addresses_are_copied_and_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
