/* SPDX-License-Identifier: MIT */
/* Where the pool meets the system: threads that cannot be started, threads that
 * end, fork(), signals. */
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "support/check.h"

/* No address space has room for such a stack. */
#define STACK_TOO_LARGE ((size_t)1 << 50)

static atomic_int n_callbacks;

static void count_done(void *userdata, const struct fpool_done *done)
{
    (void)userdata;
    (void)done;
    atomic_fetch_add(&n_callbacks, 1);
}

static void row_50_without_any_thread_every_verb_fails_and_leaks_nothing(
    void **state)
{
    int n_threads = count_threads();
    struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    struct fpool_results *results = NULL;
    struct fpool_batch *batch = NULL;
    struct fpool_future *future = NULL;
    struct counted_source source = { .end = 3 };
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    struct fpool_item item;
    struct fpool_result r;

    (void)state;
    objects_begin();
    item = fpool_item_take(object_make(1), object_drop);
    assert_ok(fpool_sink_null(&sink));
    assert_status(fpool_create(&pool,
                               FPOOL_OPTIONS(.stack_size = STACK_TOO_LARGE,
                                             .flags = FPOOL_EAGER)),
                  FPOOL_ENOMEM);
    assert_null(pool);
    assert_ok(fpool_create(&pool,
                           FPOOL_OPTIONS(.stack_size = STACK_TOO_LARGE)));
    assert_status(fpool_apply(pool, FPOOL_CALL(task_object, NULL), item, NULL,
                              &r),
                  FPOOL_ENOMEM);
    assert_status(fpool_apply_async(pool, FPOOL_CALL(task_object, NULL), item,
                                    FPOOL_JOB(.on_done = count_done),
                                    &future),
                  FPOOL_ENOMEM);
    assert_int_equal(atomic_load(&n_objects_dropped), 0);
    object_drop(item.data);
    assert_status(fpool_map(pool, FPOOL_CALL(task_object, NULL),
                            counted_source(&source), NULL, &batch),
                  FPOOL_ENOMEM);
    assert_status(fpool_map_async(pool, FPOOL_CALL(task_object, NULL),
                                  counted_source(&source),
                                  FPOOL_JOB(.on_done = count_done), &batch),
                  FPOOL_ENOMEM);
    assert_status(fpool_imap(pool, FPOOL_CALL(task_object, NULL),
                             counted_source(&source), NULL, &results),
                  FPOOL_ENOMEM);
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_object, NULL),
                                 counted_source(&source), sink, NULL),
                  FPOOL_ENOMEM);
    assert_int_equal(atomic_load(&source.n_closed), 4);
    assert_null(results);
    assert_null(batch);
    assert_null(future);
    /* Work that could not start calls nobody back. */
    assert_int_equal(atomic_load(&n_callbacks), 0);
    assert_ok(fpool_get_stats(pool, &stats));
    assert_int_equal(stats.jobs, 0);
    assert_int_equal(stats.workers, 0);
    assert_int_equal(stats.queued, 0);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    fpool_destroy(&pool);
    await_threads(n_threads);
    assert_objects_gone(1);
}

/* ---- init and fini. */

struct locals {
    atomic_int n_init;
    atomic_int n_fini;
    atomic_int n_wrong;
    int fails_from; /* the number of the first init to fail; 0: none */
    struct door *door;
};

static int locals_init(void *userdata, void **ret_local)
{
    struct locals *l = userdata;
    int n = atomic_fetch_add(&l->n_init, 1) + 1;

    if (l->door != NULL) {
        door_wait(l->door);
    }
    *ret_local = from_int((uintptr_t)n);
    return l->fails_from != 0 && n >= l->fails_from ? 5 : 0;
}

static void locals_fini(void *userdata, void *local)
{
    struct locals *l = userdata;

    if (to_int(local) == 0) {
        atomic_fetch_add(&l->n_wrong, 1);
    }
    atomic_fetch_add(&l->n_fini, 1);
}

/* A source whose first item waits at a door, so that its one worker holds still
 * in it. */
static int door_next(void *self, struct fpool_item *ret_item,
                     struct fpool_cancel *cancel)
{
    struct door *door = self;
    int n = atomic_load(&door->n_waiting);

