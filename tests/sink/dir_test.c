/* SPDX-License-Identifier: MIT */
/* The directory of bodies: whole files or none, no link followed, nothing
 * overwritten unasked. */
#include "fetchpool/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetchpool/http.h"
#include "support/check.h"

static char root[64];

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/fpool-dir-XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct fpool_dir *make_dir(enum fpool_dir_if_exists if_exists)
{
    struct fpool_dir *dir = NULL;

    assert_ok(fpool_dir_create(&dir, root,
                               FPOOL_DIR(.if_exists = if_exists)));
    return dir;
}

static struct fpool_http_response response_of(const char *body)
{
    return (struct fpool_http_response){
        .struct_size = sizeof(struct fpool_http_response),
        .body = body,
        .body_size = (int64_t)strlen(body),
        .body_fd = -1,
        .body_dir_fd = -1,
    };
}

static enum fpool_status store(struct fpool_dir *dir, const char *name,
                               const char *body,
                               struct fpool_dir_stored *stored)
{
    struct fpool_http_response response = response_of(body);

    return fpool_dir_store(dir, name, &response, stored);
}

static void check_file(const char *name, const char *body)
{
    char path[256];
    char text[256] = "";
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    n = read(fd, text, sizeof(text) - 1);
    assert_int_equal(n, strlen(body));
    assert_string_equal(text, body);
    close(fd);
}

static void a_body_is_stored_with_its_directories(void **state)
{
    FPOOL_SCOPED struct fpool_dir *dir = make_dir(FPOOL_DIR_SKIP);
    struct fpool_dir_stored stored;

    (void)state;
    assert_false(fpool_dir_exists(dir, "a/b/c.txt"));
    assert_ok(store(dir, "a/b/c.txt", "hello", &stored));
    assert_string_equal(stored.name, "a/b/c.txt");
    assert_int_equal(stored.error_number, 0);
    check_file("a/b/c.txt", "hello");
    assert_true(fpool_dir_exists(dir, "a/b/c.txt"));
    assert_ok(store(dir, "empty", "", &stored));
    check_file("empty", "");
}

static void a_spooled_body_is_linked_or_copied(void **state)
{
    FPOOL_SCOPED struct fpool_dir *dir = make_dir(FPOOL_DIR_SKIP);
    struct fpool_http_response response = response_of("");
    struct fpool_dir_stored stored;

    (void)state;
    response.body = NULL;
    response.body_fd = open(root, O_TMPFILE | O_RDWR, 0666);
    if (response.body_fd < 0) {
        skip();
    }
    assert_int_equal(write(response.body_fd, "spool", 5), 5);
    assert_ok(fpool_dir_store(dir, "x/linked", &response, &stored));
    check_file("x/linked", "spool");
    close(response.body_fd);
    /* From another file system it has to be copied. */
    response.body_fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0666);
    if (response.body_fd >= 0) {
        assert_int_equal(write(response.body_fd, "other", 5), 5);
        assert_ok(fpool_dir_store(dir, "x/copied", &response, &stored));
        check_file("x/copied", "other");
        close(response.body_fd);
    }
}

static void a_named_spool_is_linked(void **state)
{
    FPOOL_SCOPED struct fpool_dir *dir = make_dir(FPOOL_DIR_SKIP);
    struct fpool_http_response response = response_of("");
    struct fpool_dir_stored stored;

    (void)state;
    response.body = NULL;
    response.body_dir_fd = open(root, O_RDONLY | O_DIRECTORY);
    response.body_name = ".spool";
    response.body_fd = openat(response.body_dir_fd, ".spool",
                              O_RDWR | O_CREAT | O_EXCL, 0666);
    assert_int_equal(write(response.body_fd, "named", 5), 5);
    assert_ok(fpool_dir_store(dir, "n", &response, &stored));
    check_file("n", "named");
    close(response.body_fd);
    close(response.body_dir_fd);
}

