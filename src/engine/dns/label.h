/* SPDX-License-Identifier: MIT */
/* Text to the labels of a question.
 *
 * Purpose: one pass over the bytes that users write, without memory, for names
 *   of letters, digits, '-', '_' and '*'; a closer look at all other bytes.
 * Use: zero the reader; set 'q', 'p', 'end', 'is_plain'; read any number of
 *   texts, whose labels follow each other.
 * Ownership: the reader borrows text and question.
 * Thread-safety: one thread at a time.
 * Limits: what fits a name; a label in UTF-8 is at most FPOOL_DNS_MAX_IDN long.
 *
 * A blank ends the labels, a dot may come before it.  The marks of URLs,
 * addresses and tables (':', '/', '@', ',', ';', '"') need a backslash, so that
 * a pasted line of another kind is refused instead of asked for in vain.  Only
 * in a label such as "0/25" (RFC 2317, section 4) does '/' stand for itself.
 * Escapes are those of zone files: a backslash before a visible character, or
 * before the three decimal digits of any byte. */
#ifndef FPOOL_ENGINE_DNS_LABEL_H
#define FPOOL_ENGINE_DNS_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/dns/name.h"

struct fpool_dns_reader {
    struct fpool_dns_question *q; /* its 'wire' and 'text' are written */
    const char *p;
    const char *end;
    const char *begin; /* of the label being read, in the text */
    size_t label;      /* its length byte, in the wire form */
    size_t used;       /* bytes of the wire form, without the root */
    size_t limit;      /* that the label may reach to */
    bool has_suffix;   /* more labels come from elsewhere */
    bool is_plain;     /* the question's text is right as it stands */
    const char *reason;
};

/* Reads labels up to a blank or the end, where 'p' then is.  FPOOL_EINVALID,
 * and 'reason' says why, as a static text; FPOOL_ENOMEM. */
enum fpool_status fpool_dns_read_labels(struct fpool_dns_reader *r);

/* Ends the question's name: the root, and the text. */
void fpool_dns_read_finish(struct fpool_dns_reader *r);

/* Sets the reason, and returns FPOOL_EINVALID. */
enum fpool_status fpool_dns_read_refuse(struct fpool_dns_reader *r,
                                        const char *reason);

static inline bool fpool_dns_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool fpool_dns_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* No more of the word that is being read. */
static inline bool fpool_dns_read_is_at_end(const struct fpool_dns_reader *r)
{
    return r->p == r->end || fpool_dns_is_blank(*r->p);
}

#endif