    (void)cancel;
    door_wait(door);
    *ret_item = fpool_item_pointer(from_int((uintptr_t)n));
    return n < 100 ? FPOOL_OK : FPOOL_END;
}

static void row_50_with_one_thread_the_others_may_fail_to_start(void **state)
{
    static struct door door;
    struct locals l = { .n_init = 0 };
    struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_source source = { .next = door_next, .self = &door };
    enum fpool_status st;
    int n;

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 8,
                                                .init = locals_init,
                                                .userdata = &l)));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL), source,
                         FPOOL_JOB(.window = 200), &results));
    door_await(&door, 1);
    fpool_mem_fail_at(1, 1); /* from here on, no worker can be made */
    door_open(&door);
    st = drain(results, &n);
    fpool_destroy(&pool);
    fpool_mem_fail_at(0, 0);
    assert_status(st, FPOOL_END);
    assert_int_equal(n, 100);
    assert_int_equal(atomic_load(&l.n_init), 1);
}

static _Thread_local uintptr_t own_local;

/* Checks that a thread finds the same local each time. */
static int task_local(struct fpool_task *task, void *item, void **ret_value)
{
    uintptr_t local = to_int(fpool_task_local(task));

    *ret_value = item;
    if (own_local == 0) {
        own_local = local;
    }
    return local != 0 && local == own_local ? 0 : 1;
}

static void row_51_init_runs_once_for_each_worker_and_fini_after(void **state)
{
    struct locals l = { .n_init = 0 };
    struct fpool *pool = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };

    (void)state;
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 5,
                                                .init = locals_init,
                                                .fini = locals_fini,
                                                .userdata = &l)));
    assert_int_equal(atomic_load(&l.n_init), 0);
    assert_ok(fpool_map(pool, FPOOL_CALL(task_local, NULL),
                        fpool_source_range(0, 1000), FPOOL_JOB(.chunk = 1),
                        NULL));
    assert_ok(fpool_get_stats(pool, &stats));
    fpool_destroy(&pool);
    assert_in_range(stats.peak_workers, 1, 5);
    assert_in_range(atomic_load(&l.n_init), 1, 5);
    assert_int_equal(atomic_load(&l.n_fini), atomic_load(&l.n_init));
    assert_int_equal(atomic_load(&l.n_wrong), 0);
}

static void row_51_an_init_that_fails_breaks_the_pool_for_good(void **state)
{
    static struct door door;
    struct locals l = { .fails_from = 1, .door = &door };
    struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    FPOOL_SCOPED struct fpool_future *future = NULL;
    struct fpool_results *later = NULL;
    struct fpool_result r;

    (void)state;
    assert_ok(fpool_sink_null(&sink));
    assert_ok(fpool_create(&pool, FPOOL_OPTIONS(.workers = 1,
                                                .init = locals_init,
                                                .fini = locals_fini,
                                                .userdata = &l)));
    /* Work that waits for the worker ... */
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                fpool_item_pointer(NULL), NULL, &future));
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 3), NULL, &batch));
    assert_ok(fpool_imap(pool, FPOOL_CALL(task_square, NULL),
                         fpool_source_range(0, 3), NULL, &results));
    door_open(&door);
    assert_ok(fpool_future_wait(future, GUARD_MS, &r));
    assert_int_equal(r.status, FPOOL_EINIT);
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_EINIT);
    assert_ok(fpool_batch_result(batch, 2, &r));
    assert_int_equal(r.status, FPOOL_EINIT);
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_EINIT);
    assert_status(fpool_next(results, &r, GUARD_MS), FPOOL_EINIT);
    /* ... and work that comes later. */
    assert_status(fpool_apply(pool, FPOOL_CALL(task_square, NULL),
                              fpool_item_pointer(NULL), NULL, &r),
                  FPOOL_EINIT);
    assert_status(fpool_apply_async(pool, FPOOL_CALL(task_square, NULL),
                                    fpool_item_pointer(NULL), NULL, NULL),
                  FPOOL_EINIT);
    assert_status(fpool_map(pool, FPOOL_CALL(task_square, NULL),
                            fpool_source_range(0, 3), NULL, NULL),
                  FPOOL_EINIT);
    assert_status(fpool_imap_unordered(pool, FPOOL_CALL(task_square, NULL),
                                       fpool_source_range(0, 3), NULL, &later),
                  FPOOL_EINIT);
    assert_status(fpool_for_each(pool, FPOOL_CALL(task_square, NULL),
                                 fpool_source_range(0, 3), sink, NULL),
                  FPOOL_EINIT);
    assert_ok(fpool_close(pool));
    assert_ok(fpool_join(pool, GUARD_MS));
    fpool_destroy(&pool);
    assert_int_equal(atomic_load(&l.n_init), 1); /* not again and again */
    assert_int_equal(atomic_load(&l.n_fini), 0);
}

