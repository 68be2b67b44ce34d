/* SPDX-License-Identifier: MIT */
/* `fetchpool get`.
 *
 * Purpose: download a list of URLs.
 * Thread-safety: the main thread.
 * Limits: none. */
#ifndef FPOOL_CLI_GET_H
#define FPOOL_CLI_GET_H

/* Exit statuses, as the documentation lists them. */
enum {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_LOCAL = 3,
    CLI_EXIT_BUG = 70,
    CLI_EXIT_SIGNAL = 128
};

/* Runs the command, argv[0] being "get"; returns the exit status. */
int cli_get(int argc, char **argv);

#endif
