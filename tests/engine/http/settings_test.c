/* SPDX-License-Identifier: MIT */
/* Settings of a job: defaults, what is kept of an operation, and everything
 * that is refused before the job starts. */
#include "engine/http/settings.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/check.h"

static struct fpool_http_hubs hubs; /* of which only the digest is asked for */

static int set_up(void **state)
{
    (void)state;
    hubs.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return hubs.sha256 != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_MD_free(hubs.sha256);
    return 0;
}

static enum fpool_status read_op(struct fpool_http_job *job,
                                 const struct fpool_op *op)
{
    memset(job, 0, sizeof(*job));
    job->hubs = &hubs;
    return fpool_http_settings_read(job, op);
}

/* What is given back is released by the caller. */
static struct fpool_http_job settled(const struct fpool_op *op)
{
    struct fpool_http_job job;

    assert_ok(read_op(&job, op));
    return job;
}

static enum fpool_status status_of(const struct fpool_op *op)
{
    struct fpool_http_job job;
    enum fpool_status status = read_op(&job, op);

    fpool_http_settings_release(&job);
    return status;
}

/* ---- Numbers. */

static void zero_means_the_default(void **state)
{
    struct fpool_http_job job = settled(FPOOL_HTTP());
    const struct fpool_http_op *o = &job.options;

    (void)state;
    assert_int_equal(o->in_flight, 256);
    assert_int_equal(o->redirects, 10);
    assert_int_equal(o->connect_timeout_ms, 15000);
    assert_int_equal(o->first_byte_ms, 60000);
    assert_int_equal(o->stall_ms, 30000);
    assert_int_equal(o->max_size, 0);
    assert_int_equal(o->body_memory, 65536);
    assert_int_equal(o->tries, 3);
    assert_int_equal(o->retry_delay_ms, 1000);
    assert_int_equal(o->max_retry_after_ms, 3600000);
    assert_int_equal(o->per_host, 6);
    assert_int_equal(job.rules.per_host, 6);
    assert_int_equal(job.rules.retry_delay_ms, 1000);
    assert_int_equal(job.rules.rate_interval_ns, 0);
    assert_int_equal(job.rate_interval_ns, 0);
    assert_string_equal(o->user_agent, "fetchpool/" FPOOL_VERSION);
    assert_string_equal(o->method, "GET");
    assert_null(o->body);
    assert_null(o->user);
    assert_null(o->cookie);
    assert_null(job.headers);
    assert_null(job.folder);
    assert_null(job.digest);
    assert_null(job.resolve);
    assert_false(fpool_http_proxy_is_used(&job.proxy));
    fpool_http_settings_release(&job);
}

static void other_numbers_are_kept(void **state)
{
    struct fpool_http_job job = settled(
        FPOOL_HTTP(.in_flight = 65536, .redirects = -1, .connect_timeout_ms = 1,
                   .first_byte_ms = 2, .stall_ms = 3, .max_size = 4,
                   .body_memory = 5, .tries = 100, .retry_delay_ms = 3600000,
                   .max_retry_after_ms = 7, .per_host = 65536, .flags = 0xff));
    const struct fpool_http_op *o = &job.options;

    (void)state;
    assert_int_equal(o->in_flight, 65536);
    assert_int_equal(o->redirects, -1);
    assert_int_equal(o->connect_timeout_ms, 1);
    assert_int_equal(o->first_byte_ms, 2);
    assert_int_equal(o->stall_ms, 3);
    assert_int_equal(o->max_size, 4);
    assert_int_equal(o->body_memory, 5);
    assert_int_equal(o->tries, 100);
    assert_int_equal(o->retry_delay_ms, 3600000);
    assert_int_equal(job.rules.retry_delay_ms, 3600000);
    assert_int_equal(o->max_retry_after_ms, 7);
    assert_int_equal(o->per_host, 65536);
    assert_int_equal(job.rules.per_host, 65536);
    assert_int_equal(o->flags, 0xff);
    fpool_http_settings_release(&job);
}

static void http2_has_more_at_once_on_a_host(void **state)
{
    struct fpool_http_job job = settled(FPOOL_HTTP(.flags = FPOOL_HTTP_2));

    (void)state;
    assert_int_equal(job.rules.per_host, 32);
    fpool_http_settings_release(&job);
    job = settled(FPOOL_HTTP(.flags = FPOOL_HTTP_2, .per_host = 2));
    assert_int_equal(job.rules.per_host, 2);
    fpool_http_settings_release(&job);
}

