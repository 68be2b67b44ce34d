/* SPDX-License-Identifier: MIT */
/* The timer thread: order, cancelling, cancelling from within. */
#include "core/timer.h"

#include "base/clock.h"
#include "support/check.h"

struct alarm {
    struct fpool_timer timer; /* must be first */
    struct fpool_timers *timers;
    atomic_int *n_fired;
    int place; /* in the order of firing, from 1 */
};

static void fire(struct fpool_timer *timer)
{
    struct alarm *a = (struct alarm *)timer;

    a->place = atomic_fetch_add(a->n_fired, 1) + 1;
}

static void fire_and_cancel_itself(struct fpool_timer *timer)
{
    struct alarm *a = (struct alarm *)timer;

    fpool_timer_cancel(a->timers, timer); /* must not wait for itself */
    fire(timer);
}

/* Keeps the timer thread busy until the door opens, so that a test can set and
 * cancel timers that are due, without a race against the clock. */
struct blocker {
    struct fpool_timer timer; /* must be first */
    struct door door;
};

static void block(struct fpool_timer *timer)
{
    door_wait(&((struct blocker *)timer)->door);
}

static void blocker_start(struct blocker *b, struct fpool_timers *t)
{
    assert_ok(fpool_timer_set(t, &b->timer, fpool_now_ns(), block));
    door_await(&b->door, 1);
}

static void timers_fire_in_the_order_of_their_instants(void **state)
{
    struct fpool_timers t = { 0 };
    struct blocker blocker = { 0 };
    atomic_int n = 0;
    struct alarm a[3] = { 0 };
    int64_t now = fpool_now_ns();
    int i;

    (void)state;
    fpool_timers_init(&t);
    for (i = 0; i < 3; i++) {
        a[i].n_fired = &n;
    }
    blocker_start(&blocker, &t);
    assert_ok(fpool_timer_set(&t, &a[0].timer, now + 3000000, fire));
    assert_ok(fpool_timer_set(&t, &a[1].timer, now + 1000000, fire));
    assert_ok(fpool_timer_set(&t, &a[2].timer, now + 2000000, fire));
    door_open(&blocker.door);
    await_count(&n, 3);
    fpool_timers_fini(&t);
    assert_int_equal(a[1].place, 1);
    assert_int_equal(a[2].place, 2);
    assert_int_equal(a[0].place, 3);
    assert_true(fpool_now_ns() >= now + 3000000);
}

static void a_cancelled_timer_never_fires(void **state)
{
    struct fpool_timers t = { 0 };
    struct blocker blocker = { 0 };
    atomic_int n = 0;
    struct alarm gone = { .n_fired = &n };
    struct alarm kept = { .n_fired = &n };
    int64_t now = fpool_now_ns();

    (void)state;
    fpool_timers_init(&t);
    blocker_start(&blocker, &t);
    assert_ok(fpool_timer_set(&t, &gone.timer, now, fire));
    assert_ok(fpool_timer_set(&t, &kept.timer, now + 1, fire));
    fpool_timer_cancel(&t, &gone.timer);
    door_open(&blocker.door);
    await_count(&n, 1);
    fpool_timers_fini(&t);
    assert_int_equal(gone.place, 0);
    assert_int_equal(kept.place, 1);
}

static void a_timer_may_cancel_itself_while_it_fires(void **state)
{
    struct fpool_timers t = { 0 };
    atomic_int n = 0;
    struct alarm a = { .timers = &t, .n_fired = &n };

    (void)state;
    fpool_timers_init(&t);
    assert_ok(fpool_timer_set(&t, &a.timer, fpool_now_ns(),
                              fire_and_cancel_itself));
    await_count(&n, 1);
    fpool_timer_cancel(&t, &a.timer);
    fpool_timers_fini(&t);
    assert_int_equal(a.place, 1);
}

/* Cancelled timers live on this stack frame: one that fires late is a crash or
 * a report of the sanitizers. */
static void cancelling_races_with_firing(void **state)
{
    struct fpool_timers t = { 0 };
    atomic_int n = 0;
    int i;

    (void)state;
    fpool_timers_init(&t);
    for (i = 0; i < 3000; i++) {
        struct alarm a = { .n_fired = &n };

        assert_ok(fpool_timer_set(&t, &a.timer, fpool_now_ns() + i % 50 * 1000,
                                  fire));
        fpool_timer_cancel(&t, &a.timer);
        assert_true(a.place == 0 || a.place <= i + 1);
    }
    fpool_timers_fini(&t);
    assert_true(atomic_load(&n) <= 3000);
}

static void the_thread_starts_with_the_first_timer(void **state)
{
    struct fpool_timers t = { 0 };
    int before = count_threads();
    atomic_int n = 0;
    struct alarm a = { .n_fired = &n };

    (void)state;
    fpool_timers_init(&t);
    assert_int_equal(count_threads(), before);
    assert_ok(fpool_timer_set(&t, &a.timer, FPOOL_NEVER - 1, fire));
    assert_int_equal(count_threads(), before + 1);
    fpool_timers_fini(&t);
    assert_int_equal(count_threads(), before);
    assert_int_equal(atomic_load(&n), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_the_order_of_their_instants),
        cmocka_unit_test(a_cancelled_timer_never_fires),
        cmocka_unit_test(a_timer_may_cancel_itself_while_it_fires),
        cmocka_unit_test(cancelling_races_with_firing),
        cmocka_unit_test(the_thread_starts_with_the_first_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
