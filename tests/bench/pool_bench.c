/* SPDX-License-Identifier: MIT */
/* fetchpool against its peers, in one run: GLib's GThreadPool, libuv's
 * uv_queue_work, CPython's ThreadPool.imap_unordered, and bare threads.
 *
 *     pool_bench [--rounds N] [--workers N,N,...] [--work empty|sleep]
 *                [--seconds S] [--only KEY,KEY,...]
 *     pool_bench --rss [ITEMS]
 *
 * Every measurement is a process of its own with all its workers started; the
 * rounds go through all cases in turn, so that a disturbance hits all alike,
 * and the table shows medians.  Only fetchpool, libuv and CPython deliver
 * results to a consumer; GLib and the bare threads merely count, which favours
 * them. */
#include "bench.h"
#include "table.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS_LIST 8
#define MOST_SECONDS 120 /* for one measurement, before it is given up */

struct settings {
    unsigned rounds;
    double seconds;
    const char *only; /* keys, or NULL for all */
    bool has_work[2];
    unsigned workers[MAX_WORKERS_LIST];
    size_t n_workers;
};

static const char *const work_names[] = { "empty", "sleep" };

static const struct bench_case *const peer_cases[] = {
#ifdef BENCH_HAVE_GLIB
    &case_glib,
#endif
#ifdef BENCH_HAVE_LIBUV
    &case_libuv,
#endif
    &case_threads,
};

#define N_PEER_CASES (sizeof(peer_cases) / sizeof(peer_cases[0]))

void *bench_check(void *pointer)
{
    if (pointer == NULL) {
        fprintf(stderr, "pool_bench: a step failed: %s\n", strerror(errno));
        exit(1);
    }
    return pointer;
}

/* ---- In the child: one measurement. */

static const struct bench_case *find_case(const char *key)
{
    for (size_t i = 0; i < n_fetchpool_cases; i++) {
        if (strcmp(fetchpool_cases[i].key, key) == 0) {
            return &fetchpool_cases[i];
        }
    }
    for (size_t i = 0; i < N_PEER_CASES; i++) {
        if (strcmp(peer_cases[i]->key, key) == 0) {
            return peer_cases[i];
        }
    }
    return NULL;
}

/* Runs more and more tasks until that takes long enough, which also warms up;
 * the last run counts. */
static double measure(const struct bench_case *c, unsigned workers,
                      enum bench_work work, double seconds)
{
    void *self = c->open(workers, work);
    uint64_t n = 2 * (uint64_t)workers;
    double took;

    for (;;) {
        double start = bench_now();
        double wanted;

        c->run(self, n);
        took = bench_now() - start;
        if (took > seconds / 2) {
            break;
        }
        wanted = (double)n * seconds / took;
        wanted = wanted < (double)n * 50 ? wanted : (double)n * 50;
        n = wanted > (double)n * 2 ? (uint64_t)wanted : 2 * n;
    }
    c->close(self);
    return (double)n / took;
}

/* pool_bench --one KEY WORKERS WORK SECONDS */
static int run_one(char **argv)
{
    const struct bench_case *c = find_case(argv[0]);
    enum bench_work work =
        strcmp(argv[2], "sleep") == 0 ? BENCH_SLEEP : BENCH_EMPTY;

    if (c == NULL) {
        return 2;
    }
    alarm(MOST_SECONDS);
    printf("%f\n", measure(c, (unsigned)strtoul(argv[1], NULL, 10), work,
                           strtod(argv[3], NULL)));
    return 0;
}

/* ---- In the parent: rounds of measurements. */

_Noreturn static void become(const char *key, unsigned workers,
                             enum bench_work work, double seconds)
{
    char workers_text[16];
    char seconds_text[32];

    snprintf(workers_text, sizeof(workers_text), "%u", workers);
    snprintf(seconds_text, sizeof(seconds_text), "%g", seconds);
    setenv("UV_THREADPOOL_SIZE", workers_text, 1);
    if (strcmp(key, "python") == 0) {
        alarm(MOST_SECONDS);
        execlp("python3", "python3", BENCH_PYTHON_PEER, workers_text,
               work_names[work], seconds_text, (char *)NULL);
    } else {
        execl("/proc/self/exe", "pool_bench", "--one", key, workers_text,
              work_names[work], seconds_text, (char *)NULL);
    }
    _exit(127);
}

/* Tasks per second, 0 when the measurement failed. */
static double measure_in_child(const char *key, unsigned workers,
                               enum bench_work work, double seconds)
{
    double rate = 0;
    int status = 0;
    int fds[2];
    FILE *output;
    pid_t child;

    bench_check(pipe(fds) == 0 ? fds : NULL);
    child = fork();
    if (child == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        become(key, workers, work, seconds);
    }
    close(fds[1]);
    output = bench_check(fdopen(fds[0], "r"));
    if (fscanf(output, "%lf", &rate) != 1) {
        rate = 0;
    }
    fclose(output);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        rate = 0;
    }
    return rate;
}

