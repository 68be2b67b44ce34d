/* SPDX-License-Identifier: MIT */
/* Writes what a query shall get.  Called by dnsd.c with a plan of dnsd_plan.c.
 */
#include "dnsd.h"

#include <string.h>

enum header_bits {
    HEADER_QR = 0x8000,
    HEADER_TC = 0x0200,
    HEADER_RD = 0x0100,
    HEADER_RA = 0x0080
};

enum header_counts {
    COUNT_ANSWER = 6,
    COUNT_AUTHORITY = 8,
    COUNT_ADDITIONAL = 10
};

#define OPT_SIZE      11
#define NAME_POINTER  (0xc000 | DNSD_HEADER_SIZE)
#define BIG_SIZE      64000u
#define WILD_ADDRESS  0x0a090909u
#define LIE_ADDRESS   0x06060606u
#define GARBAGE_WORDS 5

static void set_rcode(struct message *m, unsigned rcode)
{
    m->bytes[3] = (uint8_t)((m->bytes[3] & 0xf0) | (rcode & 15));
}

static void put_head(struct dnsd *d, const struct query *q,
                     enum answer_fault fault, struct message *m)
{
    uint8_t *question = m->bytes + DNSD_HEADER_SIZE;

    put16(m, fault == FAULT_ID ? q->id ^ 0x5555u : q->id);
    put16(m, HEADER_QR | HEADER_RA | (q->bytes[2] & 1u ? HEADER_RD : 0u));
    put16(m, 1);
    put16(m, 0);
    put32(m, 0);
    put_bytes(m, q->bytes + DNSD_HEADER_SIZE,
              q->question_end - DNSD_HEADER_SIZE);
    if (d->options.lower || fault == FAULT_CASE) {
        memcpy(question, q->name, q->name_size);
    }
    if (fault == FAULT_NAME && q->name_size > 1) {
        question[1] = question[1] == 'x' ? 'y' : 'x';
    }
    if (fault == FAULT_TYPE) {
        question[q->name_size + 1] = q->type == TYPE_A ? TYPE_TXT : TYPE_A;
    }
}

static void put_opt(const struct query *q, const struct plan *plan,
                    struct message *m)
{
    bool has_code = plan->kind == ANSWER_ERROR_CODE;
    uint32_t high = plan->kind == ANSWER_RCODE ? plan->number >> 4 : 0;

    if (!q->has_opt) {
        return;
    }
    put8(m, 0);
    put16(m, TYPE_OPT);
    put16(m, 1232);
    put32(m, high << 24);
    put16(m, has_code ? 6 : 0);
    if (has_code) { /* RFC 8914 */
        put16(m, 15);
        put16(m, 2);
        put16(m, plan->number);
    }
    m->bytes[COUNT_ADDITIONAL + 1] = 1;
}

static void put_record(struct message *m, unsigned owner, unsigned type,
                       uint32_t ttl, uint64_t hash)
{
    size_t at;

    put16(m, owner);
    at = record_begin(m, type, ttl);
    put_data(m, type, hash);
    record_end(m, at, COUNT_ANSWER);
}

static void put_address(struct message *m, unsigned owner, uint32_t ttl,
                        uint32_t address)
{
    size_t at;

    put16(m, owner);
    at = record_begin(m, TYPE_A, ttl);
    put32(m, address);
    record_end(m, at, COUNT_ANSWER);
}

/* The SOA of the zone that is the name's last label. */
static void put_soa(const struct query *q, struct message *m)
{
    size_t zone = 0;
    size_t i;
    size_t at;

    for (i = 0; q->name[i] != 0; i += 1u + q->name[i]) {
        zone = i;
    }
    put16(m, (unsigned)(0xc000 | (DNSD_HEADER_SIZE + zone)));
    at = record_begin(m, TYPE_SOA, 900);
    put_data(m, TYPE_SOA, 0);
    record_end(m, at, COUNT_AUTHORITY);
}

static void put_many(const struct query *q, const struct plan *plan,
                     struct message *m)
{
    unsigned i;

