/* SPDX-License-Identifier: MIT */
/* The stock of random numbers: every one used once, all of them even. */
#include "engine/dns/random.h"

#include <string.h>

#include "support/check.h"

#define STOCK N_ELEMENTS(((struct fpool_dns_random *)NULL)->numbers)

static void a_stock_is_used_up_before_the_next(void **state)
{
    static struct fpool_dns_random r;
    static struct fpool_dns_random copy;
    unsigned i;

    (void)state;
    (void)fpool_dns_random_16(&r); /* the first fills it */
    assert_int_equal(r.n_left, STOCK - 1);
    while (r.n_left > 0) {
        unsigned before = r.n_left;

        (void)fpool_dns_random_16(&r);
        assert_int_equal(r.n_left, before - 1);
    }
    copy = r;
    (void)fpool_dns_random_16(&r);
    assert_int_equal(r.n_left, STOCK - 1);
    assert_memory_not_equal(copy.numbers, r.numbers, sizeof(r.numbers));
    /* And each number of the stock comes once. */
    copy = r;
    for (i = 0; i < STOCK - 1; i++) {
        uint16_t number = fpool_dns_random_16(&r);
        unsigned place = r.n_left;

        assert_int_equal(number, copy.numbers[place]);
    }
}

static void thirty_two_bits_are_two_numbers(void **state)
{
    static struct fpool_dns_random r;
    static struct fpool_dns_random copy;
    uint32_t high;
    unsigned i;

    (void)state;
    (void)fpool_dns_random_16(&r);
    for (i = 0; i < 3 * STOCK; i++) {
        if (r.n_left < 2) {
            (void)fpool_dns_random_32(&r); /* half of it from a new stock */
            assert_true(r.n_left >= STOCK - 2);
        }
        copy = r;
        high = fpool_dns_random_16(&copy);
        assert_true(fpool_dns_random_32(&r) ==
                    (high << 16 | fpool_dns_random_16(&copy)));
    }
}

/* The chance that a sound source fails is below one in 10^15. */
static void all_bits_and_bytes_are_even(void **state)
{
    enum { N = 400000 };
    static struct fpool_dns_random r;
    static unsigned high[256];
    static unsigned low[256];
    unsigned bits[16] = { 0 };
    int i;
    int bit;

    (void)state;
    for (i = 0; i < N; i++) {
        uint16_t number = fpool_dns_random_16(&r);

        high[number >> 8]++;
        low[number & 0xff]++;
        for (bit = 0; bit < 16; bit++) {
            bits[bit] += number >> bit & 1;
        }
    }
    for (i = 0; i < 256; i++) { /* 1562 +- 39.5 each: nine of these */
        assert_in_range(high[i], 1562 - 356, 1562 + 356);
        assert_in_range(low[i], 1562 - 356, 1562 + 356);
    }
    for (bit = 0; bit < 16; bit++) { /* +- 316 */
        assert_in_range(bits[bit], N / 2 - 2850, N / 2 + 2850);
    }
}

static void two_stocks_have_nothing_in_common(void **state)
{
    static struct fpool_dns_random a;
    static struct fpool_dns_random b;
    unsigned n_same = 0;
    unsigned i;

    (void)state;
    for (i = 0; i < STOCK; i++) {
        n_same += fpool_dns_random_16(&a) == fpool_dns_random_16(&b);
    }
    assert_in_range(n_same, 0, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stock_is_used_up_before_the_next),
        cmocka_unit_test(thirty_two_bits_are_two_numbers),
        cmocka_unit_test(all_bits_and_bytes_are_even),
        cmocka_unit_test(two_stocks_have_nothing_in_common),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
