/* SPDX-License-Identifier: MIT */
/* The timer heap: order, and removal from anywhere. */
#include "base/heap.h"

#include "base/mem.h"
#include "support/check.h"

#define N 500

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void fill(struct fpool_heap *h, struct fpool_heap_node *nodes)
{
    uint32_t state = 7;
    int i;

    for (i = 0; i < N; i++) {
        nodes[i] = (struct fpool_heap_node){ .when = next_random(&state) % 97 };
        assert_ok(fpool_heap_push(h, &nodes[i]));
    }
}

static void assert_drains_in_order(struct fpool_heap *h, int n)
{
    int64_t last = INT64_MIN;

    for (; n > 0; n--) {
        struct fpool_heap_node *node = fpool_heap_first(h);

        assert_non_null(node);
        assert_true(node->when >= last);
        last = node->when;
        fpool_heap_remove(h, node);
        assert_int_equal(node->place, 0);
    }
    assert_null(fpool_heap_first(h));
}

static void heap_gives_the_earliest_first(void **state)
{
    static struct fpool_heap_node nodes[N];
    struct fpool_heap h = { 0 };

    (void)state;
    fill(&h, nodes);
    assert_drains_in_order(&h, N);
    fpool_heap_fini(&h);
}

static void heap_loses_any_node_and_keeps_its_order(void **state)
{
    static struct fpool_heap_node nodes[N];
    struct fpool_heap h = { 0 };
    int i;

    (void)state;
    fill(&h, nodes);
    for (i = 0; i < N; i += 3) {
        fpool_heap_remove(&h, &nodes[i]);
        fpool_heap_remove(&h, &nodes[i]); /* in no heap: nothing happens */
    }
    assert_drains_in_order(&h, N - (N + 2) / 3);
    fpool_heap_fini(&h);
}

static void heap_push_without_memory_changes_nothing(void **state)
{
    struct fpool_heap_node node = { .when = 1 };
    struct fpool_heap h = { 0 };

    (void)state;
    fpool_mem_fail_at(1, 0);
    assert_status(fpool_heap_push(&h, &node), FPOOL_ENOMEM);
    fpool_mem_fail_at(0, 0);
    assert_int_equal(h.n, 0);
    assert_int_equal(node.place, 0);
    fpool_heap_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_gives_the_earliest_first),
        cmocka_unit_test(heap_loses_any_node_and_keeps_its_order),
        cmocka_unit_test(heap_push_without_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
