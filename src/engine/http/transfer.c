/* SPDX-License-Identifier: MIT */
/* Transfers: from a reply in the queue to how its request ended.  Called by the
 * lanes, the hub (libcurl's messages), its own timer and its spool. */
#include "engine/http/transfer.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/error.h"

static void timer_fired(struct fpool_http_timer *timer);

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
    if (t->easy == NULL) {
        fpool_free(t);
        return NULL;
    }
    return t;
}

void fpool_http_transfer_destroy(struct fpool_http_transfer *t)
{
    fpool_http_timer_unset(t->hub, &t->timer);
    curl_easy_cleanup(t->easy);
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
    case FPOOL_HTTP_CLOSING:
        break;
    }
    return FPOOL_NEVER;
}

static void set_timer(struct fpool_http_transfer *t)
{
    int64_t end = phase_end(t);

    end = end < t->end_ns ? end : t->end_ns;
    fpool_http_timer_set(t->hub, &t->timer, end);
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
static void timer_fired(struct fpool_http_timer *timer)
{
    struct fpool_http_transfer *t =
        FPOOL_OWNER_OF(timer, struct fpool_http_transfer, timer);
    int64_t now = fpool_loop_now(t->hub->loop);

    if (t->phase == FPOOL_HTTP_CLOSING) {
        return;
    }
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
        fpool_http_timer_set(t->hub, &t->timer, 0);
    }
}

/* ---- The start. */

static bool send_request(struct fpool_http_transfer *t)
{
    t->verdict = FPOOL_HTTP_ERROR_NONE;
    t->disposition = FPOOL_HTTP_SKIP;
    t->socket_error = 0;
    t->header_size = 0;
    t->n_header_lines = 0;
    t->n_transfer_codings = 0;
    t->n_content_codings = 0;
    t->length = -1;
    t->retry_after_ms = -1;
    t->n_skipped = 0;
    t->is_paused = false;
    t->is_cut = false;
    t->is_denied = false;
    t->error_text[0] = '\0';
    if (!fpool_http_setup(t) ||
        curl_multi_add_handle(t->hub->multi, t->easy) != CURLM_OK) {
        return false;
    }
    t->is_added = true;
    t->hub->n_http2 += (t->job->options.flags & FPOOL_HTTP_2) != 0;
    fpool_http_transfer_progress(t, FPOOL_HTTP_CONNECT);
    return true;
}

/* The instant at which the item has used up its time. */
static int64_t item_end(const struct fpool_http_transfer *t)
{
    int64_t left = fpool_http_reply_time_left(t->reply);

    return left == FPOOL_NEVER ? FPOOL_NEVER : t->start_ns + left;
}

static void note_begin(struct fpool_http_transfer *t)
{
    struct fpool_http_reply *reply = t->reply;
    struct fpool_http_times *times = &reply->response.time_us;

    if (reply->begun_ns == 0) {
        reply->begun_ns = t->start_ns;
        times->queue = (t->start_ns - reply->created_ns) / 1000;
    }
    fpool_http_reply_count_try(reply);
    fpool_http_count(&t->job->counters.requests);
    if (reply->n_tries > 1 && reply->last.request == NULL) {
        fpool_http_count(&t->job->counters.retries);
    }
}

void fpool_http_transfer_begin(struct fpool_http_transfer *t,
                               struct fpool_http_lane *lane,
                               struct fpool_http_host *host,
                               struct fpool_http_reply *reply)
{
    t->lane = lane;
    t->host = host;
    t->phase = FPOOL_HTTP_CONNECT;
    t->address = -1;
    t->job = lane->job;
    t->reply = reply;
    fpool_list_push(&lane->running, &t->link);
    lane->n_running++;
    t->start_ns = fpool_now_ns();
    t->end_ns = item_end(t);
    note_begin(t);
    t->digest = reply->what != NULL && reply->what->sha256 != NULL
                    ? t->job->hubs->sha256
                    : t->job->digest;
    if (!send_request(t)) {
        fpool_http_transfer_finish(t, FPOOL_HTTP_ERROR_LOCAL_MEMORY, NULL,
                                   CURLE_OUT_OF_MEMORY);
    }
}

