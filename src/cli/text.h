/* SPDX-License-Identifier: MIT */
/* Numbers, durations and sizes from the command line; files; text to the
 * terminal.
 *
 * Purpose: read what users write, and show what strangers wrote.
 * Ownership: nothing is kept; what cli_read_file() gives is freed with free().
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

/* "12" or "1.5" and nothing else. */
bool cli_parse_decimal(const char *text, double *ret_number);

/* "500ms", "1.5s", "2m", "1h", "1d"; a bare number is seconds.  At least one
 * millisecond. */
bool cli_parse_duration(const char *text, int64_t *ret_ms);

/* How many a second: "10", "0.5", or as curl has it "10/s", "30/m", "100/h",
 * "1000/d".  More than 0. */
bool cli_parse_rate(const char *text, double *ret_rate);

/* "512", "10k", "5M", "2G", "1T", also "10KiB": powers of 1024. */
bool cli_parse_size(const char *text, int64_t *ret_size);

/* The place of 'value' in 'words', a list that ends in NULL; -1 if nowhere. */
int cli_find_word(const char *value, const char *const *words);

/* The whole file at 'path', followed by a zero byte; NULL with errno set: EFBIG
 * for one of more than 'max' bytes, EISDIR for a directory. */
char *cli_read_file(const char *path, size_t max, size_t *ret_size);

/* Writes 'size' bytes to 'file', everything but printable ASCII as \xNN, at
 * most 'max' of them. */
void cli_print_escaped(FILE *file, const char *data, size_t size, size_t max);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t cli_now_ms(void);

#endif
