/* SPDX-License-Identifier: MIT */
/* Look-ups for other engines: they wait at entries of the cache, for which an
 * asker of our own asks.  Called on the other engine's loop. */
#include <assert.h>

#include "engine/dns/lookups_private.h"
#include "engine/dns/type.h"

#define SECOND 1000000000LL

/* ---- Entries. */

static int64_t now_of(const struct fpool_dns_lookups *l)
{
    return fpool_loop_now(l->loop) + l->ahead;
}

static struct fpool_dns_entry *of_link(struct fpool_list *link)
{
    return FPOOL_OWNER_OF(link, struct fpool_dns_entry, link);
}

static bool is_asked(const struct fpool_dns_entry *e)
{
    return e->asks[FPOOL_DNS_FAMILY_V6] != NULL ||
           e->asks[FPOOL_DNS_FAMILY_V4] != NULL;
}

/* Nobody waits for it. */
static void drop(struct fpool_dns_lookups *l, struct fpool_dns_entry *e)
{
    fpool_dns_queue_cancel(e->asks[FPOOL_DNS_FAMILY_V6]);
    fpool_dns_queue_cancel(e->asks[FPOOL_DNS_FAMILY_V4]);
    fpool_list_remove(&e->link);
    fpool_dns_cache_remove(&l->cache, e);
}

/* Nobody waits for it any more, so that it, or an older one, may go. */
static void let_go(struct fpool_dns_lookups *l, struct fpool_dns_entry *e)
{
    fpool_dns_cache_let_go(&l->cache, e);
    while ((e = fpool_dns_cache_surplus(&l->cache)) != NULL) {
        drop(l, e);
    }
}

/* What is known is the answer: whoever waits hears of it at the end of the
 * round. */
static void settle(struct fpool_dns_lookups *l, struct fpool_dns_entry *e)
{
    fpool_list_remove(&e->link);
    fpool_dns_entry_settle(e, now_of(l));
    if (!fpool_list_is_empty(&e->waiters)) {
        fpool_list_push(&l->ready, &e->link);
    }
}

/* One family's question has ended. */
static void ask_done(struct fpool_dns_queued *queued,
                     const struct fpool_dns_outcome *outcome)
{
    struct fpool_dns_lookups *l =
        FPOOL_OWNER_OF(queued->queue, struct fpool_dns_lookups, queue);
    struct fpool_dns_entry *e = queued->owner;
    enum fpool_dns_family family = queued->ask.type == FPOOL_DNS_TYPE_AAAA
                                       ? FPOOL_DNS_FAMILY_V6
                                       : FPOOL_DNS_FAMILY_V4;

    e->asks[family] = NULL;
    fpool_dns_entry_put(e, family, outcome, &l->ttls, now_of(l));
    if (!is_asked(e)) {
        settle(l, e);
    } else if (fpool_dns_entry_has_address(e) && !fpool_list_has(&e->link)) {
        e->delay_end = now_of(l) + l->delay;
        fpool_list_push(&l->delayed, &e->link);
    }
}

/* Has the round come that feeds the asker, also when this one is over. */
static void wake(struct fpool_dns_lookups *l)
{
    if (!l->is_woken) {
        l->is_woken = true;
        fpool_loop_timer_set(l->loop, &l->timer, fpool_loop_now(l->loop));
    }
}

/* Neither on its way nor just arrived. */
static bool is_missing(const struct fpool_dns_lookups *l,
                       const struct fpool_dns_entry *e,
                       enum fpool_dns_family family)
{
    return (l->asked & 1u << family) != 0 && e->asks[family] == NULL &&
           (e->is_answered || !e->parts[family].is_known);
}

static bool ask(struct fpool_dns_lookups *l, struct fpool_dns_entry *e,
                enum fpool_dns_family family, struct fpool_dns_question *q)
{
    struct fpool_dns_queued *queued = fpool_dns_queue_ask(
        &l->queue, q,
        family == FPOOL_DNS_FAMILY_V6 ? FPOOL_DNS_TYPE_AAAA : FPOOL_DNS_TYPE_A,
        fpool_loop_now(l->loop));

    if (queued == NULL) {
        return false;
    }
    queued->done = ask_done;
    queued->owner = e;
    e->asks[family] = queued;
    return true;
}

/* Asks for what is missing of an entry that is not fresh.  False without
 * memory; then the entry is as it was. */
