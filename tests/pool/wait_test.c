/* SPDX-License-Identifier: MIT */
/* Sources that have nothing now but may have later: crawls that end by
 * themselves, feeders on other threads, and the ways to stop a waiting job. */
#include <poll.h>
#include <pthread.h>

#include "support/check.h"

#define N_PAGES 2000

/* Pages to visit; page n links to pages 2n + 1 and 2n + 2, below 'n_pages'. */
struct frontier {
    pthread_mutex_t mu;
    uintptr_t pages[N_PAGES];
    int n;
    int n_pages;
    bool is_closed; /* FPOOL_END instead of FPOOL_WAIT */
    atomic_int n_asked;
    atomic_int n_visited[N_PAGES];
};

static void frontier_init(struct frontier *f, int n_pages)
{
    int i;

    pthread_mutex_init(&f->mu, NULL);
    f->n = 0;
    f->n_pages = n_pages;
    f->is_closed = false;
    atomic_store(&f->n_asked, 0);
    for (i = 0; i < N_PAGES; i++) {
        atomic_store(&f->n_visited[i], 0);
    }
}

static void frontier_add(struct frontier *f, uintptr_t page)
{
    pthread_mutex_lock(&f->mu);
    if (page < (uintptr_t)f->n_pages) {
        f->pages[f->n++] = page;
    }
    pthread_mutex_unlock(&f->mu);
}

static int frontier_next(void *self, struct fpool_item *ret_item,
                         struct fpool_cancel *cancel)
{
    struct frontier *f = self;
    int rc = FPOOL_WAIT;

    (void)cancel;
    pthread_mutex_lock(&f->mu);
    if (f->n > 0) {
        *ret_item = fpool_item_pointer(from_int(f->pages[--f->n]));
        rc = FPOOL_OK;
    } else if (f->is_closed) {
        rc = FPOOL_END;
    }
    pthread_mutex_unlock(&f->mu);
    atomic_fetch_add(&f->n_asked, 1);
    return rc;
}

static struct fpool_source frontier_source(struct frontier *f)
{
    return (struct fpool_source){ .next = frontier_next, .self = f };
}

static int task_visit(struct fpool_task *task, void *item, void **ret_value)
{
    struct frontier *f = fpool_task_userdata(task);
    uintptr_t page = to_int(item);

    atomic_fetch_add(&f->n_visited[page], 1);
    frontier_add(f, 2 * page + 1);
    frontier_add(f, 2 * page + 2);
    *ret_value = item;
    return 0;
}

static void check_visits(struct frontier *f)
{
    int i;

    for (i = 0; i < f->n_pages; i++) {
        assert_int_equal(atomic_load(&f->n_visited[i]), 1);
    }
}

static void a_crawl_ends_when_no_page_is_left(void **state)
{
    static struct frontier f;
    unsigned workers;
    int n;

    (void)state;
    for (workers = 1; workers <= 4; workers += 3) {
        FPOOL_SCOPED struct fpool *pool = make_pool(workers);
        FPOOL_SCOPED struct fpool_results *ordered = NULL;
        FPOOL_SCOPED struct fpool_results *unordered = NULL;

        frontier_init(&f, N_PAGES);
        frontier_add(&f, 0);
        assert_ok(fpool_imap(pool, FPOOL_CALL(task_visit, &f),
                             frontier_source(&f), NULL, &ordered));
        assert_status(drain(ordered, &n), FPOOL_END);
        assert_int_equal(n, N_PAGES);
        check_visits(&f);

        frontier_init(&f, N_PAGES);
        frontier_add(&f, 0);
        assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_visit, &f),
                                       frontier_source(&f),
                                       FPOOL_JOB(.window = 1), &unordered));
        assert_status(drain(unordered, &n), FPOOL_END);
        assert_int_equal(n, N_PAGES);
        check_visits(&f);
    }
}

