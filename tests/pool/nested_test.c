/* SPDX-License-Identifier: MIT */
/* Work that starts work and waits for it, on its own pool: with a single worker,
 * to depth 100, by every verb; and handles destroyed by the tasks they are
 * handles of. */
#include "support/check.h"

static int n_threads; /* before any test */

#define DEPTH 100

/* The sanitizers' own frames come on top of each level's. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define STACK_SIZE ((size_t)8 << 20)
#else
#define STACK_SIZE 0 /* the default */
#endif

/* ---- Each task below answers with its depth's number of nested levels. */

static int task_apply(struct fpool_task *task, void *item, void **ret_value)
{
    struct fpool_result r;

    if (to_int(item) == 0) {
        return 0;
    }
    if (fpool_apply(fpool_task_pool(task), FPOOL_CALL(task_apply, NULL),
                    fpool_item_pointer(from_int(to_int(item) - 1)), NULL,
                    &r) != FPOOL_OK ||
        r.status != FPOOL_OK) {
        return 1;
    }
    *ret_value = from_int(to_int(r.value) + 1);
    return 0;
}

static int task_async(struct fpool_task *task, void *item, void **ret_value)
{
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_result r;

    if (to_int(item) == 0) {
        return 0;
    }
    if (fpool_apply_async(fpool_task_pool(task), FPOOL_CALL(task_async, NULL),
                          fpool_item_pointer(from_int(to_int(item) - 1)), NULL,
                          &future) != FPOOL_OK ||
        fpool_future_wait(future, FPOOL_FOREVER, &r) != FPOOL_OK ||
        r.status != FPOOL_OK) {
        return 1;
    }
    *ret_value = from_int(to_int(r.value) + 1);
    return 0;
}

/* The last of three items goes deeper. */
static int task_map(struct fpool_task *task, void *item, void **ret_value)
{
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    uintptr_t depth = *(uintptr_t *)item;
    uintptr_t items[3] = { 0, 0, depth - 1 };
    struct fpool_result r;

    if (depth == 0) {
        return 0;
    }
    if (fpool_map(fpool_task_pool(task), FPOOL_CALL(task_map, NULL),
                  FPOOL_ARRAY(items), NULL, &batch) != FPOOL_OK ||
        fpool_batch_result(batch, 2, &r) != FPOOL_OK) {
        return 1;
    }
    *ret_value = from_int(to_int(r.value) + 1);
    return 0;
}

typedef enum fpool_status stream_verb(struct fpool *pool,
                                      const struct fpool_op *op,
                                      struct fpool_source source,
                                      const struct fpool_job_options *job,
                                      struct fpool_results **ret_results);

/* The middle one of three items goes deeper; the window has room for one. */
static int descend(struct fpool_task *task, fpool_call_function *function,
                   stream_verb *verb, uintptr_t depth, void **ret_value)
{
    FPOOL_SCOPED struct fpool_results *results = NULL;
    uintptr_t items[3] = { 0, depth - 1, 0 };
    struct fpool_result r;
    uintptr_t n = 0;

    if (depth == 0) {
        return 0;
    }
    if (verb(fpool_task_pool(task), FPOOL_CALL(function, NULL),
             FPOOL_ARRAY(items), FPOOL_JOB(.window = 1),
             &results) != FPOOL_OK) {
        return 1;
    }
    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        n += to_int(r.value);
    }
    *ret_value = from_int(n + 1);
    return 0;
}

static int task_imap(struct fpool_task *task, void *item, void **ret_value)
{
    return descend(task, task_imap, fpool_imap, *(uintptr_t *)item, ret_value);
}

static int task_unordered(struct fpool_task *task, void *item,
                          void **ret_value)
{
    return descend(task, task_unordered, fpool_imap_unordered,
                   *(uintptr_t *)item, ret_value);
}

static int put_sum(void *userdata, struct fpool_result *result)
{
    *(uintptr_t *)userdata += to_int(result->value);
    return 0;
}

