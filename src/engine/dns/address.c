/* SPDX-License-Identifier: MIT */
/* Addresses of resolvers: from text, to text, and what they are.  Called for
 * each entry of a list, and for what came from where. */
#include "engine/dns/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#define MAX_PORT 65535u

/* The longest word that can be an address: "[v6%scope]:port". */
#define MAX_WORD (FPOOL_DNS_SERVER_TEXT_SIZE - 1)

void fpool_dns_address_set_v4(union fpool_dns_address *a, const void *bytes,
                              uint16_t port)
{
    memset(a, 0, sizeof(*a));
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons(port);
    memcpy(&a->v4.sin_addr, bytes, 4);
}

void fpool_dns_address_set_v6(union fpool_dns_address *a, const void *bytes,
                              uint16_t port, uint32_t scope)
{
    struct in6_addr v6;

    memcpy(&v6, bytes, 16);
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        fpool_dns_address_set_v4(a, v6.s6_addr + 12, port);
        return;
    }
    memset(a, 0, sizeof(*a));
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(port);
    a->v6.sin6_addr = v6;
    a->v6.sin6_scope_id = scope;
}

bool fpool_dns_address_is_usable(const union fpool_dns_address *a)
{
    const struct in6_addr *v6 = &a->v6.sin6_addr;

    if (a->sa.sa_family == AF_INET) {
        in_addr_t v4 = ntohl(a->v4.sin_addr.s_addr);

        return v4 != INADDR_ANY && v4 != INADDR_BROADCAST && !IN_MULTICAST(v4);
    }
    return !IN6_IS_ADDR_UNSPECIFIED(v6) && !IN6_IS_ADDR_MULTICAST(v6) &&
           IN6_IS_ADDR_LINKLOCAL(v6) == (a->v6.sin6_scope_id != 0);
}

/* ---- From text. */

/* A decimal number from 1 to 'max'; 0 for anything else. */
static uint32_t parse_number(const char *text, uint32_t max)
{
    uint64_t n = 0;

    while (*text >= '0' && *text <= '9' && n <= max) {
        n = 10 * n + (uint64_t)(*text - '0');
        text++;
    }
    return *text == '\0' && n <= max ? (uint32_t)n : 0;
}

/* The number of an interface given by its name or number; 0: there is none. */
static uint32_t parse_scope(const char *text)
{
    uint32_t scope = if_nametoindex(text);

    return scope != 0 ? scope : parse_number(text, UINT32_MAX);
}

static bool parse_v4(union fpool_dns_address *a, const char *text,
                     uint16_t port)
{
    struct in_addr v4;

    if (inet_pton(AF_INET, text, &v4) != 1) {
        return false;
    }
    fpool_dns_address_set_v4(a, &v4, port);
    return true;
}

/* Cuts 'text' at its '%'. */
static bool parse_v6(union fpool_dns_address *a, char *text, uint16_t port)
{
    char *percent = strchr(text, '%');
    struct in6_addr v6;
    uint32_t scope = 0;

    if (percent != NULL) {
        *percent = '\0';
        scope = parse_scope(percent + 1);
        if (scope == 0) {
            return false;
        }
    }
    if (inet_pton(AF_INET6, text, &v6) != 1 ||
        (scope != 0 && !IN6_IS_ADDR_LINKLOCAL(&v6))) {
        return false;
    }
    fpool_dns_address_set_v6(a, &v6, port, scope);
    return true;
}

/* "[v6]" or "[v6]:port". */
static bool parse_bracketed(union fpool_dns_address *a, char *text)
{
    char *end = strchr(text, ']');
    uint32_t port = FPOOL_DNS_PORT;

    if (end == NULL) {
        return false;
    }
    if (end[1] != '\0') {
        port = end[1] == ':' ? parse_number(end + 2, MAX_PORT) : 0;
    }
    *end = '\0';
    return port != 0 && parse_v6(a, text + 1, (uint16_t)port);
}

static bool parse(union fpool_dns_address *a, char *text)
{
    char *colon = strchr(text, ':');
    uint32_t port = FPOOL_DNS_PORT;

    if (text[0] == '[') {
        return parse_bracketed(a, text);
    }
    if (colon != NULL && strchr(colon + 1, ':') != NULL) {
        return parse_v6(a, text, FPOOL_DNS_PORT);
    }
    if (colon != NULL) {
        port = parse_number(colon + 1, MAX_PORT);
        *colon = '\0';
    }
    return port != 0 && parse_v4(a, text, (uint16_t)port);
}

bool fpool_dns_address_parse(union fpool_dns_address *a, const char *text,
                             size_t size)
{
    char word[MAX_WORD + 1];

    if (size > MAX_WORD || memchr(text, '\0', size) != NULL) {
        return false;
    }
    memcpy(word, text, size);
    word[size] = '\0';
    return parse(a, word) && fpool_dns_address_is_usable(a);
}

/* ---- To text. */

static char *write_text(char *p, const char *text)
{
    size_t size = strlen(text);

    memcpy(p, text, size);
    return p + size;
}

static char *write_number(char *p, uint32_t n)
{
    char digits[10];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    memcpy(p, digits + i, sizeof(digits) - i);
    return p + sizeof(digits) - i;
}

static char *write_scope(char *p, uint32_t scope)
{
    char name[IF_NAMESIZE];

    *p++ = '%';
    return if_indextoname(scope, name) != NULL ? write_text(p, name)
                                               : write_number(p, scope);
}

void fpool_dns_address_text(const union fpool_dns_address *address,
                            char text[FPOOL_DNS_SERVER_TEXT_SIZE])
{
    const struct sockaddr_in6 *v6 = &address->v6;
    char ip[INET6_ADDRSTRLEN];
    char *p = text;

    if (address->sa.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof(ip));
        *p++ = '[';
        p = write_text(p, ip);
        p = v6->sin6_scope_id != 0 ? write_scope(p, v6->sin6_scope_id) : p;
        *p++ = ']';
    } else {
        inet_ntop(AF_INET, &address->v4.sin_addr, ip, sizeof(ip));
        p = write_text(p, ip);
    }
    *p++ = ':';
    /* The port is at the same place in both families. */
    p = write_number(p, ntohs(address->v4.sin_port));
    *p = '\0';
}

/* ---- What they are. */

socklen_t fpool_dns_address_size(const union fpool_dns_address *address)
{
    return address->sa.sa_family == AF_INET6 ? sizeof(address->v6)
                                             : sizeof(address->v4);
}

bool fpool_dns_address_is_same(const union fpool_dns_address *a,
                               const union fpool_dns_address *b)
{
    if (a->sa.sa_family != b->sa.sa_family) {
        return false;
    }
    if (a->sa.sa_family == AF_INET) {
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr &&
               a->v4.sin_port == b->v4.sin_port;
    }
    return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, 16) == 0 &&
           a->v6.sin6_port == b->v6.sin6_port &&
           a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

bool fpool_dns_address_is_loopback(const union fpool_dns_address *address)
{
    if (address->sa.sa_family == AF_INET) {
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}
