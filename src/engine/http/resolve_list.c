/* SPDX-License-Identifier: MIT */
/* The list of addresses for hosts: a hash table that is filled once; created
 * with a job, asked when a host is first met. */
#include "engine/http/resolve_list.h"

#include <string.h>

#include "base/mem.h"

#define MAX_HOST 255

struct entry {
    const char *host; /* in lower case; 'host_size' bytes */
    size_t host_size;
    size_t first; /* of its addresses */
    size_t n;
    uint16_t port;
};

struct fpool_http_resolve_list {
    size_t n_slots; /* a power of two, more than there are entries */
    size_t n_entries;
    size_t n_addresses;
    size_t *slots; /* the number of an entry, from 1 on; 0: none */
    struct entry *entries;
    union fpool_http_address *addresses;
    char *hosts;
    size_t hosts_size;
};

/* What one line says. */
struct line {
    char host[MAX_HOST + 1];
    size_t host_size;
    uint16_t port;
    size_t n;
    union fpool_http_address addresses[FPOOL_HTTP_RESOLVE_ADDRESSES];
};

/* ---- The parser. */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next line that is not empty, without the blanks around it. */
static bool next_line(const char **cursor, const char **ret_text,
                      size_t *ret_size)
{
    const char *begin = *cursor;
    const char *end;

    while (is_blank(*begin)) {
        begin++;
    }
    end = begin + strcspn(begin, "\n");
    *cursor = end;
    while (end > begin && is_blank(end[-1])) {
        end--;
    }
    *ret_text = begin;
    *ret_size = (size_t)(end - begin);
    return end > begin;
}

/* IPv6 addresses have many spellings; inet_ntop() chooses one. */
static size_t normalise_v6(const char *text, size_t size, char *ret_host)
{
    union fpool_http_address a;

    if (!fpool_http_address_parse(&a, text, size, 0) ||
        a.sa.sa_family != AF_INET6) {
        return 0;
    }
    fpool_http_address_text(&a, ret_host);
    return strlen(ret_host);
}

/* Stores the form in which hosts are compared and returns its size, at most
 * MAX_HOST; 0 for what is no host. */
static size_t normalise(const char *text, size_t size, char *ret_host)
{
    size_t i;

    if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
        return normalise_v6(text + 1, size - 2, ret_host);
    }
    if (size > 0 && memchr(text, ':', size) != NULL) {
        return normalise_v6(text, size, ret_host);
    }
    if (size > 0 && text[size - 1] == '.') {
        size--;
    }
    if (size > MAX_HOST) {
        return 0;
    }
    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= ' ' || c == 0x7f || c == '[' || c == ']') {
            return 0;
        }
        ret_host[i] = text[i];
        if (c >= 'A' && c <= 'Z') {
            ret_host[i] = (char)(c - 'A' + 'a');
        }
    }
    return size;
}

/* Reads "HOST:" and moves on behind it. */
static const char *parse_host(struct line *line, const char **text,
                              const char *end)
{
    const char *begin = *text;
    const char *stop;

    if (begin < end && *begin == '[') {
        stop = memchr(begin, ']', (size_t)(end - begin));
        stop = stop == NULL ? end : stop + 1;
    } else {
        stop = memchr(begin, ':', (size_t)(end - begin));
    }
    if (stop == NULL || stop >= end || *stop != ':') {
        return "not of the form HOST:PORT:ADDRESS[,ADDRESS]...";
    }
    line->host_size = normalise(begin, (size_t)(stop - begin), line->host);
    if (line->host_size == 0) {
        return "not a host";
    }
    if (line->host_size > 1 &&
        memchr(line->host, '*', line->host_size) != NULL) {
        return "\"*\" stands for any host, not for a part of one";
    }
    *text = stop + 1;
    return NULL;
}

/* Reads "PORT:" and moves on behind it. */
static const char *parse_port(struct line *line, const char **text,
                              const char *end)
{
    const char *stop = memchr(*text, ':', (size_t)(end - *text));
    unsigned port = 0;

    if (stop == NULL) {
        return "not of the form HOST:PORT:ADDRESS[,ADDRESS]...";
    }
    if (!fpool_http_decimal_parse(&port, *text, (size_t)(stop - *text),
                                  65535) ||
        port == 0) {
        return "the port is not a number from 1 to 65535";
    }
    line->port = (uint16_t)port;
    *text = stop + 1;
    return NULL;
}

static bool parse_address(struct line *line, const char *text, size_t size)
{
    bool has_brackets = size > 2 && text[0] == '[' && text[size - 1] == ']';
    union fpool_http_address *a = &line->addresses[line->n];

    if (has_brackets) {
        text++;
        size -= 2;
    }
    return fpool_http_address_parse(a, text, size, line->port) &&
           (!has_brackets || a->sa.sa_family == AF_INET6);
}

static const char *parse_addresses(struct line *line, const char *text,
                                   const char *end)
{
    line->n = 0;
    for (;;) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma == NULL ? end : comma;

        if (line->n == FPOOL_HTTP_RESOLVE_ADDRESSES) {
            return "more than 32 addresses for a host";
        }
        if (!parse_address(line, text, (size_t)(stop - text))) {
            return "not an IPv4 or IPv6 address";
        }
        line->n++;
        if (comma == NULL) {
            return NULL;
        }
        text = comma + 1;
    }
}

