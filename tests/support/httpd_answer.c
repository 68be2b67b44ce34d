/* SPDX-License-Identifier: MIT */
/* What a request to the test server gets: looks at what stands before its path,
 * then opens a file or has the answer of a virtual path made up.  Called by
 * httpd_conn.c. */
#include "httpd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MS 3600000u

/* ---- Parts of answers. */

void answer_reset(struct answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->file = -1;
    answer->text = answer->small;
    answer->text_capacity = sizeof(answer->small);
}

void answer_fini(struct answer *answer)
{
    if (answer->file >= 0) {
        close(answer->file);
    }
    if (answer->text != answer->small) {
        free(answer->text);
    }
    if (answer->tally != NULL) {
        answer->tally->running--;
    }
    answer_reset(answer);
}

void put_bytes(struct answer *answer, const void *bytes, size_t size)
{
    size_t need = answer->text_size + size;

    if (need > answer->text_capacity) {
        char *text = malloc(2 * need);

        if (text == NULL) {
            return;
        }
        memcpy(text, answer->text, answer->text_size);
        if (answer->text != answer->small) {
            free(answer->text);
        }
        answer->text = text;
        answer->text_capacity = 2 * need;
    }
    memcpy(answer->text + answer->text_size, bytes, size);
    answer->text_size = need;
}

