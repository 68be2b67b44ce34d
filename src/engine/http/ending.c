/* SPDX-License-Identifier: MIT */
/* What follows from the end of a request: the item is finished, or tried again.
 * Called by the transfers, and by hosts.c for names that lead nowhere. */
#include <string.h>

#include "base/clock.h"
#include "engine/http/error.h"
#include "engine/http/job.h"
#include "engine/http/lane.h"
#include "engine/http/transfer.h"

#define MS 1000000LL

/* The host of an item that waited while a try was delayed is looked for again:
 * it may have been forgotten meanwhile. */
static void delay_over(struct fpool_http_timer *timer)
{
    struct fpool_http_reply *reply =
        FPOOL_OWNER_OF(timer, struct fpool_http_reply, timer);
    struct fpool_http_lane *lane = reply->lane;
    struct fpool_http_host *host;

    fpool_http_lane_undelay(lane, reply);
    if (reply->is_late) {
        fpool_http_reply_fail(reply, FPOOL_HTTP_ERROR_TIMEOUT_TOTAL, NULL);
        fpool_http_hub_finish(lane->hub, reply, 0);
        return;
    }
    if (reply->was_redirected) {
        reply->was_redirected = false; /* Its first host may be another's. */
        fpool_http_job_submit(lane->job, reply);
        return;
    }
    host = fpool_http_lane_host(lane, fpool_http_reply_target(reply));
    if (host == NULL || host->gone_until > fpool_loop_now(lane->hub->loop)) {
        fpool_http_reply_fail(reply,
                              host == NULL ? FPOOL_HTTP_ERROR_LOCAL_MEMORY
                                           : FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN,
                              NULL);
        fpool_http_hub_finish(lane->hub, reply, 0);
        return;
    }
    fpool_http_lane_enqueue(lane, host, reply, false);
    fpool_http_lane_name(lane, host);
    fpool_http_lane_place(lane, host);
    fpool_http_lane_pump(lane);
}

static struct fpool_http_decision decide(const struct fpool_http_lane *lane,
                                         const struct fpool_http_host *host,
                                         const struct fpool_http_reply *reply,
                                         const struct fpool_http_end *end)
{
    const struct fpool_http_job *job = lane->job;
    struct fpool_http_ending ending = {
        .error = end->error,
        .status_code = end->status_code,
        .is_idempotent = fpool_http_is_idempotent(
            fpool_http_reply_method(reply, &job->options)),
        .was_sent = end->was_sent,
        .n_tries = reply->n_charged,
        .max_tries = job->options.tries,
        .n_throttled = reply->n_throttled,
        .retry_after_ms = end->retry_after_ms,
        .host_pause_ms = host->paused_ms,
        .n_host_throttled = host->n_throttled,
        .retry_delay_ms = job->options.retry_delay_ms,
        .max_retry_after_ms = job->options.max_retry_after_ms,
        .retry_on = &job->retry_on,
        .throttle_on = &job->throttle_on,
        .random = fpool_http_hub_random(lane->hub),
    };

    return fpool_http_decide(&ending);
}

/* Of the kinds for statuses each has some that are worth another try. */
static void finish(struct fpool_http_lane *lane, struct fpool_http_reply *reply,
                   const struct fpool_http_end *end, bool is_worth_retrying)
{
    if (end->error != FPOOL_HTTP_ERROR_NONE) {
        fpool_http_reply_drop_body(reply);
        fpool_http_reply_fail(reply, end->error, end->message);
    }
    if (end->error == FPOOL_HTTP_ERROR_HTTP_4XX ||
        end->error == FPOOL_HTTP_ERROR_HTTP_5XX) {
        reply->response.is_retryable = is_worth_retrying;
    }
    fpool_http_hub_finish(lane->hub, reply, end->code);
}

/* No address of the host has been of use: it is asked for anew next time. */
static void forget_addresses(struct fpool_http_lane *lane,
                             struct fpool_http_host *host)
{
    if (host->named == FPOOL_HTTP_NAMED && host->n_addresses > 0) {
        host->named = FPOOL_HTTP_UNNAMED;
        if (lane->names != NULL) {
            fpool_http_names_forget(lane->names, host->name, host->name_size);
        }
    }
}

