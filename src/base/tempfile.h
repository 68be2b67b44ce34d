/* SPDX-License-Identifier: MIT */
/* Temporary files that are to be given a name later.
 *
 * Purpose: a file without a name where the file system can do that, so that
 *   nothing is left behind whatever happens; otherwise one with a name that
 *   nobody else uses.
 * Ownership: the caller closes the descriptor and removes the name.
 * Thread-safety: any thread.
 * Limits: needs O_TMPFILE for the first way: ext4, xfs, btrfs, tmpfs. */
#ifndef FPOOL_BASE_TEMPFILE_H
#define FPOOL_BASE_TEMPFILE_H

#define FPOOL_TEMPFILE_NAME 48

/* Makes an empty file in the directory 'dir_fd', open for reading and writing,
 * closed on exec, with the permissions of any new file.  Returns the
 * descriptor, or -1 with errno.  'ret_name', of FPOOL_TEMPFILE_NAME bytes, is
 * the file's name in the directory, "" when it has none. */
int fpool_tempfile_open(int dir_fd, char *ret_name);

/* Writes a name that begins as those of temporary files do and is used by
 * nobody else in this process, nor likely by another. */
void fpool_tempfile_name(char *ret_name);

#endif