void put(struct answer *answer, const char *format, ...)
{
    char line[4096];
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (n > 0 && (size_t)n < sizeof(line)) {
        put_bytes(answer, line, (size_t)n);
    }
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } table[] = {
        { 200, "OK" },           { 204, "No Content" },
        { 206, "Partial" },      { 301, "Moved" },
        { 302, "Found" },        { 304, "Not Modified" },
        { 400, "Bad Request" },  { 403, "Forbidden" },
        { 404, "Not Found" },    { 405, "Not Allowed" },
        { 411, "Size Missing" }, { 413, "Too Large" },
        { 416, "No Such Part" }, { 429, "Too Many Requests" },
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

void put_head(struct answer *answer, const struct request *request, int status,
              uint64_t size, const char *lines)
{
    answer->end = request->keeps_alive ? END_KEEP : END_CLOSE;
    put(answer, "HTTP/1.1 %d %s\r\n", status, reason(status));
    if (status != 204 && status != 304) {
        put(answer, "Content-Type: application/octet-stream\r\n");
        put(answer, "Content-Length: %" PRIu64 "\r\n", size);
    }
    put(answer, "%sConnection: %s\r\n\r\n", lines == NULL ? "" : lines,
        request->keeps_alive ? "keep-alive" : "close");
}

void answer_text(struct answer *answer, const struct request *request,
                 const char *text, size_t size)
{
    put_head(answer, request, 200, size, NULL);
    if (!request->is_head) {
        put_bytes(answer, text, size);
    }
}

void answer_status(struct answer *answer, const struct request *request,
                   int status, const char *lines)
{
    char body[32];
    int size = snprintf(body, sizeof(body), "status %d\n", status);

    put_head(answer, request, status, (uint64_t)size, lines);
    if (!request->is_head && status != 204 && status != 304) {
        put(answer, "%s", body);
    }
}

void answer_refuse(struct answer *answer, int status)
{
    struct request request = { .path = NULL };

    answer_status(answer, &request, status, NULL);
}

/* ---- Files. */

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

static void answer_file(struct answer *answer, struct request *request,
                        int root, char *path)
{
    bool names_directory = path[strlen(path) - 1] == '/';
    struct stat st;
    int fd;

    if (!request->is_head && strcmp(request->method, "GET") != 0) {
        answer_status(answer, request, 405, NULL);
        return;
    }
    fd = names_directory ? -1 : open_beneath(root, path, &st);
    if (fd < 0) {
        answer_status(answer, request, 404, NULL);
        return;
    }
    put_head(answer, request, 200, (uint64_t)st.st_size, NULL);
    answer->file = fd;
    answer->left = request->is_head ? 0 : (uint64_t)st.st_size;
}

/* ---- What stands before a path. */

enum before {
    BEFORE_NOTHING, /* this is a path */
    BEFORE_MORE,    /* '*rest' is what it stands before */
    BEFORE_DONE,    /* there is an answer */
    BEFORE_WRONG
};

static struct tally *read_tally(const char **rest)
{
    size_t size = strcspn(*rest, "/");
    struct tally *tally = tally_find(*rest, size);

    *rest += size;
    if (tally != NULL && tally->first_ms == 0) {
        tally->first_ms = now_ms();
    }
    return tally;
}

/* The number and the slash behind it. */
static bool read_step(const char **rest, uint64_t max, uint64_t *ret_number)
{
    if (!read_number(rest, max, ret_number) || **rest != '/') {
        return false;
    }
    ++*rest;
    return true;
}

static void answer_later(struct answer *answer, struct request *request,
                         int status)
{
    const char *value = after(request->query, "retry-after=");
    char line[128] = "";

    if (value != NULL) {
        snprintf(line, sizeof(line), "Retry-After: %s\r\n", value);
    }
    answer_status(answer, request, status, line);
}

/* fail/CODE/N/KEY and flaky/N/KEY: the first N requests. */
static enum before fail_first(struct answer *answer, struct request *request,
                              uint64_t status, const char **rest)
{
    struct tally *tally;
    uint64_t n;

    if (!read_step(rest, MAX_MS, &n)) {
        return BEFORE_WRONG;
    }
    tally = read_tally(rest);
    if (tally == NULL) {
        return BEFORE_WRONG;
    }
    if (tally->n++ >= n) {
        return BEFORE_MORE;
    }
    if (status == 0) {
        answer_broken(answer, request, "truncate");
    } else {
        answer_later(answer, request, (int)status);
    }
    return BEFORE_DONE;
}

/* throttle/MS/KEY: so long after the first request. */
static enum before throttle(struct answer *answer, struct request *request,
                            uint64_t ms, const char **rest)
{
    struct tally *tally = read_tally(rest);

    if (tally == NULL) {
        return BEFORE_WRONG;
    }
    tally->n++;
    if (now_ms() >= tally->first_ms + (int64_t)ms) {
        return BEFORE_MORE;
    }
    answer_later(answer, request, 429);
    return BEFORE_DONE;
}

static enum before count(struct answer *answer, struct request *request,
                         const char **rest)
{
    struct tally *tally = read_tally(rest);
    char text[64];
    int size;

    if (tally == NULL || answer->tally != NULL) {
        return BEFORE_WRONG;
    }
    if (**rest == '\0') {
        size = snprintf(text, sizeof(text), "%" PRIu64 " %u\n", tally->n,
                        tally->most);
        answer_text(answer, request, text, (size_t)size);
        return BEFORE_DONE;
    }
    tally->n++;
    tally->running++;
    tally->most = tally->most > tally->running ? tally->most : tally->running;
    answer->tally = tally;
    return BEFORE_MORE;
}

static enum before take_word(struct answer *answer, struct request *request,
                             const char **path)
{
    static const char *const words[] = { "/-/delay/", "/-/drip/",
                                         "/-/slow/",  "/-/fail/",
                                         "/-/flaky/", "/-/throttle/" };
    const char *rest = after(*path, "/-/count/");
    uint64_t n = 503;
    size_t i = 0;

    if (rest != NULL) {
        *path = rest;
        return count(answer, request, path);
    }
    while (i < 6 && (rest = after(*path, words[i])) == NULL) {
        i++;
    }
    if (i == 6) {
        return BEFORE_NOTHING;
    }
    /* Behind a delay there is the slash of the path; the others go on. */
    if (i != 4 && (!read_number(&rest, MAX_MS, &n) || *rest != '/')) {
        return BEFORE_WRONG;
    }
    *path = rest;
    if (i == 0) {
        answer->delay_ms += (int64_t)n;
    } else if (i <= 2) {
        answer->drip_ms = (int64_t)n;
        answer->drip_from = i == 1 ? SIZE_MAX : 0;
    } else {
        *path += i != 4;
        return i == 5 ? throttle(answer, request, n, path)
                      : fail_first(answer, request, n, path);
    }
    return BEFORE_MORE;
}

/* What asks for the server's memory leaves no trace in it. */
static bool is_question(const char *path)
{
    const char *key = after(path, "/-/count/");

    return strcmp(path, "/-/log") == 0 || strcmp(path, "/-/stats") == 0 ||
           strcmp(path, "/-/forget") == 0 ||
           (key != NULL && strchr(key, '/') == NULL);
}

static void answer_path(struct answer *answer, struct request *request,
                        int root)
{
    const char *path = request->path;
    enum before before;

    if (!is_question(path)) {
        log_request(request);
        n_requests++;
    }
    do {
        before = take_word(answer, request, &path);
    } while (before == BEFORE_MORE);
    if (before == BEFORE_DONE) {
        return;
    }
    if (before == BEFORE_NOTHING && after(path, "/-/") == NULL &&
        path[0] == '/') {
        answer_file(answer, request, root,
                    request->path + (path - request->path));
    } else if (before == BEFORE_WRONG || after(path, "/-/") == NULL ||
               !answer_virtual(answer, request, path + 3)) {
        answer_status(answer, request, 404, NULL);
    }
}

void answer_request(struct answer *answer, int root, struct request *request)
{
    size_t size;

    answer_path(answer, request, root);
    if (answer->drip_from == SIZE_MAX) { /* the head at once */
        const char *end =
            memmem(answer->text, answer->text_size, "\r\n\r\n", 4);

        size = end == NULL ? 0 : (size_t)(end - answer->text) + 4;
        answer->drip_from = size;
    }
}