static void row_51_an_eager_pool_tells_at_once(void **state)
{
    struct locals l = { .fails_from = 3 };
    struct fpool *pool = NULL;

    (void)state;
    assert_status(fpool_create(&pool, FPOOL_OPTIONS(.workers = 4,
                                                    .flags = FPOOL_EAGER,
                                                    .init = locals_init,
                                                    .fini = locals_fini,
                                                    .userdata = &l)),
                  FPOOL_EINIT);
    assert_null(pool);
    assert_int_equal(atomic_load(&l.n_fini), 2);
}

/* ---- Signals. */

/* Whether the calling thread blocks all signals but the synchronous ones. */
static bool blocks_signals(void)
{
    static const int open[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    sigset_t set;
    bool ok = pthread_sigmask(SIG_SETMASK, NULL, &set) == 0;
    size_t i;
    int s;

    for (i = 0; i < N_ELEMENTS(open); i++) {
        ok = ok && sigismember(&set, open[i]) == 0;
    }
    for (s = 1; s < 32; s++) {
        if (s != SIGSEGV && s != SIGBUS && s != SIGFPE && s != SIGILL &&
            s != SIGTRAP && s != SIGSYS && s != SIGABRT && s != SIGKILL &&
            s != SIGSTOP) {
            ok = ok && sigismember(&set, s) == 1;
        }
    }
    return ok && sigismember(&set, SIGRTMIN) == 1 &&
           sigismember(&set, SIGRTMAX) == 1;
}

static int task_signals(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    (void)item;
    *ret_value = from_int(blocks_signals());
    return 0;
}

static void done_signals(void *userdata, const struct fpool_done *done)
{
    (void)done;
    atomic_store((atomic_int *)userdata, 1 + blocks_signals());
}

static void row_60_workers_block_signals(void **state)
{
    static struct door door;
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    atomic_int by_timer = 0;
    struct fpool_result r;
    sigset_t before;
    sigset_t after;

    (void)state;
    memset(&before, 0, sizeof(before));
    memset(&after, 0, sizeof(after));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    assert_ok(fpool_apply(pool, FPOOL_CALL(task_signals, NULL),
                          fpool_item_pointer(NULL), NULL, &r));
    assert_int_equal(to_int(r.value), 1);
    /* The timer's thread, too: it ends this map. */
    assert_ok(fpool_apply_async(pool, FPOOL_CALL(task_door, &door),
                                fpool_item_pointer(NULL), NULL, NULL));
    door_await(&door, 1);
    assert_ok(fpool_map_async(pool, FPOOL_CALL(task_square, NULL),
                              fpool_source_range(0, 3),
                              FPOOL_JOB(.deadline_ms = 50,
                                        .on_done = done_signals,
                                        .userdata = &by_timer),
                              &batch));
    assert_status(fpool_batch_wait(batch, GUARD_MS), FPOOL_EDEADLINE);
    assert_int_equal(atomic_load(&by_timer), 2);
    door_open(&door);
    /* The caller's own mask is as it was. */
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_false(blocks_signals());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            row_50_without_any_thread_every_verb_fails_and_leaks_nothing),
        cmocka_unit_test(row_50_with_one_thread_the_others_may_fail_to_start),
        cmocka_unit_test(row_51_init_runs_once_for_each_worker_and_fini_after),
        cmocka_unit_test(row_51_an_init_that_fails_breaks_the_pool_for_good),
        cmocka_unit_test(row_51_an_eager_pool_tells_at_once),
        cmocka_unit_test(row_60_workers_block_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
