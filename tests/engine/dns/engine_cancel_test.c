/* SPDX-License-Identifier: MIT */
/* Jobs of the dns engine that end early, and handles that outlive their pool:
 * each item that was taken has its result, at once, and nothing is left.
 *
 * Half of the names are never answered, so that very many are in flight when
 * the end comes; promptly means well before any of them would have timed out.
 */
#include <signal.h>
#include <string.h>

#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

#define N_NAMES 3000 /* of each kind */

/* Names need 8 s to time out. */
#define PROMPT_US 4000000

static struct server server;

static int set_up(void **state)
{
    (void)state;
    server_start(&server, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    server_stop(&server);
    server_release(&server);
    return 0;
}

#define DNS(...) FPOOL_DNS(.resolvers = server.address, __VA_ARGS__)

/* Good names among the silent ones show that the resolver lives. */
static void add_names(struct lookup *l, unsigned n)
{
    char name[32];
    unsigned i;

    for (i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "n%u.test", i);
        lookup_add(l, 1, name);
        snprintf(name, sizeof(name), "silent.n%u.test", i);
        lookup_add(l, 1, name);
    }
}

/* Starts names, and waits until a thousand are on their way or wait for their
 * next try. */
static void begin(struct lookup *l, struct fpool *pool,
                  const struct fpool_job_options *job,
                  struct fpool_results **ret_results)
{
    int64_t end = lookup_now_us() + GUARD_MS * 1000LL;

    add_names(l, N_NAMES);
    assert_ok(
        fpool_imap_unordered(pool, DNS(), lookup_source(l), job, ret_results));
    do {
        lookup_take(l, *ret_results, 10);
        assert_true(lookup_now_us() < end);
    } while (l->stats.in_flight < 1000);
}

/* All that was taken from the source is delivered; what had no answer with this
 * status. */
static void check_end(struct lookup *l, struct fpool_results *results,
                      int64_t start, enum fpool_status end)
{
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    size_t n_ok;

    lookup_take(l, results, 0);
    assert_true(lookup_now_us() - start < PROMPT_US);
    assert_status(l->end, end);
    assert_ok(fpool_results_get_stats(results, &stats));
    assert_int_equal(stats.pulled, stats.delivered);
    assert_int_equal(stats.delivered, l->n_results);
    n_ok = lookup_count_results(l, FPOOL_OK);
    assert_true(n_ok > 0 && l->n_results >= n_ok + 1000);
    assert_int_equal(lookup_count_results(l, end), l->n_results - n_ok);
    assert_int_equal(l->stats.in_flight, 0);
}

static void a_cancelled_job_delivers_all_at_once(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_cancel *cancel = NULL;
    struct lookup l = { 0 };
    int64_t start;

    (void)state;
    assert_ok(fpool_cancel_create(&cancel, NULL));
    begin(&l, pool, FPOOL_JOB(.cancel = cancel), &results);
    start = lookup_now_us();
    fpool_cancel_trip(cancel);
    check_end(&l, results, start, FPOOL_ECANCELED);
    lookup_release(&l);
    /* The pool goes on with other names, and the same resolvers. */
    lookup_one(pool, DNS(), "after.test", FPOOL_DNS_OK);
}

static void a_job_can_be_cancelled_by_its_handle(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct lookup l = { 0 };
    int64_t start;

    (void)state;
    begin(&l, pool, FPOOL_JOB(.window = 3000), &results);
    start = lookup_now_us();
    fpool_results_cancel(results);
    check_end(&l, results, start, FPOOL_ECANCELED);
    lookup_release(&l);
}

static void a_job_has_a_deadline(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct lookup l = { 0 };

    (void)state;
    begin(&l, pool, FPOOL_JOB(.deadline_ms = 3000), &results);
    check_end(&l, results, lookup_now_us(), FPOOL_EDEADLINE);
    lookup_release(&l);
}

/* Names that wait for their first try, for an answer, for their next try: each
 * ends after its own time, with a response that says so. */
static void an_item_has_a_deadline(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct lookup l = { 0 };
    int64_t start = lookup_now_us();
    size_t i;

    (void)state;
    add_names(&l, 300);
    lookup_add(&l, 20, "delay-10000.tc.n%u.test");
    lookup_run(&l, pool, DNS(), FPOOL_JOB(.item_timeout_ms = 500));
    assert_true(lookup_now_us() - start < PROMPT_US);
    for (i = 0; i < l.n; i++) {
        if (i < 600 && i % 2 == 0) {
            lookup_check_address(&l, i);
        } else {
            assert_int_equal(l.results[i].status, FPOOL_EDEADLINE);
            assert_int_equal(lookup_response(&l, i)->status, FPOOL_DNS_TIMEOUT);
        }
    }
    lookup_release(&l);
}

