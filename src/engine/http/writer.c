/* SPDX-License-Identifier: MIT */
/* The writer's thread and its queue; called by the spools. */
#include "engine/http/writer.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"
#include "core/service.h"

struct fpool_http_writer {
    pthread_t thread;
    struct fpool_gate gate;
    struct fpool_mutex mu;
    /* --- guarded by mu --- */
    struct fpool_http_work *first FPOOL_GUARDED;
    struct fpool_http_work **last FPOOL_GUARDED;
    bool is_stopping FPOOL_GUARDED;
};

/* Takes the whole queue; sets '*ret_stop' when it is empty for ever. */
static struct fpool_http_work *take_all(struct fpool_http_writer *w,
                                        bool *ret_stop)
{
    struct fpool_http_work *work;

    fpool_mutex_lock(&w->mu);
    work = w->first;
    w->first = NULL;
    w->last = &w->first;
    *ret_stop = work == NULL && w->is_stopping;
    fpool_mutex_unlock(&w->mu);
    return work;
}

static void *writer_main(void *argument)
{
    struct fpool_http_writer *w = argument;

    for (;;) {
        unsigned key = fpool_gate_prepare(&w->gate);
        bool is_over = false;
        struct fpool_http_work *work = take_all(w, &is_over);

        if (work == NULL && !is_over) {
            fpool_gate_wait(&w->gate, key, FPOOL_NEVER);
            continue;
        }
        fpool_gate_abandon(&w->gate);
        if (is_over) {
            return NULL;
        }
        while (work != NULL) {
            struct fpool_http_work *next = work->next;

            work->run(work);
            work = next;
        }
    }
}

enum fpool_status fpool_http_writer_create(
    struct fpool_http_writer **ret_writer)
{
    struct fpool_http_writer *w = fpool_calloc(1, sizeof(*w));

    if (w == NULL) {
        return FPOOL_ENOMEM;
    }
    fpool_mutex_init(&w->mu);
    fpool_mutex_lock(&w->mu);
    w->last = &w->first;
    fpool_mutex_unlock(&w->mu);
    if (fpool_thread_create(&w->thread, "fpool-writer", 0, writer_main, w) !=
        FPOOL_OK) {
        fpool_mutex_fini(&w->mu);
        fpool_free(w);
        return FPOOL_ENOMEM;
    }
    *ret_writer = w;
    return FPOOL_OK;
}

void fpool_http_writer_push(struct fpool_http_writer *w,
                            struct fpool_http_work *work)
{
    work->next = NULL;
    fpool_mutex_lock(&w->mu);
    *w->last = work;
    w->last = &work->next;
    fpool_mutex_unlock(&w->mu);
    fpool_gate_notify_one(&w->gate);
}

void fpool_http_writer_destroy(struct fpool_http_writer **writer)
{
    struct fpool_http_writer *w = *writer;

    if (w == NULL) {
        return;
    }
    *writer = NULL;
    fpool_mutex_lock(&w->mu);
    w->is_stopping = true;
    fpool_mutex_unlock(&w->mu);
    fpool_gate_notify_one(&w->gate);
    pthread_join(w->thread, NULL);
    fpool_mutex_fini(&w->mu);
    fpool_free(w);
}
