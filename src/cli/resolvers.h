/* SPDX-License-Identifier: MIT */
/* Lists of name servers from the command line.
 *
 * Purpose: what --resolvers takes, a file or the list itself.
 * Ownership: the text is the caller's, also on failure; freed with free().
 * Thread-safety: the main thread.
 * Limits: files of 16 MiB. */
#ifndef FPOOL_CLI_RESOLVERS_H
#define FPOOL_CLI_RESOLVERS_H

/* Reads the file called 'value', or takes 'value' as the list, and checks it.
 * Returns an exit status, after saying what is wrong. */
int cli_resolvers_load(const char *value, char **ret_text);

#endif
