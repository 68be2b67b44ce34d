/* SPDX-License-Identifier: MIT */
/* A crawl: its frontier is the source.  When empty, that says FPOOL_WAIT,
 * "maybe later"; the job ends when all is delivered and it still says so.
 * Python: no such thing; a queue.Queue and a count of unfinished pages */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#define N_PAGES 1000

/* Pages to visit; each is added once.  Tasks add while a worker takes. */
static struct frontier {
    pthread_mutex_t mutex;
    bool is_known[N_PAGES];
    unsigned pages[N_PAGES];
    size_t n_added;
    size_t n_taken;
} frontier = { PTHREAD_MUTEX_INITIALIZER, .is_known = { true }, .n_added = 1 };

static void add(struct frontier *f, unsigned page)
{
    pthread_mutex_lock(&f->mutex);
    if (!f->is_known[page]) {
        f->pages[f->n_added++] = page;
    }
    f->is_known[page] = true;
    pthread_mutex_unlock(&f->mutex);
}

static int take(void *self, struct fpool_item *ret_item,
                struct fpool_cancel *cancel)
{
    struct frontier *f = self;
    int rc = fpool_cancel_is_tripped(cancel) ? FPOOL_END : FPOOL_WAIT;

    pthread_mutex_lock(&f->mutex);
    if (f->n_taken < f->n_added) {
        *ret_item = fpool_item_pointer(&f->pages[f->n_taken++]);
        rc = FPOOL_OK;
    }
    pthread_mutex_unlock(&f->mutex);
    return rc;
}

/* Fetches a page and adds what it links to: a made-up site, with cycles. */
static int visit(struct fpool_task *task, void *item, void **ret_value)
{
    struct frontier *f = fpool_task_userdata(task);
    unsigned page = *(unsigned *)item;

    *ret_value = NULL;
    poll(NULL, 0, 1);
    add(f, (2 * page + 1) % N_PAGES);
    add(f, (3 * page + 2) % N_PAGES);
    return 0;
}

int main(void)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r = { 0 };
    struct fpool_source source = { .next = take, .self = &frontier };
    enum fpool_status st = fpool_create(&pool, FPOOL_OPTIONS(.workers = 16));

    if (st == FPOOL_OK) {
        st = fpool_imap_unordered(pool, FPOOL_CALL(visit, &frontier), source,
                                  NULL, &results);
    }
    while (st == FPOOL_OK) {
        st = fpool_next(results, &r, FPOOL_FOREVER);
        fpool_result_release(&r); /* a cleared one is fine, too */
    }
    printf("%zu pages visited, then: %s\n", frontier.n_taken,
           fpool_status_text(st));
    return st == FPOOL_END ? 0 : 1;
}
