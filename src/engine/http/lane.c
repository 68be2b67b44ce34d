/* SPDX-License-Identifier: MIT */
/* The scheduler: arrivals, turns, what is put aside.  Called by the job (any
 * thread) and, on the loop, by posts, timers and ending.c. */
#include "engine/http/lane.h"

#include "base/clock.h"
#include "engine/http/job.h"
#include "engine/http/transfer.h"

#define LOOK_AGAIN 4000000LL   /* at the earliest; nanoseconds */
#define LOOK_LATER 250000000LL /* at the latest */

static void arrive_on_loop(struct fpool_post *post);
static void wake_on_loop(struct fpool_post *post);
static void cancel_on_loop(struct fpool_post *post);
static void close_on_loop(struct fpool_post *post);

void fpool_http_lane_init(struct fpool_http_lane *lane,
                          struct fpool_http_job *job,
                          struct fpool_http_hub *hub, unsigned number,
                          struct fpool_http_names *names)
{
    lane->job = job;
    lane->hub = hub;
    lane->number = number;
    lane->names = names;
    lane->arrive_post.run = arrive_on_loop;
    lane->wake_post.run = wake_on_loop;
    lane->cancel_post.run = cancel_on_loop;
    lane->close_post.run = close_on_loop;
    fpool_list_init(&lane->ready);
    fpool_list_init(&lane->blocked);
    fpool_list_init(&lane->busy);
    fpool_list_init(&lane->idle);
    fpool_list_init(&lane->delayed);
    fpool_list_init(&lane->running);
}

/* ---- Any thread. */

void fpool_http_lane_submit(struct fpool_http_lane *lane,
                            struct fpool_http_reply *reply)
{
    struct fpool_http_reply *latest =
        atomic_load_explicit(&lane->inbox, memory_order_relaxed);

    do {
        reply->next = latest;
    } while (!atomic_compare_exchange_weak(&lane->inbox, &latest, reply));
    if (latest == NULL) {
        fpool_http_job_ref(lane->job);
        fpool_loop_post(lane->hub->loop, &lane->arrive_post);
    }
}

void fpool_http_lane_wake(struct fpool_http_lane *lane)
{
    struct fpool_http_hubs *hubs = lane->job->hubs;

    if (atomic_exchange(&lane->is_wake_posted, true)) {
        return;
    }
    /* Its loop may be about to end.  Posting never blocks, so that the lock is
     * held but for a moment. */
    fpool_mutex_lock(&hubs->mu);
    if (!hubs->is_closed) {
        fpool_http_job_ref(lane->job);
        fpool_loop_post(lane->hub->loop, &lane->wake_post);
    }
    fpool_mutex_unlock(&hubs->mu);
}

void fpool_http_lane_cancel(struct fpool_http_lane *lane)
{
    fpool_http_job_ref(lane->job);
    fpool_loop_post(lane->hub->loop, &lane->cancel_post);
}

void fpool_http_lane_close(struct fpool_http_lane *lane)
{
    fpool_http_job_ref(lane->job);
    fpool_loop_post(lane->hub->loop, &lane->close_post);
}

/* ---- Queues. */

void fpool_http_lane_count_waiting(struct fpool_http_lane *lane, int change)
{
    atomic_uint *n = &lane->n_waiting;

    atomic_store_explicit(
        n, atomic_load_explicit(n, memory_order_relaxed) + (unsigned)change,
        memory_order_relaxed);
}

void fpool_http_lane_enqueue(struct fpool_http_lane *lane,
                             struct fpool_http_host *host,
                             struct fpool_http_reply *reply, bool is_first)
{
    if (is_first) {
        fpool_list_push(host->queue.next, &reply->link);
    } else {
        fpool_list_push(&host->queue, &reply->link);
    }
    if (host->n_queued == 0 && host->n_running == 0) {
        host->silent_since = fpool_loop_now(lane->hub->loop);
    }
    host->n_queued++;
    fpool_http_lane_count_waiting(lane, 1);
}

void fpool_http_lane_dequeue(struct fpool_http_lane *lane,
                             struct fpool_http_host *host,
                             struct fpool_http_reply *reply)
{
    fpool_list_remove(&reply->link);
    host->n_queued--;
    fpool_http_lane_count_waiting(lane, -1);
}

void fpool_http_lane_delay(struct fpool_http_lane *lane,
                           struct fpool_http_reply *reply, int64_t when)
{
    fpool_list_push(&lane->delayed, &reply->link);
    fpool_http_timer_set(lane->hub, &reply->timer, when);
    fpool_http_lane_count_waiting(lane, 1);
}

