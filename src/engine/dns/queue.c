/* SPDX-License-Identifier: MIT */
/* The queue before an asker; called by lookups and, on their loop, by the
 * asker. */
#include "engine/dns/queue.h"

#include <string.h>

#include "base/mem.h"

static struct fpool_dns_queued *of_link(struct fpool_list *link)
{
    return FPOOL_OWNER_OF(link, struct fpool_dns_queued, link);
}

static void finish(struct fpool_dns_queued *queued,
                   const struct fpool_dns_outcome *outcome)
{
    queued->done(queued, outcome);
    fpool_free(queued);
}

static void ask_done(struct fpool_dns_ask *ask,
                     const struct fpool_dns_outcome *outcome)
{
    finish((struct fpool_dns_queued *)(void *)ask, outcome);
}

static bool feed(struct fpool_dns_feeder *feeder)
{
    struct fpool_dns_queue *queue = (struct fpool_dns_queue *)(void *)feeder;
    struct fpool_list *link = fpool_list_pop(&queue->waiting);

    if (link == NULL) {
        fpool_list_remove(&feeder->link);
        return false;
    }
    fpool_dns_asker_start(queue->asker, &of_link(link)->ask);
    return true;
}

void fpool_dns_queue_init(struct fpool_dns_queue *queue,
                          struct fpool_dns_asker *asker, unsigned in_flight,
                          unsigned tries, int64_t timeout)
{
    memset(queue, 0, sizeof(*queue));
    queue->feeder.feed = feed;
    queue->feeder.max_first = in_flight;
    queue->asker = asker;
    queue->tries = (uint8_t)tries;
    queue->timeout = timeout;
    fpool_list_init(&queue->waiting);
}

void fpool_dns_queue_fini(struct fpool_dns_queue *queue)
{
    fpool_list_remove(&queue->feeder.link);
}

struct fpool_dns_queued *fpool_dns_queue_ask(struct fpool_dns_queue *queue,
                                             struct fpool_dns_question *q,
                                             uint16_t type, int64_t now)
{
    uint8_t query[FPOOL_DNS_MAX_QUERY];
    struct fpool_dns_queued *queued;
    enum fpool_status status;
    size_t size;

    q->type = type;
    size = fpool_dns_query_build(q, FPOOL_DNS_UDP_SIZE, query, &status);
    queued = size == 0 ? NULL : fpool_malloc(sizeof(*queued) + size);
    if (queued == NULL) {
        return NULL;
    }
    memset(queued, 0, sizeof(*queued));
    memcpy(queued->query, query, size);
    queued->queue = queue;
    queued->deadline = now + queue->timeout;
    queued->ask.feeder = &queue->feeder;
    queued->ask.done = ask_done;
    queued->ask.query = queued->query;
    queued->ask.query_size = (uint16_t)size;
    queued->ask.type = type;
    queued->ask.max_tries = queue->tries;
    queued->ask.deadline = queued->deadline;
    fpool_list_push(&queue->waiting, &queued->link);
    fpool_dns_asker_is_fed(queue->asker, &queue->feeder);
    return queued;
}

void fpool_dns_queue_cancel(struct fpool_dns_queued *queued)
{
    if (queued == NULL) {
        return;
    }
    if (fpool_list_has(&queued->link)) {
        fpool_list_remove(&queued->link);
    } else {
        fpool_dns_asker_cancel(queued->queue->asker, &queued->ask);
    }
    fpool_free(queued);
}

int64_t fpool_dns_queue_next(const struct fpool_dns_queue *queue)
{
    return fpool_list_is_empty(&queue->waiting)
               ? INT64_MAX
               : of_link(queue->waiting.next)->deadline;
}

void fpool_dns_queue_round(struct fpool_dns_queue *queue, int64_t now)
{
    static const struct fpool_dns_outcome outcome = {
        .status = FPOOL_DNS_TIMEOUT,
        .rcode = -1,
        .reason = "the resolvers are too slow for all that is asked",
    };

    while (fpool_dns_queue_next(queue) <= now) {
        finish(of_link(fpool_list_pop(&queue->waiting)), &outcome);
    }
}
