/* SPDX-License-Identifier: MIT */
/* Reads the head of a request to the test server.  Called by httpd_conn.c. */
#include "httpd.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *after(const char *path, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(path, prefix, size) == 0 ? path + size : NULL;
}

bool read_number(const char **text, uint64_t max, uint64_t *ret_number)
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

bool whole_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    return text != NULL && read_number(&text, max, ret_number) && *text == '\0';
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

const char *request_header(const struct request *request, const char *name)
{
    const char *line = request->lines;
    size_t size = strlen(name);

    while (line != NULL && strncasecmp(line, name, size) != 0) {
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    if (line == NULL) {
        return NULL;
    }
    line += size;
    return line + strspn(line, " \t");
}

/* Whether the value of the header line contains 'token'. */
static bool header_has(const struct request *request, const char *name,
                       const char *token)
{
    const char *value = request_header(request, name);
    size_t size = strlen(token);

    for (; value != NULL && *value != '\0' && *value != '\n'; value++) {
        if (strncasecmp(value, token, size) == 0) {
            return true;
        }
    }
    return false;
}

static void keep_host(struct request *request, const char *value)
{
    size_t size = value == NULL ? 0 : strcspn(value, "/\r\n");

    size = size < sizeof(request->host) ? size : sizeof(request->host) - 1;
    if (size > 0) {
        memcpy(request->host, value, size);
    }
    request->host[size] = '\0';
}

/* Cuts 'GET /path?query HTTP/1.1' at its blanks and takes it apart. */
static bool read_first_line(struct request *request, char *head,
                            bool *ret_is_old)
{
    char *target = strchr(head, ' ');
    char *version = target == NULL ? NULL : strchr(target + 1, ' ');

    if (version == NULL || version > request->lines ||
        strncmp(version, " HTTP/1.", 8) != 0 ||
        !isdigit((unsigned char)version[8]) ||
        (version[9] != '\r' && version[9] != '\n')) {
        return false;
    }
    *ret_is_old = version[8] == '0';
    *target++ = '\0';
    *version = '\0';
    request->method = head;
    keep_host(request, request_header(request, "host:"));
    if (strncasecmp(target, "http://", 7) == 0) {
        keep_host(request, target + 7);
        target += 7 + strcspn(target + 7, "/");
    }
    target[strcspn(target, "#")] = '\0';
    request->query = target + strcspn(target, "?");
    if (*request->query == '?') {
        *request->query++ = '\0';
    }
    request->path = target;
    return target[0] == '/' && decode(target) && decode(request->query);
}

static int read_body_size(struct request *request)
{
    const char *value = request_header(request, "content-length:");
    uint64_t size = 0;

    request->has_coded_body =
        request_header(request, "transfer-encoding:") != NULL;
    if (value != NULL && !read_number(&value, (uint64_t)1 << 62, &size)) {
        return 400;
    }
    if (request->has_coded_body || size > HTTPD_BODY_SIZE) {
        request->keeps_alive = false; /* it is never read */
        return request->has_coded_body ? 411 : 413;
    }
    request->body_size = (size_t)size;
    return 0;
}

int request_read(struct request *request, char *head)
{
    bool is_old;

    memset(request, 0, sizeof(*request));
    request->lines = strchr(head, '\n');
    if (request->lines == NULL) {
        return 400;
    }
    request->lines++;
    if (!read_first_line(request, head, &is_old)) {
        return 400;
    }
    if (is_old) {
        request->keeps_alive = header_has(request, "connection:", "keep-alive");
    } else {
        request->keeps_alive = !header_has(request, "connection:", "close");
    }
    request->expects_100 = header_has(request, "expect:", "100-continue");
    request->is_head = strcmp(request->method, "HEAD") == 0;
    return read_body_size(request);
}
