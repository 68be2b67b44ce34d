/* SPDX-License-Identifier: MIT */
/* The walk over a message: question, answer, and what is needed of the
 * authority and additional sections; called for every reply.  Records of the
 * answer are in parse_answer.c, names in rdata_name.c and parse_chain.c, data
 * in rdata.c. */
#include "engine/dns/parse.h"

#include <string.h>

#include "base/mem.h"
#include "engine/dns/parse_walk.h"
#include "engine/dns/type.h"

#define MIN_RECORD_SIZE 11 /* the root's name, and ten bytes of numbers */
#define OPTION_EDE      15 /* RFC 8914, section 2 */

void fpool_dns_parsed_init(struct fpool_dns_parsed *p)
{
    memset(p, 0, sizeof(*p));
}

void fpool_dns_parsed_fini(struct fpool_dns_parsed *p)
{
    fpool_free(p->records);
    fpool_free(p->text);
    memset(p, 0, sizeof(*p));
}

/* ---- The question. */

static enum fpool_status read_question(struct fpool_dns_walk *w, uint16_t type)
{
    struct fpool_dns_parsed *p = w->parsed;
    enum fpool_status status;
    size_t text_size = 0;
    size_t end;

    if (fpool_dns_wire_get16(w->message + 4) != 1) {
        return FPOOL_EPROTOCOL;
    }
    status = fpool_dns_reserve_name(p);
    if (status != FPOOL_OK) {
        return status;
    }
    end = fpool_dns_name_expand(w->message, w->size, FPOOL_DNS_HEADER_SIZE,
                                p->text, FPOOL_DNS_NAME_LOWER, &text_size);
    if (end == 0 || w->size - end < 4 ||
        fpool_dns_wire_get16(w->message + end) != type ||
        fpool_dns_wire_get16(w->message + end + 2) != FPOOL_DNS_CLASS_IN) {
        return FPOOL_EPROTOCOL;
    }
    w->at = end + 4;
    p->text_size = text_size + 1;
    fpool_dns_chain_begin(&w->chain, type, 0, text_size, FPOOL_DNS_HEADER_SIZE);
    return FPOOL_OK;
}

/* ---- The authority section: the SOA of a negative answer. */

/* Two names and five numbers, the last of which is the minimum. */
static enum fpool_status read_soa(struct fpool_dns_walk *w,
                                  const struct fpool_dns_raw_record *r)
{
    size_t end = r->rdata + r->rdata_size;
    size_t at = fpool_dns_name_skip(w->message, end, r->rdata);
    uint32_t ttl = fpool_dns_sane_ttl(r->ttl);
    uint32_t minimum;

    at = at == 0 ? 0 : fpool_dns_name_skip(w->message, end, at);
    if (at == 0 || end - at != 20) {
        return FPOOL_EPROTOCOL;
    }
    minimum = fpool_dns_get32(w->message + at + 16);
    w->negative_ttl = minimum < ttl ? minimum : ttl;
    w->has_soa = true;
    return FPOOL_OK;
}

static enum fpool_status read_authority(struct fpool_dns_walk *w)
{
    bool is_negative =
        !w->parsed->has_answer || w->parsed->rcode == FPOOL_DNS_RCODE_NXDOMAIN;
    struct fpool_dns_raw_record r;

    if (!fpool_dns_walk_next(w, &r)) {
        return FPOOL_EPROTOCOL;
    }
    return r.type == FPOOL_DNS_TYPE_SOA && r.rr_class == FPOOL_DNS_CLASS_IN &&
                   is_negative && !w->has_soa
               ? read_soa(w, &r)
               : FPOOL_OK;
}

/* ---- The additional section: OPT. */

/* The first extended error counts; one that is cut is passed over, as it is but
 * a hint. */
static enum fpool_status read_options(struct fpool_dns_walk *w,
                                      const struct fpool_dns_raw_record *r)
{
    struct fpool_dns_reader options = { w->message, r->rdata,
                                        r->rdata + r->rdata_size, false };

    while (fpool_dns_left(&options) > 0) {
        uint32_t code = fpool_dns_take_number(&options, 2);
        uint32_t size = fpool_dns_take_number(&options, 2);
        const uint8_t *bytes = fpool_dns_take(&options, size);

        if (options.is_bad) {
            return FPOOL_EPROTOCOL;
        }
        if (code == OPTION_EDE && size >= 2 && w->parsed->extended_error < 0) {
            w->parsed->extended_error = fpool_dns_wire_get16(bytes);
        }
    }
    return FPOOL_OK;
}

