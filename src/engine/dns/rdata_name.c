/* SPDX-License-Identifier: MIT */
/* Names on the wire (RFC 1035, sections 3.1 and 4.1.4); called for owners, for
 * names in data, and for questions. */
#include <string.h>

#include "engine/dns/parse.h"
#include "engine/dns/rdata.h"

/* Labels are one byte at least, so that no honest name has more pointers. */
#define MAX_POINTERS 127

#define BIT(n) (UINT64_C(1) << (n))

/* Bytes that stand for themselves: '!' to '~' without " $ ( ) . ; @ \ */
static const uint64_t plain_bytes[4] = {
    (~UINT64_C(0) << '!') &
        ~(BIT('"') | BIT('$') | BIT('(') | BIT(')') | BIT('.') | BIT(';')),
    ~(BIT('@' - 64) | BIT('\\' - 64) | BIT(0x7f - 64)), 0, 0
};

static char *put_escape(char *out, uint8_t byte)
{
    *out++ = '\\';
    if (byte <= ' ' || byte >= 0x7f) {
        *out++ = (char)('0' + byte / 100);
        *out++ = (char)('0' + byte / 10 % 10);
        *out++ = (char)('0' + byte % 10);
    } else {
        *out++ = (char)byte;
    }
    return out;
}

/* Writes a label and a dot; 'fold' is 0x20 for lower case, or 0. */
static char *put_label(char *out, const uint8_t *label, unsigned size,
                       unsigned fold)
{
    unsigned i;

    for (i = 0; i < size; i++) {
        unsigned c = label[i];

        if ((plain_bytes[c >> 6] >> (c & 63) & 1) == 0) {
            out = put_escape(out, (uint8_t)c);
            continue;
        }
        *out++ = (char)(c - 'A' < 26 ? c | fold : c);
    }
    *out++ = '.';
    return out;
}

/* Ends the text: the last dot is dropped, but the root is one. */
static size_t end_text(char *text, char *out)
{
    if (out == text) {
        *out++ = '.';
    } else {
        out--;
    }
    *out = '\0';
    return (size_t)(out - text);
}

/* Follows the pointer at '*offset'; it must lead to before the place that the
 * last one led to, or where the name began, so that there is an end to it.  The
 * header is no place for names. */
static bool follow(const uint8_t *message, size_t size, size_t *offset,
                   size_t *limit)
{
    size_t target;

    if (size - *offset < 2) {
        return false;
    }
    target = fpool_dns_wire_get16(message + *offset) & 0x3fffu;
    if (target >= *limit || target < FPOOL_DNS_HEADER_SIZE) {
        return false;
    }
    *offset = target;
    *limit = target;
    return true;
}

size_t fpool_dns_name_expand(const uint8_t *message, size_t size, size_t offset,
                             char *text, unsigned flags, size_t *ret_size)
{
    unsigned fold = (flags & FPOOL_DNS_NAME_LOWER) != 0 ? 0x20 : 0;
    unsigned n_pointers = 0;
    size_t wire_size = 1; /* the root's byte */
    size_t limit = offset;
    size_t end = 0;
    char *out = text;

    while (offset < size && message[offset] != 0) {
        unsigned n = message[offset];

        if (n >= 0xc0) {
            end = n_pointers == 0 ? offset + 2 : end;
            if ((flags & FPOOL_DNS_NAME_WHOLE) != 0 ||
                ++n_pointers > MAX_POINTERS ||
                !follow(message, size, &offset, &limit)) {
                return 0;
            }
            continue;
        }
        wire_size += n + 1;
        /* 0x40 and 0x80 begin no labels that anybody uses (RFC 6891, section
         * 5). */
        if (n > 63 || wire_size > FPOOL_DNS_MAX_WIRE_NAME ||
            size - offset <= n) {
            return 0;
        }
        out = put_label(out, message + offset + 1, n, fold);
        offset += n + 1;
    }
    if (offset >= size) {
        return 0;
    }
    *ret_size = end_text(text, out);
    return n_pointers == 0 ? offset + 1 : end;
}

size_t fpool_dns_name_text(const uint8_t *message, size_t size, size_t offset,
                           char text[FPOOL_DNS_MAX_NAME_TEXT])
{
    size_t text_size;

    return fpool_dns_name_expand(message, size, offset, text, 0, &text_size);
}

size_t fpool_dns_name_skip(const uint8_t *message, size_t size, size_t offset)
{
    while (offset < size) {
        unsigned n = message[offset];

        if (n == 0) {
            return offset + 1;
        }
        if (n >= 0xc0) {
            return size - offset < 2 ? 0 : offset + 2;
        }
        if (n > 63) {
            return 0;
        }
        offset += n + 1;
    }
    return 0;
}

static unsigned lower(char c)
{
    unsigned u = (unsigned char)c;

    return u - 'A' < 26 ? u | 0x20 : u;
}

bool fpool_dns_name_is_same(const char *a, const char *b, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}
