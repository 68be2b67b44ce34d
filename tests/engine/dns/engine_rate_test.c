/* SPDX-License-Identifier: MIT */
/* What bounds the dns engine: rates, names in flight, the window; checked on
 * the times in the server's log. */
#include <string.h>

#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

static struct fpool *pool;

static int set_up(void **state)
{
    (void)state;
    pool = make_pool(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    return 0;
}

/* ---- Rates. */

/* Microseconds by which the log may be behind: what was sent over some time is
 * logged at once when the server, or the loop between taking its turn and
 * sending, was not running.  The whole of a job has no such doubt. */
#define STALL_US 200000

/* Of all windows in the log, none has more queries than the rate allows, with a
 * burst of ten milliseconds' worth. */
static void check_log(const struct server *s, unsigned rate, int64_t time_us)
{
    const double burst = 1 + rate * 0.01;
    size_t i;
    size_t k;

    assert_true((double)s->n_queries <= burst + rate * (double)time_us / 1e6);
    for (i = 0; i < s->n_queries; i++) {
        for (k = i; k < s->n_queries; k++) {
            double us = (double)(s->queries[k].us - s->queries[i].us);

            if ((double)(k - i + 1) > burst + rate * (us + STALL_US) / 1e6) {
                fail_msg("%zu queries in %.0f us", k - i + 1, us);
            }
        }
    }
}

/* Retries count: a third of the names is asked for again. */
static void add_names(struct lookup *l)
{
    char format[64];
    unsigned i;

    for (i = 0; i < 40; i++) {
        snprintf(format, sizeof(format), "n%u-%%u.test", i);
        lookup_add(l, 4, format);
        snprintf(format, sizeof(format), "flaky-1.n%u.test", i);
        lookup_add(l, 1, format);
        snprintf(format, sizeof(format), "servfail.n%u.test", i);
        lookup_add(l, 1, format);
    }
}

static void all_queries_together_keep_their_rate(void **state)
{
    struct server servers[2];
    struct lookup l = { 0 };
    int64_t apart;

    (void)state;
    server_start(&servers[0], NULL);
    add_names(&l);
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = servers[0].address, .qps = 400),
               NULL);
    server_stop(&servers[0]);
    check_log(&servers[0], 400, l.time_us);
    assert_int_equal(l.stats.sent, servers[0].n_queries);
    server_release(&servers[0]);
    lookup_forget(&l);
    /* Two resolvers have it together. */
    server_start(&servers[0], NULL);
    server_start(&servers[1], NULL);
    lookup_run(&l, pool,
               FPOOL_DNS(.resolvers = server_list(servers, 2), .qps = 400),
               NULL);
    server_stop(&servers[0]);
    server_stop(&servers[1]);
    apart = (int64_t)(servers[0].n_queries + servers[1].n_queries);
    assert_int_equal(l.stats.sent, apart);
    assert_true((double)apart <= 5 + 400 * (double)l.time_us / 1e6);
    lookup_release(&l);
    server_end_all(servers, 2);
}

static void each_resolver_keeps_its_rate(void **state)
{
    struct server servers[2];
    struct lookup l = { 0 };

    (void)state;
    server_start(&servers[0], NULL);
    server_start(&servers[1], NULL);
    add_names(&l);
    lookup_run(
        &l, pool,
        FPOOL_DNS(.resolvers = server_list(servers, 2), .resolver_qps = 200),
        NULL);
    server_stop(&servers[0]);
    server_stop(&servers[1]);
    check_log(&servers[0], 200, l.time_us);
    check_log(&servers[1], 200, l.time_us);
    assert_int_equal(l.stats.sent, servers[0].n_queries + servers[1].n_queries);
    /* Both are used: 320 queries at least, shared. */
    assert_true(servers[0].n_queries > 80 && servers[1].n_queries > 80);
    lookup_release(&l);
    server_end_all(servers, 2);
}

/* Questions by TCP are no datagrams, but they count, too. */
static void tcp_keeps_the_rate(void **state)
{
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 100, "tc.n%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address, .resolver_qps = 200),
               NULL);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_OK), 100);
    server_stop(&s);
    check_log(&s, 200, l.time_us);
    lookup_release(&l);
    server_release(&s);
}

/* ---- Names in flight. */

/* A name's answer waits for this long, and the name says so; 0: it has none. */
static int64_t delay_of(const struct server_query *q)
{
    return strncmp(q->name, "delay-", 6) == 0
               ? strtoll(q->name + 6, NULL, 10) * 1000
               : 0;
}

/* The most questions that were open at the server at once: an answer leaves it
 * no sooner than its delay has passed. */
