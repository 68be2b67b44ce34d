/* SPDX-License-Identifier: MIT */
/* Blocks that one thread makes and others release. */
#include "engine/dns/slab.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <string.h>

#include "base/mem.h"
#include "support/check.h"

#define LARGEST_SHARED (FPOOL_DNS_SLAB_SIZE / 4)

/* Fills a block with a byte that follows from its number. */
static void fill(unsigned char *block, size_t size, unsigned number)
{
    memset(block, (int)(number * 31 + 7) & 0xff, size);
}

static bool is_whole(const unsigned char *block, size_t size, unsigned number)
{
    unsigned char wanted = (unsigned char)(number * 31 + 7);
    size_t i;

    for (i = 0; i < size; i++) {
        if (block[i] != wanted) {
            return false;
        }
    }
    return true;
}

static unsigned char *make(struct fpool_dns_slabs *slabs, size_t size,
                           unsigned number)
{
    unsigned char *block = fpool_dns_slab_alloc(slabs, size);

    assert_non_null(block);
    assert_int_equal((uintptr_t)block % alignof(max_align_t), 0);
    fill(block, size, number);
    return block;
}

/* Every size is aligned and does not touch its neighbours. */
static void blocks_do_not_overlap(void **state)
{
    enum { N = 2 * LARGEST_SHARED + 64 };
    static unsigned char *blocks[N];
    struct fpool_dns_slabs slabs = { .current = NULL };
    unsigned i;

    (void)state;
    for (i = 0; i < N; i++) {
        blocks[i] = make(&slabs, i, i);
    }
    for (i = 0; i < N; i++) {
        assert_true(is_whole(blocks[i], i, i));
    }
    for (i = 0; i < N; i++) { /* from within and from outside */
        unsigned next = i % 2 == 0 ? i / 2 : N - 1 - i / 2;

        assert_true(is_whole(blocks[next], next, next));
        fpool_dns_slab_free(blocks[next]);
    }
    fpool_dns_slab_fini(&slabs);
}

/* The last byte of a slab can be used and no byte behind it. */
static void a_slab_is_used_to_its_end(void **state)
{
    struct fpool_dns_slabs slabs = { .current = NULL };
    unsigned n_begun = 0;
    int i;

    (void)state;
    fpool_dns_slab_free(make(&slabs, 1, 0));
    for (i = 0; i < 30; i++) {
        size_t left = FPOOL_DNS_SLAB_SIZE - slabs.used;
        size_t head = alignof(max_align_t); /* at least as much is lost */
        size_t size =
            left > LARGEST_SHARED + head ? LARGEST_SHARED : left - head;

        if (left < head) {
            size = 0;
        }
        fpool_dns_slab_free(make(&slabs, size, 1));
        assert_true(slabs.used <= FPOOL_DNS_SLAB_SIZE);
        n_begun += slabs.n == 1;
    }
    assert_true(n_begun >= 3);
    fpool_dns_slab_fini(&slabs);
}

static void many_blocks_are_one_allocation(void **state)
{
    enum { N = 1000, SIZE = 96 };
    static void *blocks[N];
    struct fpool_dns_slabs slabs = { .current = NULL };
    int i;

    (void)state;
    fpool_mem_fail_at(0, 0);
    for (i = 0; i < N; i++) {
        blocks[i] = make(&slabs, SIZE, 1);
    }
    assert_true(fpool_mem_count() <= N * (SIZE + 32) / FPOOL_DNS_SLAB_SIZE + 1);
    for (i = 0; i < N; i++) {
        fpool_dns_slab_free(blocks[i]);
    }
    fpool_dns_slab_fini(&slabs);
}

static void large_blocks_have_their_own(void **state)
{
    static const size_t sizes[] = { LARGEST_SHARED + 1,
                                    FPOOL_DNS_SLAB_SIZE - 16,
                                    FPOOL_DNS_SLAB_SIZE,
                                    FPOOL_DNS_SLAB_SIZE + 1, 1000003 };
    struct fpool_dns_slabs slabs = { .current = NULL };
    unsigned char *small = make(&slabs, 10, 1);
    struct fpool_dns_slab *current = slabs.current;
    size_t used = slabs.used;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(sizes); i++) {
        unsigned char *block = make(&slabs, sizes[i], (unsigned)i);

        assert_ptr_equal(slabs.current, current);
        assert_int_equal(slabs.used, used);
        assert_true(is_whole(block, sizes[i], (unsigned)i));
        fpool_dns_slab_free(block);
    }
    assert_true(is_whole(small, 10, 1));
    fpool_dns_slab_free(small);
    fpool_dns_slab_fini(&slabs);
}

