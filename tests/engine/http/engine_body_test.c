/* SPDX-License-Identifier: MIT */
/* Bodies of the http engine from end to end: codings, bounds, and bodies that
 * are handed to the program piece by piece. */
#include <string.h>
#include <unistd.h>

#include "engine/http/fetches.h"
#include "engine/http/web.h"

static struct fpool *pool;
static struct web web;
static char spool[] = "/tmp/fpool-spool-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    web_start(&web, 1, NULL);
    pool = make_pool(1);
    return mkdtemp(spool) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    fpool_destroy(&pool);
    web_stop(&web);
    return rmdir(spool); /* fails when a file was left */
}

/* ---- Codings. */

/* The same bytes with and without; and nothing is undone unasked. */
static void gzip_is_undone_when_asked_for(void **state)
{
    struct fpool_result coded;
    struct fpool_result plain;
    const struct fpool_http_response *c;
    const struct fpool_http_response *p;

    (void)state;
    coded = fetch_one(
        pool, FPOOL_HTTP(.flags = FPOOL_HTTP_COMPRESSED, .digest = "sha256"),
        web_url(&web, 0, "/-/gzip/50000"));
    plain = fetch_one(pool, FPOOL_HTTP(.digest = "sha256"),
                      web_url(&web, 0, "/-/bytes/50000"));
    c = fpool_result_http(&coded);
    p = fpool_result_http(&plain);
    assert_int_equal(coded.status, FPOOL_OK);
    assert_int_equal(c->body_size, 50000);
    assert_memory_equal(c->body, p->body, 50000);
    assert_string_equal(c->sha256, p->sha256);
    fpool_result_release(&coded);
    fpool_result_release(&plain);

    coded = fetch_one(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/gzip/50000"));
    c = fpool_result_http(&coded);
    assert_int_equal(coded.status, FPOOL_OK);
    assert_true(c->body_size > 50000);
    assert_memory_equal(c->body, "\x1f\x8b", 2);
    fpool_result_release(&coded);
}

static void codings_are_asked_for_only_then(void **state)
{
    struct fpool_result r;

    (void)state;
    r = fetch_one(pool, FPOOL_HTTP(), web_url(&web, 0, "/-/echo"));
    assert_null(strcasestr(fpool_result_http(&r)->body, "accept-encoding"));
    fpool_result_release(&r);
    r = fetch_one(pool, FPOOL_HTTP(.flags = FPOOL_HTTP_COMPRESSED),
                  web_url(&web, 0, "/-/echo"));
    assert_non_null(
        strcasestr(fpool_result_http(&r)->body, "accept-encoding: "));
    fpool_result_release(&r);
}

static void bounds_are_of_what_comes_out(void **state)
{
    const struct fpool_op *op =
        FPOOL_HTTP(.flags = FPOOL_HTTP_COMPRESSED, .tries = 1,
                   .max_size = 1000000, .spool_dir = spool);

    (void)state;
    fetch_check(pool, op, web_url(&web, 0, "/-/gzip/1000000"), "", 1);
    fetch_check(pool, op, web_url(&web, 0, "/-/gzip/1000001"), "limit.size", 1);
    fetch_check(pool, op, web_url(&web, 0, "/-/bomb/10000"), "limit.size", 1);
    fetch_check(pool, op, web_url(&web, 0, "/-/bytes/1000001"), "limit.size",
                1);
    fetch_check(pool, FPOOL_HTTP(.flags = FPOOL_HTTP_COMPRESSED, .tries = 1),
                web_url(&web, 0, "/-/bomb/10000"), "limit.memory", 1);
}

static void bodies_that_are_dropped_are_counted(void **state)
{
    struct fpool_result r = fetch_one(
        pool, FPOOL_HTTP(.flags = FPOOL_HTTP_NO_BODY, .digest = "sha256"),
        web_url(&web, 0, "/-/bytes/3000000"));
    const struct fpool_http_response *h = fpool_result_http(&r);
    char digest[65];

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(h->body_size, 3000000);
    assert_null(h->body);
    assert_int_equal(h->body_fd, -1);
    memcpy(digest, h->sha256, sizeof(digest));
    fpool_result_release(&r);
    r = fetch_one(pool, FPOOL_HTTP(.spool_dir = spool, .digest = "sha256"),
                  web_url(&web, 0, "/-/bytes/3000000"));
    assert_string_equal(fpool_result_http(&r)->sha256, digest);
    assert_true(fpool_result_http(&r)->body_fd >= 0);
    fpool_result_release(&r);
}

/* ---- Piece by piece. */

struct receiver {
    int refuse_from;   /* the call that is refused, from 1; 0: none */
    struct door *door; /* to wait at in the second call, or NULL */
    atomic_int n_calls;
    atomic_int n_running;
    atomic_int n_overlaps;
    int n_wrong;
    int n_begun; /* calls without data */
    int64_t size;
    int64_t length;
    int status_code;
    char headers[512];
};

/* The sequence of /-/bytes/N, as the server makes it. */
static unsigned char pattern_at(int64_t position)
{
    uint64_t k = ((uint64_t)position / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15);

    k = (k ^ (k >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    k = (k ^ (k >> 27)) * UINT64_C(0x94d049bb133111eb);
    k ^= k >> 31;
    return (unsigned char)(k >> position % 8 * 8 & 0xff);
}

static void check_piece(struct receiver *receiver,
                        const struct fpool_http_part *part)
{
    const unsigned char *bytes = part->data;
    size_t i;

    receiver->n_wrong += part->offset != receiver->size;
    for (i = 0; i < part->size; i++) {
        receiver->n_wrong += bytes[i] != pattern_at(receiver->size + (int)i);
    }
    receiver->size += (int64_t)part->size;
}

static int receive(void *userdata, const struct fpool_http_part *part)
{
    struct receiver *receiver = userdata;
    int call = atomic_fetch_add(&receiver->n_calls, 1) + 1;

    if (atomic_fetch_add(&receiver->n_running, 1) > 0) {
        atomic_fetch_add(&receiver->n_overlaps, 1);
    }
    if (part->data == NULL) {
        receiver->n_begun++;
        receiver->n_wrong += part->size != 0 || part->offset != 0;
        receiver->size = 0;
        receiver->length = part->length;
        receiver->status_code = part->status_code;
        snprintf(receiver->headers, sizeof(receiver->headers), "%s",
                 part->headers);
    } else {
        check_piece(receiver, part);
    }
    if (receiver->door != NULL && call == 2) {
        door_wait(receiver->door);
    }
    atomic_fetch_sub(&receiver->n_running, 1);
    return call == receiver->refuse_from;
}

static void pieces_add_up(void **state)
{
    struct receiver receiver = { 0 };
    struct fpool_result r =
        fetch_one(pool,
                  FPOOL_HTTP(.on_body = receive, .userdata = &receiver,
                             .digest = "sha256"),
                  web_url(&web, 0, "/-/bytes/2000003"));
    const struct fpool_http_response *h = fpool_result_http(&r);

    (void)state;
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(receiver.n_begun, 1);
    assert_int_equal(receiver.size, 2000003);
    assert_int_equal(receiver.length, 2000003);
    assert_int_equal(receiver.status_code, 200);
    assert_int_equal(receiver.n_wrong, 0);
    assert_int_equal(receiver.n_overlaps, 0);
    assert_non_null(
        strstr(receiver.headers, "Content-Type: application/octet-stream\n"));
    assert_null(strchr(receiver.headers, '\r'));
    assert_int_equal(h->body_size, 2000003);
    assert_null(h->body);
    assert_int_equal(h->body_fd, -1);
    assert_int_equal(strlen(h->sha256), 64);
    fpool_result_release(&r);
}

static void an_empty_body_is_announced_too(void **state)
{
    static const char *const paths[] = { "/-/bytes/0", "/-/status/204" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(paths); i++) {
        struct receiver receiver = { 0 };

        fetch_check(pool, FPOOL_HTTP(.on_body = receive, .userdata = &receiver),
                    web_url(&web, 0, paths[i]), "", 1);
        assert_int_equal(receiver.n_begun, 1);
        assert_int_equal(receiver.size, 0);
    }
}

static void a_body_may_be_refused(void **state)
{
    int call;

    (void)state;
    for (call = 1; call <= 3; call++) {
        struct receiver receiver = { .refuse_from = call };

        web_forget(&web);
        fetch_check(pool, FPOOL_HTTP(.on_body = receive, .userdata = &receiver),
                    web_url(&web, 0, "/-/bytes/5000000"), "policy.refused", 1);
        assert_int_equal(receiver.n_calls, call);
        assert_int_equal(web_n_requests(&web), 1);
    }
}

/* Bodies of errors and of redirects are not the program's. */
static void only_good_bodies_are_handed_over(void **state)
{
    struct receiver receiver = { 0 };
    const struct fpool_op *op =
        FPOOL_HTTP(.on_body = receive, .userdata = &receiver, .tries = 2,
                   .retry_delay_ms = 1);

    (void)state;
    fetch_check(pool, op, web_url(&web, 0, "/-/status/404"), "http.4xx", 1);
    fetch_check(pool, op, web_url(&web, 0, "/-/status/500"), "http.5xx", 2);
    assert_int_equal(receiver.n_calls, 0);
    fetch_check(pool, op, web_url(&web, 0, "/-/redirect/2"), "", 1);
    assert_int_equal(receiver.n_begun, 1);
    assert_int_equal(receiver.size, 10);
}

/* What a try has brought before it failed may or may not be told. */
static void a_retry_begins_again(void **state)
{
    struct receiver receiver = { 0 };

    (void)state;
    fetch_check(pool,
                FPOOL_HTTP(.on_body = receive, .userdata = &receiver,
                           .retry_delay_ms = 1),
                web_url(&web, 0, "/-/fail/0/2/again/-/bytes/1000"), "", 3);
    assert_in_range(receiver.n_begun, 1, 3);
    assert_int_equal(receiver.size, 1000);
    assert_int_equal(receiver.n_wrong, 0);
}

/* While the program is busy, the server is not read from: what it has sent is
 * bounded by buffers, and it is our pause, not its stall. */
static void a_slow_program_pauses_the_transfer(void **state)
{
    struct door door = { 0 };
    struct receiver receiver = { .door = &door };
    struct fetches f = { 0 };
    struct fpool_http_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result ignored;

    (void)state;
    fetches_add(&f, "%s/-/bytes/50000000", web.urls[0]);
    fetches_start(&f, pool,
                  FPOOL_HTTP(.on_body = receive, .userdata = &receiver,
                             .stall_ms = 60, .tries = 1),
                  NULL);
    door_await(&door, 1);
    /* Longer than a stall may take. */
    assert_status(fpool_next(f.running, &ignored, 200), FPOOL_ETIMEDOUT);
    assert_ok(fpool_http_get_stats(f.running, &stats));
    assert_int_equal(stats.in_flight, 1);
    assert_int_equal(receiver.n_calls, 2);
    door_open(&door);
    fetches_finish(&f, FPOOL_END);
    fetches_check_all_ok(&f);
    assert_int_equal(receiver.size, 50000000);
    assert_int_equal(receiver.n_wrong, 0);
    fetches_release(&f);
}

/* A callback that blocks holds up its own transfer; the loop goes on. */
static void a_slow_program_holds_up_no_other_job(void **state)
{
    struct door door = { 0 };
    struct receiver receiver = { .door = &door };
    struct fetches slow = { 0 };
    struct fetches other = { 0 };
    int k;

    (void)state;
    fetches_add(&slow, "%s/-/bytes/1000", web.urls[0]);
    fetches_start(&slow, pool,
                  FPOOL_HTTP(.on_body = receive, .userdata = &receiver), NULL);
    door_await(&door, 1);
    for (k = 0; k < 50; k++) {
        fetches_add(&other, "%s/-/bytes/1000", web.urls[0]);
    }
    fetches_run(&other, pool, FPOOL_HTTP(), NULL);
    fetches_check_all_ok(&other);
    fetches_release(&other);
    door_open(&door);
    fetches_finish(&slow, FPOOL_END);
    fetches_check_all_ok(&slow);
    fetches_release(&slow);
}

static int count_bytes(void *userdata, const struct fpool_http_part *part)
{
    atomic_llong *total = userdata;

    atomic_fetch_add(total, (long long)part->size);
    return 0;
}

static void many_bodies_are_handed_over(void **state)
{
    struct fetches f = { 0 };
    atomic_llong total = 0;
    long long expected = 0;
    int k;

    (void)state;
    for (k = 0; k < 300; k++) {
        fetches_add(&f, "%s/-/bytes/%d", web.urls[0], k * 997);
        expected += k * 997;
    }
    fetches_run(&f, pool,
                FPOOL_HTTP(.on_body = count_bytes, .userdata = &total), NULL);
    fetches_check_all_ok(&f);
    assert_true(atomic_load(&total) == expected);
    fetches_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_undone_when_asked_for),
        cmocka_unit_test(codings_are_asked_for_only_then),
        cmocka_unit_test(bounds_are_of_what_comes_out),
        cmocka_unit_test(bodies_that_are_dropped_are_counted),
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(an_empty_body_is_announced_too),
        cmocka_unit_test(a_body_may_be_refused),
        cmocka_unit_test(only_good_bodies_are_handed_over),
        cmocka_unit_test(a_retry_begins_again),
        cmocka_unit_test(a_slow_program_pauses_the_transfer),
        cmocka_unit_test(a_slow_program_holds_up_no_other_job),
        cmocka_unit_test(many_bodies_are_handed_over),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
