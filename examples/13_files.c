/* SPDX-License-Identifier: MIT */
/* Blocking file reads: bytes and lines of each file named as an argument. While
 * one read waits for the disk, others go on; a bounded number is under way.
 * Python: for counts in pool.imap(count, sys.argv[1:]): ... */
#include <fetchpool/fetchpool.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct counts {
    size_t n_bytes;
    size_t n_lines;
};

/* Returns 0 or an errno value, which arrives untouched as the result's code. */
static int count(struct fpool_task *task, void *item, void **ret_value)
{
    const char *path = *(char **)item;
    struct counts *counts = calloc(1, sizeof(*counts));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code = fd < 0 ? errno : 0;
    char buffer[16384]; /* A worker has 512 KiB of stack unless told otherwise.
                         */
    ssize_t n;

    *ret_value = counts; /* The result owns it from here, also on failure. */
    if (counts == NULL) {
        code = ENOMEM;
    }
    while (code == 0 && !fpool_task_is_cancelled(task)) {
        n = read(fd, buffer, sizeof(buffer));
        if (n <= 0) {
            code = n < 0 ? errno : 0;
            break;
        }
        counts->n_bytes += (size_t)n;
        for (ssize_t i = 0; i < n; i++) {
            counts->n_lines += buffer[i] == '\n';
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return code;
}

int main(int argc, char **argv)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;

    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 16)) != FPOOL_OK ||
        fpool_imap(
            pool, FPOOL_CALL(count, NULL),
            fpool_source_array(argv + 1, (size_t)argc - 1, sizeof(argv[0])),
            FPOOL_JOB(.drop_value = free), &results) != FPOOL_OK) {
        return 1;
    }
    while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK) {
        const struct counts *counts = r.value;
        const char *path = *(char **)r.item.data;

        if (r.status == FPOOL_OK) {
            printf("%s: %zu bytes, %zu lines\n", path, counts->n_bytes,
                   counts->n_lines);
        } else {
            printf("%s: %s\n", path, strerror(r.code));
        }
        fpool_result_release(&r);
    }
    return 0;
}
