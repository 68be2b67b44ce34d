/* SPDX-License-Identifier: MIT */
/* A task that submits follow-up tasks and waits for them, here for the two
 * children of a node in a tree.  A worker that waits runs what it waits for, so
 * this ends even with a single worker.
 * Python: sum(f.result() for f in futures)  # in a task: may wait for ever */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>

#define N_NODES 127

/* Node n has the children 2n and 2n + 1.  The value is the number of nodes in
 * the tree below and including this one. */
static int visit(struct fpool_task *task, void *item, void **ret_value)
{
    uint64_t node = fpool_item_number(item);
    struct fpool *pool = fpool_task_pool(task);
    struct fpool_future *children[2] = { NULL, NULL };
    uintptr_t n_nodes = 1;
    int code = 0;

    poll(NULL, 0, 1);
    for (size_t i = 0; i < 2 && 2 * node + i <= N_NODES; i++) {
        struct fpool_item child =
            fpool_item_pointer((void *)(uintptr_t)(2 * node + i));
        struct fpool_result r = { .status = FPOOL_OK };

        /* Both are under way before the first is waited for.  With too many
         * under way already, fpool_apply() runs the child right here. */
        if (fpool_apply_async(pool, FPOOL_CALL(visit, NULL), child, NULL,
                              &children[i]) != FPOOL_OK) {
            if (fpool_apply(pool, FPOOL_CALL(visit, NULL), child, NULL, &r) !=
                FPOOL_OK) {
                code = 1;
            }
            n_nodes += (uintptr_t)r.value;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        struct fpool_result r;

        if (children[i] != NULL) {
            fpool_future_wait(children[i], FPOOL_FOREVER, &r);
            n_nodes += (uintptr_t)r.value;
            fpool_future_destroy(&children[i]);
        }
    }
    *ret_value = (void *)n_nodes;
    return code;
}

int main(void)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_result r;

    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 1)) != FPOOL_OK ||
        fpool_apply(pool, FPOOL_CALL(visit, NULL),
                    fpool_item_pointer((void *)1), NULL, &r) != FPOOL_OK) {
        return 1;
    }
    printf("%zu nodes, %s\n", (size_t)r.value, fpool_status_text(r.status));
    fpool_result_release(&r);
    return 0;
}
