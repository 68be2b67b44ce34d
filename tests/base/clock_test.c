/* SPDX-License-Identifier: MIT */
/* Deadlines from time-outs, at the ends of their range. */
#include "base/clock.h"

#include "support/check.h"

static void negative_timeouts_never_end(void **state)
{
    (void)state;
    assert_true(fpool_deadline_after_ms(FPOOL_FOREVER) == FPOOL_NEVER);
    assert_true(fpool_deadline_after_ms(INT64_MIN) == FPOOL_NEVER);
}

static void timeouts_beyond_the_clock_never_end(void **state)
{
    (void)state;
    assert_true(fpool_deadline_after_ms(INT64_MAX) == FPOOL_NEVER);
    assert_true(fpool_deadline_after_ms(INT64_MAX / 1000000) == FPOOL_NEVER);
}

static void a_deadline_lies_its_milliseconds_ahead(void **state)
{
    int64_t before = fpool_now_ns();
    int64_t deadline = fpool_deadline_after_ms(1500);
    int64_t after = fpool_now_ns();

    (void)state;
    assert_true(deadline >= before + 1500000000);
    assert_true(deadline <= after + 1500000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_timeouts_never_end),
        cmocka_unit_test(timeouts_beyond_the_clock_never_end),
        cmocka_unit_test(a_deadline_lies_its_milliseconds_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