    for (i = 0; i < plan->number && m->size < BIG_SIZE; i++) {
        if (q->type == TYPE_A) {
            put_address(m, NAME_POINTER, plan->ttl, 0x0a000000u + i);
        } else {
            put_record(m, NAME_POINTER, q->type, plan->ttl, q->hash + i);
        }
    }
}

/* Writes a CNAME to "l<number>.<the name without its first label>"; returns the
 * pointer to that. */
static unsigned put_link(const struct query *q, const struct plan *plan,
                         unsigned owner, unsigned number, struct message *m)
{
    char digits[5] = { 'l', (char)('0' + number / 100),
                       (char)('0' + number / 10 % 10),
                       (char)('0' + number % 10) };
    size_t at;
    unsigned target;

    put16(m, owner);
    at = record_begin(m, TYPE_CNAME, plan->ttl);
    target = (unsigned)(0xc000 | m->size);
    put8(m, 4);
    put_bytes(m, digits, 4);
    put16(m, q->name[0] == 0 ? NAME_POINTER
                             : 0xc000u | (DNSD_HEADER_SIZE + 1u + q->name[0]));
    record_end(m, at, COUNT_ANSWER);
    return target;
}

/* A CNAME from 'owner' back to the name asked for. */
static void put_link_back(const struct plan *plan, unsigned owner,
                          struct message *m)
{
    size_t at;

    put16(m, owner);
    at = record_begin(m, TYPE_CNAME, plan->ttl);
    put16(m, NAME_POINTER);
    record_end(m, at, COUNT_ANSWER);
}

static void put_chain(const struct query *q, const struct plan *plan,
                      struct message *m)
{
    unsigned n = plan->kind == ANSWER_CNAME_LOOP ? 1 : plan->number;
    unsigned owner = NAME_POINTER;
    unsigned i;

    n = q->type == TYPE_CNAME && n > 1 ? 1 : n;
    for (i = 1; i <= n; i++) {
        owner = put_link(q, plan, owner, i, m);
    }
    if (q->type == TYPE_CNAME) {
        return;
    }
    if (plan->kind == ANSWER_CNAME) {
        put_record(m, owner, q->type, plan->ttl, q->hash);
    } else if (plan->kind == ANSWER_CNAME_LOOP) {
        put_link_back(plan, owner, m);
    } else {
        set_rcode(m, 3);
        put_soa(q, m);
    }
}

static void put_wild(const struct query *q, const struct plan *plan,
                     struct message *m)
{
    uint32_t which = (uint32_t)((q->hash >> 32) % plan->number);

    if (q->type == TYPE_A) {
        put_address(m, NAME_POINTER, plan->ttl, WILD_ADDRESS + which);
    } else if (q->type == TYPE_AAAA) {
        put_record(m, NAME_POINTER, TYPE_AAAA, plan->ttl, which);
    } else {
        put_soa(q, m);
    }
}

/* Broken messages; what they break stands in enum answer_kind. */
static void put_lie(struct message *m)
{
    size_t at;

    put_name(m, "unrelated.example.test");
    at = record_begin(m, TYPE_A, 300);
    put32(m, LIE_ADDRESS);
    record_end(m, at, COUNT_ANSWER);
}

static void put_loop(struct message *m)
{
    put_address(m, (unsigned)(0xc000 | m->size), 300, LIE_ADDRESS);
}

static void put_garbage(struct dnsd *d, struct message *m)
{
    int i;

    m->size = 2;
    for (i = 0; i < GARBAGE_WORDS; i++) {
        uint64_t word = next_random(&d->seed);

        put_bytes(m, &word, sizeof(word));
    }
    m->bytes[2] |= 0x80; /* a response, or nobody would look at the rest */
}