static void rates_become_intervals(void **state)
{
    struct fpool_http_job job =
        settled(FPOOL_HTTP(.rate = 1e9, .host_rate = 0.5));

    (void)state;
    assert_int_equal(job.rate_interval_ns, 1);
    assert_int_equal(job.rules.rate_interval_ns, 2000000000);
    fpool_http_settings_release(&job);
    job = settled(FPOOL_HTTP(.rate = 8));
    assert_int_equal(job.rate_interval_ns, 125000000);
    assert_int_equal(job.rules.rate_interval_ns, 0);
    fpool_http_settings_release(&job);
}

static void numbers_out_of_bounds_are_refused(void **state)
{
    const struct fpool_op *const ops[] = {
        FPOOL_HTTP(.in_flight = 65537),
        FPOOL_HTTP(.redirects = -2),
        FPOOL_HTTP(.redirects = 1001),
        FPOOL_HTTP(.connect_timeout_ms = -1),
        FPOOL_HTTP(.first_byte_ms = -1),
        FPOOL_HTTP(.stall_ms = -1),
        FPOOL_HTTP(.max_size = -1),
        FPOOL_HTTP(.tries = 101),
        FPOOL_HTTP(.retry_delay_ms = -1),
        FPOOL_HTTP(.retry_delay_ms = 3600001),
        FPOOL_HTTP(.max_retry_after_ms = -1),
        FPOOL_HTTP(.per_host = 65537),
        FPOOL_HTTP(.rate = -1),
        FPOOL_HTTP(.rate = 1.1e9),
        FPOOL_HTTP(.rate = (double)NAN),
        FPOOL_HTTP(.rate = (double)INFINITY),
        FPOOL_HTTP(.host_rate = -1),
        FPOOL_HTTP(.host_rate = 1.1e9),
        FPOOL_HTTP(.host_rate = (double)NAN),
        FPOOL_HTTP(.body_size = 1),
        FPOOL_HTTP(.flags = 1u << 8),
        FPOOL_HTTP(.flags = 1u << 31),
    };
    int n_taken = 0;
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(ops); i++) {
        if (status_of(ops[i]) != FPOOL_EINVAL) {
            print_error("operation %zu was taken\n", i);
            n_taken++;
        }
    }
    assert_int_equal(n_taken, 0);
}

static void operations_may_be_older_or_newer(void **state)
{
    struct fpool_http_op op =
        *(const struct fpool_http_op *)FPOOL_HTTP(.in_flight = 7, .tries = 200);
    struct {
        struct fpool_http_op op;
        char more[8];
    } newer = { .op = *(const struct fpool_http_op *)FPOOL_HTTP() };
    struct fpool_http_job job;

    (void)state;
    /* Of an older one the rest is not looked at. */
    op.op.struct_size = offsetof(struct fpool_http_op, tries);
    job = settled(&op.op);
    assert_int_equal(job.options.in_flight, 7);
    assert_int_equal(job.options.tries, 3);
    fpool_http_settings_release(&job);
    newer.op.op.struct_size = sizeof(newer);
    assert_ok(status_of(&newer.op.op));
    newer.more[7] = 1;
    assert_status(status_of(&newer.op.op), FPOOL_EINVAL);
    op.op.struct_size = 1;
    assert_status(status_of(&op.op), FPOOL_EINVAL);
}

/* ---- Texts. */

static void texts_are_copied(void **state)
{
    char text[] = "u:p";
    char body[] = { 'a', '\0', 'b' };
    struct fpool_http_job job = settled(
        FPOOL_HTTP(.user = text, .cookie = text, .user_agent = text,
                   .resolvers = text, .body = body, .body_size = sizeof(body)));
    const struct fpool_http_op *o = &job.options;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memset(body, 'x', sizeof(body));
    assert_string_equal(o->user, "u:p");
    assert_string_equal(o->cookie, "u:p");
    assert_string_equal(o->user_agent, "u:p");
    assert_string_equal(o->resolvers, "u:p");
    assert_int_equal(o->body_size, 3);
    assert_memory_equal(o->body, "a\0b", 4);
    assert_string_equal(o->method, "POST");
    fpool_http_settings_release(&job);
}