static bool is_wanted(const struct settings *settings, const char *key)
{
    const char *p = settings->only;
    size_t size = strlen(key);

    while (p != NULL) {
        size_t word = strcspn(p, ",");

        if (word == size && strncmp(p, key, size) == 0) {
            return true;
        }
        p = p[word] == '\0' ? NULL : p + word + 1;
    }
    return settings->only == NULL;
}

static void add_row(const struct settings *settings, struct bench_group *group,
                    const char *key, const char *name)
{
    if (is_wanted(settings, key)) {
        group->rows[group->n_rows++] =
            (struct bench_row){ .key = key, .name = name };
    }
}

static void run_group(const struct settings *settings,
                      struct bench_group *group)
{
    for (size_t i = 0; i < n_fetchpool_cases; i++) {
        add_row(settings, group, fetchpool_cases[i].key,
                fetchpool_cases[i].name);
    }
    for (size_t i = 0; i < N_PEER_CASES; i++) {
        add_row(settings, group, peer_cases[i]->key, peer_cases[i]->name);
    }
    add_row(settings, group, "python", "CPython imap_unordered");
    for (unsigned round = 0; round < settings->rounds; round++) {
        for (size_t i = 0; i < group->n_rows; i++) {
            struct bench_row *row = &group->rows[i];
            double rate = measure_in_child(row->key, group->workers,
                                           group->work, settings->seconds);

            if (rate > 0) {
                row->rates[row->n_rates++] = rate;
            }
        }
    }
    bench_print(group);
}

static int compare_all(const struct settings *settings)
{
    static struct bench_group groups[2 * MAX_WORKERS_LIST];
    size_t n_groups = 0;

    printf("%ld CPUs, medians of %u rounds of about %g s; a ratio above 1 is "
           "faster than that peer\n",
           sysconf(_SC_NPROCESSORS_ONLN), settings->rounds, settings->seconds);
    for (int work = BENCH_EMPTY; work <= BENCH_SLEEP; work++) {
        for (size_t i = 0; i < settings->n_workers; i++) {
            if (settings->has_work[work]) {
                struct bench_group *group = &groups[n_groups++];

                group->work = (enum bench_work)work;
                group->workers = settings->workers[i];
                run_group(settings, group);
            }
        }
    }
    printf("\n");
    for (size_t i = 0; i < n_groups; i++) {
        bench_print_targets(&groups[i]);
    }
    return 0;
}

/* ---- Options. */

static bool set_workers(struct settings *settings, const char *list)
{
    settings->n_workers = 0;
    while (settings->n_workers < MAX_WORKERS_LIST) {
        char *end;
        unsigned long n = strtoul(list, &end, 10);

        if (end == list || n == 0 || n > 65536) {
            return false;
        }
        settings->workers[settings->n_workers++] = (unsigned)n;
        if (*end == '\0') {
            return true;
        }
        list = end + 1;
    }
    return false;
}

static bool set_option(struct settings *settings, int option, const char *value)
{
    switch (option) {
    case 'r':
        settings->rounds = (unsigned)strtoul(value, NULL, 10);
        return settings->rounds > 0 && settings->rounds <= BENCH_MAX_ROUNDS;
    case 's':
        settings->seconds = strtod(value, NULL);
        return settings->seconds > 0;
    case 'w':
        return set_workers(settings, value);
    case 'k':
        settings->has_work[BENCH_EMPTY] = strcmp(value, "empty") == 0;
        settings->has_work[BENCH_SLEEP] = strcmp(value, "sleep") == 0;
        return settings->has_work[BENCH_EMPTY] ||
               settings->has_work[BENCH_SLEEP];
    case 'o':
        settings->only = value;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "rounds", required_argument, NULL, 'r' },
        { "seconds", required_argument, NULL, 's' },
        { "workers", required_argument, NULL, 'w' },
        { "work", required_argument, NULL, 'k' },
        { "only", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    struct settings settings = { .rounds = 3, .seconds = 0.4 };
    int option;

    settings.has_work[BENCH_EMPTY] = true;
    settings.has_work[BENCH_SLEEP] = true;
    set_workers(&settings, "2,64,1000");
    if (argc == 6 && strcmp(argv[1], "--one") == 0) {
        return run_one(argv + 2);
    }
    if (argc >= 2 && strcmp(argv[1], "--rss") == 0) {
        return bench_rss(argc > 2 ? strtoull(argv[2], NULL, 10) : 100000000);
    }
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!set_option(&settings, option, optarg)) {
            fprintf(stderr, "pool_bench: bad usage; see pool_bench.c\n");
            return 2;
        }
    }
    return compare_all(&settings);
}
