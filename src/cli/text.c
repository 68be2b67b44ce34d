/* SPDX-License-Identifier: MIT */
/* Small readers and writers of text, used all over the command-line tool. */
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool cli_parse_number(const char *text, int64_t max, int64_t *ret_number)
{
    long long n;
    char *end;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || n > max) {
        return false;
    }
    *ret_number = n;
    return true;
}

/* A decimal number, "12" or "1.5" and nothing else, and what follows it. */
static bool parse_decimal(const char *text, double *ret_number,
                          const char **ret_rest)
{
    size_t n = strspn(text, "0123456789.");
    char copy[32];
    char *end;

    if (n == 0 || n >= sizeof(copy) || !isdigit((unsigned char)text[0])) {
        return false;
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    *ret_number = strtod(copy, &end);
    *ret_rest = text + n;
    return *end == '\0';
}

bool cli_parse_decimal(const char *text, double *ret_number)
{
    const char *rest;

    return parse_decimal(text, ret_number, &rest) && *rest == '\0';
}

bool cli_parse_duration(const char *text, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = { { "ms", 1 },      { "s", 1000 },    { "", 1000 },
                  { "m", 60000 },   { "min", 60000 }, { "h", 3600000 },
                  { "d", 86400000 } };
    const char *rest;
    double number;
    size_t i;

    if (!parse_decimal(text, &number, &rest)) {
        return false;
    }
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(rest, units[i].unit) == 0) {
            double ms = number * units[i].ms;

            if (ms <= 0 || ms > 1e14) {
                return false;
            }
            *ret_ms = (int64_t)ms + ((double)(int64_t)ms < ms); /* up */
            return true;
        }
    }
    return false;
}

bool cli_parse_rate(const char *text, double *ret_rate)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {
        { "", 1 }, { "/s", 1 }, { "/m", 60 }, { "/h", 3600 }, { "/d", 86400 }
    };
    const char *rest;
    double number;
    size_t i;

    if (!parse_decimal(text, &number, &rest) || number <= 0 || number > 1e9) {
        return false;
    }
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(rest, units[i].unit) == 0) {
            *ret_rate = number / units[i].seconds;
            return true;
        }
    }
    return false;
}

bool cli_parse_size(const char *text, int64_t *ret_size)
{
    static const char letters[] = "kmgt";
    const char *rest;
    const char *letter;
    double factor = 1;
    double number;

    if (!parse_decimal(text, &number, &rest)) {
        return false;
    }
    letter =
        *rest == '\0' ? NULL : strchr(letters, tolower((unsigned char)*rest));
    if (letter != NULL) {
        factor = (double)(INT64_C(1) << (10 * (letter - letters + 1)));
        rest++;
        rest += strcmp(rest, "iB") == 0 ? 2 : 0;
    }
    rest += strcmp(rest, "B") == 0 ? 1 : 0;
    if (*rest != '\0' || number * factor > 9e18) {
        return false;
    }
    *ret_size = (int64_t)(number * factor);
    return true;
}

void cli_print_escaped(FILE *file, const char *data, size_t size, size_t max)
{
    size_t i;

    for (i = 0; i < size && i < max; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c >= 0x20 && c < 0x7f && c != '\\') {
            fputc(c, file);
        } else {
            fprintf(file, "\\x%02x", c);
        }
    }
    if (size > max) {
        fputs("...", file);
    }
}

int cli_find_word(const char *value, const char *const *words)
{
    int i;

    for (i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* Reads what is left of 'fd' into '*data', which is the caller's also on
 * failure. */
static bool read_all(int fd, size_t max, char **data, size_t *ret_size)
{
    size_t capacity = 0;
    size_t size = 0;

    for (;;) {
        ssize_t n;

        if (capacity - size < 2) {
            char *grown = realloc(*data, capacity * 2 + 4096);

            if (grown == NULL) {
                return false;
            }
            *data = grown;
            capacity = capacity * 2 + 4096;
        }
        n = read(fd, *data + size, capacity - size - 1);
        if (n == 0) {
            (*data)[size] = '\0';
            *ret_size = size;
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
        size += n > 0 ? (size_t)n : 0;
        if (size > max) {
            errno = EFBIG;
            return false;
        }
    }
}

char *cli_read_file(const char *path, size_t max, size_t *ret_size)
{
    char *data = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error_number;

    if (fd < 0) {
        return NULL;
    }
    if (!read_all(fd, max, &data, ret_size)) {
        error_number = errno;
        free(data);
        data = NULL;
        errno = error_number;
    }
    error_number = errno;
    close(fd);
    errno = error_number;
    return data;
}

int64_t cli_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
