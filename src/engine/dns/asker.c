/* SPDX-License-Identifier: MIT */
/* The asker: its life, its rounds, and the ends of asks.  Called by the loop
 * and by whoever feeds; calls choose.c, try.c, ports and connections. */
#include "engine/dns/asker.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define MS 1000000LL

#define ROUND_TRIES     1024 /* then replies are looked at again */
#define MAX_FREE        8    /* tries of one ask that are not charged */
#define LAST_PASS_PAUSE (1000 * MS)
#define LAST_PASS_TRIES 3
#define RETRY_RATE      200 /* a second at least, or a half of the best rate */
#define LAST_PASS_RATE  100 /* the same, or a tenth */
#define LOOK_BACK       (100 * MS)
#define CONNECTION_IDLE (10000 * MS)
#define RENEW_PORTS     (5000 * MS) /* no more often */

/* ---- Life. */

static void timer_fire(struct fpool_loop_timer *timer)
{
    (void)timer; /* The round does all that is due. */
}

static enum fpool_status allocate(struct fpool_dns_asker *a, size_t n)
{
    a->resolvers = fpool_calloc(n, sizeof(*a->resolvers));
    a->open = fpool_calloc(n, sizeof(struct fpool_dns_resolver *));
    if (a->resolvers == NULL || a->open == NULL) {
        return FPOOL_ENOMEM;
    }
    if (fpool_dns_ids_init(&a->ids) != FPOOL_OK) {
        return FPOOL_ENOMEM;
    }
    return fpool_dns_receive_buffer_create(&a->buffer);
}

static void init_resolvers(struct fpool_dns_asker *a,
                           const struct fpool_dns_asker_options *o)
{
    uint32_t i;

    a->n_resolvers = a->n_good = (uint32_t)o->servers->n;
    for (i = 0; i < a->n_resolvers; i++) {
        struct fpool_dns_resolver *r = &a->resolvers[i];

        fpool_dns_resolver_init(r, &o->servers->addresses[i], o->resolver_qps);
        r->index = i;
        fpool_dns_choose_update(a, r, r->state);
    }
    atomic_store(&a->counters.n_resolvers, a->n_resolvers);
    atomic_store(&a->counters.n_good, a->n_good);
}

static void init_lists(struct fpool_dns_asker *a)
{
    fpool_list_init(&a->followers);
    fpool_list_init(&a->retries);
    fpool_list_init(&a->last_pass);
    fpool_list_init(&a->hungry);
    fpool_list_init(&a->connections);
    fpool_list_init(&a->ended);
    fpool_wheel_init(&a->wheel, a->now);
    fpool_wheel_init(&a->rests, a->now);
}

enum fpool_status fpool_dns_asker_create(
    struct fpool_dns_asker **ret_asker, struct fpool_loop *loop,
    const struct fpool_dns_asker_options *options)
{
    struct fpool_dns_asker *a = fpool_calloc(1, sizeof(*a));

    if (a == NULL) {
        return FPOOL_ENOMEM;
    }
    a->loop = loop;
    a->timer.fire = timer_fire;
    a->now = fpool_now_ns();
    a->look_back_at = a->now + LOOK_BACK;
    a->least_fault = 1; /* until somebody has shown less */
    fpool_dns_parsed_init(&a->parsed);
    init_lists(a);
    if (allocate(a, options->servers->n) != FPOOL_OK) {
        fpool_dns_asker_destroy(&a);
        return FPOOL_ENOMEM;
    }
    fpool_dns_pace_init(&a->pace, options->qps);
    fpool_dns_pace_init(&a->retry_pace, RETRY_RATE);
    fpool_dns_pace_init(&a->last_pace, LAST_PASS_RATE);
    a->has_resolver_pace = options->resolver_qps > 0;
    a->secret = (uint64_t)fpool_dns_random_32(&a->random) << 32 |
                fpool_dns_random_32(&a->random);
    init_resolvers(a, options);
    *ret_asker = a;
    return FPOOL_OK;
}

enum fpool_status fpool_dns_asker_open(struct fpool_dns_asker *a)
{
    enum fpool_status status = fpool_loop_timer_open(a->loop, &a->timer);

    a->has_timer = status == FPOOL_OK;
    return status;
}

