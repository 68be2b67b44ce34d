/* SPDX-License-Identifier: MIT */
/* The timing wheel against a plain list. */
#include "base/wheel.h"

#include "support/check.h"

#define TICK FPOOL_WHEEL_TICK_NS
#define TURN ((int64_t)FPOOL_WHEEL_SLOTS * TICK)

struct timer {
    struct fpool_wheel_node node; /* must be first */
    int n_fired;
};

struct watch {
    struct fpool_wheel *wheel;
    int64_t now;
    int n_fired;
    int n_early;
    int n_late;
    struct timer *to_remove;
    int64_t set_again; /* 0: no */
};

static void fire(struct fpool_wheel_node *node, void *arg)
{
    struct timer *t = (struct timer *)(void *)node;
    struct watch *watch = arg;

    t->n_fired++;
    watch->n_fired++;
    watch->n_early += node->when > watch->now;
    watch->n_late += node->when + TICK <= watch->now - TICK;
    if (watch->to_remove != NULL) {
        fpool_wheel_remove(watch->wheel, &watch->to_remove->node);
    }
    if (watch->set_again != 0) {
        fpool_wheel_set(watch->wheel, node, watch->now + watch->set_again);
    }
}

static void advance(struct watch *watch, int64_t now)
{
    watch->now = now;
    fpool_wheel_advance(watch->wheel, now, fire, watch);
}

static void fires_once_never_early(void **state)
{
    static const int64_t after[] = { 0, 1, TICK - 1, TICK, TICK + 1, TURN - TICK,
                                     TURN, TURN + 1, 3 * TURN + 5 };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(after); i++) {
        static struct fpool_wheel w;
        struct watch watch = { .wheel = &w };
        struct timer t = { .n_fired = 0 };
        int64_t start = 123456789;
        int64_t now;

        fpool_wheel_init(&w, start);
        fpool_wheel_set(&w, &t.node, start + after[i]);
        for (now = start; now <= start + after[i] + 2 * TICK; now += TICK / 2) {
            assert_true(t.n_fired > 0 || fpool_wheel_next(&w) != INT64_MAX);
            advance(&watch, now);
        }
        assert_int_equal(t.n_fired, 1);
        assert_int_equal(watch.n_early, 0);
        assert_int_equal(watch.n_late, 0);
        assert_true(fpool_wheel_next(&w) == INT64_MAX);
    }
}

static void next_is_never_after_the_first(void **state)
{
    static struct fpool_wheel w;
    unsigned seed = 7;
    int round;

    (void)state;
    for (round = 0; round < 20000; round++) {
        struct timer t = { .n_fired = 0 };
        struct watch watch = { .wheel = &w };
        int64_t start = (int64_t)rand_r(&seed) * 1000;
        int64_t when = start + (int64_t)(rand_r(&seed) % (TURN - TICK));
        int64_t next;

        fpool_wheel_init(&w, start);
        fpool_wheel_set(&w, &t.node, when);
        next = fpool_wheel_next(&w);
        assert_true(next >= when && next < when + TICK);
        advance(&watch, next);
        assert_int_equal(t.n_fired, 1);
    }
}

static void many_with_changes(void **state)
{
    enum { N = 3000 };
    static struct timer timers[N];
    static struct fpool_wheel w;
    struct watch watch = { .wheel = &w };
    unsigned seed = 1;
    int n_set = 0;
    int64_t now = TURN;
    int i;

    (void)state;
    fpool_wheel_init(&w, now);
    for (i = 0; i < 200000; i++) {
        struct timer *t = &timers[rand_r(&seed) % N];
        bool was_set = fpool_wheel_is_set(&t->node);

        switch (rand_r(&seed) % 4) {
        case 0:
            fpool_wheel_remove(&w, &t->node);
            n_set -= was_set;
            break;
        case 1:
            now += rand_r(&seed) % TICK;
            watch.n_fired = 0;
            advance(&watch, now);
            n_set -= watch.n_fired;
            break;
        default:
            fpool_wheel_set(&w, &t->node,
                            now + (int64_t)(rand_r(&seed) % (TURN * 2)) / 8);
            n_set += !was_set;
        }
        assert_int_equal(w.n, n_set);
    }
    watch.n_fired = 0;
    advance(&watch, now + 3 * TURN);
    advance(&watch, now + 4 * TURN);
    assert_int_equal(watch.n_fired, n_set);
    assert_int_equal(watch.n_early, 0);
}

static void a_timer_removes_and_sets(void **state)
{
    static struct fpool_wheel w;
    struct timer a = { .n_fired = 0 };
    struct timer b = { .n_fired = 0 };
    struct watch watch = { .wheel = &w, .to_remove = &b };

    (void)state;
    fpool_wheel_init(&w, 0);
    fpool_wheel_set(&w, &a.node, TICK);
    fpool_wheel_set(&w, &b.node, TICK); /* in the same slot, behind it */
    advance(&watch, 2 * TICK);
    assert_int_equal(a.n_fired, 1);
    assert_int_equal(b.n_fired, 0);

    watch.to_remove = NULL;
    watch.set_again = 1;
    fpool_wheel_set(&w, &a.node, 3 * TICK);
    advance(&watch, 3 * TICK);
    assert_int_equal(a.n_fired, 2); /* and not again in this round */
    assert_true(fpool_wheel_is_set(&a.node));
}

static void a_long_pause(void **state)
{
    static struct fpool_wheel w;
    struct timer t = { .n_fired = 0 };
    struct watch watch = { .wheel = &w };

    (void)state;
    fpool_wheel_init(&w, 0);
    fpool_wheel_set(&w, &t.node, 5 * TICK);
    advance(&watch, INT64_MAX / 2);
    assert_int_equal(t.n_fired, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_once_never_early),
        cmocka_unit_test(next_is_never_after_the_first),
        cmocka_unit_test(many_with_changes),
        cmocka_unit_test(a_timer_removes_and_sets),
        cmocka_unit_test(a_long_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
