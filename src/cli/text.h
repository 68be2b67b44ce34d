/* SPDX-License-Identifier: MIT */
/* Numbers, durations and sizes from the command line; text to the terminal.
 *
 * Purpose: read what users write, and show what strangers wrote.
 * Ownership: nothing is kept.
 * Thread-safety: any thread.
 * Limits: none. */
#ifndef FPOOL_CLI_TEXT_H
#define FPOOL_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* "250" within [0, max]. */
bool cli_parse_number(const char *text, int64_t max, int64_t *ret_number);

/* "500ms", "1.5s", "2m", "1h", "1d"; a bare number is seconds.  At least one
 * millisecond. */
bool cli_parse_duration(const char *text, int64_t *ret_ms);

/* "512", "10k", "5M", "2G", "1T", also "10KiB": powers of 1024. */
bool cli_parse_size(const char *text, int64_t *ret_size);

/* Writes 'size' bytes to 'file', everything but printable ASCII as \xNN, at
 * most 'max' of them. */
void cli_print_escaped(FILE *file, const char *data, size_t size, size_t max);

/* "fetchpool get: " and the rest on standard error, with a line feed. */
__attribute__((format(printf, 1, 2))) void cli_say(const char *format, ...);

/* "fetchpool get: BEFORE NAME: REASON" with 'name' escaped; ends after the name
 * when 'reason' is "". */
void cli_say_name(const char *before, const char *name, const char *reason);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t cli_now_ms(void);

#endif
