/* SPDX-License-Identifier: MIT */
/* Items to questions, and questions to queries.  label.c reads the names; here
 * is what surrounds them: a type, a suffix, addresses, and the way into c-ares,
 * which builds the query. */
#include "engine/dns/name.h"

#include <arpa/inet.h>
#include <ares.h>
#include <string.h>

#include "engine/dns/label.h"
#include "engine/dns/reverse.h"
#include "engine/dns/type.h"

#define CLASS_IN 1

static void skip_blanks(struct fpool_dns_reader *r)
{
    while (r->p < r->end && fpool_dns_is_blank(*r->p)) {
        r->p++;
    }
}

/* The first word of an item. */
static enum fpool_status read_word(struct fpool_dns_reader *r)
{
    if (fpool_dns_read_is_at_end(r)) {
        return fpool_dns_read_refuse(r, "empty name");
    }
    if (*r->p == '.' && !r->has_suffix &&
        (r->p + 1 == r->end || fpool_dns_is_blank(r->p[1]))) {
        r->p++;
        return FPOOL_OK; /* the root */
    }
    return fpool_dns_read_labels(r);
}

/* Behind the word that begins at 'word', whatever that holds. */
static const char *find_word_end(const char *word, const char *end)
{
    while (word < end && !fpool_dns_is_blank(*word)) {
        word += *word == '\\' && end - word > 1 ? 2 : 1;
    }
    return word;
}

/* The second word.  NULL, or what is wrong. */
static const char *read_type(struct fpool_dns_reader *r)
{
    const char *word;

    skip_blanks(r);
    if (r->p == r->end) {
        return NULL;
    }
    word = r->p;
    r->p = find_word_end(word, r->end);
    if (!fpool_dns_type_parse(word, (size_t)(r->p - word), &r->q->type)) {
        return "unknown record type";
    }
    skip_blanks(r);
    return r->p == r->end ? NULL : "more than a name and a type";
}

static enum fpool_status read_suffix(struct fpool_dns_reader *r,
                                     const char *suffix)
{
    enum fpool_status st;

    if (!r->has_suffix) {
        return FPOOL_OK;
    }
    r->p = suffix;
    r->end = suffix + strlen(suffix);
    r->has_suffix = false;
    st = fpool_dns_read_labels(r);
    return st == FPOOL_OK && r->p != r->end
               ? fpool_dns_read_refuse(r, "blank in the suffix")
               : st;
}

/* The labels make an IPv4 address. */
static bool is_v4(const struct fpool_dns_reader *r, uint8_t address[4])
{
    char text[INET_ADDRSTRLEN];
    const uint8_t *wire = r->q->wire;
    unsigned n_labels = 0;
    size_t i;

    if (!r->is_plain || r->used < 8 || r->used > sizeof(text) ||
        !fpool_dns_is_digit((char)wire[r->label + 1])) {
        return false;
    }
    for (i = 0; i < r->used; i += wire[i] + 1u) {
        memcpy(text + i, wire + i + 1, wire[i]);
        text[i + wire[i]] = '.';
        n_labels++;
    }
    text[r->used - 1] = '\0';
    return n_labels == 4 && inet_pton(AF_INET, text, address) == 1;
}

static bool is_v6(const char *word, size_t size, uint8_t address[16])
{
    char text[INET6_ADDRSTRLEN];

    if (size >= sizeof(text) || memchr(word, '\0', size) != NULL) {
        return false;
    }
    memcpy(text, word, size);
    text[size] = '\0';
    return inet_pton(AF_INET6, text, address) == 1;
}

/* The name for an address; 'size' is 4 or 16. */
static enum fpool_status read_reverse(struct fpool_dns_reader *r,
                                      const uint8_t *address, size_t size)
{
    char text[FPOOL_DNS_REVERSE_SIZE];

    if (r->q->type != FPOOL_DNS_TYPE_PTR) {
        return fpool_dns_read_refuse(
            r, "an IP address can be asked for the type PTR only");
    }
    fpool_dns_reverse_name(address, size, text);
    r->p = text;
    r->end = text + strlen(text);
    r->used = 0;
    r->is_plain = true;
    return fpool_dns_read_labels(r);
}

