/* SPDX-License-Identifier: MIT */
/* Items and results as plain data. */
#include <string.h>

#include "base/mem.h"
#include "support/check.h"

static void copies_are_terminated_and_owned(void **state)
{
    struct fpool_item item = { 0 };

    (void)state;
    assert_ok(fpool_item_copy(&item, "ab\0c", 4));
    assert_int_equal(item.size, 4);
    assert_memory_equal(item.data, "ab\0c", 5);
    assert_non_null(item.drop);
    item.drop(item.data);
    assert_ok(fpool_item_copy(&item, NULL, 0));
    assert_int_equal(item.size, 0);
    assert_string_equal(item.data, "");
    item.drop(item.data);
    assert_status(fpool_item_copy(&item, "x", SIZE_MAX), FPOOL_ENOMEM);
}

static void a_copy_without_memory_is_refused(void **state)
{
    struct fpool_item item = { 0 };

    (void)state;
    fpool_mem_fail_at(1, 0);
    assert_status(fpool_item_copy(&item, "x", 1), FPOOL_ENOMEM);
    fpool_mem_fail_at(0, 0);
    assert_null(item.data);
}

static void text_and_pointers_are_borrowed(void **state)
{
    int x = 0;

    (void)state;
    assert_int_equal(fpool_item_text("abc").size, 3);
    assert_null(fpool_item_text("abc").drop);
    assert_ptr_equal(fpool_item_pointer(&x).data, &x);
    assert_null(fpool_item_pointer(&x).drop);
    assert_int_equal(fpool_item_number(from_int(77)), 77);
}

static void a_release_drops_once_and_clears(void **state)
{
    struct fpool_result r = { .value = object_make(1),
                              .drop_value = object_drop,
                              .item =
                                  fpool_item_take(object_make(2), object_drop) };
    int dropped = atomic_load(&n_objects_dropped);

    (void)state;
    fpool_result_release(&r);
    assert_int_equal(atomic_load(&n_objects_dropped), dropped + 2);
    fpool_result_release(&r);
    assert_int_equal(atomic_load(&n_objects_dropped), dropped + 2);
    assert_null(r.value);
    assert_null(r.item.data);
}

static void a_value_taken_is_not_dropped(void **state)
{
    void *mine = object_make(5);
    struct fpool_result r = { .value = mine, .drop_value = object_drop };
    int dropped = atomic_load(&n_objects_dropped);

    (void)state;
    r.value = NULL;
    fpool_result_release(&r);
    assert_int_equal(atomic_load(&n_objects_dropped), dropped);
    object_drop(mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_terminated_and_owned),
        cmocka_unit_test(a_copy_without_memory_is_refused),
        cmocka_unit_test(text_and_pointers_are_borrowed),
        cmocka_unit_test(a_release_drops_once_and_clears),
        cmocka_unit_test(a_value_taken_is_not_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
