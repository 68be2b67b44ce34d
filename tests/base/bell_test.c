/* SPDX-License-Identifier: MIT */
/* The doorbell, as a descriptor that others poll. */
#include "base/bell.h"

#include <fcntl.h>
#include <poll.h>

#include "support/check.h"

static int is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0);
}

static void bell_is_readable_from_ring_to_answer(void **state)
{
    struct fpool_bell b;

    (void)state;
    assert_ok(fpool_bell_init(&b));
    assert_int_equal(is_readable(b.fd), 0);
    fpool_bell_ring(&b);
    fpool_bell_ring(&b);
    assert_int_equal(is_readable(b.fd), 1);
    fpool_bell_answer(&b);
    assert_int_equal(is_readable(b.fd), 0);
    fpool_bell_answer(&b); /* of an unrung bell: does not block */
    fpool_bell_fini(&b);
    assert_int_equal(b.fd, -1);
}

static void bell_is_closed_on_exec(void **state)
{
    struct fpool_bell b;

    (void)state;
    assert_ok(fpool_bell_init(&b));
    assert_true((fcntl(b.fd, F_GETFD) & FD_CLOEXEC) != 0);
    fpool_bell_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bell_is_readable_from_ring_to_answer),
        cmocka_unit_test(bell_is_closed_on_exec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
