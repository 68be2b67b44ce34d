/* SPDX-License-Identifier: MIT */
/* The virtual paths of the test server that answer well.  Called by
 * httpd_answer.c; hands what it does not know to httpd_broken.c and
 * httpd_gzip.c. */
#include "httpd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void answer_redirect(struct answer *answer,
                            const struct request *request, int status,
                            const char *location)
{
    char line[3072];

    snprintf(line, sizeof(line), "Location: %s\r\n", location);
    answer_status(answer, request, status, line);
}

static bool redirect(struct answer *answer, struct request *request,
                     const char *rest)
{
    char location[64] = "/-/bytes/10";
    uint64_t n;

    if (!whole_number(rest, 1000000, &n)) {
        return false;
    }
    if (n == 0) {
        return answer_virtual(answer, request, "bytes/10");
    }
    if (n > 1) {
        snprintf(location, sizeof(location), "/-/redirect/%" PRIu64, n - 1);
    }
    answer_redirect(answer, request, 302, location);
    return true;
}

/* "to?URL" or "to/CODE?URL". */
static bool to(struct answer *answer, struct request *request, const char *rest)
{
    uint64_t status = 302;

    if (*rest != '\0' &&
        (*rest++ != '/' || !whole_number(rest, 399, &status))) {
        return false;
    }
    answer_redirect(answer, request, (int)status, request->query);
    return true;
}

static bool status(struct answer *answer, struct request *request,
                   const char *rest)
{
    const char *value = after(request->query, "retry-after=");
    char line[1024] = "";
    uint64_t n;

    if (!whole_number(rest, 599, &n) || n < 200) {
        return false;
    }
    if (value != NULL) {
        snprintf(line, sizeof(line), "Retry-After: %s\r\n", value);
    }
    answer_status(answer, request, (int)n, line);
    return true;
}

/* Understands "Range: bytes=A-B" and "bytes=A-"; others are left alone. */
static bool part(struct answer *answer, const struct request *request,
                 uint64_t size)
{
    const char *value = request_header(request, "range: bytes=");
    char line[128];
    uint64_t first;
    uint64_t last = size - 1;

    if (value == NULL || !read_number(&value, (uint64_t)1 << 60, &first) ||
        *value++ != '-') {
        return false;
    }
    if (first >= size) {
        snprintf(line, sizeof(line), "Content-Range: bytes */%" PRIu64 "\r\n",
                 size);
        answer_status(answer, request, 416, line);
        return true;
    }
    if (read_number(&value, (uint64_t)1 << 60, &last) && last >= size) {
        last = size - 1;
    }
    snprintf(line, sizeof(line),
             "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
             first, last, size);
    put_head(answer, request, 206, last - first + 1, line);
    answer->position = first;
    answer->left = request->is_head ? 0 : last - first + 1;
    return true;
}

static bool bytes(struct answer *answer, struct request *request,
                  const char *rest)
{
    uint64_t size;

    if (!whole_number(rest, (uint64_t)1 << 50, &size)) {
        return false;
    }
    if (!part(answer, request, size)) {
        put_head(answer, request, 200, size, NULL);
        answer->left = request->is_head ? 0 : size;
    }
    return true;
}

/* What was sent, except for what changes nothing: method and path, the header
 * lines, an empty line, and the body. */
static bool echo(struct answer *answer, struct request *request,
                 const char *rest)
{
    size_t lines_size = strlen(request->lines);
    char first[2048];
    int size = snprintf(first, sizeof(first), "%s %s\n", request->method,
                        request->path);

    if (*rest != '\0' && *rest != '/') {
        return false;
    }
    put_head(answer, request, 200,
             (size_t)size + lines_size + request->body_size, NULL);
    put_bytes(answer, first, (size_t)size);
    put_bytes(answer, request->lines, lines_size);
    if (request->body_size > 0) {
        put_bytes(answer, request->body, request->body_size);
    }
    return true;
}

/* N header lines besides those that each answer has. */
static bool headers(struct answer *answer, struct request *request,
                    const char *rest)
{
    uint64_t n;
    uint64_t i;

    if (!whole_number(rest, 1000000, &n)) {
        return false;
    }
    put(answer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n");
    for (i = 0; i < n; i++) {
        put(answer, "X-%" PRIu64 ": y\r\n", i);
    }
    put(answer, "\r\nhello");
    answer->end = request->keeps_alive ? END_KEEP : END_CLOSE;
    return true;
}

/* One header line of N bytes. */
static bool big_header(struct answer *answer, struct request *request,
                       const char *rest)
{
    uint64_t n;

    if (!whole_number(rest, 100000000, &n) || n < 5) {
        return false;
    }
    put(answer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: ");
    for (n -= 5; n > 0; n--) {
        put_bytes(answer, "y", 1);
    }
    put(answer, "\r\n\r\nhello");
    answer->end = request->keeps_alive ? END_KEEP : END_CLOSE;
    return true;
}

/* N times 100 Continue before the answer. */
static bool go_on(struct answer *answer, struct request *request,
                  const char *rest)
{
    uint64_t n;

    if (!whole_number(rest, 1000000, &n)) {
        return false;
    }
    for (; n > 0; n--) {
        put(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    answer_text(answer, request, "hello", 5);
    return true;
}

/* The connection closes behind the answer, which does not say so. */
static bool close_idle(struct answer *answer, struct request *request,
                       const char *rest)
{
    if (*rest != '\0') {
        return false;
    }
    request->keeps_alive = true;
    answer_text(answer, request, "hello", 5);
    answer->end = END_DROP;
    return true;
}

static bool show(struct answer *answer, struct request *request,
                 const char *rest)
{
    char line[128];
    size_t size;

    if (strcmp(rest, "log") == 0) {
        const char *text = log_text(&size);

        answer_text(answer, request, text, size);
        return true;
    }
    if (strcmp(rest, "forget") == 0) {
        tally_forget();
        answer_text(answer, request, "ok\n", 3);
        return true;
    }
    if (strcmp(rest, "stats") != 0) {
        return false;
    }
    size = (size_t)snprintf(line, sizeof(line), "%" PRIu64 " %" PRIu64 "\n",
                            n_accepted, n_requests);
    answer_text(answer, request, line, size);
    return true;
}

bool answer_virtual(struct answer *answer, struct request *request,
                    const char *path)
{
    static const struct {
        const char *word;
        bool (*answer)(struct answer *answer, struct request *request,
                       const char *rest);
    } table[] = {
        { "status/", status },
        { "bytes/", bytes },
        { "redirect/", redirect },
        { "to", to },
        { "echo", echo },
        { "headers/", headers },
        { "bigheader/", big_header },
        { "continue/", go_on },
        { "keepalive-close", close_idle },
    };
    size_t i;

    if (show(answer, request, path)) {
        return true;
    }
    if (strcmp(path, "loop") == 0) {
        answer_redirect(answer, request, 302, "/-/loop");
        return true;
    }
    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *rest = after(path, table[i].word);

        if (rest != NULL && table[i].answer(answer, request, rest)) {
            return true;
        }
    }
    return answer_broken(answer, request, path) ||
           answer_gzip(answer, request, path);
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
