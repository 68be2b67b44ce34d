/* SPDX-License-Identifier: MIT */
/* Temporary files: with or without a name, always writable and readable. */
#include "base/tempfile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"

static void a_file_can_be_written_and_read(void **state)
{
    char name[FPOOL_TEMPFILE_NAME];
    char text[4] = "";
    int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = fpool_tempfile_open(dir, name);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(pread(fd, text, 3, 0), 3);
    assert_string_equal(text, "abc");
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    if (name[0] != '\0') {
        assert_int_equal(unlinkat(dir, name, 0), 0);
    }
    close(fd);
    close(dir);
}

static void a_directory_that_is_none_is_an_error(void **state)
{
    char name[FPOOL_TEMPFILE_NAME];

    (void)state;
    assert_int_equal(fpool_tempfile_open(-1, name), -1);
}

static void names_differ_and_fit(void **state)
{
    char one[FPOOL_TEMPFILE_NAME];
    char two[FPOOL_TEMPFILE_NAME];

    (void)state;
    fpool_tempfile_name(one);
    fpool_tempfile_name(two);
    assert_string_not_equal(one, two);
    assert_int_equal(one[0], '.');
    assert_true(strlen(one) < FPOOL_TEMPFILE_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_can_be_written_and_read),
        cmocka_unit_test(a_directory_that_is_none_is_an_error),
        cmocka_unit_test(names_differ_and_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
