/* SPDX-License-Identifier: MIT */
/* The allocator seam: what the torture test relies on. */
#include "base/mem.h"

#include <string.h>

#include "support/check.h"

static void exactly_the_nth_allocation_fails(void **state)
{
    void *p[4];
    int i;

    (void)state;
    fpool_mem_fail_at(2, 0);
    for (i = 0; i < 4; i++) {
        p[i] = fpool_malloc(1);
    }
    assert_int_equal(fpool_mem_count(), 4);
    fpool_mem_fail_at(0, 0);
    assert_non_null(p[0]);
    assert_null(p[1]);
    assert_non_null(p[2]);
    assert_non_null(p[3]);
    for (i = 0; i < 4; i++) {
        fpool_free(p[i]);
    }
}

static void all_after_the_nth_fail_when_persistent(void **state)
{
    void *p;

    (void)state;
    fpool_mem_fail_at(1, 1);
    p = fpool_calloc(1, 1);
    assert_null(p);
    p = fpool_realloc(NULL, 8);
    assert_null(p);
    p = fpool_aligned_calloc(64, 64);
    assert_null(p);
    fpool_mem_fail_at(0, 0);
}

static void aligned_memory_is_aligned_and_zero(void **state)
{
    static const char zero[192];
    void *p = fpool_aligned_calloc(64, sizeof(zero));

    (void)state;
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    assert_memory_equal(p, zero, sizeof(zero));
    fpool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_nth_allocation_fails),
        cmocka_unit_test(all_after_the_nth_fail_when_persistent),
        cmocka_unit_test(aligned_memory_is_aligned_and_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