static void an_existing_file_is_treated_as_asked(void **state)
{
    struct fpool_dir_stored stored;
    struct fpool_dir *dir = make_dir(FPOOL_DIR_SKIP);

    (void)state;
    assert_ok(store(dir, "d/f.txt", "old", &stored));
    assert_status(store(dir, "d/f.txt", "new", &stored), FPOOL_EALREADY);
    check_file("d/f.txt", "old");
    fpool_dir_destroy(&dir);

    dir = make_dir(FPOOL_DIR_FAIL);
    assert_status(store(dir, "d/f.txt", "new", &stored), FPOOL_ELOCAL);
    assert_int_equal(stored.error_number, EEXIST);
    check_file("d/f.txt", "old");
    fpool_dir_destroy(&dir);

    dir = make_dir(FPOOL_DIR_RENAME);
    assert_ok(store(dir, "d/f.txt", "one", &stored));
    assert_string_equal(stored.name, "d/f.1.txt");
    assert_ok(store(dir, "d/f.txt", "two", &stored));
    assert_string_equal(stored.name, "d/f.2.txt");
    check_file("d/f.txt", "old");
    check_file("d/f.1.txt", "one");
    check_file("d/f.2.txt", "two");
    fpool_dir_destroy(&dir);

    dir = make_dir(FPOOL_DIR_OVERWRITE);
    assert_ok(store(dir, "d/f.txt", "new", &stored));
    check_file("d/f.txt", "new");
    fpool_dir_destroy(&dir);
}

static void no_link_is_followed(void **state)
{
    FPOOL_SCOPED struct fpool_dir *dir = make_dir(FPOOL_DIR_OVERWRITE);
    struct fpool_dir_stored stored;
    char path[128];
    struct stat st;

    (void)state;
    snprintf(path, sizeof(path), "%s/out", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/link", root);
    assert_int_equal(symlink("out", path), 0);
    assert_status(store(dir, "link/f", "x", &stored), FPOOL_ELOCAL);
    assert_false(fpool_dir_exists(dir, "link/f"));
    snprintf(path, sizeof(path), "%s/file", root);
    assert_int_equal(symlink("out/victim", path), 0);
    assert_ok(store(dir, "file", "x", &stored));
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    snprintf(path, sizeof(path), "%s/out/victim", root);
    assert_int_equal(access(path, F_OK), -1);
}

static void names_that_leave_the_directory_are_refused(void **state)
{
    FPOOL_SCOPED struct fpool_dir *dir = make_dir(FPOOL_DIR_SKIP);
    struct fpool_dir_stored stored;

    (void)state;
    assert_status(store(dir, "../x", "x", &stored), FPOOL_EINVAL);
    assert_status(store(dir, "/tmp/x", "x", &stored), FPOOL_EINVAL);
    assert_status(store(dir, "", "x", &stored), FPOOL_EINVAL);
}

static void a_file_where_a_directory_should_be_is_an_error(void **state)
{
    FPOOL_SCOPED struct fpool_dir *dir = make_dir(FPOOL_DIR_SKIP);
    struct fpool_dir_stored stored;

    (void)state;
    assert_ok(store(dir, "a", "x", &stored));
    assert_status(store(dir, "a/b", "x", &stored), FPOOL_ELOCAL);
    assert_int_equal(stored.error_number, ENOTDIR);
}

static void a_directory_that_cannot_be_made_is_refused(void **state)
{
    struct fpool_dir *dir = NULL;

    (void)state;
    assert_status(fpool_dir_create(&dir, "/proc/none/here", NULL),
                  FPOOL_ELOCAL);
    assert_status(fpool_dir_create(&dir, "/dev/null", NULL), FPOOL_ELOCAL);
    assert_status(fpool_dir_create(&dir, "", NULL), FPOOL_EINVAL);
    assert_null(dir);
    fpool_dir_destroy(&dir);
}

static void missing_parents_are_made(void **state)
{
    FPOOL_SCOPED struct fpool_dir *dir = NULL;
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/p//q/r/", root);
    assert_ok(fpool_dir_create(&dir, path, NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_body_is_stored_with_its_directories),
        TEST(a_spooled_body_is_linked_or_copied),
        TEST(a_named_spool_is_linked),
        TEST(an_existing_file_is_treated_as_asked),
        TEST(no_link_is_followed),
        TEST(names_that_leave_the_directory_are_refused),
        TEST(a_file_where_a_directory_should_be_is_an_error),
        TEST(a_directory_that_cannot_be_made_is_refused),
        TEST(missing_parents_are_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
