/* SPDX-License-Identifier: MIT */
/* A heap of things to be done later, a clock, and the end of a test server.
 * Called by dnsd and dns_relay. */
#include "dnsd_later.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static bool is_before(const struct later_item *a, const struct later_item *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static bool grow(struct later *later)
{
    size_t max = later->max_items == 0 ? 256 : later->max_items * 2;
    struct later_item **items;

    if (later->n_items < later->max_items) {
        return true;
    }
    if (later->n_items == LATER_MAX) {
        return false;
    }
    items = realloc(later->items, max * sizeof(struct later_item *));
    if (items == NULL) {
        return false;
    }
    later->items = items;
    later->max_items = max;
    return true;
}

bool later_add(struct later *later, struct later_item *item, int64_t due_us)
{
    size_t i;

    if (!grow(later)) {
        return false;
    }
    item->due_us = due_us;
    item->order = later->order++;
    for (i = later->n_items++; i > 0; i = (i - 1) / 2) {
        struct later_item *parent = later->items[(i - 1) / 2];

        if (!is_before(item, parent)) {
            break;
        }
        later->items[i] = parent;
    }
    later->items[i] = item;
    return true;
}

struct later_item *later_take_any(struct later *later)
{
    struct later_item *first;
    struct later_item *last;
    size_t i = 0;
    size_t child;

    if (later->n_items == 0) {
        return NULL;
    }
    first = later->items[0];
    last = later->items[--later->n_items];
    while ((child = 2 * i + 1) < later->n_items) {
        if (child + 1 < later->n_items &&
            is_before(later->items[child + 1], later->items[child])) {
            child++;
        }
        if (!is_before(later->items[child], last)) {
            break;
        }
        later->items[i] = later->items[child];
        i = child;
    }
    later->items[i] = last;
    return first;
}

struct later_item *later_take(struct later *later, int64_t now_us)
{
    if (later->n_items == 0 || later->items[0]->due_us > now_us) {
        return NULL;
    }
    return later_take_any(later);
}

int later_timeout(const struct later *later, int64_t now_us)
{
    int64_t rest;

    if (later->n_items == 0) {
        return -1;
    }
    rest = later->items[0]->due_us - now_us;
    return rest <= 0 ? 0 : rest > 60000000 ? 60000 : (int)((rest + 999) / 1000);
}

void later_fini(struct later *later)
{
    free(later->items);
    later->items = NULL;
    later->n_items = 0;
    later->max_items = 0;
}

int64_t clock_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

bool is_unlucky(uint64_t *seed, double percent)
{
    return percent > 0 &&
           (double)(next_random(seed) >> 11) / 9007199254740992.0 * 100 <
               percent;
}

int life_signals(const int *others)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    for (; *others != 0; others++) {
        sigaddset(&set, *others);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int life_signal(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo
                                                         : 0;
}

bool life_has_ended(void)
{
    char ignored[256];
    ssize_t n = read(STDIN_FILENO, ignored, sizeof(ignored));

    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

void life_raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

long read_number(const char *text, long max)
{
    char *end;
    long n = strtol(text, &end, 10);

    return *text == '\0' || *end != '\0' || n < 0 || n > max ? -1 : n;
}
