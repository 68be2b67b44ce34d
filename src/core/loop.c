/* SPDX-License-Identifier: MIT */
/* The event loop on epoll(7), with a heap of timers and an inbox behind a
 * doorbell.  Called by the evented engines; calls base and the service threads.
 */
#include "core/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"
#include "core/service.h"

#define BATCH 128

struct fpool_loop {
    struct fpool_loop_options options;
    pthread_t thread;
    bool is_started;
    int epoll_fd;
    struct fpool_bell bell;
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    struct fpool_post *first FPOOL_GUARDED;
    struct fpool_post **last FPOOL_GUARDED;
    bool is_stopping FPOOL_GUARDED;
    /* --- the loop's thread only --- */
    struct fpool_heap timers;
    int64_t now;
    struct epoll_event events[BATCH];
    int n_events;
    int next_event;
};

static void *loop_main(void *argument);

static void loop_release(struct fpool_loop *l)
{
    if (l->epoll_fd >= 0) {
        close(l->epoll_fd);
    }
    fpool_bell_fini(&l->bell);
    fpool_heap_fini(&l->timers);
    fpool_mutex_fini(&l->mu);
    fpool_free(l);
}

/* The bell is the one watch whose pointer is NULL. */
static enum fpool_status watch_bell(struct fpool_loop *l)
{
    struct epoll_event event = { .events = EPOLLIN };

    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->bell.fd, &event) == 0
               ? FPOOL_OK
               : FPOOL_ENOMEM;
}

enum fpool_status fpool_loop_create(struct fpool_loop **ret_loop,
                                    const struct fpool_loop_options *options)
{
    struct fpool_loop *l = fpool_calloc(1, sizeof(*l));

    if (l == NULL) {
        return FPOOL_ENOMEM;
    }
    l->options = *options;
    l->bell.fd = -1;
    fpool_mutex_init(&l->mu);
    fpool_mutex_lock(&l->mu);
    l->last = &l->first;
    fpool_mutex_unlock(&l->mu);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0 || fpool_bell_init(&l->bell) != FPOOL_OK ||
        watch_bell(l) != FPOOL_OK) {
        goto fail;
    }
    l->now = fpool_now_ns();
    *ret_loop = l;
    return FPOOL_OK;

fail:
    loop_release(l);
    return FPOOL_ENOMEM;
}

enum fpool_status fpool_loop_start(struct fpool_loop *loop)
{
    enum fpool_status status = fpool_thread_create(
        &loop->thread, loop->options.name, 0, loop_main, loop);

    loop->is_started = status == FPOOL_OK;
    return status;
}

void fpool_loop_destroy(struct fpool_loop **loop)
{
    struct fpool_loop *l = *loop;

    if (l == NULL) {
        return;
    }
    *loop = NULL;
    if (l->is_started) {
        fpool_mutex_lock(&l->mu);
        l->is_stopping = true;
        fpool_mutex_unlock(&l->mu);
        fpool_bell_ring(&l->bell);
        pthread_join(l->thread, NULL);
    }
    loop_release(l);
}

void fpool_loop_post(struct fpool_loop *loop, struct fpool_post *post)
{
    bool was_empty;

    post->next = NULL;
    fpool_mutex_lock(&loop->mu);
    was_empty = loop->first == NULL;
    *loop->last = post;
    loop->last = &post->next;
    fpool_mutex_unlock(&loop->mu);
    if (was_empty) {
        fpool_bell_ring(&loop->bell);
    }
}

int64_t fpool_loop_now(const struct fpool_loop *loop)
{
    return loop->now;
}

static enum fpool_status control(struct fpool_loop *l, int operation,
                                 struct fpool_watch *watch, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };

    return epoll_ctl(l->epoll_fd, operation, watch->fd, &event) == 0
               ? FPOOL_OK
               : FPOOL_ENOMEM;
}

enum fpool_status fpool_loop_watch(struct fpool_loop *loop,
                                   struct fpool_watch *watch, uint32_t events)
{
    return control(loop, EPOLL_CTL_ADD, watch, events);
}

enum fpool_status fpool_loop_rewatch(struct fpool_loop *loop,
                                     struct fpool_watch *watch, uint32_t events)
{
    return control(loop, EPOLL_CTL_MOD, watch, events);
}

