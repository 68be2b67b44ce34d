/* SPDX-License-Identifier: MIT */
/* The making of responses; called by jobs. */
#include "engine/dns/response.h"

#include <string.h>

#include "base/mem.h"
#include "engine/dns/type.h"

/* Behind the response and its records lie, in this order, the parsed text, then
 * texts and addresses one after the other. */
struct block {
    struct fpool_dns_response *response;
    struct fpool_dns_record *records;
    char *at; /* where the next text goes */
};

static const char *resolver_text(const struct fpool_dns_outcome *outcome)
{
    /* The text is a cache; everything else of a resolver stays as it is. */
    struct fpool_dns_resolver *r =
        (struct fpool_dns_resolver *)(uintptr_t)outcome->resolver;

    if (r == NULL) {
        return "";
    }
    if (r->text == NULL) {
        r->text = fpool_malloc(FPOOL_DNS_SERVER_TEXT_SIZE);
        if (r->text == NULL) {
            return "";
        }
        fpool_dns_address_text(&r->address, r->text);
    }
    return r->text;
}

static const char *put_bytes(struct block *b, const void *data, size_t size)
{
    char *at = b->at;

    memcpy(at, data, size);
    b->at += size;
    return at;
}

static const char *put_text(struct block *b, const char *text)
{
    return put_bytes(b, text, strlen(text) + 1);
}

/* A type's name, which is static unless it is a number. */
static const char *put_type(struct block *b, uint16_t type)
{
    char buffer[FPOOL_DNS_CODE_TEXT_SIZE];
    const char *text = fpool_dns_type_text(type, buffer);

    return text == buffer ? put_text(b, text) : text;
}

static void put_rcode(struct block *b, int rcode)
{
    char buffer[FPOOL_DNS_CODE_TEXT_SIZE];
    const char *text = rcode < 0 ? "" : fpool_dns_rcode_text(rcode, buffer);

    b->response->rcode = rcode;
    b->response->rcode_text = text == buffer ? put_text(b, text) : text;
}

static bool is_address(const struct fpool_dns_parsed_record *r)
{
    return (r->type == FPOOL_DNS_TYPE_A && r->rdata_size == 4) ||
           (r->type == FPOOL_DNS_TYPE_AAAA && r->rdata_size == 16);
}

static void put_records(struct block *b, const struct fpool_dns_outcome *o)
{
    const struct fpool_dns_parsed *p = o->parsed;
    const char *text = put_bytes(b, p->text, p->text_size);
    size_t i;

    b->response->records = b->records;
    b->response->n_records = p->n_records;
    b->response->ttl = p->ttl;
    for (i = 0; i < p->n_records; i++) {
        const struct fpool_dns_parsed_record *from = &p->records[i];
        struct fpool_dns_record *to = &b->records[i];

        to->name = text + from->name;
        to->data = text + from->data;
        to->ttl = from->ttl;
        to->type = from->type;
        to->type_text = put_type(b, from->type);
        to->address = NULL;
        if (is_address(from)) {
            to->address = (const unsigned char *)put_bytes(
                b, o->message + from->rdata, from->rdata_size);
        }
    }
}

/* What the block needs at most. */
static size_t block_size(const struct fpool_dns_outcome *o, size_t texts_size,
                         bool keeps_message)
{
    size_t size = sizeof(struct fpool_dns_response) + texts_size +
                  2 * FPOOL_DNS_CODE_TEXT_SIZE;

    if (o->parsed != NULL) {
        size += o->parsed->text_size +
                o->parsed->n_records * (sizeof(struct fpool_dns_record) + 16);
    }
    return size + (keeps_message ? o->message_size : 0);
}

static void block_init(struct block *b, void *memory, size_t n_records)
{
    b->response = memory;
    b->records = (struct fpool_dns_record *)(void *)(b->response + 1);
    b->at = (char *)(b->records + n_records);
    *b->response = (struct fpool_dns_response){
        .struct_size = sizeof(*b->response),
        .rcode = -1,
        .rcode_text = "",
        .name = "",
        .resolver = "",
        .protocol = "",
        .error_message = "",
    };
}

static void put_outcome(struct block *b, const struct fpool_dns_outcome *o,
                        const char *resolver)
{
    struct fpool_dns_response *r = b->response;

    r->status = o->status;
    r->tries = o->n_tries;
    r->time_us = o->time_ns / 1000;
    r->is_truncated = o->is_truncated;
    r->error_message = o->reason;
    put_rcode(b, o->rcode);
    if (o->resolver != NULL) {
        r->resolver = put_text(b, resolver);
        r->protocol = o->is_tcp ? "tcp" : "udp";
    }
    if (o->parsed != NULL) {
        put_records(b, o);
    }
}

struct fpool_dns_response *fpool_dns_response_create(
    struct fpool_dns_slabs *slabs, const uint8_t *query, size_t query_size,
    uint16_t type, const struct fpool_dns_outcome *outcome, bool keeps_message)
{
    const char *resolver = resolver_text(outcome);
    char name[FPOOL_DNS_MAX_NAME_TEXT];
    struct block b;
    size_t name_size;
    void *memory;

    if (fpool_dns_name_text(query, query_size, FPOOL_DNS_HEADER_SIZE, name) ==
        0) {
        name[0] = '\0'; /* unreachable: defensive; we made the query */
    }
    name_size = strlen(name) + 1;
    keeps_message = keeps_message && outcome->message != NULL;
    memory = fpool_dns_slab_alloc(
        slabs,
        block_size(outcome, name_size + strlen(resolver) + 1, keeps_message));
    if (memory == NULL) {
        return NULL;
    }
    block_init(&b, memory,
               outcome->parsed == NULL ? 0 : outcome->parsed->n_records);
    b.response->name = put_bytes(&b, name, name_size);
    b.response->type = type;
    b.response->type_text = put_type(&b, type);
    put_outcome(&b, outcome, resolver);
    if (keeps_message) {
        b.response->message =
            put_bytes(&b, outcome->message, outcome->message_size);
        b.response->message_size = outcome->message_size;
    }
    return b.response;
}

struct fpool_dns_response *fpool_dns_response_invalid(
    struct fpool_dns_slabs *slabs, uint16_t type, const char *reason)
{
    void *memory = fpool_dns_slab_alloc(
        slabs, sizeof(struct fpool_dns_response) + FPOOL_DNS_CODE_TEXT_SIZE);
    struct block b;

    if (memory == NULL) {
        return NULL;
    }
    block_init(&b, memory, 0);
    b.response->status = FPOOL_DNS_BADNAME;
    b.response->type = type;
    b.response->type_text = put_type(&b, type);
    b.response->error_message = reason;
    return b.response;
}

void fpool_dns_response_release(void *response)
{
    fpool_dns_slab_free(response);
}

enum fpool_status fpool_dns_response_status(enum fpool_dns_status status)
{
    static const enum fpool_status statuses[] = {
#define FPOOL_DNS_STATUS_OF(name, text, status) FPOOL_##status,
        FPOOL_DNS_STATUS_MAP(FPOOL_DNS_STATUS_OF)
#undef FPOOL_DNS_STATUS_OF
    };

    return statuses[status];
}