static int task_for_each(struct fpool_task *task, void *item, void **ret_value)
{
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    uintptr_t depth = *(uintptr_t *)item;
    uintptr_t items[3] = { 0, depth - 1, 0 };
    uintptr_t n = 0;

    if (depth == 0) {
        return 0;
    }
    if (fpool_sink_create(&sink, put_sum, NULL, &n) != FPOOL_OK ||
        fpool_for_each(fpool_task_pool(task), FPOOL_CALL(task_for_each, NULL),
                       FPOOL_ARRAY(items), sink, NULL) != FPOOL_OK) {
        return 1;
    }
    *ret_value = from_int(n + 1);
    return 0;
}

/* Descends from the main thread, with one worker and with three. */
static void check_depth(fpool_call_function *function, bool by_address)
{
    uintptr_t depth = DEPTH;
    unsigned workers;

    for (workers = 1; workers <= 3; workers += 2) {
        FPOOL_SCOPED struct fpool *pool = NULL;
        FPOOL_SCOPED struct fpool_future *future = NULL;
        struct fpool_result r;

        assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = workers,
                                                    .stack_size = STACK_SIZE)));
        assert_ok(fpool_apply_async(
            pool, FPOOL_CALL(function, NULL),
            fpool_item_pointer(by_address ? (void *)&depth : from_int(depth)),
            NULL, &future));
        assert_ok(fpool_future_wait(future, GUARD_MS, &r));
        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(to_int(r.value), DEPTH);
    }
}

static void apply_nests(void **state)
{
    (void)state;
    check_depth(task_apply, false);
}

static void futures_nest(void **state)
{
    (void)state;
    check_depth(task_async, false);
}

static void map_nests(void **state)
{
    (void)state;
    check_depth(task_map, true);
}

static void imap_nests(void **state)
{
    (void)state;
    check_depth(task_imap, true);
}

static void imap_unordered_nests(void **state)
{
    (void)state;
    check_depth(task_unordered, true);
}

static void for_each_nests(void **state)
{
    (void)state;
    check_depth(task_for_each, true);
}

/* ---- A tree of futures: each waits for two, all on the same few workers. */

static int task_tree(struct fpool_task *task, void *item, void **ret_value)
{
    FPOOL_SCOPED struct fpool_future *left = NULL;
    FPOOL_SCOPED struct fpool_future *right = NULL;
    struct fpool_item next = fpool_item_pointer(from_int(to_int(item) - 1));
    struct fpool_result r[2];

    *ret_value = from_int(1);
    if (to_int(item) == 0) {
        return 0;
    }
    if (fpool_apply_async(fpool_task_pool(task), FPOOL_CALL(task_tree, NULL),
                          next, NULL, &left) != FPOOL_OK ||
        fpool_apply_async(fpool_task_pool(task), FPOOL_CALL(task_tree, NULL),
                          next, NULL, &right) != FPOOL_OK ||
        fpool_future_wait(left, FPOOL_FOREVER, &r[0]) != FPOOL_OK ||
        fpool_future_wait(right, FPOOL_FOREVER, &r[1]) != FPOOL_OK) {
        return 1;
    }
    *ret_value = from_int(to_int(r[0].value) + to_int(r[1].value));
    return r[0].code + r[1].code;
}

static void a_tree_of_futures_needs_no_more_workers_than_there_are(
    void **state)
{
    unsigned workers;

    (void)state;
    for (workers = 1; workers <= 4; workers++) {
        FPOOL_SCOPED struct fpool *pool = make_pool(workers);
        FPOOL_SCOPED struct fpool_future *future = NULL;
        struct fpool_result r;

        assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_tree, NULL),
                                    fpool_item_pointer(from_int(8)), NULL,
                                    &future));
        assert_ok(fpool_future_wait(future, GUARD_MS, &r));
        assert_int_equal(r.status, FPOOL_OK);
        assert_int_equal(to_int(r.value), 256);
    }
}

/* ---- A task that destroys what it is part of, and does not wait for itself. */

struct suicide {
    _Atomic(struct fpool_results *) results;
    _Atomic(struct fpool_batch *) batch;
    _Atomic(struct fpool_future *) future;
    struct door door; /* opened when the handle is known */
    atomic_int n_done;
};