void fpool_loop_unwatch(struct fpool_loop *loop, struct fpool_watch *watch)
{
    int i;

    /* The descriptor may be closed already, which the kernel has noticed. */
    (void)control(loop, EPOLL_CTL_DEL, watch, 0);
    for (i = loop->next_event; i < loop->n_events; i++) {
        if (loop->events[i].data.ptr == watch) {
            loop->events[i].events = 0;
        }
    }
}

enum fpool_status fpool_loop_timer_open(struct fpool_loop *loop,
                                        struct fpool_loop_timer *timer)
{
    timer->node.when = FPOOL_NEVER;
    return fpool_heap_push(&loop->timers, &timer->node);
}

void fpool_loop_timer_set(struct fpool_loop *loop,
                          struct fpool_loop_timer *timer, int64_t when_ns)
{
    /* One that is due already waits for the next round, so that a timer which
     * always sets itself again cannot keep the descriptors waiting. */
    if (when_ns <= loop->now) {
        when_ns = loop->now + 1;
    }
    if (timer->node.when == when_ns) {
        return;
    }
    /* The node stays in the heap while it is open, so that the place it has
     * just left is free and the push cannot fail. */
    fpool_heap_remove(&loop->timers, &timer->node);
    timer->node.when = when_ns;
    (void)fpool_heap_push(&loop->timers, &timer->node);
}

void fpool_loop_timer_close(struct fpool_loop *loop,
                            struct fpool_loop_timer *timer)
{
    fpool_heap_remove(&loop->timers, &timer->node);
}

/* Milliseconds until the first timer, rounded up; -1 for ever. */
static int time_to_sleep(const struct fpool_loop *l)
{
    const struct fpool_heap_node *node = fpool_heap_first(&l->timers);
    int64_t left;

    if (node == NULL || node->when == FPOOL_NEVER) {
        return -1;
    }
    left = node->when - fpool_now_ns();
    if (left <= 0) {
        return 0;
    }
    left = (left + 999999) / 1000000;
    return left > 3600000 ? 3600000 : (int)left;
}

/* Takes the whole inbox and runs it.  Returns false once the loop is to stop
 * and nothing is left. */
static bool run_posts(struct fpool_loop *l)
{
    struct fpool_post *post;
    bool is_stopping;

    fpool_bell_answer(&l->bell);
    fpool_mutex_lock(&l->mu);
    post = l->first;
    l->first = NULL;
    l->last = &l->first;
    is_stopping = l->is_stopping;
    fpool_mutex_unlock(&l->mu);
    if (post == NULL) {
        return !is_stopping;
    }
    while (post != NULL) {
        struct fpool_post *next = post->next;

        post->run(post);
        post = next;
    }
    if (is_stopping) {
        fpool_bell_ring(&l->bell); /* Look once more before the end. */
    }
    return true;
}

static void run_timers(struct fpool_loop *l)
{
    for (;;) {
        struct fpool_heap_node *node = fpool_heap_first(&l->timers);
        struct fpool_loop_timer *timer;

        if (node == NULL || node->when > l->now) {
            return;
        }
        timer = FPOOL_OWNER_OF(node, struct fpool_loop_timer, node);
        fpool_loop_timer_set(l, timer, FPOOL_NEVER);
        timer->fire(timer);
    }
}

static bool run_events(struct fpool_loop *l)
{
    bool goes_on = true;

    for (l->next_event = 0; l->next_event < l->n_events;) {
        struct epoll_event *event = &l->events[l->next_event++];
        struct fpool_watch *watch = event->data.ptr;

        if (event->events == 0) {
            continue; /* Unwatched in this very round. */
        }
        if (watch == NULL) {
            goes_on = run_posts(l);
        } else {
            watch->ready(watch, event->events);
        }
    }
    l->n_events = 0;
    l->next_event = 0;
    return goes_on;
}

static void *loop_main(void *argument)
{
    struct fpool_loop *l = argument;
    bool goes_on = true;

    while (goes_on) {
        int n = epoll_wait(l->epoll_fd, l->events, BATCH, time_to_sleep(l));

        l->n_events = n < 0 ? 0 : n; /* EINTR: look again. */
        l->now = fpool_now_ns();
        goes_on = run_events(l);
        run_timers(l);
        if (l->options.after_round != NULL) {
            l->options.after_round(l->options.self);
        }
    }
    return NULL;
}
