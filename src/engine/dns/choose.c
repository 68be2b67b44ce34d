/* SPDX-License-Identifier: MIT */
/* Which resolver is asked: called by the asker and its parts.
 *
 * Those that may be asked now are kept in an array, so that choosing costs the
 * same with five resolvers as with fifty thousand. */
#include "engine/dns/asker.h"

#define MIN_SEEN 32 /* replies */
#define LOOKS    16 /* for one that is new to a name */

static void enter(struct fpool_dns_asker *a, struct fpool_dns_resolver *r)
{
    a->open[a->n_open++] = r;
    r->place = a->n_open;
}

static void leave(struct fpool_dns_asker *a, struct fpool_dns_resolver *r)
{
    struct fpool_dns_resolver *last = a->open[--a->n_open];

    a->open[r->place - 1] = last;
    last->place = r->place;
    r->place = 0;
}

void fpool_dns_choose_show_good(struct fpool_dns_asker *a, unsigned n)
{
    if (atomic_load_explicit(&a->counters.n_good, memory_order_relaxed) != n) {
        atomic_store_explicit(&a->counters.n_good, n, memory_order_relaxed);
    }
}

void fpool_dns_choose_update(struct fpool_dns_asker *a,
                             struct fpool_dns_resolver *r,
                             enum fpool_dns_resolver_state before)
{
    int64_t when;
    bool is_open = fpool_dns_resolver_can_send(r, a->now, &when);

    if (is_open != (r->place != 0)) {
        if (is_open) {
            enter(a, r);
        } else {
            leave(a, r);
        }
    }
    if (when != INT64_MAX) {
        fpool_wheel_set(&a->rests, &r->wake, when);
    }
    if (r->state != before) {
        a->n_good += r->state == FPOOL_DNS_GOOD;
        a->n_good -= before == FPOOL_DNS_GOOD;
        fpool_dns_choose_show_good(a, a->n_good);
    }
}

void fpool_dns_choose_judge(struct fpool_dns_asker *a,
                            struct fpool_dns_resolver *r)
{
    enum fpool_dns_resolver_state before = r->state;

    /* Often enough, and at a constant cost for each judgement. */
    if (++a->n_judged >= a->n_resolvers + MIN_SEEN) {
        fpool_dns_choose_find_least_fault(a);
    }
    if (!fpool_dns_resolver_is_bad(r, a->now, a->least_fault)) {
        return;
    }
    /* Never nobody: the last one is asked slowly instead. */
    if (a->n_good > 1) {
        fpool_dns_resolver_rest(r, a->now);
    } else {
        fpool_dns_resolver_slow_down(r);
        a->wants_new_ports = true;
        fpool_dns_choose_show_good(a, 0);
        a->has_resolver_pace = a->has_resolver_pace || r->limit > 0;
    }
    fpool_dns_choose_update(a, r, before);
}

void fpool_dns_choose_find_least_fault(struct fpool_dns_asker *a)
{
    double least = 1;
    uint32_t i;

    for (i = 0; i < a->n_resolvers; i++) {
        const struct fpool_dns_resolver *r = &a->resolvers[i];

        /* A few replies prove nothing. */
        if (r->state == FPOOL_DNS_GOOD && r->n_seen >= MIN_SEEN &&
            r->fault < least) {
            least = r->fault;
        }
    }
    a->least_fault = least;
    a->n_judged = 0;
}

static bool was_tried(const struct fpool_dns_ask *ask,
                      const struct fpool_dns_resolver *r)
{
    unsigned n = ask->n_tries < FPOOL_DNS_KEPT_TRIES ? ask->n_tries
                                                     : FPOOL_DNS_KEPT_TRIES;
    unsigned i;

    for (i = 0; i < n; i++) {
        if (ask->tries[i].resolver == r->index) {
            return true;
        }
    }
    return false;
}

/* For a retry: another resolver; and not one that rests, whose probe should be
 * a name of which nothing bad is known. */
static bool is_fit(const struct fpool_dns_ask *ask,
                   const struct fpool_dns_resolver *r)
{
    return !was_tried(ask, r) && r->state == FPOOL_DNS_GOOD;
}

/* Room in the window over the time of a round trip. */
static double merit(const struct fpool_dns_resolver *r)
{
    return (r->window - r->n_out) / (double)(r->srtt + 1000000);
}

/* The better of two at random: no herd, and no list to keep in order. */
static struct fpool_dns_resolver *better_of_two(struct fpool_dns_asker *a)
{
    uint32_t random;
    struct fpool_dns_resolver *one;
    struct fpool_dns_resolver *other;

    if (a->n_open == 1) {
        return a->open[0];
    }
    random = fpool_dns_random_32(&a->random);
    one = a->open[(random & 0xffff) % a->n_open];
    other = a->open[(random >> 16) % a->n_open];
    return merit(one) >= merit(other) ? one : other;
}

/* For a retry when all windows are full: any that is good. */
static struct fpool_dns_resolver *any_good(struct fpool_dns_asker *a,
                                           const struct fpool_dns_ask *ask)
{
    uint32_t first = fpool_dns_random_32(&a->random);
    struct fpool_dns_resolver *r = &a->resolvers[first % a->n_resolvers];
    uint32_t i;

    for (i = 1; !is_fit(ask, r) && i < LOOKS && i < a->n_resolvers; i++) {
        struct fpool_dns_resolver *next =
            &a->resolvers[(first + i) % a->n_resolvers];

        r = next->state == FPOOL_DNS_GOOD ? next : r;
    }
    return r;
}

/* For a retry in place of 'r': one that has lately shown that it lives, so that
 * names do not use up their tries on a list of the dead. */
static struct fpool_dns_resolver *any_recent(struct fpool_dns_asker *a,
                                             const struct fpool_dns_ask *ask,
                                             struct fpool_dns_resolver *r)
{
    unsigned n =
        a->n_recent < FPOOL_DNS_RECENT ? a->n_recent : FPOOL_DNS_RECENT;
    unsigned first = fpool_dns_random_16(&a->random);
    unsigned i;

    for (i = 0; i < n; i++) {
        struct fpool_dns_resolver *recent = a->recent[(first + i) % n];

        if (is_fit(ask, recent) &&
            fpool_dns_pace_is_open(&recent->pace, a->now)) {
            return recent;
        }
    }
    return r;
}

struct fpool_dns_resolver *fpool_dns_choose(struct fpool_dns_asker *a,
                                            const struct fpool_dns_ask *ask)
{
    struct fpool_dns_resolver *r;
    uint32_t first;
    uint32_t i;

    r = a->n_open == 0 ? any_good(a, ask) : better_of_two(a);
    if (ask->n_tries == 0) {
        return r;
    }
    if (ask->wants_same) {
        struct fpool_dns_resolver *same =
            &a->resolvers[ask->tries[(ask->n_tries - 1) % FPOOL_DNS_KEPT_TRIES]
                              .resolver];

        return same->state == FPOOL_DNS_GOOD ? same : r;
    }
    first = fpool_dns_random_16(&a->random);
    for (i = 0; !is_fit(ask, r) && i < a->n_open && i < LOOKS; i++) {
        r = a->open[(first + i) % a->n_open];
    }
    if (!is_fit(ask, r)) {
        /* Another opinion is worth more than a place in a window. */
        struct fpool_dns_resolver *other = any_good(a, ask);

        r = is_fit(ask, other) && fpool_dns_pace_is_open(&other->pace, a->now)
                ? other
                : r;
    }
    return r->srtt == 0 ? any_recent(a, ask, r) : r;
}
