/* SPDX-License-Identifier: MIT */
/* The loop of the dns engine and the askers on it; called by engine.c and jobs.
 */
#include "engine/dns/hub.h"

#include <string.h>

#include "base/mem.h"

void fpool_dns_hub_finish(struct fpool_dns_hub *hub,
                          struct fpool_request *request,
                          enum fpool_status status)
{
    request->result.status = status;
    request->next = NULL;
    *hub->last_done = request;
    hub->last_done = &request->next;
}

static void finish_done(struct fpool_dns_hub *hub)
{
    struct fpool_request *first = hub->first_done;

    hub->first_done = NULL;
    hub->last_done = &hub->first_done;
    fpool_requests_finish(first);
}

static void run_round(void *self)
{
    struct fpool_dns_hub *hub = self;
    struct fpool_dns_shared *s;

    for (s = hub->first; s != NULL; s = s->next) {
        fpool_dns_asker_round(s->asker);
    }
    finish_done(hub);
}

enum fpool_status fpool_dns_hub_create(struct fpool_dns_hub **ret_hub)
{
    struct fpool_dns_hub *hub = fpool_calloc(1, sizeof(*hub));
    struct fpool_loop_options options = {
        .name = "fetchpool-dns",
        .after_round = run_round,
        .self = hub,
    };

    if (hub == NULL) {
        return FPOOL_ENOMEM;
    }
    fpool_mutex_init(&hub->mu);
    fpool_list_init(&hub->askers);
    hub->last_done = &hub->first_done;
    if (fpool_loop_create(&hub->loop, &options) != FPOOL_OK ||
        fpool_loop_start(hub->loop) != FPOOL_OK) {
        fpool_dns_hub_destroy(&hub);
        return FPOOL_ENOMEM;
    }
    *ret_hub = hub;
    return FPOOL_OK;
}

static void shared_free(struct fpool_dns_shared *s)
{
    fpool_dns_asker_destroy(&s->asker);
    fpool_free(s->resolvers);
    fpool_free(s);
}

/* An asker that no job holds, other than 'but'; taken off the list.  Not one
 * that has yet to be opened, or whose closing is on its way: both would come to
 * one that is gone.  The loop's thread. */
static struct fpool_dns_shared *take_unused(struct fpool_dns_hub *hub,
                                            const struct fpool_dns_shared *but)
    FPOOL_REQUIRES(hub->mu)
{
    struct fpool_list *link;

    for (link = hub->askers.next; link != &hub->askers; link = link->next) {
        struct fpool_dns_shared *s =
            FPOOL_OWNER_OF(link, struct fpool_dns_shared, link);

        if (s->n_refs == 0 && s != but && s->is_open && !hub->is_closing) {
            fpool_list_remove(link);
            return s;
        }
    }
    return NULL;
}

/* Takes an asker off the loop. */
static void close_shared(struct fpool_dns_shared *s)
{
    struct fpool_dns_shared **at = &s->hub->first;

    while (*at != s) {
        at = &(*at)->next;
    }
    *at = s->next;
    fpool_dns_asker_close(s->asker);
}

/* Closes what no job needs any more, but the newest. */
static void close_unused(struct fpool_dns_hub *hub,
                         const struct fpool_dns_shared *but)
{
    for (;;) {
        struct fpool_dns_shared *s;

        fpool_mutex_lock(&hub->mu);
        s = take_unused(hub, but);
        fpool_mutex_unlock(&hub->mu);
        if (s == NULL) {
            return;
        }
        close_shared(s);
        shared_free(s);
    }
}

static void open_on_loop(struct fpool_post *post)
{
    struct fpool_dns_shared *s =
        FPOOL_OWNER_OF(post, struct fpool_dns_shared, open_post);

    /* Without its timer it would still go on with the loop's other rounds. */
    (void)fpool_dns_asker_open(s->asker);
    s->next = s->hub->first;
    s->hub->first = s;
    s->is_open = true;
    close_unused(s->hub, s);
}

static void close_on_loop(struct fpool_post *post)
{
    close_shared(FPOOL_OWNER_OF(post, struct fpool_dns_shared, close_post));
}

/* Nothing is left of the hub: whoever takes out the last sees to its end. */
static bool is_over(struct fpool_dns_hub *hub) FPOOL_REQUIRES(hub->mu)
{
    return hub->is_closed && fpool_list_is_empty(&hub->askers);
}

static void free_hub(struct fpool_dns_hub *hub)
{
    fpool_mutex_fini(&hub->mu);
    fpool_free(hub);
}

/* Takes out and frees the askers that no job holds; true: these were all. */
static bool free_unused(struct fpool_dns_hub *hub)
{
    struct fpool_list *link;
    struct fpool_list *next;
    bool was_last;

    fpool_mutex_lock(&hub->mu);
    hub->is_closed = true;
    for (link = hub->askers.next; link != &hub->askers; link = next) {
        struct fpool_dns_shared *s =
            FPOOL_OWNER_OF(link, struct fpool_dns_shared, link);

        next = link->next;
        if (s->n_refs == 0) {
            fpool_list_remove(link);
            shared_free(s);
        }
    }
    was_last = is_over(hub);
    fpool_mutex_unlock(&hub->mu);
    return was_last;
}

