/* SPDX-License-Identifier: MIT */
/* Results one by one: order, time-outs, the descriptor for poll(), several
 * readers. */
#include <poll.h>
#include <pthread.h>

#include "support/check.h"

#define N 1000

static void row_23_ordered_results_come_in_order_and_the_end_stays(void **state)
{
    static const unsigned chunks[] = { 0, 1, 100 };
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    struct fpool_result r;
    uintptr_t i;
    size_t k;

    (void)state;
    for (k = 0; k < N_ELEMENTS(chunks); k++) {
        FPOOL_SCOPED struct fpool_results *results = NULL;

        assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                             fpool_source_range(0, N),
                             FPOOL_JOB(.chunk = chunks[k]), &results));
        for (i = 0; i < N; i++) {
            assert_ok(fpool_next(results, &r, GUARD_MS));
            assert_int_equal(r.index, i);
            assert_int_equal(to_int(r.value), i * i);
        }
        assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
        assert_status(fpool_next(results, &r, 0), FPOOL_END);
        assert_status(fpool_next(results, &r, FPOOL_FOREVER), FPOOL_END);
    }
}

/* Item 0 waits until its neighbour's result has been read. */
static int task_first_last(struct fpool_task *task, void *item,
                           void **ret_value)
{
    if (to_int(item) == 0) {
        door_wait(fpool_task_userdata(task));
    }
    *ret_value = from_int(to_int(item) * to_int(item));
    return 0;
}

static void row_24_unordered_results_are_a_permutation_with_indices(
    void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    bool seen[N] = { false };
    struct fpool_result r;
    int i;

    (void)state;
    assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_first_last, &door),
                                   fpool_source_range(0, N), NULL, &results));
    for (i = 0; i < N; i++) {
        if (i == N - 1) {
            door_open(&door); /* all others are here already */
        }
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_in_range(r.index, 0, N - 1);
        assert_int_equal(to_int(r.value), r.index * r.index);
        assert_false(seen[r.index]);
        seen[r.index] = true;
    }
    assert_int_equal(r.index, 0);
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
}

static void row_30_next_may_time_out_and_loses_nothing(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r = { .index = 99 };
    uintptr_t i;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_door, &door),
                         fpool_source_range(0, 5), NULL, &results));
    assert_status(fpool_next(results, &r, 0), FPOOL_ETIMEDOUT);
    assert_status(fpool_next(results, &r, 20), FPOOL_ETIMEDOUT);
    assert_int_equal(r.index, 99);
    door_open(&door);
    for (i = 0; i < 5; i++) {
        assert_ok(fpool_next(results, &r, GUARD_MS));
        assert_int_equal(r.index, i);
        assert_int_equal(to_int(r.value), i);
    }
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_END);
}

/* Item 0 is quick, item 1 takes until it is told. */
static int task_second_waits(struct fpool_task *task, void *item,
                             void **ret_value)
{
    return to_int(item) == 0 ? task_square(task, item, ret_value)
                             : task_until_told(task, item, ret_value);
}

static void row_54_a_jobs_deadline_is_not_the_time_out_of_next(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_results *patient = NULL;
    struct fpool_result r;

    (void)state;
    /* Without a deadline, only this call of next ends. */
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_second_waits, &door),
                         fpool_source_range(0, 2), NULL, &patient));
    assert_ok(fpool_next(patient, &r, GUARD_MS));
    assert_int_equal(r.index, 0);
    assert_status(fpool_next(patient, &r, 20), FPOOL_ETIMEDOUT);
    assert_int_equal(atomic_load(&door.n_left), 0);
    fpool_results_destroy(&patient);
    assert_int_equal(atomic_load(&door.n_left), 1);

    /* With one, the job does; what was ready comes first. */
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_until_told, &door),
                         fpool_source_range(0, UINT32_MAX),
                         FPOOL_JOB(.deadline_ms = 20, .window = 2), &results));
    assert_ok(fpool_next(results, &r, FPOOL_FOREVER));
    assert_int_equal(r.index, 0);
    assert_int_equal(r.status, FPOOL_OK);
    assert_status(drain(results, NULL), FPOOL_EDEADLINE);
    assert_status(fpool_next(results, &r, 0), FPOOL_EDEADLINE);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLIN) != 0;
}

/* Reads a stream with poll() and time-out 0 only; returns its last word. */
static enum fpool_status read_by_poll(struct fpool_results *results,
                                      int *ret_n)
{
    int fd = fpool_results_fd(results);
    struct fpool_result r;
    enum fpool_status st;

    *ret_n = 0;
    for (;;) {
        if (!is_readable(fd, GUARD_MS)) {
            return FPOOL_ETIMEDOUT;
        }
        while ((st = fpool_next(results, &r, 0)) == FPOOL_OK) {
            fpool_result_release(&r);
            ++*ret_n;
        }
        if (st != FPOOL_ETIMEDOUT) {
            return st;
        }
    }
}

