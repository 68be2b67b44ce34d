/* SPDX-License-Identifier: MIT */
/* One try of an ask: put on the wire, timed, given up.  Called by the asker;
 * calls ports and connections.
 *
 * The clock of a try starts when its datagram leaves.  A try that takes longer
 * than its resolver usually does is overdue: it still waits, but its place goes
 * to others.  A try that is given up stays known, so that a late reply counts.
 */
#include "engine/dns/asker.h"
#include "engine/dns/wire.h"

#define MS 1000000LL

#define PORT_RUN                                                               \
    64 /* datagrams that leave one port before another is drawn                \
        */
#define TCP_TIMEOUT  (3000 * MS)
#define TCP_BACKSTOP (60000 * MS) /* behind others on a connection */
#define ID_DRAWS     64

static const int64_t last_pass_timeouts[] = { 1000 * MS, 2000 * MS, 2000 * MS };

uint64_t fpool_dns_try_case_seed(const struct fpool_dns_asker *a,
                                 const struct fpool_dns_try *try)
{
    return a->secret ^ ((uint64_t)try->port << 16 | try->id);
}

/* ---- The books. */

void fpool_dns_try_close(struct fpool_dns_asker *a, struct fpool_dns_try *try)
{
    if (try->is_open) {
        try->is_open = false;
        fpool_dns_ids_remove(&a->ids, fpool_dns_ids_key(try->port, try->id));
    }
}

void fpool_dns_try_close_all(struct fpool_dns_asker *a,
                             struct fpool_dns_ask *ask)
{
    unsigned i;

    for (i = 0; i < FPOOL_DNS_KEPT_TRIES; i++) {
        fpool_dns_try_close(a, &ask->tries[i]);
    }
}

/* The place for the next try; what it replaces is forgotten. */
static struct fpool_dns_try *add_try(struct fpool_dns_asker *a,
                                     struct fpool_dns_ask *ask,
                                     const struct fpool_dns_resolver *r)
{
    struct fpool_dns_try *try =
        &ask->tries[ask->n_tries % FPOOL_DNS_KEPT_TRIES];

    fpool_dns_try_close(a, try);
    *try = (struct fpool_dns_try){
        .resolver = r->index,
        .has_edns = r->has_edns,
    };
    ask->n_tries++;
    return try;
}

/* Draws an identifier that is free at 'port'. */
static bool draw_id(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                    struct fpool_dns_try *try, uint16_t port)
{
    int i;

    for (i = 0; i < ID_DRAWS; i++) {
        uint16_t id = fpool_dns_random_16(&a->random);
        uint32_t key = fpool_dns_ids_key(port, id);

        if (fpool_dns_ids_find(&a->ids, key) == NULL) {
            try->port = port;
            try->id = id;
            try->is_open = fpool_dns_ids_add(&a->ids, key, ask) == FPOOL_OK;
            return try->is_open;
        }
    }
    return false;
}

void fpool_dns_try_release_window(struct fpool_dns_asker *a,
                                  struct fpool_dns_ask *ask)
{
    if (ask->is_in_window) {
        struct fpool_dns_resolver *r =
            &a->resolvers[fpool_dns_ask_last(ask)->resolver];

        ask->is_in_window = false;
        fpool_dns_resolver_give(r);
        fpool_dns_choose_update(a, r, r->state);
    }
}

void fpool_dns_try_detach(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    struct fpool_dns_try *try =
        ask->n_tries == 0 ? NULL : fpool_dns_ask_last(ask);

    switch (ask->state) {
    case FPOOL_DNS_ASK_UNSENT:
        fpool_dns_port_drop(a->ports[try->port], ask);
        break;
    case FPOOL_DNS_ASK_TCP:
        if (a->resolvers[try->resolver].tcp != NULL &&
            fpool_list_has(&ask->link)) {
            fpool_dns_tcp_drop(a->resolvers[try->resolver].tcp, ask);
        }
        break;
    case FPOOL_DNS_ASK_QUEUED:
        fpool_list_remove(&ask->link);
        break;
    case FPOOL_DNS_ASK_IDLE:
    case FPOOL_DNS_ASK_SENT:
    case FPOOL_DNS_ASK_OVERDUE:
    case FPOOL_DNS_ASK_DELAYED:
        break;
    }
    fpool_wheel_remove(&a->wheel, &ask->timer);
    fpool_dns_try_release_window(a, ask);
    ask->state = FPOOL_DNS_ASK_IDLE;
}

static void set_timer(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                      int64_t when)
{
    fpool_wheel_set(&a->wheel, &ask->timer,
                    when < ask->deadline ? when : ask->deadline);
}

/* ---- Sending. */

static bool has_room(struct fpool_dns_port *port)
{
    if (port != NULL && fpool_dns_port_is_full(port)) {
        fpool_dns_port_flush(port);
    }
    return port != NULL && !fpool_dns_port_is_full(port);
}

