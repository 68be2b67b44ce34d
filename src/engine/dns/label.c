/* SPDX-License-Identifier: MIT */
/* The reader of labels: read_plain() writes wire form and text together, and
 * all else leaves it for a single byte, or for a single label.  Called for the
 * words of items, for suffixes, and for names made of addresses. */
#include "engine/dns/label.h"

#include "engine/dns/idn.h"

#define MAX_LABEL 63
/* Behind the last byte of the last label there is room for the root. */
#define LABELS_END (FPOOL_DNS_MAX_WIRE_NAME - 1)

#define BOTH(upper, lower) [upper] = lower, [lower] = lower
#define SAME(c)            [c] = c

/* Bytes that stand for themselves, in items as in responses, in lower case; 0
 * for all that need a second look. */
static const uint8_t plain[256] = {
    BOTH('A', 'a'), BOTH('B', 'b'), BOTH('C', 'c'), BOTH('D', 'd'),
    BOTH('E', 'e'), BOTH('F', 'f'), BOTH('G', 'g'), BOTH('H', 'h'),
    BOTH('I', 'i'), BOTH('J', 'j'), BOTH('K', 'k'), BOTH('L', 'l'),
    BOTH('M', 'm'), BOTH('N', 'n'), BOTH('O', 'o'), BOTH('P', 'p'),
    BOTH('Q', 'q'), BOTH('R', 'r'), BOTH('S', 's'), BOTH('T', 't'),
    BOTH('U', 'u'), BOTH('V', 'v'), BOTH('W', 'w'), BOTH('X', 'x'),
    BOTH('Y', 'y'), BOTH('Z', 'z'), SAME('0'),      SAME('1'),
    SAME('2'),      SAME('3'),      SAME('4'),      SAME('5'),
    SAME('6'),      SAME('7'),      SAME('8'),      SAME('9'),
    SAME('-'),      SAME('_'),      SAME('*')
};

enum fpool_status fpool_dns_read_refuse(struct fpool_dns_reader *r,
                                        const char *reason)
{
    r->reason = reason;
    return FPOOL_EINVALID;
}

static void begin_label(struct fpool_dns_reader *r)
{
    r->begin = r->p;
    r->label = r->used;
    r->limit = r->label + 1 + MAX_LABEL;
    if (r->limit > LABELS_END) {
        r->limit = LABELS_END;
    }
    if (r->label > 0) {
        r->q->text[r->label - 1] = '.';
    }
    r->used++;
}

static enum fpool_status end_label(struct fpool_dns_reader *r)
{
    size_t size = r->used - r->label - 1;

    if (size == 0) {
        return fpool_dns_read_refuse(r, "empty label");
    }
    r->q->wire[r->label] = (uint8_t)size;
    return FPOOL_OK;
}

static enum fpool_status refuse_long(struct fpool_dns_reader *r)
{
    return fpool_dns_read_refuse(r, r->used > r->label + MAX_LABEL
                                        ? "label is longer than 63 bytes"
                                        : "name is longer than 253 bytes");
}

static enum fpool_status put(struct fpool_dns_reader *r, unsigned char c)
{
    if (r->used >= r->limit) {
        return refuse_long(r);
    }
    if (plain[c] == 0) {
        r->is_plain = false;
    } else {
        c = plain[c];
    }
    r->q->wire[r->used] = c;
    r->q->text[r->used - 1] = (char)c;
    r->used++;
    return FPOOL_OK;
}

/* The fast way: everything up to a byte that is not plain. */
static void read_plain(struct fpool_dns_reader *r)
{
    const char *p = r->p;
    const char *end = r->end;
    uint8_t *wire = r->q->wire;
    char *text = r->q->text;
    size_t used = r->used;
    size_t limit = r->limit;

    while (p < end && used < limit) {
        uint8_t c = plain[(unsigned char)*p];

        if (c == 0) {
            break;
        }
        wire[used] = c;
        text[used - 1] = (char)c;
        used++;
        p++;
    }
    r->p = p;
    r->used = used;
}

/* A backslash, and three digits or one visible character or a blank. */
static enum fpool_status read_escape(struct fpool_dns_reader *r)
{
    const char *p = r->p + 1;
    size_t left = (size_t)(r->end - p);
    unsigned n;