static void the_method_may_be_any_with_a_body(void **state)
{
    struct fpool_http_job job =
        settled(FPOOL_HTTP(.body = "", .user_agent = ""));

    (void)state;
    assert_string_equal(job.options.method, "POST");
    assert_int_equal(job.options.body_size, 0);
    assert_string_equal(job.options.user_agent, ""); /* That is none. */
    fpool_http_settings_release(&job);
    job = settled(FPOOL_HTTP(.body = "a", .body_size = 1, .method = "PUT"));
    assert_string_equal(job.options.method, "PUT");
    fpool_http_settings_release(&job);
}

/* The caller's memory may be gone later. */
static void what_was_not_copied_is_forgotten(void **state)
{
    struct fpool_http_job job = settled(
        FPOOL_HTTP(.spool_dir = "/tmp", .digest = "sha256", .retry_on = "500",
                   .throttle_on = "429", .headers = "A: b", .proxy = "http://p",
                   .resolve = "h:80:192.0.2.1", .allow_nets = "192.0.2.0/24",
                   .deny_nets = "198.51.100.0/24"));
    const struct fpool_http_op *o = &job.options;

    (void)state;
    assert_null(o->spool_dir);
    assert_null(o->digest);
    assert_null(o->retry_on);
    assert_null(o->throttle_on);
    assert_null(o->headers);
    assert_null(o->proxy);
    assert_null(o->resolve);
    assert_null(o->allow_nets);
    assert_null(o->deny_nets);
    assert_non_null(job.folder);
    assert_ptr_equal(job.digest, hubs.sha256);
    assert_string_equal(job.headers->data, "A: b");
    assert_string_equal(job.proxy.http, "http://p");
    assert_non_null(job.resolve);
    fpool_http_settings_release(&job);
}

static void status_codes_have_defaults(void **state)
{
    static const int retried[] = { 408, 500, 502, 503, 504, 520, 529 };
    static const int not_retried[] = { 404, 407, 409, 429, 499,
                                       501, 505, 519, 530 };
    struct fpool_http_job job = settled(FPOOL_HTTP());
    size_t i;
    int code;

    (void)state;
    for (i = 0; i < N_ELEMENTS(retried); i++) {
        assert_true(fpool_http_codes_has(&job.retry_on, retried[i]));
    }
    for (i = 0; i < N_ELEMENTS(not_retried); i++) {
        assert_false(fpool_http_codes_has(&job.retry_on, not_retried[i]));
    }
    for (code = 100; code < 600; code++) {
        assert_int_equal(fpool_http_codes_has(&job.throttle_on, code),
                         code == 429 || code == 503);
    }
    fpool_http_settings_release(&job);
    job = settled(FPOOL_HTTP(.retry_on = "", .throttle_on = "404"));
    assert_false(fpool_http_codes_has(&job.retry_on, 500));
    assert_true(fpool_http_codes_has(&job.throttle_on, 404));
    assert_false(fpool_http_codes_has(&job.throttle_on, 429));
    fpool_http_settings_release(&job);
}

static void what_cannot_be_had_is_told(void **state)
{
    (void)state;
    assert_ok(status_of(FPOOL_HTTP(.digest = "none")));
    assert_status(status_of(FPOOL_HTTP(.digest = "md5")), FPOOL_EUNSUPPORTED);
    assert_status(status_of(FPOOL_HTTP(.digest = "")), FPOOL_EUNSUPPORTED);
    assert_status(status_of(FPOOL_HTTP(.ca_file = "/nonexistent")),
                  FPOOL_ELOCAL);
    assert_status(status_of(FPOOL_HTTP(.spool_dir = "/nonexistent")),
                  FPOOL_ELOCAL);
    assert_status(status_of(FPOOL_HTTP(.spool_dir = "/dev/null")),
                  FPOOL_ELOCAL);
}

/* ---- Header lines. */

/* The lines as they are kept, each ended by "|". */
static void check_headers(const char *lines, const char *wanted)
{
    struct curl_slist *list = NULL;
    const struct curl_slist *line;
    char kept[128] = "";
    size_t n = 0;

    assert_null(fpool_http_check_headers(lines));
    assert_true(fpool_http_add_headers(&list, lines));
    for (line = list; line != NULL; line = line->next) {
        n += (size_t)snprintf(kept + n, sizeof(kept) - n, "%s|", line->data);
        assert_true(n < sizeof(kept));
    }
    assert_string_equal(kept, wanted);
    curl_slist_free_all(list);
}

