/* SPDX-License-Identifier: MIT */
/* Jobs: they feed the asker from what waits, and turn outcomes into results.
 * Called by engine.c and, on the loop, by the asker. */
#include "engine/dns/job.h"

#include <string.h>

#include "base/mem.h"
#include "base/options.h"
#include "engine/dns/name.h"
#include "engine/dns/response.h"
#include "engine/dns/type.h"
#include "engine/dns/wildcard.h"

#define DEFAULT_IN_FLIGHT 1000
#define MAX_IN_FLIGHT     1000000
#define DEFAULT_TRIES     4
#define MAX_TRIES         16
#define KNOWN_FLAGS                                                            \
    (FPOOL_DNS_KEEP_MESSAGE | FPOOL_DNS_NO_LAST_PASS | FPOOL_DNS_WILDCARDS)

/* A request that is being asked. */
struct item {
    struct fpool_dns_ask ask; /* must be first */
    struct fpool_list link;   /* in the job's list */
    struct fpool_request *request;
    struct fpool_dns_job *job;
    /* While it waits to hear about its zone. */
    struct fpool_dns_waiter waiter;
    struct fpool_dns_response *response;
    uint8_t query[]; /* as many bytes as it has */
};

static bool feed(struct fpool_dns_feeder *feeder);
static void cancel_on_loop(struct fpool_post *post);
static void arrive_on_loop(struct fpool_post *post);

/* ---- Life. */

static enum fpool_status set_options(struct fpool_dns_job *job,
                                     const struct fpool_dns_op *o)
{
    const char *type = o->type == NULL ? "A" : o->type;

    if (o->in_flight > MAX_IN_FLIGHT || o->tries > MAX_TRIES ||
        (o->flags & ~(uint32_t)KNOWN_FLAGS) != 0 ||
        !fpool_dns_type_parse(type, strlen(type), &job->type)) {
        return FPOOL_EINVAL;
    }
    job->feeder.max_first =
        o->in_flight == 0 ? DEFAULT_IN_FLIGHT : o->in_flight;
    job->max_tries = (uint8_t)(o->tries == 0 ? DEFAULT_TRIES : o->tries);
    job->flags = o->flags;
    if (o->suffix != NULL) {
        size_t size = strlen(o->suffix) + 1;

        job->suffix = fpool_malloc(size);
        if (job->suffix == NULL) {
            return FPOOL_ENOMEM;
        }
        memcpy(job->suffix, o->suffix, size);
    }
    return FPOOL_OK;
}

enum fpool_status fpool_dns_job_create(struct fpool_dns_job **ret_job,
                                       struct fpool_dns_hub *hub,
                                       const struct fpool_op *op)
{
    struct fpool_dns_job *job = fpool_calloc(1, sizeof(*job));
    struct fpool_dns_op o = { .op = { 0 } };
    enum fpool_status status;

    if (job == NULL) {
        return FPOOL_ENOMEM;
    }
    atomic_init(&job->n_refs, 1);
    job->feeder.feed = feed;
    job->last_waiting = &job->first_waiting;
    job->arrive_post.run = arrive_on_loop;
    job->cancel_post.run = cancel_on_loop;
    fpool_list_init(&job->items);
    status = fpool_options_copy(&o, sizeof(o), op) ? set_options(job, &o)
                                                   : FPOOL_EINVAL;
    if (status == FPOOL_OK) {
        status = fpool_dns_hub_acquire(hub, &o, &job->shared);
    }
    if (status == FPOOL_OK && (job->flags & FPOOL_DNS_WILDCARDS) != 0) {
        job->wildcards = fpool_dns_wildcards_create(job->shared->asker);
        status = job->wildcards == NULL ? FPOOL_ENOMEM : FPOOL_OK;
    }
    if (status != FPOOL_OK) {
        fpool_dns_job_unref(job);
        return status;
    }
    *ret_job = job;
    return FPOOL_OK;
}

static void ref(struct fpool_dns_job *job)
{
    atomic_fetch_add_explicit(&job->n_refs, 1, memory_order_relaxed);
}

void fpool_dns_job_unref(struct fpool_dns_job *job)
{
    if (job != NULL && atomic_fetch_sub(&job->n_refs, 1) == 1) {
        fpool_dns_wildcards_destroy(job->wildcards);
        if (job->shared != NULL) {
            fpool_dns_hub_release(job->shared);
        }
        fpool_free(job->suffix);
        fpool_free(job);
    }
}

/* Requests come to the loop, and leave it: while there are some, the loop holds
 * the job. */
static void enter(struct fpool_dns_job *job)
{
    if (job->n_here++ == 0) {
        ref(job);
    }
}

static void leave(struct fpool_dns_job *job)
{
    if (--job->n_here == 0) {
        fpool_list_remove(&job->feeder.link);
        if (job->wildcards != NULL) {
            fpool_dns_wildcards_cancel(job->wildcards);
        }
        fpool_dns_job_unref(job);
    }
}

