/* SPDX-License-Identifier: MIT */
/* The parking protocol.  The only clever code in the pool: see park.h for the
 * two rules, and tests/core/park_test.c for its stress. */
#include "core/park.h"

#include "base/clock.h"

void fpool_park_init(struct fpool_park *p, unsigned max_workers)
{
    fpool_mutex_init(&p->mu);
    p->max_workers = max_workers;
}

void fpool_park_fini(struct fpool_park *p)
{
    fpool_mutex_fini(&p->mu);
}

static void push_locked(struct fpool_park *p, struct fpool_sleeper *s)
    FPOOL_REQUIRES(p->mu)
{
    s->above = NULL;
    s->below = p->top;
    if (p->top != NULL) {
        p->top->above = s;
    }
    p->top = s;
    s->is_asleep = true;
    atomic_fetch_add(&p->n_asleep, 1);
}

static void remove_locked(struct fpool_park *p, struct fpool_sleeper *s)
    FPOOL_REQUIRES(p->mu)
{
    if (s->above != NULL) {
        s->above->below = s->below;
    } else {
        p->top = s->below;
    }
    if (s->below != NULL) {
        s->below->above = s->above;
    }
    s->is_asleep = false;
    atomic_fetch_sub(&p->n_asleep, 1);
}

static bool reserve_locked(struct fpool_park *p)
    FPOOL_REQUIRES(p->mu)
{
    unsigned n = atomic_load(&p->n_workers);

    if (n >= p->max_workers || p->is_stopping) {
        return false;
    }
    atomic_store(&p->n_workers, n + 1);
    if (n + 1 > p->peak_workers) {
        p->peak_workers = n + 1;
    }
    fpool_park_search(p);
    return true;
}

static bool pick_sleeper_locked(struct fpool_park *p,
                                struct fpool_sleeper **ret_sleeper)
    FPOOL_REQUIRES(p->mu)
{
    if (atomic_load(&p->n_searching) != 0 || p->top == NULL) {
        return false;
    }
    *ret_sleeper = p->top;
    remove_locked(p, p->top);
    fpool_park_search(p);
    p->n_wakeups++;
    return true;
}

enum fpool_pick fpool_park_pick(struct fpool_park *p,
                                struct fpool_sleeper **ret_sleeper)
{
    enum fpool_pick pick = FPOOL_PICK_NOTHING;

    fpool_mutex_lock(&p->mu);
    if (pick_sleeper_locked(p, ret_sleeper)) {
        pick = FPOOL_PICK_WAKE;
    } else if (atomic_load(&p->n_searching) == 0 && reserve_locked(p)) {
        pick = FPOOL_PICK_SPAWN;
    }
    fpool_mutex_unlock(&p->mu);
    return pick;
}

bool fpool_park_pick_sleeper(struct fpool_park *p,
                             struct fpool_sleeper **ret_sleeper)
{
    bool ok;

    fpool_mutex_lock(&p->mu);
    ok = pick_sleeper_locked(p, ret_sleeper);
    fpool_mutex_unlock(&p->mu);
    return ok;
}

bool fpool_park_reserve(struct fpool_park *p)
{
    bool ok;

    fpool_mutex_lock(&p->mu);
    ok = reserve_locked(p);
    fpool_mutex_unlock(&p->mu);
    return ok;
}

bool fpool_park_remove_worker(struct fpool_park *p, bool was_searching)
{
    fpool_mutex_lock(&p->mu);
    atomic_fetch_sub(&p->n_workers, 1);
    fpool_mutex_unlock(&p->mu);
    return was_searching && fpool_park_leave(p);
}

/* Takes the sleeper back off the stack.  False when a waker was faster: then it
 * counts as searching, and its wake-up is on the way. */
static bool withdraw(struct fpool_park *p, struct fpool_sleeper *s,
                     bool to_search)
{
    bool ok;

    fpool_mutex_lock(&p->mu);
    ok = s->is_asleep;
    if (ok) {
        remove_locked(p, s);
        if (to_search) {
            fpool_park_search(p);
        } else {
            atomic_fetch_sub(&p->n_workers, 1);
        }
    }
    fpool_mutex_unlock(&p->mu);
    return ok;
}

/* Makes the searcher a sleeper; false when the pool stops. */
static bool lie_down(struct fpool_park *p, struct fpool_sleeper *s)
{
    bool ok;

    fpool_mutex_lock(&p->mu);
    ok = !p->is_stopping;
    if (ok) {
        push_locked(p, s);
    } else {
        atomic_fetch_sub(&p->n_workers, 1);
    }
    fpool_mutex_unlock(&p->mu);
    return ok;
}

enum fpool_wakeup fpool_park_sleep(struct fpool_park *p,
                                   struct fpool_sleeper *s,
                                   bool (*has_work)(void *arg), void *arg,
                                   bool is_kept, int64_t deadline_ns)
{
    bool is_stopping;

    if (!lie_down(p, s)) {
        fpool_park_leave(p);
        return FPOOL_WAKEUP_STOP;
    }
    if (fpool_park_leave(p) && has_work(arg) && withdraw(p, s, true)) {
        return FPOOL_WAKEUP_SEARCH;
    }
    while (!fpool_parker_park(&s->parker,
                              is_kept ? FPOOL_NEVER : deadline_ns)) {
        if (withdraw(p, s, false)) {
            return FPOOL_WAKEUP_REAP;
        }
        is_kept = true; /* the wake-up is on its way: wait for it */
    }
    fpool_mutex_lock(&p->mu);
    is_stopping = p->is_stopping;
    if (is_stopping) {
        atomic_fetch_sub(&p->n_workers, 1);
    }
    fpool_mutex_unlock(&p->mu);
    if (is_stopping) {
        fpool_park_leave(p);
        return FPOOL_WAKEUP_STOP;
    }
    return FPOOL_WAKEUP_SEARCH;
}

void fpool_park_stop(struct fpool_park *p)
{
    struct fpool_sleeper *s;

    do {
        fpool_mutex_lock(&p->mu);
        p->is_stopping = true;
        s = p->top;
        if (s != NULL) {
            remove_locked(p, s);
            fpool_park_search(p);
        }
        fpool_mutex_unlock(&p->mu);
        if (s != NULL) {
            fpool_parker_unpark(&s->parker);
        }
    } while (s != NULL);
}
