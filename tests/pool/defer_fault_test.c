/* SPDX-License-Identifier: MIT */
/* Items aside when the disk or memory fails: every item gets exactly one
 * result all the same. */
#include <unistd.h>

#include "base/mem.h"
#include "core/defer.h"
#include "support/clerk.h"

static _Atomic(struct fpool_results *) the_results;

/* On the puller's thread, to which the store belongs. */
static void lose_the_file(void *arg)
{
    struct fpool_store *s;

    (void)arg;
    while (atomic_load(&the_results) == NULL) {
    }
    s = &atomic_load(&the_results)->job.defer->store;
    if (ftruncate(s->side[s->in].fd, 0) != 0) {
        abort();
    }
}

static void what_the_disk_loses_still_has_its_results(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(1);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct names names = { .end = 5000, .size = 1000, .at_end = lose_the_file };
    struct clerk clerk = { .percent = 50, .rounds = 1 };
    struct tally t = tally_make(&names);
    struct desk desk;

    (void)state;
    atomic_store(&the_results, NULL);
    desk_init(&desk);
    clerk_begin(&clerk, &desk, names.end);
    assert_ok(fpool_imap_unordered(pool, &desk.op, names_source(&names),
                                   FPOOL_JOB(.window = 64, .defer_dir = "."),
                                   &results));
    atomic_store(&the_results, results);
    assert_status(tally_drain(&t, &desk, results), FPOOL_END);
    clerk_end(&clerk);
    assert_int_equal(t.n, names.end);
    assert_in_range(t.n_by_status[2], 1000, 2600);
    fpool_results_destroy(&results);
    desk_fini(&desk);
    free(t.seen);
}

/* Whether it could be run at all; asserts that all is well if so. */
static void run_short_of_memory(void)
{
    struct fpool *pool = NULL;
    struct fpool_results *results = NULL;
    struct names names = { .end = 150, .size = 1000 };
    struct clerk clerk = { .percent = 70, .rounds = 2 };
    struct tally t = tally_make(&names);
    struct desk desk;
    enum fpool_status st;

    desk_init(&desk);
    clerk_begin(&clerk, &desk, names.end);
    st = fpool_create(&pool, FPOOL_OPTIONS(.workers = 1));
    if (st == FPOOL_OK) {
        st = fpool_imap_unordered(pool, &desk.op, names_source(&names),
                                  FPOOL_JOB(.window = 8, .defer_dir = "."),
                                  &results);
    }
    if (st == FPOOL_OK) {
        assert_status(tally_drain(&t, &desk, results), FPOOL_END);
        assert_int_equal(t.n, names.end);
    } else {
        assert_status(st, FPOOL_ENOMEM);
    }
    clerk_end(&clerk);
    fpool_results_destroy(&results);
    fpool_destroy(&pool);
    desk_fini(&desk);
    assert_int_equal(atomic_load(&names.n_dropped),
                     atomic_load(&names.n_yielded));
    free(t.seen);
}

static void any_allocation_may_fail(void **state)
{
    unsigned long n = 1;
    bool has_failed;

    (void)state;
    do {
        fpool_mem_fail_at(n, 0);
        run_short_of_memory();
        has_failed = fpool_mem_count() >= n;
        n++;
    } while (has_failed);
    for (n = 1; n < 200; n += 13) {
        fpool_mem_fail_at(n, 1);
        run_short_of_memory();
    }
    fpool_mem_fail_at(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_disk_loses_still_has_its_results),
        cmocka_unit_test(any_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
