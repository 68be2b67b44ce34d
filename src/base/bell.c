/* SPDX-License-Identifier: MIT */
/* The doorbell on eventfd(2); used by tokens, results and loops. */
#include "base/bell.h"

#include <sys/eventfd.h>
#include <unistd.h>

enum fpool_status fpool_bell_init(struct fpool_bell *b)
{
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return b->fd < 0 ? FPOOL_ENOMEM : FPOOL_OK;
}

void fpool_bell_fini(struct fpool_bell *b)
{
    if (b->fd >= 0) {
        close(b->fd);
        b->fd = -1;
    }
}

void fpool_bell_ring(struct fpool_bell *b)
{
    uint64_t one = 1;

    /* EAGAIN would mean that it has been rung 2^64 - 2 times: readable. */
    if (write(b->fd, &one, sizeof(one)) < 0) {
        return;
    }
}

void fpool_bell_answer(struct fpool_bell *b)
{
    uint64_t n;

    if (read(b->fd, &n, sizeof(n)) < 0) {
        return;
    }
}
