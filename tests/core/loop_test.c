/* SPDX-License-Identifier: MIT */
/* Event loops: posts in order, timers in time, watches that end when told. */
#include "core/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/check.h"

#define N_POSTS 1000

struct counted_post {
    struct fpool_post post;
    int number;
};

static atomic_int n_run;
static atomic_int n_misplaced;
static struct fpool_loop *the_loop;

static void run_counted(struct fpool_post *post)
{
    struct counted_post *p = FPOOL_OWNER_OF(post, struct counted_post, post);

    if (p->number != atomic_fetch_add(&n_run, 1)) {
        atomic_fetch_add(&n_misplaced, 1);
    }
}

static struct fpool_loop *make_loop(void)
{
    struct fpool_loop_options options = { .name = "test-loop" };
    struct fpool_loop *loop = NULL;

    atomic_store(&n_run, 0);
    atomic_store(&n_misplaced, 0);
    assert_ok(fpool_loop_create(&loop, &options));
    the_loop = loop;
    return loop;
}

static void posts_run_in_order_and_all_before_the_end(void **state)
{
    static struct counted_post posts[N_POSTS];
    struct fpool_loop *loop = make_loop();
    int i;

    (void)state;
    assert_ok(fpool_loop_start(loop));
    for (i = 0; i < N_POSTS; i++) {
        posts[i].number = i;
        posts[i].post.run = run_counted;
        fpool_loop_post(loop, &posts[i].post);
    }
    fpool_loop_destroy(&loop);
    assert_null(loop);
    assert_int_equal(atomic_load(&n_run), N_POSTS);
    assert_int_equal(atomic_load(&n_misplaced), 0);
}

static atomic_int n_fired;
static atomic_int n_early;
static int64_t due;

static void count_fire(struct fpool_loop_timer *timer)
{
    (void)timer;
    if (fpool_now_ns() < due) {
        atomic_fetch_add(&n_early, 1);
    }
    atomic_fetch_add(&n_fired, 1);
}

static void a_timer_fires_once_and_not_early(void **state)
{
    struct fpool_loop *loop = make_loop();
    struct fpool_loop_timer timer = { .fire = count_fire };
    struct fpool_loop_timer unset = { .fire = count_fire };

    (void)state;
    atomic_store(&n_fired, 0);
    atomic_store(&n_early, 0);
    assert_ok(fpool_loop_timer_open(loop, &timer));
    assert_ok(fpool_loop_timer_open(loop, &unset));
    due = fpool_now_ns() + 20000000;
    fpool_loop_timer_set(loop, &timer, due);
    fpool_loop_timer_set(loop, &unset, due);
    fpool_loop_timer_set(loop, &unset, FPOOL_NEVER);
    assert_ok(fpool_loop_start(loop));
    await_count(&n_fired, 1);
    fpool_loop_destroy(&loop);
    assert_int_equal(atomic_load(&n_fired), 1);
    assert_int_equal(atomic_load(&n_early), 0);
}

static void fire_again(struct fpool_loop_timer *timer)
{
    atomic_fetch_add(&n_fired, 1);
    fpool_loop_timer_set(the_loop, timer, 0);
}

static void a_timer_that_is_always_due_does_not_starve_posts(void **state)
{
    struct fpool_loop *loop = make_loop();
    struct fpool_loop_timer timer = { .fire = fire_again };
    struct counted_post post = { { NULL, run_counted }, 0 };

    (void)state;
    atomic_store(&n_fired, 0);
    assert_ok(fpool_loop_timer_open(loop, &timer));
    fpool_loop_timer_set(loop, &timer, 0);
    assert_ok(fpool_loop_start(loop));
    await_count(&n_fired, 100);
    fpool_loop_post(loop, &post.post);
    await_count(&n_run, 1);
    fpool_loop_destroy(&loop);
}

/* Two descriptors that are ready in the same round; each ends the other. */
static struct fpool_watch watches[2];
static atomic_int n_ready;

static void end_both(struct fpool_watch *watch, uint32_t events)
{
    (void)watch;
    (void)events;
    atomic_fetch_add(&n_ready, 1);
    fpool_loop_unwatch(the_loop, &watches[0]);
    fpool_loop_unwatch(the_loop, &watches[1]);
}

static void an_ended_watch_is_not_called_in_the_same_round(void **state)
{
    struct fpool_loop *loop = make_loop();
    struct counted_post post = { { NULL, run_counted }, 0 };
    int fds[2][2];
    int i;

    (void)state;
    atomic_store(&n_ready, 0);
    for (i = 0; i < 2; i++) {
        assert_int_equal(pipe(fds[i]), 0);
        assert_int_equal(write(fds[i][1], "x", 1), 1);
        watches[i].fd = fds[i][0];
        watches[i].ready = end_both;
        assert_ok(fpool_loop_watch(loop, &watches[i], EPOLLIN));
    }
    assert_ok(fpool_loop_start(loop));
    await_count(&n_ready, 1);
    fpool_loop_post(loop, &post.post);
    await_count(&n_run, 1);
    fpool_loop_destroy(&loop);
    assert_int_equal(atomic_load(&n_ready), 1);
    for (i = 0; i < 2; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

static void a_loop_that_never_started_is_destroyed(void **state)
{
    struct fpool_loop *loop = make_loop();

    (void)state;
    fpool_loop_destroy(&loop);
    assert_null(loop);
    fpool_loop_destroy(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_run_in_order_and_all_before_the_end),
        cmocka_unit_test(a_timer_fires_once_and_not_early),
        cmocka_unit_test(a_timer_that_is_always_due_does_not_starve_posts),
        cmocka_unit_test(an_ended_watch_is_not_called_in_the_same_round),
        cmocka_unit_test(a_loop_that_never_started_is_destroyed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
