/* SPDX-License-Identifier: MIT */
/* Fuzz target of the lists of networks and of the addresses given for hosts.
 * The first byte chooses which, the 16 after it are an address, the rest is the
 * text.  A list of networks denies and allows what a naive reader
 * says, and an IPv4 address is judged alike in all its clothes.  Of the lines
 * for hosts the last one is found as it is written.  What is refused has a
 * reason.  Linked with driver.c, or with libFuzzer. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/http/address.h"
#include "engine/http/policy.h"
#include "engine/http/resolve_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold, also without asserts. */
static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static bool is_reason(const char *reason)
{
    return reason != NULL && reason[0] != '\0';
}

/* ---- Networks. */

/* An address in the form of IPv6, IPv4 mapped. */
struct naive {
    uint8_t bytes[16];
};

static bool is_mapped(const struct naive *a)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

/* Whether the first 'n_bits' of both are the same, one by one. */
static bool is_same(const struct naive *a, const struct naive *b,
                    unsigned n_bits)
{
    unsigned i;

    for (i = 0; i < n_bits; i++) {
        if (((a->bytes[i / 8] ^ b->bytes[i / 8]) >> (7 - i % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

/* Reads one network of a list that was taken, "ADDRESS[/BITS]". */
static unsigned read_net(struct naive *net, char *text)
{
    char *slash = strchr(text, '/');
    bool is_v6 = strchr(text, ':') != NULL;
    unsigned n_bits = 128;

    if (slash != NULL) {
        *slash = '\0';
        n_bits = (unsigned)strtoul(slash + 1, NULL, 10) + (is_v6 ? 0 : 96);
    }
    memset(net, 0, sizeof(*net));
    net->bytes[10] = 0xff;
    net->bytes[11] = 0xff;
    must(inet_pton(is_v6 ? AF_INET6 : AF_INET, text,
                   net->bytes + (is_v6 ? 0 : 12)) == 1);
    return n_bits;
}

static bool naive_contains(const char *list, const struct naive *a)
{
    char text[64];
    struct naive net;
    unsigned n_bits;
    size_t size;

    for (;;) {
        list += strspn(list, ", \t\r\n");
        size = strcspn(list, ", \t\r\n");
        if (size == 0) {
            return false;
        }
        must(size < sizeof(text));
        memcpy(text, list, size);
        text[size] = '\0';
        list += size;
        n_bits = read_net(&net, text);
        if (is_mapped(&net) == is_mapped(a) && is_same(&net, a, n_bits)) {
            return true;
        }
    }
}

static union fpool_http_address to_address(const struct naive *a)
{
    union fpool_http_address address;

    memset(&address, 0, sizeof(address));
    address.v6.sin6_family = AF_INET6;
    memcpy(&address.v6.sin6_addr, a->bytes, sizeof(a->bytes));
    return address;
}

static void check_list(const char *list, const struct naive *a)
{
    union fpool_http_address address = to_address(a);
    struct fpool_http_policy *policy = NULL;
    bool is_in = naive_contains(list, a);
    bool is_private = fpool_http_address_is_private(&address.sa);

    /* More may be denied: what embeds a denied address. */
    must(fpool_http_policy_create(&policy, false, NULL, list) == FPOOL_OK);
    must(!is_in || !fpool_http_policy_allows(policy, &address.sa));
    if (is_mapped(a)) {
        must(fpool_http_policy_allows(policy, &address.sa) == !is_in);
    }
    fpool_http_policy_destroy(&policy);
    must(fpool_http_policy_create(&policy, true, list, NULL) == FPOOL_OK);
    must(fpool_http_policy_allows(policy, &address.sa) ==
         (is_in || !is_private));
    fpool_http_policy_destroy(&policy);
}

/* The last four bytes, as an IPv4 address and in what embeds one. */
static void check_clothes(const struct naive *a)
{
    static const char *const prefixes[] = { "::ffff:0:0",
                                            "64:ff9b::", "::ffff:0:0:0",
                                            "2a00::5efe:0:0" };
    union fpool_http_address v4;
    union fpool_http_address v6;
    struct naive clothes = { { 0x20, 0x02 } };
    bool is_private;
    size_t i;

    memset(&v4, 0, sizeof(v4));
    v4.v4.sin_family = AF_INET;
    memcpy(&v4.v4.sin_addr, a->bytes + 12, 4);
    is_private = fpool_http_address_is_private(&v4.sa);
    memcpy(clothes.bytes + 2, a->bytes + 12, 4);
    v6 = to_address(&clothes);
    must(fpool_http_address_is_private(&v6.sa) == is_private);
    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        must(inet_pton(AF_INET6, prefixes[i], clothes.bytes) == 1);
        memcpy(clothes.bytes + 12, a->bytes + 12, 4);
        v6 = to_address(&clothes);
        must(fpool_http_address_is_private(&v6.sa) == is_private);
    }
}

static void check_nets(const char *list, const struct naive *a)
{
    struct fpool_http_policy *policy = NULL;
    const char *reason = fpool_http_policy_check(list);

    check_clothes(a);
    if (reason == NULL) {
        check_list(list, a);
        return;
    }
    must(is_reason(reason));
    must(fpool_http_policy_create(&policy, true, NULL, list) == FPOOL_EINVAL);
    must(fpool_http_policy_create(&policy, true, list, NULL) == FPOOL_EINVAL);
    must(policy == NULL);
}

/* ---- Hosts. */

/* Where the last line begins that is not blank. */
static char *last_line(char *lines)
{
    size_t size = strlen(lines);
    char *begin;

    while (size > 0 && strchr(" \t\n\v\f\r", lines[size - 1]) != NULL) {
        size--;
    }
    lines[size] = '\0';
    begin = strrchr(lines, '\n');
    begin = begin == NULL ? lines : begin + 1;
    return begin + strspn(begin, " \t\v\f\r");
}

/* The next of the addresses parted by commas must be what was found. */
static char *check_address(char *text, const union fpool_http_address *found,
                           uint16_t port)
{
    char *next = text + strcspn(text, ",");
    char *end = next;
    uint8_t bytes[16];

    next += *next == ',';
    if (*text == '[') {
        text++;
        end--;
    }
    *end = '\0';
    must(inet_pton(found->sa.sa_family, text, bytes) == 1);
    if (found->sa.sa_family == AF_INET) {
        must(memcmp(bytes, &found->v4.sin_addr, 4) == 0);
        must(ntohs(found->v4.sin_port) == port);
    } else {
        must(memcmp(bytes, &found->v6.sin6_addr, 16) == 0);
        must(ntohs(found->v6.sin6_port) == port);
    }
    return next;
}

/* Whatever the lines before say, the last one counts for its host. */
static void check_last(const struct fpool_http_resolve_list *list, char *lines)
{
    char *host = last_line(lines);
    const union fpool_http_address *found;
    char *end;
    char *text;
    uint16_t port;
    size_t n = 0;
    size_t i;

    host += *host == '+';
    end = host[0] == '[' ? strchr(host, ']') + 1 : strchr(host, ':');
    port = (uint16_t)strtoul(end + 1, &text, 10);
    must(*text == ':');
    text++;
    found = fpool_http_resolve_list_find(list, host, (size_t)(end - host), port,
                                         &n);
    must(found != NULL && n >= 1 && n <= FPOOL_HTTP_RESOLVE_ADDRESSES);
    for (i = 0; i < n; i++) {
        must(*text != '\0');
        text = check_address(text, &found[i], port);
    }
    must(*text == '\0');
}

static void check_hosts(char *lines)
{
    struct fpool_http_resolve_list *list = NULL;
    const char *reason = fpool_http_resolve_list_check(lines);
    enum fpool_status st = fpool_http_resolve_list_create(&list, lines);

    must(st == (reason == NULL ? FPOOL_OK : FPOOL_EINVAL));
    must(reason == NULL || (is_reason(reason) && list == NULL));
    if (list != NULL) {
        check_last(list, lines);
    } else if (reason == NULL) {
        must(lines[strspn(lines, " \t\n\v\f\r")] == '\0');
    }
    fpool_http_resolve_list_destroy(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct naive a = { { 0 } };
    char *text;

    if (size < 1 + sizeof(a)) {
        return 0;
    }
    memcpy(a.bytes, data + 1, sizeof(a));
    size -= 1 + sizeof(a);
    text = malloc(size + 1);
    must(text != NULL);
    memcpy(text, data + 1 + sizeof(a), size);
    text[size] = '\0';
    if (data[0] % 2 == 0) {
        check_nets(text, &a);
    } else {
        check_hosts(text);
    }
    free(text);
    return 0;
}
