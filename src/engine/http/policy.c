/* SPDX-License-Identifier: MIT */
/* The judge of addresses: networks that the caller names, and what is known of
 * the special ones; asked for each socket that is about to be connected. */
#include "engine/http/policy.h"

#include <string.h>

#include "base/mem.h"
#include "engine/http/address.h"
#include "engine/http/special.h"

#define MAX_NETS 4096

struct net {
    bool is_v4;
    unsigned n_bits;
    uint16_t part[8];
};

struct fpool_http_policy {
    bool denies_private;
    size_t n_allow;
    size_t n_deny;
    struct net nets[]; /* the allowed, then the denied */
};

bool fpool_http_address_is_private(const struct sockaddr *address)
{
    struct fpool_http_place place;

    return !fpool_http_place_get(&place, address) ||
           fpool_http_place_is_private(&place);
}

/* ---- Lists of networks. */

/* The next network of a list, or false at its end. */
static bool next_net(const char **cursor, const char **ret_text,
                     size_t *ret_size)
{
    static const char separators[] = ", \t\r\n";

    *ret_text = *cursor + strspn(*cursor, separators);
    *ret_size = strcspn(*ret_text, separators);
    *cursor = *ret_text + *ret_size;
    return *ret_size > 0;
}

/* Sets the parts and the number of bits of 'text', an address. */
static bool parse_place(struct net *net, const char *text, size_t size)
{
    union fpool_http_address a;
    struct fpool_http_place place;

    if (!fpool_http_address_parse(&a, text, size, 0)) {
        return false;
    }
    fpool_http_place_get(&place, &a.sa);
    net->is_v4 = place.is_v4;
    net->n_bits = place.is_v4 ? 32 : 128;
    memcpy(net->part, place.part, sizeof(net->part));
    return true;
}

/* NULL, or what is wrong with the network. */
static const char *parse_net(struct net *net, const char *text, size_t size)
{
    const char *slash = memchr(text, '/', size);
    size_t address_size = slash == NULL ? size : (size_t)(slash - text);
    unsigned n_bits = 0;
    unsigned n_mapped = 0;

    if (!parse_place(net, text, address_size)) {
        return "not an IPv4 or IPv6 address";
    }
    if (slash == NULL) {
        return NULL;
    }
    if (net->is_v4 && memchr(text, ':', address_size) != NULL) {
        n_mapped = 96; /* ::ffff:10.0.0.0/104 is 10.0.0.0/8 */
    }
    if (!fpool_http_decimal_parse(&n_bits, slash + 1, size - address_size - 1,
                                  net->n_bits + n_mapped) ||
        n_bits < n_mapped) {
        return net->is_v4 && n_mapped == 0
                   ? "the prefix is not a number from 0 to 32"
               : n_mapped != 0 ? "the prefix is not a number from 96 to 128"
                               : "the prefix is not a number from 0 to 128";
    }
    net->n_bits = n_bits - n_mapped;
    return NULL;
}

/* Parses a list, into 'nets' unless that is NULL; NULL, or what is wrong. */
static const char *parse_list(const char *list, struct net *nets, size_t *ret_n)
{
    struct net net;
    const char *text;
    const char *reason;
    size_t size;
    size_t n = 0;

    while (next_net(&list, &text, &size)) {
        if (n == MAX_NETS) {
            return "more than 4096 networks";
        }
        reason = parse_net(&net, text, size);
        if (reason != NULL) {
            return reason;
        }
        if (nets != NULL) {
            nets[n] = net;
        }
        n++;
    }
    *ret_n = n;
    return n == 0 ? "no network in the list" : NULL;
}

const char *fpool_http_policy_check(const char *nets)
{
    size_t n;

    return nets == NULL ? NULL : parse_list(nets, NULL, &n);
}

/* ---- The policy. */

enum fpool_status fpool_http_policy_create(
    struct fpool_http_policy **ret_policy, bool denies_private,
    const char *allow_nets, const char *deny_nets)
{
    struct fpool_http_policy *policy;
    size_t n_allow = 0;
    size_t n_deny = 0;

    if ((allow_nets != NULL &&
         parse_list(allow_nets, NULL, &n_allow) != NULL) ||
        (deny_nets != NULL && parse_list(deny_nets, NULL, &n_deny) != NULL)) {
        return FPOOL_EINVAL;
    }
    if (!denies_private && deny_nets == NULL) {
        *ret_policy = NULL;
        return FPOOL_OK;
    }
    policy = fpool_calloc(1, sizeof(*policy) +
                                 (n_allow + n_deny) * sizeof(policy->nets[0]));
    if (policy == NULL) {
        return FPOOL_ENOMEM;
    }
    policy->denies_private = denies_private;
    if (allow_nets != NULL) {
        parse_list(allow_nets, policy->nets, &policy->n_allow);
    }
    if (deny_nets != NULL) {
        parse_list(deny_nets, policy->nets + n_allow, &policy->n_deny);
    }
    *ret_policy = policy;
    return FPOOL_OK;
}

void fpool_http_policy_destroy(struct fpool_http_policy **policy)
{
    fpool_free(*policy);
    *policy = NULL;
}

static bool is_in(const struct fpool_http_place *place, const struct net *nets,
                  size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (nets[i].is_v4 == place->is_v4 &&
            fpool_http_place_is_within(place, nets[i].part, nets[i].n_bits)) {
            return true;
        }
    }
    return false;
}

/* What embeds a denied IPv4 address is denied too, or 64:ff9b::192.0.2.1 would
 * be the way around "192.0.2.0/24" in a network with NAT64. */
static bool is_denied(const struct fpool_http_policy *policy,
                      const struct fpool_http_place *place)
{
    const struct net *deny = policy->nets + policy->n_allow;
    struct fpool_http_place embedded[FPOOL_HTTP_MAX_EMBEDDED];
    size_t n = fpool_http_place_get_embedded(embedded, place);
    size_t i;

    for (i = 0; i < n; i++) {
        if (is_in(&embedded[i], deny, policy->n_deny)) {
            return true;
        }
    }
    return is_in(place, deny, policy->n_deny);
}

bool fpool_http_policy_allows(const struct fpool_http_policy *policy,
                              const struct sockaddr *address)
{
    struct fpool_http_place place;

    if (policy == NULL) {
        return true;
    }
    if (!fpool_http_place_get(&place, address)) {
        return false;
    }
    if (is_in(&place, policy->nets, policy->n_allow)) {
        return true;
    }
    return !(policy->denies_private && fpool_http_place_is_private(&place)) &&
           !is_denied(policy, &place);
}