static void close_connections(struct fpool_list *list)
{
    struct fpool_list *link;

    while ((link = fpool_list_pop(list)) != NULL) {
        struct fpool_dns_tcp *tcp =
            FPOOL_OWNER_OF(link, struct fpool_dns_tcp, link);

        fpool_dns_tcp_close(&tcp);
    }
}

void fpool_dns_asker_close(struct fpool_dns_asker *a)
{
    size_t i;

    close_connections(&a->connections);
    close_connections(&a->ended);
    for (i = 0; i < sizeof(a->ports) / sizeof(a->ports[0]); i++) {
        fpool_dns_port_close(&a->ports[i]);
    }
    if (a->has_timer) {
        fpool_loop_timer_close(a->loop, &a->timer);
        a->has_timer = false;
    }
}

void fpool_dns_asker_destroy(struct fpool_dns_asker **asker)
{
    struct fpool_dns_asker *a = *asker;
    uint32_t i;

    if (a == NULL) {
        return;
    }
    *asker = NULL;
    for (i = 0; i < a->n_resolvers; i++) {
        fpool_free(a->resolvers[i].text);
    }
    fpool_dns_parsed_fini(&a->parsed);
    fpool_dns_ids_fini(&a->ids);
    fpool_free(a->buffer);
    fpool_free(a->open);
    fpool_free(a->resolvers);
    fpool_free(a);
}

/* ---- Asks: beginning and end. */

void fpool_dns_asker_is_fed(struct fpool_dns_asker *a,
                            struct fpool_dns_feeder *feeder)
{
    if (!fpool_list_has(&feeder->link)) {
        fpool_list_push(&a->hungry, &feeder->link);
    }
}

void fpool_dns_asker_release_first(struct fpool_dns_asker *a,
                                   struct fpool_dns_ask *ask)
{
    if (ask->is_first) {
        ask->is_first = false;
        ask->feeder->n_first--;
        fpool_dns_asker_is_fed(a, ask->feeder);
    }
}

static void set_n_asks(struct fpool_dns_asker *a, unsigned n)
{
    a->n_asks = n;
    atomic_store_explicit(&a->counters.in_flight, n, memory_order_relaxed);
}

void fpool_dns_asker_start(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    ask->seen = FPOOL_DNS_TIMEOUT;
    ask->seen_rcode = -1;
    ask->is_first = true;
    ask->n_charged = 1;
    ask->feeder->n_first++;
    set_n_asks(a, a->n_asks + 1);
    fpool_dns_try_udp(a, ask, fpool_dns_choose(a, ask));
}

void fpool_dns_asker_cancel(struct fpool_dns_asker *a,
                            struct fpool_dns_ask *ask)
{
    fpool_dns_try_detach(a, ask);
    fpool_dns_try_close_all(a, ask);
    fpool_dns_asker_release_first(a, ask);
    fpool_free(ask->partial);
    ask->partial = NULL;
    set_n_asks(a, a->n_asks - 1);
}

void fpool_dns_asker_finish(struct fpool_dns_asker *a,
                            struct fpool_dns_ask *ask,
                            struct fpool_dns_outcome *outcome)
{
    uint8_t *partial = ask->partial;

    ask->partial = NULL; /* It may be what the outcome is made of. */
    outcome->n_tries = ask->n_tries;
    outcome->time_ns = ask->first_sent == 0 ? 0 : a->now - ask->first_sent;
    fpool_dns_asker_cancel(a, ask);
    ask->done(ask, outcome);
    fpool_free(partial);
}

static const char *reason_of(const struct fpool_dns_ask *ask)
{
    switch (ask->seen) {
    case FPOOL_DNS_SERVFAIL:
        return "the resolvers could not find out (SERVFAIL)";
    case FPOOL_DNS_REFUSED:
        return "the resolvers refuse to answer";
    case FPOOL_DNS_TIMEOUT:
        if (ask->is_local) {
            return "there was no memory, or no descriptor, to ask with";
        }
        return ask->is_bounced ? "no resolver can be reached" : "no reply";
    case FPOOL_DNS_BADREPLY:
        return "the replies make no sense";
    default:
        return ask->seen_rcode < 0
                   ? "the connections to the resolvers end at once"
                   : "the resolvers report an error";
    }
}

