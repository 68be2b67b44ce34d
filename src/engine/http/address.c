/* SPDX-License-Identifier: MIT */
/* Literal addresses, to and from text; called by the readers of options. */
#include "engine/http/address.h"

#include <arpa/inet.h>
#include <string.h>

socklen_t fpool_http_address_size(const union fpool_http_address *a)
{
    switch (a->sa.sa_family) {
    case AF_INET:
        return sizeof(a->v4);
    case AF_INET6:
        return sizeof(a->v6);
    default:
        return 0;
    }
}

void fpool_http_address_text(const union fpool_http_address *a,
                             char ret_text[FPOOL_HTTP_ADDRESS_TEXT_SIZE])
{
    const void *bytes = a->sa.sa_family == AF_INET6
                            ? (const void *)&a->v6.sin6_addr
                            : (const void *)&a->v4.sin_addr;

    if (inet_ntop(a->sa.sa_family, bytes, ret_text,
                  FPOOL_HTTP_ADDRESS_TEXT_SIZE) == NULL) {
        ret_text[0] = '\0';
    }
}

bool fpool_http_address_parse(union fpool_http_address *ret_address,
                              const char *text, size_t size, uint16_t port)
{
    union fpool_http_address a;
    char copy[FPOOL_HTTP_ADDRESS_TEXT_SIZE];

    if (size >= sizeof(copy) || memchr(text, '\0', size) != NULL) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    memset(&a, 0, sizeof(a));
    if (inet_pton(AF_INET, copy, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, copy, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
    } else {
        return false;
    }
    *ret_address = a;
    return true;
}

bool fpool_http_decimal_parse(unsigned *ret_number, const char *text,
                              size_t size, unsigned max)
{
    unsigned number = 0;
    size_t i;

    if (size == 0 || (size > 1 && text[0] == '0')) {
        return false;
    }
    for (i = 0; i < size; i++) {
        unsigned digit = (unsigned)text[i] - '0';

        if (digit > 9 || digit > max || number > (max - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}
