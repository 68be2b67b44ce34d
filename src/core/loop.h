/* SPDX-License-Identifier: MIT */
/* An event loop on its own thread: descriptors, timers, an inbox.
 *
 * Purpose: what the evented engines run on; it knows nothing about them.
 * Use: create it with the function to run after each round, start it, post work
 *   from any thread, watch descriptors and open timers from the loop's thread.
 * Ownership: posts, watches and timers are embedded in their users' objects,
 *   which stay where they are while the loop knows them.
 * Thread-safety: fpool_loop_post: any thread.  create and destroy: one thread,
 *   not the loop's.  Everything else: the loop's thread only.
 * Limits: callbacks never block; timers are as exact as one millisecond. */
#ifndef FPOOL_CORE_LOOP_H
#define FPOOL_CORE_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "fetchpool/status.h"

/* The object of type 'type' whose member 'member' is at 'pointer'. */
#define FPOOL_OWNER_OF(pointer, type, member)                                  \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

struct fpool_loop;

/* Work for the loop's thread. */
struct fpool_post {
    struct fpool_post *next;
    void (*run)(struct fpool_post *post);
};

/* A watched descriptor. */
struct fpool_watch {
    void (*ready)(struct fpool_watch *watch, uint32_t events);
    int fd;
};

/* A timer; 'fire' runs once for each fpool_loop_timer_set(). */
struct fpool_loop_timer {
    struct fpool_heap_node node;
    void (*fire)(struct fpool_loop_timer *timer);
};

struct fpool_loop_options {
    const char *name; /* of the thread, at most 15 bytes */
    /* Runs after each round of events, posts and timers; may be NULL. */
    void (*after_round)(void *self);
    void *self;
};

/* Gives a loop that does not run yet; until it does, the caller counts as its
 * thread.  FPOOL_ENOMEM without memory or descriptors. */
enum fpool_status fpool_loop_create(struct fpool_loop **ret_loop,
                                    const struct fpool_loop_options *options);

/* Starts the thread, once.  FPOOL_ENOMEM. */
enum fpool_status fpool_loop_start(struct fpool_loop *loop);

/* Runs what was posted, ends the thread, releases, stores NULL; accepts NULL.
 * Nothing may be posted any more.  Blocks until the thread has ended. */
void fpool_loop_destroy(struct fpool_loop **loop);

/* Has 'post->run' called on the loop's thread, in the order of posting.  Never
 * blocks and cannot fail; a post is in at most one inbox. */
void fpool_loop_post(struct fpool_loop *loop, struct fpool_post *post);

/* Nanoseconds of CLOCK_MONOTONIC at the beginning of this round. */
int64_t fpool_loop_now(const struct fpool_loop *loop);

/* Begins, changes and ends watching 'watch->fd' for epoll 'events'.  FPOOL_ENOMEM
 * when the kernel refuses.  After unwatch 'ready' is not called again, not even
 * for events that have been collected already. */
enum fpool_status fpool_loop_watch(struct fpool_loop *loop,
                                   struct fpool_watch *watch, uint32_t events);
enum fpool_status fpool_loop_rewatch(struct fpool_loop *loop,
                                     struct fpool_watch *watch,
                                     uint32_t events);
void fpool_loop_unwatch(struct fpool_loop *loop, struct fpool_watch *watch);

/* Makes 'timer' known to the loop, unset.  Only this can fail: FPOOL_ENOMEM. */
enum fpool_status fpool_loop_timer_open(struct fpool_loop *loop,
                                        struct fpool_loop_timer *timer);

/* Has 'fire' called once at 'when_ns', or as soon as that has passed; replaces
 * an earlier setting; FPOOL_NEVER unsets. */
void fpool_loop_timer_set(struct fpool_loop *loop,
                          struct fpool_loop_timer *timer, int64_t when_ns);

/* Forgets an open timer; does nothing when it is not open. */
void fpool_loop_timer_close(struct fpool_loop *loop,
                            struct fpool_loop_timer *timer);

#endif
