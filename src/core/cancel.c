/* SPDX-License-Identifier: MIT */
/* The token tree.  A trip marks the whole subtree under the tree's lock, makes a
 * list of what it marked, and calls the hooks after the lock is given back. */
#include "core/cancel.h"

#include <string.h>

#include "base/bell.h"
#include "base/mem.h"
#include "core/fork.h"
#include "core/handle.h"

struct fpool_cancel_tree {
    struct fpool_mutex mu;
    atomic_uint refs; /* one for each token */
    unsigned fork_generation;
};

static struct fpool_cancel_tree *tree_create(void)
{
    struct fpool_cancel_tree *tree = fpool_calloc(1, sizeof(*tree));

    if (tree != NULL) {
        fpool_mutex_init(&tree->mu);
        atomic_init(&tree->refs, 1);
        tree->fork_generation = fpool_fork_generation();
    }
    return tree;
}

/* In a forked child the tree's lock may be held for ever, and its jobs are the
 * parent's. */
static bool is_forked(const struct fpool_cancel *token)
{
    return token->tree->fork_generation != fpool_fork_now();
}

static void tree_release(struct fpool_cancel_tree *tree)
{
    if (atomic_fetch_sub(&tree->refs, 1) == 1) {
        fpool_mutex_fini(&tree->mu);
        fpool_free(tree);
    }
}

static void link_child(struct fpool_cancel *parent, struct fpool_cancel *token)
{
    token->parent = parent;
    token->next = parent->child;
    if (parent->child != NULL) {
        parent->child->previous = token;
    }
    parent->child = token;
}

static void unlink_child(struct fpool_cancel *token)
{
    if (token->previous != NULL) {
        token->previous->next = token->next;
    } else if (token->parent != NULL) {
        token->parent->child = token->next;
    }
    if (token->next != NULL) {
        token->next->previous = token->previous;
    }
    token->parent = token->previous = token->next = NULL;
}

enum fpool_status fpool_cancel_init(struct fpool_cancel *token,
                                    struct fpool_cancel *parent,
                                    const struct fpool_cancel_hook *hook)
{
    memset(token, 0, sizeof(*token));
    token->kind = FPOOL_KIND_CANCEL;
    atomic_init(&token->refs, 1);
    atomic_init(&token->fd, -1);
    token->hook = hook;
    if (parent == NULL) {
        token->tree = tree_create();
        return token->tree == NULL ? FPOOL_ENOMEM : FPOOL_OK;
    }
    token->tree = parent->tree;
    atomic_fetch_add(&token->tree->refs, 1);
    fpool_mutex_lock(&token->tree->mu);
    link_child(parent, token);
    atomic_store(&token->reason, atomic_load(&parent->reason));
    fpool_mutex_unlock(&token->tree->mu);
    return FPOOL_OK;
}

void fpool_cancel_fini(struct fpool_cancel *token)
{
    struct fpool_cancel *parent;
    struct fpool_cancel *child;
    struct fpool_bell bell;

    if (token->tree == NULL) {
        return;
    }
    fpool_mutex_lock(&token->tree->mu);
    parent = token->parent;
    unlink_child(token);
    while (token->child != NULL) {
        child = token->child;
        unlink_child(child);
        if (parent != NULL) {
            link_child(parent, child);
        }
    }
    fpool_mutex_unlock(&token->tree->mu);
    bell.fd = atomic_load(&token->fd);
    fpool_bell_fini(&bell);
    tree_release(token->tree);
    token->tree = NULL;
}

static void ring(struct fpool_cancel *token)
{
    struct fpool_bell bell = { .fd = atomic_load(&token->fd) };

    if (bell.fd >= 0) {
        fpool_bell_ring(&bell);
    }
}

/* Marks one token and, when its owner can be kept alive, adds it to 'list'.  One
 * without a hook may be gone as soon as the lock is given back, as a task's is
 * when the task sees the mark and returns: its bell is rung here. */