/* The maker is gone; what it made lives until it is released, in any order. */
static void blocks_outlive_their_maker(void **state)
{
    enum { N = 300, SIZE = 200 };
    static unsigned char *blocks[N];
    struct fpool_dns_slabs slabs = { .current = NULL };
    unsigned seed = 9;
    unsigned left;
    unsigned i;

    (void)state;
    for (i = 0; i < N; i++) {
        blocks[i] = make(&slabs, SIZE, 4);
        if (i % 7 == 0) { /* some of an open slab are gone before */
            fpool_dns_slab_free(blocks[i]);
            blocks[i] = make(&slabs, SIZE, 4);
        }
    }
    fpool_dns_slab_fini(&slabs);
    fpool_dns_slab_fini(&slabs); /* the second time does nothing */
    for (left = N; left > 0; left--) {
        i = (unsigned)rand_r(&seed) % left;
        assert_true(is_whole(blocks[i], SIZE, 4));
        fpool_dns_slab_free(blocks[i]);
        blocks[i] = blocks[left - 1];
    }
    fpool_dns_slab_free(make(&slabs, SIZE, 4)); /* and it can begin again */
    fpool_dns_slab_fini(&slabs);
}

static void nothing_is_released_at_no_cost(void **state)
{
    struct fpool_dns_slabs slabs = { .current = NULL };

    (void)state;
    fpool_dns_slab_free(NULL);
    fpool_dns_slab_fini(&slabs);
}

static void without_memory_there_is_none(void **state)
{
    enum { N = 10, SIZE = LARGEST_SHARED };
    unsigned char *blocks[N];
    struct fpool_dns_slabs slabs = { .current = NULL };
    unsigned n = 0;
    unsigned i;

    (void)state;
    fpool_mem_fail_at(1, 1);
    assert_null(fpool_dns_slab_alloc(&slabs, 1)); /* no slab yet */
    assert_null(fpool_dns_slab_alloc(&slabs, LARGEST_SHARED + 1));
    fpool_mem_fail_at(0, 0);
    blocks[n++] = make(&slabs, SIZE, 0);
    fpool_mem_fail_at(1, 1);
    while (n < N) { /* until the slab is full */
        blocks[n] = fpool_dns_slab_alloc(&slabs, SIZE);
        if (blocks[n] == NULL) {
            break;
        }
        fill(blocks[n], SIZE, n);
        n++;
    }
    assert_true(n < N);
    assert_null(fpool_dns_slab_alloc(&slabs, SIZE));
    fpool_mem_fail_at(0, 0);
    blocks[n] = make(&slabs, SIZE, n); /* a new one, once there is memory */
    for (i = 0; i <= n; i++) {
        assert_true(is_whole(blocks[i], SIZE, i));
        fpool_dns_slab_free(blocks[i]);
    }
    fpool_dns_slab_fini(&slabs);
}

/* ---- Several threads release what this one makes, as fast as it is made. */

enum { N_THREADS = 4, N_PLACES = 256, N_BLOCKS = 120000 };

struct place {
    size_t size;
    unsigned number;
    _Atomic(unsigned char *) block; /* NULL: free */
};

static struct place places[N_THREADS][N_PLACES];
static atomic_int n_broken;

static void *release_all(void *mine)
{
    struct place *own = mine;
    int i;

    for (i = 0; i < N_BLOCKS / N_THREADS; i++) {
        struct place *p = &own[i % N_PLACES];
        unsigned char *block = atomic_load(&p->block);

        while (block == NULL) {
            sched_yield();
            block = atomic_load(&p->block);
        }
        atomic_fetch_add(&n_broken, !is_whole(block, p->size, p->number));
        atomic_store(&p->block, NULL);
        fpool_dns_slab_free(block);
    }
    return NULL;
}

static void put(struct place *p, struct fpool_dns_slabs *slabs, size_t size,
                unsigned number)
{
    while (atomic_load(&p->block) != NULL) {
        sched_yield();
    }
    p->size = size;
    p->number = number;
    atomic_store(&p->block, make(slabs, size, number));
}

static void other_threads_release(void **state)
{
    struct fpool_dns_slabs slabs = { .current = NULL };
    pthread_t threads[N_THREADS];
    unsigned seed = 2;
    unsigned i;

    (void)state;
    for (i = 0; i < N_THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, release_all, places[i]), 0);
    }
    for (i = 0; i < N_BLOCKS; i++) {
        size_t size =
            (size_t)rand_r(&seed) % (i % 100 == 0 ? 2 * LARGEST_SHARED : 300);

        put(&places[i % N_THREADS][i / N_THREADS % N_PLACES], &slabs, size, i);
        if (i % 1000 == 0) {
            fpool_dns_slab_fini(&slabs); /* while blocks are out */
        }
    }
    fpool_dns_slab_fini(&slabs);
    for (i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&n_broken), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(a_slab_is_used_to_its_end),
        cmocka_unit_test(many_blocks_are_one_allocation),
        cmocka_unit_test(large_blocks_have_their_own),
        cmocka_unit_test(blocks_outlive_their_maker),
        cmocka_unit_test(nothing_is_released_at_no_cost),
        cmocka_unit_test(without_memory_there_is_none),
        cmocka_unit_test(other_threads_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