void fpool_dns_asker_give_up(struct fpool_dns_asker *a,
                             struct fpool_dns_ask *ask)
{
    struct fpool_dns_outcome outcome = {
        .status = ask->seen,
        .rcode = ask->seen_rcode,
        .reason = reason_of(ask),
    };

    if (ask->seen == FPOOL_DNS_TIMEOUT && ask->is_local) {
        outcome.status = FPOOL_DNS_FAILED;
    } else if (ask->seen != FPOOL_DNS_TIMEOUT) {
        outcome.resolver = &a->resolvers[ask->seen_resolver];
        outcome.is_tcp = ask->seen_tcp;
    }
    /* A part of the answer is better than none. */
    if (ask->partial != NULL &&
        fpool_dns_parse(&a->parsed, ask->partial, ask->partial_size,
                        ask->type) == FPOOL_OK &&
        a->parsed.has_answer) {
        outcome.status = FPOOL_DNS_OK;
        outcome.rcode = a->parsed.rcode;
        outcome.parsed = &a->parsed;
        outcome.message = ask->partial;
        outcome.message_size = ask->partial_size;
        outcome.resolver = &a->resolvers[ask->partial_resolver];
        outcome.is_tcp = false;
        outcome.is_truncated = true;
        outcome.reason = "";
    }
    fpool_dns_asker_finish(a, ask, &outcome);
}

void fpool_dns_asker_delay(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                           int64_t delay)
{
    int64_t when = a->now + delay;

    ask->state = FPOOL_DNS_ASK_DELAYED;
    fpool_wheel_set(&a->wheel, &ask->timer,
                    when < ask->deadline ? when : ask->deadline);
}

void fpool_dns_asker_queue(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    ask->state = FPOOL_DNS_ASK_QUEUED;
    fpool_list_push(ask->wants_tcp      ? &a->followers
                    : ask->is_last_pass ? &a->last_pass
                                        : &a->retries,
                    &ask->link);
    if (ask->deadline != INT64_MAX) {
        fpool_wheel_set(&a->wheel, &ask->timer, ask->deadline);
    }
}

/* For names that nobody answered, or that were refused by resolvers which
 * answer when they are asked more slowly. */
static bool may_have_last_pass(const struct fpool_dns_asker *a,
                               const struct fpool_dns_ask *ask)
{
    return ask->has_last_pass && !ask->is_last_pass &&
           (ask->seen == FPOOL_DNS_TIMEOUT ||
            (ask->seen == FPOOL_DNS_REFUSED && a->has_resolver_pace));
}

/* One more may be tried; counts it.  False at the end. */
static bool charge(const struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                   bool is_free, int64_t *delay)
{
    unsigned max = ask->is_last_pass ? LAST_PASS_TRIES : ask->max_tries;

    if (is_free && ask->n_free < MAX_FREE) {
        ask->n_free++;
    } else if (ask->n_charged < max) {
        ask->n_charged++;
    } else if (may_have_last_pass(a, ask)) {
        ask->is_last_pass = true;
        ask->n_charged = 1;
        *delay = LAST_PASS_PAUSE;
    } else {
        return false;
    }
    return true;
}

void fpool_dns_asker_try_again(struct fpool_dns_asker *a,
                               struct fpool_dns_ask *ask, int64_t delay,
                               bool is_free)
{
    fpool_dns_asker_release_first(a, ask);
    if (!charge(a, ask, is_free, &delay)) {
        fpool_dns_asker_give_up(a, ask);
    } else if (delay > 0) {
        fpool_dns_asker_delay(a, ask, delay);
    } else {
        fpool_dns_asker_queue(a, ask);
    }
}

/* ---- Rounds. */

static void resolver_woke(struct fpool_wheel_node *node, void *asker)
{
    struct fpool_dns_resolver *r =
        FPOOL_OWNER_OF(node, struct fpool_dns_resolver, wake);

    fpool_dns_choose_update(asker, r, r->state);
}

/* Some port is blocked; or starved, when 'is_starved'. */
static bool is_blocked(const struct fpool_dns_asker *a, bool is_starved)
{
    size_t i;

    for (i = 0; i < sizeof(a->ports) / sizeof(a->ports[0]); i++) {
        const struct fpool_dns_port *port = a->ports[i];

        if (port != NULL && port->is_blocked &&
            (port->is_starved || !is_starved)) {
            return true;
        }
    }
    return false;
}

