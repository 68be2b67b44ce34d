/* SPDX-License-Identifier: MIT */
/* Calls on an event loop's thread, from a test's main thread.
 *
 * Purpose: objects that belong to a loop are called there, and the caller
 * waits. Use: struct on_loop loop; on_loop_begin(&loop, round, self);
 *     on_loop_call(&loop, function, argument);
 *     on_loop_end(&loop);
 * Thread-safety: the main thread.  Functions on the loop do not assert.
 * Limits: one call at a time. */
#ifndef TESTS_ENGINE_DNS_ON_LOOP_H
#define TESTS_ENGINE_DNS_ON_LOOP_H

#include "core/loop.h"
#include "support/check.h"

struct on_loop {
    struct fpool_loop *loop;
    struct fpool_post post;
    void (*function)(void *argument);
    void *argument;
    atomic_int n_done;
};

static inline void on_loop_run(struct fpool_post *post)
{
    struct on_loop *l = FPOOL_OWNER_OF(post, struct on_loop, post);

    l->function(l->argument);
    atomic_fetch_add(&l->n_done, 1);
}

/* A loop that runs 'round' after each round. */
static inline void on_loop_begin(struct on_loop *l, void (*round)(void *self),
                                 void *self)
{
    const struct fpool_loop_options options = { .name = "test",
                                                .after_round = round,
                                                .self = self };

    atomic_store(&l->n_done, 0);
    l->post.run = on_loop_run;
    assert_ok(fpool_loop_create(&l->loop, &options));
}

static inline void on_loop_call(struct on_loop *l,
                                void (*function)(void *argument),
                                void *argument)
{
    int n = atomic_load(&l->n_done);

    l->function = function;
    l->argument = argument;
    fpool_loop_post(l->loop, &l->post);
    await_count(&l->n_done, n + 1);
}

static inline void on_loop_end(struct on_loop *l)
{
    fpool_loop_destroy(&l->loop);
}

#endif
