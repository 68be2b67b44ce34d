/* SPDX-License-Identifier: MIT */
/* Hubs: drives libcurl by curl_multi_socket_action on the loop's epoll; called
 * by the loop and by libcurl, calls the transfers. */
#include "engine/http/hub.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/job.h"
#include "engine/http/transfer.h"

#define MIN_CONNECTIONS 64

/* libcurl says what it waits for.  An answer other than 0 would end every
 * transfer of the multi handle, so a failure is told to the one concerned. */
static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *hub_,
                          void *unused)
{
    struct fpool_http_hub *hub = hub_;

    (void)unused;
    if (!fpool_http_sockets_want(&hub->sockets, fd, what)) {
        struct fpool_http_transfer *t = NULL;

        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
        fpool_http_transfer_doom(t, FPOOL_HTTP_ERROR_LOCAL_MEMORY);
    }
    return 0;
}

static int timer_changed(CURLM *multi, long timeout_ms, void *hub_)
{
    struct fpool_http_hub *hub = hub_;
    int64_t when = FPOOL_NEVER;

    (void)multi;
    if (timeout_ms >= 0) {
        when = fpool_now_ns() + (int64_t)timeout_ms * 1000000;
    }
    fpool_loop_timer_set(hub->loop, &hub->multi_timer, when);
    return 0;
}

static void multi_timer_fired(struct fpool_loop_timer *timer)
{
    struct fpool_http_hub *hub =
        FPOOL_OWNER_OF(timer, struct fpool_http_hub, multi_timer);

    int n_running;

    (void)curl_multi_socket_action(hub->multi, CURL_SOCKET_TIMEOUT, 0,
                                   &n_running);
}

/* ---- Our timers. */

static void wheel_timer_fired(struct fpool_loop_timer *timer)
{
    struct fpool_http_hub *hub =
        FPOOL_OWNER_OF(timer, struct fpool_http_hub, wheel_timer);

    hub->wheel_when = FPOOL_NEVER; /* The round's end advances the wheel. */
}

static void node_fired(struct fpool_wheel_node *node, void *hub)
{
    struct fpool_http_timer *timer =
        FPOOL_OWNER_OF(node, struct fpool_http_timer, node);

    (void)hub;
    timer->fire(timer);
}

void fpool_http_timer_set(struct fpool_http_hub *hub,
                          struct fpool_http_timer *timer, int64_t when_ns)
{
    if (when_ns == FPOOL_NEVER) {
        fpool_wheel_remove(&hub->wheel, &timer->node);
    } else {
        fpool_wheel_set(&hub->wheel, &timer->node, when_ns);
    }
}

void fpool_http_timer_unset(struct fpool_http_hub *hub,
                            struct fpool_http_timer *timer)
{
    fpool_wheel_remove(&hub->wheel, &timer->node);
}

/* ---- Rounds. */

/* What has ended? */
static void collect(struct fpool_http_hub *hub)
{
    int n_left;

    for (;;) {
        CURLMsg *message = curl_multi_info_read(hub->multi, &n_left);
        struct fpool_http_transfer *t = NULL;
        CURLcode code;

        if (message == NULL) {
            return;
        }
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        fpool_http_transfer_done(t, code);
    }
}

static void round_names(struct fpool_http_hub *hub)
{
    struct fpool_http_known *known;

    /* The list only grows, at its head. */
    fpool_mutex_lock(&hub->mu);
    known = hub->known;
    fpool_mutex_unlock(&hub->mu);
    while (known != NULL) {
        fpool_http_names_round(known->names);
        known = known->next;
    }
}

static void flush(struct fpool_http_hub *hub)
{
    while (hub->first_done != NULL) {
        struct fpool_request *first = hub->first_done;

        hub->first_done = NULL;
        hub->last_done = &hub->first_done;
        fpool_requests_finish(first);
    }
}

static void after_round(void *self)
{
    struct fpool_http_hub *hub = self;
    int64_t when;

    if (hub->multi != NULL) {
        round_names(hub);
        if (hub->n_http2 > 0) {
            int n_running;

            /* 7.88.1 leaves data that came with another stream's until a timer
             * of a second fires. */
            (void)curl_multi_perform(hub->multi, &n_running);
        }
        collect(hub);
        fpool_wheel_advance(&hub->wheel, fpool_loop_now(hub->loop), node_fired,
                            hub);
        when = fpool_wheel_next(&hub->wheel);
        if (when != hub->wheel_when) {
            hub->wheel_when = when;
            fpool_loop_timer_set(hub->loop, &hub->wheel_timer, when);
        }
    }
    flush(hub);
}

