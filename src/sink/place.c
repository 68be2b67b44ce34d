/* SPDX-License-Identifier: MIT */
/* The system calls behind dir.c: links, replacement, directories below another
 * one.  Each has a fall-back for kernels and file systems that lack the best
 * way. */
#include "sink/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/tempfile.h"

#define COPY_BUFFER 65536

/* For file systems without hard links. */
static int move_to(const struct fpool_place_file *file, int dir_fd,
                   const char *name)
{
    struct stat st;

    if (renameat2(file->dir_fd, file->name, dir_fd, name, RENAME_NOREPLACE) ==
        0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    /* Nothing atomic is left; only a very odd file system gets here. */
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return EEXIST;
    }
    return renameat(file->dir_fd, file->name, dir_fd, name) == 0 ? 0 : errno;
}

int fpool_place_link(const struct fpool_place_file *file, int dir_fd,
                     const char *name)
{
    char path[48];

    if (file->name != NULL) {
        if (linkat(file->dir_fd, file->name, dir_fd, name, 0) == 0) {
            return 0;
        }
        if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) {
            return errno;
        }
        return move_to(file, dir_fd, name);
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
    return linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0 ? 0
                                                                        : errno;
}

int fpool_place_replace(const struct fpool_place_file *file, int dir_fd,
                        const char *name)
{
    char other[FPOOL_TEMPFILE_NAME];
    int error_number = fpool_place_link(file, dir_fd, name);

    if (error_number != EEXIST) {
        return error_number;
    }
    fpool_tempfile_name(other);
    error_number = fpool_place_link(file, dir_fd, other);
    if (error_number != 0) {
        return error_number;
    }
    if (renameat(dir_fd, other, dir_fd, name) != 0) {
        error_number = errno;
        unlinkat(dir_fd, other, 0);
    }
    return error_number;
}

bool fpool_place_needs_copy(int error_number)
{
    return error_number == EXDEV || error_number == ENOENT ||
           error_number == EPERM || error_number == EOPNOTSUPP ||
           error_number == EINVAL || error_number == EMLINK;
}

int fpool_place_write(int fd, const void *data, size_t size)
{
    const char *bytes = data;

    while (size > 0) {
        ssize_t n = write(fd, bytes, size);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

int fpool_place_copy(int fd, int from_fd)
{
    char buffer[COPY_BUFFER];
    off_t offset = 0;

    for (;;) {
        ssize_t n = pread(from_fd, buffer, sizeof(buffer), offset);
        int error_number;

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? 0 : errno;
        }
        error_number = fpool_place_write(fd, buffer, (size_t)n);
        if (error_number != 0) {
            return error_number;
        }
        offset += n;
    }
}

/* Opens directory 'path', which may have several parts, at once. */
static int open_below(int root_fd, const char *path)
{
    static atomic_bool is_missing;
    struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    long fd;

    if (atomic_load_explicit(&is_missing, memory_order_relaxed)) {
        errno = ENOSYS;
        return -1;
    }
    fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        atomic_store(&is_missing, true); /* An old kernel, or a filter. */
        errno = ENOSYS;
    }
    return (int)fd;
}

/* Opens one part, or makes it. */
static int open_part(int dir_fd, const char *part, bool is_making)
{
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir_fd, part, flags);

    if (fd >= 0 || errno != ENOENT || !is_making) {
        return fd;
    }
    if (mkdirat(dir_fd, part, 0777) != 0 && errno != EEXIST) {
        return -1;
    }
    return openat(dir_fd, part, flags);
}

/* Opens 'path' part by part; writes into it meanwhile. */
static int walk(int root_fd, char *path, bool is_making, int *ret_fd)
{
    int fd = root_fd;
    char *part = path;

    while (part != NULL) {
        char *slash = strchr(part, '/');
        int next;
        int error_number;

        if (slash != NULL) {
            *slash = '\0';
        }
        next = open_part(fd, part, is_making);
        error_number = errno;
        if (fd != root_fd) {
            close(fd);
        }
        if (next < 0) {
            return error_number;
        }
        fd = next;
        part = slash == NULL ? NULL : slash + 1;
    }
    *ret_fd = fd;
    return 0;
}

int fpool_place_parent(int root_fd, const char *name, bool is_making,
                       int *ret_fd)
{
    const char *slash = strrchr(name, '/');
    char path[PATH_MAX];
    size_t size = slash == NULL ? 0 : (size_t)(slash - name);

    if (size >= sizeof(path)) {
        return ENAMETOOLONG;
    }
    memcpy(path, size == 0 ? "." : name, size == 0 ? 1 : size);
    path[size == 0 ? 1 : size] = '\0';
    *ret_fd = open_below(root_fd, path);
    if (*ret_fd >= 0) {
        return 0;
    }
    if (errno != ENOSYS && (errno != ENOENT || !is_making)) {
        return errno;
    }
    return walk(root_fd, path, is_making, ret_fd);
}
