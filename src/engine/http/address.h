/* SPDX-License-Identifier: MIT */
/* Addresses of sockets: IPv4 or IPv6, with a port.
 *
 * Purpose: one small type for addresses that are known without the dns engine,
 *   and the numbers that are written next to addresses.
 * Use: parse a literal, or copy a socket's; hand '&a.sa' and its size on.
 * Ownership: plain data.
 * Thread-safety: any thread.
 * Limits: AF_INET and AF_INET6; literals without a scope. */
#ifndef FPOOL_ENGINE_HTTP_ADDRESS_H
#define FPOOL_ENGINE_HTTP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* With the zero that ends it. */
#define FPOOL_HTTP_ADDRESS_TEXT_SIZE 46

union fpool_http_address {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Bytes of the socket address; 0 for a family that is neither. */
socklen_t fpool_http_address_size(const union fpool_http_address *a);

/* The address alone, without port, scope and brackets; "" for a family that is
 * neither. */
void fpool_http_address_text(const union fpool_http_address *a,
                             char ret_text[FPOOL_HTTP_ADDRESS_TEXT_SIZE]);

/* Reads 'size' bytes: an IPv4 address of four decimal numbers, or an IPv6
 * address without brackets.  'port' is in the machine's order.  False, with
 * nothing written, for anything else. */
bool fpool_http_address_parse(union fpool_http_address *ret_address,
                              const char *text, size_t size, uint16_t port);

/* Reads 'size' bytes that are a decimal number of at most 'max', without sign
 * and zeros in front; false, with nothing written, for anything else. */
bool fpool_http_decimal_parse(unsigned *ret_number, const char *text,
                              size_t size, unsigned max);

#endif
