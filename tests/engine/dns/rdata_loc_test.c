/* SPDX-License-Identifier: MIT */
/* LOC: the examples of RFC 1876, section 4, and the bounds of its numbers. */
#include "engine/dns/rdata.h"

#include "engine/dns/message.h"

#define LOC 29

/* "0 0 0.000 N 0 0 0.000 E 0.00m" behind the sizes. */
#define NOWHERE "\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"

static void examples_of_the_rfc_have_their_text(void **state)
{
    (void)state;
    check_exact_data(LOC,
                     BYTES("\0\x33\x16\x13\x89\x17\x2d\xd0\x70\xbe\x15\xf0"
                           "\0\x98\x8d\x20"),
                     "42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m");
    check_exact_data(LOC,
                     BYTES("\0\x12\x16\x13\x8b\x35\x56\xc8\x80\x08\x16\x50"
                           "\0\x98\x9a\x68"),
                     "52 14 5.000 N 0 8 50.000 E 10.00m 1m 10000m 10m");
    check_exact_data(LOC,
                     BYTES("\0\x12\x16\x13\x79\x1b\x7d\x28\x98\xe6\x48\x68"
                           "\0\x98\x9a\x68"),
                     "32 7 19.000 S 116 2 25.000 E 10.00m 1m 10000m 10m");
}

static void sizes_have_places_below_a_metre(void **state)
{
    (void)state;
    check_data(LOC, BYTES("\0\x00\x50\x21" NOWHERE),
               "0 0 0.000 N 0 0 0.000 E 0.00m 0.00m 0.05m 0.20m");
    check_data(LOC, BYTES("\0\x99\x90\x12" NOWHERE),
               "0 0 0.000 N 0 0 0.000 E 0.00m 90000000m 0.09m 1m");
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    check_data(LOC,
               BYTES("\0\0\0\0\x93\x4f\xd9\0\xa6\x9f\xb2\0\xff\xff\xff\xff"),
               "90 0 0.000 N 180 0 0.000 E 42849672.95m 0.00m 0.00m 0.00m");
    check_data(LOC, BYTES("\0\0\0\0\x6c\xb0\x27\0\x59\x60\x4e\0\0\0\0\0"),
               "90 0 0.000 S 180 0 0.000 W -100000.00m 0.00m 0.00m 0.00m");
    check_bad_data(LOC, BYTES("\0\0\0\0\x93\x4f\xd9\1\x80\0\0\0\0\0\0\0"));
    check_bad_data(LOC, BYTES("\0\0\0\0\x80\0\0\0\xa6\x9f\xb2\1\0\0\0\0"));
    check_bad_data(LOC, BYTES("\0\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0"));
    check_bad_data(LOC, BYTES("\0\xa0\0\0" NOWHERE));
    check_bad_data(LOC, BYTES("\0\0\x1a\0" NOWHERE));
    check_bad_data(LOC, BYTES("\0\0\0\x0f" NOWHERE));
}

static void other_versions_are_unknown(void **state)
{
    (void)state;
    check_data(LOC, BYTES("\1\2\3"), "\\# 3 010203");
    check_bad_data(LOC, BYTES(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_rfc_have_their_text),
        cmocka_unit_test(sizes_have_places_below_a_metre),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(other_versions_are_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
