/* SPDX-License-Identifier: MIT */
/* libuv's uv_queue_work: a window of requests, each queued again by its own
 * completion on the loop's thread, which is how libuv delivers results.  The
 * number of threads comes from UV_THREADPOOL_SIZE, which pool_bench.c, the
 * caller, sets before it starts the process. */
#include "bench.h"

#include <stdlib.h>
#include <uv.h>

struct libuv {
    uv_loop_t loop;
    enum bench_work work;
    unsigned window;
    uint64_t left; /* tasks to queue */
    uv_work_t *requests;
};

static void uv_task(uv_work_t *request)
{
    const struct libuv *u = request->data;

    bench_task(u->work);
}

static void uv_delivered(uv_work_t *request, int status)
{
    struct libuv *u = request->data;

    (void)status;
    if (u->left > 0) {
        u->left--;
        uv_queue_work(&u->loop, request, uv_task, uv_delivered);
    }
}

static void *libuv_open(unsigned workers, enum bench_work work)
{
    struct libuv *u = bench_check(calloc(1, sizeof(*u)));

    u->work = work;
    u->window = bench_window(workers);
    u->requests = bench_check(calloc(u->window, sizeof(*u->requests)));
    if (uv_loop_init(&u->loop) != 0) {
        bench_check(NULL);
    }
    return u;
}

static void libuv_run(void *self, uint64_t n)
{
    struct libuv *u = self;
    unsigned first = n < u->window ? (unsigned)n : u->window;

    u->left = n - first;
    for (unsigned i = 0; i < first; i++) {
        u->requests[i].data = u;
        uv_queue_work(&u->loop, &u->requests[i], uv_task, uv_delivered);
    }
    uv_run(&u->loop, UV_RUN_DEFAULT);
}

static void libuv_close(void *self)
{
    struct libuv *u = self;

    uv_loop_close(&u->loop);
    free(u->requests);
    free(u);
}

const struct bench_case case_libuv = {
    "libuv", "libuv uv_queue_work", libuv_open, libuv_run, libuv_close,
};
