/* SPDX-License-Identifier: MIT */
/* What becomes of a query: counted, lost, answered now or later.  Called by
 * dnsd_udp.c and dnsd_tcp.c with queries, by dnsd.c when answers are due. */
#include "dnsd.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* An answer that waits, or the next byte of a slow connection. */
struct late {
    struct later_item item; /* the first field */
    struct origin to;
    bool is_wake;
    bool other_port;
    enum tcp_manner manner;
    size_t size;
    uint8_t bytes[];
};

static void add_late(struct dnsd *d, struct late *late, int64_t us)
{
    struct tcp_conn *conn = late->to.conn;

    if (!later_add(&d->later, &late->item, d->now_us + us)) {
        free(late);
    } else if (conn != NULL) {
        conn->n_references++;
        conn->n_late += !late->is_wake;
    }
}

void dnsd_wake(struct dnsd *d, struct tcp_conn *conn)
{
    struct late *late = calloc(1, sizeof(*late));

    if (late != NULL) {
        late->is_wake = true;
        late->to.conn = conn;
        add_late(d, late, 1000);
    }
}

static void send_now(struct dnsd *d, const struct origin *to, bool other_port,
                     enum tcp_manner manner, const uint8_t *bytes, size_t size)
{
    if (to->conn != NULL) {
        tcp_send(d, to->conn, manner, bytes, size);
    } else if (!d->is_gone) {
        udp_send(d, to, other_port, bytes, size);
    }
}

void dnsd_run_late(struct dnsd *d, struct later_item *item)
{
    struct late *late = (struct late *)item;
    struct tcp_conn *conn = late->to.conn;

    if (!late->is_wake) {
        send_now(d, &late->to, late->other_port, late->manner, late->bytes,
                 late->size);
    }
    if (conn != NULL) {
        conn->n_late -= !late->is_wake;
        conn->waits = conn->waits && !late->is_wake;
        if (!conn->is_closed) {
            tcp_drive(d, conn);
        }
        tcp_unref(conn);
    }
    free(late);
}

static void send_answer(struct dnsd *d, const struct origin *to,
                        const struct plan *plan, bool other_port,
                        const struct message *m)
{
    int64_t delay = plan->delay_us + d->options.delay_ms * 1000;
    struct late *late;

    if (delay == 0) {
        send_now(d, to, other_port, plan->manner, m->bytes, m->size);
        return;
    }
    late = malloc(sizeof(*late) + m->size);
    if (late != NULL) {
        memset(late, 0, sizeof(*late));
        late->to = *to;
        late->other_port = other_port;
        late->manner = plan->manner;
        late->size = m->size;
        memcpy(late->bytes, m->bytes, m->size);
        add_late(d, late, delay);
    }
}

/* Whether --limit still allows a query; saves up for a tenth of a second. */
static bool is_allowed(struct dnsd *d)
{
    double rate = (double)d->options.limit;
    double most = rate < 10 ? 1 : rate / 10;

    d->credit += (double)(d->now_us - d->credit_us) * rate / 1e6;
    d->credit = d->credit > most ? most : d->credit;
    d->credit_us = d->now_us;
    if (d->credit < 1) {
        d->counters.limited++;
        return false;
    }
    d->credit -= 1;
    return true;
}

static void log_query(FILE *log, const struct query *q, uint16_t port,
                      int64_t now_us)
{
    const uint8_t *p = q->bytes + DNSD_HEADER_SIZE;

    fprintf(log, "%" PRId64 " %s %u %u %u ", now_us, q->is_tcp ? "tcp" : "udp",
            port, q->id, q->type);
    for (; *p != 0; p += 1 + *p) {
        fprintf(log, "%.*s%s", *p, (const char *)p + 1,
                p[1 + *p] == 0 ? "" : ".");
    }
    fputc('\n', log);
}

/* Counts the query; whether it is to be answered at all. */
static bool admit(struct dnsd *d, const struct origin *from, struct query *q)
{
    const struct sockaddr_in *address =
        (const struct sockaddr_in *)&from->address;
    uint16_t port = ntohs(address->sin_port);

    q->n_before = asked_before(&d->asked, q->hash);
    counters_query(&d->counters, q, port, d->now_us);
    if (d->options.log != NULL) {
        log_query(d->options.log, q, port, d->now_us);
    }
    if (d->options.die_after > 0 && --d->options.die_after == 0) {
        d->is_silent = true;
        return true;
    }
    if (d->is_silent) {
        d->counters.silenced++;
        return false;
    }
    if (is_unlucky(&d->seed, d->options.drop)) {
        d->counters.dropped++;
        return false;
    }
    return true;
}

void dnsd_query(struct dnsd *d, const struct origin *from, const uint8_t *bytes,
                size_t size)
{
    struct message m = { .bytes = d->message, .max = sizeof(d->message) };
    struct query q;
    struct plan plan;
    unsigned copy;

    if (!query_read(&q, bytes, size)) {
        d->counters.malformed++;
        return;
    }
    q.is_tcp = from->conn != NULL;
    if (!admit(d, from, &q)) {
        return;
    }
    plan_make(&plan, &q);
    if (d->options.limit > 0 && !is_allowed(d)) {
        plan.kind = d->options.limit_refuses ? ANSWER_RCODE : ANSWER_SILENT;
        plan.number = 5;
    }
    for (copy = 0; copy < plan.copies; copy++) {
        answer_write(d, &q, &plan, copy, &m);
        if (m.size > 0) {
            send_answer(
                d, from, &plan,
                plan.fault == FAULT_PORT && !(plan.also_good && copy > 0), &m);
        }
    }
}