/* ---- Ends of items. */

/* Hands over the response, NULL for want of memory. */
static void finish(struct fpool_dns_job *job, struct fpool_request *request,
                   struct fpool_dns_response *response)
{
    enum fpool_status status = FPOOL_ENOMEM;

    if (response != NULL) {
        status = fpool_dns_response_status(response->status);
        request->result.value = response;
        request->result.drop_value = fpool_dns_response_release;
        request->result.code = response->rcode;
    }
    fpool_dns_hub_finish(job->shared->hub, request, status);
    leave(job);
}

static void finish_invalid(struct fpool_dns_job *job,
                           struct fpool_request *request, uint16_t type,
                           const char *reason)
{
    finish(job, request,
           fpool_dns_response_invalid(&job->shared->hub->slabs, type, reason));
}

/* One that the job's end overtook: no response. */
static void finish_cancelled(struct fpool_dns_job *job,
                             struct fpool_request *request)
{
    enum fpool_status status = fpool_request_cancel_reason(request);

    fpool_dns_hub_finish(job->shared->hub, request,
                         status == FPOOL_OK ? FPOOL_ECANCELED : status);
    leave(job);
}

static void finish_item(struct item *item)
{
    struct fpool_dns_job *job = item->job;
    struct fpool_request *request = item->request;
    struct fpool_dns_response *response = item->response;

    fpool_list_remove(&item->link);
    fpool_free(item);
    finish(job, request, response);
}

/* Finishes the item as soon as it is known whether its zone has a wildcard. */
static void judge_zone(struct fpool_dns_waiter *waiter)
{
    struct item *item = FPOOL_OWNER_OF(waiter, struct item, waiter);
    enum fpool_dns_wildcard wildcard;

    waiter->known = judge_zone;
    wildcard = fpool_dns_wildcards_judge(item->job->wildcards, item->query,
                                         item->response, waiter);
    if (wildcard != FPOOL_DNS_WILDCARD_UNKNOWN) {
        item->response->is_wildcard = wildcard == FPOOL_DNS_WILDCARD_YES;
        finish_item(item);
    }
}

static void ask_done(struct fpool_dns_ask *ask,
                     const struct fpool_dns_outcome *outcome)
{
    struct item *item = (struct item *)(void *)ask;
    struct fpool_dns_job *job = item->job;
    struct fpool_dns_response *response = fpool_dns_response_create(
        &job->shared->hub->slabs, item->query, ask->query_size, ask->type,
        outcome, (job->flags & FPOOL_DNS_KEEP_MESSAGE) != 0);

    item->response = response;
    if (job->wildcards != NULL && response != NULL &&
        response->status == FPOOL_DNS_OK) {
        judge_zone(&item->waiter);
    } else {
        finish_item(item);
    }
}

/* ---- Feeding. */

static struct fpool_request *pop_waiting(struct fpool_dns_job *job)
{
    struct fpool_request *request = job->first_waiting;

    if (request != NULL) {
        job->first_waiting = request->next;
        if (job->first_waiting == NULL) {
            job->last_waiting = &job->first_waiting;
        }
    }
    return request;
}

static int64_t deadline_of(const struct fpool_dns_job *job,
                           const struct fpool_request *request)
{
    int64_t ms = fpool_request_timeout_ms(request);

    return ms == 0 ? INT64_MAX : job->shared->asker->now + ms * 1000000;
}

static struct item *create_item(struct fpool_dns_job *job,
                                struct fpool_request *request,
                                const uint8_t *query, size_t size,
                                uint16_t type)
{
    struct item *item = fpool_malloc(sizeof(*item) + size);

    if (item == NULL) {
        return NULL;
    }
    memset(item, 0, sizeof(*item));
    memcpy(item->query, query, size);
    item->request = request;
    item->job = job;
    item->ask.feeder = &job->feeder;
    item->ask.done = ask_done;
    item->ask.query = item->query;
    item->ask.query_size = (uint16_t)size;
    item->ask.type = type;
    item->ask.max_tries = job->max_tries;
    item->ask.has_last_pass = (job->flags & FPOOL_DNS_NO_LAST_PASS) == 0;
    item->ask.deadline = deadline_of(job, request);
    fpool_list_push(&job->items, &item->link);
    return item;
}

/* A name that must not be asked for does not exist (RFC 7686, section 2). */
static void finish_unasked(struct fpool_dns_job *job,
                           struct fpool_request *request,
                           const struct fpool_dns_question *q)
{
    struct fpool_dns_outcome outcome = {
        .status = FPOOL_DNS_NXDOMAIN,
        .rcode = FPOOL_DNS_RCODE_NXDOMAIN,
        .reason = "names of this kind are never asked for (RFC 7686)",
    };
    uint8_t query[FPOOL_DNS_MAX_QUERY] = { 0 };

    memcpy(query + FPOOL_DNS_HEADER_SIZE, q->wire, q->wire_size);
    finish(job, request,
           fpool_dns_response_create(&job->shared->hub->slabs, query,
                                     sizeof(query), q->type, &outcome, false));
}

