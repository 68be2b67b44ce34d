/* SPDX-License-Identifier: MIT */
/* Embedded lists against a plain array. */
#include "base/list.h"

#include <string.h>

#include "support/check.h"

enum { N_NODES = 40, N_LISTS = 2, N_STEPS = 100000 };

/* The lists, and what they should hold. */
struct model {
    struct fpool_list heads[N_LISTS];
    struct fpool_list nodes[N_NODES];
    int order[N_LISTS][N_NODES];
    int n[N_LISTS];
};

static void model_begin(struct model *m)
{
    int i;

    memset(m, 0, sizeof(*m));
    for (i = 0; i < N_LISTS; i++) {
        fpool_list_init(&m->heads[i]);
    }
}

/* Takes the entry at 'place' of a list out of the model. */
static void model_take(struct model *m, int list, int place)
{
    int *order = m->order[list];

    memmove(order + place, order + place + 1,
            (size_t)(m->n[list] - place - 1) * sizeof(*order));
    m->n[list]--;
}

/* Takes a node out of the model wherever it is. */
static void model_forget(struct model *m, int node)
{
    int list;
    int i;

    for (list = 0; list < N_LISTS; list++) {
        for (i = 0; i < m->n[list]; i++) {
            if (m->order[list][i] == node) {
                model_take(m, list, i);
                return;
            }
        }
    }
}

/* The same nodes in the same order, both ways. */
static void check_list(const struct model *m, int list)
{
    const struct fpool_list *head = &m->heads[list];
    const struct fpool_list *node = head;
    int i;

    assert_int_equal(fpool_list_is_empty(head), m->n[list] == 0);
    for (i = 0; i < m->n[list]; i++) {
        const struct fpool_list *before = node;

        node = node->next;
        assert_ptr_equal(node, &m->nodes[m->order[list][i]]);
        assert_ptr_equal(node->previous, before);
        assert_true(fpool_list_has(node));
    }
    assert_ptr_equal(node->next, head);
    assert_ptr_equal(head->previous, node);
}

static void step(struct model *m, unsigned *seed)
{
    int list = rand_r(seed) % N_LISTS;
    int node = rand_r(seed) % N_NODES;
    struct fpool_list *popped;

    switch (rand_r(seed) % 3) {
    case 0:
        if (!fpool_list_has(&m->nodes[node])) {
            fpool_list_push(&m->heads[list], &m->nodes[node]);
            m->order[list][m->n[list]++] = node;
        }
        break;
    case 1: /* whichever list it is in, or none */
        fpool_list_remove(&m->nodes[node]);
        assert_false(fpool_list_has(&m->nodes[node]));
        model_forget(m, node);
        break;
    default:
        popped = fpool_list_pop(&m->heads[list]);
        if (m->n[list] == 0) {
            assert_null(popped);
        } else {
            assert_ptr_equal(popped, &m->nodes[m->order[list][0]]);
            assert_false(fpool_list_has(popped));
            model_take(m, list, 0);
        }
    }
}

static void does_what_an_array_does(void **state)
{
    static struct model m;
    unsigned seed = 3;
    int i;

    (void)state;
    model_begin(&m);
    for (i = 0; i < N_STEPS; i++) {
        step(&m, &seed);
        check_list(&m, 0);
        check_list(&m, 1);
    }
}

static void a_zeroed_node_is_in_no_list(void **state)
{
    struct fpool_list node = { .next = NULL };

    (void)state;
    assert_false(fpool_list_has(&node));
    fpool_list_remove(&node); /* does nothing */
    assert_false(fpool_list_has(&node));
}

static void the_only_node_leaves_an_empty_list(void **state)
{
    struct fpool_list head;
    struct fpool_list node = { .next = NULL };

    (void)state;
    fpool_list_init(&head);
    assert_true(fpool_list_is_empty(&head));
    fpool_list_push(&head, &node);
    assert_false(fpool_list_is_empty(&head));
    fpool_list_remove(&node);
    fpool_list_remove(&node); /* the second time does nothing */
    assert_true(fpool_list_is_empty(&head));
    assert_null(fpool_list_pop(&head));
    fpool_list_push(&head, &node); /* and it can be put in again */
    assert_ptr_equal(fpool_list_pop(&head), &node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_an_array_does),
        cmocka_unit_test(a_zeroed_node_is_in_no_list),
        cmocka_unit_test(the_only_node_leaves_an_empty_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
