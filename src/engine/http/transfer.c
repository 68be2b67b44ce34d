/* SPDX-License-Identifier: MIT */
/* Transfers: from a reply in the queue to a finished request.  Called by the
 * jobs, the hub (libcurl's messages), its own timer and its spool. */
#include "engine/http/transfer.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/error.h"

static void timer_fired(struct fpool_loop_timer *timer);
static void finish(struct fpool_http_transfer *t, enum fpool_http_error error,
                   const char *message, CURLcode code);

struct fpool_http_transfer *fpool_http_transfer_create(
    struct fpool_http_hub *hub)
{
    struct fpool_http_transfer *t = fpool_calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    t->hub = hub;
    t->timer.fire = timer_fired;
    t->easy = curl_easy_init();
    if (t->easy == NULL ||
        fpool_loop_timer_open(hub->loop, &t->timer) != FPOOL_OK) {
        fpool_http_transfer_destroy(t);
        return NULL;
    }
    return t;
}

void fpool_http_transfer_destroy(struct fpool_http_transfer *t)
{
    fpool_loop_timer_close(t->hub->loop, &t->timer);
    curl_easy_cleanup(t->easy);
    fpool_free(t->location);
    EVP_MD_CTX_free(t->md);
    fpool_free(t);
}

/* ---- Deadlines: one timer for whatever comes first. */

static int64_t after(int64_t instant, int64_t ms)
{
    return ms > (INT64_MAX - instant) / 1000000 ? FPOOL_NEVER
                                                : instant + ms * 1000000;
}

/* When the current phase has lasted too long. */
static int64_t phase_end(const struct fpool_http_transfer *t)
{
    switch (t->phase) {
    case FPOOL_HTTP_HEAD:
        return after(t->phase_ns, t->job->options.first_byte_ms);
    case FPOOL_HTTP_BODY:
        return t->is_paused ? FPOOL_NEVER
                            : after(t->phase_ns, t->job->options.stall_ms);
    case FPOOL_HTTP_CONNECT:
    case FPOOL_HTTP_SPOOL:
        break;
    }
    return FPOOL_NEVER;
}

static void set_timer(struct fpool_http_transfer *t)
{
    int64_t end = phase_end(t);

    end = end < t->end_ns ? end : t->end_ns;
    fpool_loop_timer_set(t->hub->loop, &t->timer, end);
}

void fpool_http_transfer_progress(struct fpool_http_transfer *t,
                                  enum fpool_http_phase phase)
{
    t->phase = phase;
    t->phase_ns = fpool_loop_now(t->hub->loop);
    set_timer(t);
}

/* Progress in the body only moves 'phase_ns', which costs nothing; so the timer
 * may be early, and then goes on sleeping. */
static void timer_fired(struct fpool_loop_timer *timer)
{
    struct fpool_http_transfer *t =
        FPOOL_OWNER_OF(timer, struct fpool_http_transfer, timer);
    int64_t now = fpool_loop_now(t->hub->loop);

    if (t->verdict != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_transfer_fail(t, t->verdict);
    } else if (now >= t->end_ns) {
        fpool_http_transfer_fail(t, FPOOL_HTTP_ERROR_TIMEOUT_TOTAL);
    } else if (now >= phase_end(t)) {
        fpool_http_transfer_fail(t, t->phase == FPOOL_HTTP_HEAD
                                        ? FPOOL_HTTP_ERROR_TIMEOUT_FIRST_BYTE
                                        : FPOOL_HTTP_ERROR_TIMEOUT_STALL);
    } else {
        set_timer(t);
    }
}

void fpool_http_transfer_doom(struct fpool_http_transfer *t,
                              enum fpool_http_error error)
{
    if (t != NULL && t->reply != NULL) {
        t->verdict = error;
        fpool_loop_timer_set(t->hub->loop, &t->timer, 0);
    }
}

/* ---- The start, and once more for each redirect. */

