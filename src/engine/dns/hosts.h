/* SPDX-License-Identifier: MIT */
/* The hosts file: names that need no resolver.
 *
 * Purpose: its table, read again when the file has changed.
 * Use: init; refresh before each look; fpool_dns_hosts_table_find(&h->table).
 * Ownership: all that it holds is its own.
 * Thread-safety: one thread at a time.
 * Limits: the first FPOOL_DNS_HOSTS_MAX_SIZE bytes of a regular file.  Reading
 *   it blocks: some ten milliseconds for each megabyte. */
#ifndef FPOOL_ENGINE_DNS_HOSTS_H
#define FPOOL_ENGINE_DNS_HOSTS_H

#include <sys/stat.h>

#include "engine/dns/hosts_table.h"

#define FPOOL_DNS_HOSTS_MAX_SIZE ((size_t)64 << 20)
#define FPOOL_DNS_HOSTS_PAUSE_NS                                               \
    5000000000LL /* between two looks at the file */

struct fpool_dns_hosts {
    struct fpool_dns_hosts_table table;
    char *path;
    bool has_looked;
    int64_t looked;   /* when */
    struct stat last; /* the file that 'table' is of; all zero: none */
};

/* 'path' is copied; nothing is read yet.  FPOOL_ENOMEM. */
enum fpool_status fpool_dns_hosts_init(struct fpool_dns_hosts *h,
                                       const char *path);
void fpool_dns_hosts_fini(struct fpool_dns_hosts *h); /* also all zero */

/* Reads the file if it is not the one that was read last; looks at most once in
 * FPOOL_DNS_HOSTS_PAUSE_NS.  A file that is gone or cannot be opened is an
 * empty one; when reading fails, what was known stays. */
void fpool_dns_hosts_refresh(struct fpool_dns_hosts *h, int64_t now);

#endif
