/* SPDX-License-Identifier: MIT */
/* The life of a reply; called by the engine, the transfers and, through
 * drop_value, by whoever releases a result. */
#include "engine/http/reply.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/error.h"
#include "engine/http/job.h"

#define MAX_CONTENT_TYPE 256
#define MAX_MESSAGE      512
#define FIRST_CAPACITY   4096

struct fpool_http_reply *fpool_http_reply_create(struct fpool_request *request)
{
    struct fpool_http_reply *reply = fpool_calloc(1, sizeof(*reply));

    if (reply == NULL) {
        return NULL;
    }
    reply->response.struct_size = sizeof(reply->response);
    reply->response.http_version = reply->version;
    reply->response.content_type = "";
    reply->response.remote_ip = reply->remote_ip;
    reply->response.sha256 = reply->sha256;
    reply->response.error_kind = "";
    reply->response.error_message = "";
    reply->response.headers = "";
    reply->response.url = "";
    reply->response.final_url = "";
    reply->response.body_fd = -1;
    reply->response.body_dir_fd = -1;
    reply->temp.fd = -1;
    reply->request = request;
    reply->created_ns = fpool_now_ns();
    return reply;
}

void fpool_http_reply_release(void *value)
{
    struct fpool_http_reply *reply = value;

    if (reply == NULL) {
        return;
    }
    fpool_http_reply_drop_body(reply);
    fpool_http_url_fini(&reply->first);
    fpool_http_url_fini(&reply->last);
    fpool_free(reply->content_type);
    fpool_free(reply->message);
    fpool_free(reply->headers);
    fpool_free(reply->what);
    fpool_free(reply);
}

const struct fpool_http_url *fpool_http_reply_target(
    const struct fpool_http_reply *reply)
{
    return reply->last.request != NULL ? &reply->last : &reply->first;
}

const char *fpool_http_reply_url(const struct fpool_http_reply *reply)
{
    return fpool_http_reply_target(reply)->request;
}

bool fpool_http_reply_is_at_home(const struct fpool_http_reply *reply)
{
    return reply->last.request == NULL ||
           fpool_http_url_is_same_origin(&reply->first, &reply->last);
}

const char *fpool_http_reply_method(const struct fpool_http_reply *reply,
                                    const struct fpool_http_op *options)
{
    if (reply->is_get) {
        return "GET";
    }
    if (reply->what == NULL) {
        return options->method;
    }
    if (reply->what->method != NULL) {
        return reply->what->method;
    }
    return reply->what->body != NULL && strcmp(options->method, "GET") == 0
               ? "POST"
               : options->method;
}

void fpool_http_reply_redirect(struct fpool_http_reply *reply,
                               const struct fpool_http_op *options,
                               struct fpool_http_url *url, int status_code)
{
    const char *method = fpool_http_reply_method(reply, options);

    /* RFC 9110, section 15.4: 303 is a GET, but for HEAD; 301 and 302 make one
     * of a POST, as everybody does. */
    if ((status_code == 303 && strcmp(method, "HEAD") != 0) ||
        ((status_code == 301 || status_code == 302) &&
         strcmp(method, "POST") == 0)) {
        reply->is_get = true;
    }
    fpool_http_url_fini(&reply->last);
    reply->last = *url;
    memset(url, 0, sizeof(*url));
    reply->response.redirects++;
    reply->response.content_type = "";
    fpool_http_reply_drop_body(reply);
}

int64_t fpool_http_reply_time_left(const struct fpool_http_reply *reply)
{
    int64_t timeout_ms = fpool_request_timeout_ms(reply->request);

    if (reply->what != NULL && reply->what->timeout_ms > 0) {
        timeout_ms = reply->what->timeout_ms;
    }
    if (timeout_ms <= 0 || timeout_ms > INT64_MAX / 2000000) {
        return FPOOL_NEVER;
    }
    return timeout_ms * 1000000 - reply->spent_ns;
}

