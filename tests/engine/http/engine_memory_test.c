/* SPDX-License-Identifier: MIT */
/* The http engine without memory: a small job with the n-th allocation failing,
 * for all n until none fails, and with all failing from the n-th on; and with
 * few descriptors or none.  Each item has a result, the job starts or says why
 * not, and nothing leaks (threads, descriptors; memory under the sanitizers) or
 * hangs. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/http/fetches.h"
#include "engine/http/web.h"

static struct web web;
static char spool[] = "/tmp/fpool-spool-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    web_start(&web, 8, (const char *const[]){ "-n", "8", NULL });
    return mkdtemp(spool) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    web_stop(&web);
    return rmdir(spool);
}

/* ---- Memory. */

static int take(void *userdata, const struct fpool_http_part *part)
{
    (void)userdata;
    (void)part;
    return 0;
}

static bool describe(void *userdata, const struct fpool_item *item,
                     struct fpool_http_request *ret_request,
                     const char **ret_reason)
{
    (void)userdata;
    (void)item;
    (void)ret_reason;
    ret_request->headers = "X-Some: thing";
    return true;
}

/* Local trouble is called that, and nobody else is blamed. */
static void check_result(const struct fpool_result *r)
{
    const struct fpool_http_response *h = fpool_result_http(r);

    if (h == NULL) {
        assert_status(r->status, FPOOL_ENOMEM);
        return;
    }
    if (h->error != FPOOL_HTTP_ERROR_NONE &&
        h->error != FPOOL_HTTP_ERROR_LOCAL_MEMORY &&
        h->error != FPOOL_HTTP_ERROR_HTTP_4XX) {
        fail_msg("%s: %s: %s", h->url, h->error_kind, h->error_message);
    }
    assert_true(h->error == FPOOL_HTTP_ERROR_NONE || h->body == NULL);
}

static void run_job(struct fpool *pool, const struct fpool_op *op,
                    struct fetches *list)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    enum fpool_status status;
    struct fpool_result r;
    size_t n = 0;

    status =
        fpool_imap_unordered(pool, op, fetches_source(list), NULL, &results);
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
    assert_int_equal(n, list->n);
}

/* Returns whether the n-th allocation was ever asked for. */
static bool torture(unsigned long n, int persistent, const struct fpool_op *op,
                    struct fetches *list)
{
    int threads = count_threads();
    int descriptors = count_descriptors();
    struct fpool *pool = NULL;
    unsigned long asked;

    fpool_mem_fail_at(n, persistent);
    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 1)) == FPOOL_OK) {
        run_job(pool, op, list);
    }
    fpool_destroy(&pool);
    asked = fpool_mem_count();
    fpool_mem_fail_at(0, 0);
    await_threads(threads);
    assert_int_equal(count_descriptors(), descriptors);
    return asked >= n;
}

static void torture_all(const struct fpool_op *op, struct fetches *list)
{
    unsigned long n = 1;

    while (torture(n, 0, op, list)) {
        n++;
    }
    assert_true(n > 20); /* it did reach the engine */
    for (n = 1; torture(n, 1, op, list); n += 7) {
    }
}

static void memory_may_run_out(void **state)
{
    int port = web_port(&web, 0);
    const char *list = web_text("a.test:%d:127.0.0.9,127.0.0.1", port);
    struct fetches f = { 0 };

    (void)state;
    fetches_add(&f, "%s/-/bytes/100000", web.urls[0]);
    fetches_add(&f, "%s/-/redirect/2", web.urls[1]);
    fetches_add(&f, "%s/-/status/404", web.urls[0]);
    fetches_add(&f, "http://a.test:%d/-/bytes/10", port);
    torture_all(
        FPOOL_HTTP(.retry_delay_ms = 1, .spool_dir = spool, .digest = "sha256",
                   .resolve = list, .headers = "A: b", .user = "a:b",
                   .deny_nets = "10.0.0.0/8", .flags = FPOOL_HTTP_KEEP_HEADERS),
        &f);
    fetches_release(&f);
}

static void memory_may_run_out_for_callbacks(void **state)
{
    struct fetches f = { 0 };

    (void)state;
    fetches_add(&f, "%s/-/bytes/100000", web.urls[0]);
    fetches_add(&f, "%s/-/gzip/1000", web.urls[1]);
    torture_all(FPOOL_HTTP(.retry_delay_ms = 1, .describe = describe,
                           .on_body = take, .method = "PUT", .body = "body",
                           .body_size = 4, .flags = FPOOL_HTTP_COMPRESSED),
                &f);
    fetches_release(&f);
}

/* ---- Descriptors. */

static struct rlimit lower_limit(int room)
{
    struct rlimit limit;
    struct rlimit lower;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    lower = limit;
    lower.rlim_cur = (rlim_t)(count_descriptors() + room);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    return limit;
}

static void few_descriptors_mean_fewer_transfers(void **state)
{
    struct rlimit limit = lower_limit(40);
    struct fpool *pool = make_pool(1);
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 400; k++) {
        fetches_add(&f, "%s/-/delay/2/-/bytes/9", web.urls[k % 8]);
    }
    fetches_run(
        &f, pool,
        FPOOL_HTTP(.in_flight = 200, .per_host = 50, .retry_delay_ms = 5),
        NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fetches_check_all_ok(&f);
    assert_in_range(f.stats.in_flight_limit, 1, 40);
    fetches_release(&f);
    fpool_destroy(&pool);
}

/* The limit is what is open, so that no socket can be had; later it can. */
static void descriptors_may_run_out(void **state)
{
    struct fpool *pool = make_pool(1);
    struct fetches f = { 0 };
    struct rlimit limit;
    int k;

    (void)state;
    fetch_check(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/bytes/1"), "", 1);
    limit = lower_limit(0);
    for (k = 0; k < 10; k++) {
        fetches_add(&f, "%s/-/bytes/9", web.urls[1 + k % 7]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.retry_delay_ms = 1), NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(
        fetches_count(&f, "") + fetches_count(&f, "local.descriptors"), 10);
    fetches_release(&f);
    fetch_check(pool, FPOOL_HTTP(), web_url(&web, 3, "/-/bytes/1"), "", 1);
    fpool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(memory_may_run_out_for_callbacks),
        cmocka_unit_test(few_descriptors_mean_fewer_transfers),
        cmocka_unit_test(descriptors_may_run_out),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
