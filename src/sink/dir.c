/* SPDX-License-Identifier: MIT */
/* Directories of bodies: public functions of dir.h, called by programs from any
 * thread; calls place.c for the system calls and dir_name.c for the names. */
#include "fetchpool/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/options.h"
#include "base/tempfile.h"
#include "core/handle.h"
#include "fetchpool/http.h"
#include "sink/dir_name.h"
#include "sink/place.h"

#define MAX_RENAMES 9999

struct fpool_dir {
    struct fpool_handle handle; /* must be first */
    int fd;
    enum fpool_dir_layout layout;
    enum fpool_dir_if_exists if_exists;
    char *pattern; /* with FPOOL_DIR_PATTERN */
};

static void destroy_hook(void *handle_address);

/* Makes 'path' and its parents where they are missing.  Returns 0 or errno. */
static int make_path(const char *path)
{
    size_t size = strlen(path) + 1;
    char *copy = fpool_malloc(size);
    int error_number = 0;
    size_t i;

    if (copy == NULL) {
        return ENOMEM;
    }
    memcpy(copy, path, size);
    for (i = 1; i < size && error_number == 0; i++) {
        if (copy[i] != '/' && copy[i] != '\0') {
            continue;
        }
        copy[i] = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST && errno != EISDIR &&
            errno != EROFS) {
            error_number = errno;
        }
        copy[i] = path[i];
    }
    fpool_free(copy);
    return error_number;
}

/* Opens the directory and makes a file in it, which is gone at once. */
static int open_and_prove(const char *path)
{
    char name[FPOOL_TEMPFILE_NAME];
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int file;

    if (fd < 0) {
        return -1;
    }
    file = fpool_tempfile_open(fd, name);
    if (file < 0) {
        int error_number = errno;

        close(fd);
        errno = error_number;
        return -1;
    }
    close(file);
    if (name[0] != '\0') {
        unlinkat(fd, name, 0);
    }
    return fd;
}

static enum fpool_status read_options(struct fpool_dir *d,
                                      const struct fpool_dir_options *options)
{
    struct fpool_dir_options o = { 0 };

    if (!fpool_options_copy(&o, sizeof(o), options) ||
        (unsigned)o.layout > FPOOL_DIR_PATTERN ||
        (unsigned)o.if_exists > FPOOL_DIR_FAIL ||
        (o.layout == FPOOL_DIR_PATTERN) != (o.pattern != NULL) ||
        (o.pattern != NULL && fpool_dir_check_pattern(o.pattern) != NULL)) {
        return FPOOL_EINVAL;
    }
    if (o.pattern != NULL) {
        size_t size = strlen(o.pattern) + 1;

        d->pattern = fpool_malloc(size);
        if (d->pattern == NULL) {
            return FPOOL_ENOMEM;
        }
        memcpy(d->pattern, o.pattern, size);
    }
    d->layout = o.layout;
    d->if_exists = o.if_exists;
    return FPOOL_OK;
}

enum fpool_status fpool_dir_create(struct fpool_dir **ret_dir, const char *path,
                                   const struct fpool_dir_options *options)
{
    struct fpool_dir *d;
    enum fpool_status status;
    int error_number;

    if (ret_dir == NULL || path == NULL || path[0] == '\0') {
        return FPOOL_EINVAL;
    }
    d = fpool_calloc(1, sizeof(*d));
    if (d == NULL) {
        return FPOOL_ENOMEM;
    }
    d->handle.kind = FPOOL_KIND_HOOKED;
    d->handle.destroy = destroy_hook;
    status = read_options(d, options);
    if (status != FPOOL_OK) {
        fpool_free(d);
        return status;
    }
    error_number = make_path(path);
    d->fd = error_number == 0 ? open_and_prove(path) : -1;
    if (d->fd < 0) {
        error_number = error_number == 0 ? errno : error_number;
        fpool_free(d->pattern);
        fpool_free(d);
        errno = error_number;
        return FPOOL_ELOCAL;
    }
    *ret_dir = d;
    return FPOOL_OK;
}

void fpool_dir_destroy(struct fpool_dir **dir)
{
    struct fpool_dir *d = dir == NULL ? NULL : *dir;

    if (d == NULL) {
        return;
    }
    *dir = NULL;
    close(d->fd);
    fpool_free(d->pattern);
    fpool_free(d);
}

static void destroy_hook(void *handle_address)
{
    fpool_dir_destroy(handle_address);
}

enum fpool_status fpool_dir_name(const struct fpool_dir *dir, const char *url,
                                 size_t url_size, uint64_t seq, char *ret_name,
                                 size_t size)
{
    struct fpool_dir_item item = { .struct_size = sizeof(item),
                                   .url = url,
                                   .url_size = url_size,
                                   .seq = seq };

    return fpool_dir_name_of(dir, &item, ret_name, size);
}

enum fpool_status fpool_dir_name_of(const struct fpool_dir *dir,
                                    const struct fpool_dir_item *item,
                                    char *ret_name, size_t size)
{
    struct fpool_dir_item i;

    if (dir == NULL || item == NULL ||
        !fpool_options_copy(&i, sizeof(i), item) || i.url == NULL ||
        ret_name == NULL || size < FPOOL_DIR_NAME_SIZE) {
        return FPOOL_EINVAL;
    }
    return dir->layout == FPOOL_DIR_PATTERN
               ? fpool_dir_pattern_make(dir->pattern, &i, ret_name)
               : fpool_dir_name_make(dir->layout, i.url, i.url_size, i.seq,
                                     ret_name);
}

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash == NULL ? name : slash + 1;
}