static void put_body(const struct query *q, const struct plan *plan,
                     struct message *m)
{
    switch (plan->kind) {
    case ANSWER_ADDRESS:
        if (q->type == TYPE_A) {
            put_address(m, NAME_POINTER, plan->ttl, plan->address);
            return;
        }
        put_soa(q, m);
        return;
    case ANSWER_MANY:
        put_many(q, plan, m);
        return;
    case ANSWER_CNAME:
    case ANSWER_CNAME_NX:
    case ANSWER_CNAME_LOOP:
        put_chain(q, plan, m);
        return;
    case ANSWER_WILD:
        put_wild(q, plan, m);
        return;
    case ANSWER_RCODE:
        set_rcode(m, plan->number);
        if (plan->number == 3) {
            put_soa(q, m);
        }
        return;
    case ANSWER_NODATA:
        put_soa(q, m);
        return;
    case ANSWER_ERROR_CODE:
        set_rcode(m, 2);
        return;
    case ANSWER_LIE:
        put_lie(m);
        return;
    case ANSWER_LOOP:
        put_loop(m);
        return;
    default:
        put_record(m, NAME_POINTER, q->type, plan->ttl, q->hash);
        return;
    }
}

/* A message that did not fit: the question and TC. */
static void cut(const struct query *q, struct message *m)
{
    m->is_full = false;
    m->size = q->question_end;
    memset(m->bytes + COUNT_ANSWER, 0, 6);
    m->bytes[2] |= HEADER_TC >> 8;
}

/* Kinds that have no body. */
static bool write_bare(struct dnsd *d, const struct query *q,
                       const struct plan *plan, struct message *m)
{
    switch (plan->kind) {
    case ANSWER_SHORT:
        m->size = 5;
        return true;
    case ANSWER_GARBAGE:
        put_garbage(d, m);
        return true;
    case ANSWER_NO_QUESTION:
        m->size = DNSD_HEADER_SIZE;
        m->bytes[5] = 0;
        set_rcode(m, 5);
        return true;
    case ANSWER_FORMERR:
        if (q->has_opt) {
            set_rcode(m, 1);
        }
        return q->has_opt;
    default:
        return false;
    }
}

static void write_full(struct dnsd *d, const struct query *q,
                       const struct plan *plan, struct message *m)
{
    bool is_cut = plan->truncate_always || (plan->truncate && !q->is_tcp);
    size_t opt = !q->has_opt                       ? 0
                 : plan->kind == ANSWER_ERROR_CODE ? OPT_SIZE + 6
                                                   : OPT_SIZE;

    put_head(d, q, plan->fault, m);
    if (write_bare(d, q, plan, m)) {
        return;
    }
    m->max -= opt;
    if (!is_cut) {
        put_body(q, plan, m);
    }
    if (is_cut || m->is_full) {
        cut(q, m);
        d->counters.truncated++;
    }
    if (plan->truncate_always) { /* a part of the answer */
        put_address(m, NAME_POINTER, plan->ttl, 0x0a000000u);
        put_address(m, NAME_POINTER, plan->ttl, 0x0a000001u);
    }
    m->max += opt;
    put_opt(q, plan, m);
}

void answer_write(struct dnsd *d, const struct query *q,
                  const struct plan *plan, unsigned copy, struct message *m)
{
    struct plan now = *plan;
    size_t udp_max = q->udp_size < DNSD_UDP_SIZE ? q->udp_size : DNSD_UDP_SIZE;

    m->size = 0;
    m->max = q->is_tcp ? DNSD_MESSAGE_SIZE : udp_max;
    m->is_full = false;
    if (q->n_before < plan->silent_first || plan->kind == ANSWER_SILENT) {
        return;
    }
    if (copy > 0 && plan->also_good) {
        now.fault = FAULT_NONE;
        now.kind = now.kind >= ANSWER_FORMERR ? ANSWER_NORMAL : now.kind;
    }
    if (q->n_before < plan->fail_first) {
        now.kind = ANSWER_RCODE;
        now.number = 2;
    }
    if (d->options.rcode >= 0) {
        now.kind = ANSWER_RCODE;
        now.number = (unsigned)d->options.rcode;
    }
    if (d->options.no_edns && q->has_opt) {
        now.kind = ANSWER_FORMERR;
    }
    write_full(d, q, &now, m);
}
