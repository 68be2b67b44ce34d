/* SPDX-License-Identifier: MIT */
/* Results in your own event loop: their descriptor polls readable when there
 * is something to take.  A timer stands for all else that the loop serves.
 * Python: loop.run_in_executor(pool, work, item)  # and asyncio */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int work(struct fpool_task *task, void *item, void **ret_value)
{
    (void)task;
    poll(NULL, 0, 1);
    *ret_value = item;
    return 0;
}

static bool watch(int loop, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Takes all that is there.  Only when fpool_next() has said FPOOL_ETIMEDOUT
 * does the descriptor wait for more. */
static enum fpool_status take_all(struct fpool_results *results, unsigned *n)
{
    struct fpool_result r;
    enum fpool_status st = FPOOL_OK;

    while (st == FPOOL_OK) {
        st = fpool_next(results, &r, 0);
        if (st == FPOOL_OK) {
            (*n)++;
            fpool_result_release(&r);
        }
    }
    return st;
}

int main(void)
{
    struct itimerspec every_5_ms = { { 0, 5000000 }, { 0, 5000000 } };
    int loop = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    enum fpool_status st = FPOOL_ETIMEDOUT;
    unsigned n_results = 0;
    unsigned n_ticks = 0;

    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 16)) != FPOOL_OK ||
        fpool_imap_unordered(pool, FPOOL_CALL(work, NULL),
                             fpool_source_range(0, 1000), NULL,
                             &results) != FPOOL_OK ||
        timerfd_settime(timer, 0, &every_5_ms, NULL) != 0 ||
        !watch(loop, timer) || !watch(loop, fpool_results_fd(results))) {
        return 1;
    }
    while (st == FPOOL_ETIMEDOUT) {
        struct epoll_event event;
        uint64_t n;

        if (epoll_wait(loop, &event, 1, -1) == 1 && event.data.fd == timer) {
            n_ticks += read(timer, &n, sizeof(n)) == sizeof(n);
        } else {
            st = take_all(results, &n_results);
        }
    }
    printf("%u results, then: %s\n", n_results, fpool_status_text(st));
    fprintf(stderr, "%u ticks meanwhile\n", n_ticks);
    return 0;
}
