/* SPDX-License-Identifier: MIT */
/* Fuzz target of the DNS message parser.  The bytes are a message; the type
 * asked for is that of its question.  Then these must hold: a second parser and
 * one that is used again find the same; records are those of a naive walk;
 * texts are printable and end; owners, read back, are the bytes on the wire;
 * and the data's text is the same when it is asked for alone.  Linked with
 * driver.c, or with libFuzzer. */
#include "engine/dns/parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold, also without asserts. */
static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* ---- The naive walk. */

struct naive {
    const uint8_t *message;
    size_t size;
    size_t at;
    bool is_bad;
};

static unsigned naive_byte(struct naive *n)
{
    if (n->at >= n->size) {
        n->is_bad = true;
        return 0;
    }
    return n->message[n->at++];
}

static unsigned naive_number(struct naive *n, unsigned size)
{
    unsigned number = 0;

    while (size > 0) {
        number = number << 8 | naive_byte(n);
        size--;
    }
    return number;
}

/* The bytes of a name without pointers; its size, or 0. */
static size_t naive_name(struct naive *n, uint8_t wire[256])
{
    struct naive away = *n;
    struct naive *now = n;
    size_t size = 0;
    unsigned label;

    do {
        unsigned i;

        label = naive_byte(now);
        if (label >= 0xc0) {
            unsigned target = (label & 0x3f) << 8 | naive_byte(now);

            if (target + 2 >= now->at) {
                return 0;
            }
            away.at = target;
            now = &away;
            continue;
        }
        if (now->is_bad || label > 63 || size + label + 1 > 255) {
            return 0;
        }
        wire[size++] = (uint8_t)label;
        for (i = 0; i < label; i++) {
            wire[size++] = (uint8_t)naive_byte(now);
        }
    } while (label != 0);
    return size;
}

/* ---- Texts. */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte that 'text' begins with, and how many characters it takes. */
static unsigned read_back(const char *text, size_t *ret_size)
{
    if (text[0] != '\\') {
        *ret_size = 1;
        return (unsigned char)text[0];
    }
    if (!is_digit(text[1])) {
        *ret_size = 2;
        return (unsigned char)text[1];
    }
    *ret_size = 4;
    return (unsigned)(text[1] - '0') * 100 + (unsigned)(text[2] - '0') * 10 +
           (unsigned)(text[3] - '0');
}

static unsigned lower(unsigned c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* 'text' is the name 'wire', but for the case of letters. */
static void check_name(const char *text, const uint8_t *wire)
{
    if (wire[0] == 0) {
        must(strcmp(text, ".") == 0);
        return;
    }
    while (wire[0] != 0) {
        unsigned i;

        for (i = 1; i <= wire[0]; i++) {
            size_t size = 0;

            must(*text != '\0' && *text != '.');
            must(lower(read_back(text, &size)) == lower(wire[i]));
            text += size;
        }
        wire += wire[0] + 1;
        must(*text == (wire[0] != 0 ? '.' : '\0'));
        text += wire[0] != 0;
    }
}

static void check_text(const struct fpool_dns_parsed *p, size_t offset)
{
    must(offset < p->text_size);
    while (p->text[offset] != '\0') {
        must(p->text[offset] >= ' ' && p->text[offset] <= '~');
        offset++;
        must(offset < p->text_size);
    }
}

/* ---- The parser under test. */

static void check_data(const struct fpool_dns_parsed *p,
                       const struct fpool_dns_parsed_record *r,
                       const uint8_t *message, size_t size)
{
    const char *wanted = p->text + r->data;
    size_t length = strlen(wanted);
    char *text = malloc(length + 1);

    must(text != NULL);
    must(fpool_dns_rdata_text(message, size, r->rdata, r->rdata_size, r->type,
                              text, length + 1) == (int)length);
    must(strcmp(text, wanted) == 0);
    must(fpool_dns_rdata_text(message, size, r->rdata, r->rdata_size, r->type,
                              text, length) == -1);
    free(text);
}

/* The next record of the naive walk is 'r' (NULL: there is none left), or of
 * another class; returns which. */
static bool check_record(struct naive *n, const struct fpool_dns_parsed *p,
                         const struct fpool_dns_parsed_record *r)
{
    struct naive before = *n;
    uint8_t wire[256];
    unsigned byte;
    unsigned type;
    unsigned class;
    unsigned ttl;
    unsigned size;

    do { /* a name of another class may lead anywhere */
        byte = naive_byte(n);
        n->at += byte < 0xc0 ? byte : 1;
    } while (byte > 0 && byte < 0xc0);
    type = naive_number(n, 2);
    class = naive_number(n, 2);
    ttl = naive_number(n, 4);
    size = naive_number(n, 2);
    n->at += size;
    must(!n->is_bad && n->at <= n->size);
    if (class != 1) {
        return false;
    }
    must(r != NULL && naive_name(&before, wire) > 0);
    check_text(p, r->name);
    check_text(p, r->data);
    check_name(p->text + r->name, wire);
    must(r->type == type && r->ttl == (ttl >> 31 != 0 ? 0 : ttl));
    must(r->rdata == n->at - size && r->rdata_size == size);
    check_data(p, r, n->message, n->size);
    return true;
}

/* All records are there; with TC, those up to some place. */
static void check_records(const struct fpool_dns_parsed *p, struct naive *n)
{
    bool is_cut = (p->flags & FPOOL_DNS_TC) != 0;
    unsigned left = n->message[6] * 256u + n->message[7];
    size_t i = 0;

    must(p->n_records <= p->max_records && p->n_records <= left);
    while (left > 0 && !(is_cut && i == p->n_records)) {
        i += check_record(n, p, i < p->n_records ? &p->records[i] : NULL);
        left--;
    }
    must(i == p->n_records);
}

static void check_same(const struct fpool_dns_parsed *a,
                       const struct fpool_dns_parsed *b)
{
    must(a->n_records == b->n_records && a->text_size == b->text_size);
    must(a->flags == b->flags && a->rcode == b->rcode);
    must(a->has_opt == b->has_opt && a->has_answer == b->has_answer);
    must(a->ttl == b->ttl && a->extended_error == b->extended_error);
    must(a->text_size <= FPOOL_DNS_MAX_TEXT);
    must(memcmp(a->text, b->text, a->text_size) == 0);
}

/* The type of the question, if there is one. */
static uint16_t find_type(struct naive *n)
{
    uint8_t wire[256];
    unsigned type;

    if (naive_name(n, wire) == 0) {
        return 1;
    }
    type = naive_number(n, 2);
    naive_number(n, 2);
    return n->is_bad ? 1 : (uint16_t)type;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fpool_dns_parsed again;
    struct naive naive = { data, size, FPOOL_DNS_HEADER_SIZE, false };
    struct fpool_dns_parsed p;
    enum fpool_status status;
    uint16_t type = find_type(&naive);

    fpool_dns_parsed_init(&p);
    status = fpool_dns_parse(&p, data, size, type);
    must(status == FPOOL_OK || status == FPOOL_EPROTOCOL);
    must(fpool_dns_parse(&again, data, size, type) == status);
    must(p.flags == again.flags);
    if (status == FPOOL_OK) {
        check_same(&p, &again);
        check_records(&p, &naive);
    }
    fpool_dns_parsed_fini(&p);
    return 0;
}
