/* SPDX-License-Identifier: MIT */
/* Output of result lines, failed lines and summaries. */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_AT 65536

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
    return 0;
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

    while (o->name != NULL && done < o->size && o->error_number == 0) {
        ssize_t n = write(o->fd, o->data + done, o->size - done);

        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EPIPE) {
            die_of_pipe();
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

void cli_out_bytes(struct cli_out *o, const char *data, size_t size)
{
    if (o->name == NULL || o->error_number != 0) {
        return;
    }
    if (o->capacity - o->size < size) {
        size_t capacity = (o->size + size) * 2;
        char *grown = realloc(o->data, capacity);

        if (grown == NULL) {
            o->error_number = ENOMEM;
            return;
        }
        o->data = grown;
        o->capacity = capacity;
    }
    memcpy(o->data + o->size, data, size);
    o->size += size;
}

void cli_out_text(struct cli_out *o, const char *text)
{
    cli_out_bytes(o, text, strlen(text));
}

void cli_out_number(struct cli_out *o, int64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%" PRId64, number);

    cli_out_bytes(o, text, (size_t)n);
}

void cli_out_end_line(struct cli_out *o)
{
    cli_out_bytes(o, "\n", 1);
    if (o->size >= FLUSH_AT) {
        cli_out_flush(o);
    }
}

/* ---- JSON strings. */

/* The bytes of the character that begins at 'data', its code in '*ret_code'; 0
 * when it is not well-formed UTF-8 (overlong forms and surrogates are not). */
static size_t decode(const unsigned char *data, size_t size, uint32_t *ret_code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = data[0];
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    uint32_t code;
    size_t i;

    if (n == 0 || c > 0xf4 || n > size) {
        return 0;
    }
    code = n == 1 ? c : c & (0x7fu >> n);
    for (i = 1; i < n; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (data[i] & 0x3fu);
    }
    if (code < least[n] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    *ret_code = code;
    return n;
}

/* Controls, also those that turn the direction of text around: all that could
 * make a terminal show something else than what is there. */
static bool is_dangerous(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb);
}

static void put_code(struct cli_out *o, uint32_t code)
{
    char text[8];
    int n = snprintf(text, sizeof(text), "\\u%04x", (unsigned)(code & 0xffff));

    cli_out_bytes(o, text, (size_t)n);
}

/* Plain ASCII that needs no escape, which is nearly everything. */
static size_t plain_length(const char *data, size_t size)
{
    size_t n = 0;

    while (n < size && data[n] >= 0x20 && data[n] < 0x7f && data[n] != '"' &&
           data[n] != '\\') {
        n++;
    }
    return n;
}

static size_t put_character(struct cli_out *o, const char *data, size_t size)
{
    uint32_t code = 0;
    size_t n = decode((const unsigned char *)data, size, &code);

    if (n == 0) {
        cli_out_text(o, "\xef\xbf\xbd"); /* U+FFFD for each bad byte */
        return 1;
    }
    if (code == '"' || code == '\\') {
        cli_out_bytes(o, "\\", 1);
        cli_out_bytes(o, data, 1);
    } else if (is_dangerous(code)) {
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

void cli_out_json_or_null(struct cli_out *o, const char *text)
{
    if (text[0] == '\0') {
        cli_out_text(o, "null");
    } else {
        cli_out_json(o, text, strlen(text));
    }
}
