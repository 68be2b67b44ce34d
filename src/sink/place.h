/* SPDX-License-Identifier: MIT */
/* Putting a finished file in its place.
 *
 * Purpose: a file appears under its final name whole or not at all, and never
 *   in place of another one unless that is wanted.
 * Ownership: descriptors are borrowed.
 * Thread-safety: any thread.
 * Limits: all functions return 0 or an errno. */
#ifndef FPOOL_SINK_PLACE_H
#define FPOOL_SINK_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* A file that is complete: its descriptor, and its present name, if any. */
struct fpool_place_file {
    int fd;
    int dir_fd;
    const char *name; /* NULL: it has none */
};

/* Gives 'file' the name 'name' in the directory 'dir_fd', in one step.  EEXIST
 * when that is taken.  A file with a name may keep it or lose it. */
int fpool_place_link(const struct fpool_place_file *file, int dir_fd,
                     const char *name);

/* The same, in place of a file that is there. */
int fpool_place_replace(const struct fpool_place_file *file, int dir_fd,
                        const char *name);

/* True for the errors of the above that a copy in the same directory would not
 * have: another file system, no /proc, no such links. */
bool fpool_place_needs_copy(int error_number);

/* Writes 'size' bytes; copies a whole file from its beginning. */
int fpool_place_write(int fd, const void *data, size_t size);
int fpool_place_copy(int fd, int from_fd);

/* Opens the directory that is to hold 'name' below 'root_fd', without following
 * any link, as a descriptor for use with *at() functions in '*ret_fd'.  Makes
 * the directories on the way if 'is_making'. */
int fpool_place_parent(int root_fd, const char *name, bool is_making,
                       int *ret_fd);

#endif