static unsigned peak_of(const struct server *s)
{
    unsigned peak = 0;
    size_t i;
    size_t k;

    for (i = 0; i < s->n_queries; i++) {
        unsigned n = 0;

        for (k = 0; k <= i; k++) {
            n += s->queries[k].us + delay_of(&s->queries[k]) > s->queries[i].us;
        }
        peak = n > peak ? n : peak;
    }
    return peak;
}

/* Few names, so that the usual time of an answer stays uncertain: a try that
 * takes unusually long is overdue and no longer counts. */
static void no_more_names_than_allowed_are_in_flight(void **state)
{
    static const unsigned bounds[] = { 1, 2, 4 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(bounds); i++) {
        struct server s;
        struct lookup l = { 0 };

        server_start(&s, NULL);
        lookup_add(&l, 4 + 2 * bounds[i], "delay-100.n%u.test");
        lookup_run(&l, pool,
                   FPOOL_DNS(.resolvers = s.address, .in_flight = bounds[i]),
                   NULL);
        lookup_check_addresses(&l);
        server_stop(&s);
        assert_int_equal(peak_of(&s), bounds[i]);
        lookup_release(&l);
        server_release(&s);
    }
}

/* The window bounds all: also names that wait for a retry.  With one name at a
 * time the log is in the order of the list. */
static void a_window_of_one_is_one_name_at_a_time(void **state)
{
    struct server s;
    struct lookup l = { 0 };
    size_t at = 0;
    size_t i;

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 100, "n%u.test");
    lookup_add(&l, 2, "flaky-1.n%u.test");
    lookup_add(&l, 100, "m%u.test");
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = s.address),
               FPOOL_JOB(.window = 1));
    lookup_check_addresses(&l);
    server_stop(&s);
    for (i = 0; i < s.n_queries; i++) {
        if (strcmp(s.queries[i].name, l.names[at]) != 0) {
            at++;
            assert_string_equal(s.queries[i].name, l.names[at]);
        }
    }
    assert_int_equal(at, l.n - 1);
    lookup_release(&l);
    server_release(&s);
}

/* ---- Order, and the end at the first failure. */

static void results_may_be_had_in_order(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server s;
    struct lookup l = { 0 };
    struct fpool_result r;
    size_t n = 0;

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 1, "delay-100.first.test");
    lookup_add(&l, 300, "n%u.test");
    lookup_add(&l, 2, "flaky-1.n%u.test");
    lookup_add(&l, 300, "m%u.test");
    assert_ok(fpool_imap(pool, FPOOL_DNS(.resolvers = s.address),
                         lookup_source(&l), FPOOL_JOB(.window = 50), &results));
    while (fpool_next(results, &r, GUARD_MS) == FPOOL_OK) {
        assert_int_equal(r.index, n);
        assert_int_equal(r.status, FPOOL_OK);
        assert_string_equal(fpool_result_dns(&r)->name, l.names[n]);
        n++;
        fpool_result_release(&r);
    }
    assert_int_equal(n, l.n);
    lookup_release(&l);
    server_end_all(&s, 1);
}

static void the_first_failure_may_end_the_job(void **state)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct server s;
    struct lookup l = { 0 };

    (void)state;
    server_start(&s, NULL);
    lookup_add(&l, 20, "n%u.test");
    lookup_add(&l, 1, "servfail.test");
    lookup_add(&l, 3000, "silent.n%u.test");
    assert_ok(fpool_imap_unordered(
        pool, FPOOL_DNS(.resolvers = s.address), lookup_source(&l),
        FPOOL_JOB(.flags = FPOOL_FAIL_FAST), &results));
    lookup_take(&l, results, 0);
    assert_status(l.end, FPOOL_EFAILED);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_SERVFAIL), 1);
    assert_int_equal(lookup_count_results(&l, FPOOL_ECANCELED) +
                         lookup_count_results(&l, FPOOL_OK) + 1,
                     l.n_results);
    assert_int_equal(l.stats.in_flight, 0);
    fpool_results_destroy(&results);
    lookup_release(&l);
    server_end_all(&s, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_queries_together_keep_their_rate),
        cmocka_unit_test(each_resolver_keeps_its_rate),
        cmocka_unit_test(tcp_keeps_the_rate),
        cmocka_unit_test(no_more_names_than_allowed_are_in_flight),
        cmocka_unit_test(a_window_of_one_is_one_name_at_a_time),
        cmocka_unit_test(results_may_be_had_in_order),
        cmocka_unit_test(the_first_failure_may_end_the_job),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
