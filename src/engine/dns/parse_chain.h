/* SPDX-License-Identifier: MIT */
/* The names of one answer section: the one asked for and those that its CNAMEs
 * lead to.
 *
 * Purpose: tell which owners belong to the question, in whatever order records
 *   come, at a cost that does not depend on what an attacker makes of them; and
 *   share the text of a name that is repeated, as most are.
 * Use: begin with the question; for each owner _at() or _add(), then _see(),
 * and _link() for a CNAME; at the end of the section _end(). Ownership: plain
 * data on the parser's stack; texts are offsets in 'text' of struct
 * fpool_dns_parsed. Thread-safety: one thread at a time. Limits: 64 different
 * names.  Resolvers give up a chain at 8 to 16 (BIND 16, Unbound 11); each link
 * may have a DNAME beside it. */
#ifndef FPOOL_ENGINE_DNS_PARSE_CHAIN_H
#define FPOOL_ENGINE_DNS_PARSE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FPOOL_DNS_MAX_NAMES 64
#define FPOOL_DNS_NO_NAME   0xff /* an index that is none */

struct fpool_dns_chain_name {
    uint32_t text; /* offset */
    uint32_t hash; /* of the text in lower case */
    uint16_t text_size;
    uint16_t wire;   /* offset in the message of one place where it is */
    uint8_t target;  /* where its CNAME leads */
    bool has_record; /* owns one that must belong to the chain */
    bool has_dname;
    bool has_answer; /* owns one of the type asked for */
    bool is_on_chain;
};

struct fpool_dns_chain {
    uint16_t type; /* asked for */
    uint8_t n;
    bool has_hash; /* of the first: seldom needed */
    struct fpool_dns_chain_name names[FPOOL_DNS_MAX_NAMES];
};

/* The first name is the one asked for. */
void fpool_dns_chain_begin(struct fpool_dns_chain *c, uint16_t type,
                           size_t text, size_t text_size, size_t wire);

/* The index of the name at offset 'wire' of the message, if it is known. */
static inline unsigned fpool_dns_chain_at(const struct fpool_dns_chain *c,
                                          size_t wire)
{
    unsigned i;

    for (i = 0; i < c->n; i++) {
        if (c->names[i].wire == wire) {
            return i;
        }
    }
    return FPOOL_DNS_NO_NAME;
}

/* The index of the name whose text is at offset 'text' of 'base'; a new one if
 * there was none of the same letters in any case, FPOOL_DNS_NO_NAME when there
 * is no room. */
unsigned fpool_dns_chain_add(struct fpool_dns_chain *c, const char *base,
                             size_t text, size_t text_size, size_t wire);

/* A record of the name with index 'name'. */
void fpool_dns_chain_see(struct fpool_dns_chain *c, unsigned name,
                         uint16_t type);

/* A CNAME from 'name' to 'target'; the first counts. */
void fpool_dns_chain_link(struct fpool_dns_chain *c, unsigned name,
                          unsigned target);

/* False when an owner is not on the chain.  '*ret_has_answer' is set in any
 * case. */
bool fpool_dns_chain_end(struct fpool_dns_chain *c, const char *base,
                         bool *ret_has_answer);

#endif