void fpool_dns_hub_destroy(struct fpool_dns_hub **hub)
{
    struct fpool_dns_hub *h = *hub;
    struct fpool_list *link;

    if (h == NULL) {
        return;
    }
    *hub = NULL;
    fpool_mutex_lock(&h->mu);
    h->is_closing = true;
    for (link = h->askers.next; link != &h->askers; link = link->next) {
        struct fpool_dns_shared *s =
            FPOOL_OWNER_OF(link, struct fpool_dns_shared, link);

        fpool_loop_post(h->loop, &s->close_post);
    }
    fpool_mutex_unlock(&h->mu);
    fpool_loop_destroy(&h->loop);
    fpool_dns_slab_fini(&h->slabs);
    if (free_unused(h)) {
        free_hub(h);
    }
}

/* ---- Sharing. */

static bool is_same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other
                                        : strcmp(one, other) == 0;
}

static struct fpool_dns_shared *find(struct fpool_dns_hub *hub,
                                     const struct fpool_dns_op *op)
    FPOOL_REQUIRES(hub->mu)
{
    struct fpool_list *link;

    for (link = hub->askers.next; link != &hub->askers; link = link->next) {
        struct fpool_dns_shared *s =
            FPOOL_OWNER_OF(link, struct fpool_dns_shared, link);

        if (s->qps == op->qps && s->resolver_qps == op->resolver_qps &&
            is_same_text(s->resolvers, op->resolvers)) {
            return s;
        }
    }
    return NULL;
}

static enum fpool_status set_resolvers(struct fpool_dns_shared *s,
                                       const struct fpool_dns_op *op)
{
    struct fpool_dns_servers servers = { .n = 0 };
    struct fpool_dns_asker_options options = {
        .servers = &servers,
        .qps = op->qps,
        .resolver_qps = op->resolver_qps,
    };
    enum fpool_status status =
        op->resolvers == NULL
            ? fpool_dns_servers_system(&servers)
            : fpool_dns_servers_parse(&servers, op->resolvers, NULL);

    if (status == FPOOL_OK) {
        status = fpool_dns_asker_create(&s->asker, s->hub->loop, &options);
    }
    fpool_dns_servers_fini(&servers);
    return status == FPOOL_EINVALID ? FPOOL_EINVAL : status;
}

static enum fpool_status create(struct fpool_dns_hub *hub,
                                const struct fpool_dns_op *op,
                                struct fpool_dns_shared **ret_shared)
{
    struct fpool_dns_shared *s = fpool_calloc(1, sizeof(*s));
    enum fpool_status status = FPOOL_ENOMEM;

    if (s == NULL) {
        return FPOOL_ENOMEM;
    }
    s->hub = hub;
    s->qps = op->qps;
    s->resolver_qps = op->resolver_qps;
    s->open_post.run = open_on_loop;
    s->close_post.run = close_on_loop;
    if (op->resolvers != NULL) {
        size_t size = strlen(op->resolvers) + 1;

        s->resolvers = fpool_malloc(size);
        if (s->resolvers == NULL) {
            goto fail;
        }
        memcpy(s->resolvers, op->resolvers, size);
    }
    status = set_resolvers(s, op);
    if (status != FPOOL_OK) {
        goto fail;
    }
    *ret_shared = s;
    return FPOOL_OK;

fail:
    shared_free(s);
    return status;
}

/* Adds a new asker, unless another thread has added the same meanwhile: rates
 * are for all who share a set of resolvers. */
static struct fpool_dns_shared *add_or_find(struct fpool_dns_hub *hub,
                                            const struct fpool_dns_op *op,
                                            struct fpool_dns_shared *fresh)
{
    struct fpool_dns_shared *s;

    fpool_mutex_lock(&hub->mu);
    s = find(hub, op);
    if (s == NULL) {
        s = fresh;
        fpool_list_push(&hub->askers, &s->link);
    }
    s->n_refs++;
    fpool_mutex_unlock(&hub->mu);
    if (s == fresh) {
        fpool_loop_post(hub->loop, &s->open_post);
    } else {
        shared_free(fresh);
    }
    return s;
}

enum fpool_status fpool_dns_hub_acquire(struct fpool_dns_hub *hub,
                                        const struct fpool_dns_op *op,
                                        struct fpool_dns_shared **ret_shared)
{
    struct fpool_dns_shared *s;
    enum fpool_status status;

    fpool_mutex_lock(&hub->mu);
    s = find(hub, op);
    if (s != NULL) {
        s->n_refs++;
    }
    fpool_mutex_unlock(&hub->mu);
    if (s == NULL) {
        status = create(hub, op, &s);
        if (status != FPOOL_OK) {
            return status;
        }
        s = add_or_find(hub, op, s);
    }
    *ret_shared = s;
    return FPOOL_OK;
}

void fpool_dns_hub_release(struct fpool_dns_shared *shared)
{
    struct fpool_dns_hub *hub = shared->hub;
    bool is_unused;
    bool was_last;

    /* While the hub lives, one that is not needed waits for the next job, or is
     * closed when the next asker opens. */
    fpool_mutex_lock(&hub->mu);
    is_unused = --shared->n_refs == 0 && hub->is_closed;
    if (is_unused) {
        fpool_list_remove(&shared->link);
    }
    was_last = is_unused && is_over(hub);
    fpool_mutex_unlock(&hub->mu);
    if (is_unused) {
        shared_free(shared);
    }
    if (was_last) {
        free_hub(hub);
    }
}