static bool send_request(struct fpool_http_transfer *t)
{
    t->verdict = FPOOL_HTTP_ERROR_NONE;
    t->disposition = FPOOL_HTTP_SKIP;
    t->socket_error = 0;
    t->header_size = 0;
    t->n_transfer_codings = 0;
    t->n_content_codings = 0;
    t->n_skipped = 0;
    fpool_free(t->location);
    t->location = NULL;
    t->is_paused = false;
    t->is_cut = false;
    t->error_text[0] = '\0';
    if (!fpool_http_setup(t) ||
        curl_multi_add_handle(t->hub->multi, t->easy) != CURLM_OK) {
        return false;
    }
    t->is_added = true;
    fpool_http_transfer_progress(t, FPOOL_HTTP_CONNECT);
    return true;
}

static void link_running(struct fpool_http_transfer *t)
{
    t->previous = NULL;
    t->next = t->job->running;
    if (t->next != NULL) {
        t->next->previous = t;
    }
    t->job->running = t;
    t->job->n_running++;
}

static void unlink_running(struct fpool_http_transfer *t)
{
    if (t->previous != NULL) {
        t->previous->next = t->next;
    } else {
        t->job->running = t->next;
    }
    if (t->next != NULL) {
        t->next->previous = t->previous;
    }
    t->job->n_running--;
}

void fpool_http_transfer_begin(struct fpool_http_transfer *t,
                               struct fpool_http_reply *reply)
{
    int64_t timeout_ms = fpool_request_timeout_ms(reply->request);

    t->reply = reply;
    t->job = reply->job;
    t->start_ns = fpool_now_ns();
    t->end_ns = timeout_ms > 0 ? after(t->start_ns, timeout_ms) : FPOOL_NEVER;
    reply->response.time_us.queue = (t->start_ns - reply->created_ns) / 1000;
    link_running(t);
    if (!send_request(t)) {
        finish(t, FPOOL_HTTP_ERROR_LOCAL_MEMORY, NULL, CURLE_OUT_OF_MEMORY);
    }
}

/* ---- The end. */

static void leave_multi(struct fpool_http_transfer *t)
{
    if (t->is_added) {
        fpool_http_note_facts(t);
        curl_multi_remove_handle(t->hub->multi, t->easy);
        t->is_added = false;
    }
}

/* Everything ends here: gives back the transfer, finishes the reply, and lets
 * the job go on. */
static void finish(struct fpool_http_transfer *t, enum fpool_http_error error,
                   const char *message, CURLcode code)
{
    struct fpool_http_reply *reply = t->reply;
    struct fpool_http_job *job = t->job;

    leave_multi(t);
    if (t->spool != NULL) {
        fpool_http_spool_abandon(t->spool);
        t->spool = NULL;
    }
    fpool_loop_timer_set(t->hub->loop, &t->timer, FPOOL_NEVER);
    reply->response.time_us.total = (fpool_now_ns() - t->start_ns) / 1000;
    if (error != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_reply_drop_body(reply);
        fpool_http_reply_fail(reply, error, message);
    }
    fpool_free(t->location);
    t->location = NULL;
    unlink_running(t);
    t->reply = NULL;
    t->job = NULL;
    fpool_http_hub_release(t->hub, t);
    fpool_http_job_ref(job);
    fpool_http_job_finish(reply, (int)code);
    fpool_http_job_pump(job);
    fpool_http_job_unref(job);
}

void fpool_http_transfer_fail(struct fpool_http_transfer *t,
                              enum fpool_http_error error)
{
    finish(t, error, NULL, CURLE_OK);
}

void fpool_http_transfer_fail_disk(struct fpool_http_transfer *t,
                                   int error_number)
{
    char text[128];

    finish(t, fpool_http_classify_disk(error_number),
           strerror_r(error_number, text, sizeof(text)), CURLE_OK);
}

enum fpool_http_error fpool_http_cancel_error(enum fpool_status reason)
{
    switch (reason) {
    case FPOOL_OK:
        return FPOOL_HTTP_ERROR_NONE;
    case FPOOL_EDEADLINE:
        return FPOOL_HTTP_ERROR_DEADLINE;
    default:
        return FPOOL_HTTP_ERROR_CANCELLED;
    }
}

