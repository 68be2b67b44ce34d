/* SPDX-License-Identifier: MIT */
/* Lines of pipes, files and directories: as a parser, and as a job's source. */
#include "source/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check.h"

#define MARK "\xEF\xBB\xBF"

/* ---- Helpers. */

/* A descriptor from which 'size' bytes, at most a pipe's worth, can be read. */
static int fd_with(const char *bytes, size_t size)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], bytes, size), size);
    close(fds[1]);
    return fds[0];
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

static int open_null(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static int do_nothing(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    (void)item;
    (void)ret_value;
    return 0;
}

static struct fpool_results *start(struct fpool *pool,
                                   struct fpool_source source)
{
    struct fpool_results *results = NULL;

    assert_ok(
        fpool_imap(pool, FPOOL_CALL(do_nothing, NULL), source, NULL, &results));
    return results;
}

/* The next result is 'line', cut or not. */
static void check_next(struct fpool_results *results, const char *line,
                       bool is_cut)
{
    struct fpool_result r;

    assert_ok(fpool_next(results, &r, FPOOL_FOREVER));
    assert_int_equal(r.item.size, strlen(line));
    assert_string_equal(r.item.data, line); /* so there is a zero behind it */
    assert_int_equal(r.item.flags, is_cut ? FPOOL_ITEM_TRUNCATED : 0);
    fpool_result_release(&r);
}

static void check_end(struct fpool_results *results, enum fpool_status status)
{
    struct fpool_result r;

    assert_status(fpool_next(results, &r, FPOOL_FOREVER), status);
}

/* The lines of 'text' are those in 'lines', up to NULL. */
static void check_lines(const char *text,
                        const struct fpool_lines_options *options,
                        const char *const *lines)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    int fd = fd_with(text, strlen(text));

    results = start(pool, fpool_source_lines_with(fd, options));
    for (; *lines != NULL; lines++) {
        check_next(results, *lines, false);
    }
    check_end(results, FPOOL_END);
    check_end(results, FPOOL_END);
    close(fd);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- What a line is. */

static void lines_end_with_a_line_feed_or_both(void **state)
{
    (void)state;
    check_lines("one\ntwo\r\n\r\n\nthree\rfour\r\r\n", NULL,
                LINES("one", "two", "", "", "three\rfour\r"));
}

static void the_last_line_needs_no_line_feed(void **state)
{
    (void)state;
    check_lines("one\ntwo", NULL, LINES("one", "two"));
    check_lines("one\r\ntwo\r", NULL, LINES("one", "two\r"));
}

static void an_empty_input_has_no_lines(void **state)
{
    (void)state;
    check_lines("", NULL, LINES(NULL));
    check_lines(MARK, NULL, LINES(NULL));
    check_lines("\n", NULL, LINES(""));
}

static void a_mark_is_dropped_at_the_beginning_only(void **state)
{
    (void)state;
    check_lines(MARK "one\n" MARK "two\n", NULL, LINES("one", MARK "two"));
    check_lines(MARK "\none", NULL, LINES("", "one"));
    check_lines(MARK "one\ntwo", FPOOL_LINES(.max_line = 3),
                LINES("one", "two")); /* it does not count */
    check_lines("\xEF\xBBx", NULL, LINES("\xEF\xBBx"));
}

static void comments_are_dropped_if_asked(void **state)
{
    const char *text = MARK "# head\n\n \t\r\n\t# more\na # b\n c\n#";

    (void)state;
    check_lines(text, FPOOL_LINES(.flags = FPOOL_LINES_COMMENTS),
                LINES("a # b", " c"));
    check_lines(text, NULL,
                LINES("# head", "", " \t", "\t# more", "a # b", " c", "#"));
}

static void zero_bytes_belong_to_the_line(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    int fd = fd_with("a\0b\n\0", 5);

    (void)state;
    results = start(pool, fpool_source_lines(fd));
    assert_ok(fpool_next(results, &r, FPOOL_FOREVER));
    assert_int_equal(r.item.size, 3);
    assert_memory_equal(r.item.data, "a\0b", 4);
    fpool_result_release(&r);
    assert_ok(fpool_next(results, &r, FPOOL_FOREVER));
    assert_int_equal(r.item.size, 1);
    fpool_result_release(&r);
    check_end(results, FPOOL_END);
    close(fd);
}

static void a_long_line_is_cut_and_flagged(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    const char *text = "abcd\nabcde\nabcd\r\nabcde\r\nabcd\re\nabcd\r";
    int fd = fd_with(text, strlen(text));

    (void)state;
    results =
        start(pool, fpool_source_lines_with(fd, FPOOL_LINES(.max_line = 4)));
    check_next(results, "abcd", false);
    check_next(results, "abcd", true);
    check_next(results, "abcd", false);
    check_next(results, "abcd", true);
    check_next(results, "abcd", true);
    check_next(results, "abcd", true);
    check_end(results, FPOOL_END);
    close(fd);
}

static void a_cut_line_of_blanks_is_not_dropped(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    const char *text = "     one\n  \n #  two\n";
    int fd = fd_with(text, strlen(text));

    (void)state;
    results = start(pool, fpool_source_lines_with(
                              fd, FPOOL_LINES(.max_line = 4,
                                              .flags = FPOOL_LINES_COMMENTS)));
    check_next(results, "    ", true);
    check_end(results, FPOOL_END);
    close(fd);
}

/* ---- Files and buffers. */

/* Numbered lines of many sizes, so that they lie across buffers; and one of a
 * megabyte, which is cut at the default bound. */
static void a_file_of_many_buffers_arrives_whole(void **state)
{
    enum { N_LINES = 20000, BIG = 1 << 20 };
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FILE *file = tmpfile();
    struct fpool_result r;
    char line[64];
    int i;

    (void)state;
    assert_non_null(file);
    for (i = 0; i < N_LINES; i++) {
        fprintf(file, "%d %.*s\n", i, i % 23, "......................");
    }
    for (i = 0; i < BIG; i++) {
        putc('x', file);
    }
    fputs("\nafter", file);
    rewind(file);
    results = start(pool, fpool_source_lines(fileno(file)));
    for (i = 0; i < N_LINES; i++) {
        snprintf(line, sizeof(line), "%d %.*s", i, i % 23,
                 "......................");
        check_next(results, line, false);
    }
    assert_ok(fpool_next(results, &r, FPOOL_FOREVER));
    assert_int_equal(r.item.size, 65536);
    assert_int_equal(r.item.flags, FPOOL_ITEM_TRUNCATED);
    fpool_result_release(&r);
    check_next(results, "after", false);
    check_end(results, FPOOL_END);
    fclose(file);
}

static void the_parser_needs_no_more_than_a_byte_at_a_time(void **state)
{
    const char *text = MARK "ab\r\n#\n\nabcd\r\ncut off";
    const char *const lines[] = { "ab", "abcd", "cut " };
    struct fpool_line_parser p;
    struct fpool_item item = { 0 };
    size_t n_lines = 0;
    size_t used;

    (void)state;
    assert_ok(fpool_line_parser_init(&p, 4, true));
    for (size_t i = 0; i < strlen(text); i++) {
        enum fpool_status st =
            fpool_line_parser_feed(&p, text + i, 1, &used, &item);

        assert_int_equal(used, 1);
        if (st == FPOOL_OK) {
            assert_string_equal(item.data, lines[n_lines]);
            item.drop(item.data);
            n_lines++;
        } else {
            assert_status(st, FPOOL_WAIT);
        }
    }
    assert_int_equal(n_lines, 2);
    assert_ok(fpool_line_parser_end(&p, &item));
    assert_string_equal(item.data, lines[2]);
    item.drop(item.data);
    assert_status(fpool_line_parser_end(&p, &item), FPOOL_END);
    fpool_line_parser_fini(&p);
}

/* ---- Pipes that stay open. */

static void a_line_arrives_when_it_is_complete(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    results = start(pool, fpool_source_lines(fds[0]));
    assert_int_equal(write(fds[1], "on", 2), 2);
    assert_status(fpool_next(results, &r, 10), FPOOL_ETIMEDOUT);
    assert_int_equal(write(fds[1], "e\ntw", 4), 4);
    check_next(results, "one", false);
    assert_int_equal(write(fds[1], "o", 1), 1);
    close(fds[1]);
    check_next(results, "two", false);
    check_end(results, FPOOL_END);
    close(fds[0]);
}

static void a_job_on_an_idle_pipe_can_be_cancelled(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "one\ntwo", 7), 7);
    results = start(pool, fpool_source_lines(fds[0]));
    check_next(results, "one", false);
    fpool_results_cancel(results);
    check_end(results, FPOOL_ECANCELED);
    assert_int_equal(fpool_results_source_code(results), 0);
    assert_true(is_open(fds[0]));
    close(fds[0]);
    close(fds[1]);
}