static enum fpool_status read_additional(struct fpool_dns_walk *w)
{
    struct fpool_dns_raw_record r;

    if (!fpool_dns_walk_next(w, &r)) {
        return FPOOL_EPROTOCOL;
    }
    if (r.type != FPOOL_DNS_TYPE_OPT) {
        return FPOOL_OK;
    }
    /* One of them, at the root (RFC 6891, sections 6.1.1 and 6.1.2). */
    if (w->parsed->has_opt || w->message[r.owner] != 0) {
        return FPOOL_EPROTOCOL;
    }
    w->parsed->has_opt = true;
    w->parsed->rcode |= (int)(r.ttl >> 24) << 4;
    return r.rdata_size == 0 ? FPOOL_OK : read_options(w, &r);
}

/* ---- The message. */

static enum fpool_status read_section(
    struct fpool_dns_walk *w, unsigned n_records,
    enum fpool_status (*read)(struct fpool_dns_walk *))
{
    enum fpool_status status = FPOOL_OK;

    while (n_records > 0 && status == FPOOL_OK) {
        status = read(w);
        n_records--;
    }
    return status;
}

/* Bytes behind the last record are passed over, as BIND and Unbound do. */
static enum fpool_status read_sections(struct fpool_dns_walk *w)
{
    struct fpool_dns_parsed *p = w->parsed;
    bool is_cut = (p->flags & FPOOL_DNS_TC) != 0;
    unsigned n_answers = fpool_dns_wire_get16(w->message + 6);
    unsigned n_authorities = fpool_dns_wire_get16(w->message + 8);
    unsigned n_additionals = fpool_dns_wire_get16(w->message + 10);
    size_t n = (size_t)n_answers + n_authorities + n_additionals;
    enum fpool_status status;

    if (!is_cut && n > (w->size - w->at) / MIN_RECORD_SIZE) {
        return FPOOL_EPROTOCOL;
    }
    status = read_section(w, n_answers, fpool_dns_read_answer);
    if (!fpool_dns_chain_end(&w->chain, p->text, &p->has_answer) &&
        status == FPOOL_OK && !is_cut) {
        return FPOOL_EPROTOCOL;
    }
    if (status == FPOOL_OK) {
        status = read_section(w, n_authorities, read_authority);
    }
    if (status == FPOOL_OK) {
        status = read_section(w, n_additionals, read_additional);
    }
    /* Where records go wrong, a cut message ends. */
    return is_cut && status == FPOOL_EPROTOCOL ? FPOOL_OK : status;
}

/* A negative answer with CNAMEs in it can be kept no longer than these. */
static uint32_t find_ttl(const struct fpool_dns_walk *w)
{
    const struct fpool_dns_parsed *p = w->parsed;

    if (p->rcode == FPOOL_DNS_RCODE_NOERROR && p->has_answer) {
        return w->least_ttl;
    }
    if (!w->has_soa || (p->rcode != FPOOL_DNS_RCODE_NOERROR &&
                        p->rcode != FPOOL_DNS_RCODE_NXDOMAIN)) {
        return 0;
    }
    return w->negative_ttl < w->least_ttl ? w->negative_ttl : w->least_ttl;
}

static void reset(struct fpool_dns_parsed *p, uint16_t flags)
{
    p->n_records = 0;
    p->text_size = 0;
    p->flags = flags;
    p->rcode = flags & FPOOL_DNS_RCODE_BITS;
    p->has_opt = false;
    p->has_answer = false;
    p->ttl = 0;
    p->extended_error = -1;
}

enum fpool_status fpool_dns_parse(struct fpool_dns_parsed *p,
                                  const uint8_t *message, size_t size,
                                  uint16_t type)
{
    /* Large: the chain's names are set one by one as they come. */
    struct fpool_dns_walk w;
    enum fpool_status status;

    if (size < FPOOL_DNS_HEADER_SIZE || size > FPOOL_DNS_MAX_MESSAGE) {
        reset(p, 0);
        return FPOOL_EPROTOCOL;
    }
    reset(p, fpool_dns_wire_get16(message + 2));
    if ((p->flags & (FPOOL_DNS_QR | FPOOL_DNS_OPCODE)) != FPOOL_DNS_QR) {
        return FPOOL_EPROTOCOL; /* a query, or the reply to something else */
    }
    w.parsed = p;
    w.message = message;
    w.size = size;
    w.least_ttl = UINT32_MAX;
    w.has_soa = false;
    status = read_question(&w, type);
    if (status == FPOOL_OK) {
        status = read_sections(&w);
    }
    if (status == FPOOL_OK) {
        p->ttl = find_ttl(&w);
    }
    return status;
}