static bool ask_missing(struct fpool_dns_lookups *l, struct fpool_dns_entry *e,
                        struct fpool_dns_question *q)
{
    bool is_missing_v6 = is_missing(l, e, FPOOL_DNS_FAMILY_V6);
    bool is_missing_v4 = is_missing(l, e, FPOOL_DNS_FAMILY_V4);

    if (is_missing_v6 && !ask(l, e, FPOOL_DNS_FAMILY_V6, q)) {
        return false;
    }
    if (is_missing_v4 && !ask(l, e, FPOOL_DNS_FAMILY_V4, q)) {
        if (is_missing_v6) {
            fpool_dns_queue_cancel(e->asks[FPOOL_DNS_FAMILY_V6]);
            e->asks[FPOOL_DNS_FAMILY_V6] = NULL;
        }
        return false;
    }
    if (is_missing_v6) {
        fpool_dns_entry_clear(e, FPOOL_DNS_FAMILY_V6);
    }
    if (is_missing_v4) {
        fpool_dns_entry_clear(e, FPOOL_DNS_FAMILY_V4);
    }
    if (is_missing_v6 || is_missing_v4) {
        assert(!fpool_list_has(&e->link)); /* It had an answer, or nothing. */
        wake(l);
    }
    return true;
}

/* ---- Requests. */

static bool find_in_hosts(struct fpool_dns_lookups *l,
                          const struct fpool_dns_question *q)
{
    struct fpool_dns_mix mix;

    fpool_dns_hosts_refresh(&l->hosts, now_of(l));
    fpool_dns_mix_init(&mix, l->families, l->is_v6_first);
    if (!fpool_dns_hosts_table_find(&l->hosts.table, q->wire, q->wire_size,
                                    &mix)) {
        return false;
    }
    fpool_dns_addresses_set(&l->answer, &mix,
                            "the hosts file gives it no address");
    return true;
}

static struct fpool_dns_entry *find_or_add(struct fpool_dns_lookups *l,
                                           const struct fpool_dns_question *q)
{
    struct fpool_dns_entry *e =
        fpool_dns_cache_find(&l->cache, q->wire, q->wire_size);

    return e != NULL ? e
                     : fpool_dns_cache_add(&l->cache, q->wire, q->wire_size);
}

static void refuse(struct fpool_dns_lookups *l)
{
    fpool_dns_addresses_fail(&l->answer, FPOOL_DNS_FAILED, "out of memory");
}

/* Writes the answer and returns true; or the entry that is being asked for. */
static bool look_up(struct fpool_dns_lookups *l, const char *host, size_t size,
                    struct fpool_dns_entry **ret_entry)
{
    struct fpool_dns_question q;
    struct fpool_dns_entry *e;

    if (fpool_dns_addresses_offhand(&l->answer, &q, host, size, l->families,
                                    l->is_v6_first) ||
        find_in_hosts(l, &q)) {
        return true;
    }
    e = find_or_add(l, &q);
    if (e == NULL) {
        refuse(l);
        return true;
    }
    if (fpool_dns_entry_is_fresh(e, now_of(l))) {
        if (fpool_list_has(&e->use)) {
            fpool_dns_cache_let_go(&l->cache, e); /* It is used now. */
        }
        fpool_dns_entry_show(e, l->is_v6_first, &l->answer);
        return true;
    }
    if (!ask_missing(l, e, &q)) {
        if (!e->is_answered && !is_asked(e)) {
            drop(l, e); /* It is new; nobody waits for it. */
        }
        refuse(l);
        return true;
    }
    *ret_entry = e;
    return false;
}

const struct fpool_dns_addresses *fpool_dns_lookups_get(
    struct fpool_dns_lookups *l, const char *host, size_t size,
    struct fpool_dns_request *request)
{
    struct fpool_dns_entry *e;

    assert(!fpool_list_has(&request->link));
    if (look_up(l, host, size, &e)) {
        return &l->answer;
    }
    fpool_dns_cache_hold(e);
    request->entry = e;
    fpool_list_push(&e->waiters, &request->link);
    return NULL;
}

void fpool_dns_lookups_prefetch(struct fpool_dns_lookups *l, const char *host,
                                size_t size)
{
    struct fpool_dns_entry *e;

    if (!look_up(l, host, size, &e) && fpool_list_is_empty(&e->waiters)) {
        let_go(l, e);
    }
}

