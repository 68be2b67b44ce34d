/* SPDX-License-Identifier: MIT */
/* Names for addresses; called for questions of the type PTR. */
#include "engine/dns/reverse.h"

#include <string.h>

static char *write_decimal(char *p, unsigned n)
{
    if (n >= 100) {
        *p++ = (char)('0' + n / 100);
    }
    if (n >= 10) {
        *p++ = (char)('0' + n / 10 % 10);
    }
    *p++ = (char)('0' + n % 10);
    return p;
}

void fpool_dns_reverse_name(const uint8_t *address, size_t size,
                            char text[FPOOL_DNS_REVERSE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    const char *zone = size == 4 ? "in-addr.arpa" : "ip6.arpa";
    char *p = text;
    size_t i;

    for (i = size; i-- > 0;) {
        if (size == 4) {
            p = write_decimal(p, address[i]);
        } else {
            *p++ = digits[address[i] & 15];
            *p++ = '.';
            *p++ = digits[address[i] >> 4];
        }
        *p++ = '.';
    }
    memcpy(p, zone, strlen(zone) + 1);
}