void fpool_http_reply_count_try(struct fpool_http_reply *reply)
{
    if (reply->last.request != NULL || reply->n_addresses_tried > 0) {
        return; /* It goes on, after a redirect or with another address. */
    }
    reply->n_tries++;
    reply->response.tries = reply->n_tries;
    if (!reply->is_free) {
        reply->n_charged++;
    }
    reply->is_free = false;
}

void fpool_http_reply_again(struct fpool_http_reply *reply, bool is_charged)
{
    struct fpool_http_response *r = &reply->response;

    fpool_http_reply_drop_body(reply);
    reply->is_free = !is_charged;
    reply->is_get = false;
    reply->was_redirected = reply->last.request != NULL;
    fpool_http_url_fini(&reply->last);
    r->body_size = 0;
    r->redirects = 0;
    r->status_code = 0;
    reply->version[0] = '\0';
    reply->sha256[0] = '\0';
    reply->remote_ip[0] = '\0';
    r->remote_port = 0;
    r->content_type = "";
    reply->headers_size = 0;
}

void fpool_http_reply_note(const struct fpool_http_reply *reply,
                           struct fpool_request_note *ret_note)
{
    ret_note->words[0] =
        (uint64_t)reply->n_tries | (uint64_t)reply->n_charged << 16 |
        (uint64_t)reply->n_throttled << 32 | (uint64_t)reply->is_free << 48;
    ret_note->words[1] = (uint64_t)reply->spent_ns;
    ret_note->words[2] = (uint64_t)reply->created_ns;
    ret_note->words[3] = (uint64_t)reply->begun_ns;
}

void fpool_http_reply_recall(struct fpool_http_reply *reply,
                             const struct fpool_request_note *note)
{
    reply->n_tries = (uint16_t)note->words[0];
    reply->n_charged = (uint16_t)(note->words[0] >> 16);
    reply->n_throttled = (uint16_t)(note->words[0] >> 32);
    reply->is_free = (note->words[0] >> 48) != 0;
    reply->spent_ns = (int64_t)note->words[1];
    reply->created_ns = (int64_t)note->words[2];
    reply->begun_ns = (int64_t)note->words[3];
    reply->response.tries = reply->n_tries;
    if (reply->begun_ns != 0) {
        reply->response.time_us.queue =
            (reply->begun_ns - reply->created_ns) / 1000;
    }
}

bool fpool_http_reply_add_header(struct fpool_http_reply *reply,
                                 const char *line, size_t size)
{
    char *longer =
        fpool_realloc(reply->headers, reply->headers_size + size + 2);

    if (longer == NULL) {
        return false;
    }
    memcpy(longer + reply->headers_size, line, size);
    longer[reply->headers_size + size] = '\n';
    longer[reply->headers_size + size + 1] = '\0';
    reply->headers = longer;
    reply->headers_size += size + 1;
    return true;
}

/* Counts what the body has in memory now. */
static void account(struct fpool_http_reply *reply, size_t capacity)
{
    if (reply->hubs == NULL && capacity > 0) {
        reply->hubs = reply->job->hubs;
        fpool_http_hubs_ref(reply->hubs);
    }
    if (reply->hubs != NULL) {
        atomic_fetch_add_explicit(&reply->hubs->body_bytes,
                                  capacity - reply->body_capacity,
                                  memory_order_relaxed);
    }
    reply->body_capacity = capacity;
    if (reply->hubs != NULL && capacity == 0) {
        fpool_http_hubs_unref(reply->hubs);
        reply->hubs = NULL;
    }
}

bool fpool_http_reply_has_room(const struct fpool_http_reply *reply,
                               size_t size)
{
    size_t used = atomic_load_explicit(&reply->job->hubs->body_bytes,
                                       memory_order_relaxed);

    return used + size <= FPOOL_HTTP_BODY_BUDGET;
}

char *fpool_http_reply_take_body(struct fpool_http_reply *reply)
{
    char *body = reply->body;

    reply->body = NULL;
    account(reply, 0);
    return body;
}

