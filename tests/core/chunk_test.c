/* SPDX-License-Identifier: MIT */
/* How chunks adapt: pure arithmetic on a job that never runs. */
#include "core/pull.h"

#include "support/check.h"

static struct fpool_job job_with_chunk(unsigned now)
{
    struct fpool_job job = { 0 };

    atomic_init(&job.chunk_now, now);
    return job;
}

static void quick_items_double_the_chunk_until_it_fits(void **state)
{
    struct fpool_job job = job_with_chunk(1);
    unsigned n = 1;
    int rounds = 0;

    (void)state;
    while (n < 1000 && rounds < 20) {
        fpool_chunk_adapt(&job, n, 100 * n); /* 100 ns each */
        assert_true(atomic_load(&job.chunk_now) <= 2 * n);
        n = atomic_load(&job.chunk_now);
        rounds++;
    }
    assert_int_equal(n, 1000); /* 1000 x 100 ns = 100 us */
    fpool_chunk_adapt(&job, n, 100 * n);
    assert_int_equal(atomic_load(&job.chunk_now), 1000);
}

static void one_slow_chunk_brings_it_down_at_once(void **state)
{
    struct fpool_job job = job_with_chunk(1000);

    (void)state;
    fpool_chunk_adapt(&job, 1000, 1000ll * 1000000); /* 1 ms each */
    assert_int_equal(atomic_load(&job.chunk_now), 1);
}

static void a_short_last_chunk_does_not_shrink_it(void **state)
{
    struct fpool_job job = job_with_chunk(1000);

    (void)state;
    fpool_chunk_adapt(&job, 3, 3 * 100);
    assert_int_equal(atomic_load(&job.chunk_now), 1000);
}

static void chunks_stay_within_their_bounds(void **state)
{
    struct fpool_job job = job_with_chunk(FPOOL_RANGE_MAX);

    (void)state;
    fpool_chunk_adapt(&job, FPOOL_RANGE_MAX, 0);
    assert_true(atomic_load(&job.chunk_now) <= FPOOL_RANGE_MAX);
    assert_true(atomic_load(&job.chunk_now) >= 1);
    fpool_chunk_adapt(&job, 1, INT64_MAX);
    assert_int_equal(atomic_load(&job.chunk_now), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quick_items_double_the_chunk_until_it_fits),
        cmocka_unit_test(one_slow_chunk_brings_it_down_at_once),
        cmocka_unit_test(a_short_last_chunk_does_not_shrink_it),
        cmocka_unit_test(chunks_stay_within_their_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
