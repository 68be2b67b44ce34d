/* SPDX-License-Identifier: MIT */
/* Answers made of addresses; called by lookups, the cache, the hosts file. */
#include "engine/dns/addresses.h"

#include <arpa/inet.h>
#include <string.h>

#include "engine/dns/address.h"
#include "engine/dns/label.h"
#include "engine/dns/type.h"

void fpool_dns_mix_init(struct fpool_dns_mix *m, unsigned families,
                        bool is_v6_first)
{
    m->families = families;
    m->is_v6_first = is_v6_first;
    m->n[FPOOL_DNS_FAMILY_V6] = m->n[FPOOL_DNS_FAMILY_V4] = 0;
}

void fpool_dns_mix_put(struct fpool_dns_mix *m,
                       const union fpool_dns_address *address)
{
    enum fpool_dns_family family = address->sa.sa_family == AF_INET6
                                       ? FPOOL_DNS_FAMILY_V6
                                       : FPOOL_DNS_FAMILY_V4;

    if ((m->families & 1u << family) != 0 &&
        fpool_dns_address_is_usable(address) &&
        m->n[family] < FPOOL_DNS_MAX_ADDRESSES) {
        m->list[family][m->n[family]++] = *address;
    }
}

void fpool_dns_addresses_set(struct fpool_dns_addresses *a,
                             const struct fpool_dns_mix *m, const char *reason)
{
    enum fpool_dns_family family =
        m->is_v6_first ? FPOOL_DNS_FAMILY_V6 : FPOOL_DNS_FAMILY_V4;
    size_t used[FPOOL_DNS_N_FAMILIES] = { 0 };
    size_t total = m->n[FPOOL_DNS_FAMILY_V6] + m->n[FPOOL_DNS_FAMILY_V4];

    a->status = total > 0 ? FPOOL_DNS_OK : FPOOL_DNS_NODATA;
    a->reason = total > 0 ? "" : reason;
    a->n = 0;
    while (a->n < total && a->n < FPOOL_DNS_MAX_ADDRESSES) {
        if (used[family] < m->n[family]) {
            a->list[a->n++] = m->list[family][used[family]++];
        }
        family = family == FPOOL_DNS_FAMILY_V6 ? FPOOL_DNS_FAMILY_V4
                                               : FPOOL_DNS_FAMILY_V6;
    }
}

void fpool_dns_addresses_fail(struct fpool_dns_addresses *a,
                              enum fpool_dns_status status, const char *reason)
{
    a->status = status;
    a->reason = reason;
    a->n = 0;
}

/* ---- Literals. */

bool fpool_dns_literal_parse(union fpool_dns_address *a, const char *text,
                             size_t size)
{
    char word[INET6_ADDRSTRLEN];
    struct in6_addr v6;
    struct in_addr v4;

    if (memchr(text, '%', size) != NULL) { /* Nothing but v6 comes with it. */
        if (text[0] == '[' || !fpool_dns_address_parse(a, text, size)) {
            return false;
        }
        a->v6.sin6_port = 0;
        return true;
    }
    if (size >= sizeof(word) || memchr(text, '\0', size) != NULL) {
        return false;
    }
    memcpy(word, text, size);
    word[size] = '\0';
    if (inet_pton(AF_INET, word, &v4) == 1) {
        fpool_dns_address_set_v4(a, &v4, 0);
        return true;
    }
    if (inet_pton(AF_INET6, word, &v6) == 1) {
        fpool_dns_address_set_v6(a, &v6, 0, 0);
        return true;
    }
    return false;
}

static bool parse_host(union fpool_dns_address *a, const char *host,
                       size_t size)
{
    if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
        return memchr(host, ':', size) != NULL &&
               fpool_dns_literal_parse(a, host + 1, size - 2);
    }
    if (size > 1 && host[size - 1] == '.') {
        size--; /* "192.0.2.1." */
    }
    return size > 0 && fpool_dns_literal_parse(a, host, size);
}

/* ---- Names. */

/* 'label' is in lower case and ends with a zero byte, as a name does. */
static bool is_below(const struct fpool_dns_question *q, const char *label)
{
    size_t size = strlen(label);
    size_t last = 0;
    size_t i;

    for (i = 0; q->wire[i] != 0; i += q->wire[i] + 1u) {
        last = i;
    }
    return q->wire[last] == size &&
           memcmp(q->wire + last + 1, label, size + 1) == 0;
}

static void set_loopback(struct fpool_dns_addresses *a, unsigned families,
                         bool is_v6_first)
{
    const in_addr_t v4 = htonl(INADDR_LOOPBACK);
    union fpool_dns_address address;
    struct fpool_dns_mix mix;

    fpool_dns_mix_init(&mix, families, is_v6_first);
    fpool_dns_address_set_v6(&address, &in6addr_loopback, 0, 0);
    fpool_dns_mix_put(&mix, &address);
    fpool_dns_address_set_v4(&address, &v4, 0);
    fpool_dns_mix_put(&mix, &address);
    fpool_dns_addresses_set(a, &mix, "localhost has no such address");
}

/* What is wrong with a host that would be right in an item, or NULL. */
static const char *find_fault(const char *host, size_t size)
{
    size_t i;

    if (size > 0 && host[0] == '[') {
        return "no IPv6 address in the brackets";
    }
    for (i = 0; i < size; i++) {
        if (fpool_dns_is_blank(host[i])) {
            return "blank in the name"; /* A type could stand behind it. */
        }
    }
    return NULL;
}

bool fpool_dns_addresses_offhand(struct fpool_dns_addresses *a,
                                 struct fpool_dns_question *q, const char *host,
                                 size_t size, unsigned families,
                                 bool is_v6_first)
{
    const char *reason;
    enum fpool_status st;

    if (parse_host(&a->list[0], host, size)) {
        a->status = FPOOL_DNS_OK;
        a->reason = "";
        a->n = 1;
        return true;
    }
    reason = find_fault(host, size);
    if (reason != NULL) {
        fpool_dns_addresses_fail(a, FPOOL_DNS_BADNAME, reason);
        return true;
    }
    st = fpool_dns_question_parse(q, host, size, NULL, FPOOL_DNS_TYPE_A,
                                  &reason);
    if (st == FPOOL_EINVALID) {
        fpool_dns_addresses_fail(a, FPOOL_DNS_BADNAME, reason);
    } else if (st != FPOOL_OK) {
        fpool_dns_addresses_fail(a, FPOOL_DNS_FAILED, "out of memory");
    } else if (is_below(q, "localhost")) {
        set_loopback(a, families, is_v6_first);
    } else if (is_below(q, "onion")) {
        fpool_dns_addresses_fail(
            a, FPOOL_DNS_NXDOMAIN,
            "names of this kind are never asked for (RFC 7686)");
    } else {
        return false;
    }
    return true;
}