/* NULL, or what is wrong with the line. */
static const char *parse_line(struct line *line, const char *text, size_t size)
{
    const char *end = text + size;
    const char *reason;

    if (*text == '-') {
        return "entries cannot be removed";
    }
    if (*text == '+') {
        text++;
    }
    reason = parse_host(line, &text, end);
    if (reason == NULL) {
        reason = parse_port(line, &text, end);
    }
    return reason == NULL ? parse_addresses(line, text, end) : reason;
}

/* ---- The table. */

static bool is_for(const struct entry *e, const char *host, size_t size,
                   uint16_t port)
{
    return e->port == port && e->host_size == size &&
           memcmp(e->host, host, size) == 0;
}

/* The slot of a host, or the empty one where it belongs.  The hash is FNV-1a;
 * whoever writes the list has nobody but himself to slow down. */
static size_t *find_slot(const struct fpool_http_resolve_list *list,
                         const char *host, size_t size, uint16_t port)
{
    uint64_t hash = 0xcbf29ce484222325u ^ port;
    size_t i;

    for (i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)host[i]) * 0x100000001b3u;
    }
    hash ^= hash >> 32;
    for (i = (size_t)hash;; i++) {
        size_t *slot = &list->slots[i & (list->n_slots - 1)];

        if (*slot == 0 || is_for(&list->entries[*slot - 1], host, size, port)) {
            return slot;
        }
    }
}

/* Adds what a line says, in place of what an earlier one said. */
static void put(struct fpool_http_resolve_list *list, const struct line *line)
{
    size_t *slot = find_slot(list, line->host, line->host_size, line->port);
    struct entry *e;

    if (*slot == 0) {
        *slot = ++list->n_entries;
        e = &list->entries[*slot - 1];
        e->host = list->hosts + list->hosts_size;
        e->host_size = line->host_size;
        e->port = line->port;
        memcpy(list->hosts + list->hosts_size, line->host, line->host_size);
        list->hosts_size += line->host_size;
    }
    e = &list->entries[*slot - 1];
    e->first = list->n_addresses;
    e->n = line->n;
    memcpy(&list->addresses[e->first], line->addresses,
           line->n * sizeof(line->addresses[0]));
    list->n_addresses += line->n;
}

/* Room for what all lines together need. */
struct room {
    size_t n_lines;
    size_t n_addresses;
    size_t hosts_size;
};

/* Parses all lines; counts them, or puts them into a list unless that is NULL.
 * Returns what is wrong with them, or NULL. */
static const char *walk(const char *lines, struct room *room,
                        struct fpool_http_resolve_list *list)
{
    struct line line;
    const char *text;
    size_t size;

    while (next_line(&lines, &text, &size)) {
        const char *reason = parse_line(&line, text, size);

        if (reason != NULL) {
            return reason;
        }
        room->n_lines++;
        room->n_addresses += line.n;
        room->hosts_size += line.host_size;
        if (list != NULL) {
            put(list, &line);
        }
    }
    return NULL;
}

static struct fpool_http_resolve_list *create_empty(const struct room *room)
{
    struct fpool_http_resolve_list *list = fpool_calloc(1, sizeof(*list));

    if (list == NULL) {
        return NULL;
    }
    list->n_slots = 2;
    while (list->n_slots < room->n_lines * 2) {
        list->n_slots *= 2;
    }
    list->slots = fpool_calloc(list->n_slots, sizeof(list->slots[0]));
    list->entries = fpool_calloc(room->n_lines, sizeof(list->entries[0]));
    list->addresses =
        fpool_calloc(room->n_addresses, sizeof(list->addresses[0]));
    list->hosts = fpool_calloc(room->hosts_size, 1);
    if (list->slots == NULL || list->entries == NULL ||
        list->addresses == NULL || list->hosts == NULL) {
        fpool_http_resolve_list_destroy(&list);
    }
    return list;
}

/* ---- The rest of the world. */

enum fpool_status fpool_http_resolve_list_create(
    struct fpool_http_resolve_list **ret_list, const char *lines)
{
    struct fpool_http_resolve_list *list = NULL;
    struct room room = { 0, 0, 0 };

    if (lines != NULL && walk(lines, &room, NULL) != NULL) {
        return FPOOL_EINVAL;
    }
    if (room.n_lines > 0) {
        list = create_empty(&room);
        if (list == NULL) {
            return FPOOL_ENOMEM;
        }
        walk(lines, &room, list);
    }
    *ret_list = list;
    return FPOOL_OK;
}

void fpool_http_resolve_list_destroy(struct fpool_http_resolve_list **list)
{
    struct fpool_http_resolve_list *l = *list;

    if (l != NULL) {
        fpool_free(l->slots);
        fpool_free(l->entries);
        fpool_free(l->addresses);
        fpool_free(l->hosts);
        fpool_free(l);
        *list = NULL;
    }
}

const union fpool_http_address *fpool_http_resolve_list_find(
    const struct fpool_http_resolve_list *list, const char *host,
    size_t host_size, uint16_t port, size_t *ret_n)
{
    char text[MAX_HOST + 1];
    size_t size;
    size_t slot = 0;

    *ret_n = 0;
    if (list == NULL) {
        return NULL;
    }
    size = normalise(host, host_size, text);
    if (size > 0) {
        slot = *find_slot(list, text, size, port);
    }
    if (slot == 0) {
        slot = *find_slot(list, "*", 1, port);
    }
    if (slot == 0) {
        return NULL;
    }
    *ret_n = list->entries[slot - 1].n;
    return &list->addresses[list->entries[slot - 1].first];
}

const char *fpool_http_resolve_list_check(const char *lines)
{
    struct room room = { 0, 0, 0 };

    return lines == NULL ? NULL : walk(lines, &room, NULL);
}
