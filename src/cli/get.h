/* SPDX-License-Identifier: MIT */
/* `fetchpool get`.
 *
 * Purpose: download a list of URLs.
 * Thread-safety: the main thread.
 * Limits: none. */
#ifndef FPOOL_CLI_GET_H
#define FPOOL_CLI_GET_H

/* Runs the command, argv[0] being "get"; returns the exit status. */
int cli_get(int argc, char **argv);

#endif
