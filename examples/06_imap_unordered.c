/* SPDX-License-Identifier: MIT */
/* `imap_unordered`: each result as soon as it is there, whatever its place in
 * the list; 'index' tells the place.  An item that fails is a result too, with
 * the function's own code, and stops nobody else.
 * Python: for result in pool.imap_unordered(check, range(1000)): ... */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>

static int check(struct fpool_task *task, void *item, void **ret_value)
{
    uint64_t number = fpool_item_number(item);

    (void)task;
    (void)ret_value;
    poll(NULL, 0, 1);
    return number % 100 == 99 ? 7 : 0;
}

int main(void)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    unsigned n_good = 0;
    unsigned n_failed = 0;
    uint64_t sum_of_failed = 0;
    enum fpool_status st;

    st = fpool_create(&pool, NULL);
    if (st == FPOOL_OK) {
        st = fpool_imap_unordered(pool, FPOOL_CALL(check, NULL),
                                  fpool_source_range(0, 1000), NULL, &results);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "imap_unordered: %s\n", fpool_status_text(st));
        return 1;
    }
    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        if (r.status == FPOOL_OK) {
            n_good++;
        } else if (r.status == FPOOL_EFAILED && r.code == 7) {
            n_failed++;
            sum_of_failed += r.index;
        }
        fpool_result_release(&r);
    }
    printf("%u good, %u failed\n", n_good, n_failed);
    printf("the places of those that failed add up to %llu\n",
           (unsigned long long)sum_of_failed);
    return 0;
}
