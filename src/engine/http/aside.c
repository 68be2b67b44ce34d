/* SPDX-License-Identifier: MIT */
/* Putting aside, on disk, what cannot start for now.  Called by lane.c. */
#include "base/clock.h"
#include "engine/http/job.h"
#include "engine/http/lane.h"

#define MS 1000000LL

/* Of a host that must wait so many milliseconds, nearly everything may be put
 * aside. */
#define LONG_PAUSE (1000 * MS)

#define SHORT_WHILE (250 * MS)

/* Items whose next try is further away may be put aside. */
#define LONG_DELAY (1000 * MS)

static struct fpool_http_reply *reply_of(struct fpool_list *link)
{
    return FPOOL_OWNER_OF(link, struct fpool_http_reply, link);
}

/* A reply that is under way after a redirect begins again from its first URL,
 * where that may be done twice. */
static bool may_begin_again(const struct fpool_http_reply *reply,
                            const struct fpool_http_op *options)
{
    struct fpool_http_reply first = { .what = reply->what };

    return reply->last.request == NULL ||
           fpool_http_is_idempotent(fpool_http_reply_method(&first, options));
}

static bool defer(struct fpool_http_lane *lane, struct fpool_http_reply *reply,
                  int64_t delay_ns)
{
    struct fpool_request *request = reply->request;
    struct fpool_request_note note;

    if (!may_begin_again(reply, &lane->job->options) ||
        !fpool_request_can_defer(request)) {
        return false;
    }
    if (reply->last.request != NULL) {
        fpool_http_reply_again(reply, false);
    }
    fpool_http_reply_note(reply, &note);
    fpool_http_reply_release(reply);
    fpool_http_count(&lane->job->counters.deferred);
    fpool_request_defer(request, &note, delay_ns > 0 ? delay_ns / MS : 0);
    fpool_http_job_unref(lane->job);
    return true;
}

/* Of a host that is only busy, so many stay at hand as it serves in a short
 * while: they would be back sooner than from the disk. */
static unsigned kept_of(const struct fpool_http_host *host, int64_t wait_ns,
                        int64_t each)
{
    unsigned at_hand = 2 * host->limit + 2;

    if (wait_ns > LONG_PAUSE) {
        return 1;
    }
    if (wait_ns > 0) {
        return at_hand;
    }
    return SHORT_WHILE / each < 1 << 20
               ? (unsigned)(SHORT_WHILE / each) + at_hand
               : 1 << 20;
}

/* How long the host takes for each, as far as is known. */
static int64_t time_for_each(const struct fpool_http_host *host, int64_t now)
{
    int64_t each = now - host->silent_since;

    each = each > host->service_ns ? each : host->service_ns;
    each = each / host->limit + 1;
    return each > host->interval_ns ? each : host->interval_ns;
}

static bool defer_host(struct fpool_http_lane *lane,
                       struct fpool_http_host *host)
{
    int64_t now = fpool_loop_now(lane->hub->loop);
    int64_t when = fpool_http_host_when(host, now);
    int64_t wait_ns = when == FPOOL_NEVER || when < now ? 0 : when - now;
    int64_t each = time_for_each(host, now);
    unsigned kept = kept_of(host, wait_ns, each);
    /* Not wanted back before those at hand are served. */
    int64_t back_ns =
        each < LONG_PAUSE ? wait_ns + each * (2 * host->limit + 2) : wait_ns;
    struct fpool_list *link = host->queue.previous;
    bool did = false;

    while (host->n_queued > kept && link != &host->queue) {
        struct fpool_http_reply *reply = reply_of(link);
        struct fpool_list *next = link->next;

        link = link->previous;
        if (!fpool_request_can_defer(reply->request)) {
            break;
        }
        fpool_http_lane_dequeue(lane, host, reply);
        if (defer(lane, reply, back_ns)) {
            did = true;
        } else {
            fpool_list_push(next, &reply->link);
            host->n_queued++;
            fpool_http_lane_count_waiting(lane, 1);
        }
    }
    return did;
}

static bool defer_delayed(struct fpool_http_lane *lane)
{
    int64_t now = fpool_loop_now(lane->hub->loop);
    struct fpool_list *link = lane->delayed.next;
    bool did = false;

    while (link != &lane->delayed) {
        struct fpool_http_reply *reply = reply_of(link);
        int64_t wait_ns = reply->timer.node.when - now;

        link = link->next;
        if (wait_ns < LONG_DELAY) {
            continue;
        }
        fpool_http_lane_undelay(lane, reply);
        if (!defer(lane, reply, wait_ns)) {
            fpool_http_lane_delay(lane, reply, now + wait_ns);
            break;
        }
        did = true;
    }
    return did;
}

void fpool_http_lane_defer(struct fpool_http_lane *lane)
{
    struct fpool_list *link = lane->blocked.next;
    bool did = defer_delayed(lane);
    unsigned i;

    while (link != &lane->blocked) {
        struct fpool_http_host *host =
            FPOOL_OWNER_OF(link, struct fpool_http_host, link);

        link = link->next;
        did = defer_host(lane, host) || did;
    }
    /* Perhaps another lane has what fills the window. */
    for (i = 0; !did && !lane->is_woken && i < lane->job->n_lanes; i++) {
        struct fpool_http_lane *other = &lane->job->lanes[i];

        if (other != lane && atomic_load(&other->n_waiting) > 0) {
            fpool_http_lane_wake(other);
        }
    }
}
