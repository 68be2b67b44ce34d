/* SPDX-License-Identifier: MIT */
/* Hubs: drives libcurl by curl_multi_socket_action on the loop's epoll; called
 * by the loop and by libcurl, calls the transfers. */
#include "engine/http/hub.h"

#include <stdbool.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/http/transfer.h"

#define MIN_CONNECTIONS 64

/* A socket of libcurl's that is being watched. */
struct socket {
    struct fpool_watch watch;
    struct fpool_http_hub *hub;
};

static void act(struct fpool_http_hub *hub, curl_socket_t fd, int bits)
{
    int n_running;

    /* The codes it may return speak of the multi handle, and none of them has
     * a remedy; what happens to a transfer comes as its message. */
    (void)curl_multi_socket_action(hub->multi, fd, bits, &n_running);
}

static void socket_ready(struct fpool_watch *watch, uint32_t events)
{
    struct socket *s = FPOOL_OWNER_OF(watch, struct socket, watch);
    int bits = 0;

    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) {
        bits |= CURL_CSELECT_IN;
    }
    if ((events & EPOLLOUT) != 0) {
        bits |= CURL_CSELECT_OUT;
    }
    if ((events & EPOLLERR) != 0) {
        bits |= CURL_CSELECT_ERR;
    }
    act(s->hub, watch->fd, bits);
}

static uint32_t events_of(int what)
{
    return (what == CURL_POLL_OUT ? 0u : (uint32_t)EPOLLIN) |
           (what == CURL_POLL_IN ? 0u : (uint32_t)EPOLLOUT);
}

/* Begins to watch; false when there is no memory for it, here or in the
 * kernel. */
static bool socket_add(struct fpool_http_hub *hub, curl_socket_t fd, int what)
{
    struct socket *s = fpool_calloc(1, sizeof(*s));

    if (s == NULL) {
        return false;
    }
    s->hub = hub;
    s->watch.fd = fd;
    s->watch.ready = socket_ready;
    if (fpool_loop_watch(hub->loop, &s->watch, events_of(what)) != FPOOL_OK) {
        fpool_free(s);
        return false;
    }
    curl_multi_assign(hub->multi, fd, s);
    return true;
}

static void socket_remove(struct fpool_http_hub *hub, struct socket *s)
{
    fpool_loop_unwatch(hub->loop, &s->watch);
    fpool_free(s);
}

/* libcurl says what it waits for.  An answer other than 0 would end every
 * transfer of the multi handle, so a failure is told to the one concerned. */
static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *hub_,
                          void *socket_)
{
    struct fpool_http_hub *hub = hub_;
    struct socket *s = socket_;
    bool is_well = true;

    if (what == CURL_POLL_REMOVE) {
        if (s != NULL) {
            socket_remove(hub, s);
            curl_multi_assign(hub->multi, fd, NULL);
        }
    } else if (s == NULL) {
        is_well = socket_add(hub, fd, what);
    } else {
        is_well = fpool_loop_rewatch(hub->loop, &s->watch, events_of(what)) ==
                  FPOOL_OK;
    }
    if (!is_well) {
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
    fpool_loop_timer_set(hub->loop, &hub->timer, when);
    return 0;
}

static void timer_fired(struct fpool_loop_timer *timer)
{
    struct fpool_http_hub *hub =
        FPOOL_OWNER_OF(timer, struct fpool_http_hub, timer);

    act(hub, CURL_SOCKET_TIMEOUT, 0);
}

/* Runs after each round of the loop: what has ended? */
static void collect(void *self)
{
    struct fpool_http_hub *hub = self;
    int n_left;

    while (hub->multi != NULL) {
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

static void close_on_loop(struct fpool_post *post)
{
    struct fpool_http_hub *hub =
        FPOOL_OWNER_OF(post, struct fpool_http_hub, close_post);

    while (hub->free_transfers != NULL) {
        struct fpool_http_transfer *t = hub->free_transfers;

        hub->free_transfers = t->next;
        fpool_http_transfer_destroy(t);
    }
    /* Closing the connections that were kept open calls socket_changed(). */
    curl_multi_cleanup(hub->multi);
    hub->multi = NULL;
    fpool_loop_timer_close(hub->loop, &hub->timer);
}

static bool configure_multi(struct fpool_http_hub *hub)
{
    CURLM *m = hub->multi;

    return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, socket_changed) ==
               CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_SOCKETDATA, hub) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, timer_changed) ==
               CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_TIMERDATA, hub) == CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) ==
               CURLM_OK &&
           curl_multi_setopt(m, CURLMOPT_MAXCONNECTS,
                             (long)hub->max_connections) == CURLM_OK;
}

/* Everything but the thread. */
static enum fpool_status hub_prepare(struct fpool_http_hub *hub)
{
    struct fpool_loop_options options = { "fpool-http", collect, hub };

    hub->multi = curl_multi_init();
    if (hub->multi == NULL ||
        fpool_loop_create(&hub->loop, &options) != FPOOL_OK ||
        fpool_loop_timer_open(hub->loop, &hub->timer) != FPOOL_OK ||
        !configure_multi(hub)) {
        return FPOOL_ENOMEM;
    }
    return FPOOL_OK;
}

enum fpool_status fpool_http_hub_create(struct fpool_http_hub **ret_hub,
                                        struct fpool_http_writer *writer,
                                        const EVP_MD *sha256)
{
    struct fpool_http_hub *hub = fpool_calloc(1, sizeof(*hub));

    if (hub == NULL) {
        return FPOOL_ENOMEM;
    }
    hub->writer = writer;
    hub->sha256 = sha256;
    hub->max_connections = MIN_CONNECTIONS;
    hub->timer.fire = timer_fired;
    hub->close_post.run = close_on_loop;
    if (hub_prepare(hub) != FPOOL_OK ||
        fpool_loop_start(hub->loop) != FPOOL_OK) {
        curl_multi_cleanup(hub->multi);
        fpool_loop_destroy(&hub->loop);
        fpool_free(hub);
        return FPOOL_ENOMEM;
    }
    *ret_hub = hub;
    return FPOOL_OK;
}

void fpool_http_hub_destroy(struct fpool_http_hub **hub)
{
    struct fpool_http_hub *h = *hub;
    struct fpool_loop *loop;

    if (h == NULL) {
        return;
    }
    *hub = NULL;
    loop = h->loop; /* What is posted still finds it in the hub. */
    fpool_loop_post(loop, &h->close_post);
    fpool_loop_destroy(&loop);
    fpool_free(h);
}

struct fpool_http_transfer *fpool_http_hub_acquire(struct fpool_http_hub *hub)
{
    struct fpool_http_transfer *t = hub->free_transfers;

    if (t == NULL) {
        return fpool_http_transfer_create(hub);
    }
    hub->free_transfers = t->next;
    t->next = NULL;
    return t;
}

void fpool_http_hub_release(struct fpool_http_hub *hub,
                            struct fpool_http_transfer *transfer)
{
    transfer->next = hub->free_transfers;
    hub->free_transfers = transfer;
}

void fpool_http_hub_reserve(struct fpool_http_hub *hub, unsigned n)
{
    if (n > hub->max_connections) {
        hub->max_connections = n;
        curl_multi_setopt(hub->multi, CURLMOPT_MAXCONNECTS, (long)n);
    }
}
