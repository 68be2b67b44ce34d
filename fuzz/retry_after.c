/* SPDX-License-Identifier: MIT */
/* Fuzz target of the Retry-After header.  The first byte chooses the clock; the
 * rest is the value.  What comes out is in its range and the same with blanks
 * around the value; digits, and nothing else with them, mean what a naive
 * reader makes of them; and a date comes nearer by a second in a second, until
 * it has passed.  Linked with driver.c, or with libFuzzer. */
#include "engine/http/retry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold, also without asserts. */
static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* Reads the value from a block of its own with blanks around it. */
static int64_t read_with_blanks(const char *value, size_t size, int64_t now_s)
{
    char *copy = malloc(size + 4);
    int64_t ms;

    must(copy != NULL);
    memcpy(copy, " \t", 2);
    memcpy(copy + 2, value, size);
    memcpy(copy + 2 + size, "\t ", 2);
    ms = fpool_http_retry_after(copy, size + 4, now_s);
    free(copy);
    return ms;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Milliseconds of a value that is digits with blanks around them, however many;
 * -1 for another. */
static int64_t naive(const char *value, size_t size)
{
    double ms = 0; /* cannot overflow, and is exact up to the bound */
    size_t i = 0;
    size_t first;

    for (; i < size && is_blank(value[i]); i++) {
    }
    for (first = i;
         i < size && strchr("0123456789", value[i]) != NULL && value[i] != '\0';
         i++) {
        ms = 10 * ms + 1000 * (value[i] - '0');
    }
    if (i == first) {
        return -1;
    }
    for (; i < size && is_blank(value[i]); i++) {
    }
    if (i < size) {
        return -1;
    }
    return ms > (double)FPOOL_HTTP_MAX_RETRY_AFTER_MS
               ? FPOOL_HTTP_MAX_RETRY_AFTER_MS
               : (int64_t)ms;
}

static void check_date(const char *value, size_t size, int64_t now_s,
                       int64_t ms)
{
    if (now_s < INT64_MAX && ms > 0 && ms < FPOOL_HTTP_MAX_RETRY_AFTER_MS) {
        must(ms % 1000 == 0);
        must(fpool_http_retry_after(value, size, now_s + 1) == ms - 1000);
    }
    must(fpool_http_retry_after(value, size, INT64_MAX) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t clocks[] = { 0,         1,         784111777,
                                      784111776, 784111778, 2000000000,
                                      INT64_MIN, INT64_MAX, -1 };
    const char *value = (const char *)data + 1;
    int64_t now_s;
    int64_t ms;

    if (size == 0) {
        return 0;
    }
    size--;
    now_s = clocks[data[0] % (sizeof(clocks) / sizeof(clocks[0]))];
    ms = fpool_http_retry_after(value, size, now_s);
    must(ms >= -1 && ms <= FPOOL_HTTP_MAX_RETRY_AFTER_MS);
    must(read_with_blanks(value, size, now_s) == ms);
    if (naive(value, size) >= 0) {
        must(ms == naive(value, size));
    } else if (ms >= 0) {
        check_date(value, size, now_s, ms);
    }
    return 0;
}
