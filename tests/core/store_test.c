/* SPDX-License-Identifier: MIT */
/* The store of items on disk: what goes in comes out, in order, in passes. */
#include "core/store.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "support/check.h"

#define LARGE ((size_t)200000)

static void make(struct fpool_store *s, const char *dir, uint64_t max)
{
    fpool_mem_fail_at(0, 0);
    assert_ok(fpool_store_init(s, dir, max));
}

/* An item of record 'i': its bytes tell its number and size. */
static char *make_bytes(uint64_t i, size_t size)
{
    char *bytes = malloc(size + 1);

    assert_non_null(bytes);
    memset(bytes, (int)('a' + i % 26), size);
    return bytes;
}

static bool put(struct fpool_store *s, uint64_t i, size_t size)
{
    struct fpool_record r = { .index = i,
                              .due_ns = (int64_t)(1000000 - i),
                              .note = { { i, ~i, i * i, 7 } } };
    char *bytes = make_bytes(i, size);
    bool ok;

    r.item = fpool_item_bytes(bytes, size);
    r.item.flags = i % 2 == 0 ? FPOOL_ITEM_TRUNCATED : 0;
    ok = fpool_store_put(s, &r);
    free(bytes);
    return ok;
}

static void check_get(struct fpool_store *s, uint64_t i, size_t size)
{
    struct fpool_record r;
    char *bytes = make_bytes(i, size);

    assert_ok(fpool_store_get(s, &r));
    assert_int_equal(r.index, i);
    assert_int_equal(r.due_ns, 1000000 - i);
    assert_int_equal(r.note.words[0], i);
    assert_int_equal(r.note.words[1], ~i);
    assert_int_equal(r.note.words[2], i * i);
    assert_int_equal(r.note.words[3], 7);
    assert_int_equal(r.item.size, size);
    assert_int_equal(r.item.flags, i % 2 == 0 ? FPOOL_ITEM_TRUNCATED : 0);
    assert_memory_equal(r.item.data, bytes, size);
    assert_int_equal(((char *)r.item.data)[size], '\0');
    r.item.drop(r.item.data);
    free(bytes);
}

static void check_end(struct fpool_store *s)
{
    struct fpool_record r;

    assert_int_equal(fpool_store_count_out(s), 0);
    assert_status(fpool_store_get(s, &r), FPOOL_END);
}

static size_t size_of(uint64_t i)
{
    return i % 1000 == 500 ? LARGE : 1 + (size_t)(i * 7919 % 300);
}

static void what_goes_in_comes_out_in_order(void **state)
{
    struct fpool_store s;
    uint64_t pass;
    uint64_t i;

    (void)state;
    make(&s, ".", 1u << 30);
    check_end(&s);
    for (pass = 0; pass < 5; pass++) {
        uint64_t n = pass == 3 ? 3 : 3000; /* three never leave memory */

        for (i = 0; i < n; i++) {
            assert_true(put(&s, i, size_of(i)));
        }
        assert_int_equal(fpool_store_count_in(&s), n);
        assert_int_equal(fpool_store_earliest(&s), 1000000 - (n - 1));
        fpool_store_turn(&s);
        assert_int_equal(fpool_store_count_out(&s), n);
        assert_int_equal(fpool_store_earliest(&s), FPOOL_NEVER);
        for (i = 0; i < n; i++) {
            check_get(&s, i, size_of(i));
        }
        check_end(&s);
        assert_int_equal(atomic_load(&s.unread), 0);
    }
    fpool_store_fini(&s);
}

static void records_go_in_while_others_come_out(void **state)
{
    struct fpool_store s;
    uint64_t pass;
    uint64_t i;

    (void)state;
    make(&s, ".", 1u << 30);
    for (i = 0; i < 2000; i++) {
        assert_true(put(&s, i, 200));
    }
    for (pass = 0; pass < 4; pass++) {
        fpool_store_turn(&s);
        for (i = 0; i < 2000; i++) {
            check_get(&s, i, 200);
            assert_true(put(&s, i, 200));
        }
        check_end(&s);
    }
    fpool_store_fini(&s);
}