static void a_crawl_by_map_or_for_each_ends_too(void **state)
{
    static struct frontier f;
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    FPOOL_SCOPED struct fpool_batch *nothing = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;

    (void)state;
    frontier_init(&f, N_PAGES);
    frontier_add(&f, 0);
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_visit, &f),
                              frontier_source(&f), NULL, &batch));
    assert_ok(fpool_batch_wait(batch, GUARD_MS));
    assert_int_equal(fpool_batch_count(batch), N_PAGES);
    check_visits(&f);
    /* A source that never has anything. */
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_visit, &f),
                              frontier_source(&f), NULL, &nothing));
    assert_ok(fpool_batch_wait(nothing, GUARD_MS));
    assert_int_equal(fpool_batch_count(nothing), 0);

    frontier_init(&f, N_PAGES);
    frontier_add(&f, 0);
    assert_ok(fpool_sink_collect(&sink));
    assert_ok(fpool_for_each(pool, FPOOL_CALL(task_visit, &f),
                             frontier_source(&f), sink, NULL));
    assert_int_equal(fpool_sink_count(sink), N_PAGES);
    check_visits(&f);
}

/* The reader's loop may add pages too: only when it comes back with nothing
 * added does the job end. */
static void a_reader_may_add_pages(void **state)
{
    static struct frontier f;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    int n = 0;

    (void)state;
    frontier_init(&f, N_PAGES);
    frontier_add(&f, 0);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         frontier_source(&f), NULL, &results));
    while (fpool_next(results, &r, GUARD_MS) == FPOOL_OK) {
        uintptr_t page = to_int(r.item.data);

        atomic_fetch_add(&f.n_visited[page], 1);
        frontier_add(&f, 2 * page + 1);
        frontier_add(&f, 2 * page + 2);
        n++;
    }
    assert_int_equal(n, N_PAGES);
    check_visits(&f);
    assert_status(fpool_next(results, &r, 0), FPOOL_END);
}

/* The same, read with poll() alone. */
static void a_crawl_read_by_poll_ends_too(void **state)
{
    static struct frontier f;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    enum fpool_status st = FPOOL_ETIMEDOUT;
    struct pollfd fd = { .events = POLLIN };
    struct fpool_result r;
    int n = 0;

    (void)state;
    frontier_init(&f, N_PAGES);
    frontier_add(&f, 0);
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_visit, &f),
                                   frontier_source(&f), NULL, &results));
    fd.fd = fpool_results_fd(results);
    while (st == FPOOL_ETIMEDOUT) {
        assert_int_equal(poll(&fd, 1, GUARD_MS), 1);
        while ((st = fpool_next(results, &r, 0)) == FPOOL_OK) {
            n++;
        }
    }
    assert_status(st, FPOOL_END);
    assert_int_equal(n, N_PAGES);
}

struct feeder {
    pthread_t thread;
    struct frontier *f;
    struct fpool_results *results;
    int n;
};

/* Adds pages one by one, each when the one before has been visited. */
static void *feeder_main(void *arg)
{
    struct feeder *feeder = arg;
    int i;

    for (i = 0; i < feeder->n; i++) {
        frontier_add(feeder->f, (uintptr_t)i);
        fpool_results_wake(feeder->results);
        await_count(&feeder->f->n_visited[i], 1);
    }
    fpool_results_unhold(feeder->results);
    return NULL;
}

static int task_visit_only(struct fpool_task *task, void *item,
                           void **ret_value)
{
    struct frontier *f = fpool_task_userdata(task);

    atomic_fetch_add(&f->n_visited[to_int(item)], 1);
    *ret_value = item;
    return 0;
}

