/* SPDX-License-Identifier: MIT */
/* What comes back: matched with its try, judged, acted on.  Called by ports and
 * connections; calls the asker. */
#include <string.h>

#include "base/mem.h"
#include "engine/dns/asker.h"
#include "engine/dns/type.h"
#include "engine/dns/verdict.h"
#include "engine/dns/wire.h"

#define MS 1000000LL

#define OPINION_DELAY (200 * MS) /* until the same resolver is asked again */
#define MAX_JUNK      3   /* datagrams; then TCP, which nobody can forge */
#define MAX_STALE     3   /* connections that one ask forgives */
#define REFUSES_ALL   0.9 /* share of faults */
#define MAX_VAIN      32  /* connections that nobody who waits is charged for */
#define MIN_OPINIONS  2

/* A reply on its way through this file. */
struct arrival {
    struct fpool_dns_ask *ask;
    struct fpool_dns_try *try;
    struct fpool_dns_resolver *resolver;
    uint8_t *data;
    size_t size;
    bool is_tcp;
    bool is_current; /* to the last try, while that is awaited */
    struct fpool_dns_reply_facts facts;
    enum fpool_dns_verdict verdict;
};

static struct fpool_dns_try *find_try(struct fpool_dns_ask *ask, uint16_t port,
                                      uint16_t id)
{
    unsigned i;

    for (i = 0; i < FPOOL_DNS_KEPT_TRIES; i++) {
        struct fpool_dns_try *try = &ask->tries[i];

        if (try->is_open && try->port == port && try->id == id) {
            return try;
        }
    }
    return NULL; /* unreachable: defensive; open tries are in the map */
}

static bool is_awaited(const struct fpool_dns_ask *ask)
{
    return ask->state == FPOOL_DNS_ASK_UNSENT ||
           ask->state == FPOOL_DNS_ASK_SENT ||
           ask->state == FPOOL_DNS_ASK_OVERDUE ||
           ask->state == FPOOL_DNS_ASK_TCP;
}

/* ---- What to do. */

static void ask_by_tcp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    fpool_dns_asker_release_first(a, ask);
    ask->wants_tcp = true;
    fpool_dns_asker_try_again(a, ask, 0, true);
}

/* Keeps a truncated answer for the case that TCP does not work. */
static void keep_partial(struct fpool_dns_ask *ask, const struct arrival *v)
{
    if (ask->partial != NULL || v->facts.is_cut) {
        return;
    }
    ask->partial = fpool_malloc(v->size);
    if (ask->partial != NULL) {
        memcpy(ask->partial, v->data, v->size);
        ask->partial_size = (uint16_t)v->size;
        ask->partial_resolver = v->resolver->index;
    }
}

/* The best evidence for the end, should nothing better come. */
static void note(struct fpool_dns_ask *ask, const struct arrival *v,
                 const struct fpool_dns_parsed *p)
{
    enum fpool_dns_status status = fpool_dns_status_of(v->verdict, p);

    if (ask->seen_rcode >= 0 && status == FPOOL_DNS_BADREPLY) {
        return;
    }
    ask->seen = status;
    ask->seen_rcode = status == FPOOL_DNS_BADREPLY ? -1 : p->rcode;
    ask->seen_resolver = v->resolver->index;
    ask->seen_tcp = v->is_tcp;
}

/* Enough have said the same, not one alone, unless nobody else is left to ask.
 * '*first' is who said it first. */
static bool is_agreed(const struct fpool_dns_asker *a, const struct arrival *v,
                      uint32_t *first, unsigned n, unsigned wanted)
{
    if (*first == 0) {
        *first = v->resolver->index + 1;
    }
    return n > wanted || (n == wanted &&
                          (*first != v->resolver->index + 1 || a->n_good <= 1));
}

static void act_on_opinion(struct fpool_dns_asker *a, const struct arrival *v)
{
    struct fpool_dns_ask *ask = v->ask;
    bool is_refusal = v->verdict == FPOOL_DNS_UNWILLING;
    unsigned wanted = MIN_OPINIONS;
    int64_t delay = a->n_good > 1 ? 0 : OPINION_DELAY;
    unsigned n;
    bool is_final;

    n = is_refusal ? ++ask->n_refused : ++ask->n_servfail;
    if (is_refusal &&
        (v->resolver->fault < REFUSES_ALL || v->resolver->useful_rate >= 1)) {
        /* It answers others: perhaps we ask too fast.  Each time more slowly.
         */
        wanted = ask->max_tries;
        delay = n == 1 ? delay : OPINION_DELAY << (n < 6 ? n - 2 : 4);
    }
    is_final = is_agreed(
        a, v, is_refusal ? &ask->refused_by : &ask->servfail_by, n, wanted);
    note(ask, v, &a->parsed);
    if (is_final) {
        fpool_dns_asker_give_up(a, ask);
    } else if (v->is_current) {
        fpool_dns_asker_release_first(a, ask);
        fpool_dns_asker_try_again(a, ask, delay,
                                  is_refusal && n == 1 && a->n_good > 1);
    }
}

