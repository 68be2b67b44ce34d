/* SPDX-License-Identifier: MIT */
/* Showing how a run goes, on standard error.
 *
 * Purpose: a few lines that are redrawn on a terminal, or a plain line now and
 *   then, or JSON.
 * Use: when 'next_ms' has come, collect the facts and show them.
 * Ownership: embedded; the messages of say.h clear the lines on the terminal.
 * Thread-safety: the main thread.
 * Limits: one in a process.  The cursor always stays below the lines, and
 *   nothing else of the terminal is changed, so that a process which is killed
 *   leaves it in order. */
#ifndef FPOOL_CLI_PROGRESS_H
#define FPOOL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cli_facts;

enum cli_progress_mode {
    CLI_PROGRESS_AUTO, /* TTY on a terminal, else PLAIN */
    CLI_PROGRESS_TTY,
    CLI_PROGRESS_PLAIN,
    CLI_PROGRESS_JSON,
    CLI_PROGRESS_NONE
};

struct cli_progress {
    enum cli_progress_mode mode; /* never AUTO */
    int64_t next_ms;             /* INT64_MAX: never */
    int n_drawn;                 /* lines on the terminal */
};

/* Begins; the first is due an interval after 'now_ms'. */
void cli_progress_init(struct cli_progress *p, enum cli_progress_mode mode,
                       int64_t now_ms);

/* Shows the facts; the next is due an interval after 'now_ms'. */
void cli_progress_show(struct cli_progress *p, const struct cli_facts *facts,
                       int64_t now_ms);

/* Takes the lines off the terminal. */
void cli_progress_fini(struct cli_progress *p);

#endif