void fpool_http_hub_finish(struct fpool_http_hub *hub,
                           struct fpool_http_reply *reply, int code)
{
    struct fpool_http_job *job = reply->job;
    struct fpool_request *request = reply->request;

    fpool_http_reply_complete(reply, code);
    request->next = NULL;
    *hub->last_done = request;
    hub->last_done = &request->next;
    fpool_http_job_unref(job);
}

uint32_t fpool_http_hub_random(struct fpool_http_hub *hub)
{
    /* splitmix64: for spreading, not for secrets. */
    uint64_t x = hub->random += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(x >> 32);
}

/* ---- Names. */

static struct fpool_http_names *find_names(struct fpool_http_hub *hub,
                                           const char *resolvers)
    FPOOL_REQUIRES(hub->mu)
{
    struct fpool_http_known *known = hub->known;
    const char *text = resolvers == NULL ? "" : resolvers;

    while (known != NULL &&
           strcmp(fpool_http_names_resolvers(known->names), text) != 0) {
        known = known->next;
    }
    return known == NULL ? NULL : known->names;
}

enum fpool_status fpool_http_hub_names(struct fpool_http_hub *hub,
                                       const char *resolvers,
                                       struct fpool_http_names **ret_names)
{
    struct fpool_http_known *known = fpool_calloc(1, sizeof(*known));
    struct fpool_http_names *found;
    enum fpool_status status;

    *ret_names = NULL;
    if (known == NULL) {
        return FPOOL_ENOMEM;
    }
    fpool_mutex_lock(&hub->mu);
    found = find_names(hub, resolvers);
    fpool_mutex_unlock(&hub->mu);
    if (found != NULL) {
        fpool_free(known);
        *ret_names = found;
        return FPOOL_OK;
    }
    status = fpool_http_names_create(&known->names, hub->loop, resolvers);
    if (status != FPOOL_OK || known->names == NULL) {
        fpool_free(known);
        return status;
    }
    fpool_mutex_lock(&hub->mu);
    found = find_names(hub, resolvers);
    if (found == NULL) {
        known->next = hub->known;
        hub->known = known;
        *ret_names = known->names;
        known = NULL;
    }
    fpool_mutex_unlock(&hub->mu);
    if (known != NULL) { /* Somebody was faster. */
        fpool_http_names_destroy(&known->names);
        fpool_free(known);
        *ret_names = found;
    }
    return FPOOL_OK;
}

/* ---- The end of a hub. */

void fpool_http_hub_know(struct fpool_http_hub *hub,
                         struct fpool_http_lane *lane)
{
    if (!fpool_list_has(&lane->link)) {
        fpool_http_job_ref(lane->job);
        fpool_list_push(&hub->lanes, &lane->link);
        if (lane->names == NULL ||
            fpool_http_proxy_is_used(&lane->job->proxy)) {
            fpool_http_sockets_plain(&hub->sockets);
        }
        /* All hubs together keep as many as the job may have at once. */
        fpool_http_hub_reserve(
            hub, lane->job->options.in_flight / lane->job->n_lanes + 1);
    }
}

static void close_names(struct fpool_http_hub *hub)
{
    struct fpool_http_known *known;

    fpool_mutex_lock(&hub->mu);
    known = hub->known;
    fpool_mutex_unlock(&hub->mu);
    while (known != NULL) {
        fpool_http_names_close(known->names);
        known = known->next;
    }
}

static void close_on_loop(struct fpool_post *post)
{
    struct fpool_http_hub *hub =
        FPOOL_OWNER_OF(post, struct fpool_http_hub, close_post);
    struct fpool_list *link;

    flush(hub);
    while ((link = fpool_list_pop(&hub->lanes)) != NULL) {
        struct fpool_http_lane *lane =
            FPOOL_OWNER_OF(link, struct fpool_http_lane, link);

        fpool_http_lane_forget_hosts(lane);
        fpool_http_job_unref(lane->job);
    }
    close_names(hub);
    while (hub->free_transfers != NULL) {
        struct fpool_http_transfer *t = hub->free_transfers;

        hub->free_transfers = t->next_free;
        fpool_http_transfer_destroy(t);
    }
    /* Closes the connections that were kept open. */
    curl_multi_cleanup(hub->multi);
    hub->multi = NULL;
    fpool_http_sockets_fini(&hub->sockets);
    fpool_loop_timer_close(hub->loop, &hub->multi_timer);
    fpool_loop_timer_close(hub->loop, &hub->wheel_timer);
}