/* Was the ask tried at this resolver before? */
static bool was_asked_before(const struct arrival *v)
{
    unsigned i;

    for (i = 0; i < FPOOL_DNS_KEPT_TRIES; i++) {
        const struct fpool_dns_try *try = &v->ask->tries[i];

        if (try != v->try && try->sent != 0 &&
            try->resolver == v->resolver->index) {
            return true;
        }
    }
    return false;
}

static void answer(struct fpool_dns_asker *a, const struct arrival *v)
{
    struct fpool_dns_outcome outcome = {
        .status = fpool_dns_status_of(v->verdict, &a->parsed),
        .rcode = a->parsed.rcode,
        .parsed = &a->parsed,
        .message = v->data,
        .message_size = v->size,
        .resolver = v->resolver,
        .is_tcp = v->is_tcp,
        .is_truncated = (a->parsed.flags & FPOOL_DNS_TC) != 0,
        .reason = "",
    };

    /* What it refused and now answers was not about the name. */
    if (v->ask->n_refused > 0 && was_asked_before(v)) {
        fpool_dns_resolver_hurried(v->resolver);
    }
    fpool_dns_asker_finish(a, v->ask, &outcome);
}

static void act(struct fpool_dns_asker *a, const struct arrival *v)
{
    switch (v->verdict) {
    case FPOOL_DNS_ANSWERED:
        answer(a, v);
        break;
    case FPOOL_DNS_TOO_LONG:
        keep_partial(v->ask, v);
        if (v->is_current) {
            ask_by_tcp(a, v->ask);
        }
        break;
    case FPOOL_DNS_WITHOUT_EDNS:
        v->ask->is_plain = true;
        if (v->is_current) {
            v->ask->wants_same = true;
            fpool_dns_asker_release_first(a, v->ask);
            fpool_dns_asker_try_again(a, v->ask, 0, true);
        }
        break;
    case FPOOL_DNS_AMBIGUOUS:
    case FPOOL_DNS_UNWILLING:
        act_on_opinion(a, v);
        break;
    case FPOOL_DNS_NONSENSE:
        v->ask->n_bad++;
        note(v->ask, v, &a->parsed);
        if (v->is_current) {
            fpool_dns_asker_release_first(a, v->ask);
            fpool_dns_asker_try_again(a, v->ask, 0, false);
        }
        break;
    }
}

/* ---- What it is. */

static void read_message(struct fpool_dns_asker *a, struct arrival *v)
{
    if (v->facts.has_no_name) {
        a->parsed.n_records = 0;
        a->parsed.ttl = 0;
        a->parsed.flags = fpool_dns_wire_get16(v->data + 2);
        a->parsed.rcode = a->parsed.flags & FPOOL_DNS_RCODE_BITS;
    } else {
        fpool_dns_wire_restore_name(v->data, v->ask->query, v->ask->query_size);
        v->facts.parsed_as =
            fpool_dns_parse(&a->parsed, v->data, v->size, v->ask->type);
    }
    v->verdict = fpool_dns_judge(&v->facts, &a->parsed);
}

/* A reply to an earlier try was of no use. */
static bool has_failed(const struct fpool_dns_ask *ask)
{
    return ask->n_servfail + ask->n_refused + ask->n_bad > 0;
}

/* What the resolver can do, from a reply that can be trusted: what it has shown
 * is never taken back, since that is what somebody who forges would say. */
static void learn(const struct fpool_dns_asker *a, const struct arrival *v)
{
    struct fpool_dns_resolver *r = v->resolver;

    if (v->facts.has_no_name) {
        return;
    }
    r->knows_edns = r->knows_edns || a->parsed.has_opt;
    r->knows_case = r->knows_case || v->try->has_case;
    if (v->ask->is_plain && !v->try->has_edns && !r->knows_edns) {
        r->has_edns = false;
    }
}

