/* SPDX-License-Identifier: MIT */
/* Sockets between libcurl and the loop; called by libcurl, through hub.c and
 * setup.c, and by the loop. */
#include "engine/http/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define FIRST_SIZE 256

struct fpool_http_socket {
    struct fpool_watch watch;
    struct fpool_http_sockets *all;
    uint32_t events;
    bool is_watched;
    bool is_idle; /* libcurl does not want to know, or not yet */
    bool is_ours; /* closed by us, so that we know when */
};

static void forget(struct fpool_http_socket *s)
{
    struct fpool_http_sockets *all = s->all;

    all->list[s->watch.fd] = NULL;
    if (s->is_watched) {
        fpool_loop_unwatch(all->loop, &s->watch);
    }
    fpool_free(s);
}

static struct fpool_http_socket *find(const struct fpool_http_sockets *all,
                                      int fd)
{
    return (size_t)fd < all->n ? all->list[fd] : NULL;
}

static void ready(struct fpool_watch *watch, uint32_t events)
{
    struct fpool_http_socket *s =
        FPOOL_OWNER_OF(watch, struct fpool_http_socket, watch);
    int bits = 0;
    int n_running;

    if (s->is_idle) {
        /* The other side ends a connection that is kept open. */
        fpool_loop_unwatch(s->all->loop, watch);
        s->is_watched = false;
        return;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) {
        bits |= CURL_CSELECT_IN;
    }
    if ((events & EPOLLOUT) != 0) {
        bits |= CURL_CSELECT_OUT;
    }
    if ((events & EPOLLERR) != 0) {
        bits |= CURL_CSELECT_ERR;
    }
    /* The codes it may return speak of the multi handle, and none of them has
     * a remedy; what happens to a transfer comes as its message. */
    (void)curl_multi_socket_action(s->all->multi, watch->fd, bits, &n_running);
}

/* Room for a socket with number 'fd'. */
static bool grow(struct fpool_http_sockets *all, int fd)
{
    size_t n = all->n == 0 ? FIRST_SIZE : all->n;
    struct fpool_http_socket **list;

    if ((size_t)fd < all->n) {
        return true;
    }
    while (n <= (size_t)fd) {
        n *= 2;
    }
    list = fpool_realloc(all->list, n * sizeof(struct fpool_http_socket *));
    if (list == NULL) {
        return false;
    }
    memset(list + all->n, 0, (n - all->n) * sizeof(struct fpool_http_socket *));
    all->list = list;
    all->n = n;
    return true;
}

static struct fpool_http_socket *add(struct fpool_http_sockets *all, int fd,
                                     bool is_ours)
{
    struct fpool_http_socket *s;

    if (!grow(all, fd)) {
        return NULL;
    }
    if (all->list[fd] != NULL) {
        forget(all->list[fd]); /* closed without a word */
    }
    s = fpool_calloc(1, sizeof(*s));
    if (s != NULL) {
        s->all = all;
        s->is_ours = is_ours;
        s->is_idle = true;
        s->watch.fd = fd;
        s->watch.ready = ready;
        all->list[fd] = s;
    }
    return s;
}

int fpool_http_sockets_open(struct fpool_http_sockets *sockets,
                            const struct curl_sockaddr *address)
{
    /* libcurl itself makes sockets that a child of this process would
     * inherit. */
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                    address->protocol);

    if (fd >= 0 && add(sockets, fd, true) == NULL) {
        close(fd);
        errno = ENOMEM;
        return -1;
    }
    return fd;
}

int fpool_http_sockets_close(void *sockets, curl_socket_t fd)
{
    struct fpool_http_socket *s = find(sockets, fd);

    if (s != NULL) {
        forget(s);
    }
    return close(fd);
}

static uint32_t events_of(int what)
{
    return (what == CURL_POLL_OUT ? 0u : (uint32_t)EPOLLIN) |
           (what == CURL_POLL_IN ? 0u : (uint32_t)EPOLLOUT);
}

static void release(struct fpool_http_socket *s)
{
    if (s != NULL) {
        s->is_idle = true;
        if (!s->is_ours || s->all->is_plain) {
            forget(s);
        }
    }
}

void fpool_http_sockets_plain(struct fpool_http_sockets *sockets)
{
    size_t i;

    for (i = 0; !sockets->is_plain && i < sockets->n; i++) {
        if (sockets->list[i] != NULL && sockets->list[i]->is_idle) {
            forget(sockets->list[i]);
        }
    }
    sockets->is_plain = true;
}

bool fpool_http_sockets_want(struct fpool_http_sockets *sockets,
                             curl_socket_t fd, int what)
{
    struct fpool_http_socket *s = find(sockets, fd);
    uint32_t events = events_of(what);
    enum fpool_status status = FPOOL_OK;

    if (what == CURL_POLL_REMOVE) {
        release(s);
        return true;
    }
    s = s != NULL ? s : add(sockets, fd, false);
    if (s == NULL) {
        return false;
    }
    s->is_idle = false;
    if (!s->is_watched) {
        status = fpool_loop_watch(sockets->loop, &s->watch, events);
        s->is_watched = status == FPOOL_OK;
    } else if (s->events != events) {
        status = fpool_loop_rewatch(sockets->loop, &s->watch, events);
    }
    s->events = events;
    return status == FPOOL_OK;
}

void fpool_http_sockets_fini(struct fpool_http_sockets *sockets)
{
    size_t i;

    for (i = 0; i < sockets->n; i++) {
        if (sockets->list[i] != NULL) {
            forget(sockets->list[i]);
        }
    }
    fpool_free(sockets->list);
    sockets->list = NULL;
    sockets->n = 0;
}
