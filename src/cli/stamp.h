/* SPDX-License-Identifier: MIT */
/* The time of day in result lines.
 *
 * Purpose: a text that many results share, as asking the clock and the calendar
 *   for each would cost more than the rest of the line.
 * Ownership: embedded; zeroed to begin with.
 * Thread-safety: one thread.
 * Limits: as exact as it is refreshed often. */
#ifndef FPOOL_CLI_STAMP_H
#define FPOOL_CLI_STAMP_H

#include <stdint.h>

#define CLI_STAMP_SIZE 26

struct cli_stamp {
    int64_t second; /* which 'text' shows */
    char
        text[40]; /* CLI_STAMP_SIZE bytes: "2026-11-22T12:00:00.123Z", quoted */
};

/* Looks at the clock. */
void cli_stamp_refresh(struct cli_stamp *s);

#endif
