/* SPDX-License-Identifier: MIT */
/* The map of outstanding tries against a plain array. */
#include "engine/dns/ids.h"

#include <string.h>

#include "base/mem.h"
#include "support/check.h"

/* Keys that have few homes in a table of any size: a few identifiers around the
 * table's ends, the same ones again a table's size further, at several ports.
 */
enum {
    N_NEAR = 24,
    N_FAR = 16,
    N_PORTS = 4,
    N_KEYS = N_NEAR * N_FAR * N_PORTS,
    FAR = 4096
};

static uint32_t key_of(unsigned i)
{
    static const unsigned ports[N_PORTS] = { 0, 1, 15, 0x8000 };
    unsigned near = i % N_NEAR;
    unsigned far = i / N_NEAR % N_FAR;
    unsigned id = FAR * far + FAR - N_NEAR / 2 + near; /* across the end */

    return fpool_dns_ids_key(ports[i / N_NEAR / N_FAR], (uint16_t)id);
}

static int values[N_KEYS];
static bool has[N_KEYS];

static void check_all(const struct fpool_dns_ids *ids)
{
    unsigned i;

    for (i = 0; i < N_KEYS; i++) {
        assert_ptr_equal(fpool_dns_ids_find(ids, key_of(i)),
                         has[i] ? &values[i] : NULL);
    }
}

static void toggle(struct fpool_dns_ids *ids, unsigned i)
{
    if (has[i]) {
        fpool_dns_ids_remove(ids, key_of(i));
    } else {
        assert_ok(fpool_dns_ids_add(ids, key_of(i), &values[i]));
    }
    has[i] = !has[i];
}

static void does_what_an_array_does(void **state)
{
    struct fpool_dns_ids ids;
    unsigned seed = 11;
    unsigned n = 0;
    int step;

    (void)state;
    memset(has, 0, sizeof(has));
    assert_ok(fpool_dns_ids_init(&ids));
    for (step = 0; step < 400000; step++) {
        unsigned i = (unsigned)rand_r(&seed) % N_KEYS;

        if (rand_r(&seed) % 4 == 0) {
            if (!has[i]) {
                fpool_dns_ids_remove(&ids, key_of(i)); /* does nothing */
            }
        } else {
            toggle(&ids, i);
            n = has[i] ? n + 1 : n - 1;
        }
        i = (unsigned)rand_r(&seed) % N_KEYS;
        assert_ptr_equal(fpool_dns_ids_find(&ids, key_of(i)),
                         has[i] ? &values[i] : NULL);
        assert_int_equal(ids.n, n);
        if (step % 500 == 0) {
            check_all(&ids);
        }
    }
    check_all(&ids);
    fpool_dns_ids_fini(&ids);
}

/* Around the table's end, every order of removing what shares one home. */
static void every_order_of_removal(void **state)
{
    enum { N = 5, ORDERS = 120 };
    struct fpool_dns_ids ids;
    unsigned order;

    (void)state;
    assert_ok(fpool_dns_ids_init(&ids));
    for (order = 0; order < ORDERS; order++) {
        uint32_t keys[N];
        unsigned code = order;
        unsigned left;
        unsigned i;

        for (i = 0; i < N; i++) { /* homes at the last two places */
            keys[i] =
                fpool_dns_ids_key(0, (uint16_t)(FAR * i + FAR - 1 - i % 2));
            assert_ok(fpool_dns_ids_add(&ids, keys[i], &values[i]));
        }
        for (left = N; left > 0; left--) {
            unsigned taken = code % left;

            code /= left;
            fpool_dns_ids_remove(&ids, keys[taken]);
            assert_null(fpool_dns_ids_find(&ids, keys[taken]));
            keys[taken] = keys[left - 1];
            for (i = 0; i < left - 1; i++) {
                assert_non_null(fpool_dns_ids_find(&ids, keys[i]));
            }
        }
        assert_int_equal(ids.n, 0);
    }
    fpool_dns_ids_fini(&ids);
}

static uint32_t scattered(uint32_t i)
{
    return i * 2654435761u; /* odd: no two are the same */
}

static void *value_for(uint32_t i)
{
    return from_int((uintptr_t)i + 1);
}