void fpool_http_lane_undelay(struct fpool_http_lane *lane,
                             struct fpool_http_reply *reply)
{
    fpool_list_remove(&reply->link);
    fpool_http_timer_unset(lane->hub, &reply->timer);
    fpool_http_lane_count_waiting(lane, -1);
}

static struct fpool_http_reply *reply_of(struct fpool_list *link)
{
    return FPOOL_OWNER_OF(link, struct fpool_http_reply, link);
}

/* Ends a reply that is in no queue. */
static void finish_unasked(struct fpool_http_lane *lane,
                           struct fpool_http_reply *reply,
                           enum fpool_http_error error)
{
    fpool_http_reply_fail(reply, error, NULL);
    fpool_http_hub_finish(lane->hub, reply, 0);
}

/* Why the job's items end unasked; NONE while the job goes on. */
static enum fpool_http_error cancel_error(const struct fpool_http_reply *reply)
{
    return fpool_http_cancel_error(fpool_request_cancel_reason(reply->request));
}

static void arrive(struct fpool_http_lane *lane, struct fpool_http_reply *reply)
{
    enum fpool_http_error error = cancel_error(reply);
    struct fpool_http_host *host;

    if (error != FPOOL_HTTP_ERROR_NONE) {
        finish_unasked(lane, reply, error);
        return;
    }
    host = fpool_http_lane_host(lane, fpool_http_reply_target(reply));
    if (host == NULL) {
        finish_unasked(lane, reply, FPOOL_HTTP_ERROR_LOCAL_MEMORY);
        return;
    }
    if (host->gone_until > fpool_loop_now(lane->hub->loop)) {
        finish_unasked(lane, reply, FPOOL_HTTP_ERROR_CONNECT_HOST_DOWN);
        fpool_http_lane_place(lane, host);
        return;
    }
    fpool_http_lane_enqueue(lane, host, reply, false);
    fpool_http_lane_name(lane, host);
    fpool_http_lane_place(lane, host);
}

static void arrive_on_loop(struct fpool_post *post)
{
    struct fpool_http_lane *lane =
        FPOOL_OWNER_OF(post, struct fpool_http_lane, arrive_post);
    struct fpool_http_reply *latest = atomic_exchange(&lane->inbox, NULL);
    struct fpool_http_reply *first = NULL;

    fpool_http_hub_know(lane->hub, lane);
    while (latest != NULL) { /* The latest came first. */
        struct fpool_http_reply *next = latest->next;

        latest->next = first;
        first = latest;
        latest = next;
    }
    while (first != NULL) {
        struct fpool_http_reply *next = first->next;

        arrive(lane, first);
        first = next;
    }
    lane->looked_ns = 0; /* They may have filled the window. */
    fpool_http_lane_pump(lane);
    fpool_http_job_unref(lane->job);
}

static void wake_on_loop(struct fpool_post *post)
{
    struct fpool_http_lane *lane =
        FPOOL_OWNER_OF(post, struct fpool_http_lane, wake_post);

    atomic_store(&lane->is_wake_posted, false);
    lane->is_woken = true; /* It does not wake others in turn. */
    fpool_http_lane_pump(lane);
    lane->is_woken = false;
    fpool_http_job_unref(lane->job);
}

/* ---- Turns. */

static void rate_timer_fired(struct fpool_http_timer *node)
{
    struct fpool_http_lane *lane =
        FPOOL_OWNER_OF(node, struct fpool_http_lane, rate_timer);

    fpool_http_lane_pump(lane);
}

/* Starts the first reply of 'host', which is ready. */
static void start(struct fpool_http_lane *lane, struct fpool_http_host *host)
{
    struct fpool_http_reply *reply = reply_of(host->queue.next);
    struct fpool_http_transfer *t = fpool_http_hub_acquire(lane->hub);

    fpool_http_lane_dequeue(lane, host, reply);
    if (t == NULL) {
        fpool_http_job_release(lane->job);
        finish_unasked(lane, reply, FPOOL_HTTP_ERROR_LOCAL_MEMORY);
        fpool_http_lane_place(lane, host);
        return;
    }
    fpool_http_host_take(host, &lane->job->rules,
                         fpool_loop_now(lane->hub->loop));
    fpool_http_lane_place(lane, host);
    fpool_http_transfer_begin(t, lane, host, reply);
}

/* There is room, and nothing that could start.  It is looked at now and then,
 * also when nothing else happens. */
