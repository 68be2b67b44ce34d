/* SPDX-License-Identifier: MIT */
/* Names and texts of statuses, and the version. */
#include <string.h>

#include "support/check.h"

static void every_status_has_its_own_name_and_text(void **state)
{
    static const enum fpool_status all[] = {
#define STATUS(name, value, text) FPOOL_##name,
        FPOOL_STATUS_MAP(STATUS)
#undef STATUS
    };
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < N_ELEMENTS(all); i++) {
        for (k = 0; k < i; k++) {
            assert_int_not_equal(all[i], all[k]);
            assert_string_not_equal(fpool_status_name(all[i]),
                                    fpool_status_name(all[k]));
            assert_string_not_equal(fpool_status_text(all[i]),
                                    fpool_status_text(all[k]));
        }
    }
    assert_string_equal(fpool_status_name(FPOOL_ECANCELED), "FPOOL_ECANCELED");
    assert_int_equal(FPOOL_OK, 0);
}

static void an_unknown_status_is_no_crash(void **state)
{
    (void)state;
    assert_string_equal(fpool_status_text((enum fpool_status)-1000),
                        "unknown status");
    assert_string_equal(fpool_status_name((enum fpool_status)-1000), "FPOOL_?");
}

static void the_library_is_the_headers_version(void **state)
{
    (void)state;
    assert_string_equal(fpool_version(), FPOOL_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name_and_text),
        cmocka_unit_test(an_unknown_status_is_no_crash),
        cmocka_unit_test(the_library_is_the_headers_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
