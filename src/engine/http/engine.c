/* SPDX-License-Identifier: MIT */
/* The `http` engine as the pool sees it: what its jobs share (the hubs), and
 * the way of an item to the loop of its host. */
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "core/job.h"
#include "engine/http/error.h"
#include "engine/http/hub.h"
#include "engine/http/job.h"
#include "engine/http/settings.h"
#include "fetchpool/engine.h"
#include "fetchpool/http.h"
#include "fetchpool/pool.h"

#define ITEM_WINDOW 1024

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
    struct fpool_http_hubs *hubs = context;

    fpool_http_hubs_close(hubs);
    fpool_http_hubs_unref(hubs);
}

static enum fpool_status attach(struct fpool *pool, void **ret_context)
{
    unsigned n = fpool_usable_cpus();
    struct fpool_http_hubs *hubs;
    enum fpool_status status;

    (void)pool;
    pthread_once(&once, prepare_curl);
    if (!is_ready) {
        return FPOOL_ENOMEM;
    }
    status = fpool_http_hubs_create(
        &hubs, n < FPOOL_HTTP_MAX_HUBS ? n : FPOOL_HTTP_MAX_HUBS);
    if (status == FPOOL_OK) {
        *ret_context = hubs;
    }
    return status;
}

static enum fpool_status open_job(void *state, const struct fpool_op *op,
                                  void *context)
{
    struct state *s = state;

    return fpool_http_job_create(&s->job, context, op);
}

static void close_job(void *state)
{
    struct state *s = state;

    if (s->job != NULL) {
        fpool_http_job_close(s->job);
        s->job = NULL;
    }
}

/* ---- Items. */

static const char *check_request(const struct fpool_http_request *what)
{
    const char *reason = NULL;
    size_t i;

    if (what->method != NULL) {
        reason = fpool_http_check_method(what->method);
    }
    if (reason == NULL && what->headers != NULL) {
        reason = fpool_http_check_headers(what->headers);
    }
    if (reason == NULL && what->range != NULL &&
        (what->range[0] == '\0' ||
         what->range[strspn(what->range, "0123456789-,")] != '\0')) {
        reason = "not a range, as in \"0-499\"";
    }
    for (i = 0; reason == NULL && what->sha256 != NULL && i < 64; i++) {
        if (strchr("0123456789abcdefABCDEF", what->sha256[i]) == NULL ||
            what->sha256[i] == '\0') {
            reason = "not a SHA-256 of 64 hexadecimal digits";
        }
    }
    if (reason == NULL && what->sha256 != NULL && what->sha256[64] != '\0') {
        reason = "not a SHA-256 of 64 hexadecimal digits";
    }
    return reason;
}

/* Has the program say what the item is.  False after noting what is wrong. */
static bool describe(const struct fpool_http_job *job,
                     struct fpool_http_reply *reply,
                     const struct fpool_item *item,
                     struct fpool_http_request *what)
{
    const char *reason = NULL;

    if (!job->options.describe(job->options.userdata, item, what, &reason)) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_INVALID_REQUEST, reason);
        return false;
    }
    reason = check_request(what);
    if (reason != NULL) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_INVALID_REQUEST, reason);
        return false;
    }
    if (what->method != NULL || what->headers != NULL || what->body != NULL ||
        what->range != NULL || what->sha256 != NULL || what->size >= 0 ||
        what->timeout_ms > 0) {
        reply->what = fpool_malloc(sizeof(*what));
        if (reply->what == NULL) {
            fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_LOCAL_MEMORY, NULL);
            return false;
        }
        *reply->what = *what;
    }
    return true;
}

/* Parses the item into 'reply'; false after noting what is wrong with it. */
static bool read_item(const struct fpool_http_job *job,
                      struct fpool_http_reply *reply,
                      const struct fpool_item *item)
{
    struct fpool_http_request what = { .url = item->data,
                                       .url_size = item->size,
                                       .size = -1 };
    const char *reason = NULL;
    enum fpool_status status;

    if (job->options.describe != NULL) {
        if (!describe(job, reply, item, &what)) {
            return false;
        }
    } else if ((item->flags & FPOOL_ITEM_TRUNCATED) != 0) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_INVALID_LINE, NULL);
        return false;
    }
    status = fpool_http_url_parse(&reply->first, what.url, what.url_size, NULL,
                                  &reason);
    if (status == FPOOL_ENOMEM) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_LOCAL_MEMORY, NULL);
    } else if (status != FPOOL_OK) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_INVALID_URL, reason);
    }
    return status == FPOOL_OK;
}

/* Sees to it that a secure URL can be checked. */
static bool has_store(struct fpool_http_job *job,
                      struct fpool_http_reply *reply)
{
    enum fpool_status status = FPOOL_OK;

    if (reply->first.is_secure) {
        status = fpool_http_job_need_store(job);
    }
    if (status != FPOOL_OK) {
        fpool_http_reply_fail(reply,
                              status == FPOOL_ENOMEM
                                  ? FPOOL_HTTP_ERROR_LOCAL_MEMORY
                                  : FPOOL_HTTP_ERROR_LOCAL_CA_FILE,
                              NULL);
    }
    return status == FPOOL_OK;
}

static void start(void *state, struct fpool_request *request)
{
    struct state *s = state;
    struct fpool_http_reply *reply = fpool_http_reply_create(request);
    const struct fpool_request_note *note = fpool_request_note(request);

    if (reply == NULL) {
        fpool_request_finish(request, FPOOL_ENOMEM);
        return;
    }
    if (note != NULL) {
        fpool_http_reply_recall(reply, note);
    }
    if (!read_item(s->job, reply, &request->result.item) ||
        !has_store(s->job, reply)) {
        fpool_http_reply_finish(reply, 0);
        return;
    }
    reply->job = s->job;
    fpool_http_job_ref(s->job);
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

enum fpool_status fpool_http_get_stats(const struct fpool_results *results,
                                       struct fpool_http_stats *ret_stats)
{
    struct fpool_http_stats stats = { .struct_size = sizeof(stats) };
    const struct state *s;
    size_t size = ret_stats->struct_size;

    if (results == NULL || results->job.engine != &engine ||
        size < sizeof(size)) {
        return FPOOL_EINVAL;
    }
    s = results->job.state;
    if (s->job == NULL) {
        return FPOOL_EINVAL; /* unreachable: defensive; closed with the handle
                              */
    }
    fpool_http_job_read_stats(s->job, &stats);
    size = size < sizeof(stats) ? size : sizeof(stats);
    memcpy(ret_stats, &stats, size);
    ret_stats->struct_size = size;
    return FPOOL_OK;
}

const char *fpool_http_version_text(void)
{
    pthread_once(&once, prepare_curl);
    return curl_version();
}
