/* SPDX-License-Identifier: MIT */
/* The names in a directory of bodies; called by dir.c.  Parses URLs by hand and
 * loosely: what the http engine would refuse never gets as far as a file. */
#include "sink/dir_name.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define MAX_PART      200 /* bytes, room left for a suffix */
#define CUT_PART      150 /* bytes kept of a longer one */
#define MAX_PARTS     48
#define MAX_EXTENSION 8
#define HASH_DIGITS   FPOOL_DIR_HASH_DIGITS

struct span {
    const char *data;
    size_t size;
};

struct url {
    struct span host; /* with the port */
    struct span path; /* from its first slash; may be empty */
    struct span query;
    bool has_query;
};

/* A bounded text under construction. */
struct text {
    char *data;
    size_t size;
    size_t capacity;
    bool is_full;
};

static void put(struct text *t, char c)
{
    if (t->size + 1 < t->capacity) {
        t->data[t->size++] = c;
        t->data[t->size] = '\0';
    } else {
        t->is_full = true;
    }
}

static void put_all(struct text *t, const char *data, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        put(t, data[i]);
    }
}

static size_t find_any(struct span s, const char *set)
{
    size_t i;

    for (i = 0;
         i < s.size && (s.data[i] == '\0' || strchr(set, s.data[i]) == NULL);
         i++) {
    }
    return i;
}

/* The first 'n' bytes of '*s', which then begins after them. */
static struct span take(struct span *s, size_t n)
{
    struct span taken = { s->data, n };

    s->data += n;
    s->size -= n;
    return taken;
}

static struct span trimmed(const char *data, size_t size)
{
    while (size > 0 && (*data == ' ' || (*data >= '\t' && *data <= '\r'))) {
        data++;
        size--;
    }
    while (size > 0 && (data[size - 1] == ' ' ||
                        (data[size - 1] >= '\t' && data[size - 1] <= '\r'))) {
        size--;
    }
    return (struct span){ data, size };
}

static bool split_url(struct span rest, struct url *u)
{
    const char *mark = memmem(rest.data, rest.size, "://", 3);
    const char *at;

    memset(u, 0, sizeof(*u));
    if (mark == NULL || mark == rest.data) {
        return false;
    }
    take(&rest, (size_t)(mark - rest.data) + 3);
    u->host = take(&rest, find_any(rest, "/?#"));
    at = memrchr(u->host.data, '@', u->host.size);
    if (at != NULL) {
        take(&u->host, (size_t)(at - u->host.data) + 1);
    }
    u->path = take(&rest, find_any(rest, "?#"));
    u->has_query = rest.size > 0 && rest.data[0] == '?';
    if (u->has_query) {
        take(&rest, 1);
        u->query = take(&rest, find_any(rest, "#"));
    }
    return u->host.size > 0;
}

