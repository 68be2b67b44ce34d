/* SPDX-License-Identifier: MIT */
/* `imap`: results one by one, in the order of the items, while the list is
 * still being read.  This list is as good as endless; no more than 'window'
 * items of it are ever taken ahead, and the loop may be left early.
 * Python: for text in pool.imap(spell, itertools.count()): ... break */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* The value is memory of its own, which 'drop_value' below releases. */
static int spell(struct fpool_task *task, void *item, void **ret_value)
{
    size_t size = 32;
    char *text = malloc(size);

    (void)task;
    if (text == NULL) {
        return 1;
    }
    poll(NULL, 0, 1);
    snprintf(text, size, "number %llu",
             (unsigned long long)fpool_item_number(item));
    *ret_value = text;
    return 0;
}

int main(void)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    enum fpool_status st;

    st = fpool_create(&pool, FPOOL_OPTIONS(.workers = 16));
    if (st == FPOOL_OK) {
        st = fpool_imap(pool, FPOOL_CALL(spell, NULL),
                        fpool_source_range(0, UINT32_MAX),
                        FPOOL_JOB(.window = 64, .drop_value = free), &results);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "imap: %s\n", fpool_status_text(st));
        return 1;
    }
    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        bool is_enough = r.index == 4;

        printf("%s\n", r.value == NULL ? "no memory" : (char *)r.value);
        fpool_result_release(&r); /* also clears 'r' */
        if (is_enough) {
            break;
        }
    }
    return 0; /* What is left of the job is cancelled and released here. */
}
