/* SPDX-License-Identifier: MIT */
/* `map` without results: each call writes into its own element of the array, so
 * there is nothing to hand back and nothing to keep.
 * Python: pool.map(fill_in, people)  # the list it returns is thrown away */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

struct person {
    const char *name;
    size_t size;
};

/* No two calls see the same element, so no lock is needed. */
static int fill_in(struct fpool_task *task, void *item, void **ret_value)
{
    struct person *person = item;

    (void)task;
    (void)ret_value;
    poll(NULL, 0, 1);
    person->size = strlen(person->name);
    return 0;
}

int main(void)
{
    struct person people[] = { { .name = "ada" },
                               { .name = "barbara" },
                               { .name = "dennis" },
                               { .name = "edsger" },
                               { .name = "grace" } };
    FPOOL_SCOPED struct fpool *pool = NULL;
    enum fpool_status st;

    st = fpool_create(&pool, NULL);
    if (st == FPOOL_OK) {
        st = fpool_map(pool, FPOOL_CALL(fill_in, NULL), FPOOL_ARRAY(people),
                       NULL, NULL);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "map: %s\n", fpool_status_text(st));
        return 1;
    }
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        printf("%s %zu\n", people[i].name, people[i].size);
    }
    return 0;
}
