/* SPDX-License-Identifier: MIT */
/* Usable CPUs: affinity and quotas. */
#include "core/cpus.h"

#include <sched.h>

#include "support/check.h"

static void quotas_are_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(fpool_quota_parse("100000 100000\n"), 1);
    assert_int_equal(fpool_quota_parse("150000 100000\n"), 2);
    assert_int_equal(fpool_quota_parse("400000 100000\n"), 4);
    assert_int_equal(fpool_quota_parse("1000 100000\n"), 1);
}

static void no_quota_is_zero(void **state)
{
    (void)state;
    assert_int_equal(fpool_quota_parse("max 100000\n"), 0);
    assert_int_equal(fpool_quota_parse("-1 100000\n"), 0);
    assert_int_equal(fpool_quota_parse("100000"), 0);
    assert_int_equal(fpool_quota_parse("100000 0"), 0);
    assert_int_equal(fpool_quota_parse(""), 0);
    assert_int_equal(fpool_quota_parse("99999999999999999999 1"), 0);
}

static void affinity_bounds_the_usable_cpus(void **state)
{
    cpu_set_t old;
    cpu_set_t one;
    int cpu = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(old), &old), 0);
    assert_true(fpool_usable_cpus() >= 1);
    assert_true(fpool_usable_cpus() <= (unsigned)CPU_COUNT(&old));
    while (!CPU_ISSET(cpu, &old)) {
        cpu++;
    }
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(fpool_usable_cpus(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas_are_rounded_up),
        cmocka_unit_test(no_quota_is_zero),
        cmocka_unit_test(affinity_bounds_the_usable_cpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