/* True when the item goes on with another address of its host: that is no new
 * try. */
static bool try_next_address(struct fpool_http_lane *lane,
                             struct fpool_http_host *host,
                             struct fpool_http_reply *reply,
                             const struct fpool_http_end *end,
                             const struct fpool_http_decision *decision)
{
    if (end->address < 0 || decision->class != FPOOL_HTTP_UNREACHED) {
        reply->n_addresses_tried = 0;
        return false;
    }
    if ((unsigned)end->address == host->current && host->n_addresses > 0) {
        host->current = (host->current + 1) % host->n_addresses;
    }
    if (++reply->n_addresses_tried >= host->n_addresses ||
        fpool_request_cancel_reason(reply->request) != FPOOL_OK) {
        reply->n_addresses_tried = 0;
        forget_addresses(lane, host);
        return false;
    }
    /* Nothing came back that would have to be forgotten; and a reply that is
     * under way after a redirect stays so. */
    fpool_http_lane_enqueue(lane, host, reply, true);
    return true;
}

static void try_again(struct fpool_http_lane *lane,
                      struct fpool_http_host *host,
                      struct fpool_http_reply *reply,
                      const struct fpool_http_decision *decision)
{
    struct fpool_http_job *job = lane->job;
    int64_t delay_ns = decision->delay_ms * MS;
    int64_t left = fpool_http_reply_time_left(reply);

    if (decision->class == FPOOL_HTTP_THROTTLED ||
        decision->class == FPOOL_HTTP_LOCAL) {
        reply->n_throttled++;
    }
    fpool_http_reply_again(reply, decision->is_charged);
    if (delay_ns >= left) {
        delay_ns = left > 0 ? left : 1;
        reply->is_late = true;
    }
    reply->spent_ns += delay_ns;
    /* From its first URL on, which may be of another host, on another loop. */
    if (reply->was_redirected && delay_ns == 0) {
        reply->was_redirected = false;
        fpool_http_job_submit(job, reply);
        return;
    }
    if (delay_ns > 0) {
        reply->lane = lane;
        reply->timer.fire = delay_over;
        fpool_http_lane_delay(lane, reply,
                              fpool_loop_now(lane->hub->loop) + delay_ns);
        return;
    }
    fpool_http_lane_enqueue(lane, host, reply,
                            decision->class == FPOOL_HTTP_THROTTLED);
}

/* True of endings from which nothing follows about the host. */
static bool is_mute(const struct fpool_http_end *end)
{
    switch (end->error) {
    case FPOOL_HTTP_ERROR_DNS_NXDOMAIN:
    case FPOOL_HTTP_ERROR_DNS_NODATA:
    case FPOOL_HTTP_ERROR_DNS_SERVFAIL:
    case FPOOL_HTTP_ERROR_DNS_REFUSED:
    case FPOOL_HTTP_ERROR_DNS_FAILED:
    case FPOOL_HTTP_ERROR_DNS_TIMEOUT:
    case FPOOL_HTTP_ERROR_TIMEOUT_TOTAL:
    case FPOOL_HTTP_ERROR_POLICY_ADDRESS:
    case FPOOL_HTTP_ERROR_DEADLINE:
    case FPOOL_HTTP_ERROR_CANCELLED:
        return true;
    default:
        return false;
    }
}

