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

#define PORT_RUN        64 /* datagrams leave one port, then another is drawn */
#define TCP_TIMEOUT     (3000 * MS)
#define TCP_BACKSTOP    (60000 * MS) /* behind others on a connection */
#define TCP_VAIN        10 /* a silent connection is as bad as so many refused */
#define ID_DRAWS        64
#define MAX_CONNECTIONS 256
#define LOCAL_DELAY     (10 * MS)
#define MAX_LOCAL       50 /* times for each try: about two seconds in all */

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
        .has_edns = r->has_edns && !ask->is_plain,
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

    a->port_status = fpool_dns_port_open(&a->ports[number], &options);
}

/* A port for 'r': the same one for a while, so that batches are large, then
 * another at random. */
static struct fpool_dns_port *draw_port(struct fpool_dns_asker *a,
                                        const struct fpool_dns_resolver *r)
{
    unsigned family = r->address.sa.sa_family == AF_INET6;
    unsigned first = family * FPOOL_DNS_PORTS_OF_FAMILY;
    unsigned i;

    a->port_status = FPOOL_OK;
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

/* Local trouble: no descriptor, no memory, nothing free.  Nobody was asked, and
 * that is no try; nothing new is begun meanwhile. */
static void fail_locally(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    fpool_dns_try_close(a, fpool_dns_ask_last(ask));
    ask->n_tries--;
    ask->is_local = true;
    a->local_until = a->now + LOCAL_DELAY;
    if (++ask->n_local > MAX_LOCAL * ask->max_tries) {
        fpool_dns_asker_give_up(a, ask);
    } else {
        fpool_dns_asker_delay(a, ask, LOCAL_DELAY);
    }
}

/* It cannot be sent to 'r' from here. */
static void fail_to_reach(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                          struct fpool_dns_resolver *r)
{
    enum fpool_dns_resolver_state before = r->state;

    ask->is_bounced = true;
    ask->state = FPOOL_DNS_ASK_IDLE;
    fpool_dns_try_close(a, fpool_dns_ask_last(ask));
    fpool_dns_resolver_unreachable(r, a->now);
    fpool_dns_choose_update(a, r, before);
    fpool_dns_try_release_window(a, ask);
    fpool_dns_choose_judge(a, r);
    fpool_dns_asker_try_again(a, ask, a->n_good > 1 ? 0 : 100 * MS,
                              a->n_good > 1);
}

void fpool_dns_try_udp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                       struct fpool_dns_resolver *r)
{
    struct fpool_dns_port *port = draw_port(a, r);
    struct fpool_dns_try *try = add_try(a, ask, r);
    enum fpool_dns_resolver_state before = r->state;
    uint8_t *data;
    size_t size;

    if (port == NULL && a->port_status == FPOOL_ECONNECT) {
        fail_to_reach(a, ask, r);
        return;
    }
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
}