/* The resolver's part in it. */
static void tell_resolver(struct fpool_dns_asker *a, const struct arrival *v)
{
    struct fpool_dns_resolver *r = v->resolver;
    enum fpool_dns_resolver_state before = r->state;
    bool is_fault = v->verdict == FPOOL_DNS_AMBIGUOUS ||
                    v->verdict == FPOOL_DNS_UNWILLING ||
                    v->verdict == FPOOL_DNS_NONSENSE;
    int64_t rtt = a->now - v->try->sent;
    double fault = r->fault;

    if (v->verdict == FPOOL_DNS_UNWILLING) {
        fpool_dns_resolver_refused(r);
    }
    if (!v->is_tcp) {
        fpool_dns_resolver_replied(r, a->now, rtt, is_fault);
        if (is_fault && has_failed(v->ask)) {
            r->fault = fault; /* Another could not answer it either. */
        }
        a->has_resolver_pace = a->has_resolver_pace || r->limit > 0;
        fpool_dns_choose_show_good(a, a->n_good);
        fpool_dns_choose_update(a, r, before);
        fpool_dns_count_rtt(&a->counters, rtt);
    }
    if (is_fault) {
        fpool_dns_choose_judge(a, r);
    } else {
        a->recent[a->n_recent++ % FPOOL_DNS_RECENT] = r;
        learn(a, v);
    }
}

static void take(struct fpool_dns_asker *a, struct arrival *v)
{
    fpool_dns_count(&a->counters.received);
    v->is_current = v->try == fpool_dns_ask_last(v->ask) && is_awaited(v->ask);
    if (!v->is_current) {
        fpool_dns_count(&a->counters.late);
    }
    /* After an error without a name the real answer may still come. */
    if (v->facts.has_no_name) {
        v->try->had_bare = true;
    } else {
        fpool_dns_try_close(a, v->try);
    }
    if (v->is_current) {
        fpool_dns_try_detach(a, v->ask);
    }
    read_message(a, v);
    if (v->facts.parsed_as == FPOOL_ENOMEM) {
        v->ask->is_local = true; /* Not the resolver's fault. */
        if (v->is_current) {
            fpool_dns_asker_try_again(a, v->ask, OPINION_DELAY, false);
        }
        return;
    }
    tell_resolver(a, v);
    act(a, v);
}

/* A datagram with the right identifier that is not ours: somebody guesses. */
static void take_junk(struct fpool_dns_asker *a, struct arrival *v)
{
    fpool_dns_count(&a->counters.ignored);
    if (v->ask->n_junk < MAX_JUNK && ++v->ask->n_junk == MAX_JUNK &&
        is_awaited(v->ask) && v->try == fpool_dns_ask_last(v->ask) &&
        v->ask->state != FPOOL_DNS_ASK_TCP) {
        fpool_dns_try_detach(a, v->ask);
        ask_by_tcp(a, v->ask);
    }
}

/* The right reply but for the case of letters.  From a resolver that has
 * repeated them before it is forged.  From another it may be, so TCP decides
 * for this name, and for the next ones the case is left alone. */
static void take_other_case(struct fpool_dns_asker *a, struct arrival *v)
{
    if (v->resolver->knows_case) {
        take_junk(a, v);
        return;
    }
    fpool_dns_count(&a->counters.ignored);
    v->resolver->has_case = false;
    if (v->try == fpool_dns_ask_last(v->ask) && is_awaited(v->ask)) {
        fpool_dns_try_detach(a, v->ask);
        ask_by_tcp(a, v->ask);
    }
}

static void match(struct fpool_dns_asker *a, struct arrival *v)
{
    switch (fpool_dns_wire_match(v->data, v->size, v->ask->query,
                                 v->ask->query_size, v->try->has_case,
                                 fpool_dns_try_case_seed(a, v->try))) {
    case FPOOL_DNS_MATCH_NO_NAME:
        v->facts.has_no_name = true;
        if (v->try->had_bare) {
            take_junk(a, v);
        } else {
            take(a, v);
        }
        break;
    case FPOOL_DNS_MATCH:
        take(a, v);
        break;
    case FPOOL_DNS_MATCH_CASE:
        take_other_case(a, v);
        break;
    case FPOOL_DNS_MATCH_NOT:
        take_junk(a, v);
        break;
    }
}

/* Finds the try with this port and identifier; false: there is none. */
static bool find(struct fpool_dns_asker *a, struct arrival *v, uint16_t port)
{
    uint16_t id;

    if (v->size < FPOOL_DNS_HEADER_SIZE) {
        return false;
    }
    id = fpool_dns_wire_get16(v->data);
    v->ask = fpool_dns_ids_find(&a->ids, fpool_dns_ids_key(port, id));
    v->try = v->ask == NULL ? NULL : find_try(v->ask, port, id);
    if (v->try == NULL) {
        return false;
    }
    v->resolver = &a->resolvers[v->try->resolver];
    v->facts.had_edns = v->try->has_edns;
    return true;
}

