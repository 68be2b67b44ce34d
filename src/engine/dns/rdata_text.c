/* SPDX-License-Identifier: MIT */
/* The writer's numbers, addresses, strings and encodings; called for the data
 * of every record. */
#include <string.h>

#include "engine/dns/rdata.h"

void fpool_dns_put_text(struct fpool_dns_writer *w, const char *text)
{
    fpool_dns_put(w, text, strlen(text));
}

void fpool_dns_put_number(struct fpool_dns_writer *w, uint32_t number)
{
    char digits[10];
    size_t first = sizeof(digits);

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    fpool_dns_put(w, digits + first, sizeof(digits) - first);
}

void fpool_dns_put_hex(struct fpool_dns_writer *w, const uint8_t *bytes,
                       size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i;

    for (i = 0; i < size && !w->is_full; i++) {
        fpool_dns_put_char(w, digits[bytes[i] >> 4]);
        fpool_dns_put_char(w, digits[bytes[i] & 15]);
    }
}

void fpool_dns_put_base64(struct fpool_dns_writer *w, const uint8_t *bytes,
                          size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;

    for (i = 0; i < size && !w->is_full; i += 3) {
        unsigned n = (unsigned)bytes[i] << 16;
        char group[4];

        n |= i + 1 < size ? (unsigned)bytes[i + 1] << 8 : 0;
        n |= i + 2 < size ? (unsigned)bytes[i + 2] : 0;
        group[0] = digits[n >> 18];
        group[1] = digits[n >> 12 & 63];
        group[2] = i + 1 < size ? digits[n >> 6 & 63] : '=';
        group[3] = i + 2 < size ? digits[n & 63] : '=';
        fpool_dns_put(w, group, sizeof(group));
    }
}

void fpool_dns_put_base32(struct fpool_dns_writer *w, const uint8_t *bytes,
                          size_t size)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    unsigned n_bits = 0;
    unsigned bits = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        bits = (bits << 8 | bytes[i]) & 0xfff; /* 4 left over and 8 new ones */
        n_bits += 8;
        while (n_bits >= 5) {
            n_bits -= 5;
            fpool_dns_put_char(w, digits[bits >> n_bits & 31]);
        }
    }
    if (n_bits > 0) {
        fpool_dns_put_char(w, digits[bits << (5 - n_bits) & 31]);
    }
}

/* ---- Addresses. */

static char *format_ipv4(char *out, const uint8_t *bytes)
{
    unsigned i;

    for (i = 0; i < 4; i++) {
        unsigned n = bytes[i];

        if (i > 0) {
            *out++ = '.';
        }
        if (n >= 100) {
            *out++ = (char)('0' + n / 100);
        }
        if (n >= 10) {
            *out++ = (char)('0' + n / 10 % 10);
        }
        *out++ = (char)('0' + n % 10);
    }
    return out;
}

void fpool_dns_put_ipv4(struct fpool_dns_writer *w, const uint8_t *bytes)
{
    char text[FPOOL_DNS_MAX_ADDRESS_TEXT];

    fpool_dns_put(w, text, (size_t)(format_ipv4(text, bytes) - text));
}

/* Without leading zeros, in lower case (RFC 5952, sections 4.1 and 4.3). */
static char *format_group(char *out, unsigned group)
{
    static const char digits[] = "0123456789abcdef";

    if (group >= 0x1000) {
        *out++ = digits[group >> 12];
    }
    if (group >= 0x100) {
        *out++ = digits[group >> 8 & 15];
    }
    if (group >= 0x10) {
        *out++ = digits[group >> 4 & 15];
    }
    *out++ = digits[group & 15];
    return out;
}

/* The first of the longest runs of two or more zero groups (section 4.2). */
static unsigned find_zeros(const uint16_t groups[8], unsigned *ret_size)
{
    unsigned best = 0;
    unsigned best_size = 1;
    unsigned size = 0;
    unsigned i;

    for (i = 0; i < 8; i++) {
        size = groups[i] == 0 ? size + 1 : 0;
        if (size > best_size) {
            best_size = size;
            best = i + 1 - size;
        }
    }
    *ret_size = best_size > 1 ? best_size : 0;
    return best;
}

static char *format_ipv6(char *out, const uint8_t *bytes)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint16_t groups[8];
    unsigned n_zeros;
    unsigned zeros;
    unsigned i;

    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        memcpy(out, "::ffff:", 7);
        return format_ipv4(out + 7, bytes + 12);
    }
    for (i = 0; i < 8; i++) {
        groups[i] = fpool_dns_wire_get16(bytes + 2 * (size_t)i);
    }
    zeros = find_zeros(groups, &n_zeros);
    for (i = 0; i < 8; i++) {
        if (n_zeros > 0 && i == zeros) {
            *out++ = ':';
            *out++ = ':';
            i += n_zeros - 1;
            continue;
        }
        if (i > 0 && out[-1] != ':') {
            *out++ = ':';
        }
        out = format_group(out, groups[i]);
    }
    return out;
}

void fpool_dns_put_ipv6(struct fpool_dns_writer *w, const uint8_t *bytes)
{
    char text[FPOOL_DNS_MAX_ADDRESS_TEXT];

    fpool_dns_put(w, text, (size_t)(format_ipv6(text, bytes) - text));
}

/* ---- Strings. */

void fpool_dns_put_escaped(struct fpool_dns_writer *w, const uint8_t *bytes,
                           size_t size)
{
    size_t i;

    for (i = 0; i < size && !w->is_full; i++) {
        unsigned c = bytes[i];

        if (c < ' ' || c >= 0x7f) {
            fpool_dns_put_char(w, '\\');
            fpool_dns_put_char(w, (char)('0' + c / 100));
            fpool_dns_put_char(w, (char)('0' + c / 10 % 10));
            fpool_dns_put_char(w, (char)('0' + c % 10));
            continue;
        }
        if (c == '"' || c == '\\') {
            fpool_dns_put_char(w, '\\');
        }
        fpool_dns_put_char(w, (char)c);
    }
}

void fpool_dns_put_quoted(struct fpool_dns_writer *w, const uint8_t *bytes,
                          size_t size)
{
    fpool_dns_put_char(w, '"');
    fpool_dns_put_escaped(w, bytes, size);
    fpool_dns_put_char(w, '"');
}

/* ---- The reader's numbers. */

uint32_t fpool_dns_take_number(struct fpool_dns_reader *r, size_t size)
{
    const uint8_t *bytes = fpool_dns_take(r, size);
    uint32_t number = 0;
    size_t i;

    for (i = 0; bytes != NULL && i < size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}
