/* SPDX-License-Identifier: MIT */
/* Tokens: the tree, the descriptor, and lives that end in any order. */
#include "core/cancel.h"

#include <poll.h>
#include <pthread.h>

#include "support/check.h"

static int is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0);
}

static void a_trip_reaches_everything_below_and_nothing_above(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *top = NULL;
    FPOOL_SCOPED struct fpool_cancel *left = NULL;
    FPOOL_SCOPED struct fpool_cancel *right = NULL;
    FPOOL_SCOPED struct fpool_cancel *leaf = NULL;

    (void)state;
    assert_ok(fpool_cancel_create(&top, NULL));
    assert_ok(fpool_cancel_create(&left, top));
    assert_ok(fpool_cancel_create(&right, top));
    assert_ok(fpool_cancel_create(&leaf, left));
    fpool_cancel_trip(left);
    assert_true(fpool_cancel_is_tripped(leaf));
    assert_true(fpool_cancel_is_tripped(left));
    assert_false(fpool_cancel_is_tripped(right));
    assert_false(fpool_cancel_is_tripped(top));
    fpool_cancel_trip(top);
    assert_true(fpool_cancel_is_tripped(right));
}

static void a_child_of_a_tripped_token_is_born_tripped(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *parent = NULL;
    FPOOL_SCOPED struct fpool_cancel *child = NULL;

    (void)state;
    assert_ok(fpool_cancel_create(&parent, NULL));
    fpool_cancel_trip(parent);
    assert_ok(fpool_cancel_create(&child, parent));
    assert_true(fpool_cancel_is_tripped(child));
    assert_int_equal(is_readable(fpool_cancel_fd(child)), 1);
}

static void a_middle_token_may_go_without_cutting_the_tree(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *top = NULL;
    FPOOL_SCOPED struct fpool_cancel *leaf = NULL;
    struct fpool_cancel *middle = NULL;

    (void)state;
    assert_ok(fpool_cancel_create(&top, NULL));
    assert_ok(fpool_cancel_create(&middle, top));
    assert_ok(fpool_cancel_create(&leaf, middle));
    fpool_cancel_destroy(&middle);
    assert_null(middle);
    fpool_cancel_trip(top);
    assert_true(fpool_cancel_is_tripped(leaf));
}

static void a_parent_may_go_first(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *child = NULL;
    struct fpool_cancel *parent = NULL;

    (void)state;
    assert_ok(fpool_cancel_create(&parent, NULL));
    assert_ok(fpool_cancel_create(&child, parent));
    fpool_cancel_destroy(&parent);
    assert_false(fpool_cancel_is_tripped(child));
    fpool_cancel_trip(child);
    assert_true(fpool_cancel_is_tripped(child));
}

static void the_descriptor_is_readable_from_the_trip_on(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *parent = NULL;
    FPOOL_SCOPED struct fpool_cancel *token = NULL;
    int fd;

    (void)state;
    assert_ok(fpool_cancel_create(&parent, NULL));
    assert_ok(fpool_cancel_create(&token, parent));
    fd = fpool_cancel_fd(token);
    assert_true(fd >= 0);
    assert_int_equal(fpool_cancel_fd(token), fd);
    assert_int_equal(is_readable(fd), 0);
    fpool_cancel_trip(parent);
    assert_int_equal(is_readable(fd), 1);
}

static void the_first_reason_stays(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *token = NULL;

    (void)state;
    assert_ok(fpool_cancel_create(&token, NULL));
    assert_true(fpool_cancel_trip_for(token, FPOOL_EDEADLINE));
    assert_false(fpool_cancel_trip_for(token, FPOOL_ECANCELED));
    assert_status(fpool_cancel_reason(token), FPOOL_EDEADLINE);
}

/* Tokens made and destroyed below a root that is tripped meanwhile. */
static void *make_children(void *arg)
{
    struct fpool_cancel *root = arg;
    int i;

    for (i = 0; i < 5000; i++) {
        struct fpool_cancel *child = NULL;
        struct fpool_cancel *grandchild = NULL;

        if (fpool_cancel_create(&child, root) == FPOOL_OK &&
            fpool_cancel_create(&grandchild, child) == FPOOL_OK &&
            fpool_cancel_fd(grandchild) >= 0) {
            fpool_cancel_trip(child);
        }
        fpool_cancel_destroy(&child);
        fpool_cancel_destroy(&grandchild);
    }
    return NULL;
}

static void trips_and_ends_may_race(void **state)
{
    FPOOL_SCOPED struct fpool_cancel *root = NULL;
    pthread_t threads[3];
    size_t i;

    (void)state;
    assert_ok(fpool_cancel_create(&root, NULL));
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, make_children, root), 0);
    }
    fpool_cancel_trip(root);
    for (i = 0; i < N_ELEMENTS(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    assert_null(root->child);
    assert_true(fpool_cancel_is_tripped(root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trip_reaches_everything_below_and_nothing_above),
        cmocka_unit_test(a_child_of_a_tripped_token_is_born_tripped),
        cmocka_unit_test(a_middle_token_may_go_without_cutting_the_tree),
        cmocka_unit_test(a_parent_may_go_first),
        cmocka_unit_test(the_descriptor_is_readable_from_the_trip_on),
        cmocka_unit_test(the_first_reason_stays),
        cmocka_unit_test(trips_and_ends_may_race),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