/* The first half of the SHA-256 of 's' as hexadecimal digits. */
static bool hash(struct span s, char *ret_digits)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    int i;

    if (EVP_Digest(s.data, s.size, digest, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    for (i = 0; i < HASH_DIGITS / 2; i++) {
        ret_digits[2 * i] = digits[digest[i] >> 4];
        ret_digits[2 * i + 1] = digits[digest[i] & 15];
    }
    return true;
}

static bool is_digit_or_letter(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* The extension of the path's last part with its dot, empty unless it is short
 * and plain. */
static struct span extension_of(struct span path)
{
    struct span none = { "", 0 };
    size_t n = 0;

    while (n < path.size && is_digit_or_letter(path.data[path.size - 1 - n])) {
        n++;
    }
    if (n == 0 || n > MAX_EXTENSION || path.size < n + 2 ||
        path.data[path.size - 1 - n] != '.' ||
        path.data[path.size - 2 - n] == '/') {
        return none;
    }
    return (struct span){ path.data + path.size - 1 - n, n + 1 };
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Encodes the byte at 's.data[i]' into 'out' of at least 4 bytes; returns how
 * many bytes of 's' that took.  What the URL has encoded stays so, with small
 * letters; what is encoded here has capitals, so that both can be told apart.
 */
static size_t encode_byte(struct span s, size_t i, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    char c = s.data[i];
    bool is_leading = i == 0 && (c == '.' || c == '-');

    if (c == '%' && i + 2 < s.size && is_hex(s.data[i + 1]) &&
        is_hex(s.data[i + 2])) {
        out[0] = '%';
        out[1] = lower(s.data[i + 1]);
        out[2] = lower(s.data[i + 2]);
        out[3] = '\0';
        return 3;
    }
    if (c != '\0' && !is_leading &&
        (is_digit_or_letter(c) || strchr("._-~!$&'()+,;=@", c) != NULL)) {
        out[0] = c;
        out[1] = '\0';
        return 1;
    }
    out[0] = '%';
    out[1] = digits[(unsigned char)c >> 4];
    out[2] = digits[(unsigned char)c & 15];
    out[3] = '\0';
    return 1;
}

/* Encodes 's' into 'part', stopping before 'max' bytes are exceeded.  Returns
 * whether all of it went in. */
static bool encode(struct span s, struct text *part, size_t max)
{
    size_t i = 0;

    while (i < s.size) {
        char out[4];
        size_t n = encode_byte(s, i, out);

        if (part->size + strlen(out) > max) {
            return false;
        }
        put_all(part, out, strlen(out));
        i += n;
    }
    return true;
}

/* One part of a path, with the query if it is the last one that has one. */
static bool put_part(struct text *name, struct span s, const struct url *query)
{
    char buffer[MAX_PART + 1] = "";
    struct text part = { buffer, 0, sizeof(buffer), false };
    bool is_whole = encode(s, &part, MAX_PART);
    struct span whole = s;

    if (s.size == 0) {
        put_all(&part, query == NULL ? "%_" : "%index", query == NULL ? 2 : 6);
    }
    if (query != NULL && query->has_query) {
        /* The two are neighbours in the URL. */
        whole.size = (size_t)(query->query.data - s.data) + query->query.size;
        if (is_whole && part.size < MAX_PART) {
            put(&part, '?');
            is_whole = encode(query->query, &part, MAX_PART);
        } else {
            is_whole = false;
        }
    }
    if (is_whole) {
        put_all(name, part.data, part.size);
        return true;
    }
    part.size = 0;
    encode(whole, &part, CUT_PART);
    put_all(name, part.data, part.size);
    put_all(name, "%~", 2);
    if (!hash(whole, buffer)) {
        return false;
    }
    put_all(name, buffer, HASH_DIGITS);
    return true;
}

/* "host/%~<hash>.ext", for a path too deep or too long. */
static bool put_short(struct text *name, const struct url *u, struct span url)
{
    char digits[HASH_DIGITS];
    struct span extension = extension_of(u->path);

    name->size = 0;
    name->is_full = false;
    if (!put_part(name, u->host, NULL) || !hash(url, digits)) {
        return false;
    }
    put_all(name, "/%~", 3);
    put_all(name, digits, sizeof(digits));
    put_all(name, extension.data, extension.size);
    return true;
}

static bool make_path(struct text *name, const struct url *u, struct span url)
{
    char host[MAX_PART * 2];
    struct span rest = u->path;
    struct span lowered = { host, u->host.size };
    size_t n_parts;
    size_t i;

    if (u->host.size <= sizeof(host)) {
        for (i = 0; i < u->host.size; i++) {
            host[i] = lower(u->host.data[i]);
        }
    } else {
        lowered = u->host;
    }
    if (!put_part(name, lowered, NULL)) {
        return false;
    }
    for (n_parts = 0; n_parts < MAX_PARTS; n_parts++) {
        struct span part;
        bool is_last;

        if (rest.size > 0) {
            take(&rest, 1); /* the slash */
        }
        part = take(&rest, find_any(rest, "/"));
        is_last = rest.size == 0;
        put(name, '/');
        if (!put_part(name, part, is_last ? u : NULL)) {
            return false;
        }
        if (is_last) {
            break;
        }
    }
    return n_parts < MAX_PARTS && !name->is_full ? true
                                                 : put_short(name, u, url);
}

static bool make_hash(struct text *name, const struct url *u, struct span url)
{
    char digits[HASH_DIGITS];
    struct span extension = extension_of(u->path);

    if (!hash(url, digits)) {
        return false;
    }
    put_all(name, digits, 2);
    put(name, '/');
    put_all(name, digits + 2, 2);
    put(name, '/');
    put_all(name, digits, sizeof(digits));
    put_all(name, extension.data, extension.size);
    return true;
}

static bool make_index(struct text *name, const struct url *u, uint64_t seq)
{
    struct span extension = extension_of(u->path);
    int n = snprintf(name->data, name->capacity, "%04" PRIu64 "/%08" PRIu64,
                     seq / 10000, seq);

    name->size = n < 0 ? 0 : (size_t)n;
    put_all(name, extension.data, extension.size);
    return n > 0;
}

enum fpool_status fpool_dir_name_make(enum fpool_dir_layout layout,
                                      const char *url, size_t size,
                                      uint64_t seq, char *ret_name)
{
    struct text name = { ret_name, 0, FPOOL_DIR_NAME_SIZE, false };
    struct span whole = trimmed(url, size);
    struct url u;
    bool is_made = false;

    if (whole.size == 0 || !split_url(whole, &u)) {
        return FPOOL_EINVALID;
    }
    switch (layout) {
    case FPOOL_DIR_HASH:
        is_made = make_hash(&name, &u, whole);
        break;
    case FPOOL_DIR_PATH:
        is_made = make_path(&name, &u, whole);
        break;
    case FPOOL_DIR_INDEX:
        is_made = make_index(&name, &u, seq);
        break;
    case FPOOL_DIR_PATTERN:
        break; /* fpool_dir_pattern_make() sees to it */
    }
    return is_made ? FPOOL_OK : FPOOL_ENOMEM;
}

bool fpool_dir_part_make(const char *data, size_t size, char *ret_part)
{
    struct text part = { ret_part, 0, FPOOL_DIR_NAME_SIZE, false };

    return put_part(&part, (struct span){ data, size }, NULL);
}

bool fpool_dir_hash(const char *data, size_t size, char *ret_digits)
{
    return hash((struct span){ data, size }, ret_digits);
}

bool fpool_dir_name_is_safe(const char *name)
{
    size_t total = strnlen(name, FPOOL_DIR_NAME_SIZE);

    if (total == 0 || total == FPOOL_DIR_NAME_SIZE) {
        return false;
    }
    for (;;) {
        size_t n = strcspn(name, "/");

        if (n == 0 || n > 255 || (n == 1 && name[0] == '.') ||
            (n == 2 && name[0] == '.' && name[1] == '.')) {
            return false;
        }
        if (name[n] == '\0') {
            return true;
        }
        name += n + 1;
    }
}