static void look_aside(struct fpool_http_lane *lane)
{
    int64_t now = fpool_loop_now(lane->hub->loop);
    int64_t next = now + LOOK_LATER;

    if (now - lane->looked_ns >= LOOK_AGAIN) {
        lane->looked_ns = now;
        fpool_http_lane_defer(lane);
    } else {
        next = lane->looked_ns + LOOK_AGAIN;
    }
    if (!fpool_wheel_is_set(&lane->rate_timer.node) ||
        lane->rate_timer.node.when > next) {
        lane->rate_timer.fire = rate_timer_fired;
        fpool_http_timer_set(lane->hub, &lane->rate_timer, next);
    }
}

void fpool_http_lane_pump(struct fpool_http_lane *lane)
{
    struct fpool_http_job *job = lane->job;
    bool has_room = true;

    /* A transfer that fails at once pumps too, and is not to recurse. */
    if (lane->is_pumping) {
        return;
    }
    lane->is_pumping = true;
    fpool_http_job_ref(job);
    while (!fpool_list_is_empty(&lane->ready)) {
        int64_t when;

        if (!fpool_http_job_acquire(job, lane)) {
            has_room = false;
            break;
        }
        if (!fpool_http_job_take_rate(job, fpool_loop_now(lane->hub->loop),
                                      &when)) {
            fpool_http_job_release(job);
            lane->rate_timer.fire = rate_timer_fired;
            fpool_http_timer_set(lane->hub, &lane->rate_timer, when);
            has_room = false;
            break;
        }
        start(lane,
              FPOOL_OWNER_OF(lane->ready.next, struct fpool_http_host, link));
    }
    if (has_room && atomic_load(&lane->n_waiting) > 0 &&
        atomic_load(&job->n_running) < atomic_load(&job->limit)) {
        look_aside(lane);
    }
    fpool_http_job_offer(job);
    lane->is_pumping = false;
    fpool_http_job_unref(job);
}

/* ---- The end. */

static void cancel_delayed(struct fpool_http_lane *lane)
{
    while (!fpool_list_is_empty(&lane->delayed)) {
        struct fpool_http_reply *reply = reply_of(lane->delayed.next);
        enum fpool_http_error error = cancel_error(reply);

        fpool_http_lane_undelay(lane, reply);
        finish_unasked(lane, reply,
                       error != FPOOL_HTTP_ERROR_NONE
                           ? error
                           : FPOOL_HTTP_ERROR_CANCELLED);
    }
}

static void cancel_queues(struct fpool_http_lane *lane, struct fpool_list *list)
{
    struct fpool_list *link = list->next;

    while (link != list) {
        struct fpool_http_host *host =
            FPOOL_OWNER_OF(link, struct fpool_http_host, link);

        link = link->next;
        while (host->n_queued > 0) {
            struct fpool_http_reply *reply = reply_of(host->queue.next);
            enum fpool_http_error error = cancel_error(reply);

            fpool_http_lane_dequeue(lane, host, reply);
            finish_unasked(lane, reply,
                           error != FPOOL_HTTP_ERROR_NONE
                               ? error
                               : FPOOL_HTTP_ERROR_CANCELLED);
        }
        fpool_http_lane_place(lane, host);
    }
}

static void cancel_on_loop(struct fpool_post *post)
{
    struct fpool_http_lane *lane =
        FPOOL_OWNER_OF(post, struct fpool_http_lane, cancel_post);
    bool was_pumping = lane->is_pumping;
    struct fpool_list *link;
    struct fpool_list *next;

    lane->is_pumping = true; /* Nothing new meanwhile. */
    cancel_delayed(lane);
    cancel_queues(lane, &lane->ready);
    cancel_queues(lane, &lane->blocked);
    for (link = lane->running.next; link != &lane->running; link = next) {
        next = link->next;
        fpool_http_transfer_cancel(
            FPOOL_OWNER_OF(link, struct fpool_http_transfer, link));
    }
    lane->is_pumping = was_pumping;
    fpool_http_job_unref(lane->job);
}

static void close_on_loop(struct fpool_post *post)
{
    struct fpool_http_lane *lane =
        FPOOL_OWNER_OF(post, struct fpool_http_lane, close_post);

    fpool_http_lane_forget_hosts(lane);
    if (fpool_list_has(&lane->link)) {
        fpool_list_remove(&lane->link);
        fpool_http_job_unref(lane->job);
    }
    fpool_http_job_unref(lane->job);
}