static int task_suicide(struct fpool_task *task, void *item, void **ret_value)
{
    struct suicide *s = fpool_task_userdata(task);
    struct fpool_results *results;
    struct fpool_batch *batch;
    struct fpool_future *future;

    (void)item;
    *ret_value = object_make(1);
    door_wait(&s->door);
    results = atomic_exchange(&s->results, NULL);
    batch = atomic_exchange(&s->batch, NULL);
    future = atomic_exchange(&s->future, NULL);
    fpool_results_destroy(&results);
    fpool_batch_destroy(&batch);
    fpool_future_destroy(&future);
    atomic_fetch_add(&s->n_done, 1);
    return 0;
}

static void a_task_may_destroy_its_own_handle(void **state)
{
    unsigned workers;

    (void)state;
    objects_begin();
    for (workers = 1; workers <= 3; workers++) {
        FPOOL_SCOPED struct fpool *pool = make_pool(workers);
        struct suicide s[4] = { { .n_done = 0 } };
        struct counted_source sources[2] = { { .end = 100 }, { .end = 100 } };
        struct fpool_results *results;
        struct fpool_batch *batch;
        struct fpool_future *future;
        int i;

        assert_ok(fpool_imap(pool, FPOOL_CALL(task_suicide, &s[0]),
                             counted_source(&sources[0]),
                             FPOOL_JOB(.drop_value = object_drop), &results));
        atomic_store(&s[0].results, results);
        assert_ok(fpool_imap_unordered(pool, FPOOL_CALL(task_suicide, &s[1]),
                                       fpool_source_range(0, 100),
                                       FPOOL_JOB(.drop_value = object_drop),
                                       &results));
        atomic_store(&s[1].results, results);
        assert_ok(fpool_map_async(pool, FPOOL_CALL(task_suicide, &s[2]),
                                  counted_source(&sources[1]),
                                  FPOOL_JOB(.drop_value = object_drop),
                                  &batch));
        atomic_store(&s[2].batch, batch);
        assert_ok(fpool_apply_async(
            pool, FPOOL_CALL(task_suicide, &s[3]),
            fpool_item_take(object_make(1), object_drop),
            FPOOL_JOB(.drop_value = object_drop), &future));
        atomic_store(&s[3].future, future);
        for (i = 0; i < 4; i++) {
            door_open(&s[i].door);
        }
        assert_ok(fpool_close(pool));
        assert_ok(fpool_join(pool, GUARD_MS));
        for (i = 0; i < 4; i++) {
            assert_in_range(atomic_load(&s[i].n_done), 1, 2 * workers);
        }
        assert_int_equal(atomic_load(&sources[0].n_closed), 1);
        assert_int_equal(atomic_load(&sources[1].n_closed), 1);
    }
    assert_objects_gone(3 * 4);
}

static int task_destroy_pool(struct fpool_task *task, void *item,
                             void **ret_value)
{
    struct suicide *s = fpool_task_userdata(task);

    (void)ret_value;
    door_wait(&s->door);
    fpool_destroy((struct fpool **)item);
    atomic_fetch_add(&s->n_done, 1);
    return 0;
}

static void a_task_may_destroy_its_pool(void **state)
{
    struct fpool *pool = make_pool(2);
    struct suicide s = { .n_done = 0 };
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_destroy_pool, &s),
                                fpool_item_pointer(&pool), NULL, &future));
    door_await(&s.door, 1);
    door_open(&s.door);
    assert_ok(fpool_future_wait(future, GUARD_MS, &r));
    assert_int_equal(r.status, FPOOL_OK);
    assert_int_equal(atomic_load(&s.n_done), 1);
    assert_null(pool);
    await_threads(n_threads); /* all of them end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(apply_nests),
        cmocka_unit_test(futures_nest),
        cmocka_unit_test(map_nests),
        cmocka_unit_test(imap_nests),
        cmocka_unit_test(imap_unordered_nests),
        cmocka_unit_test(for_each_nests),
        cmocka_unit_test(
            a_tree_of_futures_needs_no_more_workers_than_there_are),
        cmocka_unit_test(a_task_may_destroy_its_own_handle),
        cmocka_unit_test(a_task_may_destroy_its_pool),
    };

    n_threads = count_threads();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
