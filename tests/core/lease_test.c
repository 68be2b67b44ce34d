/* SPDX-License-Identifier: MIT */
/* Leases: each item of a chunk goes to its owner or to one thief. */
#include "core/lease.h"

#include <pthread.h>
#include <string.h>

#include "support/check.h"

#define N_ITEMS  200
#define N_ROUNDS 500

static struct fpool_job *fake_job(void)
{
    static struct fpool_job job;

    atomic_store(&job.refs, 1);
    return &job;
}

static struct fpool_chunk chunk_of(struct fpool_job *job, uint64_t base,
                                   unsigned n)
{
    struct fpool_chunk c;

    memset(&c, 0, sizeof(c));
    c.job = job;
    c.base = base;
    c.n = n;
    return c;
}

static void the_owner_pops_in_order(void **state)
{
    struct fpool_chunk c = chunk_of(fake_job(), 100, 3);
    struct fpool_leases leases = { 0 };
    struct fpool_lease *lease;
    unsigned at;
    unsigned i;

    (void)state;
    fpool_leases_init(&leases);
    lease = fpool_lease_open(&leases, &c);
    assert_non_null(lease);
    for (i = 0; i < 3; i++) {
        assert_true(fpool_lease_pop(lease, &at));
        assert_int_equal(at, i);
    }
    assert_false(fpool_lease_pop(lease, &at));
    assert_false(fpool_leases_have_work(&leases));
    fpool_lease_close(&leases, lease);
    fpool_leases_fini(&leases);
}

static void a_thief_takes_the_second_half(void **state)
{
    struct fpool_chunk c = chunk_of(fake_job(), 100, 5);
    struct fpool_leases leases = { 0 };
    struct fpool_lease *lease;
    struct fpool_chunk loot;
    struct fpool_job other = { 0 };
    unsigned at;

    (void)state;
    fpool_leases_init(&leases);
    lease = fpool_lease_open(&leases, &c);
    assert_true(fpool_lease_pop(lease, &at));
    assert_true(fpool_leases_have_work(&leases));
    assert_false(fpool_lease_steal(&leases, &other, &loot));
    assert_true(fpool_lease_steal(&leases, c.job, &loot));
    assert_int_equal(loot.n, 2);
    assert_int_equal(loot.base, 103);
    assert_true(loot.owns_reference);
    assert_true(fpool_lease_steal(&leases, NULL, &loot));
    assert_int_equal(loot.base, 102);
    assert_true(fpool_lease_steal(&leases, NULL, &loot));
    assert_int_equal(loot.base, 101);
    assert_false(fpool_lease_steal(&leases, NULL, &loot));
    assert_false(fpool_lease_pop(lease, &at));
    fpool_lease_close(&leases, lease);
    fpool_leases_fini(&leases);
}

static void an_abandoned_lease_is_emptied_by_others(void **state)
{
    struct fpool_chunk c = chunk_of(fake_job(), 0, 4);
    struct fpool_leases leases = { 0 };
    struct fpool_lease *lease;
    struct fpool_chunk loot;
    unsigned at;
    unsigned n = 0;

    (void)state;
    fpool_leases_init(&leases);
    lease = fpool_lease_open(&leases, &c);
    assert_true(fpool_lease_pop(lease, &at));
    fpool_lease_abandon(&leases, lease);
    while (fpool_lease_steal(&leases, NULL, &loot)) {
        n += loot.n;
    }
    assert_int_equal(n, 3);
    assert_int_equal(atomic_load(&leases.n_open), 0);
    fpool_leases_fini(&leases);
}

/* An owner and two thieves over many chunks: every item exactly once. */
struct heist {
    struct fpool_leases leases;
    atomic_int seen[N_ITEMS * N_ROUNDS];
    atomic_bool is_over;
};

static void *steal_until_over(void *arg)
{
    struct heist *h = arg;
    struct fpool_chunk loot;
    unsigned i;

    while (!atomic_load(&h->is_over)) {
        if (fpool_lease_steal(&h->leases, NULL, &loot)) {
            for (i = 0; i < loot.n; i++) {
                atomic_fetch_add(&h->seen[loot.base + i], 1);
            }
        }
    }
    return NULL;
}

static void owner_and_thieves_share_without_loss(void **state)
{
    static struct heist h;
    pthread_t thieves[2];
    unsigned at;
    int i;

    (void)state;
    fpool_leases_init(&h.leases);
    for (i = 0; i < 2; i++) {
        assert_int_equal(
            pthread_create(&thieves[i], NULL, steal_until_over, &h), 0);
    }
    for (i = 0; i < N_ROUNDS; i++) {
        struct fpool_chunk c =
            chunk_of(fake_job(), (uint64_t)i * N_ITEMS, N_ITEMS);
        struct fpool_lease *lease = fpool_lease_open(&h.leases, &c);

        assert_non_null(lease);
        while (fpool_lease_pop(lease, &at)) {
            atomic_fetch_add(&h.seen[c.base + at], 1);
        }
        fpool_lease_close(&h.leases, lease);
    }
    atomic_store(&h.is_over, true);
    for (i = 0; i < 2; i++) {
        pthread_join(thieves[i], NULL);
    }
    for (i = 0; i < N_ITEMS * N_ROUNDS; i++) {
        assert_int_equal(atomic_load(&h.seen[i]), 1);
    }
    fpool_leases_fini(&h.leases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_pops_in_order),
        cmocka_unit_test(a_thief_takes_the_second_half),
        cmocka_unit_test(an_abandoned_lease_is_emptied_by_others),
        cmocka_unit_test(owner_and_thieves_share_without_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