static void jobs_on_idle_pipes_do_not_keep_a_pool_from_ending(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results[8];
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    for (size_t i = 0; i < N_ELEMENTS(results); i++) {
        results[i] = start(pool, fpool_source_lines(fds[0]));
    }
    assert_ok(fpool_terminate(pool));
    assert_ok(fpool_join(pool, FPOOL_FOREVER));
    for (size_t i = 0; i < N_ELEMENTS(results); i++) {
        check_end(results[i], FPOOL_ECANCELED);
        fpool_results_destroy(&results[i]);
    }
    fpool_destroy(&pool);
    close(fds[0]);
    close(fds[1]);
}

static void a_deadline_ends_a_job_on_an_idle_pipe(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_status(fpool_map(pool, FPOOL_CALL(do_nothing, NULL),
                            fpool_source_lines(fds[0]),
                            FPOOL_JOB(.deadline_ms = 20), NULL),
                  FPOOL_EDEADLINE);
    close(fds[0]);
    close(fds[1]);
}

/* ---- Failures. */

static void a_read_error_ends_the_source_with_its_errno(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    FPOOL_SCOPED struct fpool_batch *batch = NULL;
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    results = start(pool, fpool_source_lines(fd));
    check_end(results, FPOOL_ESOURCE);
    check_end(results, FPOOL_END);
    assert_int_equal(fpool_results_source_code(results), EISDIR);
    assert_status(fpool_map(pool, FPOOL_CALL(do_nothing, NULL),
                            fpool_source_lines(fd), NULL, &batch),
                  FPOOL_ESOURCE);
    assert_int_equal(fpool_batch_source_code(batch), EISDIR);
    assert_int_equal(fpool_batch_count(batch), 0);
    close(fd);
}