static void a_pool_that_terminates_ends_its_jobs(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct lookup l = { 0 };
    int64_t start;

    (void)state;
    begin(&l, pool, NULL, &results);
    start = lookup_now_us();
    assert_ok(fpool_terminate(pool));
    check_end(&l, results, start, FPOOL_ECANCELED);
    lookup_release(&l);
}

static void a_job_may_be_dropped_in_the_middle(void **state)
{
    int n_descriptors = count_descriptors();
    int n_threads = count_threads();
    struct fpool *pool = make_pool(1);
    struct fpool_results *results = NULL;
    struct lookup l = { 0 };
    int64_t start;

    (void)state;
    begin(&l, pool, NULL, &results);
    start = lookup_now_us();
    fpool_results_destroy(&results);
    lookup_one(pool, DNS(), "after.test", FPOOL_DNS_OK);
    fpool_destroy(&pool);
    assert_true(lookup_now_us() - start < PROMPT_US);
    await_threads(n_threads);
    assert_int_equal(count_descriptors(), n_descriptors);
    lookup_release(&l);
}

/* The handle of a job lives on: its results and its counters are there. */
static void a_handle_outlives_its_pool(void **state)
{
    struct fpool *pool = make_pool(1);
    struct fpool_results *results = NULL;
    struct lookup l = { 0 };
    struct fpool_dns_stats stats = { .struct_size = sizeof(stats) };
    uint64_t n_sent;
    int64_t start;

    (void)state;
    begin(&l, pool, NULL, &results);
    start = lookup_now_us();
    fpool_destroy(&pool);
    check_end(&l, results, start, FPOOL_ECANCELED);
    assert_ok(fpool_dns_get_stats(results, &stats));
    n_sent = stats.sent;
    assert_true(n_sent >= 1000);
    assert_int_equal(stats.n_resolvers, 1);
    fpool_results_destroy(&results);
    assert_string_equal(lookup_response(&l, 0)->resolver, server.address);
    lookup_release(&l);
}

/* Two handles on one asker, and one on another: the last one takes what is left
 * with it, in whatever order. */
static void handles_may_end_in_any_order(void **state)
{
    struct fpool *pool = make_pool(1);
    struct fpool_results *results[3] = { NULL };
    struct lookup lookups[3] = { { .n = 0 } };
    struct server other;
    size_t i;

    (void)state;
    server_start(&other, NULL);
    for (i = 0; i < 3; i++) {
        const char *address = i == 1 ? other.address : server.address;

        lookup_add(&lookups[i], 100, "n%u.test");
        assert_ok(fpool_imap_unordered(pool, FPOOL_DNS(.resolvers = address),
                                       lookup_source(&lookups[i]), NULL,
                                       &results[i]));
    }
    fpool_results_destroy(&results[2]);
    fpool_destroy(&pool);
    for (i = 0; i < 2; i++) {
        lookup_take(&lookups[i], results[i], 0);
        assert_int_equal(lookups[i].stats.in_flight, 0);
        fpool_results_destroy(&results[i]);
    }
    for (i = 0; i < 3; i++) {
        lookup_release(&lookups[i]);
    }
    server_end_all(&other, 1);
}

/* A job that is cancelled before anything happened. */
static void a_job_may_be_over_before_it_begins(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_cancel *cancel = NULL;
    struct lookup l = { 0 };
    unsigned i;

    (void)state;
    assert_ok(fpool_cancel_create(&cancel, NULL));
    fpool_cancel_trip(cancel);
    lookup_add(&l, 100, "n%u.test");
    for (i = 0; i < 200; i++) {
        struct fpool_results *results = NULL;
        struct fpool_result r;

        assert_ok(fpool_imap_unordered(
            pool, DNS(.qps = 1000 + i % 3), lookup_source(&l),
            FPOOL_JOB(.cancel = i % 2 == 0 ? cancel : NULL), &results));
        if (i % 2 == 0) {
            while (fpool_next(results, &r, GUARD_MS) == FPOOL_OK) {
                assert_int_equal(r.status, FPOOL_ECANCELED);
                fpool_result_release(&r);
            }
        }
        fpool_results_destroy(&results);
    }
    lookup_release(&l);
    lookup_one(pool, DNS(), "after.test", FPOOL_DNS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_job_delivers_all_at_once),
        cmocka_unit_test(a_job_can_be_cancelled_by_its_handle),
        cmocka_unit_test(a_job_has_a_deadline),
        cmocka_unit_test(an_item_has_a_deadline),
        cmocka_unit_test(a_pool_that_terminates_ends_its_jobs),
        cmocka_unit_test(a_job_may_be_dropped_in_the_middle),
        cmocka_unit_test(a_handle_outlives_its_pool),
        cmocka_unit_test(handles_may_end_in_any_order),
        cmocka_unit_test(a_job_may_be_over_before_it_begins),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