/* The blocks that the files hold. */
static uint64_t disk_bytes(const struct fpool_store *s)
{
    uint64_t sum = 0;
    struct stat st;
    int i;

    for (i = 0; i < 2; i++) {
        if (s->side[i].fd >= 0) {
            assert_int_equal(fstat(s->side[i].fd, &st), 0);
            sum += (uint64_t)st.st_blocks * 512;
        }
    }
    return sum;
}

static void the_disk_has_back_what_was_read(void **state)
{
    const uint64_t n = 100000;
    struct fpool_store s;
    uint64_t full;
    uint64_t pass;
    uint64_t i;

    (void)state;
    make(&s, ".", 1u << 30);
    for (i = 0; i < n; i++) {
        assert_true(put(&s, i, 200));
    }
    full = n * fpool_store_cost(200);
    for (pass = 0; pass < 3; pass++) {
        fpool_store_turn(&s);
        for (i = 0; i < n; i++) {
            check_get(&s, i, 200);
            assert_true(put(&s, i, 200));
            if (i % 10000 == 0) {
                assert_in_range(disk_bytes(&s), 1, full + (4u << 20));
            }
        }
    }
    fpool_store_turn(&s);
    for (i = 0; i < n; i++) {
        check_get(&s, i, 200);
    }
    assert_int_equal(disk_bytes(&s), 0);
    fpool_store_fini(&s);
}

static void a_full_store_takes_no_more_until_something_left(void **state)
{
    struct fpool_store s;

    (void)state;
    make(&s, ".", 3 * fpool_store_cost(10));
    assert_false(fpool_store_has_room(&s, SIZE_MAX - 20));
    assert_true(put(&s, 0, 10));
    assert_true(put(&s, 1, 10));
    assert_false(put(&s, 2, 11));
    assert_true(put(&s, 2, 10));
    assert_false(fpool_store_has_room(&s, 1));
    assert_false(put(&s, 3, 1));
    fpool_store_turn(&s);
    assert_false(put(&s, 3, 10));
    check_get(&s, 0, 10);
    assert_true(put(&s, 3, 10));
    fpool_store_fini(&s);
}

/* Puts 1,000 bytes until it is refused; returns how often it was not. */
static uint64_t fill(struct fpool_store *s)
{
    uint64_t n = 0;

    while (put(s, n, 1000)) {
        n++;
        assert_true(n < 1000000);
    }
    return n;
}

static void a_directory_that_is_none_loses_nothing(void **state)
{
    struct fpool_store s;
    uint64_t n;
    uint64_t i;

    (void)state;
    make(&s, "/nonexistent", 1u << 30);
    n = fill(&s);
    assert_in_range(n, 1, 64);
    assert_false(fpool_store_has_room(&s, 1));
    fpool_store_turn(&s);
    for (i = 0; i < n; i++) {
        check_get(&s, i, 1000);
    }
    check_end(&s);
    assert_false(put(&s, 0, 1)); /* for good */
    fpool_store_fini(&s);
}

static void a_large_record_that_is_refused_loses_nothing(void **state)
{
    struct fpool_store s;

    (void)state;
    make(&s, "/nonexistent", 1u << 30);
    assert_true(put(&s, 0, 10));
    assert_false(put(&s, 1, LARGE));
    fpool_store_turn(&s);
    check_get(&s, 0, 10);
    check_end(&s);
    fpool_store_fini(&s);
}

static void a_disk_that_is_full_loses_nothing(void **state)
{
    struct fpool_store s;
    uint64_t n = 0;
    uint64_t i;

    (void)state;
    make(&s, ".", 1u << 30);
    while (s.side[s.in].size < 200000) {
        assert_true(put(&s, n, 1000));
        n++;
    }
    s.side[s.in].size |= (uint64_t)1 << 62; /* beyond any file */
    while (put(&s, n, 1000)) {
        n++;
    }
    s.side[s.in].size &= ~((uint64_t)1 << 62);
    fpool_store_turn(&s);
    for (i = 0; i < n; i++) {
        check_get(&s, i, 1000);
    }
    check_end(&s);
    fpool_store_fini(&s);
}

