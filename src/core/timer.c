/* SPDX-License-Identifier: MIT */
/* The timer thread of a pool; used for deadlines of jobs and of items. */
#include "core/timer.h"

#include "base/clock.h"
#include "core/service.h"

void fpool_timers_init(struct fpool_timers *t)
{
    fpool_mutex_init(&t->mu);
}

/* Runs what is due and returns the next instant. */
static int64_t fire_due(struct fpool_timers *t)
{
    struct fpool_heap_node *node;
    int64_t next;

    fpool_mutex_lock(&t->mu);
    for (;;) {
        node = fpool_heap_first(&t->heap);
        if (node == NULL || node->when > fpool_now_ns()) {
            break;
        }
        fpool_heap_remove(&t->heap, node);
        t->firing = (struct fpool_timer *)node;
        fpool_mutex_unlock(&t->mu);
        ((struct fpool_timer *)node)->fire((struct fpool_timer *)node);
        fpool_mutex_lock(&t->mu);
        t->firing = NULL;
        fpool_gate_notify_all(&t->finish);
    }
    next = node == NULL ? FPOOL_NEVER : node->when;
    next = t->is_stopping ? -1 : next;
    fpool_mutex_unlock(&t->mu);
    return next;
}

static void *timer_main(void *arg)
{
    struct fpool_timers *t = arg;

    for (;;) {
        unsigned key = fpool_gate_prepare(&t->gate);
        int64_t next = fire_due(t);

        if (next < 0) {
            fpool_gate_abandon(&t->gate);
            return NULL;
        }
        fpool_gate_wait(&t->gate, key, next);
    }
}

enum fpool_status fpool_timer_set(struct fpool_timers *t,
                                  struct fpool_timer *timer, int64_t when_ns,
                                  void (*fire)(struct fpool_timer *timer))
{
    enum fpool_status st = FPOOL_OK;
    bool is_first;

    timer->node.when = when_ns;
    timer->fire = fire;
    fpool_mutex_lock(&t->mu);
    if (!t->is_started) {
        st = fpool_thread_create(&t->thread, "timer", 0, timer_main, t);
        t->is_started = st == FPOOL_OK;
    }
    if (st == FPOOL_OK) {
        st = fpool_heap_push(&t->heap, &timer->node);
    }
    is_first = st == FPOOL_OK && fpool_heap_first(&t->heap) == &timer->node;
    fpool_mutex_unlock(&t->mu);
    if (is_first) {
        fpool_gate_notify_all(&t->gate);
    }
    return st;
}

void fpool_timer_cancel(struct fpool_timers *t, struct fpool_timer *timer)
{
    unsigned key;
    bool must_wait;

    do {
        key = fpool_gate_prepare(&t->finish);
        fpool_mutex_lock(&t->mu);
        fpool_heap_remove(&t->heap, &timer->node);
        must_wait = t->firing == timer &&
                    !pthread_equal(pthread_self(), t->thread);
        fpool_mutex_unlock(&t->mu);
        if (must_wait) {
            fpool_gate_wait(&t->finish, key, FPOOL_NEVER);
        } else {
            fpool_gate_abandon(&t->finish);
        }
    } while (must_wait);
}

void fpool_timers_fini(struct fpool_timers *t)
{
    pthread_t thread;
    bool is_started;

    fpool_mutex_lock(&t->mu);
    t->is_stopping = true;
    is_started = t->is_started;
    thread = t->thread;
    fpool_mutex_unlock(&t->mu);
    fpool_gate_notify_all(&t->gate);
    if (is_started) {
        pthread_join(thread, NULL);
    }
    fpool_mutex_lock(&t->mu);
    fpool_heap_fini(&t->heap);
    fpool_mutex_unlock(&t->mu);
    fpool_mutex_fini(&t->mu);
}