static bool grow(struct fpool_http_reply *reply, size_t need, size_t expected)
{
    size_t capacity = reply->body_capacity * 2;
    char *body;

    if (reply->body == NULL) {
        capacity = expected >= need ? expected : FIRST_CAPACITY;
    }
    if (capacity < need) {
        capacity = need;
    }
    body = fpool_realloc(reply->body, capacity + 1);
    if (body == NULL) {
        return false;
    }
    reply->body = body;
    account(reply, capacity);
    return true;
}

bool fpool_http_reply_append(struct fpool_http_reply *reply, const void *data,
                             size_t size, size_t expected)
{
    size_t used = (size_t)reply->response.body_size;

    if (reply->body == NULL || reply->body_capacity - used < size) {
        if (!grow(reply, used + size, expected)) {
            return false;
        }
    }
    memcpy(reply->body + used, data, size);
    reply->body[used + size] = '\0';
    reply->response.body_size += (int64_t)size;
    return true;
}

void fpool_http_reply_drop_body(struct fpool_http_reply *reply)
{
    fpool_http_temp_close(&reply->temp);
    fpool_free(fpool_http_reply_take_body(reply));
}

static char *copy_cut(const char *text, size_t max)
{
    size_t size = strnlen(text, max);
    char *copy = fpool_malloc(size + 1);

    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

void fpool_http_reply_fail(struct fpool_http_reply *reply,
                           enum fpool_http_error error, const char *message)
{
    reply->response.error = error;
    reply->response.error_kind = fpool_http_error_kind(error);
    reply->response.is_retryable = fpool_http_error_is_retryable(error);
    reply->response.error_message = fpool_http_error_text(error);
    if (message != NULL && message[0] != '\0') {
        fpool_free(reply->message);
        reply->message = copy_cut(message, MAX_MESSAGE);
        if (reply->message != NULL) {
            reply->response.error_message = reply->message;
        }
    }
}

void fpool_http_reply_set_content_type(struct fpool_http_reply *reply,
                                       const char *text)
{
    fpool_free(reply->content_type);
    reply->content_type = copy_cut(text, MAX_CONTENT_TYPE);
    reply->response.content_type =
        reply->content_type == NULL ? "" : reply->content_type;
}

void fpool_http_reply_set_sha256(struct fpool_http_reply *reply,
                                 const unsigned char *digest)
{
    static const char digits[] = "0123456789abcdef";
    int i;

    for (i = 0; i < 32; i++) {
        reply->sha256[2 * i] = digits[digest[i] >> 4];
        reply->sha256[2 * i + 1] = digits[digest[i] & 15];
    }
}

/* Gives back what the last doubling reserved for nothing. */
static void shrink(struct fpool_http_reply *reply)
{
    size_t used = (size_t)reply->response.body_size;
    char *body;

    if (reply->body == NULL || reply->body_capacity - used <= used / 2) {
        return;
    }
    body = fpool_realloc(reply->body, used + 1);
    if (body != NULL) {
        reply->body = body;
        account(reply, used);
    }
}

static void publish(struct fpool_http_reply *reply)
{
    struct fpool_http_response *r = &reply->response;

    shrink(reply);
    r->body = reply->body;
    if (reply->headers_size > 0) {
        r->headers = reply->headers;
    }
    r->body_fd = reply->temp.fd;
    if (reply->temp.fd >= 0 && reply->temp.folder != NULL) {
        r->body_dir_fd = reply->temp.folder->fd;
        r->body_name = reply->temp.name;
    }
    if (reply->first.shown != NULL) {
        r->url = reply->first.shown;
        r->final_url = r->url;
    }
    if (reply->last.shown != NULL) {
        r->final_url = reply->last.shown;
    }
}

void fpool_http_reply_complete(struct fpool_http_reply *reply, int code)
{
    struct fpool_result *result = &reply->request->result;

    publish(reply);
    reply->request = NULL;
    reply->job = NULL;
    result->status = fpool_http_error_status(reply->response.error);
    result->value = reply;
    result->drop_value = fpool_http_reply_release;
    result->code = code;
}

void fpool_http_reply_finish(struct fpool_http_reply *reply, int code)
{
    struct fpool_request *request = reply->request;

    fpool_http_reply_complete(reply, code);
    fpool_request_finish(request, request->result.status);
}
