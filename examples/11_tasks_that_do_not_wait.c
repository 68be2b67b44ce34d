/* SPDX-License-Identifier: MIT */
/* Tasks that submit follow-up tasks and do not wait for them: nobody holds a
 * future, a counter of what is under way tells when the last one is done.
 * Python: pool.apply_async(visit, (child,))  # from within visit() */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#define N_NODES 127

struct walk {
    atomic_uint n_visited;
    atomic_uint n_under_way;
    sem_t is_over;
};

static int visit(struct fpool_task *task, void *item, void **ret_value);

/* The children of node n are 2n and 2n + 1. */
static int submit(struct fpool *pool, struct walk *walk, uint64_t node)
{
    struct fpool_item item = fpool_item_pointer((void *)(uintptr_t)node);
    const struct fpool_op *op = FPOOL_CALL(visit, walk);
    enum fpool_status st;

    atomic_fetch_add(&walk->n_under_way, 1);
    st = fpool_apply_async(pool, op, item, NULL, NULL);
    if (st == FPOOL_EAGAIN) {
        /* Too many wait already, and a task never waits: it runs this one. */
        struct fpool_result r; /* nothing in it to release */

        st = fpool_apply(pool, op, item, NULL, &r);
    }
    if (st != FPOOL_OK) {
        atomic_fetch_sub(&walk->n_under_way, 1);
    }
    return st;
}

static int visit(struct fpool_task *task, void *item, void **ret_value)
{
    struct walk *walk = fpool_task_userdata(task);
    uint64_t node = fpool_item_number(item);
    int st = FPOOL_OK;

    (void)ret_value;
    poll(NULL, 0, 1);
    atomic_fetch_add(&walk->n_visited, 1);
    for (uint64_t child = 2 * node; child <= 2 * node + 1; child++) {
        if (st == FPOOL_OK && child <= N_NODES) {
            st = submit(fpool_task_pool(task), walk, child);
        }
    }
    if (atomic_fetch_sub(&walk->n_under_way, 1) == 1) {
        sem_post(&walk->is_over);
    }
    return st;
}

int main(void)
{
    struct walk walk = { .n_visited = 0 };
    FPOOL_SCOPED struct fpool *pool = NULL;

    if (sem_init(&walk.is_over, 0, 0) != 0 ||
        fpool_create(&pool, FPOOL_OPTIONS(.workers = 8)) != FPOOL_OK ||
        submit(pool, &walk, 1) != FPOOL_OK) {
        return 1;
    }
    sem_wait(&walk.is_over);
    printf("%u nodes visited\n", atomic_load(&walk.n_visited));
    return 0;
}
