/* SPDX-License-Identifier: MIT */
/* Lists of resolvers.  An address that is not usable is an error in a list of
 * the user's, and left out of the system's.  So is '#' right behind an address
 * and before a digit: elsewhere that is how ports are written. */
#include "engine/dns/address.h"

#include <ares.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_SLOTS 64u /* a power of two */

/* A list in the making; the hash table, at most half full, finds what is in it
 * already. */
struct list {
    union fpool_dns_address *addresses;
    size_t n;
    uint32_t *slots; /* index of an address, from 1; 0: none */
    size_t n_slots;
};

static void list_fini(struct list *l)
{
    fpool_free(l->addresses);
    fpool_free(l->slots);
}

static size_t hash(const union fpool_dns_address *address)
{
    const unsigned char *bytes = (const unsigned char *)address;
    size_t size = fpool_dns_address_size(address);
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    size_t i;

    for (i = 0; i < size; i++) {
        h = (h ^ bytes[i]) * 1099511628211u;
    }
    return (size_t)(h ^ (h >> 32));
}

/* The slot of an address, or the free one where it belongs. */
static uint32_t *find_slot(struct list *l,
                           const union fpool_dns_address *address)
{
    size_t i = hash(address);

    for (;; i++) {
        uint32_t *slot = &l->slots[i & (l->n_slots - 1)];

        if (*slot == 0 ||
            fpool_dns_address_is_same(&l->addresses[*slot - 1], address)) {
            return slot;
        }
    }
}

/* Room for one more. */
static enum fpool_status list_grow(struct list *l)
{
    size_t n_slots = l->n_slots == 0 ? FIRST_SLOTS : 2 * l->n_slots;
    union fpool_dns_address *addresses;
    uint32_t *slots;
    uint32_t i;

    if (l->n < l->n_slots / 2) {
        return FPOOL_OK;
    }
    addresses = fpool_realloc(l->addresses, n_slots / 2 * sizeof(*addresses));
    if (addresses == NULL) {
        return FPOOL_ENOMEM;
    }
    l->addresses = addresses;
    slots = fpool_calloc(n_slots, sizeof(*slots));
    if (slots == NULL) {
        return FPOOL_ENOMEM;
    }
    fpool_free(l->slots);
    l->slots = slots;
    l->n_slots = n_slots;
    for (i = 0; i < l->n; i++) {
        *find_slot(l, &addresses[i]) = i + 1;
    }
    return FPOOL_OK;
}

static enum fpool_status list_add(struct list *l,
                                  const union fpool_dns_address *address)
{
    enum fpool_status st = list_grow(l);
    uint32_t *slot;

    if (st != FPOOL_OK) {
        return st;
    }
    slot = find_slot(l, address);
    if (*slot != 0) {
        return FPOOL_OK;
    }
    if (l->n == FPOOL_DNS_MAX_SERVERS) {
        return FPOOL_EINVALID;
    }
    l->addresses[l->n++] = *address;
    *slot = (uint32_t)l->n;
    return FPOOL_OK;
}

/* Hands the addresses over, in a block without slack where that can be had. */
static void list_give(struct list *l, struct fpool_dns_servers *s)
{
    union fpool_dns_address *exact =
        fpool_realloc(l->addresses, l->n * sizeof(*exact));

    s->addresses = exact != NULL ? exact : l->addresses;
    s->n = l->n;
    l->addresses = NULL;
}

/* ---- From text. */

struct text {
    const char *p;
    unsigned line;
};

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* Goes to the next word; false at the end. */
static bool find_word(struct text *t)
{
    for (;;) {
        if (*t->p == '#') {
            t->p += strcspn(t->p, "\n");
        } else if (is_separator(*t->p)) {
            t->line += *t->p == '\n';
            t->p++;
        } else {
            return *t->p != '\0';
        }
    }
}

/* Adds the word at hand. */
static enum fpool_status add_word(struct list *l, struct text *t)
{
    union fpool_dns_address address;
    const char *word = t->p;

    while (*t->p != '\0' && *t->p != '#' && !is_separator(*t->p)) {
        t->p++;
    }
    if ((*t->p == '#' && t->p[1] >= '0' && t->p[1] <= '9') ||
        !fpool_dns_address_parse(&address, word, (size_t)(t->p - word))) {
        return FPOOL_EINVALID;
    }
    return list_add(l, &address);
}

