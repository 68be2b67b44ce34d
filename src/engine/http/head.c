/* SPDX-License-Identifier: MIT */
/* The header of a response, line by line, as libcurl delivers it: bounds, and
 * the codings and lengths that libcurl 7.88.1 takes too lightly. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "engine/http/error.h"
#include "engine/http/transfer.h"

#define MAX_HEADER       (256 * 1024)
#define MAX_HEADER_LINES 1000

/* A part of a header line. */
struct span {
    const char *data;
    size_t size;
};

static struct span trimmed(const char *data, size_t size)
{
    while (size > 0 && (data[0] == ' ' || data[0] == '\t')) {
        data++;
        size--;
    }
    while (size > 0 && (data[size - 1] == ' ' || data[size - 1] == '\t' ||
                        data[size - 1] == '\r' || data[size - 1] == '\n')) {
        size--;
    }
    return (struct span){ data, size };
}

/* True when the line is a header called 'name'; its value in '*ret_value'. */
static bool is_header(struct span line, const char *name,
                      struct span *ret_value)
{
    size_t n = strlen(name);

    if (line.size <= n || line.data[n] != ':' ||
        strncasecmp(line.data, name, n) != 0) {
        return false;
    }
    *ret_value = trimmed(line.data + n + 1, line.size - n - 1);
    return true;
}

static bool is_word(struct span s, const char *word)
{
    return s.size == strlen(word) && strncasecmp(s.data, word, s.size) == 0;
}

/* libcurl decodes gzip and others here without being asked, in layers. */
static enum fpool_http_error check_transfer_coding(
    struct fpool_http_transfer *t, struct span value)
{
    if (is_word(value, "identity")) {
        return FPOOL_HTTP_ERROR_NONE;
    }
    t->n_transfer_codings++;
    return is_word(value, "chunked") && t->n_transfer_codings == 1
               ? FPOOL_HTTP_ERROR_NONE
               : FPOOL_HTTP_ERROR_PROTOCOL_CODING;
}

static enum fpool_http_error check_content_coding(struct fpool_http_transfer *t,
                                                  struct span value)
{
    t->n_content_codings++;
    return t->n_content_codings > 1 || memchr(value.data, ',', value.size)
               ? FPOOL_HTTP_ERROR_PROTOCOL_CODING
               : FPOOL_HTTP_ERROR_NONE;
}

/* A length beyond 63 bits would be read until the connection closes, and a
 * truncated body would not be noticed. */
static enum fpool_http_error check_length(struct fpool_http_transfer *t,
                                          struct span value)
{
    int64_t length = 0;
    size_t i;

    if (value.size == 0 || value.size > 18) {
        return FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED;
    }
    for (i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED;
        }
        length = length * 10 + (value.data[i] - '0');
    }
    /* Two that differ: RFC 9112, section 6.3. */
    if (t->length >= 0 && t->length != length) {
        return FPOOL_HTTP_ERROR_PROTOCOL_MALFORMED;
    }
    t->length = length;
    return FPOOL_HTTP_ERROR_NONE;
}

static enum fpool_http_error keep_location(struct fpool_http_transfer *t,
                                           struct span value)
{
    char *location = fpool_malloc(value.size + 1);

    if (location == NULL) {
        return FPOOL_HTTP_ERROR_LOCAL_MEMORY;
    }
    memcpy(location, value.data, value.size);
    location[value.size] = '\0';
    fpool_free(t->location);
    t->location = location;
    return FPOOL_HTTP_ERROR_NONE;
}

static enum fpool_http_error check_line(struct fpool_http_transfer *t,
                                        struct span line)
{
    struct span value;

    if (is_header(line, "Transfer-Encoding", &value)) {
        return check_transfer_coding(t, value);
    }
    if (is_header(line, "Content-Encoding", &value)) {
        return check_content_coding(t, value);
    }
    if (is_header(line, "Content-Length", &value)) {
        return check_length(t, value);
    }
    if (is_header(line, "Location", &value) && value.size > 0) {
        return keep_location(t, value);
    }
    if (is_header(line, "Retry-After", &value)) {
        t->retry_after_ms =
            fpool_http_retry_after(value.data, value.size, (int64_t)time(NULL));
    }
    return FPOOL_HTTP_ERROR_NONE;
}

static void begin_response(struct fpool_http_transfer *t)
{
    t->n_transfer_codings = 0;
    t->n_content_codings = 0;
    t->length = -1;
    t->retry_after_ms = -1;
    t->reply->headers_size = 0;
    fpool_free(t->location);
    t->location = NULL;
}

static bool keeps_headers(const struct fpool_http_job *job)
{
    return (job->options.flags & FPOOL_HTTP_KEEP_HEADERS) != 0 ||
           job->options.on_body != NULL;
}

static bool is_redirect(const struct fpool_http_transfer *t, long status)
{
    return t->location != NULL && t->job->options.redirects > 0 &&
           (status == 301 || status == 302 || status == 303 || status == 307 ||
            status == 308);
}

/* The blank line: what comes next is a body, unless it was a 1xx. */
static void end_response(struct fpool_http_transfer *t)
{
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || t->phase != FPOOL_HTTP_HEAD) {
        return;
    }
    fpool_http_body_open(t, status >= 400 || is_redirect(t, status));
    fpool_http_transfer_progress(t, FPOOL_HTTP_BODY);
}

size_t fpool_http_head_line(char *data, size_t one, size_t size, void *transfer)
{
    struct fpool_http_transfer *t = transfer;
    struct span line = trimmed(data, size);
    enum fpool_http_error error;

    (void)one;
    t->header_size += size;
    if (t->header_size > MAX_HEADER || ++t->n_header_lines > MAX_HEADER_LINES) {
        t->verdict = FPOOL_HTTP_ERROR_LIMIT_HEADER;
        return 0;
    }
    if (t->phase != FPOOL_HTTP_HEAD) {
        return size; /* A trailer. */
    }
    if (size >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        begin_response(t);
    } else if (line.size == 0) {
        end_response(t);
        if (t->verdict != FPOOL_HTTP_ERROR_NONE) {
            return 0;
        }
    } else {
        error = check_line(t, line);
        if (error != FPOOL_HTTP_ERROR_NONE) {
            t->verdict = error;
            return 0;
        }
        if (keeps_headers(t->job) &&
            !fpool_http_reply_add_header(t->reply, line.data, line.size)) {
            t->verdict = FPOOL_HTTP_ERROR_LOCAL_MEMORY;
            return 0;
        }
    }
    return size;
}
