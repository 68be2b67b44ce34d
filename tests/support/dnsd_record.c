/* SPDX-License-Identifier: MIT */
/* Writes DNS messages, and well-formed data for every record type.  Called by
 * dnsd_answer.c and dnsd_ask.c. */
#include "dnsd.h"

#include <string.h>

void put_bytes(struct message *m, const void *bytes, size_t size)
{
    if (size > m->max - m->size) {
        m->is_full = true;
        return;
    }
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
}

void put8(struct message *m, unsigned n)
{
    uint8_t byte = (uint8_t)n;

    put_bytes(m, &byte, 1);
}

void put16(struct message *m, unsigned n)
{
    uint8_t bytes[2] = { (uint8_t)(n >> 8), (uint8_t)n };

    put_bytes(m, bytes, sizeof(bytes));
}

void put32(struct message *m, uint32_t n)
{
    put16(m, n >> 16);
    put16(m, n & 0xffff);
}

/* One label of "a.b", up to the dot or one of the bytes that end a name. */
static size_t label_size(const char *text)
{
    return strcspn(text, ". |");
}

static const char *put_labels(struct message *m, const char *text)
{
    size_t n = label_size(text);

    while (n > 0) {
        put8(m, (unsigned)n);
        put_bytes(m, text, n);
        text += n;
        text += *text == '.';
        n = label_size(text);
    }
    put8(m, 0);
    return text + (*text == '.');
}

void put_name(struct message *m, const char *text)
{
    put_labels(m, text);
}

size_t record_begin(struct message *m, unsigned type, uint32_t ttl)
{
    put16(m, type);
    put16(m, 1);
    put32(m, ttl);
    put16(m, 0);
    return m->size;
}

void record_end(struct message *m, size_t at, size_t count)
{
    size_t size = m->size - at;

    if (m->is_full) {
        return;
    }
    m->bytes[at - 2] = (uint8_t)(size >> 8);
    m->bytes[at - 1] = (uint8_t)size;
    if (++m->bytes[count + 1] == 0) {
        m->bytes[count]++;
    }
}

/* Data in a small language: pairs of hexadecimal digits are bytes, @a.b is a
 * name, "text" a character string with its length, 'text' bare bytes; blanks
 * mean nothing. */
static const struct {
    unsigned type;
    const char *data;
} known[] = {
    { 2, "@ns1.example.test" },
    { 5, "@target.example.test" },
    { 6, "@ns1.example.test @host.example.test 00000001 00000e10 00000258 "
         "00015180 0000012c" },
    { 12, "@host.example.test" },
    { 13, "\"RFC8482\" \"\"" },
    { 15, "000a @mail.example.test" },
    { 16, "\"v=spf1 -all\" \"two strings\"" },
    { 17, "@someone.example.test @text.example.test" },
    { 18, "0001 @afs.example.test" },
    { 29, "00 12 16 13 8b3556f8 7f74e490 00989680" },
    { 33, "0001 0002 01bb @sip.example.test" },
    { 35, "0064 000a \"u\" \"E2U+sip\" \"!^.*$!sip:x@example.test!\" @." },
    { 37, "0001 3039 08 00112233" },
    { 39, "@other.example.test" },
    { 43, "ea60 08 02 00112233445566778899aabbccddeeff"
          "00112233445566778899aabbccddeeff" },
    { 44, "01 01 00112233445566778899aabbccddeeff00112233" },
    { 46, "0001 08 02 0000012c 69000000 68000000 ea60 @example.test "
          "00112233445566778899aabbccddeeff" },
    { 47, "@next.example.test 0006 400000000003" },
    { 48, "0101 03 08 03010001 00112233445566778899aabbccddeeff" },
    { 50, "01 00 0001 02 aabb 04 00112233 0006 400000000003" },
    { 51, "01 00 0001 02 aabb" },
    { 52, "03 01 01 00112233445566778899aabbccddeeff"
          "00112233445566778899aabbccddeeff" },
    { 59, "ea60 08 02 00112233445566778899aabbccddeeff"
          "00112233445566778899aabbccddeeff" },
    { 60, "0101 03 08 03010001 00112233445566778899aabbccddeeff" },
    { 61, "00112233445566778899aabbccddeeff" },
    { 62, "00000001 0003 0004 60000008" },
    { 64, "0001 @svc.example.test 0003 0002 1f90" },
    { 65, "0001 @. 0001 0006 02 'h2' 02 'h3' 0004 0008 c0000201 c0000202" },
    { 99, "\"v=spf1 -all\"" },
    { 108, "001122334455" },
    { 109, "0011223344556677" },
    { 256, "000a 0001 'https://example.test/'" },
    { 257, "00 05 'issue' 'ca.example.test'" },
};

static unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void put_language(struct message *m, const char *p)
{
    while (*p != '\0') {
        if (*p == ' ') {
            p++;
        } else if (*p == '@') {
            p = put_labels(m, p + 1);
        } else if (*p == '"' || *p == '\'') {
            size_t n = (size_t)(strchr(p + 1, *p) - (p + 1));

            if (*p == '"') {
                put8(m, (unsigned)n);
            }
            put_bytes(m, p + 1, n);
            p += n + 2;
        } else {
            put8(m, hex_digit(p[0]) << 4 | hex_digit(p[1]));
            p += 2;
        }
    }
}

void put_data(struct message *m, unsigned type, uint64_t hash)
{
    uint32_t low = (uint32_t)(hash ^ hash >> 32);
    size_t i;

    if (type == TYPE_A) {
        put32(m, 0x7f000000u | (low & 0xffffff));
        return;
    }
    if (type == TYPE_AAAA) {
        put32(m, 0x20010db8);
        put32(m, 0);
        put32(m, 0);
        put32(m, low);
        return;
    }
    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].type == type) {
            put_language(m, known[i].data);
            return;
        }
    }
    put32(m, low); /* any bytes will do: RFC 3597 */
    put16(m, type);
}
