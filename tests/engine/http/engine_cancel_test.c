/* SPDX-License-Identifier: MIT */
/* The end of a job of the http engine in each phase of its items, by
 * cancellation, by its deadline, by the time of an item, by the end of the
 * pool: each item has exactly one result, of the right kind, and nothing is
 * left. */
#include <string.h>

#include "engine/dns/server.h"
#include "engine/http/fetches.h"
#include "engine/http/web.h"

#define N_ITEMS 12
#define LONG_MS 600000

static struct web web;
static struct server names;
static struct deaf full;
static struct deaf silent;

static int set_up(void **state)
{
    (void)state;
    web_start(&web, 1, NULL);
    server_start(&names, NULL);
    deaf_open(&full, DEAF_FULL);
    deaf_open(&silent, DEAF_SILENT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    deaf_close(&full);
    deaf_close(&silent);
    web_stop(&web);
    server_end_all(&names, 1);
    return 0;
}

/* Where items hang for longer than the test lasts. */
enum phase {
    PHASE_NAME,
    PHASE_CONNECT,
    PHASE_TLS,
    PHASE_HEAD,
    PHASE_BODY,
    PHASE_DRIP,
    PHASE_RETRY, /* waits for its next try */
    PHASE_PAUSE, /* waits for its host, which is throttled */
    PHASE_RATE,  /* waits for its host's turn */
    N_PHASES
};

static const char *url_in(enum phase phase)
{
    switch (phase) {
    case PHASE_NAME:
        return "http://silent.test/";
    case PHASE_CONNECT:
        return web_text("http://127.0.0.1:%d/", full.port);
    case PHASE_TLS:
        return web_text("https://127.0.0.1:%d/", silent.port);
    case PHASE_HEAD:
        return web_url(&web, 0, "/-/hang");
    case PHASE_BODY:
        return web_url(&web, 0, "/-/stall/5");
    case PHASE_DRIP:
        return web_url(&web, 0, "/-/drip/10/-/bytes/100000");
    case PHASE_RETRY:
        return web_url(&web, 0, "/-/status/500");
    case PHASE_PAUSE:
        return web_url(&web, 0, "/-/status/429?retry-after=600");
    default:
        return web_url(&web, 0, "/-/drip/10/-/bytes/100000");
    }
}

/* Starts a job that hangs in that phase; half of it waits for slots. */
static void start(struct fetches *f, struct fpool *pool, enum phase phase,
                  const struct fpool_job_options *job)
{
    const struct fpool_op *op =
        FPOOL_HTTP(.connect_timeout_ms = LONG_MS, .first_byte_ms = LONG_MS,
                   .stall_ms = LONG_MS,
                   .retry_delay_ms = phase == PHASE_RETRY ? LONG_MS : 1,
                   .in_flight = N_ITEMS / 2, .per_host = N_ITEMS / 2,
                   .resolvers = names.address, .flags = FPOOL_HTTP_NO_BODY,
                   .host_rate = phase == PHASE_RATE ? 0.001 : 0);
    int k;

    for (k = 0; k < N_ITEMS; k++) {
        fetches_add(f, "%s", url_in(phase));
    }
    fetches_start(f, pool, op, job);
}

/* Gives the items time to get there; none of them ends by itself. */
static void settle(struct fetches *f)
{
    struct fpool_results_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_result result;

    do {
        enum fpool_status status = fpool_next(f->running, &result, 20);

        if (status == FPOOL_OK) {
            fail_msg("%s: %s", f->urls[result.index],
                     fpool_result_http(&result)->error_message);
        }
        assert_status(status, FPOOL_ETIMEDOUT);
        assert_ok(fpool_results_get_stats(f->running, &stats));
    } while (stats.pulled < N_ITEMS);
}

static void each_phase_can_be_cancelled(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    int phase;

    (void)state;
    for (phase = 0; phase < N_PHASES; phase++) {
        FPOOL_SCOPED struct fpool_cancel *cancel = NULL;
        struct fetches f = { 0 };

        assert_ok(fpool_cancel_create(&cancel, NULL));
        start(&f, pool, (enum phase)phase, FPOOL_JOB(.cancel = cancel));
        settle(&f);
        fpool_cancel_trip(cancel);
        fetches_finish(&f, FPOOL_ECANCELED);
        assert_int_equal(f.n_done, N_ITEMS);
        assert_int_equal(fetches_count(&f, "cancelled"), N_ITEMS);
        fetches_release(&f);
    }
}

static void each_phase_ends_with_the_run(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    int phase;

    (void)state;
    for (phase = 0; phase < N_PHASES; phase++) {
        struct fetches f = { 0 };

        start(&f, pool, (enum phase)phase, FPOOL_JOB(.deadline_ms = 60));
        fetches_finish(&f, FPOOL_EDEADLINE);
        assert_in_range(f.n_done, 1, N_ITEMS); /* what was pulled */
        assert_int_equal(fetches_count(&f, "timeout.run"), f.n_done);
        fetches_release(&f);
    }
}

static void check_time_of_items(struct fpool *pool, enum phase phase)
{
    struct fetches f = { 0 };
    size_t k;

    start(&f, pool, phase, FPOOL_JOB(.item_timeout_ms = 50));
    fetches_finish(&f, FPOOL_END);
    for (k = 0; k < N_ITEMS; k++) {
        const struct fpool_http_response *h = fetches_response(&f, k);

        /* A host that is not reached in the time of its items is given up. */
        if (phase <= PHASE_TLS &&
            strcmp(h->error_kind, "connect.host_down") == 0) {
            continue;
        }
        if (strcmp(h->error_kind, "timeout.total") != 0) {
            fail_msg("phase %d: %s", phase, h->error_kind);
        }
        assert_int_equal(f.results[k].status, FPOOL_EDEADLINE);
    }
    fetches_release(&f);
}

/* All but the pause of a host are an item's own time. */
static void each_phase_ends_with_the_time_of_an_item(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    int phase;

    (void)state;
    for (phase = PHASE_CONNECT; phase < PHASE_PAUSE; phase++) {
        check_time_of_items(pool, (enum phase)phase);
    }
}

static void so_does_the_search_for_a_name(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);

    (void)state;
    check_time_of_items(pool, PHASE_NAME);
}