static void header_lines_are_taken_apart(void **state)
{
    (void)state;
    check_headers("", "");
    check_headers("A: b", "A: b|");
    check_headers("A: b\n", "A: b|");
    check_headers("A: b\r\nC: d\r\n", "A: b|C: d|");
    check_headers("\n\r\nA: b\n\n\r\nC:\n", "A: b|C:|");
    check_headers("A;\nB:b:c;d\tand \xc3\xa9", "A;|B:b:c;d\tand \xc3\xa9|");
    check_headers("!#$%&'*+-.^_`|~09azAZ: x", "!#$%&'*+-.^_`|~09azAZ: x|");
}

static void header_lines_come_behind_others(void **state)
{
    struct curl_slist *list = NULL;

    (void)state;
    assert_true(fpool_http_add_headers(&list, "A: a"));
    assert_true(fpool_http_add_headers(&list, "B: b\n\nC: c"));
    assert_string_equal(list->data, "A: a");
    assert_string_equal(list->next->data, "B: b");
    assert_string_equal(list->next->next->data, "C: c");
    assert_null(list->next->next->next);
    curl_slist_free_all(list);
}

static void what_is_no_header_line_is_refused(void **state)
{
    static const char *const lines[] = {
        "A",
        "A b: c",
        "A : b",
        ":",
        ": a",
        ";",
        " A: b",
        "\tA: b",
        "A: b\n c",
        "A: b\n\tc", /* Folded lines are obsolete. */
        "A\xc3\xa9: b",
        "A(b): c",
        "\"A\": b",
        "A/b: c",
        "A=b",
        "A@b: c",
        "GET / HTTP/1.1",
        "A: b\r\n\r\nGET / HTTP/1.1\r\nHost: h"
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(lines); i++) {
        assert_non_null(fpool_http_check_headers(lines[i]));
        assert_status(status_of(FPOOL_HTTP(.headers = lines[i])), FPOOL_EINVAL);
    }
}

static void headers_have_no_control_characters(void **state)
{
    static const char *const lines[] = { "A: b\rC: d", "A: b\r\r\nC: d",
                                         "A: \rb",     "A: b\r\r",
                                         "\r\r\n",     "A\r: b",
                                         "\rA: b",     "A\r" };
    char value[] = "A: x.";
    char name[] = "xy: a";
    size_t i;
    int c;

    (void)state;
    for (i = 0; i < N_ELEMENTS(lines); i++) {
        assert_non_null(fpool_http_check_headers(lines[i]));
    }
    for (c = 1; c < 256; c++) {
        bool is_control = (c < 0x20 && c != '\t') || c == 0x7f;

        value[3] = (char)c; /* A line feed begins a line that is none. */
        assert_int_equal(fpool_http_check_headers(value) == NULL, !is_control);
        name[1] = (char)c;
        if (c <= 0x20 || c >= 0x7f) {
            assert_non_null(fpool_http_check_headers(name));
        }
    }
}

/* ---- Methods, and the checks that programs may ask for. */

