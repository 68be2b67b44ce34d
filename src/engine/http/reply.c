/* SPDX-License-Identifier: MIT */
/* The life of a reply; called by the engine, the transfers and, through
 * drop_value, by whoever releases a result. */
#include "engine/http/reply.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/error.h"

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
    fpool_free(reply);
}

const char *fpool_http_reply_url(const struct fpool_http_reply *reply)
{
    return reply->last.request != NULL ? reply->last.request
                                       : reply->first.request;
}

void fpool_http_reply_redirect(struct fpool_http_reply *reply,
                               struct fpool_http_url *url)
{
    fpool_http_url_fini(&reply->last);
    reply->last = *url;
    url->request = NULL;
    url->shown = NULL;
    reply->response.redirects++;
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
    reply->body_capacity = capacity;
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
    fpool_free(reply->body);
    reply->body = NULL;
    reply->body_capacity = 0;
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
        reply->body_capacity = used;
    }
}

static void publish(struct fpool_http_reply *reply)
{
    struct fpool_http_response *r = &reply->response;

    shrink(reply);
    r->body = reply->body;
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

void fpool_http_reply_finish(struct fpool_http_reply *reply,
                             enum fpool_status status, int code)
{
    struct fpool_request *request = reply->request;

    publish(reply);
    reply->request = NULL;
    reply->job = NULL;
    request->result.value = reply;
    request->result.drop_value = fpool_http_reply_release;
    request->result.code = code;
    fpool_request_finish(request, status);
}