static void results_may_be_destroyed_in_each_phase(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    int phase;

    (void)state;
    for (phase = 0; phase < N_PHASES; phase++) {
        struct fetches f = { 0 };

        start(&f, pool, (enum phase)phase, NULL);
        settle(&f);
        fetches_release(&f);
    }
}

static void a_pool_may_end_in_each_phase(void **state)
{
    int n_threads = count_threads();
    int n_descriptors = count_descriptors();
    int phase;

    (void)state;
    for (phase = 0; phase < N_PHASES; phase++) {
        struct fpool *pool = make_pool(1);
        struct fetches f = { 0 };

        start(&f, pool, (enum phase)phase, NULL);
        settle(&f);
        fpool_destroy(&pool);
        fetches_finish(&f, FPOOL_ECANCELED);
        assert_int_equal(f.n_done, N_ITEMS);
        fetches_release(&f);
    }
    await_threads(n_threads);
    assert_int_equal(count_descriptors(), n_descriptors);
}

/* One item's end is its own: the neighbour on the same host goes on. */
static void one_items_time_is_not_its_neighbours(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 20; k++) {
        fetches_add(&f, "%s/-/hang", web.urls[0]);
        fetches_add(&f, "%s/-/delay/20/-/bytes/9", web.urls[0]);
    }
    fetches_run(&f, pool, FPOOL_HTTP(.per_host = 40),
                FPOOL_JOB(.item_timeout_ms = 150));
    assert_int_equal(fetches_count(&f, ""), 20);
    assert_int_equal(fetches_count(&f, "timeout.total"), 20);
    fetches_release(&f);
}

struct blocked {
    struct door door;
};

static int block(void *userdata, const struct fpool_http_part *part)
{
    struct blocked *blocked = userdata;

    (void)part;
    door_wait(&blocked->door);
    return 0;
}

/* What the program holds up, it ends: the job waits for it. */
static void a_callback_is_waited_for(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct blocked blocked = { .door = { 0 } };
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < N_ITEMS; k++) {
        fetches_add(&f, "%s/-/bytes/1000000", web.urls[0]);
    }
    fetches_start(&f, pool, FPOOL_HTTP(.on_body = block, .userdata = &blocked),
                  NULL);
    door_await(&blocked.door, 1);
    fpool_results_cancel(f.running);
    door_open(&blocked.door);
    fetches_finish(&f, FPOOL_ECANCELED);
    assert_true(f.n_done > 0);
    assert_int_equal(fetches_count(&f, "cancelled"), f.n_done);
    fetches_release(&f);
}

static void the_first_failure_may_end_all(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    struct fetches f = { 0 };
    int k;

    (void)state;
    for (k = 0; k < 10; k++) {
        fetches_add(&f, "%s%s", web.urls[0],
                    k == 5 ? "/-/status/404" : "/-/hang");
    }
    fetches_start(&f, pool, FPOOL_HTTP(.per_host = 10),
                  FPOOL_JOB(.flags = FPOOL_FAIL_FAST));
    fetches_finish(&f, FPOOL_EFAILED);
    assert_int_equal(f.n_done, 10);
    assert_int_equal(fetches_count(&f, "cancelled"), 9);
    fetches_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_can_be_cancelled),
        cmocka_unit_test(each_phase_ends_with_the_run),
        cmocka_unit_test(each_phase_ends_with_the_time_of_an_item),
        cmocka_unit_test(so_does_the_search_for_a_name),
        cmocka_unit_test(results_may_be_destroyed_in_each_phase),
        cmocka_unit_test(a_pool_may_end_in_each_phase),
        cmocka_unit_test(one_items_time_is_not_its_neighbours),
        cmocka_unit_test(a_callback_is_waited_for),
        cmocka_unit_test(the_first_failure_may_end_all),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
