/* SPDX-License-Identifier: MIT */
/* Programs and sockets beside a test; called by the tests of the http
 * engine. */
#include "engine/http/web.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

#define MAX_ARGUMENTS 32

extern char **environ;

/* ---- The program. */

static const char *path_of(const char *variable)
{
    const char *path = getenv(variable);

    if (path == NULL) {
        fail_msg("the environment lacks %s", variable);
    }
    return path;
}

static pid_t spawn(const char *const *arguments, int input, int output)
{
    posix_spawn_file_actions_t actions;
    char *copies[MAX_ARGUMENTS + 1] = { NULL };
    pid_t pid;
    size_t i;

    for (i = 0; arguments[i] != NULL; i++) {
        assert_true(i < MAX_ARGUMENTS);
        copies[i] = (char *)(uintptr_t)arguments[i];
    }
    posix_spawn_file_actions_init(&actions);
    if (input >= 0) {
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    }
    assert_int_equal(
        posix_spawnp(&pid, arguments[0], &actions, NULL, copies, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* Reads "http://HOST:PORT/" and drops the last slash. */
static void read_url(struct web *w, char *url, size_t size)
{
    size_t used = 0;
    char c = '\0';

    while (c != '\n') {
        struct pollfd p = { .fd = w->from, .events = POLLIN };

        assert_int_equal(poll(&p, 1, GUARD_MS), 1);
        assert_int_equal(read(w->from, &c, 1), 1);
        assert_true(used + 1 < size);
        url[used++] = c;
    }
    assert_true(used > 2);
    url[used - 2] = '\0';
}

void web_start(struct web *w, size_t n, const char *const *options)
{
    const char *arguments[MAX_ARGUMENTS + 1] = { path_of("HTTPD") };
    size_t n_arguments = 1;
    int input[2];
    int output[2];
    size_t i;

    memset(w, 0, sizeof(*w));
    snprintf(w->root, sizeof(w->root), "/tmp/fpool-web-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    for (; options != NULL && *options != NULL; options++) {
        assert_true(n_arguments < MAX_ARGUMENTS - 1);
        arguments[n_arguments++] = *options;
    }
    arguments[n_arguments] = w->root;
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    w->pid = spawn(arguments, input[0], output[1]);
    close(input[0]);
    close(output[1]);
    w->to = input[1];
    w->from = output[0];
    assert_true(n <= WEB_ADDRESSES);
    for (i = 0; i < n; i++) {
        read_url(w, w->urls[i], sizeof(w->urls[i]));
    }
    w->n = n;
}

void web_stop(struct web *w)
{
    int status;

    if (w->pid == 0) {
        return;
    }
    close(w->to);
    assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
    assert_int_equal(status, 0);
    close(w->from);
    rmdir(w->root);
    w->pid = 0;
}

/* ---- Texts. */

const char *web_text(const char *format, ...)
{
    static char texts[512][1024];
    static unsigned next;
    char *text = texts[next++ % 512];
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(text, sizeof(texts[0]), format, arguments);
    va_end(arguments);
    assert_true(n >= 0 && (size_t)n < sizeof(texts[0]));
    return text;
}

const char *web_url(const struct web *w, size_t i, const char *path)
{
    assert_true(i < w->n);
    return web_text("%s%s", w->urls[i], path);
}

int web_port(const struct web *w, size_t i)
{
    return (int)strtol(strrchr(w->urls[i], ':') + 1, NULL, 10);
}

unsigned n_times(const char *text, const char *part)
{
    unsigned n = 0;

    for (text = strstr(text, part); text != NULL;
         text = strstr(text + 1, part)) {
        n++;
    }
    return n;
}

/* ---- What it has seen. */

/* The first address speaks plain HTTP. */
static int dial(const struct web *w)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)web_port(w, 0));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    return fd;
}

const char *web_ask(const struct web *w, const char *path)
{
    static char answer[1 << 20];
    const char *request = web_text("GET %s HTTP/1.0\r\n\r\n", path);
    int fd = dial(w);
    size_t used = 0;
    ssize_t n;
    char *body;

    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
                     strlen(request));
    do {
        n = recv(fd, answer + used, sizeof(answer) - 1 - used, 0);
        assert_true(n >= 0);
        used += (size_t)n;
    } while (n > 0);
    close(fd);
    answer[used] = '\0';
    body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}

static unsigned number(const struct web *w, const char *path, int which)
{
    const char *text = web_ask(w, path);

    if (which == 1) {
        text = strchr(text, ' ') + 1;
    }
    return (unsigned)strtoul(text, NULL, 10);
}

unsigned web_n_requests(const struct web *w)
{
    return number(w, "/-/stats", 1);
}

/* The question's own connection is no part of the answer. */
unsigned web_n_connections(const struct web *w)
{
    return number(w, "/-/stats", 0) - 1;
}

const char *web_log(const struct web *w)
{
    return web_ask(w, "/-/log");
}

void web_forget(const struct web *w)
{
    web_ask(w, "/-/forget");
}

unsigned web_count(const struct web *w, const char *key)
{
    return number(w, web_text("/-/count/%s", key), 0);
}

unsigned web_most(const struct web *w, const char *key)
{
    return number(w, web_text("/-/count/%s", key), 1);
}

/* ---- Certificates. */

static void run_program(const char *const *arguments)
{
    int status;
    pid_t pid = spawn(arguments, -1, -1);

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

void certs_make(char *directory, size_t size)
{
    const char *arguments[] = { "sh", path_of("CERTS"), directory, NULL };

    snprintf(directory, size, "/tmp/fpool-certs-XXXXXX");
    assert_non_null(mkdtemp(directory));
    run_program(arguments);
}

void certs_remove(const char *directory)
{
    const char *const arguments[] = { "rm", "-rf", directory, NULL };

    assert_non_null(strstr(directory, "/fpool-certs-"));
    run_program(arguments);
}

/* ---- Where nobody answers. */

static void fill_queue(struct deaf *d, const struct sockaddr_in *address)
{
    size_t i;

    for (i = 0; i < N_ELEMENTS(d->fillers); i++) {
        struct pollfd p = { .events = POLLOUT };

        d->fillers[i] =
            socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        p.fd = d->fillers[i];
        (void)connect(p.fd, (const struct sockaddr *)address, sizeof(*address));
        if (poll(&p, 1, 20) == 0) {
            return; /* This one hangs already. */
        }
    }
    fail_msg("the queue of a listener never gets full");
}

void deaf_open(struct deaf *d, enum deaf_kind kind)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);

    memset(d->fillers, 0xff, sizeof(d->fillers));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(
        getsockname(d->listener, (struct sockaddr *)&address, &size), 0);
    d->port = ntohs(address.sin_port);
    if (kind != DEAF_CLOSED) { /* else the port is taken, and refuses */
        assert_int_equal(listen(d->listener, kind == DEAF_FULL ? 0 : 64), 0);
    }
    if (kind == DEAF_FULL) {
        fill_queue(d, &address);
    }
}

int deaf_accept(const struct deaf *d)
{
    struct pollfd p = { .fd = d->listener, .events = POLLIN };

    assert_int_equal(poll(&p, 1, GUARD_MS), 1);
    return accept(d->listener, NULL, NULL);
}

void deaf_close(struct deaf *d)
{
    size_t i;

    for (i = 0; i < N_ELEMENTS(d->fillers); i++) {
        if (d->fillers[i] >= 0) {
            close(d->fillers[i]);
        }
    }
    close(d->listener);
}
