/* SPDX-License-Identifier: MIT */
/* What the files of the message parser share: names, the text of records' data,
 * and the bounded writer and reader below them.
 *
 * Purpose: nothing is read beyond the data and nothing written beyond the text,
 *   whatever the data; each of the two keeps a mark of the first trespass, so
 *   that code in between need not check every step.
 * Ownership: all borrowed.
 * Thread-safety: one thread at a time for each.
 * Limits: inside the parser only; others include parse.h. */
#ifndef FPOOL_ENGINE_DNS_RDATA_H
#define FPOOL_ENGINE_DNS_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/dns/wire.h"

/* Room for "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" or "255.255.255.255" or
 * "::ffff:255.255.255.255"; no zero byte. */
#define FPOOL_DNS_MAX_ADDRESS_TEXT 39

/* ---- The writer: text up to 'end', then 'is_full' and nothing more. */

struct fpool_dns_writer {
    char *at;
    char *end;
    bool is_full;
};

static inline void fpool_dns_put(struct fpool_dns_writer *w, const void *bytes,
                                 size_t size)
{
    if ((size_t)(w->end - w->at) < size) {
        w->is_full = true;
        w->end = w->at;
        return;
    }
    memcpy(w->at, bytes, size);
    w->at += size;
}

static inline void fpool_dns_put_char(struct fpool_dns_writer *w, char c)
{
    if (w->at == w->end) {
        w->is_full = true;
        return;
    }
    *w->at++ = c;
}

void fpool_dns_put_text(struct fpool_dns_writer *w, const char *text);
void fpool_dns_put_number(struct fpool_dns_writer *w, uint32_t number);

/* Hexadecimal, in upper case as the common tools show it. */
void fpool_dns_put_hex(struct fpool_dns_writer *w, const uint8_t *bytes,
                       size_t size);

/* RFC 4648, section 4, padded. */
void fpool_dns_put_base64(struct fpool_dns_writer *w, const uint8_t *bytes,
                          size_t size);

/* RFC 4648, section 7, "extended hex", not padded (RFC 5155, section 3.3). */
void fpool_dns_put_base32(struct fpool_dns_writer *w, const uint8_t *bytes,
                          size_t size);

/* Four and sixteen bytes; the latter as RFC 5952 demands, in hexadecimal but
 * for IPv4-mapped addresses. */
void fpool_dns_put_ipv4(struct fpool_dns_writer *w, const uint8_t *bytes);
void fpool_dns_put_ipv6(struct fpool_dns_writer *w, const uint8_t *bytes);

/* A <character-string> without its quotes: \" \\ and \DDD. */
void fpool_dns_put_escaped(struct fpool_dns_writer *w, const uint8_t *bytes,
                           size_t size);

/* The same in quotes. */
void fpool_dns_put_quoted(struct fpool_dns_writer *w, const uint8_t *bytes,
                          size_t size);

/* ---- The reader: bytes of the message up to 'end', then 'is_bad'. */

struct fpool_dns_reader {
    const uint8_t *message;
    size_t at;
    size_t end; /* of the data, not of the message */
    bool is_bad;
};

static inline size_t fpool_dns_left(const struct fpool_dns_reader *r)
{
    return r->end - r->at;
}

/* The next 'size' bytes; NULL and 'is_bad' when there are fewer, and from then
 * on. */
static inline const uint8_t *fpool_dns_take(struct fpool_dns_reader *r,
                                            size_t size)
{
    const uint8_t *bytes = r->message + r->at;

    if (r->is_bad || fpool_dns_left(r) < size) {
        r->is_bad = true;
        r->at = r->end;
        return NULL;
    }
    r->at += size;
    return bytes;
}

/* Numbers of 1, 2 and 4 bytes; 0 when there is none. */
uint32_t fpool_dns_take_number(struct fpool_dns_reader *r, size_t size);

static inline uint32_t fpool_dns_get32(const uint8_t *bytes)
{
    return (uint32_t)fpool_dns_wire_get16(bytes) << 16 |
           fpool_dns_wire_get16(bytes + 2);
}

/* ---- Names. */

enum fpool_dns_name_flags {
    FPOOL_DNS_NAME_LOWER = 1 << 0, /* ASCII letters become lower case */
    FPOOL_DNS_NAME_WHOLE = 1 << 1  /* a compression pointer is an error */
};

/* fpool_dns_name_text() with a choice; '*ret_size' is the length of the text.
 * 'size' is where the name must end, of the message or of a record's data. */
size_t fpool_dns_name_expand(const uint8_t *message, size_t size, size_t offset,
                             char *text, unsigned flags, size_t *ret_size);

/* The offset behind a name, wherever its pointer leads; 0 when it is cut. */
size_t fpool_dns_name_skip(const uint8_t *message, size_t size, size_t offset);

/* Whether two texts of names are the same but for ASCII case. */
bool fpool_dns_name_is_same(const char *a, const char *b, size_t size);

/* ---- Data of records. */

/* Writes the presentation format; false when the data is malformed.  A writer
 * that is full afterwards holds a part of it. */
bool fpool_dns_rdata_write(struct fpool_dns_writer *w, const uint8_t *message,
                           size_t rdata, size_t rdata_size, uint16_t type);

/* Fields of DNSSEC's types: a type by name, the rest of the data as a bitmap of
 * types, each behind a blank, seconds since 1970, and a salt and a hash with
 * their sizes before them. */
void fpool_dns_put_type(struct fpool_dns_writer *w, unsigned type);
void fpool_dns_put_bitmap(struct fpool_dns_writer *w,
                          struct fpool_dns_reader *r);
void fpool_dns_put_time(struct fpool_dns_writer *w, uint32_t time);
void fpool_dns_put_salt(struct fpool_dns_writer *w, struct fpool_dns_reader *r);
void fpool_dns_put_hash(struct fpool_dns_writer *w, struct fpool_dns_reader *r);

/* The parameters of SVCB and HTTPS up to the end, each behind a blank (RFC
 * 9460, section 2.1). */
void fpool_dns_put_parameters(struct fpool_dns_writer *w,
                              struct fpool_dns_reader *r);

/* A whole LOC record of version 0 (RFC 1876). */
void fpool_dns_put_location(struct fpool_dns_writer *w,
                            struct fpool_dns_reader *r);

#endif