static void a_descriptor_that_is_not_open_is_a_read_error(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    FPOOL_SCOPED struct fpool_results *results = NULL;
    int low = open_null();
    int fd = fcntl(low, F_DUPFD_CLOEXEC, 500); /* which nobody else will get */

    (void)state;
    close(low);
    close(fd);
    results = start(pool, fpool_source_lines(fd));
    check_end(results, FPOOL_ESOURCE);
    assert_int_equal(fpool_results_source_code(results), EBADF);
}

/* Without a descriptor to be told by, a source that blocks could not be
 * cancelled: it fails instead. */
static void an_idle_pipe_is_a_failure_when_descriptors_run_out(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;
    struct rlimit before;
    struct rlimit none;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "one\n", 4), 4);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)fds[1] + 1; /* below, all are open */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    results = start(pool, fpool_source_lines(fds[0]));
    check_next(results, "one", false);
    check_end(results, FPOOL_ESOURCE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(fpool_results_source_code(results), EMFILE);
    fpool_results_destroy(&results);
    fpool_destroy(&pool);
    close(fds[0]);
    close(fds[1]);
}

static void bad_arguments_are_refused_by_the_verb(void **state)
{
    FPOOL_SCOPED struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;
    int fd = open_null();

    (void)state;
    assert_status(fpool_imap(pool, FPOOL_CALL(do_nothing, NULL),
                             fpool_source_lines(-1), NULL, &results),
                  FPOOL_EINVAL);
    assert_status(fpool_imap(pool, FPOOL_CALL(do_nothing, NULL),
                             fpool_source_lines_with(
                                 fd, FPOOL_LINES(.max_line = SIZE_MAX)),
                             NULL, &results),
                  FPOOL_EINVAL);
    assert_null(results);
    assert_true(is_open(fd));
    close(fd);
}

/* ---- Whose descriptor it is. */

/* 'fd' was closed, and whoever gets the number next keeps it. */
static void check_closed_once(int fd, struct fpool **pool)
{
    int other;

    assert_false(is_open(fd));
    other = open_null();
    assert_int_equal(other, fd);
    fpool_destroy(pool);
    assert_true(is_open(other));
    close(other);
}

static void a_borrowed_descriptor_stays_open(void **state)
{
    struct fpool *pool = make_pool(4);
    int fd = open_null();

    (void)state;
    assert_ok(fpool_map(pool, FPOOL_CALL(do_nothing, NULL),
                        fpool_source_lines(fd), NULL, NULL));
    assert_status(fpool_map(pool, NULL, fpool_source_lines(fd), NULL, NULL),
                  FPOOL_EINVAL);
    fpool_destroy(&pool);
    assert_true(is_open(fd));
    close(fd);
}