static void a_held_job_waits_for_its_feeder(void **state)
{
    static struct frontier f;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct feeder feeder = { .f = &f, .n = 500 };
    struct fpool_result r;
    int n;

    (void)state;
    frontier_init(&f, N_PAGES);
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_visit_only, &f),
                                   frontier_source(&f), NULL, &results));
    fpool_results_hold(results);
    fpool_results_hold(results);
    assert_status(fpool_next(results, &r, 20), FPOOL_ETIMEDOUT);
    fpool_results_unhold(results); /* one is left */
    assert_status(fpool_next(results, &r, 20), FPOOL_ETIMEDOUT);
    feeder.results = results;
    assert_int_equal(pthread_create(&feeder.thread, NULL, feeder_main,
                                    &feeder),
                     0);
    assert_status(drain(results, &n), FPOOL_END);
    pthread_join(feeder.thread, NULL);
    assert_int_equal(n, 500);
}

static void a_source_may_end_after_it_waited(void **state)
{
    static struct frontier f;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;

    (void)state;
    frontier_init(&f, N_PAGES);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_visit_only, &f),
                         frontier_source(&f), NULL, &results));
    fpool_results_hold(results);
    await_count(&f.n_asked, 2);
    pthread_mutex_lock(&f.mu);
    f.is_closed = true;
    pthread_mutex_unlock(&f.mu);
    fpool_results_wake(results);
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
    fpool_results_unhold(results);
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
}

/* A worker does not spin on a source that waits: it is asked again only when
 * something has happened. */
static void a_waiting_source_is_left_alone(void **state)
{
    static struct frontier f;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;

    (void)state;
    frontier_init(&f, N_PAGES);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_visit_only, &f),
                         frontier_source(&f), NULL, &results));
    fpool_results_hold(results);
    await_count(&f.n_asked, 2);
    /* Other work passes by meanwhile. */
    assert_ok(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                        fpool_source_range(0, 10000), NULL, NULL));
    assert_int_equal(atomic_load(&f.n_asked), 2);
    fpool_results_destroy(&results);
}

static void a_waiting_job_can_be_stopped(void **state)
{
    static struct frontier f;
    static struct frontier f_late;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *cancelled = NULL;
    FPOOL_SCOPED struct fpool_results *late = NULL;
    FPOOL_SCOPED struct fpool_results *terminated = NULL;
    struct fpool_results *destroyed = NULL;
    struct fpool_result r;

    (void)state;
    frontier_init(&f, N_PAGES);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_visit_only, &f),
                         frontier_source(&f), NULL, &cancelled));
    fpool_results_hold(cancelled);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_visit_only, &f),
                         frontier_source(&f), NULL, &destroyed));
    fpool_results_hold(destroyed);
    frontier_init(&f_late, N_PAGES);
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_visit_only, &f_late),
                         frontier_source(&f_late),
                         FPOOL_JOB(.deadline_ms = 10), &late));
    fpool_results_hold(late);
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_visit_only, &f),
                                   frontier_source(&f), NULL, &terminated));
    fpool_results_hold(terminated);
    await_count(&f.n_asked, 6); /* each waits */
    fpool_results_cancel(cancelled);
    assert_status(fpool_next(cancelled, &r, GUARD_MS), FPOOL_ECANCELED);
    fpool_results_destroy(&destroyed);
    assert_status(fpool_next(late, &r, GUARD_MS), FPOOL_EDEADLINE);
    assert_ok(fpool_terminate(pool));
    assert_status(fpool_next(terminated, &r, GUARD_MS), FPOOL_ECANCELED);
    assert_ok(fpool_join(pool, GUARD_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crawl_ends_when_no_page_is_left),
        cmocka_unit_test(a_crawl_by_map_or_for_each_ends_too),
        cmocka_unit_test(a_reader_may_add_pages),
        cmocka_unit_test(a_crawl_read_by_poll_ends_too),
        cmocka_unit_test(a_held_job_waits_for_its_feeder),
        cmocka_unit_test(a_source_may_end_after_it_waited),
        cmocka_unit_test(a_waiting_source_is_left_alone),
        cmocka_unit_test(a_waiting_job_can_be_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