void fpool_dns_try_tcp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                       struct fpool_dns_resolver *r)
{
    struct fpool_dns_try *try = add_try(a, ask, r);

    ask->wants_tcp = false;
    if ((r->tcp == NULL && a->n_connections == MAX_CONNECTIONS) ||
        !draw_id(a, ask, try, fpool_dns_tcp_port(r))) {
        ask->wants_tcp = ask->n_tries > 1;
        fail_locally(a, ask);
        return;
    }
    if (r->tcp == NULL) {
        if (fpool_dns_tcp_open(&r->tcp, a->loop, r, &fpool_dns_reply_tcp_events,
                               a) != FPOOL_OK) {
            ask->wants_tcp = ask->n_tries > 1;
            fail_locally(a, ask);
            return;
        }
        fpool_list_push(&a->connections, &r->tcp->link);
        a->n_connections++;
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

/* A query has left. */
static void note_sent(struct fpool_dns_asker *a, struct fpool_dns_ask *ask,
                      int64_t now)
{
    fpool_dns_ask_last(ask)->sent = now;
    if (ask->first_sent == 0) {
        ask->first_sent = now;
    }
    ask->is_local = false;
    fpool_dns_count(&a->counters.sent);
    if (ask->n_tries > 1) {
        fpool_dns_count(&a->counters.retries);
    }
}

static void port_sent(void *self, void *tag, int64_t now)
{
    struct fpool_dns_asker *a = self;
    struct fpool_dns_ask *ask = tag;
    const struct fpool_dns_try *try = fpool_dns_ask_last(ask);

    note_sent(a, ask, now);
    ask->state = FPOOL_DNS_ASK_SENT;
    set_timer(a, ask,
              now + fpool_dns_resolver_patience(&a->resolvers[try->resolver]));
}

void fpool_dns_try_tcp_sent(void *self, struct fpool_dns_ask *ask)
{
    struct fpool_dns_asker *a = self;

    note_sent(a, ask, a->now);
    fpool_dns_count(&a->counters.tcp);
    set_timer(a, ask, a->now + jitter(a, TCP_TIMEOUT));
}

/* The kernel will not send there. */
static void port_failed(void *self, void *tag, int error_number)
{
    struct fpool_dns_asker *a = self;
    struct fpool_dns_ask *ask = tag;

    (void)error_number;
    fail_to_reach(a, ask, &a->resolvers[fpool_dns_ask_last(ask)->resolver]);
}

const struct fpool_dns_port_events fpool_dns_try_port_events = {
    .sent = port_sent,
    .failed = port_failed,
    .received = fpool_dns_reply_udp,
    .bounced = fpool_dns_reply_bounce,
};

/* The resolver had its time and did not use it. */
static void count_loss(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    struct fpool_dns_resolver *r =
        &a->resolvers[fpool_dns_ask_last(ask)->resolver];
    enum fpool_dns_resolver_state before = r->state;

    fpool_dns_resolver_lost(r, a->now, ask->n_tries == 1);
    fpool_dns_choose_update(a, r, before);
    fpool_dns_try_detach(a, ask);
    fpool_dns_choose_judge(a, r);
}

/* No reply in time; it may still come. */
static void lose_udp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    fpool_dns_count(&a->counters.timeouts);
    count_loss(a, ask);
    fpool_dns_asker_try_again(a, ask, 0, false);
}

/* A connection on which nothing comes holds up all that wait for it, so that it
 * ends, and they try another. */
static void lose_tcp(struct fpool_dns_asker *a, struct fpool_dns_ask *ask)
{
    const struct fpool_dns_try *try = fpool_dns_ask_last(ask);
    struct fpool_dns_resolver *r = &a->resolvers[try->resolver];

    if (try->sent == 0 || r->tcp == NULL) {
        fpool_dns_try_close(a, fpool_dns_ask_last(ask));
        fpool_dns_try_detach(a, ask);
        fpool_dns_asker_try_again(a, ask, 0, false);
        return;
    }
    fpool_dns_count(&a->counters.timeouts);
    r->n_tcp_vain += TCP_VAIN;
    fpool_dns_tcp_end(r->tcp);
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

/* On its way to a resolver that has said nothing since. */
static bool is_unanswered(const struct fpool_dns_asker *a,
                          struct fpool_dns_ask *ask)
{
    const struct fpool_dns_try *try;

    if (ask->state != FPOOL_DNS_ASK_SENT &&
        ask->state != FPOOL_DNS_ASK_OVERDUE) {
        return false;
    }
    try = fpool_dns_ask_last(ask);
    return a->resolvers[try->resolver].last_reply < try->sent;
}

void fpool_dns_try_timer(struct fpool_wheel_node *node, void *asker)
{
    struct fpool_dns_asker *a = asker;
    struct fpool_dns_ask *ask =
        FPOOL_OWNER_OF(node, struct fpool_dns_ask, timer);

    if (a->now >= ask->deadline) {
        if (is_unanswered(a, ask)) {
            count_loss(a, ask);
        }
        fpool_dns_asker_give_up(a, ask);
        return;
    }
    switch (ask->state) {
    case FPOOL_DNS_ASK_SENT:
        become_overdue(a, ask);
        break;
    case FPOOL_DNS_ASK_OVERDUE:
        lose_udp(a, ask);
        break;
    case FPOOL_DNS_ASK_TCP:
        lose_tcp(a, ask);
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
