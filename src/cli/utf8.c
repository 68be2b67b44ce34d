/* SPDX-License-Identifier: MIT */
/* Decoding and encoding of UTF-8; called by out.c and json.c. */
#include "utf8.h"

size_t cli_utf8_decode(const char *data, size_t size, uint32_t *ret_code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = (unsigned char)data[0];
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    uint32_t code;
    size_t i;

    if (n == 0 || c > 0xf4 || n > size) {
        return 0;
    }
    code = n == 1 ? c : c & (0x7fu >> n);
    for (i = 1; i < n; i++) {
        unsigned char next = (unsigned char)data[i];

        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (next & 0x3fu);
    }
    if (code < least[n] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    *ret_code = code;
    return n;
}

size_t cli_utf8_encode(uint32_t code, char *ret_data)
{
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    size_t i;

    if (n == 1) {
        ret_data[0] = (char)code;
        return 1;
    }
    for (i = n - 1; i > 0; i--) {
        ret_data[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    ret_data[0] = (char)((0xf00u >> n & 0xf0u) | code);
    return n;
}

bool cli_utf8_is_dangerous(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb);
}
