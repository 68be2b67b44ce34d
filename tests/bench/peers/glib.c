/* SPDX-License-Identifier: MIT */
/* GLib's GThreadPool, exclusive, so that all its threads run from the start.
 * It has neither a bound nor results: tasks are pushed as fast as possible, and
 * the last one tells the main thread.  Called by pool_bench.c. */
#include "bench.h"

#include <glib.h>
#include <stdatomic.h>

struct glib {
    GThreadPool *pool;
    enum bench_work work;
    atomic_uint_fast64_t left;
    GMutex mutex;
    GCond done;
    bool is_done; /* guarded by mutex */
};

static void glib_task(gpointer data, gpointer self)
{
    struct glib *g = self;

    (void)data;
    bench_task(g->work);
    if (atomic_fetch_sub(&g->left, 1) == 1) {
        g_mutex_lock(&g->mutex);
        g->is_done = true;
        g_cond_signal(&g->done);
        g_mutex_unlock(&g->mutex);
    }
}

static void *glib_open(unsigned workers, enum bench_work work)
{
    struct glib *g = g_new0(struct glib, 1);

    g->work = work;
    g_mutex_init(&g->mutex);
    g_cond_init(&g->done);
    g->pool =
        bench_check(g_thread_pool_new(glib_task, g, (gint)workers, TRUE, NULL));
    return g;
}

static void glib_run(void *self, uint64_t n)
{
    struct glib *g = self;

    g->is_done = false;
    atomic_store(&g->left, n);
    for (uint64_t i = 0; i < n; i++) {
        g_thread_pool_push(g->pool, g, NULL);
    }
    g_mutex_lock(&g->mutex);
    while (!g->is_done) {
        g_cond_wait(&g->done, &g->mutex);
    }
    g_mutex_unlock(&g->mutex);
}

static void glib_close(void *self)
{
    struct glib *g = self;

    g_thread_pool_free(g->pool, FALSE, TRUE);
    g_free(g);
}

const struct bench_case case_glib = {
    "glib", "GLib GThreadPool", glib_open, glib_run, glib_close,
};
