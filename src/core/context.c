/* SPDX-License-Identifier: MIT */
/* What an engine shares among the jobs of a pool, attached on first use and
 * detached when the pool is joined. */
#include "base/clock.h"
#include "base/mem.h"
#include "core/pool.h"

/* Finds the engine's entry, or adds one that the caller must attach. */
static struct fpool_context *find_context(struct fpool *pool,
                                          const struct fpool_engine *engine,
                                          struct fpool_context *fresh,
                                          bool *ret_is_fresh)
{
    struct fpool_context *c;

    fpool_mutex_lock(&pool->mu);
    for (c = pool->contexts; c != NULL && c->engine != engine; c = c->next) {
    }
    *ret_is_fresh = c == NULL;
    if (c == NULL) {
        c = fresh;
        c->engine = engine;
        c->next = pool->contexts;
        pool->contexts = c;
    }
    fpool_mutex_unlock(&pool->mu);
    return c;
}

static bool is_attached(struct fpool *pool, const struct fpool_context *c)
{
    bool yes;

    fpool_mutex_lock(&pool->mu);
    yes = c->is_attached;
    fpool_mutex_unlock(&pool->mu);
    return yes;
}

static void attach(struct fpool *pool, struct fpool_context *c)
{
    c->status = c->engine->attach(pool, &c->context);
    fpool_mutex_lock(&pool->mu);
    c->is_attached = true;
    fpool_mutex_unlock(&pool->mu);
    fpool_gate_notify_all(&pool->idle);
}

enum fpool_status fpool_get_context(struct fpool *pool,
                                    const struct fpool_engine *engine,
                                    void **ret_context)
{
    struct fpool_context *fresh = fpool_calloc(1, sizeof(*fresh));
    struct fpool_context *c;
    bool is_fresh;

    if (fresh == NULL) {
        return FPOOL_ENOMEM;
    }
    c = find_context(pool, engine, fresh, &is_fresh);
    if (is_fresh) {
        attach(pool, c);
    } else {
        fpool_free(fresh);
    }
    while (!is_attached(pool, c)) {
        unsigned key = fpool_gate_prepare(&pool->idle);

        if (is_attached(pool, c)) {
            fpool_gate_abandon(&pool->idle);
        } else {
            fpool_gate_wait(&pool->idle, key, FPOOL_NEVER);
        }
    }
    *ret_context = c->context;
    return c->status;
}

void fpool_detach_contexts(struct fpool *pool)
{
    struct fpool_context *c;

    fpool_mutex_lock(&pool->mu);
    c = pool->contexts;
    pool->contexts = NULL;
    fpool_mutex_unlock(&pool->mu);
    while (c != NULL) {
        struct fpool_context *next = c->next;

        if (c->status == FPOOL_OK && c->engine->detach != NULL) {
            c->engine->detach(c->context);
        }
        fpool_free(c);
        c = next;
    }
}
