/* SPDX-License-Identifier: MIT */
/* Messages on standard error.
 *
 * Purpose: one form for all commands, "fetchpool COMMAND: ...", that does not
 *   get mixed up with a live display.
 * Ownership: the command's name is borrowed.
 * Thread-safety: the main thread.
 * Limits: one command in a process. */
#ifndef FPOOL_CLI_SAY_H
#define FPOOL_CLI_SAY_H

#include <stdio.h>

/* The command whose messages these are: "get". */
void cli_say_as(const char *command);

/* The name of that command. */
const char *cli_say_command(void);

/* 'clear' is called with 'arg' before anything else is written to the terminal;
 * NULL: nothing is. */
void cli_say_after(void (*clear)(void *arg), void *arg);

/* Makes room: calls 'clear'. */
void cli_say_clear(void);

/* Begins a message, "fetchpool COMMAND: ", to be written to what it returns and
 * ended with a line feed. */
FILE *cli_say_begin(void);

/* A whole message. */
__attribute__((format(printf, 1, 2), nonnull(1))) void cli_say(
    const char *format, ...);

/* "BEFORE NAME: REASON" with 'name' escaped; ends after the name when 'reason'
 * is "". */
void cli_say_name(const char *before, const char *name, const char *reason);

#endif