void fpool_http_transfer_cancel(struct fpool_http_transfer *t)
{
    enum fpool_http_error error =
        fpool_http_cancel_error(fpool_request_cancel_reason(t->reply->request));

    finish(t,
           error != FPOOL_HTTP_ERROR_NONE ? error : FPOOL_HTTP_ERROR_CANCELLED,
           NULL, CURLE_OK);
}

/* What kept the request from well going, NONE when nothing did; the words for
 * it in '*ret_message'. */
static enum fpool_http_error judge(struct fpool_http_transfer *t, CURLcode code,
                                   const char **ret_message)
{
    struct fpool_http_outcome outcome = { .code = code, .text = t->error_text };
    long os_error = 0;

    *ret_message = NULL;
    if (t->verdict != FPOOL_HTTP_ERROR_NONE) {
        return t->verdict;
    }
    if (code == CURLE_OK || t->is_cut) {
        return FPOOL_HTTP_ERROR_NONE;
    }
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
    outcome.os_error = t->socket_error != 0 ? t->socket_error : (int)os_error;
    outcome.is_resolved = fpool_http_has_time(t, CURLINFO_NAMELOOKUP_TIME_T);
    outcome.is_connected = fpool_http_has_time(t, CURLINFO_CONNECT_TIME_T);
    if (code != CURLE_OUT_OF_MEMORY) { /* Not what it says: see error.c. */
        *ret_message =
            t->error_text[0] != '\0' ? t->error_text : curl_easy_strerror(code);
    }
    return fpool_http_classify(&outcome);
}

/* Where the redirect leads, in '*ret_url'; or why it is not followed. */
static enum fpool_http_error check_redirect(struct fpool_http_transfer *t,
                                            struct fpool_http_url *ret_url,
                                            const char **ret_message)
{
    const struct fpool_http_op *options = &t->job->options;
    const char *from = fpool_http_reply_url(t->reply);
    enum fpool_status status;

    if (t->reply->response.redirects >= (unsigned)options->redirects) {
        return FPOOL_HTTP_ERROR_LIMIT_REDIRECTS;
    }
    status = fpool_http_url_parse(ret_url, t->location, strlen(t->location),
                                  from, ret_message);
    if (status != FPOOL_OK) {
        return status == FPOOL_ENOMEM ? FPOOL_HTTP_ERROR_LOCAL_MEMORY
                                      : FPOOL_HTTP_ERROR_POLICY_REDIRECT;
    }
    if (fpool_http_url_is_secure(from) &&
        !fpool_http_url_is_secure(ret_url->request) &&
        (options->flags & FPOOL_HTTP_DOWNGRADE) == 0) {
        fpool_http_url_fini(ret_url);
        *ret_message = "redirected from https to http";
        return FPOOL_HTTP_ERROR_POLICY_REDIRECT;
    }
    return FPOOL_HTTP_ERROR_NONE;
}

static void follow(struct fpool_http_transfer *t)
{
    struct fpool_http_url url = { NULL, NULL };
    const char *message = NULL;
    enum fpool_http_error error = check_redirect(t, &url, &message);

    if (error == FPOOL_HTTP_ERROR_NONE) {
        leave_multi(t);
        fpool_http_reply_redirect(t->reply, &url);
        if (send_request(t)) {
            return;
        }
        error = FPOOL_HTTP_ERROR_LOCAL_MEMORY;
    }
    finish(t, error, message, CURLE_OK);
}

void fpool_http_transfer_done(struct fpool_http_transfer *t, CURLcode code)
{
    const char *message = NULL;
    enum fpool_http_error error = judge(t, code, &message);
    long status_code = 0;

    if (error != FPOOL_HTTP_ERROR_NONE) {
        finish(t, error, message, code);
        return;
    }
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status_code);
    if (t->disposition == FPOOL_HTTP_SKIP && t->location != NULL &&
        status_code < 400) {
        follow(t);
        return;
    }
    error = fpool_http_classify_status((int)status_code);
    if (error != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_note_status(t->error_text, (int)status_code);
        finish(t, error, t->error_text, CURLE_OK);
        return;
    }
    if (fpool_http_body_close(t)) {
        finish(t, t->verdict, NULL, CURLE_OK);
    } else {
        leave_multi(t);
    }
}
