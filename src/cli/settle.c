/* SPDX-License-Identifier: MIT */
/* What every command does with an item that is done: count it, note it among
 * the failed, stop when there is reason to.  Called by the commands for each
 * result. */
#include <string.h>

#include "run.h"
#include "say.h"
#include "text.h"

#define MAX_SHOWN 200

/* A share of failures says little about the first few items. */
#define LEAST_FOR_PERCENT 100

/* Faults that the next items would meet as well. */
static bool is_fatal(const char *kind)
{
    return strcmp(kind, "local.disk_full") == 0 ||
           strcmp(kind, "local.io") == 0;
}

static bool is_local_fault(const char *kind)
{
    return is_fatal(kind) || strcmp(kind, "local.descriptors") == 0 ||
           strcmp(kind, "local.memory") == 0;
}

void cli_run_fail(struct cli_run *run, const char *before, const char *name,
                  const char *reason)
{
    if (!run->is_stopped) {
        cli_say_name(before, name, reason);
    }
    run->has_local_fault = true;
    cli_run_stop_all(run);
}

static void check_out(struct cli_run *run, const struct cli_out *out)
{
    if (out->error_number != 0) {
        cli_run_fail(run, "stopping, cannot write", out->name,
                     strerror(out->error_number));
    }
}

static void check_max_failures(struct cli_run *run)
{
    const struct cli_options *o = run->o;
    const uint64_t *counts = run->tally.counts;
    uint64_t n_failed = counts[CLI_FAILED] + counts[CLI_INVALID];
    uint64_t n_done = cli_tally_total(&run->tally) - counts[CLI_PENDING];
    bool is_over =
        (o->max_failures >= 0 && n_failed > (uint64_t)o->max_failures) ||
        (o->max_failures_percent >= 0 && n_done >= LEAST_FOR_PERCENT &&
         (double)n_failed * 100 > o->max_failures_percent * (double)n_done);

    if (is_over && !run->is_limited) {
        run->is_limited = true;
        if (!o->is_quiet) {
            cli_say("stopping: too many failures");
        }
        cli_run_stop_all(run);
    }
}

/* The size of the item as it was asked for: an entry, or a line and a word. */
static size_t asked_size(const struct cli_item *item)
{
    return item->entry != 0 ? item->input_size : item->size;
}

/* To be fed back, in the form it came in; one that was cut cannot be. */
static void write_failed(struct cli_run *run, const struct cli_item *item)
{
    const struct cli_entry *entry = cli_item_entry(item);

    if (item->is_truncated || run->failed.name == NULL) {
        return;
    }
    if (entry != NULL && entry->header != run->failed_header) {
        cli_out_text(&run->failed, cli_input_header(run->input, entry->header));
        cli_out_end_line(&run->failed);
        run->failed_header = entry->header;
    }
    cli_out_bytes(&run->failed, item->text, asked_size(item));
    cli_out_end_line(&run->failed);
}

static void say_failure(const struct cli_outcome *outcome)
{
    FILE *file = cli_say_begin();

    fprintf(file, "%s: ", cli_status_text(outcome->status));
    cli_print_escaped(file, outcome->item->text, asked_size(outcome->item),
                      MAX_SHOWN);
    fprintf(file, ": %s: ", outcome->kind);
    cli_print_escaped(file, outcome->message, strlen(outcome->message),
                      MAX_SHOWN);
    fputc('\n', file);
}

static void note_failure(struct cli_run *run, const struct cli_outcome *outcome)
{
    write_failed(run, outcome->item);
    if (run->o->is_verbose) {
        say_failure(outcome);
    }
    if (is_local_fault(outcome->kind)) {
        run->has_local_fault = true;
    }
    if (is_fatal(outcome->kind)) {
        cli_run_fail(run, "stopping, cannot write to", outcome->place,
                     outcome->message);
    }
}

void cli_run_settle(struct cli_run *run, const struct cli_outcome *outcome)
{
    cli_tally_add(&run->tally, outcome->status, outcome->kind);
    run->next_seq = outcome->item->seq + 1;
    if (outcome->status == CLI_PENDING) {
        return;
    }
    if (outcome->time_us >= 0) {
        cli_histogram_add(&run->tally.times, outcome->time_us);
    }
    if (outcome->kind[0] != '\0') {
        note_failure(run, outcome);
        check_max_failures(run);
    } else if (run->o->max_failures_percent >= 0) {
        check_max_failures(run); /* now there may be enough to tell */
    }
    check_out(run, &run->results);
    check_out(run, &run->failed);
}

static void put_error(struct cli_out *out, const struct cli_outcome *outcome)
{
    cli_out_text(out, ",\"error\":{\"kind\":");
    cli_out_json(out, outcome->kind, strlen(outcome->kind));
    cli_out_text(out, ",\"message\":");
    cli_out_json(out, outcome->message, strlen(outcome->message));
    cli_out_text(out, ",\"retryable\":");
    cli_out_text(out, outcome->is_retryable ? "true}" : "false}");
}

void cli_run_end_record(struct cli_run *run, const struct cli_outcome *outcome)
{
    struct cli_out *out = &run->results;

    if (outcome->kind[0] == '\0') {
        cli_out_text(out, ",\"error\":null");
    } else {
        put_error(out, outcome);
    }
    cli_out_text(out, ",\"timestamp\":");
    cli_out_bytes(out, run->stamp.text, CLI_STAMP_SIZE);
    cli_out_text(out, "}");
    cli_out_end_line(out);
}