enum fpool_status fpool_dns_servers_parse(struct fpool_dns_servers *s,
                                          const char *text, unsigned *ret_line)
{
    struct list l = { 0 };
    struct text t = { text, 1 };
    enum fpool_status st = FPOOL_OK;

    memset(s, 0, sizeof(*s));
    while (st == FPOOL_OK && find_word(&t)) {
        st = add_word(&l, &t);
    }
    if (st == FPOOL_OK && l.n == 0) {
        t.line = 0;
        st = FPOOL_EINVALID;
    }
    if (st == FPOOL_OK) {
        list_give(&l, s);
    } else if (st == FPOOL_EINVALID && ret_line != NULL) {
        *ret_line = t.line;
    }
    list_fini(&l);
    return st;
}

/* ---- The system's. */

static void init_library(void)
{
    ares_library_init(ARES_LIB_INIT_ALL);
}

void fpool_dns_library_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, init_library);
}

/* A channel that is asked for its servers and nothing else.  c-ares looks at
 * LOCALDOMAIN and RES_OPTIONS of the environment, for what is set here already:
 * they change nothing. */
static int open_channel(ares_channel *channel, const char *path)
{
    char file[4096];
    char lookups[] = "b"; /* or else it reads nsswitch.conf and others */
    struct ares_options o = {
        .timeout = 1000, .tries = 1, .ndots = 1, .lookups = lookups
    };
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST |
               ARES_OPT_NOROTATE;

    if (path != NULL) {
        if (strlen(path) >= sizeof(file)) {
            return ARES_EFILE;
        }
        memcpy(file, path, strlen(path) + 1);
        o.resolvconf_path = file;
        mask |= ARES_OPT_RESOLVCONF;
    }
    return ares_init_options(channel, &o, mask);
}

/* One of the channel's servers, if it is usable. */
static enum fpool_status add_server(struct list *l,
                                    const struct ares_addr_port_node *server)
{
    union fpool_dns_address a;
    uint16_t port =
        server->udp_port == 0 ? FPOOL_DNS_PORT : (uint16_t)server->udp_port;

    if (server->family == AF_INET6) {
        fpool_dns_address_set_v6(&a, &server->addr.addr6, port, 0);
    } else {
        fpool_dns_address_set_v4(&a, &server->addr.addr4, port);
    }
    return fpool_dns_address_is_usable(&a) ? list_add(l, &a) : FPOOL_OK;
}

static enum fpool_status read_channel(struct list *l, ares_channel channel)
{
    struct ares_addr_port_node *servers = NULL;
    struct ares_addr_port_node *server;
    enum fpool_status st = FPOOL_OK;

    if (ares_get_servers_ports(channel, &servers) != ARES_SUCCESS) {
        return FPOOL_ENOMEM;
    }
    for (server = servers; st == FPOOL_OK && server != NULL;
         server = server->next) {
        st = add_server(l, server);
    }
    ares_free_data(servers);
    return st;
}

enum fpool_status fpool_dns_servers_file(struct fpool_dns_servers *s,
                                         const char *path)
{
    struct list l = { 0 };
    ares_channel channel = NULL;
    enum fpool_status st;
    int code;

    memset(s, 0, sizeof(*s));
    fpool_dns_library_init();
    code = open_channel(&channel, path);
    if (code != ARES_SUCCESS) {
        return code == ARES_ENOMEM ? FPOOL_ENOMEM : FPOOL_ENOTFOUND;
    }
    st = read_channel(&l, channel);
    ares_destroy(channel);
    if (st == FPOOL_OK && l.n == 0) {
        st = FPOOL_ENOTFOUND;
    }
    if (st == FPOOL_OK) {
        list_give(&l, s);
    }
    list_fini(&l);
    return st;
}

enum fpool_status fpool_dns_servers_system(struct fpool_dns_servers *s)
{
    return fpool_dns_servers_file(s, NULL);
}

void fpool_dns_servers_fini(struct fpool_dns_servers *s)
{
    fpool_free(s->addresses);
    memset(s, 0, sizeof(*s));
}
