/* SPDX-License-Identifier: MIT */
/* The same loop with `map`: the calls run at the same time, and all results are
 * there, in the order of the list, when it returns.
 * Python: sizes = pool.map(look_up, names) */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Runs on many threads at once.  'item' points to an element of the array; the
 * value may be any pointer, here it is a small number. */
static int look_up(struct fpool_task *task, void *item, void **ret_value)
{
    const char *name = *(const char **)item;

    (void)task;
    poll(NULL, 0, 1);
    *ret_value = (void *)(uintptr_t)strlen(name);
    return 0;
}

int main(void)
{
    const char *names[] = { "ada", "barbara", "dennis", "edsger", "grace" };
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    enum fpool_status st;

    st = fpool_create(&pool, NULL);
    if (st == FPOOL_OK) {
        st = fpool_map(pool, FPOOL_CALL(look_up, NULL), FPOOL_ARRAY(names),
                       NULL, &batch);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "map: %s\n", fpool_status_text(st));
        return 1;
    }
    for (uint64_t i = 0; i < fpool_batch_count(batch); i++) {
        struct fpool_result r;

        fpool_batch_result(batch, i, &r);
        printf("%s %zu\n", names[i], (size_t)r.value);
    }
    return 0; /* The batch, then the pool, are destroyed here. */
}
