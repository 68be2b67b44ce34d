/* SPDX-License-Identifier: MIT */
/* The peer to approach: bare threads that take numbers from an atomic counter.
 * It has no queue and no results; called by pool_bench.c. */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct threads {
    _Alignas(64) atomic_uint_fast64_t next;
    _Alignas(64) uint64_t end; /* constant during a round */
    enum bench_work work;
    pthread_mutex_t mutex;
    pthread_cond_t start;
    pthread_cond_t done;
    /* --- guarded by mutex --- */
    unsigned round;
    unsigned n_running;
    bool is_closing;
    unsigned n_threads;
    pthread_t *ids;
};

static bool wait_for_round(struct threads *t, unsigned *round)
{
    bool goes_on;

    pthread_mutex_lock(&t->mutex);
    if (*round != 0 && --t->n_running == 0) {
        pthread_cond_signal(&t->done);
    }
    while (t->round == *round && !t->is_closing) {
        pthread_cond_wait(&t->start, &t->mutex);
    }
    *round = t->round;
    goes_on = !t->is_closing;
    pthread_mutex_unlock(&t->mutex);
    return goes_on;
}

static void *thread_main(void *self)
{
    struct threads *t = self;
    unsigned round = 0;

    while (wait_for_round(t, &round)) {
        while (atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed) <
               t->end) {
            bench_task(t->work);
        }
    }
    return NULL;
}

static void *threads_open(unsigned workers, enum bench_work work)
{
    struct threads *t = bench_check(aligned_alloc(64, sizeof(*t)));
    pthread_attr_t attributes;

    *t = (struct threads){ .work = work, .n_threads = workers };
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->start, NULL);
    pthread_cond_init(&t->done, NULL);
    t->ids = bench_check(calloc(workers, sizeof(*t->ids)));
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)256 * 1024);
    for (unsigned i = 0; i < workers; i++) {
        if (pthread_create(&t->ids[i], &attributes, thread_main, t) != 0) {
            bench_check(NULL);
        }
    }
    pthread_attr_destroy(&attributes);
    return t;
}

static void threads_run(void *self, uint64_t n)
{
    struct threads *t = self;

    atomic_store(&t->next, 0);
    t->end = n;
    pthread_mutex_lock(&t->mutex);
    t->n_running = t->n_threads;
    t->round++;
    pthread_cond_broadcast(&t->start);
    while (t->n_running > 0) {
        pthread_cond_wait(&t->done, &t->mutex);
    }
    pthread_mutex_unlock(&t->mutex);
}

static void threads_close(void *self)
{
    struct threads *t = self;

    pthread_mutex_lock(&t->mutex);
    t->is_closing = true;
    pthread_cond_broadcast(&t->start);
    pthread_mutex_unlock(&t->mutex);
    for (unsigned i = 0; i < t->n_threads; i++) {
        pthread_join(t->ids[i], NULL);
    }
    free(t->ids);
    free(t);
}

const struct bench_case case_threads = {
    "threads", "bare threads", threads_open, threads_run, threads_close,
};