static struct fpool_cancel *mark(struct fpool_cancel *token,
                                 enum fpool_status reason,
                                 struct fpool_cancel *list)
{
    if (atomic_load(&token->reason) != FPOOL_OK) {
        return list;
    }
    atomic_store(&token->reason, reason);
    if (token->hook == NULL) {
        ring(token);
        return list;
    }
    if (token->hook->hold != NULL && !token->hook->hold(token)) {
        return list;
    }
    token->tripped_next = list;
    return token;
}

/* The token after 'token' in a walk through everything below 'top'. */
static struct fpool_cancel *walk(struct fpool_cancel *top,
                                 struct fpool_cancel *token)
{
    if (token->child != NULL) {
        return token->child;
    }
    while (token != top && token->next == NULL) {
        token = token->parent;
    }
    return token == top ? NULL : token->next;
}

static void fire(struct fpool_cancel *token)
{
    ring(token);
    if (token->hook->on_trip != NULL) {
        token->hook->on_trip(token);
    }
    if (token->hook->release != NULL) {
        token->hook->release(token);
    }
}

bool fpool_cancel_trip_for(struct fpool_cancel *token, enum fpool_status reason)
{
    struct fpool_cancel *list = NULL;
    struct fpool_cancel *t;
    bool is_first;

    if (is_forked(token)) {
        return false;
    }
    fpool_mutex_lock(&token->tree->mu);
    is_first = atomic_load(&token->reason) == FPOOL_OK;
    for (t = token; is_first && t != NULL; t = walk(token, t)) {
        list = mark(t, reason, list);
    }
    fpool_mutex_unlock(&token->tree->mu);
    while (list != NULL) {
        t = list;
        list = t->tripped_next;
        fire(t);
    }
    return is_first;
}

/* ---- Tokens of the user's own. */

static bool standalone_hold(struct fpool_cancel *token)
{
    unsigned refs = atomic_load(&token->refs);

    while (refs != 0) {
        if (atomic_compare_exchange_weak(&token->refs, &refs, refs + 1)) {
            return true;
        }
    }
    return false;
}

static void standalone_release(struct fpool_cancel *token)
{
    if (atomic_fetch_sub(&token->refs, 1) == 1) {
        fpool_cancel_fini(token);
        fpool_free(token);
    }
}

static const struct fpool_cancel_hook standalone_hook = {
    .hold = standalone_hold,
    .release = standalone_release,
};

enum fpool_status fpool_cancel_create(struct fpool_cancel **ret_token,
                                      struct fpool_cancel *parent)
{
    struct fpool_cancel *token;
    enum fpool_status st;

    if (ret_token == NULL) {
        return FPOOL_EINVAL;
    }
    if (parent != NULL && is_forked(parent)) {
        return FPOOL_EFORK;
    }
    token = fpool_malloc(sizeof(*token));
    if (token == NULL) {
        return FPOOL_ENOMEM;
    }
    st = fpool_cancel_init(token, parent, &standalone_hook);
    if (st != FPOOL_OK) {
        fpool_free(token);
        return st;
    }
    *ret_token = token;
    return FPOOL_OK;
}

void fpool_cancel_trip(struct fpool_cancel *token)
{
    if (token != NULL) {
        fpool_cancel_trip_for(token, FPOOL_ECANCELED);
    }
}

bool fpool_cancel_is_tripped(const struct fpool_cancel *token)
{
    return fpool_cancel_reason(token) != FPOOL_OK;
}

int fpool_cancel_fd(struct fpool_cancel *token)
{
    struct fpool_bell bell;

    if (is_forked(token)) {
        return -1;
    }
    fpool_mutex_lock(&token->tree->mu);
    bell.fd = atomic_load(&token->fd);
    if (bell.fd < 0 && fpool_bell_init(&bell) == FPOOL_OK) {
        atomic_store(&token->fd, bell.fd);
        if (atomic_load(&token->reason) != FPOOL_OK) {
            fpool_bell_ring(&bell);
        }
    }
    fpool_mutex_unlock(&token->tree->mu);
    return bell.fd;
}

void fpool_cancel_destroy(struct fpool_cancel **token)
{
    if (token != NULL && *token != NULL) {
        if (!is_forked(*token)) {
            standalone_release(*token);
        }
        *token = NULL;
    }
}
