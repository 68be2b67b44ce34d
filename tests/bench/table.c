/* SPDX-License-Identifier: MIT */
/* The table and the verdicts of pool_bench; called by pool_bench.c with the
 * rates of one group after the other. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const peers[] = { "glib", "libuv", "python", "threads" };

#define N_PEERS (sizeof(peers) / sizeof(peers[0]))

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_of(const struct bench_group *group, const char *key)
{
    for (size_t i = 0; i < group->n_rows; i++) {
        if (strcmp(group->rows[i].key, key) == 0) {
            return group->rows[i].median;
        }
    }
    return 0;
}

static void print_ratio(double rate, double peer)
{
    if (rate > 0 && peer > 0) {
        printf(" %9.2f", rate / peer);
    } else {
        printf(" %9s", "-");
    }
}

static void print_row(const struct bench_group *group,
                      const struct bench_row *row)
{
    if (row->median <= 0) {
        printf("%-26s %10s\n", row->name, "-");
        return;
    }
    printf("%-26s %10.1f %9.0f %9.1f..%-9.1f", row->name, row->median / 1e3,
           1e9 / row->median, row->rates[0] / 1e3,
           row->rates[row->n_rates - 1] / 1e3);
    for (size_t i = 0; i < N_PEERS; i++) {
        print_ratio(row->median, median_of(group, peers[i]));
    }
    printf("\n");
}

void bench_print(struct bench_group *group)
{
    printf("\n%s, %u workers\n",
           group->work == BENCH_EMPTY ? "empty tasks" : "sleeps of 1 ms",
           group->workers);
    printf("%-26s %10s %9s %20s %9s %9s %9s %9s\n", "", "1000/s", "ns/task",
           "least..most   ", "/GLib", "/libuv", "/CPython", "/threads");
    for (size_t i = 0; i < group->n_rows; i++) {
        struct bench_row *row = &group->rows[i];

        qsort(row->rates, row->n_rates, sizeof(row->rates[0]), compare);
        row->median = row->n_rates == 0 ? 0 : row->rates[row->n_rates / 2];
    }
    for (size_t i = 0; i < group->n_rows; i++) {
        print_row(group, &group->rows[i]);
    }
    fflush(stdout);
}

/* 'is_met' is meaningless when 'measured' is not positive. */
static void verdict(const struct bench_group *group, const char *what,
                    double measured, const char *unit, bool is_met)
{
    if (measured > 0) {
        printf("%-8s %4u workers: %s: %.2f %s\n", is_met ? "met" : "MISSED",
               group->workers, what, measured, unit);
    }
}

static void empty_targets(const struct bench_group *group)
{
    double map = median_of(group, "map");
    double batch = median_of(group, "batch");
    double unordered = median_of(group, "unordered");
    double least = group->workers <= 2 ? 3e6 : 1.5e6;

    verdict(group, "map without results, at most 20 ns",
            map > 0 ? 1e9 / map : 0, "ns", map >= 5e7);
    verdict(group, "map with results, at most 20 ns",
            batch > 0 ? 1e9 / batch : 0, "ns", batch >= 5e7);
    verdict(group,
            group->workers <= 2 ? "imap_unordered chunk 1, at least 3 M/s"
                                : "imap_unordered chunk 1, at least 1.5 M/s",
            unordered / 1e6, "M/s", unordered >= least);
}

static void sleep_targets(const struct bench_group *group)
{
    double unordered = median_of(group, "unordered");
    double libuv = median_of(group, "libuv");
    double threads = median_of(group, "threads");

    if (libuv > 0) {
        verdict(group, "sleeps by imap_unordered, at least 3 x libuv",
                unordered / libuv, "x", unordered >= 3 * libuv);
    }
    if (threads > 0) {
        verdict(group, "sleeps by imap_unordered, at least 0.5 x bare threads",
                unordered / threads, "x", unordered >= 0.5 * threads);
    }
}

void bench_print_targets(const struct bench_group *group)
{
    if (group->work == BENCH_EMPTY) {
        empty_targets(group);
    } else if (group->workers == 1000) {
        sleep_targets(group);
    }
}
