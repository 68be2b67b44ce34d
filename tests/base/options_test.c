/* SPDX-License-Identifier: MIT */
/* Options of other versions of the headers. */
#include "base/options.h"

#include "support/check.h"

struct known {
    size_t struct_size;
    long a;
    long b;
};

struct newer {
    struct known known;
    long c;
};

static void nothing_given_means_all_defaults(void **state)
{
    struct known to = { 9, 9, 9 };

    (void)state;
    assert_true(fpool_options_copy(&to, sizeof(to), NULL));
    assert_int_equal(to.a, 0);
    assert_int_equal(to.b, 0);
}

static void an_older_structure_leaves_the_rest_at_defaults(void **state)
{
    struct known from = { offsetof(struct known, b), 1, 2 };
    struct known to;

    (void)state;
    assert_true(fpool_options_copy(&to, sizeof(to), &from));
    assert_int_equal(to.a, 1);
    assert_int_equal(to.b, 0);
}

static void a_newer_structure_passes_unless_it_asks_for_news(void **state)
{
    struct newer from = { { sizeof(from), 1, 2 }, 0 };
    struct known to;

    (void)state;
    assert_true(fpool_options_copy(&to, sizeof(to), &from));
    assert_int_equal(to.b, 2);
    from.c = 1;
    assert_false(fpool_options_copy(&to, sizeof(to), &from));
}

static void a_structure_without_its_size_is_refused(void **state)
{
    struct known from = { 0, 1, 2 };
    struct known to;

    (void)state;
    assert_false(fpool_options_copy(&to, sizeof(to), &from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_means_all_defaults),
        cmocka_unit_test(an_older_structure_leaves_the_rest_at_defaults),
        cmocka_unit_test(a_newer_structure_passes_unless_it_asks_for_news),
        cmocka_unit_test(a_structure_without_its_size_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
