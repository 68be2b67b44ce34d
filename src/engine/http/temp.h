/* SPDX-License-Identifier: MIT */
/* Temporary files for bodies too large for memory.
 *
 * Purpose: a file without a name where the file system can do that, otherwise
 *   one with a name that is removed when nobody needs it any more.
 * Ownership: a folder is shared by reference count; a file holds a reference to
 *   its folder while it has a name.
 * Thread-safety: reference counts: any thread; a file: one thread at a time.
 * Limits: these functions touch the disk, so never call them on a loop. */
#ifndef FPOOL_ENGINE_HTTP_TEMP_H
#define FPOOL_ENGINE_HTTP_TEMP_H

#include <stdatomic.h>

#include "base/tempfile.h"
#include "fetchpool/status.h"

/* A directory for temporary files. */
struct fpool_http_folder {
    atomic_uint n_refs;
    int fd;
};

struct fpool_http_temp {
    int fd;                           /* -1: there is no file */
    struct fpool_http_folder *folder; /* NULL: the file has no name */
    char name[FPOOL_TEMPFILE_NAME];
};

/* FPOOL_ENOMEM, or FPOOL_ELOCAL when 'path' is no directory to be opened. */
enum fpool_status fpool_http_folder_open(struct fpool_http_folder **ret_folder,
                                         const char *path);
struct fpool_http_folder *fpool_http_folder_ref(struct fpool_http_folder *f);
void fpool_http_folder_unref(struct fpool_http_folder *f); /* accepts NULL */

/* Makes a file in 'folder'.  Returns 0 or an errno. */
int fpool_http_temp_open(struct fpool_http_temp *t,
                         struct fpool_http_folder *folder);

/* Closes the file, removes its name; accepts one that is not there. */
void fpool_http_temp_close(struct fpool_http_temp *t);

#endif
