/* SPDX-License-Identifier: MIT */
/* What a run of `fetchpool resolve` says about itself; called by report.c. */
#include <inttypes.h>
#include <stdio.h>

#include "resolve_private.h"

static const char *const status_keys[FPOOL_DNS_N_STATUSES] = {
#define STATUS_KEY(name, text, status) "dns_" text,
    FPOOL_DNS_STATUS_MAP(STATUS_KEY)
#undef STATUS_KEY
};

/* Before a number.  The last status is called otherwise, as the sum of all that
 * failed is told next to it. */
static const char *const status_labels[FPOOL_DNS_N_STATUSES] = {
#define STATUS_LABEL(name, text, status)                                       \
    FPOOL_DNS_##name == FPOOL_DNS_FAILED ? "other " : text " ",
    FPOOL_DNS_STATUS_MAP(STATUS_LABEL)
#undef STATUS_LABEL
};

static struct fpool_dns_stats get_stats(struct cli_run *run)
{
    struct fpool_dns_stats stats = { .struct_size = sizeof(stats) };

    (void)fpool_dns_get_stats(run->job, &stats);
    return stats;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

/* ---- Progress. */

static void add_statuses(const struct resolve *resolve, struct cli_facts *facts)
{
    int i;

    for (i = 0; i < FPOOL_DNS_N_STATUSES; i++) {
        cli_facts_add(facts, (struct cli_fact){
                                 .key = status_keys[i],
                                 .before = status_labels[i],
                                 .after = "",
                                 .value = (double)resolve->counts[i],
                                 .line = 1,
                             });
    }
}

static void add_times(const struct fpool_dns_stats *s, struct cli_facts *facts)
{
    const struct {
        const char *key;
        const char *before;
        int64_t us;
    } times[] = { { "rtt_p50_ms", "rtt p50 ", s->rtt_p50_us },
                  { "rtt_p90_ms", "p90 ", s->rtt_p90_us },
                  { "rtt_p99_ms", "p99 ", s->rtt_p99_us } };
    size_t i;

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        cli_facts_add(facts, (struct cli_fact){
                                 .key = times[i].key,
                                 .before = times[i].before,
                                 .after = " ms",
                                 .value = (double)times[i].us / 1000,
                                 .decimals = 1,
                                 .line = 2,
                             });
    }
}

void resolve_describe(struct cli_run *run, struct cli_facts *facts,
                      double seconds)
{
    struct resolve *resolve = run->self;
    struct fpool_dns_stats s = get_stats(run);
    const struct cli_fact wire[] = {
        { "retries", "retries ", "", (double)s.retries, 0, 2 },
        { "loss_percent", "loss ", "%", percent(s.timeouts, s.sent), 1, 2 },
        { "kernel_drops", "kernel drops ", "", (double)s.kernel_drops, 0, 2 },
        { "resolvers_good", "resolvers ", "", (double)s.n_good, 0, 2 },
        { "resolvers", "/", "", (double)s.n_resolvers, 0, 2 },
    };
    size_t i;

    cli_facts_add(facts,
                  (struct cli_fact){
                      .key = "wire_rate",
                      .before = "wire ",
                      .after = "/s",
                      .value = (double)(s.sent - resolve->last_sent) / seconds,
                      .decimals = 1,
                  });
    resolve->last_sent = s.sent;
    cli_facts_add(facts, (struct cli_fact){ "in_flight", "in flight ", "",
                                            (double)s.in_flight, 0, 0 });
    add_statuses(resolve, facts);
    for (i = 0; i < sizeof(wire) / sizeof(wire[0]); i++) {
        cli_facts_add(facts, wire[i]);
    }
    add_times(&s, facts);
}

/* ---- The end. */

void resolve_report(struct cli_run *run, double seconds)
{
    const struct resolve *resolve = run->self;
    struct fpool_dns_stats s = get_stats(run);
    double done =
        (double)(cli_tally_total(&run->tally) - run->tally.counts[CLI_PENDING]);
    int i;

    fprintf(stderr, "; %.1f s, %.0f/s\nanswers: ", seconds,
            seconds > 0 ? done / seconds : 0);
    for (i = 0; i < FPOOL_DNS_N_STATUSES; i++) {
        fprintf(stderr, "%s%s%" PRIu64, i == 0 ? "" : ", ", status_labels[i],
                resolve->counts[i]);
    }
    if (resolve->wildcard != RESOLVE_WILDCARD_OFF) {
        fprintf(stderr, "; of a wildcard %" PRIu64, resolve->n_wildcards);
    }
    fprintf(stderr,
            "\nwire: sent %" PRIu64 ", received %" PRIu64 ", retries %" PRIu64
            ", timeouts %" PRIu64 " (%.1f%%), late %" PRIu64
            ", ignored %" PRIu64 ", tcp %" PRIu64 ", kernel drops %" PRIu64,
            s.sent, s.received, s.retries, s.timeouts,
            percent(s.timeouts, s.sent), s.late, s.ignored, s.tcp,
            s.kernel_drops);
    fprintf(stderr,
            "; resolvers %u/%u good, rtt p50 %.1f ms, p90 %.1f ms, "
            "p99 %.1f ms\n",
            s.n_good, s.n_resolvers, (double)s.rtt_p50_us / 1000,
            (double)s.rtt_p90_us / 1000, (double)s.rtt_p99_us / 1000);
}

/* An object of numbers, or a number. */
static void put_member(struct cli_out *out, const char *name, uint64_t number)
{
    cli_out_text(out, "\"");
    cli_out_text(out, name);
    cli_out_text(out, "\":");
    cli_out_number(out, (int64_t)number);
}

static void put_wire(struct cli_out *out, const struct fpool_dns_stats *s)
{
    const struct {
        const char *name;
        uint64_t number;
    } members[] = {
        { "sent", s->sent },
        { "received", s->received },
        { "retries", s->retries },
        { "timeouts", s->timeouts },
        { "late", s->late },
        { "ignored", s->ignored },
        { "tcp", s->tcp },
        { "kernel_drops", s->kernel_drops },
        { "send_waits", s->send_waits },
        { "resolvers", s->n_resolvers },
        { "resolvers_good", s->n_good },
        { "rtt_p50_us", (uint64_t)s->rtt_p50_us },
        { "rtt_p90_us", (uint64_t)s->rtt_p90_us },
        { "rtt_p99_us", (uint64_t)s->rtt_p99_us },
    };
    size_t i;

    cli_out_text(out, ",\"wire\":{");
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        cli_out_text(out, i == 0 ? "" : ",");
        put_member(out, members[i].name, members[i].number);
    }
    cli_out_text(out, "}");
}

void resolve_summarize(struct cli_run *run, struct cli_out *out)
{
    const struct resolve *resolve = run->self;
    struct fpool_dns_stats s = get_stats(run);
    int i;

    cli_out_text(out, ",\"answers\":{");
    for (i = 0; i < FPOOL_DNS_N_STATUSES; i++) {
        cli_out_text(out, i == 0 ? "" : ",");
        put_member(out, fpool_dns_status_text((enum fpool_dns_status)i),
                   resolve->counts[i]);
    }
    cli_out_text(out, "},");
    put_member(out, "wildcards", resolve->n_wildcards);
    put_wire(out, &s);
}