/* Starts the request; false: it is finished already. */
static bool begin(struct fpool_dns_job *job, struct fpool_request *request)
{
    const struct fpool_item *from = &request->result.item;
    struct fpool_dns_question q;
    uint8_t query[FPOOL_DNS_MAX_QUERY];
    const char *reason = "";
    enum fpool_status status = FPOOL_OK;
    struct item *item;
    size_t size;

    if ((from->flags & FPOOL_ITEM_TRUNCATED) != 0) {
        finish_invalid(job, request, job->type, "the line is too long");
        return false;
    }
    status = fpool_dns_question_parse(&q, from->data, from->size, job->suffix,
                                      job->type, &reason);
    if (status == FPOOL_EINVALID) {
        finish_invalid(job, request, q.type, reason);
        return false;
    }
    size = status != FPOOL_OK
               ? 0
               : fpool_dns_query_build(&q, FPOOL_DNS_UDP_SIZE, query, &status);
    if (size == 0) {
        if (status == FPOOL_ENOTFOUND) {
            finish_unasked(job, request, &q);
        } else {
            finish(job, request, NULL);
        }
        return false;
    }
    item = create_item(job, request, query, size, q.type);
    if (item == NULL) {
        finish(job, request, NULL);
        return false;
    }
    fpool_dns_asker_start(job->shared->asker, &item->ask);
    return true;
}

static bool feed(struct fpool_dns_feeder *feeder)
{
    struct fpool_dns_job *job = (struct fpool_dns_job *)(void *)feeder;
    struct fpool_request *request;
    bool has_begun = false;

    ref(job);
    while (!has_begun && (request = pop_waiting(job)) != NULL) {
        has_begun = begin(job, request);
    }
    if (!has_begun) {
        fpool_list_remove(&feeder->link);
    }
    fpool_dns_job_unref(job);
    return has_begun;
}

/* ---- From other threads. */

void fpool_dns_job_submit(struct fpool_dns_job *job,
                          struct fpool_request *request)
{
    struct fpool_request *latest =
        atomic_load_explicit(&job->inbox, memory_order_relaxed);

    do {
        request->next = latest;
    } while (!atomic_compare_exchange_weak(&job->inbox, &latest, request));
    if (latest == NULL) {
        ref(job);
        fpool_loop_post(job->shared->hub->loop, &job->arrive_post);
    }
}

static void arrive_on_loop(struct fpool_post *post)
{
    struct fpool_dns_job *job =
        FPOOL_OWNER_OF(post, struct fpool_dns_job, arrive_post);
    struct fpool_request *latest = atomic_exchange(&job->inbox, NULL);
    struct fpool_request *request = NULL;

    while (latest != NULL) { /* The latest was first. */
        struct fpool_request *next = latest->next;

        latest->next = request;
        request = latest;
        latest = next;
    }
    while (request != NULL) {
        struct fpool_request *next = request->next;

        enter(job);
        if (job->is_cancelled) {
            finish_cancelled(job, request);
        } else {
            request->next = NULL;
            *job->last_waiting = request;
            job->last_waiting = &request->next;
        }
        request = next;
    }
    if (job->first_waiting != NULL) {
        fpool_dns_asker_is_fed(job->shared->asker, &job->feeder);
    }
    fpool_dns_job_unref(job);
}

void fpool_dns_job_cancel(struct fpool_dns_job *job)
{
    if (!atomic_exchange(&job->is_cancel_posted, true)) {
        ref(job);
        fpool_loop_post(job->shared->hub->loop, &job->cancel_post);
    }
}

static void cancel_on_loop(struct fpool_post *post)
{
    struct fpool_dns_job *job =
        FPOOL_OWNER_OF(post, struct fpool_dns_job, cancel_post);
    struct fpool_request *request;
    struct fpool_list *link;

    job->is_cancelled = true;
    while ((request = pop_waiting(job)) != NULL) {
        finish_cancelled(job, request);
    }
    while ((link = fpool_list_pop(&job->items)) != NULL) {
        struct item *item = FPOOL_OWNER_OF(link, struct item, link);

        request = item->request;
        if (item->response == NULL) {
            fpool_dns_asker_cancel(job->shared->asker, &item->ask);
        } else { /* It waits for its zone. */
            fpool_list_remove(&item->waiter.link);
            fpool_dns_response_release(item->response);
        }
        fpool_free(item);
        finish_cancelled(job, request);
    }
    fpool_dns_job_unref(job);
}
