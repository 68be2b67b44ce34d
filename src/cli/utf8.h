/* SPDX-License-Identifier: MIT */
/* Characters of UTF-8.
 *
 * Purpose: tell text from noise, and text that shows from text that deceives.
 * Thread-safety: pure functions.
 * Limits: none. */
#ifndef FPOOL_CLI_UTF8_H
#define FPOOL_CLI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character that begins at 'data', its code in '*ret_code'; 0
 * when it is not well-formed UTF-8 (overlong forms and surrogates are not).
 * 'size' is at least 1. */
size_t cli_utf8_decode(const char *data, size_t size, uint32_t *ret_code);

/* Writes a code up to U+10FFFF to 'ret_data', of at least 4 bytes; returns how
 * many. */
size_t cli_utf8_encode(uint32_t code, char *ret_data);

/* Controls, also those that turn the direction of text around: all that could
 * make a terminal show something else than what is there. */
bool cli_utf8_is_dangerous(uint32_t code);

#endif
