/* SPDX-License-Identifier: MIT */
/* `fetchpool resolve`.
 *
 * Purpose: resolve a list of host names.
 * Thread-safety: the main thread.
 * Limits: none. */
#ifndef FPOOL_CLI_RESOLVE_H
#define FPOOL_CLI_RESOLVE_H

/* Runs the command, argv[0] being "resolve"; returns the exit status. */
int cli_resolve(int argc, char **argv);

#endif
