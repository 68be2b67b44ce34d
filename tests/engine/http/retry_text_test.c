/* SPDX-License-Identifier: MIT */
/* The texts that retries depend on: sets of status codes, Retry-After, names of
 * methods. */
#include <string.h>

#include "engine/http/retry.h"
#include "support/check.h"

#define MINUTE 60000

/* ---- Sets of status codes. */

static void sets_of_codes_hold_what_is_written(void **state)
{
    static const struct {
        const char *text;
        int codes[6]; /* as ranges, ended by 0 */
    } rows[] = {
        { "", { 0 } },
        { " \t ", { 0 } },
        { "100", { 100, 100 } },
        { "599", { 599, 599 } },
        { "100-599", { 100, 599 } },
        { "163-164", { 163, 164 } },
        { "503-503", { 503, 503 } },
        { "408,500,502-504", { 408, 408, 500, 500, 502, 504 } },
        { "\t408 ,  500,502 - 504 ", { 408, 408, 500, 500, 502, 504 } },
        { "502-504,500,503,408", { 408, 408, 500, 500, 502, 504 } },
    };
    size_t i;
    int code;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        struct fpool_http_codes codes;

        memset(&codes, 0xff, sizeof(codes));
        assert_true(fpool_http_codes_parse(&codes, rows[i].text));
        for (code = 0; code < 1000; code++) {
            bool is_in = false;
            size_t k;

            for (k = 0; k < 6 && rows[i].codes[k] != 0; k += 2) {
                is_in = is_in || (code >= rows[i].codes[k] &&
                                  code <= rows[i].codes[k + 1]);
            }
            assert_int_equal(fpool_http_codes_has(&codes, code), is_in);
        }
        assert_false(fpool_http_codes_has(&codes, -1));
        assert_false(fpool_http_codes_has(&codes, INT32_MIN));
        assert_false(fpool_http_codes_has(&codes, INT32_MAX));
    }
}

static void what_is_no_set_of_codes_is_refused(void **state)
{
    static const char *const rows[] = {
        "99",       "600",         "099",     "5",        "50",   "5000",
        "50 0",     "5xx",         "abc",     ",",        "500,", ",500",
        "500,,502", "500 502",     "500;502", "500-",     "-500", "504-502",
        "500--502", "500-501-502", "500-60",  "500-600",  "+500", "-1",
        "500\n",    "0x1f4",       "500, ",   "500-,502",
    };
    struct fpool_http_codes untouched;
    struct fpool_http_codes codes;
    size_t i;

    (void)state;
    memset(&untouched, 0x5a, sizeof(untouched));
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        codes = untouched;
        assert_false(fpool_http_codes_parse(&codes, rows[i]));
        assert_memory_equal(&codes, &untouched, sizeof(codes));
    }
}

/* ---- The header and the method. */

/* 1994-11-06 08:49:37, the date of the RFC's examples. */
#define DATE_S 784111777

static void retry_after_is_read_in_all_its_forms(void **state)
{
    static const struct {
        const char *value;
        int64_t ms; /* at a minute before the date */
    } rows[] = {
        { "0", 0 },
        { "000", 0 },
        { "1", 1000 },
        { "120", 120000 },
        { "0120", 120000 },
        { " \t120 \t", 120000 },
        { "9223372036", 9223372036000 },
        { "9223372037", FPOOL_HTTP_MAX_RETRY_AFTER_MS },
        { "99999999999999999999999", FPOOL_HTTP_MAX_RETRY_AFTER_MS },
        { "18446744073709551617", FPOOL_HTTP_MAX_RETRY_AFTER_MS },
        { "Sun, 06 Nov 1994 08:49:37 GMT", MINUTE },
        { "  Sun, 06 Nov 1994 08:49:37 GMT ", MINUTE },
        { "Sunday, 06-Nov-94 08:49:37 GMT", MINUTE },
        { "Sun Nov  6 08:49:37 1994", MINUTE },
        { "Sun, 06 Nov 1994 09:49:37 +0100", MINUTE },
        { "Sun, 06 Nov 1994 08:48:38 GMT", 1000 },
        { "Sun, 06 Nov 1994 08:48:37 GMT", 0 },
        { "Sun, 06 Nov 1994 08:48:36 GMT", 0 },
        { "Thu, 01 Jan 1970 00:00:01 GMT", 0 },
        { "", -1 },
        { " \t ", -1 },
        { "-1", -1 },
        { "-120", -1 },
        { "+120", -1 },
        { "1.5", -1 },
        { "120s", -1 },
        { "s120", -1 },
        { "120,60", -1 },
        { "1 2", -1 },
        { "0x10", -1 },
        { "1e3", -1 },
        { "\n120", -1 },
        { "120\r", -1 },
        { "\xd9\xa1", -1 },
        { "soon", -1 },
        { "GMT", -1 },
        { "08:49:37", -1 },
        { "Sun", -1 },
        { "Sun, 08:49:37", -1 },
        { "1994-11-06T08:49:37Z", -1 },
        { "06 Nov 1994 08:49:37 GMT", -1 },
        { "Sun, 06 Nov 1994", -1 },
        { "Sun, 36 Nov 1994 08:49:37 GMT", -1 },
        { "Sun, 06 Nov 1994 08:49:37 GMT and so on, on", -1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        assert_int_equal(fpool_http_retry_after(
                             rows[i].value, strlen(rows[i].value), DATE_S - 60),
                         rows[i].ms);
    }
}

static void retry_after_reads_no_further_than_its_size(void **state)
{
    static const char with_zero[] = "Sun, 06 Nov 1994 08:49:37 GMT\0x";
    static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";

    (void)state;
    assert_int_equal(fpool_http_retry_after("1234", 2, 0), 12000);
    assert_int_equal(fpool_http_retry_after("1 ", 0, 0), -1);
    assert_int_equal(fpool_http_retry_after("1\0", 2, 0), -1);
    assert_int_equal(
        fpool_http_retry_after(with_zero, sizeof(with_zero) - 1, 0), -1);
    assert_int_equal(fpool_http_retry_after(date, strlen(date), INT64_MIN),
                     FPOOL_HTTP_MAX_RETRY_AFTER_MS);
    assert_int_equal(fpool_http_retry_after(date, strlen(date), INT64_MAX), 0);
}

static void methods_that_may_be_repeated_are_known(void **state)
{
    static const char *const idempotent[] = { "GET",    "HEAD",    "PUT",
                                              "DELETE", "OPTIONS", "TRACE" };
    static const char *const others[] = { "POST", "PATCH", "CONNECT", "QUERY",
                                          "get",  "Head",  "GETS",    "GE",
                                          "",     " GET",  "GET " };
    size_t i;

    (void)state;
    for (i = 0; i < N_ELEMENTS(idempotent); i++) {
        assert_true(fpool_http_is_idempotent(idempotent[i]));
    }
    for (i = 0; i < N_ELEMENTS(others); i++) {
        assert_false(fpool_http_is_idempotent(others[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_of_codes_hold_what_is_written),
        cmocka_unit_test(what_is_no_set_of_codes_is_refused),
        cmocka_unit_test(retry_after_is_read_in_all_its_forms),
        cmocka_unit_test(retry_after_reads_no_further_than_its_size),
        cmocka_unit_test(methods_that_may_be_repeated_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
