/* SPDX-License-Identifier: MIT */
/* Counters, progress lines and summaries; called by get.c. */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "text.h"

static const char *const statuses[CLI_N_STATUSES] = { "ok",      "unchanged",
                                                      "skipped", "failed",
                                                      "invalid", "pending" };

const char *cli_status_text(enum cli_status status)
{
    return statuses[status];
}

void cli_tally_init(struct cli_tally *t)
{
    memset(t, 0, sizeof(*t));
    t->start_ms = cli_now_ms();
    t->last_ms = t->start_ms;
}

static void add_kind(struct cli_tally *t, const char *kind)
{
    unsigned i;

    for (i = 0; i < t->n_kinds; i++) {
        if (strcmp(t->kinds[i].kind, kind) == 0) {
            t->kinds[i].count++;
            return;
        }
    }
    if (t->n_kinds < CLI_MAX_KINDS) {
        t->kinds[t->n_kinds].kind = kind;
        t->kinds[t->n_kinds].count = 1;
        t->n_kinds++;
    }
}

void cli_tally_add(struct cli_tally *t, enum cli_status status,
                   const char *kind, uint64_t bytes)
{
    t->counts[status]++;
    t->bytes += bytes;
    if (kind[0] != '\0') {
        add_kind(t, kind);
    }
}

static uint64_t total(const struct cli_tally *t)
{
    uint64_t sum = 0;
    int i;

    for (i = 0; i < CLI_N_STATUSES; i++) {
        sum += t->counts[i];
    }
    return sum;
}

bool cli_tally_is_right(const struct cli_tally *t, uint64_t n_read)
{
    return total(t) == n_read;
}

void cli_tally_print_progress(struct cli_tally *t, uint64_t n_read)
{
    int64_t now = cli_now_ms();
    uint64_t done = total(t);
    double seconds = (double)(now - t->last_ms) / 1000;
    double rate = seconds > 0 ? (double)(done - t->last_done) / seconds : 0;

    fprintf(stderr,
            "%" PRId64 " s: done %" PRIu64
            ", %.1f/s, %.1f MB, in flight %" PRIu64 ", failed %" PRIu64
            ", invalid %" PRIu64 "\n",
            (now - t->start_ms) / 1000, done, rate, (double)t->bytes / 1e6,
            n_read > done ? n_read - done : 0, t->counts[CLI_FAILED],
            t->counts[CLI_INVALID]);
    t->last_done = done;
    t->last_ms = now;
}

void cli_tally_print_end(const struct cli_tally *t, uint64_t n_read)
{
    double seconds = (double)(cli_now_ms() - t->start_ms) / 1000;
    unsigned k;
    int i;

    fprintf(stderr, "read %" PRIu64, n_read);
    for (i = 0; i < CLI_N_STATUSES; i++) {
        fprintf(stderr, " %s %" PRIu64, statuses[i], t->counts[i]);
    }
    fprintf(stderr, "; %.1f MB in %.1f s\n", (double)t->bytes / 1e6, seconds);
    for (k = 0; k < t->n_kinds; k++) {
        fprintf(stderr, "%s%s %" PRIu64 "%s", k == 0 ? "failures: " : ", ",
                t->kinds[k].kind, t->kinds[k].count,
                k + 1 == t->n_kinds ? "\n" : "");
    }
}

int cli_tally_write(const struct cli_tally *t, uint64_t n_read,
                    const char *path)
{
    struct cli_out out;
    int error_number = cli_out_open(&out, path);
    unsigned k;
    int i;

    if (error_number != 0) {
        return error_number;
    }
    cli_out_text(&out, "{\"v\":1,\"type\":\"summary\",\"read\":");
    cli_out_number(&out, (int64_t)n_read);
    for (i = 0; i < CLI_N_STATUSES; i++) {
        cli_out_text(&out, ",\"");
        cli_out_text(&out, statuses[i]);
        cli_out_text(&out, "\":");
        cli_out_number(&out, (int64_t)t->counts[i]);
    }
    cli_out_text(&out, ",\"bytes\":");
    cli_out_number(&out, (int64_t)t->bytes);
    cli_out_text(&out, ",\"elapsed_ms\":");
    cli_out_number(&out, cli_now_ms() - t->start_ms);
    cli_out_text(&out, ",\"errors\":{");
    for (k = 0; k < t->n_kinds; k++) {
        cli_out_text(&out, k == 0 ? "" : ",");
        cli_out_json(&out, t->kinds[k].kind, strlen(t->kinds[k].kind));
        cli_out_text(&out, ":");
        cli_out_number(&out, (int64_t)t->kinds[k].count);
    }
    cli_out_text(&out, "}}");
    cli_out_end_line(&out);
    return cli_out_close(&out);
}
