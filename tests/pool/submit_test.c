/* SPDX-License-Identifier: MIT */
/* The bounded queue of futures: who waits for room, who is refused, and what a
 * refusal costs. */
#include <pthread.h>

#include "support/check.h"

/* A pool of one worker, which stands at the door, with its queue filled. */
static struct fpool *make_full_pool(struct door *door, unsigned queue,
                                    unsigned nested_queue)
{
    struct fpool *pool = NULL;
    unsigned i;

    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 1, .queue = queue,
                                                .nested_queue = nested_queue)));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, door),
                                fpool_item_pointer(NULL), NULL, NULL));
    door_await(door, 1);
    for (i = 0; i < queue; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    return pool;
}

static void await_jobs(struct fpool *pool, unsigned n)
{
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    do {
        assert_ok(fpool_get_stats(pool, &stats));
    } while (stats.jobs != n);
}

/* A thread that submits one item more. */
struct submitter {
    pthread_t thread;
    struct fpool *pool;
    int64_t deadline_ms;
    struct fpool_cancel *cancel;
    bool to_wait; /* by apply instead of apply_async */
    struct fpool_item item;
    enum fpool_status st;
    struct fpool_result result;
};

static void *submitter_main(void *arg)
{
    struct submitter *s = arg;
    const struct fpool_job_options *job =
        FPOOL_JOB(.deadline_ms = s->deadline_ms, .cancel = s->cancel);

    if (s->to_wait) {
        s->st = fpool_apply(s->pool, FPOOL_CALL(task_square, NULL), s->item,
                            job, &s->result);
    } else {
        s->st = fpool_apply_async(s->pool, FPOOL_CALL(task_square, NULL),
                                  s->item, job, NULL);
    }
    return NULL;
}

static void submitter_start(struct submitter *s, struct fpool *pool)
{
    s->pool = pool;
    s->st = FPOOL_EINVAL;
    s->item = fpool_item_take(object_make(1), object_drop);
    assert_int_equal(pthread_create(&s->thread, NULL, submitter_main, s), 0);
}

static void row_42_a_closed_pool_refuses_every_verb(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct fpool_results *results = NULL;
    struct fpool_batch *batch = NULL;
    struct fpool_future *future = NULL;
    struct fpool_result r = { .index = 99 };
    struct counted_source source = { .end = 3 };
    struct fpool_item item;

    (void)state;
    objects_begin();
    item = fpool_item_take(object_make(1), object_drop);
    assert_ok(fpool_sink_null(&sink));
    assert_ok(fpool_close(pool));
    assert_status(fpool_apply(pool, FPOOL_CALL(task_square, NULL), item, NULL,
                              &r),
                  FPOOL_ECLOSED);
    assert_status(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL), item,
                                    NULL, &future),
                  FPOOL_ECLOSED);
    /* The item is the caller's still. */
    assert_int_equal(atomic_load(&n_objects_dropped), 0);
    object_drop(item.data);
    assert_status(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                            counted_source(&source), NULL, &batch),
                  FPOOL_ECLOSED);
    assert_status(fpool_map_async(pool, FPOOL_CALL(task_object, NULL),
                                  counted_source(&source), NULL, &batch),
                  FPOOL_ECLOSED);
    assert_status(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                             counted_source(&source), NULL, &results),
                  FPOOL_ECLOSED);
    assert_status(fpool_imap_unordered(pool, FPOOL_CALL(task_object, NULL),
                                       counted_source(&source), NULL,
                                       &results),
                  FPOOL_ECLOSED);
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_object, NULL),
                                 counted_source(&source), sink, NULL),
                  FPOOL_ECLOSED);
    /* Their sources are used up all the same. */
    assert_int_equal(atomic_load(&source.n_closed), 5);
    assert_int_equal(atomic_load(&source.n_yielded), 0);
    assert_null(future);
    assert_null(batch);
    assert_null(results);
    assert_int_equal(r.index, 99);
}

static void row_42_a_terminated_pool_refuses_too(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(2);
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_terminate(pool));
    assert_status(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                              fpool_item_pointer(NULL), NULL, &r),
                  FPOOL_ECLOSED);
    assert_status(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                            fpool_source_range(0, 3), NULL, NULL),
                  FPOOL_ECLOSED);
}

static void a_full_queue_refuses_who_will_not_wait(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_future *future = NULL;
    struct fpool_item item;

    (void)state;
    objects_begin();
    item = fpool_item_take(object_make(1), object_drop);
    pool = make_full_pool(&door, 3, 0);
    assert_status(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL), item,
                                    FPOOL_JOB(.flags = FPOOL_NONBLOCK),
                                    &future),
                  FPOOL_EAGAIN);
    assert_null(future);
    assert_int_equal(atomic_load(&n_objects_dropped), 0);
    object_drop(item.data);
    door_open(&door);
}

