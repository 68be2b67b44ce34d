/* SPDX-License-Identifier: MIT */
/* The clients of the relay and their sockets.  Called by dns_relay.c. */
#include "dns_relay.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (4 << 20)

static void unlink_client(struct relay *r, struct client *c)
{
    *(c->previous == NULL ? &r->first : &c->previous->next) = c->next;
    *(c->next == NULL ? &r->last : &c->next->previous) = c->previous;
}

static void link_first(struct relay *r, struct client *c)
{
    c->previous = NULL;
    c->next = r->first;
    *(c->next == NULL ? &r->last : &c->next->previous) = c;
    r->first = c;
}

void client_close(struct relay *r, struct client *c)
{
    unlink_client(r, c);
    r->by_port[ntohs(c->address.sin_port)] = NULL;
    r->n_clients--;
    close(c->fd);
    free(c);
}

int relay_open(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int buffer = BUFFER_SIZE;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool relay_watch(struct relay *r, int fd, void *mark)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = mark };

    return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static struct client *open_client(struct relay *r,
                                  const struct sockaddr_in *address)
{
    struct client *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return NULL;
    }
    c->address = *address;
    c->fd = relay_open(0);
    if (c->fd < 0 ||
        connect(c->fd, (struct sockaddr *)&r->server, sizeof(r->server)) != 0 ||
        !relay_watch(r, c->fd, c)) {
        close(c->fd);
        free(c);
        return NULL;
    }
    link_first(r, c);
    r->by_port[ntohs(address->sin_port)] = c;
    r->n_clients++;
    r->count.clients++;
    return c;
}

static bool drop_oldest(struct relay *r)
{
    struct client *c = r->last;

    while (c != NULL && c->n_on_way > 0) {
        c = c->previous;
    }
    if (c == NULL) {
        return false;
    }
    client_close(r, c);
    return true;
}

/* The clients are all on loopback: nearly always their ports differ, and where
 * the same port comes from another address, the later one has it. */
struct client *client_find(struct relay *r, const struct sockaddr_in *address)
{
    struct client *c = r->by_port[ntohs(address->sin_port)];

    if (c != NULL && c->address.sin_addr.s_addr == address->sin_addr.s_addr) {
        unlink_client(r, c);
        link_first(r, c);
        return c;
    }
    if (c != NULL && c->n_on_way > 0) {
        return NULL;
    }
    if (c != NULL) {
        client_close(r, c);
    }
    if (r->n_clients == CLIENT_MAX && !drop_oldest(r)) {
        return NULL;
    }
    return open_client(r, address);
}
