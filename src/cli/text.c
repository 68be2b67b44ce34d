/* SPDX-License-Identifier: MIT */
/* Small readers and writers of text, used all over the command-line tool. */
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

void cli_say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("fetchpool get: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void cli_say_name(const char *before, const char *name, const char *reason)
{
    fprintf(stderr, "fetchpool get: %s ", before);
    cli_print_escaped(stderr, name, strlen(name), 1024);
    fprintf(stderr, "%s%s\n", reason[0] == '\0' ? "" : ": ", reason);
}

int64_t cli_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
