/* SPDX-License-Identifier: MIT */
/* The dns engine without memory: a small job with the n-th allocation failing,
 * for all n until none fails, and with all failing from the n-th on; and
 * without descriptors.  Each name has a result, the job starts or says why not,
 * and nothing leaks (threads, descriptors; memory under the sanitizers) or
 * hangs. */
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "engine/dns/lookup.h"
#include "engine/dns/server.h"

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

/* A name that met local trouble says so, and blames no resolver; but for a
 * connection that had no room for its question.  One of the names is none. */
static void check_result(const struct fpool_result *r)
{
    const struct fpool_dns_response *d = fpool_result_dns(r);

    if (d == NULL) {
        assert_status(r->status, FPOOL_ENOMEM);
        return;
    }
    assert_true(r->status == FPOOL_OK || r->status == FPOOL_EINVALID ||
                r->status == FPOOL_EFAILED);
    if (r->status == FPOOL_EFAILED && strcmp(d->protocol, "tcp") != 0) {
        assert_string_equal(
            d->error_message,
            "there was no memory, or no descriptor, to ask with");
        assert_string_equal(d->resolver, "");
    }
}

static void run_job(struct fpool *pool, const struct lookup *names)
{
    struct lookup l = *names;
    struct fpool_results *results = NULL;
    const struct fpool_op *op =
        FPOOL_DNS(.resolvers = server.address, .suffix = "test", .tries = 1,
                  .flags = FPOOL_DNS_NO_LAST_PASS | FPOOL_DNS_KEEP_MESSAGE);
    enum fpool_status status;
    struct fpool_result r;
    size_t n = 0;

    status = fpool_imap_unordered(pool, op, lookup_source(&l), NULL, &results);
    if (status != FPOOL_OK) {
        assert_status(status, FPOOL_ENOMEM);
        return;
    }
    for (status = fpool_next(results, &r, GUARD_MS); status == FPOOL_OK;
         status = fpool_next(results, &r, GUARD_MS)) {
        check_result(&r);
        fpool_result_release(&r);
        n++;
    }
    assert_status(status, FPOOL_END);
    assert_int_equal(n, l.n);
    fpool_results_destroy(&results);
}

/* Returns whether the n-th allocation was ever asked for. */
static bool torture(unsigned long n, int persistent, const struct lookup *names)
{
    int threads = count_threads();
    int descriptors = count_descriptors();
    struct fpool *pool = NULL;
    unsigned long asked;

    fpool_mem_fail_at(n, persistent);
    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 1)) == FPOOL_OK) {
        run_job(pool, names);
    }
    fpool_destroy(&pool);
    asked = fpool_mem_count();
    fpool_mem_fail_at(0, 0);
    await_threads(threads);
    assert_int_equal(count_descriptors(), descriptors);
    return asked >= n;
}

/* Memory that is gone for good is waited for, so that the points are sparse. */
static void check(int persistent)
{
    struct lookup names = { 0 };
    unsigned long n = 1;

    lookup_add(&names, 5, "n%u");
    lookup_add(&names, 1, "nx");
    lookup_add(&names, 1,
               "b\xc3\xbc"
               "cher");
    lookup_add(&names, 1, "bad..name");
    lookup_add(&names, 2, "tc.n%u");
    lookup_add(&names, 1, "many-1000");
    lookup_add(&names, 1, "tconly");
    while (torture(n, persistent, &names)) {
        n += persistent ? 7 : 1;
    }
    assert_true(n > 20); /* it did reach the engine */
    lookup_release(&names);
}

static void any_single_allocation_may_fail(void **state)
{
    (void)state;
    check(0);
}

static void memory_may_run_out_for_good(void **state)
{
    (void)state;
    check(1);
}

/* The limit is what is open, so that no port can be had. */
static void descriptors_may_run_out(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct server other;
    struct lookup l = { 0 };
    struct rlimit limit;
    struct rlimit none;

    (void)state;
    server_start(&other, NULL);
    lookup_one(pool, FPOOL_DNS(.resolvers = server.address), "n.test",
               FPOOL_DNS_OK); /* The loop is there. */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 1;
    lookup_add(&l, 10, "n%u.test");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = other.address), NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(lookup_count(&l, FPOOL_DNS_FAILED), 10);
    check_result(&l.results[0]);
    assert_int_equal(lookup_n_tries(&l), 0);
    assert_int_equal(l.stats.sent, 0);
    lookup_forget(&l);
    lookup_run(&l, pool, FPOOL_DNS(.resolvers = other.address), NULL);
    lookup_check_addresses(&l);
    lookup_release(&l);
    server_end_all(&other, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_single_allocation_may_fail),
        cmocka_unit_test(memory_may_run_out_for_good),
        cmocka_unit_test(descriptors_may_run_out),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
