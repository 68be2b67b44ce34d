/* SPDX-License-Identifier: MIT */
/* Reads a DNS query (RFC 1035, section 4; RFC 6891 for OPT).  Called by dnsd.c.
 */
#include "dnsd.h"

#include <string.h>

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    return hash;
}

/* A question has no compression: nothing comes before it. */
static bool read_name(struct query *q)
{
    const uint8_t *from = q->bytes + DNSD_HEADER_SIZE;
    size_t left = q->size - DNSD_HEADER_SIZE;
    size_t label_end = 0;
    size_t i;

    for (i = 0; i < left && i < 255; i++) {
        uint8_t c = from[i];

        q->name[i] = c;
        if (i < label_end) {
            if (c >= 'A' && c <= 'Z') {
                q->name[i] = (uint8_t)(c | 0x20);
                q->has_capitals = true;
            }
            continue;
        }
        if (c > 63) {
            return false;
        }
        label_end = i + 1 + c;
        if (c == 0) {
            q->name_size = i + 1;
            return true;
        }
    }
    return false;
}

/* Only an OPT whose owner is the root, directly behind the question, as all
 * resolvers write it. */
static void read_opt(struct query *q)
{
    const uint8_t *p = q->bytes + q->question_end;

    if (q->size - q->question_end >= 11 && get16(q->bytes + 6) == 0 &&
        get16(q->bytes + 8) == 0 && get16(q->bytes + 10) > 0 && p[0] == 0 &&
        get16(p + 1) == TYPE_OPT) {
        q->has_opt = true;
        q->udp_size = (uint16_t)get16(p + 3);
    }
    if (q->udp_size < 512) {
        q->udp_size = 512;
    }
}

bool query_read(struct query *q, const uint8_t *bytes, size_t size)
{
    const uint8_t *tail;

    memset(q, 0, sizeof(*q));
    q->bytes = bytes;
    q->size = size;
    if (size < DNSD_HEADER_SIZE || (bytes[2] & 0xf8) != 0 ||
        get16(bytes + 4) != 1 || !read_name(q) ||
        size - DNSD_HEADER_SIZE - q->name_size < 4) {
        return false;
    }
    tail = bytes + DNSD_HEADER_SIZE + q->name_size;
    q->id = (uint16_t)get16(bytes);
    q->type = (uint16_t)get16(tail);
    q->class = (uint16_t)get16(tail + 2);
    q->question_end = DNSD_HEADER_SIZE + q->name_size + 4;
    q->hash = hash_bytes(HASH_START, q->name, q->name_size);
    q->hash = hash_bytes(q->hash, tail, 2);
    read_opt(q);
    return true;
}