static bool can_start(const struct fpool_dns_asker *a)
{
    return a->n_open > 0 && a->now >= a->local_until &&
           fpool_dns_pace_is_open(&a->pace, a->now);
}

/* Retries do not wait for windows, but for the rates that the user has set. */
static bool can_retry(const struct fpool_dns_asker *a)
{
    return (a->n_open > 0 || !a->has_resolver_pace) &&
           fpool_dns_pace_is_open(&a->pace, a->now);
}

/* Sends the first ask of a queue; false: there is none that can go. */
static bool pump_queue(struct fpool_dns_asker *a, struct fpool_list *queue)
{
    struct fpool_list *link = fpool_list_pop(queue);
    struct fpool_dns_ask *ask;

    if (link == NULL) {
        return false;
    }
    ask = fpool_dns_ask_of_link(link);
    fpool_wheel_remove(&a->wheel, &ask->timer);
    ask->state = FPOOL_DNS_ASK_IDLE;
    if (ask->wants_tcp) {
        fpool_dns_try_tcp(a, ask,
                          &a->resolvers[fpool_dns_ask_last(ask)->resolver]);
    } else {
        fpool_dns_try_udp(a, ask, fpool_dns_choose(a, ask));
    }
    return true;
}

static bool pump_paced(struct fpool_dns_asker *a, struct fpool_list *queue,
                       struct fpool_dns_pace *pace)
{
    if (!can_retry(a) || !fpool_dns_pace_is_open(pace, a->now) ||
        !pump_queue(a, queue)) {
        return false;
    }
    fpool_dns_pace_take(pace, a->now);
    return true;
}

/* A feeder may be gone once it was called, so it is put back before. */
static bool pump_feeders(struct fpool_dns_asker *a)
{
    struct fpool_list *link;

    while ((link = fpool_list_pop(&a->hungry)) != NULL) {
        struct fpool_dns_feeder *feeder =
            FPOOL_OWNER_OF(link, struct fpool_dns_feeder, link);

        if (feeder->n_first >= feeder->max_first) {
            continue; /* The end of a first try puts it back. */
        }
        fpool_list_push(&a->hungry, link);
        if (feeder->feed(feeder)) {
            return true;
        }
    }
    return false;
}

/* Retries, the last pass and new questions in turn, so that none of them keeps
 * the others waiting.  True: there is more to do at once. */
static bool pump(struct fpool_dns_asker *a)
{
    int i;

    for (i = 0; i < ROUND_TRIES; i += 4) {
        bool has_sent;

        has_sent = can_retry(a) && pump_queue(a, &a->followers);
        has_sent = pump_paced(a, &a->retries, &a->retry_pace) || has_sent;
        has_sent = pump_paced(a, &a->last_pass, &a->last_pace) || has_sent;
        has_sent = (can_start(a) && pump_feeders(a)) || has_sent;
        if (!has_sent) {
            return false;
        }
    }
    return true;
}

/* Sends what waits in the ports, and counts. */
static void flush(struct fpool_dns_asker *a)
{
    uint64_t drops = a->drops_before;
    size_t i;

    for (i = 0; i < sizeof(a->ports) / sizeof(a->ports[0]); i++) {
        struct fpool_dns_port *port = a->ports[i];

        if (port == NULL) {
            continue;
        }
        if (port->n > 0 && (!port->is_blocked || port->is_starved)) {
            fpool_dns_port_flush(port);
            if (port->is_blocked) {
                fpool_dns_count(&a->counters.send_waits);
            }
        }
        drops += port->drops;
    }
    atomic_store_explicit(&a->counters.kernel_drops, drops,
                          memory_order_relaxed);
}

static void set_rate(struct fpool_dns_pace *pace, uint64_t rate, unsigned least)
{
    int64_t next = pace->next;

    fpool_dns_pace_init(pace, rate < least ? least : (unsigned)rate);
    pace->next = next;
}