/* The type is read also behind what is not a name, for the response. */
static enum fpool_status read_item(struct fpool_dns_reader *r,
                                   const char *suffix)
{
    uint8_t address[16];
    size_t address_size = 0;
    const char *word;
    const char *fault;
    enum fpool_status st;

    skip_blanks(r);
    word = r->p;
    st = read_word(r);
    if (st == FPOOL_OK) {
        address_size = is_v4(r, address) ? 4 : 0;
    } else {
        r->p = find_word_end(word, r->end);
        if (st == FPOOL_EINVALID &&
            is_v6(word, (size_t)(r->p - word), address)) {
            address_size = 16;
            st = FPOOL_OK;
        }
    }
    fault = read_type(r);
    if (st != FPOOL_OK) {
        return st;
    }
    if (fault != NULL) {
        return fpool_dns_read_refuse(r, fault);
    }
    /* "2.0.0.127" before a suffix is how block lists are asked. */
    if (address_size == 16 ||
        (address_size == 4 &&
         (!r->has_suffix || r->q->type == FPOOL_DNS_TYPE_PTR))) {
        return read_reverse(r, address, address_size);
    }
    return read_suffix(r, suffix);
}

enum fpool_status fpool_dns_question_parse(struct fpool_dns_question *q,
                                           const char *item, size_t size,
                                           const char *suffix, uint16_t type,
                                           const char **ret_reason)
{
    struct fpool_dns_reader r = { .q = q, .is_plain = true };
    enum fpool_status st;

    r.p = size == 0 ? "" : item; /* an item of no bytes may be NULL */
    r.end = r.p + size;
    if (suffix != NULL && suffix[0] == '.') {
        suffix++;
    }
    r.has_suffix = suffix != NULL && suffix[0] != '\0';
    q->type = type;
    st = read_item(&r, suffix);
    if (st == FPOOL_OK) {
        fpool_dns_read_finish(&r);
        return FPOOL_OK;
    }
    q->wire_size = 0;
    q->text[0] = '\0';
    *ret_reason = r.reason;
    return st;
}

/* ---- Queries. */

/* RFC 7686: not asked for in DNS. */
static bool is_onion(const struct fpool_dns_question *q)
{
    size_t last = 0;
    size_t i;

    for (i = 0; q->wire[i] != 0; i += q->wire[i] + 1u) {
        last = i;
    }
    return q->wire[last] == 5 && memcmp(q->wire + last + 1, "onion", 6) == 0;
}

/* The name as c-ares reads it: a backslash before a byte makes it stand for
 * itself.  Every byte gets one but digits, of which later versions would make a
 * \DDD.  False when the name has zero bytes, which no C string can hold; each
 * is replaced by another byte. */
static bool write_escaped(const struct fpool_dns_question *q,
                          char text[2 * FPOOL_DNS_MAX_WIRE_NAME])
{
    const uint8_t *wire = q->wire;
    bool is_whole = true;
    size_t i = 0;

    while (wire[i] != 0) {
        size_t end = i + 1 + wire[i];

        for (i++; i < end; i++) {
            uint8_t c = wire[i] == 0 ? 'x' : wire[i];

            is_whole = is_whole && wire[i] != 0;
            if (!fpool_dns_is_digit((char)c)) {
                *text++ = '\\';
            }
            *text++ = (char)c;
        }
        *text++ = '.';
    }
    *text = '\0';
    return is_whole;
}

size_t fpool_dns_query_build(const struct fpool_dns_question *q,
                             uint16_t udp_size,
                             uint8_t query[FPOOL_DNS_MAX_QUERY],
                             enum fpool_status *ret_status)
{
    char text[2 * FPOOL_DNS_MAX_WIRE_NAME];
    unsigned char *built = NULL;
    int size = 0;
    bool is_whole;
    int code;

    if (is_onion(q)) {
        *ret_status = FPOOL_ENOTFOUND;
        return 0;
    }
    is_whole = write_escaped(q, text);
    code = ares_create_query(text, CLASS_IN, q->type, 0, 1, &built, &size,
                             udp_size);
    if (code != ARES_SUCCESS) {
        *ret_status = code == ARES_ENOMEM ? FPOOL_ENOMEM : FPOOL_ENOTFOUND;
        return 0;
    }
    memcpy(query, built, (size_t)size);
    ares_free_string(built);
    if (!is_whole) {
        memcpy(query + FPOOL_DNS_HEADER_SIZE, q->wire, q->wire_size);
    }
    *ret_status = FPOOL_OK;
    return (size_t)size;
}
