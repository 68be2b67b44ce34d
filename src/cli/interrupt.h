/* SPDX-License-Identifier: MIT */
/* Ctrl-C and its relatives.
 *
 * Purpose: the first SIGINT, SIGTERM or SIGHUP asks for an orderly end, the
 *   second ends the process at once.
 * Thread-safety: the main thread; the library's threads block these signals.
 * Limits: one user in a process. */
#ifndef FPOOL_CLI_INTERRUPT_H
#define FPOOL_CLI_INTERRUPT_H

#include <stdbool.h>

/* Installs the handlers; SIGXFSZ is ignored, so that writing beyond a limit
 * fails as an error.  False without descriptors. */
bool cli_interrupt_init(void);

/* The signal that came first, 0 while there is none. */
int cli_interrupt_signal(void);

/* Polls readable once there was a signal; never read it. */
int cli_interrupt_fd(void);

#endif
