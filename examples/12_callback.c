/* SPDX-License-Identifier: MIT */
/* A completion callback that submits the next step: an order is priced and
 * then shipped.  The callback runs on the worker that finished the task; it
 * must not wait for the pool, and submitting from there never waits.
 * Python: pool.apply_async(price, (order,), callback=ship) */
#include <fetchpool/fetchpool.h>

#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

struct order {
    const char *what;
    size_t price;
    bool is_shipped;
};

static struct fpool *shop;
static sem_t n_ended; /* orders, well or not */

static int price(struct fpool_task *task, void *item, void **ret_value)
{
    struct order *order = item;

    (void)task;
    (void)ret_value;
    poll(NULL, 0, 1);
    order->price = strlen(order->what);
    return 0;
}

static int ship(struct fpool_task *task, void *item, void **ret_value)
{
    struct order *order = item;

    (void)task;
    (void)ret_value;
    poll(NULL, 0, 1);
    order->is_shipped = true;
    sem_post(&n_ended);
    return 0;
}

static void when_priced(void *userdata, const struct fpool_done *done)
{
    (void)userdata;
    if (done->status != FPOOL_OK ||
        fpool_apply_async(shop, FPOOL_CALL(ship, NULL), done->result->item,
                          NULL, NULL) != FPOOL_OK) {
        sem_post(&n_ended);
    }
}

int main(void)
{
    struct order orders[] = { { .what = "lamp" }, { .what = "bookshelf" } };
    enum fpool_status st = FPOOL_OK;

    if (sem_init(&n_ended, 0, 0) != 0 ||
        fpool_create(&shop, NULL) != FPOOL_OK) {
        return 1;
    }
    for (size_t i = 0; i < 2 && st == FPOOL_OK; i++) {
        st = fpool_apply_async(shop, FPOOL_CALL(price, NULL),
                               fpool_item_pointer(&orders[i]),
                               FPOOL_JOB(.on_done = when_priced), NULL);
    }
    for (size_t i = 0; i < 2 && st == FPOOL_OK; i++) {
        sem_wait(&n_ended);
    }
    fpool_destroy(&shop);
    for (size_t i = 0; i < 2; i++) {
        printf("%s: %zu, %s\n", orders[i].what, orders[i].price,
               orders[i].is_shipped ? "shipped" : "not shipped");
    }
    return st == FPOOL_OK ? 0 : 1;
}