void fpool_dns_reply_udp(void *asker, struct fpool_dns_port *port,
                         const union fpool_dns_address *from, uint8_t *data,
                         size_t size, bool is_cut, int64_t now)
{
    struct fpool_dns_asker *a = asker;
    struct arrival v = { .data = data, .size = size, .facts.is_cut = is_cut };

    a->now = now;
    if (!find(a, &v, (uint16_t)port->number) || v.try->sent == 0 ||
        !fpool_dns_address_is_same(from, &v.resolver->address)) {
        fpool_dns_count(&a->counters.ignored);
        return;
    }
    match(a, &v);
}

static bool reply_tcp(void *self, struct fpool_dns_resolver *resolver,
                      uint8_t *data, size_t size)
{
    struct fpool_dns_asker *a = self;
    struct arrival v = {
        .data = data, .size = size, .is_tcp = true, .facts.is_tcp = true
    };

    a->now = fpool_loop_now(a->loop);
    if (!find(a, &v, fpool_dns_tcp_port(resolver)) || v.resolver != resolver) {
        fpool_dns_count(&a->counters.ignored);
        return false;
    }
    match(a, &v);
    return true;
}

/* ---- What the network says. */

void fpool_dns_reply_bounce(void *asker, struct fpool_dns_port *port,
                            const union fpool_dns_address *to,
                            const uint8_t *data, size_t size)
{
    struct fpool_dns_asker *a = asker;
    struct arrival v = { .data = (uint8_t *)(uintptr_t)data, .size = size };
    enum fpool_dns_resolver_state before;

    if (!find(a, &v, (uint16_t)port->number) ||
        !fpool_dns_address_is_same(to, &v.resolver->address)) {
        return;
    }
    a->now = fpool_loop_now(a->loop);
    before = v.resolver->state;
    v.ask->is_bounced = true;
    fpool_dns_resolver_unreachable(v.resolver, a->now);
    fpool_dns_choose_update(a, v.resolver, before);
    if (v.try == fpool_dns_ask_last(v.ask) && is_awaited(v.ask)) {
        fpool_dns_try_close(a, v.try);
        fpool_dns_try_detach(a, v.ask);
        fpool_dns_asker_release_first(a, v.ask);
        fpool_dns_choose_judge(a, v.resolver);
        /* With somebody else to ask, this was no try at all. */
        fpool_dns_asker_try_again(a, v.ask, a->n_good > 1 ? 0 : OPINION_DELAY,
                                  a->n_good > 1);
    }
}

static void connection_ended(void *self, struct fpool_dns_resolver *resolver,
                             struct fpool_list *asks, bool is_stale)
{
    struct fpool_dns_asker *a = self;
    struct fpool_list *link;

    fpool_list_remove(&resolver->tcp->link);
    fpool_list_push(&a->ended, &resolver->tcp->link);
    a->n_connections--;
    resolver->tcp = NULL;
    resolver->n_tcp_vain = is_stale ? 0 : resolver->n_tcp_vain + 1;
    while ((link = fpool_list_pop(asks)) != NULL) {
        struct fpool_dns_ask *ask = fpool_dns_ask_of_link(link);
        bool was_sent = fpool_dns_ask_last(ask)->sent != 0;
        bool is_forgiven;

        fpool_dns_try_close(a, fpool_dns_ask_last(ask));
        fpool_dns_try_detach(a, ask);
        if (!was_sent && resolver->n_tcp_vain <= MAX_VAIN) {
            /* It only waited for its turn: that was no try. */
            ask->n_tries--;
            ask->wants_tcp = true;
            fpool_dns_asker_queue(a, ask);
            continue;
        }
        is_forgiven = ask->n_ended++ < MAX_STALE && is_stale;
        /* A server may close whenever it is idle (RFC 7766, section 6.2.3). */
        if (!is_forgiven && ask->seen == FPOOL_DNS_TIMEOUT) {
            ask->seen = FPOOL_DNS_FAILED;
            ask->seen_resolver = resolver->index;
            ask->seen_tcp = true;
        }
        ask->wants_tcp = is_forgiven;
        fpool_dns_asker_try_again(a, ask, 0, is_forgiven);
    }
}

const struct fpool_dns_tcp_events fpool_dns_reply_tcp_events = {
    .sent = fpool_dns_try_tcp_sent,
    .received = reply_tcp,
    .ended = connection_ended,
};