static void grows_and_forgets_nothing(void **state)
{
    enum { N = 150000 };
    struct fpool_dns_ids ids;
    uint32_t i;

    (void)state;
    assert_ok(fpool_dns_ids_init(&ids));
    for (i = 0; i < N; i++) {
        assert_ok(fpool_dns_ids_add(&ids, scattered(i), value_for(i)));
    }
    for (i = 0; i < N; i += 3) {
        fpool_dns_ids_remove(&ids, scattered(i));
    }
    for (i = 0; i < N + 1000; i++) {
        assert_ptr_equal(fpool_dns_ids_find(&ids, scattered(i)),
                         i < N && i % 3 != 0 ? value_for(i) : NULL);
    }
    assert_int_equal(ids.n, N - N / 3);
    fpool_dns_ids_fini(&ids);
}

/* A failure to grow refuses one entry and harms nothing. */
static void failure_to_grow(void **state)
{
    struct fpool_dns_ids ids;
    enum fpool_status status = FPOOL_OK;
    uint32_t n = 0;
    uint32_t i;

    (void)state;
    assert_ok(fpool_dns_ids_init(&ids));
    fpool_mem_fail_at(1, 1);
    while (status == FPOOL_OK) {
        status = fpool_dns_ids_add(&ids, scattered(n), value_for(n));
        n += status == FPOOL_OK;
        assert_true(n < 1000000);
    }
    assert_status(status, FPOOL_ENOMEM);
    assert_status(fpool_dns_ids_add(&ids, scattered(n), value_for(n)),
                  FPOOL_ENOMEM);
    fpool_mem_fail_at(0, 0);
    assert_int_equal(ids.n, n);
    for (i = 0; i < n + 100; i++) {
        assert_ptr_equal(fpool_dns_ids_find(&ids, scattered(i)),
                         i < n ? value_for(i) : NULL);
    }
    fpool_dns_ids_remove(&ids, scattered(0)); /* There is room for one now, */
    fpool_mem_fail_at(1, 1);
    assert_ok(fpool_dns_ids_add(&ids, scattered(n), value_for(n)));
    fpool_mem_fail_at(0, 0); /* and for more with memory. */
    assert_ok(fpool_dns_ids_add(&ids, scattered(0), value_for(0)));
    for (i = 0; i <= n; i++) {
        assert_ptr_equal(fpool_dns_ids_find(&ids, scattered(i)), value_for(i));
    }
    fpool_dns_ids_fini(&ids);
}

static void failure_to_begin(void **state)
{
    struct fpool_dns_ids ids;

    (void)state;
    fpool_mem_fail_at(1, 0);
    assert_status(fpool_dns_ids_init(&ids), FPOOL_ENOMEM);
    fpool_mem_fail_at(0, 0);
    fpool_dns_ids_fini(&ids);
    fpool_dns_ids_fini(&ids);
}

/* Sixteen ports whose identifiers are random: a reply is found at once. */
static void few_entries_are_far_from_home(void **state)
{
    enum { N_IDS = 2000, N_PORTS_USED = 16 };
    struct fpool_dns_ids ids;
    unsigned long run = 0;
    unsigned long runs = 0;
    unsigned seed = 5;
    uint32_t i;

    (void)state;
    assert_ok(fpool_dns_ids_init(&ids));
    for (i = 0; i < N_IDS * N_PORTS_USED; i++) {
        uint32_t key =
            fpool_dns_ids_key(i % N_PORTS_USED, (uint16_t)rand_r(&seed));

        if (fpool_dns_ids_find(&ids, key) == NULL) {
            assert_ok(fpool_dns_ids_add(&ids, key, &ids));
        }
    }
    /* At most half full: a chance table has runs of about two entries, which
     * weigh about six where they are met. */
    for (i = 0; i <= ids.mask; i++) {
        run = ids.table[i].value == NULL ? 0 : run + 1;
        runs += run;
    }
    assert_true(runs < 6ul * ids.n);
    fpool_dns_ids_fini(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_an_array_does),
        cmocka_unit_test(every_order_of_removal),
        cmocka_unit_test(grows_and_forgets_nothing),
        cmocka_unit_test(failure_to_grow),
        cmocka_unit_test(failure_to_begin),
        cmocka_unit_test(few_entries_are_far_from_home),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
