/* SPDX-License-Identifier: MIT */
/* Compressed answers of the test server, written by hand so that it needs no
 * library.  Called by httpd_virtual.c.
 *
 *     gzip/N    the first N bytes of the pattern, in blocks that are stored
 *     bomb/N    N bytes that become about 158 times as many, without an end */
#include "httpd.h"

#include <string.h>

#define BLOCK_SIZE 65535u

static const unsigned char gzip_head[10] = {
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3
};

static uint32_t crc32_of(uint32_t crc, const unsigned char *bytes, size_t size)
{
    size_t i;
    int bit;

    crc = ~crc;
    for (i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

static void put_little(struct answer *answer, uint32_t n, size_t size)
{
    for (; size > 0; size--) {
        unsigned char byte = (unsigned char)(n & 0xff);

        put_bytes(answer, &byte, 1);
        n >>= 8;
    }
}

static void put_gzip(struct answer *answer, const struct request *request,
                     uint64_t size)
{
    static char block[BLOCK_SIZE];
    uint64_t n_blocks = size == 0 ? 1 : (size + BLOCK_SIZE - 1) / BLOCK_SIZE;
    uint64_t position = 0;
    uint32_t crc = 0;

    put_head(answer, request, 200, 10 + 5 * n_blocks + size + 8,
             "Content-Encoding: gzip\r\n");
    if (request->is_head) {
        return;
    }
    put_bytes(answer, gzip_head, sizeof(gzip_head));
    do {
        uint64_t left = size - position;
        uint32_t n = left < BLOCK_SIZE ? (uint32_t)left : BLOCK_SIZE;

        pattern_fill(block, n, position);
        crc = crc32_of(crc, (const unsigned char *)block, n);
        put_little(answer, position + n == size, 1);
        put_little(answer, n, 2);
        put_little(answer, ~n & 0xffff, 2);
        put_bytes(answer, block, n);
        position += n;
    } while (position < size);
    put_little(answer, crc, 4);
    put_little(answer, (uint32_t)size, 4);
}

/* Writes bits, the first as the lowest of a byte: RFC 1951, section 3.1.1. */
struct bits {
    unsigned char bytes[64];
    size_t n;
};

static void put_bits(struct bits *bits, const char *ones_and_zeros)
{
    for (; *ones_and_zeros != '\0'; ones_and_zeros++) {
        if (*ones_and_zeros == '1') {
            bits->bytes[bits->n / 8] |= (unsigned char)(1 << bits->n % 8);
        }
        bits->n++;
    }
}

/* One block with fixed codes (RFC 1951, section 3.2.6): the byte 'x', then for
 * ever "258 bytes as the last one", which is 13 bits, so that 13 bytes hold
 * eight of them. */
static void put_bomb(struct answer *answer, const struct request *request,
                     uint64_t size)
{
    static struct bits bits;
    int i;

    if (bits.n == 0) {
        put_bits(&bits, "110"); /* the last block; fixed codes */
        put_bits(&bits, "10101000");
        for (i = 0; i < 16; i++) {
            put_bits(&bits, "1100010100000");
        }
    }
    put_head(answer, request, 200, size, "Content-Encoding: gzip\r\n");
    if (!request->is_head && size > 12) {
        put_bytes(answer, gzip_head, sizeof(gzip_head));
        put_bytes(answer, bits.bytes, 2);
        answer->repeat = (const char *)bits.bytes + 2;
        answer->repeat_size = 13;
        answer->left = size - 12;
    }
}

bool answer_gzip(struct answer *answer, struct request *request,
                 const char *path)
{
    uint64_t n;

    if (whole_number(after(path, "gzip/"), (uint64_t)1 << 26, &n)) {
        put_gzip(answer, request, n);
        return true;
    }
    if (whole_number(after(path, "bomb/"), (uint64_t)1 << 40, &n)) {
        put_bomb(answer, request, n);
        return true;
    }
    return false;
}
