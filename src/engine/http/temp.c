/* SPDX-License-Identifier: MIT */
/* Temporary files: made by the writer thread, closed by it or with a response.
 */
#include "engine/http/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"

enum fpool_status fpool_http_folder_open(struct fpool_http_folder **ret_folder,
                                         const char *path)
{
    struct fpool_http_folder *f = fpool_calloc(1, sizeof(*f));

    if (f == NULL) {
        return FPOOL_ENOMEM;
    }
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0) {
        fpool_free(f);
        return FPOOL_ELOCAL;
    }
    atomic_init(&f->n_refs, 1);
    *ret_folder = f;
    return FPOOL_OK;
}

struct fpool_http_folder *fpool_http_folder_ref(struct fpool_http_folder *f)
{
    atomic_fetch_add_explicit(&f->n_refs, 1, memory_order_relaxed);
    return f;
}

void fpool_http_folder_unref(struct fpool_http_folder *f)
{
    if (f != NULL && atomic_fetch_sub(&f->n_refs, 1) == 1) {
        close(f->fd);
        fpool_free(f);
    }
}

int fpool_http_temp_open(struct fpool_http_temp *t,
                         struct fpool_http_folder *folder)
{
    t->folder = NULL;
    t->fd = fpool_tempfile_open(folder->fd, t->name);
    if (t->fd < 0) {
        return errno;
    }
    if (t->name[0] != '\0') {
        t->folder = fpool_http_folder_ref(folder);
    }
    return 0;
}

void fpool_http_temp_close(struct fpool_http_temp *t)
{
    if (t->fd < 0) {
        return;
    }
    close(t->fd);
    t->fd = -1;
    if (t->folder != NULL) {
        /* It may have been given another name, or been moved to it. */
        unlinkat(t->folder->fd, t->name, 0);
        fpool_http_folder_unref(t->folder);
        t->folder = NULL;
    }
}
