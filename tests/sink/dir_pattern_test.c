/* SPDX-License-Identifier: MIT */
/* Names by a pattern: what the fields become, and that nothing leaves the
 * directory. */
#include <stdio.h>
#include <string.h>

#include "sink/dir_name.h"
#include "support/check.h"

static enum fpool_status make(const char *pattern, const char *url,
                              const char *id, char *ret_name)
{
    struct fpool_dir_item item = { .struct_size = sizeof(item),
                                   .url = url,
                                   .url_size = strlen(url),
                                   .seq = 17,
                                   .id = id,
                                   .id_size = id == NULL ? 0 : strlen(id) };

    assert_null(fpool_dir_check_pattern(pattern));
    return fpool_dir_pattern_make(pattern, &item, ret_name);
}

static void fields_are_encoded_as_in_the_path_layout(void **state)
{
    static const struct {
        const char *pattern;
        const char *url;
        const char *name;
    } rows[] = {
        { "{host}/{path}", "http://H.org:8/a/b.txt?x=/y",
          "h.org%3A8/a/b.txt?x=%2Fy" },
        { "{name}", "http://h/a/b.txt", "b.txt" },
        { "{name}", "http://h/a/", "%index" },
        { "{index}{ext}", "http://h/a/b.txt", "00000017.txt" },
        { "{index}{ext}", "http://h/a/b", "00000017" },
        { "{hash}{ext}", "http://h/a.txt",
          "fa6631580ba05bf7c7e2312418391786.txt" },
        { "x-{id}.bin", "http://h/a", "x-%2E.%2F.bin" },
        { "a/{index}/b", "http://h/a", "a/00000017/b" },
        { "{host}/{path}/{index}{ext}", "http://h/a/b.js",
          "h/a/b.js/00000017.js" },
    };
    char name[FPOOL_DIR_NAME_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_ok(make(rows[i].pattern, rows[i].url, "../", name));
        assert_string_equal(name, rows[i].name);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    static const struct {
        const char *pattern;
        const char *url;
    } rows[] = {
        { "{id}", "http://h/a" },       { "{ext}/a", "http://h/a" },
        { "../{index}", "http://h/a" }, { "{index}/", "http://h/a" },
        { "a//{index}", "http://h/a" }, { "{index}/.", "http://h/a" },
        { "{host}", "no url" },
    };
    char name[FPOOL_DIR_NAME_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_status(make(rows[i].pattern, rows[i].url, NULL, name),
                      FPOOL_EINVALID);
    }
}

static void a_part_that_is_too_long_is_cut_and_stays_different(void **state)
{
    char id[201];
    char url[300];
    char name[FPOOL_DIR_NAME_SIZE];
    char other[FPOOL_DIR_NAME_SIZE];

    (void)state;
    memset(id, 'i', 200);
    id[200] = '\0';
    snprintf(url, sizeof(url), "http://h/%s", id);
    assert_ok(make("{id}-{name}/x", url, id, name));
    assert_true(fpool_dir_name_is_safe(name));
    assert_true(strcspn(name, "/") <= 255);
    id[199] = 'j';
    assert_ok(make("{id}-{name}/x", url, id, other));
    assert_string_not_equal(name, other);
}

static void a_bad_pattern_is_told(void **state)
{
    static const char *const patterns[] = { "",       "plain",   "/{index}",
                                            "{}",     "{index",  "{Index}",
                                            "a}{id}", "{id}}",   "{id}\n",
                                            "{x}",    "{id}{{id}" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(patterns); i++) {
        assert_non_null(fpool_dir_check_pattern(patterns[i]));
    }
    assert_non_null(fpool_dir_check_pattern(NULL));
}

static void a_directory_has_a_pattern_or_a_layout(void **state)
{
    struct fpool_dir *dir = NULL;

    (void)state;
    assert_status(fpool_dir_create(&dir, "/nowhere",
                                   FPOOL_DIR(.layout = FPOOL_DIR_PATTERN)),
                  FPOOL_EINVAL);
    assert_status(fpool_dir_create(&dir, "/nowhere",
                                   FPOOL_DIR(.pattern = "{index}")),
                  FPOOL_EINVAL);
    assert_status(fpool_dir_create(&dir, "/nowhere",
                                   FPOOL_DIR(.layout = FPOOL_DIR_PATTERN,
                                             .pattern = "{bad}")),
                  FPOOL_EINVAL);
    assert_null(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_encoded_as_in_the_path_layout),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_part_that_is_too_long_is_cut_and_stays_different),
        cmocka_unit_test(a_bad_pattern_is_told),
        cmocka_unit_test(a_directory_has_a_pattern_or_a_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
