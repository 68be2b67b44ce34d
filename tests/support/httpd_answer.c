/* SPDX-License-Identifier: MIT */
/* What a request to the test server gets: parses its head, then opens a file or
 * makes up the answer of a virtual path.  Called by httpd_conn.c. */
#include "httpd.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DELAY_MS 3600000u

struct request {
    char *path; /* decoded, beginning with a slash */
    bool is_head;
    bool keeps_alive;
};

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } table[] = {
        { 200, "OK" },           { 204, "No Content" },
        { 301, "Moved" },        { 302, "Found" },
        { 304, "Not Modified" }, { 400, "Bad Request" },
        { 403, "Forbidden" },    { 404, "Not Found" },
        { 405, "Not Allowed" },  { 429, "Too Many Requests" },
        { 431, "Too Long" },     { 500, "Internal Error" },
        { 502, "Bad Gateway" },  { 503, "Unavailable" },
    };
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].status == status) {
            return table[i].text;
        }
    }
    return "Status";
}

__attribute__((format(printf, 2, 3))) static void put(struct answer *answer,
                                                      const char *format, ...)
{
    size_t room = sizeof(answer->head) - answer->head_size;
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(answer->head + answer->head_size, room, format, arguments);
    va_end(arguments);
    if (n > 0 && (size_t)n < room) {
        answer->head_size += (size_t)n;
    }
}

/* Writes the head of an answer with a body of 'size' bytes; 'location' is where
 * a redirect leads, or NULL. */
static void put_head(struct answer *answer, const struct request *request,
                     int status, uint64_t size, const char *location)
{
    answer->is_last = !request->keeps_alive;
    put(answer, "HTTP/1.1 %d %s\r\n", status, reason(status));
    if (status != 204 && status != 304) {
        put(answer, "Content-Type: application/octet-stream\r\n");
        put(answer, "Content-Length: %" PRIu64 "\r\n", size);
    }
    if (location != NULL) {
        put(answer, "Location: %s\r\n", location);
    }
    put(answer, "Connection: %s\r\n\r\n",
        request->keeps_alive ? "keep-alive" : "close");
}

static void answer_status(struct answer *answer, const struct request *request,
                          int status, const char *location)
{
    char body[32];
    int size = snprintf(body, sizeof(body), "status %d\n", status);

    put_head(answer, request, status, (uint64_t)size, location);
    if (!request->is_head && status != 204 && status != 304) {
        put(answer, "%s", body);
    }
}

static void answer_bytes(struct answer *answer, const struct request *request,
                         uint64_t size)
{
    put_head(answer, request, 200, size, NULL);
    answer->left = request->is_head ? 0 : size;
}

/* What follows 'prefix' in 'path', or NULL. */
static const char *after(const char *path, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(path, prefix, size) == 0 ? path + size : NULL;
}

/* Reads the digits at '*text' and moves past them; refuses more than 'max'. */
static bool read_number(const char **text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *p = *text;

    while (isdigit((unsigned char)*p) && number <= max) {
        number = number * 10 + (uint64_t)(*p - '0');
        p++;
    }
    if (p == *text || number > max) {
        return false;
    }
    *text = p;
    *ret_number = number;
    return true;
}

static bool whole_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    return text != NULL && read_number(&text, max, ret_number) && *text == '\0';
}

static void answer_redirect(struct answer *answer,
                            const struct request *request, uint64_t n)
{
    char location[64] = "/-/bytes/10";

    if (n == 0) {
        answer_bytes(answer, request, 10);
        return;
    }
    if (n > 1) {
        snprintf(location, sizeof(location), "/-/redirect/%" PRIu64, n - 1);
    }
    answer_status(answer, request, 302, location);
}

static void answer_virtual(struct answer *answer, struct request *request,
                           const char *path)
{
    uint64_t n;

    if (whole_number(after(path, "status/"), 599, &n) && n >= 200) {
        answer_status(answer, request, (int)n, NULL);
    } else if (whole_number(after(path, "bytes/"), (uint64_t)1 << 50, &n)) {
        answer_bytes(answer, request, n);
    } else if (whole_number(after(path, "redirect/"), 1000000, &n)) {
        answer_redirect(answer, request, n);
    } else if (strcmp(path, "hang") == 0) {
        answer->kind = ANSWER_HANG;
    } else if (strcmp(path, "close") == 0) {
        answer->kind = ANSWER_CLOSE;
    } else if (strcmp(path, "truncate") == 0) {
        request->keeps_alive = false;
        put_head(answer, request, 200, 1000, NULL);
        answer->left = 400;
    } else {
        answer_status(answer, request, 404, NULL);
    }
}

/* Opens the regular file 'path' below 'root', one component after the other and
 * never through a link, so that nothing outside can be reached; or -1. */