void fpool_http_lane_settle(struct fpool_http_lane *lane,
                            struct fpool_http_host *host,
                            struct fpool_http_reply *reply,
                            const struct fpool_http_end *end)
{
    struct fpool_http_job *job = lane->job;
    int64_t now = fpool_loop_now(lane->hub->loop);
    struct fpool_http_decision decision = decide(lane, host, reply, end);
    bool is_gone;

    if (end->error == FPOOL_HTTP_ERROR_LOCAL_DESCRIPTORS) {
        fpool_http_job_lower_limit(job);
        fpool_http_hub_shrink(lane->hub, atomic_load(&job->limit));
    }
    if (try_next_address(lane, host, reply, end, &decision)) {
        return;
    }
    if (decision.class == FPOOL_HTTP_THROTTLED) {
        fpool_http_count(&job->counters.throttled);
        decision.is_final = decision.is_final || job->options.tries == 1;
    }
    if (end->error == FPOOL_HTTP_ERROR_TIMEOUT_TOTAL && end->address >= 0) {
        /* It was not connected by then. */
        decision.class = FPOOL_HTTP_UNREACHED;
    }
    is_gone =
        (!is_mute(end) || decision.class == FPOOL_HTTP_UNREACHED) &&
        fpool_http_host_note(host, &job->rules, &decision, end->status_code > 0,
                             end->retry_after_ms >= 0, now);
    if (decision.is_final ||
        fpool_request_cancel_reason(reply->request) != FPOOL_OK) {
        finish(lane, reply, end, decision.class != FPOOL_HTTP_PERMANENT);
    } else {
        try_again(lane, host, reply, &decision);
    }
    if (is_gone) {
        struct fpool_http_end gone = {
            .error = FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN,
            .address = -1,
            .retry_after_ms = -1,
        };

        fpool_http_lane_settle_queue(lane, host, &gone);
    }
}

void fpool_http_lane_settle_queue(struct fpool_http_lane *lane,
                                  struct fpool_http_host *host,
                                  const struct fpool_http_end *end)
{
    struct fpool_list taken;

    /* What is tried again at once goes back into the queue. */
    fpool_list_init(&taken);
    while (host->n_queued > 0) {
        struct fpool_http_reply *reply =
            FPOOL_OWNER_OF(host->queue.next, struct fpool_http_reply, link);

        fpool_http_lane_dequeue(lane, host, reply);
        fpool_list_push(&taken, &reply->link);
    }
    while (!fpool_list_is_empty(&taken)) {
        struct fpool_http_reply *reply = FPOOL_OWNER_OF(
            fpool_list_pop(&taken), struct fpool_http_reply, link);

        if (end->error == FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN) {
            finish(lane, reply, end, true);
        } else {
            fpool_http_reply_count_try(reply);
            fpool_http_lane_settle(lane, host, reply, end);
        }
    }
}

/* The place of a transfer is free again. */
static void leave(struct fpool_http_lane *lane, struct fpool_http_host *host,
                  struct fpool_http_transfer *t)
{
    fpool_http_host_serve(host, fpool_now_ns() - t->start_ns,
                          fpool_loop_now(lane->hub->loop));
    fpool_list_remove(&t->link);
    lane->n_running--;
    host->n_running--;
    fpool_http_hub_release(lane->hub, t);
    fpool_http_job_release(lane->job);
}

void fpool_http_lane_ended(struct fpool_http_lane *lane,
                           struct fpool_http_host *host,
                           struct fpool_http_transfer *t,
                           struct fpool_http_reply *reply,
                           const struct fpool_http_end *end)
{
    struct fpool_http_job *job = lane->job;

    fpool_http_job_ref(job);
    leave(lane, host, t);
    fpool_http_lane_settle(lane, host, reply, end);
    if (host->n_queued > 0) {
        fpool_http_lane_name(lane, host);
    }
    fpool_http_lane_place(lane, host);
    fpool_http_lane_pump(lane);
    fpool_http_job_unref(job);
}

void fpool_http_lane_redirected(struct fpool_http_lane *lane,
                                struct fpool_http_host *host,
                                struct fpool_http_transfer *t,
                                struct fpool_http_reply *reply)
{
    struct fpool_http_job *job = lane->job;
    struct fpool_http_decision fine = { .class = FPOOL_HTTP_FINE };

    fpool_http_job_ref(job);
    fpool_http_count(&job->counters.redirects);
    leave(lane, host, t);
    fpool_http_host_note(host, &job->rules, &fine, true, false,
                         fpool_loop_now(lane->hub->loop));
    fpool_http_job_submit(job, reply);
    fpool_http_lane_place(lane, host);
    fpool_http_lane_pump(lane);
    fpool_http_job_unref(job);
}