bool fpool_dir_exists(struct fpool_dir *dir, const char *name)
{
    struct stat st;
    bool is_there;
    int fd;

    if (dir == NULL || name == NULL || !fpool_dir_name_is_safe(name) ||
        fpool_place_parent(dir->fd, name, false, &fd) != 0) {
        return false;
    }
    is_there = fstatat(fd, base_of(name), &st, AT_SYMLINK_NOFOLLOW) == 0;
    close(fd);
    return is_there;
}

/* Writes "name.<n>.ext" for 'base' as "name.ext". */
static void number_name(const char *base, unsigned n, char *ret_name,
                        size_t size)
{
    const char *dot = strrchr(base, '.');
    int stem =
        (int)(dot == NULL || dot == base ? strlen(base) : (size_t)(dot - base));

    snprintf(ret_name, size, "%.*s.%u%s", stem, base, n, base + stem);
}

/* Tries numbered names; 'base' is the end of 'stored->name', and becomes the
 * one that was free. */
static int place_renamed(const struct fpool_place_file *file, int dir_fd,
                         char *base, struct fpool_dir_stored *stored)
{
    size_t room = sizeof(stored->name) - (size_t)(base - stored->name);
    char name[512];
    unsigned n;

    for (n = 1; n <= MAX_RENAMES; n++) {
        int error_number;

        number_name(base, n, name, sizeof(name));
        error_number = fpool_place_link(file, dir_fd, name);
        if (error_number == 0) {
            snprintf(base, room, "%s", name);
        }
        if (error_number != EEXIST) {
            return error_number;
        }
    }
    return EEXIST;
}

static int place(const struct fpool_dir *d, const struct fpool_place_file *file,
                 int dir_fd, struct fpool_dir_stored *stored)
{
    char *slash = strrchr(stored->name, '/');
    char *base = slash == NULL ? stored->name : slash + 1;
    int error_number;

    if (d->if_exists == FPOOL_DIR_OVERWRITE) {
        return fpool_place_replace(file, dir_fd, base);
    }
    error_number = fpool_place_link(file, dir_fd, base);
    if (error_number == EEXIST && d->if_exists == FPOOL_DIR_RENAME) {
        return place_renamed(file, dir_fd, base, stored);
    }
    return error_number;
}

/* Makes a file of our own in 'dir_fd', fills it from the response, and puts it
 * in its place. */
static int write_and_place(const struct fpool_dir *d,
                           const struct fpool_http_response *response,
                           int dir_fd, struct fpool_dir_stored *stored)
{
    char name[FPOOL_TEMPFILE_NAME];
    struct fpool_place_file file = { .dir_fd = dir_fd };
    int error_number;

    file.fd = fpool_tempfile_open(dir_fd, name);
    if (file.fd < 0) {
        return errno;
    }
    file.name = name[0] == '\0' ? NULL : name;
    if (response->body_fd >= 0) {
        error_number = fpool_place_copy(file.fd, response->body_fd);
    } else if (response->body != NULL) {
        error_number = fpool_place_write(file.fd, response->body,
                                         (size_t)response->body_size);
    } else {
        error_number = 0;
    }
    if (error_number == 0) {
        error_number = place(d, &file, dir_fd, stored);
    }
    close(file.fd);
    if (file.name != NULL) {
        unlinkat(dir_fd, file.name, 0);
    }
    return error_number;
}

static int store(const struct fpool_dir *d,
                 const struct fpool_http_response *response, int dir_fd,
                 struct fpool_dir_stored *stored)
{
    struct fpool_place_file file = { response->body_fd, response->body_dir_fd,
                                     response->body_name };

    if (file.fd >= 0) {
        int error_number = place(d, &file, dir_fd, stored);

        if (error_number == 0 || !fpool_place_needs_copy(error_number)) {
            return error_number;
        }
    }
    return write_and_place(d, response, dir_fd, stored);
}

enum fpool_status fpool_dir_store(struct fpool_dir *dir, const char *name,
                                  const struct fpool_http_response *response,
                                  struct fpool_dir_stored *ret_stored)
{
    int error_number;
    int fd = -1;

    if (dir == NULL || name == NULL || response == NULL || ret_stored == NULL ||
        !fpool_dir_name_is_safe(name)) {
        return FPOOL_EINVAL;
    }
    snprintf(ret_stored->name, sizeof(ret_stored->name), "%s", name);
    error_number = fpool_place_parent(dir->fd, name, true, &fd);
    if (error_number == 0) {
        error_number = store(dir, response, fd, ret_stored);
        close(fd);
    }
    ret_stored->error_number = error_number;
    if (error_number == 0) {
        return FPOOL_OK;
    }
    if (error_number == EEXIST && dir->if_exists == FPOOL_DIR_SKIP) {
        ret_stored->error_number = 0;
        return FPOOL_EALREADY;
    }
    return FPOOL_ELOCAL;
}