void fpool_dns_lookups_cancel(struct fpool_dns_lookups *l,
                              struct fpool_dns_request *request)
{
    struct fpool_dns_entry *e = request->entry;

    if (!fpool_list_has(&request->link)) {
        return;
    }
    fpool_list_remove(&request->link);
    request->entry = NULL;
    if (e != NULL && fpool_list_is_empty(&e->waiters)) {
        let_go(l, e);
    }
}

void fpool_dns_lookups_forget(struct fpool_dns_lookups *l, const char *host,
                              size_t size)
{
    struct fpool_dns_question q;
    struct fpool_dns_entry *e;

    if (fpool_dns_addresses_offhand(&l->answer, &q, host, size, l->families,
                                    l->is_v6_first)) {
        return;
    }
    e = fpool_dns_cache_find(&l->cache, q.wire, q.wire_size);
    if (e == NULL || !e->is_answered || !fpool_list_is_empty(&e->waiters) ||
        now_of(l) - e->answered < l->ttls.failure * SECOND) {
        return;
    }
    fpool_dns_entry_clear(e, FPOOL_DNS_FAMILY_V6);
    fpool_dns_entry_clear(e, FPOOL_DNS_FAMILY_V4);
    if (!is_asked(e)) {
        drop(l, e);
    }
}

/* ---- Rounds. */

/* Calls whoever waits for an entry.  They may call us, and the entry may be
 * gone before the last of them is. */
static void deliver(struct fpool_dns_lookups *l, struct fpool_dns_entry *e)
{
    struct fpool_dns_addresses answer;
    struct fpool_list waiters;
    struct fpool_list *link;

    fpool_dns_entry_show(e, l->is_v6_first, &answer);
    fpool_list_init(&waiters);
    while ((link = fpool_list_pop(&e->waiters)) != NULL) {
        FPOOL_OWNER_OF(link, struct fpool_dns_request, link)->entry = NULL;
        fpool_list_push(&waiters, link);
    }
    let_go(l, e);
    while ((link = fpool_list_pop(&waiters)) != NULL) {
        struct fpool_dns_request *request =
            FPOOL_OWNER_OF(link, struct fpool_dns_request, link);

        request->done(request, &answer);
    }
}

static void deliver_all(struct fpool_dns_lookups *l)
{
    struct fpool_list *link;

    while ((link = fpool_list_pop(&l->ready)) != NULL) {
        deliver(l, of_link(link));
    }
}

/* When the first of those that wait for their other family does so no longer.
 */
static int64_t next_delay(const struct fpool_dns_lookups *l)
{
    return fpool_list_is_empty(&l->delayed)
               ? INT64_MAX
               : of_link(l->delayed.next)->delay_end - l->ahead;
}

static void set_timer(struct fpool_dns_lookups *l)
{
    int64_t when = fpool_dns_queue_next(&l->queue);

    if (next_delay(l) < when) {
        when = next_delay(l);
    }
    /* What came after the asker's round waits for the next one. */
    fpool_loop_timer_set(l->loop, &l->timer,
                         l->is_woken ? fpool_loop_now(l->loop) : when);
}

void fpool_dns_lookups_round(struct fpool_dns_lookups *l)
{
    while (next_delay(l) <= fpool_loop_now(l->loop)) {
        settle(l, of_link(l->delayed.next));
    }
    fpool_dns_queue_round(&l->queue, fpool_loop_now(l->loop));
    deliver_all(l);
    l->is_woken = false;
    fpool_dns_asker_round(l->asker);
    deliver_all(l);
    set_timer(l);
}

void fpool_dns_lookups_close(struct fpool_dns_lookups *l)
{
    struct fpool_list *link;

    while ((link = fpool_list_pop(&l->cache.uses)) != NULL) {
        drop(l, FPOOL_OWNER_OF(link, struct fpool_dns_entry, use));
    }
    assert(l->cache.n == 0);
    fpool_dns_queue_fini(&l->queue);
    fpool_dns_asker_close(l->asker);
    fpool_loop_timer_close(l->loop, &l->timer);
}

size_t fpool_dns_lookups_n_entries(const struct fpool_dns_lookups *l)
{
    return l->cache.n;
}

void fpool_dns_lookups_advance(struct fpool_dns_lookups *l, int64_t ns)
{
    l->ahead += ns;
    set_timer(l);
}
