/* SPDX-License-Identifier: MIT */
/* The parking protocol, alone and under stress: workers that sleep and makers of
 * work that call pick(), with nothing else.  A lost wake-up hangs it. */
#include "core/park.h"

#include <string.h>

#include "base/clock.h"
#include "support/check.h"

#define N_WORKERS 6
#define N_MAKERS  3
#define N_WORK    60000

struct game {
    struct fpool_park park;
    atomic_int n_work; /* pieces that nobody has taken */
    atomic_int n_done;
};

struct player {
    struct fpool_sleeper sleeper;
    struct game *game;
    pthread_t thread;
};

static bool has_work(void *arg)
{
    return atomic_load(&((struct game *)arg)->n_work) > 0;
}

static bool take_work(struct game *g)
{
    int n = atomic_load(&g->n_work);

    while (n > 0) {
        if (atomic_compare_exchange_weak(&g->n_work, &n, n - 1)) {
            return true;
        }
    }
    return false;
}

static void notify(struct game *g)
{
    struct fpool_sleeper *sleeper;

    if (fpool_park_can_pick(&g->park) &&
        fpool_park_pick(&g->park, &sleeper) == FPOOL_PICK_WAKE) {
        fpool_parker_unpark(&sleeper->parker);
    }
}

static void *worker(void *arg)
{
    struct player *p = arg;
    struct game *g = p->game;

    for (;;) {
        if (take_work(g)) {
            if (fpool_park_leave(&g->park) && has_work(g)) {
                notify(g);
            }
            atomic_fetch_add(&g->n_done, 1);
            fpool_park_search(&g->park);
        } else if (fpool_park_sleep(&g->park, &p->sleeper, has_work, g, true,
                                    0) != FPOOL_WAKEUP_SEARCH) {
            return NULL;
        }
    }
}

static void *maker(void *arg)
{
    struct game *g = arg;
    int i;

    for (i = 0; i < N_WORK; i++) {
        atomic_fetch_add(&g->n_work, 1);
        notify(g);
        if (i % 16 == 0) {
            /* Let them fall asleep, so that there is a wake-up to lose. */
            await_count(&g->n_done, i);
        }
    }
    return NULL;
}

static void no_piece_of_work_is_left_while_workers_sleep(void **state)
{
    static struct game game;
    static struct player players[N_WORKERS];
    pthread_t makers[N_MAKERS];
    int i;

    (void)state;
    memset(&game, 0, sizeof(game));
    fpool_park_init(&game.park, N_WORKERS);
    for (i = 0; i < N_WORKERS; i++) {
        assert_true(fpool_park_reserve(&game.park));
        players[i].game = &game;
        assert_int_equal(
            pthread_create(&players[i].thread, NULL, worker, &players[i]), 0);
    }
    assert_false(fpool_park_reserve(&game.park)); /* that is the maximum */
    for (i = 0; i < N_MAKERS; i++) {
        assert_int_equal(pthread_create(&makers[i], NULL, maker, &game), 0);
    }
    for (i = 0; i < N_MAKERS; i++) {
        pthread_join(makers[i], NULL);
    }
    await_count(&game.n_done, N_MAKERS * N_WORK);
    fpool_park_stop(&game.park);
    for (i = 0; i < N_WORKERS; i++) {
        pthread_join(players[i].thread, NULL);
    }
    assert_int_equal(atomic_load(&game.n_done), N_MAKERS * N_WORK);
    assert_int_equal(atomic_load(&game.park.n_searching), 0);
    assert_int_equal(atomic_load(&game.park.n_asleep), 0);
    assert_int_equal(atomic_load(&game.park.n_workers), 0);
    fpool_park_fini(&game.park);
}

static bool no_work(void *arg)
{
    (void)arg;
    return false;
}

static bool some_work(void *arg)
{
    (void)arg;
    return true;
}

static void the_last_searcher_that_sees_work_stays_awake(void **state)
{
    struct fpool_sleeper s = { 0 };
    struct fpool_park p = { 0 };

    (void)state;
    fpool_park_init(&p, 1);
    assert_true(fpool_park_reserve(&p));
    assert_int_equal(fpool_park_sleep(&p, &s, some_work, NULL, true, 0),
                     FPOOL_WAKEUP_SEARCH);
    assert_int_equal(atomic_load(&p.n_searching), 1);
    assert_int_equal(atomic_load(&p.n_asleep), 0);
    fpool_park_fini(&p);
}

static void an_idle_worker_is_reaped_unless_it_is_kept(void **state)
{
    struct fpool_sleeper s = { 0 };
    struct fpool_park p = { 0 };

    (void)state;
    fpool_park_init(&p, 2);
    assert_true(fpool_park_reserve(&p));
    assert_int_equal(
        fpool_park_sleep(&p, &s, no_work, NULL, false, fpool_now_ns()),
        FPOOL_WAKEUP_REAP);
    assert_int_equal(atomic_load(&p.n_workers), 0);
    assert_int_equal(atomic_load(&p.n_searching), 0);
    fpool_park_fini(&p);
}

static void while_somebody_searches_nobody_is_woken(void **state)
{
    struct fpool_sleeper *sleeper;
    struct fpool_park p = { 0 };

    (void)state;
    fpool_park_init(&p, 8);
    assert_true(fpool_park_reserve(&p)); /* it searches */
    assert_false(fpool_park_can_pick(&p));
    assert_int_equal(fpool_park_pick(&p, &sleeper), FPOOL_PICK_NOTHING);
    assert_true(fpool_park_leave(&p));
    assert_int_equal(fpool_park_pick(&p, &sleeper), FPOOL_PICK_SPAWN);
    assert_int_equal(atomic_load(&p.n_workers), 2);
    fpool_park_fini(&p);
}

static void after_stop_nobody_sleeps_and_nobody_starts(void **state)
{
    struct fpool_sleeper s = { 0 };
    struct fpool_park p = { 0 };

    (void)state;
    fpool_park_init(&p, 4);
    assert_true(fpool_park_reserve(&p));
    fpool_park_stop(&p);
    assert_false(fpool_park_reserve(&p));
    assert_int_equal(fpool_park_sleep(&p, &s, no_work, NULL, true, 0),
                     FPOOL_WAKEUP_STOP);
    assert_int_equal(atomic_load(&p.n_workers), 0);
    assert_int_equal(atomic_load(&p.n_searching), 0);
    fpool_park_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_piece_of_work_is_left_while_workers_sleep),
        cmocka_unit_test(the_last_searcher_that_sees_work_stays_awake),
        cmocka_unit_test(an_idle_worker_is_reaped_unless_it_is_kept),
        cmocka_unit_test(while_somebody_searches_nobody_is_woken),
        cmocka_unit_test(after_stop_nobody_sleeps_and_nobody_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
