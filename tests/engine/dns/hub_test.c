/* SPDX-License-Identifier: MIT */
/* The hub of the dns engine: which jobs share an asker, and that askers end
 * well in whatever order they are opened, given back and closed. */
#include <pthread.h>

#include "engine/dns/hub.h"
#include "support/check.h"

static struct fpool_dns_hub *make_hub(void)
{
    struct fpool_dns_hub *hub = NULL;

    assert_ok(fpool_dns_hub_create(&hub));
    return hub;
}

static struct fpool_dns_shared *acquire(struct fpool_dns_hub *hub,
                                        const char *resolvers, unsigned qps)
{
    struct fpool_dns_op op = { .resolvers = resolvers, .qps = qps };
    struct fpool_dns_shared *shared = NULL;

    assert_ok(fpool_dns_hub_acquire(hub, &op, &shared));
    return shared;
}

/* Holds the loop's thread until the door is opened, so that the order of what
 * is posted meanwhile is certain. */
struct stop {
    struct fpool_post post;
    struct door door;
};

static void stop_here(struct fpool_post *post)
{
    door_wait(&FPOOL_OWNER_OF(post, struct stop, post)->door);
}

static void stop_loop(struct fpool_dns_hub *hub, struct stop *stop)
{
    stop->post.run = stop_here;
    fpool_loop_post(hub->loop, &stop->post);
    door_await(&stop->door, 1);
}

static void jobs_with_the_same_resolvers_and_rates_share(void **state)
{
    struct fpool_dns_hub *hub = make_hub();
    struct fpool_dns_shared *one = acquire(hub, "127.0.0.1", 0);
    struct fpool_dns_shared *same = acquire(hub, "127.0.0.1", 0);
    struct fpool_dns_shared *other = acquire(hub, "127.0.0.2", 0);
    struct fpool_dns_shared *slower = acquire(hub, "127.0.0.1", 5);

    (void)state;
    assert_ptr_equal(one, same);
    assert_ptr_not_equal(one, other);
    assert_ptr_not_equal(one, slower);
    fpool_dns_hub_release(one);
    fpool_dns_hub_release(same);
    fpool_dns_hub_release(other);
    fpool_dns_hub_release(slower);
    fpool_dns_hub_destroy(&hub);
    assert_null(hub);
}

static void a_list_that_cannot_be_used_is_refused(void **state)
{
    struct fpool_dns_hub *hub = make_hub();
    struct fpool_dns_op op = { .resolvers = "127.0.0.1,example.test" };
    struct fpool_dns_shared *shared = NULL;

    (void)state;
    assert_status(fpool_dns_hub_acquire(hub, &op, &shared), FPOOL_EINVAL);
    op.resolvers = "";
    assert_status(fpool_dns_hub_acquire(hub, &op, &shared), FPOOL_EINVAL);
    assert_null(shared);
    fpool_dns_hub_destroy(&hub);
}

/* An asker that opens looks for others that nobody needs: one of these has not
 * been opened yet. */
static void one_given_back_before_it_was_opened_waits(void **state)
{
    struct fpool_dns_hub *hub = make_hub();
    struct stop stop = { .door = { .is_open = 0 } };
    struct fpool_dns_shared *kept;
    struct fpool_dns_shared *brief;

    (void)state;
    stop_loop(hub, &stop);
    kept = acquire(hub, "127.0.0.1", 0);
    brief = acquire(hub, "127.0.0.2", 0);
    fpool_dns_hub_release(brief);
    door_open(&stop.door);
    fpool_dns_hub_release(kept);
    fpool_dns_hub_destroy(&hub);
}

/* Opens the door once the end of the hub has been asked for. */
struct opener {
    struct fpool_dns_hub *hub;
    struct door *door;
};

static void *open_door(void *argument)
{
    const struct opener *o = argument;
    bool is_closing = false;

    while (!is_closing) {
        fpool_mutex_lock(&o->hub->mu);
        is_closing = o->hub->is_closing;
        fpool_mutex_unlock(&o->hub->mu);
    }
    door_open(o->door);
    return NULL;
}

/* The end comes while an asker is still to be opened, and another is unused. */
static void the_end_may_come_before_an_opening(void **state)
{
    struct fpool_dns_hub *hub = make_hub();
    struct stop stop = { .door = { .is_open = 0 } };
    struct fpool_dns_shared *unused = acquire(hub, "127.0.0.1", 0);
    struct opener opener = { hub, &stop.door };
    struct fpool_dns_shared *late;
    pthread_t thread;

    (void)state;
    fpool_dns_hub_release(unused);
    stop_loop(hub, &stop);
    late = acquire(hub, "127.0.0.2", 0);
    assert_int_equal(pthread_create(&thread, NULL, open_door, &opener), 0);
    fpool_dns_hub_destroy(&hub);
    pthread_join(thread, NULL);
    fpool_dns_hub_release(late);
}

static void askers_may_be_given_back_after_the_end(void **state)
{
    struct fpool_dns_hub *hub = make_hub();
    struct fpool_dns_shared *one = acquire(hub, "127.0.0.1", 0);
    struct fpool_dns_shared *other = acquire(hub, "127.0.0.2", 0);

    (void)state;
    fpool_dns_hub_destroy(&hub);
    assert_int_equal(atomic_load(&one->asker->counters.n_resolvers), 1);
    fpool_dns_hub_release(one);
    assert_int_equal(atomic_load(&other->asker->counters.n_resolvers), 1);
    fpool_dns_hub_release(other);
}

static void *come_and_go(void *argument)
{
    static const char *const lists[] = { "127.0.0.1", "127.0.0.2", "[::1]" };
    struct fpool_dns_hub *hub = argument;
    unsigned i;

    for (i = 0; i < 300; i++) {
        struct fpool_dns_op op = { .resolvers = lists[i % 3] };
        struct fpool_dns_shared *shared = NULL;

        if (fpool_dns_hub_acquire(hub, &op, &shared) != FPOOL_OK) {
            return from_int(1);
        }
        fpool_dns_hub_release(shared);
    }
    return NULL;
}

static void any_thread_may_come_and_go(void **state)
{
    struct fpool_dns_hub *hub = make_hub();
    pthread_t threads[4];
    void *failed;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, hub),
                         0);
    }
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    fpool_dns_hub_destroy(&hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_with_the_same_resolvers_and_rates_share),
        cmocka_unit_test(a_list_that_cannot_be_used_is_refused),
        cmocka_unit_test(one_given_back_before_it_was_opened_waits),
        cmocka_unit_test(the_end_may_come_before_an_opening),
        cmocka_unit_test(askers_may_be_given_back_after_the_end),
        cmocka_unit_test(any_thread_may_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
