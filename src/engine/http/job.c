/* SPDX-License-Identifier: MIT */
/* Jobs of the http engine: called by engine.c and, on the loop, by transfers
 * that have ended; calls the transfers. */
#include "engine/http/job.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/options.h"
#include "engine/http/error.h"
#include "engine/http/transfer.h"

#define DEFAULT_IN_FLIGHT     256
#define MAX_IN_FLIGHT         65536
#define DEFAULT_REDIRECTS     10
#define DEFAULT_CONNECT_MS    15000
#define DEFAULT_FIRST_BYTE_MS 60000
#define DEFAULT_STALL_MS      30000
#define DEFAULT_BODY_MEMORY   65536
#define KNOWN_FLAGS                                                            \
    (FPOOL_HTTP_INSECURE | FPOOL_HTTP_NO_BODY | FPOOL_HTTP_DOWNGRADE)

static void cancel_on_loop(struct fpool_post *post);
static void arrive_on_loop(struct fpool_post *post);

static enum fpool_status set_defaults(struct fpool_http_op *o)
{
    if (o->connect_timeout_ms < 0 || o->first_byte_ms < 0 || o->stall_ms < 0 ||
        o->max_size < 0 || o->redirects < -1 || o->redirects > 1000 ||
        o->in_flight > MAX_IN_FLIGHT || (o->flags & ~(uint32_t)KNOWN_FLAGS)) {
        return FPOOL_EINVAL;
    }
    o->in_flight = o->in_flight == 0 ? DEFAULT_IN_FLIGHT : o->in_flight;
    o->redirects = o->redirects == 0 ? DEFAULT_REDIRECTS : o->redirects;
    if (o->connect_timeout_ms == 0) {
        o->connect_timeout_ms = DEFAULT_CONNECT_MS;
    }
    if (o->first_byte_ms == 0) {
        o->first_byte_ms = DEFAULT_FIRST_BYTE_MS;
    }
    o->stall_ms = o->stall_ms == 0 ? DEFAULT_STALL_MS : o->stall_ms;
    o->body_memory = o->body_memory == 0 ? DEFAULT_BODY_MEMORY : o->body_memory;
    return FPOOL_OK;
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fpool_malloc(size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

static enum fpool_status set_digest(struct fpool_http_job *job)
{
    const char *name = job->options.digest;

    if (name == NULL || strcmp(name, "none") == 0) {
        return FPOOL_OK;
    }
    if (strcmp(name, "sha256") != 0) {
        return FPOOL_EUNSUPPORTED;
    }
    job->digest = job->hub->sha256;
    return FPOOL_OK;
}

static enum fpool_status set_texts(struct fpool_http_job *job)
{
    const struct fpool_http_op *o = &job->options;
    const char *agent = o->user_agent;

    agent = agent == NULL ? "fetchpool/" FPOOL_VERSION : agent;
    job->user_agent = copy_text(agent);
    if (job->user_agent == NULL) {
        return FPOOL_ENOMEM;
    }
    if (o->ca_file != NULL) {
        if (access(o->ca_file, R_OK) != 0) {
            return FPOOL_ELOCAL;
        }
        job->ca_file = copy_text(o->ca_file);
        if (job->ca_file == NULL) {
            return FPOOL_ENOMEM;
        }
    }
    if (o->spool_dir != NULL) {
        return fpool_http_folder_open(&job->folder, o->spool_dir);
    }
    return FPOOL_OK;
}

enum fpool_status fpool_http_job_create(struct fpool_http_job **ret_job,
                                        struct fpool_http_hub *hub,
                                        const struct fpool_op *op)
{
    struct fpool_http_job *job = fpool_calloc(1, sizeof(*job));
    enum fpool_status status;

    if (job == NULL) {
        return FPOOL_ENOMEM;
    }
    atomic_init(&job->n_refs, 1);
    job->hub = hub;
    job->last_waiting = &job->first_waiting;
    job->cancel_post.run = cancel_on_loop;
    status = fpool_options_copy(&job->options, sizeof(job->options), op)
                 ? set_defaults(&job->options)
                 : FPOOL_EINVAL;
    status = status != FPOOL_OK ? status : set_digest(job);
    status = status != FPOOL_OK ? status : set_texts(job);
    if (status != FPOOL_OK) {
        fpool_http_job_unref(job);
        return status;
    }
    *ret_job = job;
    return FPOOL_OK;
}

void fpool_http_job_ref(struct fpool_http_job *job)
{
    atomic_fetch_add_explicit(&job->n_refs, 1, memory_order_relaxed);
}

void fpool_http_job_unref(struct fpool_http_job *job)
{
    if (job != NULL && atomic_fetch_sub(&job->n_refs, 1) == 1) {
        fpool_http_folder_unref(job->folder);
        fpool_free(job->user_agent);
        fpool_free(job->ca_file);
        fpool_free(job);
    }
}

void fpool_http_job_cancel(struct fpool_http_job *job)
{
    if (!atomic_exchange(&job->is_cancel_posted, true)) {
        fpool_http_job_ref(job);
        fpool_loop_post(job->hub->loop, &job->cancel_post);
    }
}

void fpool_http_job_submit(struct fpool_http_job *job,
                           struct fpool_http_reply *reply)
{
    fpool_http_job_ref(job);
    reply->job = job;
    reply->post.run = arrive_on_loop;
    fpool_loop_post(job->hub->loop, &reply->post);
}

void fpool_http_job_finish(struct fpool_http_reply *reply, int code)
{
    struct fpool_http_job *job = reply->job;
    enum fpool_status status = fpool_http_error_status(reply->response.error);

    fpool_http_reply_finish(reply, status, code);
    fpool_http_job_unref(job);
}

/* Notes the job's cancellation in 'reply'; false while the job goes on. */
static bool note_cancel(struct fpool_http_reply *reply)
{
    enum fpool_http_error error =
        fpool_http_cancel_error(fpool_request_cancel_reason(reply->request));

    if (error == FPOOL_HTTP_ERROR_NONE) {
        return false;
    }
    fpool_http_reply_fail(reply, error, NULL);
    return true;
}

static void arrive_on_loop(struct fpool_post *post)
{
    struct fpool_http_reply *reply =
        FPOOL_OWNER_OF(post, struct fpool_http_reply, post);
    struct fpool_http_job *job = reply->job;

    if (note_cancel(reply)) {
        fpool_http_job_finish(reply, 0);
        return;
    }
    fpool_http_hub_reserve(job->hub, job->options.in_flight);
    post->next = NULL;
    *job->last_waiting = post;
    job->last_waiting = &post->next;
    fpool_http_job_pump(job);
}

static struct fpool_http_reply *pop_waiting(struct fpool_http_job *job)
{
    struct fpool_post *post = job->first_waiting;

    if (post == NULL) {
        return NULL;
    }
    job->first_waiting = post->next;
    if (job->first_waiting == NULL) {
        job->last_waiting = &job->first_waiting;
    }
    return FPOOL_OWNER_OF(post, struct fpool_http_reply, post);
}

void fpool_http_job_pump(struct fpool_http_job *job)
{
    /* A transfer that fails at once pumps too, and is not to recurse. */
    if (job->is_pumping) {
        return;
    }
    job->is_pumping = true;
    fpool_http_job_ref(job);
    while (job->n_running < job->options.in_flight) {
        struct fpool_http_reply *reply = pop_waiting(job);
        struct fpool_http_transfer *t;

        if (reply == NULL) {
            break;
        }
        t = fpool_http_hub_acquire(job->hub);
        if (t != NULL) {
            fpool_http_transfer_begin(t, reply);
            continue;
        }
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_LOCAL_MEMORY, NULL);
        fpool_http_job_finish(reply, 0);
    }
    job->is_pumping = false;
    fpool_http_job_unref(job);
}

static void cancel_on_loop(struct fpool_post *post)
{
    struct fpool_http_job *job =
        FPOOL_OWNER_OF(post, struct fpool_http_job, cancel_post);
    struct fpool_http_reply *reply;

    for (reply = pop_waiting(job); reply != NULL; reply = pop_waiting(job)) {
        if (!note_cancel(reply)) {
            fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_CANCELLED, NULL);
        }
        fpool_http_job_finish(reply, 0);
    }
    while (job->running != NULL) {
        fpool_http_transfer_cancel(job->running);
    }
    fpool_http_job_unref(job);
}
