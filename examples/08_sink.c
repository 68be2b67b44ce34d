/* SPDX-License-Identifier: MIT */
/* A shared result sink: `for_each` puts every result into it, one at a time, so
 * that the sink's own data needs no lock.
 * Python: with lock: histogram[size] += 1  # in every thread */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

struct histogram {
    unsigned n_words[8]; /* by their size */
    unsigned n_longer;
};

static int measure(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    poll(NULL, 0, 1);
    *ret_value = (void *)(uintptr_t)strlen(*(const char **)item);
    return 0;
}

/* Never runs twice at once.  Whatever it leaves in the result is released
 * afterwards; a number other than 0 would stop the job. */
static int count(void *userdata, struct fpool_result *result)
{
    struct histogram *h = userdata;
    size_t size = (size_t)result->value;

    if (size < 8) {
        h->n_words[size]++;
    } else {
        h->n_longer++;
    }
    return 0;
}

int main(void)
{
    const char *words[] = { "a",    "pool", "of",   "threads", "that",
                            "wait", "for",  "many", "answers", "concurrently" };
    struct histogram h = { .n_longer = 0 };
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_sink *sink = NULL;
    enum fpool_status st;

    st = fpool_create(&pool, NULL);
    if (st == FPOOL_OK) {
        st = fpool_sink_create(&sink, count, NULL, &h);
    }
    if (st == FPOOL_OK) {
        st = fpool_for_each(pool, FPOOL_CALL(measure, NULL), FPOOL_ARRAY(words),
                            sink, NULL);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "for_each: %s\n", fpool_status_text(st));
        return 1;
    }
    for (size_t size = 0; size < 8; size++) {
        printf("%zu: %u\n", size, h.n_words[size]);
    }
    printf("longer: %u\n", h.n_longer);
    return 0;
}