/* Ten times a second: rates, faults, idle connections. */
static void look_back(struct fpool_dns_asker *a)
{
    uint64_t replies = atomic_load(&a->counters.received);
    struct fpool_list *link = a->connections.next;
    uint64_t rate;

    if (a->now < a->look_back_at) {
        return;
    }
    rate = (replies - a->replies_then) * 1000 /
           (uint64_t)((a->now - a->look_back_at + LOOK_BACK) / MS);
    a->look_back_at = a->now + LOOK_BACK;
    /* It fades, by half in seven seconds: what was borne once may be no more.
     */
    a->best_rate -= a->best_rate / 100;
    if (rate > a->best_rate) {
        a->best_rate = rate;
    }
    a->replies_then = replies;
    set_rate(&a->retry_pace, a->best_rate / 2, RETRY_RATE);
    set_rate(&a->last_pace, a->best_rate / 10, LAST_PASS_RATE);
    fpool_dns_choose_find_least_fault(a);
    while (link != &a->connections) {
        struct fpool_dns_tcp *tcp =
            FPOOL_OWNER_OF(link, struct fpool_dns_tcp, link);

        link = link->next;
        if (tcp->idle_since != 0 &&
            a->now - tcp->idle_since > CONNECTION_IDLE) {
            a->n_connections--;
            tcp->resolver->tcp = NULL;
            fpool_list_remove(&tcp->link);
            fpool_dns_tcp_close(&tcp);
        }
    }
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* When a rate lets the next one go; INT64_MAX where no rate holds it back. */
static int64_t opens_at(const struct fpool_dns_asker *a,
                        const struct fpool_dns_pace *pace)
{
    int64_t when = a->now;

    if (!fpool_dns_pace_is_open(pace, a->now)) {
        when = fpool_dns_pace_when(pace);
    }
    if (!fpool_dns_pace_is_open(&a->pace, a->now) &&
        fpool_dns_pace_when(&a->pace) > when) {
        when = fpool_dns_pace_when(&a->pace);
    }
    return when == a->now ? INT64_MAX : when;
}

static void set_timer(struct fpool_dns_asker *a, bool has_more)
{
    int64_t when =
        earlier(fpool_wheel_next(&a->wheel), fpool_wheel_next(&a->rests));

    if (has_more) {
        when = a->now;
    }
    if (is_blocked(a, true)) {
        when = earlier(when, a->now + MS);
    }
    if (!fpool_list_is_empty(&a->hungry) && a->local_until > a->now) {
        when = earlier(when, a->local_until);
    }
    if (!fpool_list_is_empty(&a->retries)) {
        when = earlier(when, opens_at(a, &a->retry_pace));
    }
    if (!fpool_list_is_empty(&a->last_pass)) {
        when = earlier(when, opens_at(a, &a->last_pace));
    }
    if (!fpool_list_is_empty(&a->hungry) ||
        !fpool_list_is_empty(&a->followers)) {
        when = earlier(when, opens_at(a, &a->pace));
    }
    if (!fpool_list_is_empty(&a->connections)) {
        when = earlier(when, a->look_back_at);
    }
    fpool_loop_timer_set(a->loop, &a->timer, when);
}

/* A connected socket keeps the address that this machine had: when nobody
 * answers any more, that may be why. */
static void renew_ports(struct fpool_dns_asker *a)
{
    size_t i;

    if (!a->wants_new_ports || a->now - a->renewed_at < RENEW_PORTS) {
        return;
    }
    a->wants_new_ports = false;
    a->renewed_at = a->now;
    for (i = 0; i < sizeof(a->ports) / sizeof(a->ports[0]); i++) {
        if (a->ports[i] != NULL && a->ports[i]->is_connected &&
            a->ports[i]->n == 0) {
            a->drops_before += a->ports[i]->drops;
            fpool_dns_port_close(&a->ports[i]);
        }
    }
}

void fpool_dns_asker_round(struct fpool_dns_asker *a)
{
    bool has_more = false;

    a->now = fpool_now_ns();
    fpool_wheel_advance(&a->rests, a->now, resolver_woke, a);
    fpool_wheel_advance(&a->wheel, a->now, fpool_dns_try_timer, a);
    look_back(a);
    renew_ports(a);
    if (!is_blocked(a, false)) {
        has_more = pump(a);
    }
    flush(a);
    close_connections(&a->ended);
    if (a->has_timer || fpool_dns_asker_open(a) == FPOOL_OK) {
        set_timer(a, has_more);
    }
}