static void open_port(struct fpool_dns_asker *a, unsigned number,
                      const struct fpool_dns_resolver *r)
{
    struct fpool_dns_port_options options = {
        .loop = a->loop,
        .family = r->address.sa.sa_family,
        .number = number,
        .peer = a->n_resolvers == 1 ? &r->address : NULL,
        .events = &fpool_dns_try_port_events,
        .self = a,
        .buffer = a->buffer,
    };

    (void)fpool_dns_port_open(&a->ports[number], &options);
}

/* A port for 'r': the same one for a while, so that batches are large, then
 * another at random. */
static struct fpool_dns_port *draw_port(struct fpool_dns_asker *a,
                                        const struct fpool_dns_resolver *r)
{
    unsigned family = r->address.sa.sa_family == AF_INET6;
    unsigned first = family * FPOOL_DNS_PORTS_OF_FAMILY;
    unsigned i;

    if (a->port_left[family] == 0 || !has_room(a->ports[a->port_now[family]])) {
        a->port_left[family] = PORT_RUN;
        a->port_now[family] =
            first + fpool_dns_random_16(&a->random) % FPOOL_DNS_PORTS_OF_FAMILY;
    }
    a->port_left[family]--;
    for (i = 0; i < FPOOL_DNS_PORTS_OF_FAMILY; i++) {
        unsigned number = first + (a->port_now[family] - first + i) %
                                      FPOOL_DNS_PORTS_OF_FAMILY;

        if (a->ports[number] == NULL) {
            open_port(a, number, r);
        }
        if (has_room(a->ports[number])) {
            a->port_now[family] = number;
            return a->ports[number];
        }
    }
    return NULL;
}

static void take_paces(struct fpool_dns_asker *a, struct fpool_dns_resolver *r)
{
    if (r->pace.interval > 0) {
        fpool_dns_pace_take(&r->pace, a->now);
        fpool_dns_choose_update(a, r, r->state);
    }
    if (a->pace.interval > 0) {
        fpool_dns_pace_take(&a->pace, a->now);
    }
}

static void count_try(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    ask->is_local = false;
    fpool_dns_count(&a->counters.sent);
    if (ask->n_tries > 1) {
        fpool_dns_count(&a->counters.retries);
    }
}

/* Local trouble: no descriptor, no memory, nothing free.  Nobody was asked. */
static void fail_locally(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    fpool_dns_try_close(a, fpool_dns_ask_last(ask));
    ask->n_tries--;
    ask->is_local = true;
    fpool_dns_asker_try_again(a, ask, 10 * MS, false);
}

void fpool_dns_try_udp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                       struct fpool_dns_resolver *r)
{
    struct fpool_dns_port *port = draw_port(a, r);
    struct fpool_dns_try *try = add_try(a, ask, r);
    enum fpool_dns_resolver_state before = r->state;
    uint8_t *data;
    size_t size;

    if (port == NULL || !draw_id(a, ask, try, (uint16_t)port->number)) {
        fail_locally(a, ask);
        return;
    }
    data = fpool_dns_port_room(port);
    size = fpool_dns_wire_query(data, ask->query, ask->query_size, try->id,
                                try->has_edns);
    try->has_case = r->has_case;
    if (try->has_case) {
        fpool_dns_wire_set_case(data, fpool_dns_try_case_seed(a, try));
    }
    fpool_dns_port_put(port, &r->address, size, ask);
    ask->state = FPOOL_DNS_ASK_UNSENT;
    ask->wants_same = false;
    if (ask->n_tries == 1 || before != FPOOL_DNS_GOOD) {
        ask->is_in_window = true;
        fpool_dns_resolver_take(r, a->now);
        fpool_dns_choose_update(a, r, before);
    }
    take_paces(a, r);
    count_try(a, ask);
}

void fpool_dns_try_tcp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                       struct fpool_dns_resolver *r)
{
    struct fpool_dns_try *try = add_try(a, ask, r);

    ask->wants_tcp = false;
    if (!draw_id(a, ask, try, fpool_dns_tcp_port(r))) {
        fail_locally(a, ask);
        return;
    }
    if (r->tcp == NULL) {
        if (fpool_dns_tcp_open(&r->tcp, a->loop, r, &fpool_dns_reply_tcp_events,
                               a) != FPOOL_OK) {
            fail_locally(a, ask);
            return;
        }
        fpool_list_push(&a->connections, &r->tcp->link);
    }
    ask->state = FPOOL_DNS_ASK_TCP;
    set_timer(a, ask, a->now + TCP_BACKSTOP);
    take_paces(a, r);
    fpool_dns_tcp_ask(r->tcp, ask);
}

/* ---- Time. */

/* A tenth up or down, so that what was lost together is not sent together. */
static int64_t jitter(struct fpool_dns_asker *a, int64_t time)
{
    int64_t random = fpool_dns_random_16(&a->random) - 32768;

    return time + time / 10 * random / 32768;
}

