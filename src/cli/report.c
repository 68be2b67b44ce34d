/* SPDX-License-Identifier: MIT */
/* What a run says about itself: progress, final counts, the summary, the exit
 * status.  Called by run.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "run.h"
#include "say.h"
#include "text.h"

/* ---- Progress. */

static void add_done(struct cli_facts *facts, uint64_t done, uint64_t total)
{
    cli_facts_add(facts, (struct cli_fact){ .key = "done",
                                            .before = " done ",
                                            .after = "",
                                            .value = (double)done });
    if (total == 0) {
        return;
    }
    cli_facts_add(facts, (struct cli_fact){ .key = "total",
                                            .before = "/",
                                            .after = "",
                                            .value = (double)total });
    cli_facts_add(
        facts, (struct cli_fact){ .key = "percent",
                                  .before = " (",
                                  .after = "%)",
                                  .value = 100 * (double)done / (double)total,
                                  .decimals = 1 });
}

/* The most frequent kinds, a few of them. */
static void add_kinds(struct cli_facts *facts, const struct cli_tally *t)
{
    unsigned k;

    for (k = 0; k < t->n_kinds; k++) {
        struct cli_kind_fact new = { t->kinds[k].kind, t->kinds[k].count };
        unsigned i;

        for (i = 0; i < CLI_MAX_KIND_FACTS; i++) {
            struct cli_kind_fact old = facts->kinds[i];

            if (i >= facts->n_kinds || old.count < new.count) {
                facts->kinds[i] = new;
                new = old;
            }
            if (i >= facts->n_kinds) {
                facts->n_kinds = i + 1;
                break;
            }
        }
    }
}

static void add_counts(struct cli_facts *facts, const struct cli_tally *t)
{
    int line = cli_facts_lines(facts) - 1;

    cli_facts_add(facts,
                  (struct cli_fact){ .key = "failed",
                                     .before = "failed ",
                                     .after = "",
                                     .value = (double)t->counts[CLI_FAILED],
                                     .line = line });
    cli_facts_add(facts,
                  (struct cli_fact){ .key = "invalid",
                                     .before = "invalid ",
                                     .after = "",
                                     .value = (double)t->counts[CLI_INVALID],
                                     .line = line });
}

/* By the mean rate since the start, which is steadier than the last one. */
static void add_eta(struct cli_facts *facts, uint64_t done, uint64_t total,
                    int64_t elapsed_ms)
{
    if (done > 0 && total > done) {
        cli_facts_add(
            facts,
            (struct cli_fact){ .key = "eta_s",
                               .before = "ETA ",
                               .after = " s",
                               .value = (double)(total - done) / (double)done *
                                        (double)elapsed_ms / 1000 });
    }
}

void cli_run_show_progress(struct cli_run *run, int64_t now_ms)
{
    struct cli_facts facts = { 0 };
    uint64_t done = cli_tally_total(&run->tally);
    uint64_t total = cli_input_total(run->input);
    int64_t elapsed_ms = now_ms - run->tally.start_ms;
    double seconds = (double)(now_ms - run->last_ms) / 1000;

    seconds = seconds > 0 ? seconds : 0.001;
    cli_facts_add(&facts,
                  (struct cli_fact){ .key = "elapsed_s",
                                     .before = "",
                                     .after = " s:",
                                     .value = (double)(elapsed_ms / 1000) });
    add_done(&facts, done, total);
    cli_facts_add(
        &facts,
        (struct cli_fact){ .key = "rate",
                           .before = "",
                           .after = "/s",
                           .value = (double)(done - run->last_done) / seconds,
                           .decimals = 1 });
    add_eta(&facts, done, total, elapsed_ms);
    run->command->describe(run, &facts, seconds);
    add_counts(&facts, &run->tally);
    add_kinds(&facts, &run->tally);
    cli_progress_show(&run->progress, &facts, now_ms);
    run->last_done = done;
    run->last_ms = now_ms;
}

/* ---- The end. */

static void print_end(struct cli_run *run, uint64_t n_read)
{
    const struct cli_tally *t = &run->tally;
    double seconds = (double)(cli_now_ms() - t->start_ms) / 1000;
    unsigned k;
    int i;

    fprintf(stderr, "read %" PRIu64, n_read);
    for (i = 0; i < CLI_N_STATUSES; i++) {
        fprintf(stderr, " %s %" PRIu64, cli_status_text((enum cli_status)i),
                t->counts[i]);
    }
    run->command->report(run, seconds);
    for (k = 0; k < t->n_kinds; k++) {
        fprintf(stderr, "%s%s %" PRIu64 "%s", k == 0 ? "failures: " : ", ",
                t->kinds[k].kind, t->kinds[k].count,
                k + 1 == t->n_kinds ? "\n" : "");
    }
}

