/* SPDX-License-Identifier: MIT */
/* Names by a pattern, such as "{host}/{index}{ext}"; called by dir.c.  What the
 * other layouts make of a URL is taken apart and put together anew, so that the
 * same bytes are encoded in the same way. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sink/dir_name.h"

#define MAX_PART    255 /* of a name in a directory */
#define CUT_PART    200 /* of which are kept where there were more */
#define MAX_PATTERN 1024

enum field {
    FIELD_HOST,
    FIELD_PATH,
    FIELD_NAME,
    FIELD_EXT,
    FIELD_INDEX,
    FIELD_HASH,
    FIELD_ID,
    N_FIELDS
};

static const char *const names[N_FIELDS] = { "host",  "path", "name", "ext",
                                             "index", "hash", "id" };

/* The parts that have been made so far. */
struct parts {
    const struct fpool_dir_item *item;
    bool has_path;
    bool has_hash;
    char path[FPOOL_DIR_NAME_SIZE]; /* by the path layout, */
    char hash[FPOOL_DIR_NAME_SIZE]; /* and by the hash layout */
    char other[FPOOL_DIR_NAME_SIZE];
};

/* A bounded text under construction. */
struct text {
    char *data;
    size_t size;
};

static bool put(struct text *t, const char *data, size_t size)
{
    if (size >= FPOOL_DIR_NAME_SIZE - t->size) {
        return false;
    }
    memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = '\0';
    return true;
}

/* The field that begins at 'pattern', behind its bracket; N_FIELDS if there is
 * none. */
static enum field find_field(const char *pattern, size_t *ret_size)
{
    size_t size = strcspn(pattern, "{}");
    int i;

    for (i = 0; i < N_FIELDS; i++) {
        if (strlen(names[i]) == size && memcmp(names[i], pattern, size) == 0 &&
            pattern[size] == '}') {
            break;
        }
    }
    *ret_size = size + 1;
    return (enum field)i;
}

const char *fpool_dir_check_pattern(const char *pattern)
{
    const char *p = pattern;

    if (pattern == NULL || strchr(pattern, '{') == NULL) {
        return "there is no field in it";
    }
    if (strlen(pattern) > MAX_PATTERN) {
        return "it is too long";
    }
    if (*p == '/') {
        return "it leaves the directory";
    }
    while (*p != '\0') {
        size_t size;

        if (*p == '}' || (unsigned char)*p < 0x20 || *p == 0x7f) {
            return "a character in it has no place there";
        }
        if (*p++ != '{') {
            continue;
        }
        if (find_field(p, &size) == N_FIELDS) {
            return "the fields are {host}, {path}, {name}, {ext}, {index}, "
                   "{hash} and {id}";
        }
        p += size;
    }
    return NULL;
}

/* ---- Fields. */

static bool find_path(struct parts *p)
{
    p->has_path =
        p->has_path ||
        fpool_dir_name_make(FPOOL_DIR_PATH, p->item->url, p->item->url_size,
                            p->item->seq, p->path) == FPOOL_OK;
    return p->has_path;
}

static bool find_hash(struct parts *p)
{
    p->has_hash =
        p->has_hash ||
        fpool_dir_name_make(FPOOL_DIR_HASH, p->item->url, p->item->url_size,
                            p->item->seq, p->hash) == FPOOL_OK;
    return p->has_hash;
}

static bool put_path(struct text *name, struct parts *p, enum field field)
{
    const char *slash;
    const char *begin;

    if (!find_path(p)) {
        return false;
    }
    slash = strchr(p->path, '/'); /* the host is not the last part */
    if (slash == NULL) {
        return false; /* unreachable: defensive */
    }
    if (field == FIELD_HOST) {
        return put(name, p->path, (size_t)(slash - p->path));
    }
    begin = field == FIELD_PATH ? slash + 1 : strrchr(p->path, '/') + 1;
    return put(name, begin, strlen(begin));
}

/* "ab/cd/", the digits, and the extension. */
static bool put_hash(struct text *name, struct parts *p, enum field field)
{
    const char *digits = p->hash + 6;

    if (!find_hash(p)) {
        return false;
    }
    return field == FIELD_HASH ? put(name, digits, FPOOL_DIR_HASH_DIGITS)
                               : put(name, digits + FPOOL_DIR_HASH_DIGITS,
                                     strlen(digits + FPOOL_DIR_HASH_DIGITS));
}

static bool put_field(struct text *name, struct parts *p, enum field field)
{
    switch (field) {
    case FIELD_HOST:
    case FIELD_PATH:
    case FIELD_NAME:
        return put_path(name, p, field);
    case FIELD_EXT:
    case FIELD_HASH:
        return put_hash(name, p, field);
    case FIELD_INDEX:
        snprintf(p->other, sizeof(p->other), "%08" PRIu64, p->item->seq);
        break;
    default:
        if (p->item->id == NULL ||
            !fpool_dir_part_make(p->item->id, p->item->id_size, p->other)) {
            return false;
        }
        break;
    }
    return put(name, p->other, strlen(p->other));
}

/* ---- The name. */

/* Bytes of a part that is too long which can be kept, none of an escape. */
static size_t kept_of(const char *part)
{
    size_t n = CUT_PART;

    if (part[n - 1] == '%') {
        return n - 1;
    }
    return part[n - 2] == '%' ? n - 2 : n;
}

/* Copies 'made' with each part that is too long cut, a hash of it behind. */
static bool put_parts(struct text *name, const char *made)
{
    for (;;) {
        char digits[FPOOL_DIR_HASH_DIGITS];
        size_t n = strcspn(made, "/");

        if (n <= MAX_PART) {
            if (!put(name, made, n)) {
                return false;
            }
        } else if (!fpool_dir_hash(made, n, digits) ||
                   !put(name, made, kept_of(made)) || !put(name, "%~", 2) ||
                   !put(name, digits, sizeof(digits))) {
            return false;
        }
        if (made[n] == '\0') {
            return true;
        }
        if (!put(name, "/", 1)) {
            return false;
        }
        made += n + 1;
    }
}

enum fpool_status fpool_dir_pattern_make(const char *pattern,
                                         const struct fpool_dir_item *item,
                                         char *ret_name)
{
    struct parts parts = { .item = item };
    char buffer[FPOOL_DIR_NAME_SIZE] = "";
    struct text made = { buffer, 0 };
    struct text name = { ret_name, 0 };
    const char *p = pattern;

    while (*p != '\0') {
        size_t n = strcspn(p, "{");

        if (!put(&made, p, n)) {
            return FPOOL_EINVALID;
        }
        p += n;
        if (*p == '{') {
            enum field field = find_field(p + 1, &n);

            if (!put_field(&made, &parts, field)) {
                return FPOOL_EINVALID;
            }
            p += n + 1;
        }
    }
    return put_parts(&name, buffer) && fpool_dir_name_is_safe(ret_name)
               ? FPOOL_OK
               : FPOOL_EINVALID;
}