static void methods_are_tokens(void **state)
{
    static const char *const good[] = {
        "GET",      "HEAD", "get",
        "M-SEARCH", "X",    "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    };
    static const char *const bad[] = {
        "",      "GET ",    " GET",
        "G T",   "GET\n",   "GET\r\nA: b",
        "G\x01", "G:",      "G\xc3\xa9",
        "G/T",   "CONNECT", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(good); i++) {
        assert_null(fpool_http_check_method(good[i]));
        assert_ok(status_of(FPOOL_HTTP(.method = good[i])));
    }
    for (i = 0; i < N_ELEMENTS(bad); i++) {
        assert_non_null(fpool_http_check_method(bad[i]));
        assert_status(status_of(FPOOL_HTTP(.method = bad[i])), FPOOL_EINVAL);
    }
}

/* What a check finds, and what becomes of the operation, agree. */
static void check_field(const char *field, const char *text, bool is_good,
                        const struct fpool_op *op)
{
    assert_int_equal(fpool_http_check(field, text) == NULL, is_good);
    assert_status(status_of(op), is_good ? FPOOL_OK : FPOOL_EINVAL);
}

#define CHECK(name, text, is_good)                                             \
    check_field(#name, (text), (is_good), FPOOL_HTTP(.name = (text)))

static void fields_can_be_checked_before(void **state)
{
    (void)state;
    CHECK(retry_on, "", true);
    CHECK(retry_on, "408, 500-504", true);
    CHECK(retry_on, "99", false);
    CHECK(throttle_on, "429", true);
    CHECK(throttle_on, "503-429", false);
    CHECK(headers, "A: b\nC: d", true);
    CHECK(headers, "A: b\nC", false);
    CHECK(resolve, "h:80:192.0.2.1", true);
    CHECK(resolve, "h:80", false);
    CHECK(allow_nets, "192.0.2.0/24, 2001:db8::/32", true);
    CHECK(allow_nets, "192.0.2.0/33", false);
    CHECK(deny_nets, "192.0.2.1", true);
    CHECK(deny_nets, "h", false);
    CHECK(user, "name:pass:word", true);
    CHECK(user, ":", true);
    CHECK(user, "name", false);
    CHECK(proxy, "socks5h://h:1080", true);
    CHECK(proxy, "ftp://h", false);
    CHECK(method, "PUT", true);
    CHECK(method, "P T", false);
}

static void fields_without_a_check_are_told(void **state)
{
    static const char *const fields[] = { "", "tries", "header", "headersx",
                                          "Headers" };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(fields); i++) {
        assert_non_null(fpool_http_check(fields[i], "A: b"));
    }
}

/* ---- Without memory. */

/* Half-read settings can be released; a fault shows as a leak. */
static void without_memory_nothing_is_left(void **state)
{
    struct fpool_http_job job;
    enum fpool_status status;
    unsigned long n = 0;

    (void)state;
    do {
        fpool_mem_fail_at(++n, 0);
        status = read_op(
            &job,
            FPOOL_HTTP(.user = "u:p", .cookie = "a=b", .user_agent = "x",
                       .resolvers = "192.0.2.1", .body = "a", .body_size = 1,
                       .headers = "A: b\nC: d", .proxy = "http=a\nno=b",
                       .resolve = "h:80:192.0.2.1", .spool_dir = "/tmp",
                       .allow_nets = "192.0.2.0/24", .ca_file = "/dev/null"));
        fpool_mem_fail_at(0, 0);
        assert_true(status == FPOOL_OK || status == FPOOL_ENOMEM);
        fpool_http_settings_release(&job);
    } while (status != FPOOL_OK);
    assert_true(n > 12);
}

/* ---- From outside. */

static void a_job_that_is_refused_does_not_begin(void **state)
{
    struct fpool *pool = make_pool(1);
    struct fpool_result result;

    (void)state;
    assert_status(fpool_apply(pool, FPOOL_HTTP(.headers = "A: b\rC: d"),
                              fpool_item_text("http://192.0.2.1/"), NULL,
                              &result),
                  FPOOL_EINVAL);
    assert_status(fpool_apply(pool, FPOOL_HTTP(.digest = "md5"),
                              fpool_item_text("http://192.0.2.1/"), NULL,
                              &result),
                  FPOOL_EUNSUPPORTED);
    fpool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_means_the_default),
        cmocka_unit_test(other_numbers_are_kept),
        cmocka_unit_test(http2_has_more_at_once_on_a_host),
        cmocka_unit_test(rates_become_intervals),
        cmocka_unit_test(numbers_out_of_bounds_are_refused),
        cmocka_unit_test(operations_may_be_older_or_newer),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(the_method_may_be_any_with_a_body),
        cmocka_unit_test(what_was_not_copied_is_forgotten),
        cmocka_unit_test(status_codes_have_defaults),
        cmocka_unit_test(what_cannot_be_had_is_told),
        cmocka_unit_test(header_lines_are_taken_apart),
        cmocka_unit_test(header_lines_come_behind_others),
        cmocka_unit_test(what_is_no_header_line_is_refused),
        cmocka_unit_test(headers_have_no_control_characters),
        cmocka_unit_test(methods_are_tokens),
        cmocka_unit_test(fields_can_be_checked_before),
        cmocka_unit_test(fields_without_a_check_are_told),
        cmocka_unit_test(without_memory_nothing_is_left),
        cmocka_unit_test(a_job_that_is_refused_does_not_begin),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