static void put_times(struct cli_out *out, const struct cli_histogram *h)
{
    cli_out_text(out, ",\"time_us\":{\"p50\":");
    cli_out_number(out, cli_histogram_quantile(h, 0.5));
    cli_out_text(out, ",\"p90\":");
    cli_out_number(out, cli_histogram_quantile(h, 0.9));
    cli_out_text(out, ",\"p99\":");
    cli_out_number(out, cli_histogram_quantile(h, 0.99));
    cli_out_text(out, ",\"max\":");
    cli_out_number(out, h->max);
    cli_out_text(out, "}");
}

static void put_summary(struct cli_run *run, uint64_t n_read,
                        struct cli_out *out)
{
    const struct cli_tally *t = &run->tally;
    unsigned k;
    int i;

    cli_out_text(out, "{\"v\":1,\"type\":\"summary\",\"read\":");
    cli_out_number(out, (int64_t)n_read);
    for (i = 0; i < CLI_N_STATUSES; i++) {
        cli_out_text(out, ",\"");
        cli_out_text(out, cli_status_text((enum cli_status)i));
        cli_out_text(out, "\":");
        cli_out_number(out, (int64_t)t->counts[i]);
    }
    run->command->summarize(run, out);
    put_times(out, &t->times);
    cli_out_text(out, ",\"elapsed_ms\":");
    cli_out_number(out, cli_now_ms() - t->start_ms);
    cli_out_text(out, ",\"errors\":{");
    for (k = 0; k < t->n_kinds; k++) {
        cli_out_text(out, k == 0 ? "" : ",");
        cli_out_json(out, t->kinds[k].kind, strlen(t->kinds[k].kind));
        cli_out_text(out, ":");
        cli_out_number(out, (int64_t)t->kinds[k].count);
    }
    cli_out_text(out, "}}");
    cli_out_end_line(out);
}

static void write_summary(struct cli_run *run, uint64_t n_read,
                          const char *path)
{
    struct cli_out out;
    int error_number = cli_out_open(&out, path);

    if (error_number == 0) {
        put_summary(run, n_read, &out);
        error_number = cli_out_close(&out);
    }
    if (error_number != 0) {
        cli_say_name("cannot write", path, strerror(error_number));
        run->has_local_fault = true;
    }
}

static void close_out(struct cli_run *run, struct cli_out *out)
{
    const char *name = out->name;
    int error_number = cli_out_close(out);

    if (error_number != 0 && !run->has_local_fault) {
        cli_say_name("cannot write", name, strerror(error_number));
    }
    run->has_local_fault = run->has_local_fault || error_number != 0;
}

static int exit_status(const struct cli_run *run, uint64_t n_read)
{
    const uint64_t *counts = run->tally.counts;

    if (cli_tally_total(&run->tally) != n_read) {
        cli_say("the accounts do not add up; this is a bug");
        return CLI_EXIT_BUG;
    }
    if (cli_interrupt_signal() != 0) {
        return CLI_EXIT_SIGNAL + cli_interrupt_signal();
    }
    if (run->has_local_fault) {
        return CLI_EXIT_LOCAL;
    }
    if (run->is_limited) {
        return CLI_EXIT_LIMIT;
    }
    return counts[CLI_FAILED] + counts[CLI_INVALID] > 0 ? CLI_EXIT_FAILED
                                                        : CLI_EXIT_OK;
}

int cli_run_report(struct cli_run *run)
{
    const struct cli_options *o = run->o;
    uint64_t n_read = cli_input_count(run->input);

    close_out(run, &run->results);
    close_out(run, &run->failed);
    cli_progress_fini(&run->progress);
    if (!o->is_quiet && o->progress == CLI_PROGRESS_JSON) {
        struct cli_out out;

        cli_out_open_messages(&out);
        put_summary(run, n_read, &out);
        cli_out_close(&out);
    } else if (!o->is_quiet) {
        print_end(run, n_read);
    }
    if (o->summary != NULL) {
        write_summary(run, n_read, o->summary);
    }
    return exit_status(run, n_read);
}