static struct fpool_source taken(int fd)
{
    return fpool_source_lines_with(fd, FPOOL_LINES(.flags = FPOOL_LINES_CLOSE));
}

static void a_taken_descriptor_is_closed_once_at_the_end(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;
    int fd = open_null();

    (void)state;
    results = start(pool, taken(fd));
    check_end(results, FPOOL_END);
    fpool_results_destroy(&results);
    check_closed_once(fd, &pool);
}

static void a_taken_descriptor_is_closed_once_on_cancel(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    results = start(pool, taken(fds[0]));
    fpool_results_destroy(&results);
    check_closed_once(fds[0], &pool);
    close(fds[1]);
}

static void a_taken_descriptor_is_closed_once_by_a_verb_that_fails(void **state)
{
    struct fpool *pool = make_pool(4);
    struct fpool_results *results = NULL;
    int fd = open_null();

    (void)state;
    assert_status(fpool_imap(pool, NULL, taken(fd), NULL, &results),
                  FPOOL_EINVAL);
    assert_false(is_open(fd));
    assert_int_equal(open_null(), fd);
    assert_status(fpool_imap(NULL, FPOOL_CALL(do_nothing, NULL), taken(fd),
                             NULL, &results),
                  FPOOL_EINVAL);
    assert_false(is_open(fd));
    assert_int_equal(open_null(), fd);
    assert_ok(fpool_close(pool));
    assert_status(fpool_imap(pool, FPOOL_CALL(do_nothing, NULL), taken(fd),
                             NULL, &results),
                  FPOOL_ECLOSED);
    check_closed_once(fd, &pool);
}

static void a_taken_descriptor_is_closed_by_a_constructor_that_fails(
    void **state)
{
    struct {
        struct fpool_lines_options options;
        uint64_t unknown;
    } newer = { { sizeof(newer), 0, FPOOL_LINES_CLOSE }, 1 };
    int fd = open_null();

    (void)state;
    assert_status(
        fpool_source_lines_with(
            fd, FPOOL_LINES(.max_line = SIZE_MAX, .flags = FPOOL_LINES_CLOSE))
            .status,
        FPOOL_EINVAL);
    assert_false(is_open(fd));
    assert_int_equal(open_null(), fd);
    assert_status(fpool_source_lines_with(fd, &newer.options).status,
                  FPOOL_EINVAL);
    assert_false(is_open(fd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_a_line_feed_or_both),
        cmocka_unit_test(the_last_line_needs_no_line_feed),
        cmocka_unit_test(an_empty_input_has_no_lines),
        cmocka_unit_test(a_mark_is_dropped_at_the_beginning_only),
        cmocka_unit_test(comments_are_dropped_if_asked),
        cmocka_unit_test(zero_bytes_belong_to_the_line),
        cmocka_unit_test(a_long_line_is_cut_and_flagged),
        cmocka_unit_test(a_cut_line_of_blanks_is_not_dropped),
        cmocka_unit_test(a_file_of_many_buffers_arrives_whole),
        cmocka_unit_test(the_parser_needs_no_more_than_a_byte_at_a_time),
        cmocka_unit_test(a_line_arrives_when_it_is_complete),
        cmocka_unit_test(a_job_on_an_idle_pipe_can_be_cancelled),
        cmocka_unit_test(jobs_on_idle_pipes_do_not_keep_a_pool_from_ending),
        cmocka_unit_test(a_deadline_ends_a_job_on_an_idle_pipe),
        cmocka_unit_test(a_read_error_ends_the_source_with_its_errno),
        cmocka_unit_test(a_descriptor_that_is_not_open_is_a_read_error),
        cmocka_unit_test(an_idle_pipe_is_a_failure_when_descriptors_run_out),
        cmocka_unit_test(bad_arguments_are_refused_by_the_verb),
        cmocka_unit_test(a_borrowed_descriptor_stays_open),
        cmocka_unit_test(a_taken_descriptor_is_closed_once_at_the_end),
        cmocka_unit_test(a_taken_descriptor_is_closed_once_on_cancel),
        cmocka_unit_test(
            a_taken_descriptor_is_closed_once_by_a_verb_that_fails),
        cmocka_unit_test(
            a_taken_descriptor_is_closed_by_a_constructor_that_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