static void hub_release(struct fpool_http_hub *hub)
{
    struct fpool_http_known *known;

    fpool_mutex_lock(&hub->mu);
    known = hub->known;
    fpool_mutex_unlock(&hub->mu);
    while (known != NULL) {
        struct fpool_http_known *next = known->next;

        fpool_http_names_destroy(&known->names);
        fpool_free(known);
        known = next;
    }
    fpool_mutex_fini(&hub->mu);
    fpool_free(hub);
}

void fpool_http_hub_destroy(struct fpool_http_hub *hub)
{
    struct fpool_loop *loop = hub->loop; /* What is posted still finds it. */

    fpool_loop_post(loop, &hub->close_post);
    fpool_loop_destroy(&loop);
    hub_release(hub);
}

/* ---- The beginning. */

static bool configure_multi(struct fpool_http_hub *hub)
{
    CURLM *m = hub->multi;

    return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, socket_changed) ==
               CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_SOCKETDATA, hub) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, timer_changed) ==
               CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERDATA, hub) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) ==
               CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_MAXCONNECTS,
                             (long)hub->max_connections) == CURLM_OK;
}

/* Everything but the thread. */
static enum fpool_status hub_prepare(struct fpool_http_hub *hub)
{
    struct fpool_loop_options options = { "fpool-http", after_round, hub };

    hub->multi = curl_multi_init();
    if (hub->multi == NULL ||
        fpool_loop_create(&hub->loop, &options) != FPOOL_OK ||
        fpool_loop_timer_open(hub->loop, &hub->multi_timer) != FPOOL_OK ||
        fpool_loop_timer_open(hub->loop, &hub->wheel_timer) != FPOOL_OK ||
        !configure_multi(hub)) {
        return FPOOL_ENOMEM;
    }
    hub->sockets.loop = hub->loop;
    hub->sockets.multi = hub->multi;
    return FPOOL_OK;
}

struct fpool_http_hub *fpool_http_hub_create(struct fpool_http_writer *writer)
{
    struct fpool_http_hub *hub = fpool_calloc(1, sizeof(*hub));

    if (hub == NULL) {
        return NULL;
    }
    fpool_mutex_init(&hub->mu);
    hub->writer = writer;
    hub->max_connections = MIN_CONNECTIONS;
    hub->multi_timer.fire = multi_timer_fired;
    hub->wheel_timer.fire = wheel_timer_fired;
    hub->wheel_when = FPOOL_NEVER;
    hub->close_post.run = close_on_loop;
    hub->last_done = &hub->first_done;
    hub->random = (uint64_t)fpool_now_ns();
    fpool_list_init(&hub->lanes);
    fpool_wheel_init(&hub->wheel, fpool_now_ns());
    if (hub_prepare(hub) != FPOOL_OK ||
        fpool_loop_start(hub->loop) != FPOOL_OK) {
        curl_multi_cleanup(hub->multi);
        fpool_loop_destroy(&hub->loop);
        hub_release(hub);
        return NULL;
    }
    return hub;
}

/* ---- Transfers. */

struct fpool_http_transfer *fpool_http_hub_acquire(struct fpool_http_hub *hub)
{
    struct fpool_http_transfer *t = hub->free_transfers;

    if (t == NULL) {
        return fpool_http_transfer_create(hub);
    }
    hub->free_transfers = t->next_free;
    t->next_free = NULL;
    return t;
}

void fpool_http_hub_release(struct fpool_http_hub *hub,
                            struct fpool_http_transfer *transfer)
{
    transfer->next_free = hub->free_transfers;
    hub->free_transfers = transfer;
}

void fpool_http_hub_reserve(struct fpool_http_hub *hub, unsigned n)
{
    if (n > hub->max_connections) {
        hub->max_connections = n;
        curl_multi_setopt(hub->multi, CURLMOPT_MAXCONNECTS, (long)n);
    }
}

void fpool_http_hub_shrink(struct fpool_http_hub *hub, unsigned n)
{
    if (n < hub->max_connections) {
        hub->max_connections = n;
        curl_multi_setopt(hub->multi, CURLMOPT_MAXCONNECTS, (long)n);
    }
}
