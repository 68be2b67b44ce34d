/* SPDX-License-Identifier: MIT */
/* A program outside the project: tests/install_test.sh builds it against an
 * installed fetchpool, through pkg-config alone.  It squares a few numbers. */
#include <fetchpool/fetchpool.h>

#include <stdio.h>
#include <string.h>

static int square(struct fpool_task *task, void *item, void **ret_value)
{
    uintptr_t n = (uintptr_t)fpool_item_number(item);

    (void)task;
    *ret_value = (void *)(n * n);
    return 0;
}

int main(void)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    uint64_t sum = 0;

    if (strcmp(fpool_version(), FPOOL_VERSION) != 0) {
        fprintf(stderr, "library %s, headers " FPOOL_VERSION "\n",
                fpool_version());
        return 1;
    }
    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 4)) != FPOOL_OK ||
        fpool_imap_unordered(pool, FPOOL_CALL(square, NULL),
                             fpool_source_range(0, 101), NULL,
                             &results) != FPOOL_OK) {
        return 1;
    }
    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        sum += (uint64_t)(uintptr_t)r.value;
        fpool_result_release(&r);
    }
    printf("fetchpool %s: %lu\n", fpool_version(), (unsigned long)sum);
    return sum == 338350 ? 0 : 1;
}