static void what_the_disk_lost_is_counted(void **state)
{
    struct fpool_store s;
    struct fpool_record r;
    uint64_t n_lost = 0;
    uint64_t i;

    (void)state;
    make(&s, ".", 1u << 30);
    for (i = 0; i < 1000; i++) {
        assert_true(put(&s, i, 1000));
    }
    fpool_store_turn(&s);
    assert_int_equal(ftruncate(s.side[1 - s.in].fd, 300000), 0);
    for (i = 0; i < 280; i++) {
        check_get(&s, i, 1000);
    }
    while (fpool_store_count_out(&s) > s.side[1 - s.in].n_tail) {
        enum fpool_status st = fpool_store_get(&s, &r);

        if (st == FPOOL_OK) {
            r.item.drop(r.item.data);
            assert_int_equal(n_lost, 0);
        } else {
            assert_status(st, FPOOL_ELOCAL);
            assert_int_equal(r.index, UINT64_MAX);
            assert_null(r.item.data);
            n_lost++;
        }
        i++;
    }
    assert_true(n_lost > 500);
    for (; i < 1000; i++) { /* these never left memory */
        check_get(&s, i, 1000);
    }
    check_end(&s);
    assert_false(put(&s, 0, 1));
    fpool_store_fini(&s);
}

static void short_memory_is_told_from_the_disk(void **state)
{
    struct fpool_store s;
    struct fpool_record r;
    uint64_t i;

    (void)state;
    assert_ok(fpool_store_init(&s, ".", 1u << 30));
    fpool_mem_fail_at(1, 0);
    assert_false(put(&s, 0, 1));
    fpool_mem_fail_at(0, 0);
    fpool_store_fini(&s);

    fpool_mem_fail_at(1, 0);
    assert_status(fpool_store_init(&s, ".", 1u << 30), FPOOL_ENOMEM);
    fpool_store_fini(&s);
    fpool_store_fini(&s);

    make(&s, ".", 1u << 30);
    for (i = 0; i < 300; i++) {
        assert_true(put(&s, i, 1000));
    }
    fpool_store_turn(&s);
    for (i = 0; i < 300; i++) {
        if (i % 10 != 3) {
            check_get(&s, i, 1000);
            continue;
        }
        fpool_mem_fail_at(1, 0);
        assert_status(fpool_store_get(&s, &r), FPOOL_ENOMEM);
        fpool_mem_fail_at(0, 0);
        assert_int_equal(r.index, i);
        assert_null(r.item.data);
    }
    check_end(&s);
    fpool_store_fini(&s);
}

static void a_small_store_opens_nothing(void **state)
{
    struct fpool_store s;
    int n = count_descriptors();

    (void)state;
    make(&s, "/nonexistent", 1u << 30);
    assert_true(put(&s, 0, 1000));
    fpool_store_turn(&s);
    check_get(&s, 0, 1000);
    assert_int_equal(count_descriptors(), n);
    fpool_store_fini(&s);

    make(&s, ".", 1u << 30);
    assert_true(put(&s, 0, LARGE));
    assert_int_equal(count_descriptors(), n + 1);
    fpool_store_fini(&s);
    assert_int_equal(count_descriptors(), n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out_in_order),
        cmocka_unit_test(records_go_in_while_others_come_out),
        cmocka_unit_test(the_disk_has_back_what_was_read),
        cmocka_unit_test(a_full_store_takes_no_more_until_something_left),
        cmocka_unit_test(a_directory_that_is_none_loses_nothing),
        cmocka_unit_test(a_large_record_that_is_refused_loses_nothing),
        cmocka_unit_test(a_disk_that_is_full_loses_nothing),
        cmocka_unit_test(what_the_disk_lost_is_counted),
        cmocka_unit_test(short_memory_is_told_from_the_disk),
        cmocka_unit_test(a_small_store_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
