/* SPDX-License-Identifier: MIT */
/* Parkers and gates: no wake-up is lost. */
#include "base/sync.h"

#include "base/clock.h"
#include "support/check.h"

#define ROUNDS 20000

static void unpark_before_park_is_not_lost(void **state)
{
    struct fpool_parker p = { 0 };

    (void)state;
    fpool_parker_unpark(&p);
    assert_true(fpool_parker_park(&p, FPOOL_NEVER));
    assert_false(fpool_parker_park(&p, fpool_now_ns()));
}

/* Two threads that wake each other in turn: one lost wake-up, and it hangs. */
struct ping {
    struct fpool_parker a;
    struct fpool_parker b;
    int n;
};

static void *pong(void *arg)
{
    struct ping *ping = arg;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        fpool_parker_park(&ping->b, FPOOL_NEVER);
        ping->n++;
        fpool_parker_unpark(&ping->a);
    }
    return NULL;
}

static void parkers_hand_over_in_turn(void **state)
{
    struct ping ping = { 0 };
    pthread_t thread;
    int i;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, pong, &ping), 0);
    for (i = 0; i < ROUNDS; i++) {
        fpool_parker_unpark(&ping.b);
        fpool_parker_park(&ping.a, FPOOL_NEVER);
        assert_int_equal(ping.n, i + 1);
    }
    pthread_join(thread, NULL);
}

/* Takers of tokens from a counter, woken one at a time. */
struct counter {
    struct fpool_gate gate;
    atomic_int n;
    atomic_int n_taken;
};

static int take(struct counter *c)
{
    int n = atomic_load(&c->n);

    while (n > 0) {
        if (atomic_compare_exchange_weak(&c->n, &n, n - 1)) {
            return n;
        }
    }
    return n; /* 0: none now; negative: no more */
}

static void *taker(void *arg)
{
    struct counter *c = arg;

    for (;;) {
        unsigned key;
        int got = take(c);

        if (got == 0) {
            key = fpool_gate_prepare(&c->gate);
            got = take(c);
            if (got != 0) {
                fpool_gate_abandon(&c->gate);
            } else {
                fpool_gate_wait(&c->gate, key, FPOOL_NEVER);
                continue;
            }
        }
        if (got < 0) {
            return NULL;
        }
        atomic_fetch_add(&c->n_taken, 1);
        if (got > 1) {
            fpool_gate_notify_one(&c->gate); /* pass the wake-up on */
        }
    }
}

static void gates_wake_one_waiter_for_each_token(void **state)
{
    struct counter c = { 0 };
    pthread_t threads[4];
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, taker, &c), 0);
    }
    for (i = 0; i < ROUNDS; i++) {
        atomic_fetch_add(&c.n, 1);
        fpool_gate_notify_one(&c.gate);
    }
    await_count(&c.n_taken, ROUNDS);
    atomic_store(&c.n, -1);
    fpool_gate_notify_all(&c.gate);
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&c.n_taken), ROUNDS);
    assert_int_equal(atomic_load(&c.gate.n_waiters), 0);
}

static void a_gate_that_is_not_notified_times_out(void **state)
{
    struct fpool_gate g = { 0 };
    unsigned key = fpool_gate_prepare(&g);

    (void)state;
    assert_false(fpool_gate_wait(&g, key, fpool_now_ns() + 1000000));
    key = fpool_gate_prepare(&g);
    fpool_gate_notify_one(&g);
    assert_true(fpool_gate_wait(&g, key, FPOOL_NEVER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpark_before_park_is_not_lost),
        cmocka_unit_test(parkers_hand_over_in_turn),
        cmocka_unit_test(gates_wake_one_waiter_for_each_token),
        cmocka_unit_test(a_gate_that_is_not_notified_times_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
