/* SPDX-License-Identifier: MIT */
/* Output of result lines, failed lines and summaries. */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "utf8.h"

#define FLUSH_AT (128 * 1024)

int cli_out_open(struct cli_out *o, const char *path)
{
    memset(o, 0, sizeof(*o));
    if (strcmp(path, "-") == 0) {
        o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    } else {
        o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    if (o->fd < 0) {
        return errno;
    }
    o->name = path;
    o->is_terminal = isatty(o->fd);
    return 0;
}

void cli_out_open_messages(struct cli_out *o)
{
    memset(o, 0, sizeof(*o));
    o->fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (o->fd >= 0) {
        o->name = "standard error";
    }
}

/* As if SIGPIPE had not been blocked or ignored. */
static void die_of_pipe(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGPIPE);
    _exit(128 + SIGPIPE);
}

void cli_out_flush(struct cli_out *o)
{
    size_t done = 0;

    if (o->is_terminal && o->size > 0) {
        cli_say_clear();
    }
    while (o->name != NULL && done < o->size && o->error_number == 0) {
        ssize_t n = write(o->fd, o->data + done, o->size - done);

        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EPIPE) {
            die_of_pipe();
        } else if (errno == EAGAIN) { /* made so by whoever shares it */
            poll(&(struct pollfd){ .fd = o->fd, .events = POLLOUT }, 1, -1);
        } else if (errno != EINTR) {
            o->error_number = errno;
        }
    }
    o->size = 0;
}

int cli_out_close(struct cli_out *o)
{
    int error_number;

    if (o->name == NULL) {
        return 0;
    }
    cli_out_flush(o);
    if (close(o->fd) != 0 && o->error_number == 0) {
        o->error_number = errno;
    }
    error_number = o->error_number;
    free(o->data);
    memset(o, 0, sizeof(*o));
    return error_number;
}

bool cli_out_grow(struct cli_out *o, size_t size)
{
    size_t capacity = (o->size + size) * 2;
    char *grown;

    if (o->name == NULL || o->error_number != 0) {
        return false;
    }
    grown = realloc(o->data, capacity);
    if (grown == NULL) {
        o->error_number = ENOMEM;
        return false;
    }
    o->data = grown;
    o->capacity = capacity;
    return true;
}

void cli_out_number(struct cli_out *o, int64_t number)
{
    char text[24];
    char *p = text + sizeof(text);
    uint64_t n = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    if (number < 0) {
        *--p = '-';
    }
    cli_out_bytes(o, p, (size_t)(text + sizeof(text) - p));
}

void cli_out_decimal(struct cli_out *o, double number, int decimals)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%.*f", decimals, number);

    if (n > 0 && n < (int)sizeof(text)) {
        cli_out_bytes(o, text, (size_t)n);
    } else {
        cli_out_text(o, "0");
    }
}

void cli_out_end_line(struct cli_out *o)
{
    cli_out_bytes(o, "\n", 1);
    if (o->size >= FLUSH_AT) {
        cli_out_flush(o);
    }
}

/* ---- JSON strings. */

static void put_code(struct cli_out *o, uint32_t code)
{
    char text[8];
    int n = snprintf(text, sizeof(text), "\\u%04x", (unsigned)(code & 0xffff));

    cli_out_bytes(o, text, (size_t)n);
}

/* Bytes that need no escape in JSON: printable ASCII but quote and backslash.
 */
#define ONES           UINT64_C(0x0101010101010101)
#define HIGHS          (ONES * 0x80)
#define HAS_ZERO(v)    (((v)-ONES) & ~(v)&HIGHS)
#define HAS_BELOW(v)   (((v)-ONES * 0x20) & ~(v)&HIGHS)
#define HAS_BYTE(v, c) HAS_ZERO((v) ^ (ONES * (c)))

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* How much of it is plain, which is nearly everything; by eight bytes at a
 * time, of which a test may refuse too many but never too few. */
static size_t plain_length(const char *data, size_t size)
{
    size_t n = 0;

    while (size - n >= 8) {
        uint64_t v;

        memcpy(&v, data + n, 8);
        if ((HAS_BELOW(v) | (v & HIGHS) | HAS_BYTE(v, 0x7f) | HAS_BYTE(v, '"') |
             HAS_BYTE(v, '\\')) != 0) {
            break;
        }
        n += 8;
    }
    while (n < size && is_plain((unsigned char)data[n])) {
        n++;
    }
    return n;
}

static size_t put_character(struct cli_out *o, const char *data, size_t size)
{
    uint32_t code = 0;
    size_t n = cli_utf8_decode(data, size, &code);

    if (n == 0) {
        cli_out_text(o, "\xef\xbf\xbd"); /* U+FFFD for each bad byte */
        return 1;
    }
    if (code == '"' || code == '\\') {
        cli_out_bytes(o, "\\", 1);
        cli_out_bytes(o, data, 1);
    } else if (cli_utf8_is_dangerous(code)) {
        put_code(o, code);
    } else {
        cli_out_bytes(o, data, n);
    }
    return n;
}

void cli_out_json(struct cli_out *o, const char *data, size_t size)
{
    size_t i = 0;

    cli_out_bytes(o, "\"", 1);
    while (i < size) {
        size_t n = plain_length(data + i, size - i);

        if (n > 0) {
            cli_out_bytes(o, data + i, n);
            i += n;
        } else {
            i += put_character(o, data + i, size - i);
        }
    }
    cli_out_bytes(o, "\"", 1);
}

void cli_out_raw_json(struct cli_out *o, const char *data, size_t size)
{
    size_t i = 0;

    while (i < size) {
        uint32_t code = 0;
        size_t n = cli_utf8_decode(data + i, size - i, &code);

        if (n == 0) {
            return; /* unreachable: defensive; it was checked */
        }
        if (code == '\t') {
            cli_out_bytes(o, " ", 1);
        } else if (cli_utf8_is_dangerous(code)) {
            put_code(o, code);
        } else {
            cli_out_bytes(o, data + i, n);
        }
        i += n;
    }
}

void cli_out_json_or_null(struct cli_out *o, const char *text)
{
    if (text[0] == '\0') {
        cli_out_text(o, "null");
    } else {
        cli_out_json(o, text, strlen(text));
    }
}

void cli_out_zone(struct cli_out *o, const char *text)
{
    for (;;) {
        size_t n = 0;
        unsigned char c;
        char escape[4];

        while (text[n] >= 0x20 && text[n] < 0x7f) {
            n++;
        }
        cli_out_bytes(o, text, n);
        if (text[n] == '\0') {
            return;
        }
        c = (unsigned char)text[n];
        escape[0] = '\\';
        escape[1] = (char)('0' + c / 100);
        escape[2] = (char)('0' + c / 10 % 10);
        escape[3] = (char)('0' + c % 10);
        cli_out_bytes(o, escape, sizeof(escape));
        text += n + 1;
    }
}