static void an_outside_thread_waits_for_room(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct submitter submitters[3] = { { .to_wait = true } };
    size_t i;

    (void)state;
    objects_begin();
    pool = make_full_pool(&door, 2, 0);
    for (i = 0; i < 3; i++) {
        submitter_start(&submitters[i], pool);
    }
    await_jobs(pool, 6);
    door_open(&door);
    for (i = 0; i < 3; i++) {
        pthread_join(submitters[i].thread, NULL);
        assert_status(submitters[i].st, FPOOL_OK);
    }
    assert_int_equal(submitters[0].result.status, FPOOL_OK);
    fpool_result_release(&submitters[0].result);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    assert_objects_gone(3);
}

/* Whoever waits for room when something ends that wait has the item back. */
static void check_refused(struct submitter *s, enum fpool_status st)
{
    pthread_join(s->thread, NULL);
    assert_status(s->st, st);
    assert_int_equal(atomic_load(&n_objects_dropped), 0);
    object_drop(s->item.data);
    objects_begin();
}

/* Terminating empties the queue, so that a waiting thread may still find room
 * and its item end as cancelled; else it is told that the pool is closed. */
static void terminate_ends_the_wait_for_room(void **state)
{
    int i;
    int k;

    (void)state;
    objects_begin();
    for (i = 0; i < 100; i++) {
        struct door door = { 0 };
        struct submitter submitters[4] = { { .to_wait = true },
                                           { .to_wait = false },
                                           { .to_wait = true },
                                           { .to_wait = false } };
        struct fpool *pool = make_full_pool(&door, 1, 0);

        for (k = 0; k < 4; k++) {
            submitter_start(&submitters[k], pool);
        }
        await_jobs(pool, 6);
        assert_ok(fpool_terminate(pool));
        for (k = 0; k < 4; k++) {
            pthread_join(submitters[k].thread, NULL);
            if (submitters[k].st == FPOOL_OK) {
                fpool_result_release(&submitters[k].result);
            } else {
                assert_status(submitters[k].st, FPOOL_ECLOSED);
                object_drop(submitters[k].item.data);
            }
        }
        door_open(&door);
        fpool_destroy(&pool);
    }
    assert_objects_gone(400);
}

static void a_deadline_or_a_token_ends_the_wait_for_room(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_cancel *token = NULL;
    struct submitter late = { .deadline_ms = 10 };
    struct submitter late_and_waiting = { .deadline_ms = 10, .to_wait = true };
    struct submitter cancelled = { .to_wait = false };

    (void)state;
    objects_begin();
    pool = make_full_pool(&door, 1, 0);
    submitter_start(&late, pool);
    check_refused(&late, FPOOL_EDEADLINE);
    submitter_start(&late_and_waiting, pool);
    check_refused(&late_and_waiting, FPOOL_EDEADLINE);
    assert_ok(fpool_cancel_create(&token, NULL));
    cancelled.cancel = token;
    submitter_start(&cancelled, pool);
    await_jobs(pool, 3);
    fpool_cancel_trip(token);
    check_refused(&cancelled, FPOOL_ECANCELED);
    door_open(&door);
}

/* Submits until it is refused; the value is how often it was not. */
static int task_submit(struct fpool_task *task, void *item, void **ret_value)
{
    struct door *doors = fpool_task_userdata(task);
    enum fpool_status st;
    uintptr_t n = 0;

    (void)item;
    door_wait(&doors[0]);
    while ((st = fpool_apply_async(fpool_task_pool(task),
                                   FPOOL_CALL(task_square, NULL),
                                   fpool_item_pointer(NULL), NULL, NULL)) ==
           FPOOL_OK) {
        n++;
    }
    *ret_value = from_int(n);
    return st == FPOOL_EAGAIN ? 0 : (int)st;
}

static void a_worker_never_waits_for_room_but_has_some_of_its_own(void **state)
{
    static struct door doors[1];
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_result r;
    int i;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 1, .queue = 3,
                                                .nested_queue = 5)));
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_submit, doors),
                                fpool_item_pointer(NULL), NULL, &future));
    door_await(&doors[0], 1);
    for (i = 0; i < 3; i++) {
        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(NULL), NULL, NULL));
    }
    door_open(&doors[0]);
    assert_ok(fpool_future_wait(future, GUARD_MS, &r));
    assert_int_equal(r.code, 0);
    assert_int_equal(to_int(r.value), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_42_a_closed_pool_refuses_every_verb),
        cmocka_unit_test(row_42_a_terminated_pool_refuses_too),
        cmocka_unit_test(a_full_queue_refuses_who_will_not_wait),
        cmocka_unit_test(an_outside_thread_waits_for_room),
        cmocka_unit_test(terminate_ends_the_wait_for_room),
        cmocka_unit_test(a_deadline_or_a_token_ends_the_wait_for_room),
        cmocka_unit_test(a_worker_never_waits_for_room_but_has_some_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
