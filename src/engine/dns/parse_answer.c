/* SPDX-License-Identifier: MIT */
/* Records of the answer section: owner, data, and what they mean to the chain
 * of names; called by parse.c.  This is the part that runs for every record. */
#include "base/mem.h"
#include "engine/dns/parse_walk.h"
#include "engine/dns/type.h"

#define FIRST_TEXT    4096u
#define FIRST_RECORDS 16u

/* ---- Memory, which grows and stays. */

static enum fpool_status grow_text(struct fpool_dns_parsed *p)
{
    size_t max = p->max_text == 0 ? FIRST_TEXT : 2 * p->max_text;
    char *text;

    if (max > FPOOL_DNS_MAX_TEXT) {
        return FPOOL_EPROTOCOL;
    }
    text = fpool_realloc(p->text, max);
    if (text == NULL) {
        return FPOOL_ENOMEM;
    }
    p->text = text;
    p->max_text = max;
    return FPOOL_OK;
}

enum fpool_status fpool_dns_reserve_name(struct fpool_dns_parsed *p)
{
    return p->max_text - p->text_size >= FPOOL_DNS_MAX_NAME_TEXT ? FPOOL_OK
                                                                 : grow_text(p);
}

static enum fpool_status reserve_record(struct fpool_dns_parsed *p)
{
    size_t max = p->max_records == 0 ? FIRST_RECORDS : 2 * p->max_records;
    struct fpool_dns_parsed_record *records;

    if (p->n_records < p->max_records) {
        return FPOOL_OK;
    }
    records = fpool_realloc(p->records, max * sizeof(*records));
    if (records == NULL) {
        return FPOOL_ENOMEM;
    }
    p->records = records;
    p->max_records = max;
    return FPOOL_OK;
}

/* ---- One record. */

/* The owner's text and its index in the chain.  Most owners are pointers to a
 * name that was seen: those cost nothing. */
static enum fpool_status read_owner(struct fpool_dns_walk *w, size_t owner,
                                    uint32_t *ret_text, unsigned *ret_name)
{
    struct fpool_dns_parsed *p = w->parsed;
    const uint8_t *bytes = w->message + owner;
    enum fpool_status status;
    size_t text_size = 0;
    unsigned name;

    if (bytes[0] >= 0xc0) {
        name = fpool_dns_chain_at(&w->chain,
                                  fpool_dns_wire_get16(bytes) & 0x3fffu);
        if (name != FPOOL_DNS_NO_NAME) {
            *ret_text = w->chain.names[name].text;
            *ret_name = name;
            return FPOOL_OK;
        }
    }
    status = fpool_dns_reserve_name(p);
    if (status != FPOOL_OK) {
        return status;
    }
    if (fpool_dns_name_expand(w->message, w->size, owner,
                              p->text + p->text_size, 0, &text_size) == 0) {
        return FPOOL_EPROTOCOL;
    }
    name =
        fpool_dns_chain_add(&w->chain, p->text, p->text_size, text_size, owner);
    *ret_name = name;
    *ret_text = (uint32_t)p->text_size;
    if (name != FPOOL_DNS_NO_NAME &&
        w->chain.names[name].text != p->text_size) {
        *ret_text = w->chain.names[name].text; /* and forget the new text */
    } else {
        p->text_size += text_size + 1;
    }
    return FPOOL_OK;
}

/* Writes the data behind the other texts, as often as there was no room. */
static enum fpool_status read_data(struct fpool_dns_walk *w,
                                   const struct fpool_dns_raw_record *r,
                                   uint32_t *ret_text)
{
    struct fpool_dns_parsed *p = w->parsed;
    enum fpool_status status = FPOOL_OK;

    while (status == FPOOL_OK) {
        struct fpool_dns_writer writer = { p->text + p->text_size,
                                           p->text + p->max_text, false };

        if (!fpool_dns_rdata_write(&writer, w->message, r->rdata, r->rdata_size,
                                   r->type)) {
            return FPOOL_EPROTOCOL;
        }
        fpool_dns_put_char(&writer, '\0');
        if (!writer.is_full) {
            *ret_text = (uint32_t)p->text_size;
            p->text_size = (size_t)(writer.at - p->text);
            return FPOOL_OK;
        }
        status = grow_text(p);
    }
    return status;
}

/* What a record means to the chain; 'data' is its text. */
static enum fpool_status follow(struct fpool_dns_walk *w, unsigned owner,
                                uint16_t type, uint32_t data, size_t rdata)
{
    struct fpool_dns_parsed *p = w->parsed;
    unsigned target;

    if (owner == FPOOL_DNS_NO_NAME) {
        /* More names than any chain has. */
        return type == FPOOL_DNS_TYPE_RRSIG ? FPOOL_OK : FPOOL_EPROTOCOL;
    }
    if (type == FPOOL_DNS_TYPE_CNAME) {
        target = fpool_dns_chain_add(&w->chain, p->text, data,
                                     p->text_size - 1 - data, rdata);
        if (target == FPOOL_DNS_NO_NAME) {
            return FPOOL_EPROTOCOL;
        }
        fpool_dns_chain_link(&w->chain, owner, target);
    }
    fpool_dns_chain_see(&w->chain, owner, type);
    return FPOOL_OK;
}

enum fpool_status fpool_dns_read_answer(struct fpool_dns_walk *w)
{
    struct fpool_dns_parsed *p = w->parsed;
    struct fpool_dns_parsed_record *record;
    enum fpool_status status;
    struct fpool_dns_raw_record r;
    unsigned owner = FPOOL_DNS_NO_NAME;

    if (!fpool_dns_walk_next(w, &r)) {
        return FPOOL_EPROTOCOL;
    }
    if (r.rr_class != FPOOL_DNS_CLASS_IN) {
        return FPOOL_OK;
    }
    status = reserve_record(p);
    if (status != FPOOL_OK) {
        return status;
    }
    record = &p->records[p->n_records];
    status = read_owner(w, r.owner, &record->name, &owner);
    if (status == FPOOL_OK) {
        status = read_data(w, &r, &record->data);
    }
    if (status == FPOOL_OK) {
        status = follow(w, owner, r.type, record->data, r.rdata);
    }
    if (status != FPOOL_OK) {
        return status;
    }
    record->ttl = fpool_dns_sane_ttl(r.ttl);
    record->type = r.type;
    record->rdata = (uint16_t)r.rdata;
    record->rdata_size = r.rdata_size;
    p->n_records++;
    w->least_ttl = record->ttl < w->least_ttl ? record->ttl : w->least_ttl;
    return FPOOL_OK;
}
