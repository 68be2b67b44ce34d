/* SPDX-License-Identifier: MIT */
/* Names of an answer section; called by parse.c.  Two texts are the same name
 * when they differ in ASCII case only, as each name has but one text. */
#include "engine/dns/parse_chain.h"

#include "engine/dns/rdata.h"
#include "engine/dns/type.h"

/* FNV-1a.  That it takes some other bytes than letters for the same does no
 * harm. */
static uint32_t hash_text(const char *text, size_t size)
{
    uint32_t hash = 2166136261u;
    size_t i;

    for (i = 0; i < size; i++) {
        hash = (hash ^ ((unsigned char)text[i] | 0x20u)) * 16777619u;
    }
    return hash;
}

static unsigned append(struct fpool_dns_chain *c, size_t text, size_t text_size,
                       size_t wire, uint32_t hash)
{
    struct fpool_dns_chain_name *name = &c->names[c->n];

    name->text = (uint32_t)text;
    name->hash = hash;
    name->text_size = (uint16_t)text_size;
    name->wire = (uint16_t)wire;
    name->target = FPOOL_DNS_NO_NAME;
    name->has_record = false;
    name->has_dname = false;
    name->has_answer = false;
    name->is_on_chain = false;
    return c->n++;
}

void fpool_dns_chain_begin(struct fpool_dns_chain *c, uint16_t type,
                           size_t text, size_t text_size, size_t wire)
{
    c->type = type;
    c->n = 0;
    c->has_hash = false;
    append(c, text, text_size, wire, 0);
}

unsigned fpool_dns_chain_add(struct fpool_dns_chain *c, const char *base,
                             size_t text, size_t text_size, size_t wire)
{
    uint32_t hash = hash_text(base + text, text_size);
    unsigned i;

    if (!c->has_hash) {
        c->names[0].hash =
            hash_text(base + c->names[0].text, c->names[0].text_size);
        c->has_hash = true;
    }
    for (i = 0; i < c->n; i++) {
        const struct fpool_dns_chain_name *name = &c->names[i];

        if (name->hash == hash && name->text_size == text_size &&
            fpool_dns_name_is_same(base + name->text, base + text, text_size)) {
            return i;
        }
    }
    return c->n < FPOOL_DNS_MAX_NAMES ? append(c, text, text_size, wire, hash)
                                      : FPOOL_DNS_NO_NAME;
}

void fpool_dns_chain_see(struct fpool_dns_chain *c, unsigned name,
                         uint16_t type)
{
    struct fpool_dns_chain_name *n = &c->names[name];

    n->has_record |=
        type != FPOOL_DNS_TYPE_RRSIG && type != FPOOL_DNS_TYPE_DNAME;
    n->has_dname |= type == FPOOL_DNS_TYPE_DNAME;
    /* What ANY asks for is at the name itself. */
    n->has_answer |=
        type == c->type || (c->type == FPOOL_DNS_TYPE_ANY && name == 0);
}

void fpool_dns_chain_link(struct fpool_dns_chain *c, unsigned name,
                          unsigned target)
{
    if (c->names[name].target == FPOOL_DNS_NO_NAME) {
        c->names[name].target = (uint8_t)target;
    }
}

/* Whether a dot at 'text[at]' ends a label: an even number of backslashes is
 * before it. */
static bool is_label_end(const char *text, size_t at)
{
    size_t n = 0;

    while (n < at && text[at - 1 - n] == '\\') {
        n++;
    }
    return text[at] == '.' && n % 2 == 0;
}

/* Whether 'a' is 'b' or a name above it. */
static bool is_above(const char *base, const struct fpool_dns_chain_name *a,
                     const struct fpool_dns_chain_name *b)
{
    const char *above = base + a->text;
    const char *below = base + b->text;
    size_t rest = (size_t)b->text_size - a->text_size;

    if (a->text_size == 1 && above[0] == '.') {
        return true; /* the root, whose dot is no part of other texts */
    }
    return a->text_size <= b->text_size &&
           fpool_dns_name_is_same(above, below + rest, a->text_size) &&
           (rest == 0 || is_label_end(below, rest - 1));
}

/* A DNAME may stand where the chain passes below it (RFC 6672, section 3.1);
 * the chain itself goes on by the CNAME made of it. */
static bool is_passed(const struct fpool_dns_chain *c, const char *base,
                      const struct fpool_dns_chain_name *owner)
{
    unsigned i;

    for (i = 0; i < c->n; i++) {
        if (c->names[i].is_on_chain && is_above(base, owner, &c->names[i])) {
            return true;
        }
    }
    return false;
}

bool fpool_dns_chain_end(struct fpool_dns_chain *c, const char *base,
                         bool *ret_has_answer)
{
    unsigned i = 0;

    *ret_has_answer = false;
    /* A chain that comes back to where it was ends there. */
    while (i != FPOOL_DNS_NO_NAME && !c->names[i].is_on_chain) {
        c->names[i].is_on_chain = true;
        *ret_has_answer |= c->names[i].has_answer;
        i = c->names[i].target;
    }
    for (i = 0; i < c->n; i++) {
        const struct fpool_dns_chain_name *name = &c->names[i];

        if (name->is_on_chain) {
            continue;
        }
        if (name->has_record ||
            (name->has_dname && !is_passed(c, base, name))) {
            return false;
        }
    }
    return true;
}
