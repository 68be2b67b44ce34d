/* SPDX-License-Identifier: MIT */
/* Counters; called for each item that is done. */
#include "tally.h"

#include <string.h>

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
                   const char *kind)
{
    t->counts[status]++;
    if (kind[0] != '\0') {
        add_kind(t, kind);
    }
}

uint64_t cli_tally_total(const struct cli_tally *t)
{
    uint64_t sum = 0;
    int i;

    for (i = 0; i < CLI_N_STATUSES; i++) {
        sum += t->counts[i];
    }
    return sum;
}