    if (left == 0) {
        return fpool_dns_read_refuse(r, "backslash at the end");
    }
    if (!fpool_dns_is_digit(p[0])) {
        if (p[0] < ' ' || p[0] > '~') { /* also bytes that are not ASCII */
            return fpool_dns_read_refuse(
                r, "backslash before what is no visible character");
        }
        r->p += 2;
        return put(r, (unsigned char)p[0]);
    }
    if (left < 3 || !fpool_dns_is_digit(p[1]) || !fpool_dns_is_digit(p[2])) {
        return fpool_dns_read_refuse(r, "backslash without three digits");
    }
    n = (unsigned)(p[0] - '0') * 100 + (unsigned)(p[1] - '0') * 10 +
        (unsigned)(p[2] - '0');
    if (n > 255) {
        return fpool_dns_read_refuse(r, "escape above \\255");
    }
    r->p += 4;
    return put(r, (unsigned char)n);
}

/* Whether the '/' at hand is that of "0/25", in a label that is not the last,
 * as the last would make it a network, "192.0.2.0/25". */
static bool is_range_slash(const struct fpool_dns_reader *r)
{
    const char *p = r->p + 1;
    size_t i;

    for (i = r->label + 1; i < r->used; i++) {
        if (!fpool_dns_is_digit((char)r->q->wire[i])) {
            return false;
        }
    }
    while (p < r->end && fpool_dns_is_digit(*p)) {
        p++;
    }
    if (r->used == r->label + 1 || p == r->p + 1) {
        return false;
    }
    if (r->has_suffix && (p == r->end || fpool_dns_is_blank(*p))) {
        return true;
    }
    return p < r->end && *p == '.' &&
           (r->has_suffix || (p + 1 < r->end && !fpool_dns_is_blank(p[1])));
}

/* The label has bytes that are not ASCII: reads it again as what it is in IDNA,
 * which may be several labels, as there are other dots than ours. */
static enum fpool_status read_international(struct fpool_dns_reader *r)
{
    char ascii[FPOOL_DNS_IDN_SIZE];
    const char *c;
    enum fpool_status st;

    while (!fpool_dns_read_is_at_end(r) && *r->p != '.') {
        r->p++;
    }
    st = fpool_dns_idn_to_ascii(r->begin, (size_t)(r->p - r->begin), ascii,
                                &r->reason);
    r->used = r->label + 1;
    for (c = ascii; st == FPOOL_OK && *c != '\0'; c++) {
        if (plain[(unsigned char)*c] != 0) {
            st = put(r, (unsigned char)*c);
            continue;
        }
        st = *c == '.' ? end_label(r)
                       : fpool_dns_read_refuse(r, FPOOL_DNS_IDN_REFUSED);
        if (st == FPOOL_OK) {
            begin_label(r);
        }
    }
    return st;
}

/* One byte, or the rest of the label, that is not plain. */
static enum fpool_status read_special(struct fpool_dns_reader *r)
{
    unsigned char c = (unsigned char)*r->p;

    if (c >= 0x80) {
        return read_international(r);
    }
    switch (c) {
    case '\\':
        return read_escape(r);
    case ':':
    case '@':
        return fpool_dns_read_refuse(r, "not a host name: ':' or '@' without a "
                                        "backslash");
    case ',':
    case ';':
    case '"':
        return fpool_dns_read_refuse(r, "not a host name: comma, semicolon or "
                                        "quote without a backslash");
    case '/':
        if (!is_range_slash(r)) {
            return fpool_dns_read_refuse(
                r, "not a host name: '/' without a backslash");
        }
        break;
    default:
        if (c < ' ' || c > '~') {
            return fpool_dns_read_refuse(r, "control character in the name");
        }
    }
    r->p++;
    return put(r, c);
}

/* Up to a dot, a blank or the end. */
static enum fpool_status read_label(struct fpool_dns_reader *r)
{
    enum fpool_status st = FPOOL_OK;

    begin_label(r);
    while (st == FPOOL_OK) {
        read_plain(r);
        if (fpool_dns_read_is_at_end(r) || *r->p == '.') {
            return end_label(r);
        }
        st = r->used >= r->limit && plain[(unsigned char)*r->p] != 0
                 ? refuse_long(r)
                 : read_special(r);
    }
    return st;
}

/* Labels up to a blank or the end, and a dot behind the last. */
enum fpool_status fpool_dns_read_labels(struct fpool_dns_reader *r)
{
    for (;;) {
        enum fpool_status st = read_label(r);

        if (st != FPOOL_OK || fpool_dns_read_is_at_end(r)) {
            return st;
        }
        r->p++;
        if (fpool_dns_read_is_at_end(r)) {
            return FPOOL_OK;
        }
    }
}

void fpool_dns_read_finish(struct fpool_dns_reader *r)
{
    struct fpool_dns_question *q = r->q;

    q->wire[r->used] = 0;
    q->wire_size = (uint16_t)(r->used + 1);
    if (r->is_plain && r->used > 0) {
        q->text[r->used - 1] = '\0';
    } else {
        fpool_dns_name_text(q->wire, q->wire_size, 0, q->text);
    }
}
