/* SPDX-License-Identifier: MIT */
/* The hosts file on the disk; called by lookups. */
#include "engine/dns/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define PIECE 16384

enum fpool_status fpool_dns_hosts_init(struct fpool_dns_hosts *h,
                                       const char *path)
{
    size_t size = strlen(path) + 1;

    memset(h, 0, sizeof(*h));
    h->path = fpool_malloc(size);
    if (h->path == NULL) {
        return FPOOL_ENOMEM;
    }
    memcpy(h->path, path, size);
    return FPOOL_OK;
}

void fpool_dns_hosts_fini(struct fpool_dns_hosts *h)
{
    fpool_dns_hosts_table_fini(&h->table);
    fpool_free(h->path);
    h->path = NULL;
}

/* What is beyond the bound is left out, the word that it cuts as well. */
static enum fpool_status read_all(struct fpool_dns_hosts_table *t, int fd)
{
    char piece[PIECE];
    size_t total = 0;

    while (total < FPOOL_DNS_HOSTS_MAX_SIZE) {
        enum fpool_status st;
        ssize_t n = read(fd, piece, sizeof(piece));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return FPOOL_ELOCAL;
        }
        if (n == 0) {
            return fpool_dns_hosts_end(t);
        }
        st = fpool_dns_hosts_feed(t, piece, (size_t)n);
        if (st != FPOOL_OK) {
            return st;
        }
        total += (size_t)n;
    }
    return FPOOL_OK;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void replace(struct fpool_dns_hosts *h,
                    const struct fpool_dns_hosts_table *table,
                    const struct stat *of)
{
    fpool_dns_hosts_table_fini(&h->table);
    h->table = *table;
    h->last = *of;
}

/* Not to block, should a queue or a device have the file's name. */
static int open_file(const char *path, struct stat *ret_file)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, ret_file) != 0 || !S_ISREG(ret_file->st_mode))) {
        close(fd);
        fd = -1;
        errno = EINVAL;
    }
    return fd;
}

/* The trouble is ours, and says nothing about the file. */
static bool is_passing(int error_number)
{
    return error_number == EMFILE || error_number == ENFILE ||
           error_number == ENOMEM || error_number == EINTR;
}

void fpool_dns_hosts_refresh(struct fpool_dns_hosts *h, int64_t now)
{
    struct fpool_dns_hosts_table table = { 0 };
    struct stat file = { 0 };
    int fd;

    if (h->has_looked && now - h->looked < FPOOL_DNS_HOSTS_PAUSE_NS) {
        return;
    }
    h->has_looked = true;
    h->looked = now;
    if (stat(h->path, &file) == 0 && is_same_file(&file, &h->last)) {
        return;
    }
    fd = open_file(h->path, &file);
    if (fd < 0) {
        if (!is_passing(errno)) {
            memset(&file, 0, sizeof(file));
            replace(h, &table, &file);
        }
        return;
    }
    if (read_all(&table, fd) == FPOOL_OK) {
        replace(h, &table, &file);
    } else {
        fpool_dns_hosts_table_fini(&table);
    }
    close(fd);
}
