/* SPDX-License-Identifier: MIT */
/* The scripted server; used by engine_test.c. */
#include "engine/http/server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/check.h"

static const struct server_answer *the_answers;
static size_t n_answers;
static int listener = -1;
static int port;
static pthread_t acceptor;
static atomic_int is_stopping;
static atomic_int n_connections;
static atomic_int n_requests;

static const struct server_answer *find(const char *request)
{
    size_t i;

    for (i = 0; i < n_answers; i++) {
        size_t size = strlen(the_answers[i].path);

        if (strncmp(request, "GET ", 4) == 0 &&
            strncmp(request + 4, the_answers[i].path, size) == 0 &&
            request[4 + size] == ' ') {
            return &the_answers[i];
        }
    }
    return NULL;
}

/* Reads until the blank line; false when the client has gone. */
static bool read_request(int fd, char *request, size_t size)
{
    size_t used = 0;

    while (used + 1 < size) {
        ssize_t n = read(fd, request + used, size - used - 1);

        if (n <= 0) {
            return false;
        }
        used += (size_t)n;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) {
            return true;
        }
    }
    return false;
}

static bool send_text(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

        if (n <= 0) {
            return false;
        }
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static void wait_for_close(int fd)
{
    while (!atomic_load(&is_stopping)) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        char byte;

        if (poll(&p, 1, 50) > 0 && read(fd, &byte, 1) <= 0) {
            return;
        }
    }
}

static void fill(int fd, size_t n)
{
    char block[16384];

    memset(block, 'x', sizeof(block));
    while (n > 0) {
        size_t size = n < sizeof(block) ? n : sizeof(block);

        if (!send_text(fd, block, size)) {
            return;
        }
        n -= size;
    }
}

static void answer(int fd, const struct server_answer *a)
{
    struct linger linger = { 1, 0 };

    if (!send_text(fd, a->head, strlen(a->head))) {
        return;
    }
    switch (a->end) {
    case SERVER_CLOSE:
        break;
    case SERVER_HANG:
        wait_for_close(fd);
        break;
    case SERVER_RESET:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        break;
    case SERVER_REPEAT:
        while (!atomic_load(&is_stopping) &&
               send_text(fd, a->repeat, strlen(a->repeat))) {
        }
        break;
    case SERVER_FILL:
        fill(fd, a->n_fill);
        break;
    }
}

static void *serve(void *argument)
{
    int fd = (int)to_int(argument);
    char request[8192];

    if (read_request(fd, request, sizeof(request))) {
        const struct server_answer *a = find(request);

        atomic_fetch_add(&n_requests, 1);
        if (a != NULL) {
            answer(fd, a);
        }
    }
    close(fd);
    atomic_fetch_sub(&n_connections, 1);
    return NULL;
}

static void *accept_all(void *argument)
{
    (void)argument;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;

        if (fd < 0) {
            return NULL;
        }
        atomic_fetch_add(&n_connections, 1);
        if (pthread_create(&thread, NULL, serve, from_int((uintptr_t)fd)) ==
            0) {
            pthread_detach(thread);
        } else {
            close(fd);
            atomic_fetch_sub(&n_connections, 1);
        }
    }
}

void server_start(const struct server_answer *answers, size_t n)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);

    the_answers = answers;
    n_answers = n;
    atomic_store(&is_stopping, 0);
    atomic_store(&n_requests, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 128), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size),
                     0);
    port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&acceptor, NULL, accept_all, NULL), 0);
}

const char *server_url(const char *path)
{
    static char urls[64][256];
    static unsigned next;
    char *url = urls[next++ % 64];

    snprintf(url, sizeof(urls[0]), "http://127.0.0.1:%d%s", port, path);
    return url;
}

int server_port(void)
{
    return port;
}

int server_n_requests(void)
{
    return atomic_load(&n_requests);
}

void server_stop(void)
{
    atomic_store(&is_stopping, 1);
    shutdown(listener, SHUT_RDWR);
    pthread_join(acceptor, NULL);
    close(listener);
    while (atomic_load(&n_connections) > 0) {
        poll(NULL, 0, 1);
    }
}
