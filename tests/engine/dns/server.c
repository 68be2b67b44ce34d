/* SPDX-License-Identifier: MIT */
/* Programs beside a test; called by the tests of the dns engine. */
#include "engine/dns/server.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

#define MAX_ARGUMENTS 24

extern char **environ;

/* ---- Processes. */

/* A pipe whose ends no other program inherits. */
static void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static void spawn(struct server *s, const char *const *arguments)
{
    posix_spawn_file_actions_t actions;
    char *copies[MAX_ARGUMENTS + 1] = { NULL };
    int input[2];
    int output[2];
    size_t i;

    for (i = 0; arguments[i] != NULL; i++) {
        copies[i] = (char *)(uintptr_t)arguments[i];
    }
    make_pipe(input);
    make_pipe(output);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    assert_int_equal(
        posix_spawn(&s->pid, arguments[0], &actions, NULL, copies, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    s->to = input[1];
    s->from = output[0];
}

/* Reads a line without its line feed; false at the end of the output. */
static bool read_line(const struct server *s, char *line, size_t size)
{
    size_t used = 0;

    for (;;) {
        struct pollfd p = { .fd = s->from, .events = POLLIN };
        char c;

        assert_int_equal(poll(&p, 1, GUARD_MS), 1);
        if (read(s->from, &c, 1) != 1) {
            return false;
        }
        if (c == '\n') {
            line[used] = '\0';
            return true;
        }
        assert_true(used + 1 < size);
        line[used++] = c;
    }
}

static void read_port(struct server *s)
{
    char line[16];

    assert_true(read_line(s, line, sizeof(line)));
    s->port = (int)strtol(line, NULL, 10);
    assert_true(s->port > 0);
    snprintf(s->address, sizeof(s->address), "127.0.0.1:%d", s->port);
}

static const char *path_of(const char *variable)
{
    const char *path = getenv(variable);

    if (path == NULL) {
        fail_msg("the environment lacks %s", variable);
    }
    return path;
}

/* Adds 'options' to 'arguments', of which there are 'n'; returns how many there
 * are then. */
static size_t add(const char **arguments, size_t n, const char *const *options)
{
    for (; options != NULL && *options != NULL; options++) {
        assert_true(n < MAX_ARGUMENTS - 1);
        arguments[n++] = *options;
    }
    return n;
}

void server_start(struct server *s, const char *const *options)
{
    char path[] = "/tmp/fpool-dnsd-XXXXXX";
    const char *arguments[MAX_ARGUMENTS + 1] = { path_of("DNSD"), "--log",
                                                 path };

    memset(s, 0, sizeof(*s));
    s->log = mkostemp(path, O_CLOEXEC);
    assert_true(s->log >= 0);
    add(arguments, 3, options);
    spawn(s, arguments);
    read_port(s);
    unlink(path); /* Both have it open. */
}

void relay_start(struct server *s, const char *const *options, int port)
{
    const char *arguments[MAX_ARGUMENTS + 1] = { path_of("DNS_RELAY") };
    char text[16];

    memset(s, 0, sizeof(*s));
    s->log = -1;
    snprintf(text, sizeof(text), "%d", port);
    arguments[add(arguments, 1, options)] = text;
    spawn(s, arguments);
    read_port(s);
}

void server_tell(struct server *s, int signal_number, const char *word)
{
    char line[32];

    assert_int_equal(kill(s->pid, signal_number), 0);
    assert_true(read_line(s, line, sizeof(line)));
    assert_string_equal(line, word);
}

/* ---- What it has seen. */

static void read_query(struct server_query *q, char *line)
{
    char protocol[4];
    long long us;
    int name = 0;

    assert_int_equal(sscanf(line, "%lld %3s %u %u %u %n", &us, protocol,
                            &q->port, &q->id, &q->type, &name),
                     5);
    q->us = us;
    q->is_tcp = strcmp(protocol, "tcp") == 0;
    line[strcspn(line, "\n")] = '\0';
    assert_true(strlen(line + name) < sizeof(q->name));
    memcpy(q->name, line + name, strlen(line + name) + 1);
}

static void read_log(struct server *s)
{
    FILE *log = fdopen(s->log, "r"); /* still at its beginning */
    size_t capacity = 0;
    char line[512];

    assert_non_null(log);
    while (fgets(line, sizeof(line), log) != NULL) {
        if (s->n_queries == capacity) {
            capacity = capacity == 0 ? 256 : 2 * capacity;
            s->queries = realloc(s->queries, capacity * sizeof(*s->queries));
            assert_non_null(s->queries);
        }
        read_query(&s->queries[s->n_queries++], line);
    }
    fclose(log);
}

void server_stop(struct server *s)
{
    char line[sizeof(s->counters)];
    int status;

    if (s->pid == 0) {
        return;
    }
    close(s->to);
    while (read_line(s, line, sizeof(line))) {
        memcpy(s->counters, line, sizeof(line)); /* the last line */
    }
    close(s->from);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_int_equal(status, 0);
    s->pid = 0;
    if (s->log >= 0) {
        read_log(s);
    }
}

uint64_t server_count(const struct server *s, const char *name)
{
    char key[32];
    const char *at;

    snprintf(key, sizeof(key), "\"%s\":", name);
    at = strstr(s->counters, key);
    if (at == NULL) {
        fail_msg("no counter %s in %s", name, s->counters);
        return 0;
    }
    return strtoull(at + strlen(key), NULL, 10);
}

unsigned server_n_asked(const struct server *s, const char *name)
{
    unsigned n = 0;
    size_t i;

    for (i = 0; i < s->n_queries; i++) {
        n += strcmp(s->queries[i].name, name) == 0;
    }
    return n;
}

void server_release(struct server *s)
{
    free(s->queries);
    s->queries = NULL;
    s->n_queries = 0;
}

void server_end_all(struct server *servers, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        server_stop(&servers[i]);
        server_release(&servers[i]);
    }
}

/* ---- Names. */

const char *server_list(const struct server *servers, size_t n)
{
    static char list[1024];
    size_t used = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
                                 i == 0 ? "" : ",", servers[i].address);
        assert_true(used < sizeof(list));
    }
    return list;
}

/* FNV-1a over the name as on the wire, in lower case, and the type: as
 * dnsd_query.c and dnsd_record.c do it. */
uint32_t server_address_of(const char *name)
{
    const char *p = name;
    uint64_t hash = 0xcbf29ce484222325u;
    size_t i;

    while (*p != '\0') {
        size_t size = strcspn(p, ".");

        hash = (hash ^ size) * 0x100000001b3;
        for (i = 0; i < size; i++) {
            hash =
                (hash ^ (unsigned)tolower((unsigned char)p[i])) * 0x100000001b3;
        }
        p += size + (p[size] == '.');
    }
    hash *= 0x100000001b3;             /* the root */
    hash = hash * 0x100000001b3;       /* the type A: 0 */
    hash = (hash ^ 1) * 0x100000001b3; /* and 1 */
    return 0x7f000000u | ((uint32_t)(hash ^ hash >> 32) & 0xffffff);
}