/* ---- The end. */

void fpool_http_transfer_leave(struct fpool_http_transfer *t)
{
    long n_connects = 0;

    if (t->is_added) {
        fpool_http_note_facts(t);
        /* 7.88.1 counts how often it had to connect anew because a used
         * connection had ended, gives up after five, and begins again only with
         * a reset. */
        curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &n_connects);
        if (n_connects > 0) {
            t->prepared = 0;
        }
        curl_multi_remove_handle(t->hub->multi, t->easy);
        t->is_added = false;
        if ((t->job->options.flags & FPOOL_HTTP_2) != 0) {
            t->hub->n_http2--;
            t->is_stained = true; /* It may stay tied to its connection. */
        }
    }
}

static void renew(struct fpool_http_transfer *t)
{
    CURL *easy = curl_easy_init();

    if (easy != NULL) {
        curl_easy_cleanup(t->easy);
        t->easy = easy;
        t->prepared = 0;
        t->is_stained = false;
    }
}

/* What only this request had. */
void fpool_http_transfer_forget(struct fpool_http_transfer *t)
{
    fpool_http_timer_unset(t->hub, &t->timer);
    fpool_free(t->location);
    t->location = NULL;
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    if (t->is_stained) {
        renew(t);
    }
}

/* Tells the lane; the transfer is free afterwards. */
static void tell(struct fpool_http_transfer *t)
{
    struct fpool_http_reply *reply = t->reply;
    int64_t now = fpool_now_ns();

    reply->spent_ns += now - t->start_ns;
    reply->response.time_us.total = (now - reply->begun_ns) / 1000;
    fpool_http_transfer_forget(t);
    t->reply = NULL;
    fpool_http_lane_ended(t->lane, t->host, t, reply, &t->end);
}

static void spool_closed(void *transfer)
{
    tell(transfer);
}

/* Everything ends here. */
void fpool_http_transfer_finish(struct fpool_http_transfer *t,
                                enum fpool_http_error error,
                                const char *message, CURLcode code)
{
    struct fpool_http_spool *spool = t->spool;

    t->end = (struct fpool_http_end){
        .error = error,
        .message = message,
        .code = (int)code,
        .was_sent = t->phase != FPOOL_HTTP_CONNECT,
        .retry_after_ms = t->retry_after_ms,
        .address = t->phase == FPOOL_HTTP_CONNECT ? t->address : -1,
    };
    fpool_http_transfer_leave(t);
    t->end.status_code = t->reply->response.status_code;
    t->spool = NULL;
    if (spool == NULL) {
        tell(t);
    } else if (t->job->options.on_body == NULL) {
        fpool_http_spool_abandon(spool, NULL);
        tell(t);
    } else {
        /* What the program is looking at stays until it has done so. */
        t->phase = FPOOL_HTTP_CLOSING;
        fpool_http_spool_abandon(spool, spool_closed);
    }
}

void fpool_http_transfer_fail(struct fpool_http_transfer *t,
                              enum fpool_http_error error)
{
    fpool_http_transfer_finish(t, error, NULL, CURLE_OK);
}

void fpool_http_transfer_fail_disk(struct fpool_http_transfer *t,
                                   int error_number)
{
    const char *text =
        strerror_r(error_number, t->error_text, sizeof(t->error_text));

    fpool_http_transfer_finish(t, fpool_http_classify_disk(error_number), text,
                               CURLE_OK);
}

void fpool_http_transfer_cancel(struct fpool_http_transfer *t)
{
    enum fpool_http_error error;

    if (t->phase == FPOOL_HTTP_CLOSING) {
        return;
    }
    error =
        fpool_http_cancel_error(fpool_request_cancel_reason(t->reply->request));
    fpool_http_transfer_finish(
        t, error != FPOOL_HTTP_ERROR_NONE ? error : FPOOL_HTTP_ERROR_CANCELLED,
        NULL, CURLE_OK);
}