static int open_beneath(int root, char *path, struct stat *ret_stat)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = dup(root);
    char *position = NULL;
    char *name = strtok_r(path, "/", &position);

    while (name != NULL && fd >= 0) {
        int next = strcmp(name, "..") == 0 ? -1 : openat(fd, name, flags);

        close(fd);
        fd = next;
        name = strtok_r(NULL, "/", &position);
    }
    if (fd >= 0 && (fstat(fd, ret_stat) != 0 || !S_ISREG(ret_stat->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void answer_file(struct answer *answer, const struct request *request,
                        int root, char *path)
{
    bool names_directory = path[strlen(path) - 1] == '/';
    struct stat st;
    int fd = names_directory ? -1 : open_beneath(root, path, &st);

    if (fd < 0) {
        answer_status(answer, request, 404, NULL);
        return;
    }
    put_head(answer, request, 200, (uint64_t)st.st_size, NULL);
    answer->file = fd;
    answer->left = request->is_head ? 0 : (uint64_t)st.st_size;
}

static void answer_path(struct answer *answer, struct request *request,
                        int root)
{
    char *path = request->path;
    const char *rest = after(path, "/-/delay/");
    uint64_t ms;

    while (rest != NULL) {
        if (!read_number(&rest, MAX_DELAY_MS, &ms) || *rest != '/') {
            answer_status(answer, request, 404, NULL);
            return;
        }
        answer->delay_ms += (int64_t)ms;
        path += rest - path;
        rest = after(path, "/-/delay/");
    }
    rest = after(path, "/-/");
    if (rest != NULL) {
        answer_virtual(answer, request, rest);
    } else {
        answer_file(answer, request, root, path);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes '%41' in place; false for a broken escape, a zero or a control. */
static bool decode(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        int c = (unsigned char)*text;

        if (c < 0x20 || c == 0x7f) {
            return false;
        }
        if (c == '%') {
            int high = hex_digit(text[1]);
            int low = high < 0 ? -1 : hex_digit(text[2]);

            c = low < 0 ? 0 : high * 16 + low;
            text += 2;
        }
        if (c == 0) {
            return false;
        }
        *to++ = (char)c;
    }
    *to = '\0';
    return true;
}

/* Whether one of the header lines 'name' contains 'token'. */
static bool header_has(const char *lines, const char *name, const char *token)
{
    size_t name_size = strlen(name);
    size_t token_size = strlen(token);

    while (lines != NULL) {
        size_t size = strcspn(lines, "\n");
        size_t i;

        if (strncasecmp(lines, name, name_size) == 0) {
            for (i = name_size; i + token_size <= size; i++) {
                if (strncasecmp(lines + i, token, token_size) == 0) {
                    return true;
                }
            }
        }
        lines = lines[size] == '\0' ? NULL : lines + size + 1;
    }
    return false;
}

/* Cuts 'GET /path HTTP/1.1' at its blanks and takes the path from it. */
static bool parse_first_line(struct request *request, char *head,
                             const char *lines, bool *ret_is_old)
{
    char *target = strchr(head, ' ');
    char *version = target == NULL ? NULL : strchr(target + 1, ' ');

    if (version == NULL || version > lines ||
        strncmp(version, " HTTP/1.", 8) != 0 ||
        !isdigit((unsigned char)version[8]) ||
        (version[9] != '\r' && version[9] != '\n')) {
        return false;
    }
    *ret_is_old = version[8] == '0';
    *target++ = '\0';
    *version = '\0';
    if (strncasecmp(target, "http://", 7) == 0) {
        target += 7 + strcspn(target + 7, "/");
    }
    target[strcspn(target, "?#")] = '\0';
    request->path = target;
    return target[0] == '/' && decode(target);
}

/* Parses a whole head and returns the status to refuse it with, or 0. */
static int parse(struct request *request, char *head)
{
    const char *lines = strchr(head, '\n');
    bool is_old;

    if (lines == NULL || !parse_first_line(request, head, lines, &is_old)) {
        return 400;
    }
    lines++;
    if (is_old) {
        request->keeps_alive = header_has(lines, "connection:", "keep-alive");
    } else {
        request->keeps_alive = !header_has(lines, "connection:", "close");
    }
    if (header_has(lines, "content-length:", "") ||
        header_has(lines, "transfer-encoding:", "")) {
        request->keeps_alive = false; /* its body is never read */
    }
    request->is_head = strcmp(head, "HEAD") == 0;
    return request->is_head || strcmp(head, "GET") == 0 ? 0 : 405;
}

static void reset(struct answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->file = -1;
}

void answer_request(struct answer *answer, int root, char *head)
{
    struct request request = { .path = NULL };
    int refused = parse(&request, head);

    reset(answer);
    if (refused != 0) {
        request.keeps_alive = false;
        answer_status(answer, &request, refused, NULL);
    } else {
        answer_path(answer, &request, root);
    }
}

void answer_too_long(struct answer *answer)
{
    struct request request = { .path = NULL };

    reset(answer);
    answer_status(answer, &request, 431, NULL);
}

static uint64_t splitmix64(uint64_t k)
{
    k = (k + 1) * UINT64_C(0x9e3779b97f4a7c15);
    k = (k ^ (k >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    k = (k ^ (k >> 27)) * UINT64_C(0x94d049bb133111eb);
    return k ^ (k >> 31);
}

void pattern_fill(char *buffer, size_t size, uint64_t position)
{
    uint64_t word = splitmix64(position / 8) >> (position % 8 * 8);
    size_t i;

    for (i = 0; i < size; i++) {
        if ((position + i) % 8 == 0) {
            word = splitmix64((position + i) / 8);
        }
        buffer[i] = (char)(word & 0xff);
        word >>= 8;
    }
}
