/* SPDX-License-Identifier: MIT */
/* What a run of `fetchpool get` says about itself; called by report.c and by
 * the run loop. */
#include <inttypes.h>
#include <stdio.h>

#include "get_private.h"
#include "say.h"

static struct fpool_http_stats get_stats(struct cli_run *run)
{
    struct fpool_http_stats stats = { .struct_size = sizeof(stats) };

    (void)fpool_http_get_stats(run->job, &stats);
    return stats;
}

void get_watch(struct cli_run *run)
{
    struct get *get = run->self;
    struct fpool_http_stats s;

    if (get->has_told_limit) {
        return;
    }
    s = get_stats(run);
    if (s.in_flight_limit > 0 && s.in_flight_limit < run->o->jobs) {
        get->has_told_limit = true;
        cli_say("few file descriptors: %u transfers at once",
                s.in_flight_limit);
    }
}

/* ---- Progress. */

void get_describe(struct cli_run *run, struct cli_facts *facts, double seconds)
{
    struct get *get = run->self;
    struct fpool_http_stats s = get_stats(run);
    uint64_t bytes = run->tally.bytes;
    const struct cli_fact list[] = {
        { "mb", "", " MB", (double)bytes / 1e6, 1, 1 },
        { "mb_rate", "", " MB/s",
          (double)(bytes - get->last_bytes) / 1e6 / seconds, 1, 1 },
        { "in_flight", "in flight ", "", s.in_flight, 0, 1 },
        { "hosts", "hosts ", "", s.n_hosts, 0, 1 },
        { "paused", "paused ", "", s.n_paused, 0, 1 },
        { "down", "down ", "", s.n_down, 0, 1 },
        { "waiting", "waiting ", "", s.n_waiting, 0, 2 },
        { "deferred", "deferred ", "", (double)s.deferred, 0, 2 },
        { "retries", "retries ", "", (double)s.retries, 0, 2 },
        { "redirects", "redirects ", "", (double)s.redirects, 0, 2 },
        { "throttled", "throttled ", "", (double)s.throttled, 0, 2 },
        { "skipped", "skipped ", "", (double)run->tally.counts[CLI_SKIPPED], 0,
          3 },
    };
    size_t i;

    get->last_bytes = bytes;
    for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        cli_facts_add(facts, list[i]);
    }
}

/* ---- The end. */

void get_report(struct cli_run *run, double seconds)
{
    struct fpool_http_stats s = get_stats(run);

    fprintf(stderr, "; %.1f MB in %.1f s\n", (double)run->tally.bytes / 1e6,
            seconds);
    fprintf(stderr,
            "requests %" PRIu64 ", retries %" PRIu64 ", redirects %" PRIu64
            ", throttled %" PRIu64 ", deferred %" PRIu64 "\n",
            s.requests, s.retries, s.redirects, s.throttled, s.deferred);
}

void get_summarize(struct cli_run *run, struct cli_out *out)
{
    struct fpool_http_stats s = get_stats(run);
    const struct {
        const char *name;
        uint64_t number;
    } members[] = {
        { ",\"bytes\":", run->tally.bytes }, { ",\"requests\":", s.requests },
        { ",\"retries\":", s.retries },      { ",\"redirects\":", s.redirects },
        { ",\"throttled\":", s.throttled },  { ",\"deferred\":", s.deferred },
    };
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        cli_out_text(out, members[i].name);
        cli_out_number(out, (int64_t)members[i].number);
    }
}