static int64_t timeout_of(struct fpool_dns_asker *a,
                          const struct fpool_dns_ask *ask,
                          const struct fpool_dns_resolver *r)
{
    unsigned n = ask->n_charged == 0 ? 0 : ask->n_charged - 1u;

    if (ask->is_last_pass) {
        n = n < 2 ? n : 2;
        return jitter(a, last_pass_timeouts[n]);
    }
    return jitter(a, fpool_dns_resolver_timeout(r, n));
}

/* A datagram has left. */
static void port_sent(void *self, void *tag, int64_t now)
{
    struct fpool_dns_asker *a = self;
    struct fpool_dns_ask *ask = tag;
    struct fpool_dns_try *try = fpool_dns_ask_last(ask);

    try->sent = now;
    if (ask->first_sent == 0) {
        ask->first_sent = now;
    }
    ask->state = FPOOL_DNS_ASK_SENT;
    set_timer(a, ask,
              now + fpool_dns_resolver_patience(&a->resolvers[try->resolver]));
}

void fpool_dns_try_tcp_sent(void *self, struct fpool_dns_ask *ask)
{
    struct fpool_dns_asker *a = self;
    struct fpool_dns_try *try = fpool_dns_ask_last(ask);

    try->sent = a->now;
    if (ask->first_sent == 0) {
        ask->first_sent = a->now;
    }
    count_try(a, ask);
    fpool_dns_count(&a->counters.tcp);
    set_timer(a, ask, a->now + jitter(a, TCP_TIMEOUT));
}

/* The kernel will not send there. */
static void port_failed(void *self, void *tag, int error_number)
{
    struct fpool_dns_asker *a = self;
    struct fpool_dns_ask *ask = tag;
    struct fpool_dns_try *try = fpool_dns_ask_last(ask);
    struct fpool_dns_resolver *r = &a->resolvers[try->resolver];
    enum fpool_dns_resolver_state before = r->state;

    (void)error_number;
    ask->is_bounced = true;
    ask->state = FPOOL_DNS_ASK_IDLE;
    fpool_dns_try_close(a, try);
    fpool_dns_resolver_unreachable(r, a->now);
    fpool_dns_choose_update(a, r, before);
    fpool_dns_try_release_window(a, ask);
    fpool_dns_choose_judge(a, r);
    fpool_dns_asker_try_again(a, ask, a->n_good > 1 ? 0 : 100 * MS, false);
}

const struct fpool_dns_port_events fpool_dns_try_port_events = {
    .sent = port_sent,
    .failed = port_failed,
    .received = fpool_dns_reply_udp,
    .bounced = fpool_dns_reply_bounce,
};

/* No reply in time; it may still come. */
static void lose(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    struct fpool_dns_try *try = fpool_dns_ask_last(ask);
    struct fpool_dns_resolver *r = &a->resolvers[try->resolver];
    enum fpool_dns_resolver_state before = r->state;

    fpool_dns_count(&a->counters.timeouts);
    if (ask->state != FPOOL_DNS_ASK_TCP) {
        fpool_dns_resolver_lost(r, a->now, ask->n_tries == 1);
        fpool_dns_choose_update(a, r, before);
    } else {
        fpool_dns_try_close(a, try);
    }
    fpool_dns_try_detach(a, ask);
    fpool_dns_choose_judge(a, r);
    fpool_dns_asker_release_first(a, ask);
    fpool_dns_asker_try_again(a, ask, 0, false);
}

/* Longer than usual: its place goes to others.  The resolver's only where it
 * has shown that it lives. */
static void become_overdue(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    const struct fpool_dns_try *try = fpool_dns_ask_last(ask);
    const struct fpool_dns_resolver *r = &a->resolvers[try->resolver];
    int64_t end = try->sent + timeout_of(a, ask, r);

    if (r->last_reply >= try->sent) {
        fpool_dns_try_release_window(a, ask);
    }
    fpool_dns_asker_release_first(a, ask);
    ask->state = FPOOL_DNS_ASK_OVERDUE;
    set_timer(a, ask, end);
}

void fpool_dns_try_timer(struct fpool_wheel_node *node, void *asker)
{
    struct fpool_dns_asker *a = asker;
    struct fpool_dns_ask *ask =
        FPOOL_OWNER_OF(node, struct fpool_dns_ask, timer);

    if (a->now >= ask->deadline) {
        fpool_dns_asker_give_up(a, ask);
        return;
    }
    switch (ask->state) {
    case FPOOL_DNS_ASK_SENT:
        become_overdue(a, ask);
        break;
    case FPOOL_DNS_ASK_OVERDUE:
    case FPOOL_DNS_ASK_TCP:
        lose(a, ask);
        break;
    case FPOOL_DNS_ASK_DELAYED:
        fpool_dns_asker_queue(a, ask);
        break;
    case FPOOL_DNS_ASK_IDLE:
    case FPOOL_DNS_ASK_UNSENT:
    case FPOOL_DNS_ASK_QUEUED:
        break; /* unreachable: defensive; only deadlines are set in these */
    }
}
