/* SPDX-License-Identifier: MIT */
/* `starmap`: each item is a row of arguments.
 * Python: print(pool.starmap(pow, [(2, 5), (3, 2), (10, 3)])) */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>

/* 'argv' is one row: pointers to a base and to an exponent. */
static int power(struct fpool_task *task, void *const *argv, size_t argc,
                 void **ret_value)
{
    const unsigned *base = argv[0];
    const unsigned *exponent = argv[1];
    uintptr_t product = 1;

    (void)task;
    (void)argc; /* what FPOOL_STARCALL was given */
    poll(NULL, 0, 1);
    for (unsigned i = 0; i < *exponent; i++) {
        product *= *base;
    }
    *ret_value = (void *)product;
    return 0;
}

int main(void)
{
    unsigned bases[] = { 2, 3, 10 };
    unsigned exponents[] = { 5, 2, 3 };
    void *rows[][2] = { { &bases[0], &exponents[0] },
                        { &bases[1], &exponents[1] },
                        { &bases[2], &exponents[2] } };
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    enum fpool_status st;

    st = fpool_create(&pool, NULL);
    if (st == FPOOL_OK) {
        st = fpool_starmap(pool, FPOOL_STARCALL(power, 2, NULL),
                           FPOOL_ARRAY(rows), NULL, &batch);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "starmap: %s\n", fpool_status_text(st));
        return 1;
    }
    for (uint64_t i = 0; i < fpool_batch_count(batch); i++) {
        struct fpool_result r;

        fpool_batch_result(batch, i, &r);
        printf("%u to the %u is %zu\n", bases[i], exponents[i],
               (size_t)r.value);
    }
    return 0;
}
