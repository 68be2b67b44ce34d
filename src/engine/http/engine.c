/* SPDX-License-Identifier: MIT */
/* The `http` engine as the pool sees it: what its jobs share (a hub and a
 * writer), and the way of an item into the hub. */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "base/mem.h"
#include "engine/http/hub.h"
#include "engine/http/job.h"
#include "fetchpool/engine.h"
#include "fetchpool/http.h"

#define ITEM_WINDOW 1024

/* What the jobs of one pool share. */
struct context {
    EVP_MD *sha256; /* fetched once; OpenSSL 3 is slow at that */
    struct fpool_http_writer *writer;
    struct fpool_http_hub *hub;
};

/* What the pool keeps for each job. */
struct state {
    struct fpool_http_job *job;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_ready;

static void prepare_curl(void)
{
    is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static void detach(void *context)
{
    struct context *c = context;

    /* The writer's last work posts to the loop, so the loop ends later. */
    fpool_http_writer_destroy(&c->writer);
    fpool_http_hub_destroy(&c->hub);
    EVP_MD_free(c->sha256);
    fpool_free(c);
}

static enum fpool_status attach(struct fpool *pool, void **ret_context)
{
    struct context *c;

    (void)pool;
    pthread_once(&once, prepare_curl);
    if (!is_ready) {
        return FPOOL_ENOMEM;
    }
    c = fpool_calloc(1, sizeof(*c));
    if (c == NULL) {
        return FPOOL_ENOMEM;
    }
    c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (c->sha256 == NULL || fpool_http_writer_create(&c->writer) != FPOOL_OK ||
        fpool_http_hub_create(&c->hub, c->writer, c->sha256) != FPOOL_OK) {
        detach(c);
        return FPOOL_ENOMEM;
    }
    *ret_context = c;
    return FPOOL_OK;
}

static enum fpool_status open_job(void *state, const struct fpool_op *op,
                                  void *context)
{
    struct state *s = state;
    struct context *c = context;

    return fpool_http_job_create(&s->job, c->hub, op);
}

static void close_job(void *state)
{
    struct state *s = state;

    fpool_http_job_unref(s->job);
    s->job = NULL;
}

/* Parses the item into 'reply'; notes what is wrong with it. */
static void read_item(struct fpool_http_reply *reply,
                      const struct fpool_item *item)
{
    const char *reason = NULL;
    enum fpool_status status;

    if ((item->flags & FPOOL_ITEM_TRUNCATED) != 0) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_INVALID_LINE, NULL);
        return;
    }
    status = fpool_http_url_parse(&reply->first, item->data, item->size, NULL,
                                  &reason);
    if (status == FPOOL_ENOMEM) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_LOCAL_MEMORY, NULL);
    } else if (status != FPOOL_OK) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_INVALID_URL, reason);
    }
}

static void start(void *state, struct fpool_request *request)
{
    struct state *s = state;
    struct fpool_http_reply *reply = fpool_http_reply_create(request);

    if (reply == NULL) {
        fpool_request_finish(request, FPOOL_ENOMEM);
        return;
    }
    read_item(reply, &request->result.item);
    if (reply->response.error != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_job_finish(reply, 0);
        return;
    }
    fpool_http_job_submit(s->job, reply);
}

static void cancel(void *state)
{
    struct state *s = state;

    fpool_http_job_cancel(s->job);
}

static const struct fpool_engine engine = {
    .struct_size = sizeof(struct fpool_engine),
    .name = "http",
    .state_size = sizeof(struct state),
    .item_window = ITEM_WINDOW,
    .attach = attach,
    .detach = detach,
    .open = open_job,
    .close = close_job,
    .start = start,
    .cancel = cancel,
};

const struct fpool_engine *fpool_engine_http(void)
{
    return &engine;
}

const struct fpool_http_response *fpool_result_http(
    const struct fpool_result *result)
{
    if (result->value == NULL ||
        result->drop_value != fpool_http_reply_release) {
        return NULL;
    }
    return &((const struct fpool_http_reply *)result->value)->response;
}

const char *fpool_http_version_text(void)
{
    pthread_once(&once, prepare_curl);
    return curl_version();
}
