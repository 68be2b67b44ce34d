/* SPDX-License-Identifier: MIT */
/* Threads of the library: signals, stacks, names. */
#include "core/service.h"

#include <signal.h>
#include <string.h>

#include "support/check.h"

struct seen {
    sigset_t blocked;
    size_t stack_size;
    char name[16];
};

static void *look(void *arg)
{
    struct seen *seen = arg;
    pthread_attr_t attr;

    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstacksize(&attr, &seen->stack_size);
        pthread_attr_destroy(&attr);
    }
    fpool_thread_set_name(pthread_self(), "a name that is too long");
    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    return NULL;
}

static struct seen look_from_thread(size_t stack_size)
{
    struct seen seen = { .name = "" };
    pthread_t thread;

    assert_ok(fpool_thread_create(&thread, NULL, stack_size, look, &seen));
    pthread_join(thread, NULL);
    return seen;
}

static void asynchronous_signals_are_blocked_and_faults_are_not(void **state)
{
    struct seen seen = look_from_thread(0);
    sigset_t mine;

    (void)state;
    assert_int_equal(sigismember(&seen.blocked, SIGINT), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGTERM), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGPIPE), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGXFSZ), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGSEGV), 0);
    assert_int_equal(sigismember(&seen.blocked, SIGBUS), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_int_equal(sigismember(&mine, SIGINT), 0); /* the caller's stay */
}

static void stacks_have_the_size_asked_for(void **state)
{
    (void)state;
    assert_true(look_from_thread(0).stack_size >= 512 << 10);
    assert_true(look_from_thread(3 << 20).stack_size >= 3 << 20);
    assert_true(look_from_thread(1).stack_size > 1); /* the least there is */
}

static void names_are_cut_to_the_kernels_bound(void **state)
{
    (void)state;
    assert_string_equal(look_from_thread(0).name, "a name that is ");
}

static void an_impossible_stack_is_no_thread(void **state)
{
    int before = count_threads();
    pthread_t thread;

    (void)state;
    assert_status(fpool_thread_create(&thread, NULL, SIZE_MAX / 2, look, NULL),
                  FPOOL_ENOMEM);
    assert_int_equal(count_threads(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asynchronous_signals_are_blocked_and_faults_are_not),
        cmocka_unit_test(stacks_have_the_size_asked_for),
        cmocka_unit_test(names_are_cut_to_the_kernels_bound),
        cmocka_unit_test(an_impossible_stack_is_no_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