static void the_descriptor_is_readable_while_results_wait(void **state)
{
    static struct door doors[2];
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    int fd;
    int i;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_door, &doors[0]),
                         fpool_source_range(0, 2), NULL, &results));
    fd = fpool_results_fd(results);
    assert_true(fd >= 0);
    assert_int_equal(fpool_results_fd(results), fd);
    door_await(&doors[0], 1);
    assert_status(fpool_next(results, &r, 0), FPOOL_ETIMEDOUT);
    assert_false(is_readable(fd, 0));
    door_open(&doors[0]);
    for (i = 0; i < 2; i++) {
        assert_true(is_readable(fd, GUARD_MS));
        while (fpool_next(results, &r, 0) == FPOOL_ETIMEDOUT) {
            assert_true(is_readable(fd, GUARD_MS));
        }
        assert_int_equal(r.index, i);
    }
    /* The end is something to say, too. */
    while (fpool_next(results, &r, 0) == FPOOL_ETIMEDOUT) {
        assert_true(is_readable(fd, GUARD_MS));
    }
    assert_status(fpool_next(results, &r, 0), FPOOL_END);
    assert_true(is_readable(fd, 0));
}

static void a_stream_can_be_read_with_poll_alone(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    int i;
    int n;

    (void)state;
    for (i = 0; i < 50; i++) {
        FPOOL_SCOPED struct fpool_results *ordered = NULL;
        FPOOL_SCOPED struct fpool_results *unordered = NULL;
        FPOOL_SCOPED struct fpool_results *failing = NULL;
        struct counted_source source = { .end = 3, .code = 5 };

        assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                             fpool_source_range(0, 100),
                             FPOOL_JOB(.window = 3), &ordered));
        assert_status(read_by_poll(ordered, &n), FPOOL_END);
        assert_int_equal(n, 100);
        assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_square, NULL),
                                       fpool_source_range(0, 100), NULL,
                                       &unordered));
        assert_status(read_by_poll(unordered, &n), FPOOL_END);
        assert_int_equal(n, 100);
        assert_ok(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                             counted_source(&source), NULL, &failing));
        assert_status(read_by_poll(failing, &n), FPOOL_ESOURCE);
        assert_int_equal(n, 3);
    }
}

static void a_cancelled_stream_becomes_readable(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    int fd;
    int n;

    (void)state;
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_until_told, &door),
                         fpool_source_range(0, 10), FPOOL_JOB(.window = 1),
                         &results));
    fd = fpool_results_fd(results);
    door_await(&door, 1);
    assert_status(fpool_next(results, &r, 0), FPOOL_ETIMEDOUT);
    assert_false(is_readable(fd, 0));
    fpool_results_cancel(results);
    assert_status(read_by_poll(results, &n), FPOOL_ECANCELED);
    assert_int_equal(n, 1);
}

struct reader {
    pthread_t thread;
    struct fpool_results *results;
    atomic_int *n_seen; /* of each index */
    enum fpool_status last;
};

static void *reader_main(void *arg)
{
    struct reader *reader = arg;
    struct fpool_result r;

    while ((reader->last = fpool_next(reader->results, &r, GUARD_MS)) ==
           FPOOL_OK) {
        atomic_fetch_add(&reader->n_seen[r.index], 1);
    }
    return NULL;
}

static void check_readers(struct fpool *pool, bool is_ordered, unsigned window)
{
    static atomic_int n_seen[N];
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct reader readers[4];
    size_t i;

    for (i = 0; i < N; i++) {
        atomic_store(&n_seen[i], 0);
    }
    assert_ok((is_ordered ? fpool_imap : fpool_imap_unordered)(
        pool, FPOOL_CALL(task_square, NULL), fpool_source_range(0, N),
        FPOOL_JOB(.window = window), &results));
    for (i = 0; i < N_ELEMENTS(readers); i++) {
        readers[i].results = results;
        readers[i].n_seen = n_seen;
        assert_int_equal(pthread_create(&readers[i].thread, NULL, reader_main,
                                        &readers[i]),
                         0);
    }
    for (i = 0; i < N_ELEMENTS(readers); i++) {
        pthread_join(readers[i].thread, NULL);
    }
    for (i = 0; i < N_ELEMENTS(readers); i++) {
        assert_status(readers[i].last, FPOOL_END);
    }
    for (i = 0; i < N; i++) {
        assert_int_equal(atomic_load(&n_seen[i]), 1);
    }
}

static void each_result_goes_to_one_of_several_readers(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(3);
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        check_readers(pool, false, 1);
        check_readers(pool, false, 7);
        check_readers(pool, false, 0);
        check_readers(pool, true, 1);
        check_readers(pool, true, 7);
        check_readers(pool, true, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            row_23_ordered_results_come_in_order_and_the_end_stays),
        cmocka_unit_test(
            row_24_unordered_results_are_a_permutation_with_indices),
        cmocka_unit_test(row_30_next_may_time_out_and_loses_nothing),
        cmocka_unit_test(row_54_a_jobs_deadline_is_not_the_time_out_of_next),
        cmocka_unit_test(the_descriptor_is_readable_while_results_wait),
        cmocka_unit_test(a_stream_can_be_read_with_poll_alone),
        cmocka_unit_test(a_cancelled_stream_becomes_readable),
        cmocka_unit_test(each_result_goes_to_one_of_several_readers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
