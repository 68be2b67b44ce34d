/* SPDX-License-Identifier: MIT */
/* Temporary files; used by the http engine's spools and the directory sink. */
#include "base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define PREFIX    ".fetchpool-tmp-"
#define MAX_TRIES 100

void fpool_tempfile_name(char *ret_name)
{
    static const char digits[] = "0123456789abcdef";
    static atomic_uint_fast64_t counter;
    uint64_t salt = (uint64_t)getpid() << 32 ^ (uint64_t)fpool_now_ns();
    uint64_t n = salt * 0x9e3779b97f4a7c15u + atomic_fetch_add(&counter, 1);
    char *out = ret_name + sizeof(PREFIX) - 1;
    int shift;

    memcpy(ret_name, PREFIX, sizeof(PREFIX) - 1);
    for (shift = 60; shift >= 0; shift -= 4) {
        *out++ = digits[(n >> shift) & 15];
    }
    *out = '\0';
}

static int open_named(int dir_fd, char *ret_name)
{
    int tries;

    for (tries = 0; tries < MAX_TRIES; tries++) {
        int fd;

        fpool_tempfile_name(ret_name);
        fd = openat(dir_fd, ret_name,
                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

int fpool_tempfile_open(int dir_fd, char *ret_name)
{
    int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);

    ret_name[0] = '\0';
    if (fd >= 0) {
        return fd;
    }
    /* How file systems, old kernels and old libraries say that they cannot. */
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ||
        errno == ENOENT) {
        return open_named(dir_fd, ret_name);
    }
    return -1;
}
