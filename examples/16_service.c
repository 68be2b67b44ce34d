/* SPDX-License-Identifier: MIT */
/* A service that takes work all day: each request is submitted as it arrives,
 * and when 'queue' of them wait, the one who submits waits too, so that a rush
 * slows the senders down and does not fill the memory.  At the end: close (no
 * new requests), then join (all that were accepted are answered).
 * Python: executor.submit(answer, request) ... executor.shutdown(wait=True) */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define N_REQUESTS 2000

struct request {
    unsigned number;
};

static atomic_uint n_answered;

static int answer(struct fpool_task *task, void *item, void **ret_value)
{
    const struct request *request = item;

    (void)task;
    (void)ret_value;
    poll(NULL, 0, request->number % 2 == 0 ? 1 : 0);
    atomic_fetch_add(&n_answered, 1);
    return 0;
}

/* Where requests come from: in real life an accept() loop. */
static void *receive(void *arg)
{
    struct fpool *pool = arg;

    for (unsigned i = 0; i < N_REQUESTS; i++) {
        struct request *request = malloc(sizeof(*request));
        enum fpool_status st;

        if (request == NULL) {
            break;
        }
        request->number = i;
        st = fpool_apply_async(pool, FPOOL_CALL(answer, NULL),
                               fpool_item_take(request, free), NULL, NULL);
        if (st != FPOOL_OK) {
            free(request); /* It is still ours. */
            break;         /* FPOOL_ECLOSED: the service is ending. */
        }
    }
    return NULL;
}

int main(void)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    struct fpool_stats stats = { .struct_size = sizeof(stats) };
    pthread_t receiver;

    if (fpool_create(&pool, FPOOL_OPTIONS(.workers = 32, .queue = 64)) !=
            FPOOL_OK ||
        pthread_create(&receiver, NULL, receive, pool) != 0) {
        return 1;
    }
    pthread_join(receiver, NULL); /* In real life: until SIGTERM. */
    fpool_close(pool);
    if (fpool_join(pool, 60000) != FPOOL_OK) {
        fpool_terminate(pool); /* Too slow: cancel what is left. */
    }
    fpool_get_stats(pool, &stats);
    printf("%u requests answered, %u still queued\n", atomic_load(&n_answered),
           stats.queued);
    return 0;
}
