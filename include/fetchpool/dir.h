/* SPDX-License-Identifier: MIT */
/* A directory of downloaded bodies.
 *
 * Purpose: give each body a name that cannot leave the directory, and put it
 *   there so that no half-written file is ever seen under its final name.
 * Use:
 *     FPOOL_SCOPED struct fpool_dir *dir = NULL;
 *     fpool_dir_create(&dir, "out", NULL);
 *     fpool_dir_name(dir, url, strlen(url), r.index, name, sizeof(name));
 *     fpool_dir_store(dir, name, fpool_result_http(&r), &stored);
 * Ownership: the creator owns the handle.
 * Thread-safety: any thread; creating and destroying, one thread.
 * Limits: all functions block on the file system.  No symbolic link inside the
 *   directory is followed.  The directory may be renamed meanwhile.  Nothing is
 *   forced to the disk (fsync). */
#ifndef FETCHPOOL_DIR_H
#define FETCHPOOL_DIR_H

#include <fetchpool/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool_dir;
struct fpool_http_response;

/* Bytes that hold any name, its terminating zero included. */
#define FPOOL_DIR_NAME_SIZE 2048

enum fpool_dir_layout {
    /* "ab/cd/<32 hexadecimal digits>.ext": the SHA-256 of the URL, and the
     * extension of its path where that is short and plain.  The default. */
    FPOOL_DIR_HASH,
    /* "host/path", percent-encoded; "%index" where the path ends in a slash; a
     * part too long ends in "%~" and a hash. */
    FPOOL_DIR_PATH,
    /* "0000/00000017.ext": the ordinal, 10,000 files to a directory. */
    FPOOL_DIR_INDEX,
    /* As 'pattern' says. */
    FPOOL_DIR_PATTERN
};

enum fpool_dir_if_exists {
    FPOOL_DIR_SKIP,      /* the old file stays: FPOOL_EALREADY */
    FPOOL_DIR_OVERWRITE, /* the new file takes its place, in one step */
    FPOOL_DIR_RENAME,    /* the new file becomes "name.1.ext", "name.2.ext" */
    FPOOL_DIR_FAIL       /* the old file stays: FPOOL_ELOCAL with EEXIST */
};

struct fpool_dir_options {
    size_t struct_size;
    enum fpool_dir_layout layout;
    enum fpool_dir_if_exists if_exists;
    /* Text with these in it, encoded as in the path layout: {host}, {path} (all
     * of it, query included; only this one may hold slashes), {name} (the last
     * part of the path), {ext} (its extension with the dot, where that is short
     * and plain), {index} (the ordinal, eight digits or more), {hash} (32 digits
     * of the URL's SHA-256), {id} (the item's).  Example:
     * "{host}/{index}{ext}".  Copied. */
    const char *pattern;
};

#define FPOOL_DIR(...)                                                         \
    (&(struct fpool_dir_options){                                              \
        .struct_size = sizeof(struct fpool_dir_options), __VA_ARGS__ })

struct fpool_dir_stored {
    int error_number; /* errno of a failure, else 0 */
    char name[FPOOL_DIR_NAME_SIZE]; /* of the file, below the directory */
};

/* What a name is made of. */
struct fpool_dir_item {
    size_t struct_size;
    const char *url; /* 'url_size' bytes */
    size_t url_size;
    uint64_t seq;   /* the ordinal */
    const char *id; /* 'id_size' bytes; NULL: it has none */
    size_t id_size;
};

/* Opens the directory 'path', making it and its parents where they are missing,
 * and proves that files can be made in it.  'options' may be NULL.
 * FPOOL_EINVAL, FPOOL_ENOMEM, or FPOOL_ELOCAL with the reason in errno. */
FPOOL_API enum fpool_status fpool_dir_create(
    struct fpool_dir **ret_dir, const char *path,
    const struct fpool_dir_options *options);

/* Writes the name for the body of the 'url_size' bytes at 'url', the item with
 * ordinal 'seq', to 'ret_name' of 'size' bytes.  A pure function of these and
 * the layout.  FPOOL_EINVALID when 'url' is not of the form scheme://host...,
 * FPOOL_EINVAL when 'size' is below FPOOL_DIR_NAME_SIZE. */
FPOOL_API enum fpool_status fpool_dir_name(const struct fpool_dir *dir,
                                           const char *url, size_t url_size,
                                           uint64_t seq, char *ret_name,
                                           size_t size);

/* The same, where the pattern may ask for more.  FPOOL_EINVALID also when it asks
 * for the id of an item without one, or when what comes out is no name. */
FPOOL_API enum fpool_status fpool_dir_name_of(const struct fpool_dir *dir,
                                              const struct fpool_dir_item *item,
                                              char *ret_name, size_t size);

/* What is wrong with a pattern, as a static line of text; NULL when nothing is.
 */
FPOOL_API const char *fpool_dir_check_pattern(const char *pattern);

/* True when there is a file 'name', of whatever type, in the directory. */
FPOOL_API bool fpool_dir_exists(struct fpool_dir *dir, const char *name);

/* Publishes the body of 'response' (borrowed) as 'name', making the directories
 * on the way; a response without a body makes an empty file.  '*ret_stored' is
 * filled in always.  FPOOL_OK, FPOOL_EALREADY (FPOOL_DIR_SKIP), FPOOL_ELOCAL, or
 * FPOOL_EINVAL for a name that fpool_dir_name() would not make. */
FPOOL_API enum fpool_status fpool_dir_store(
    struct fpool_dir *dir, const char *name,
    const struct fpool_http_response *response,
    struct fpool_dir_stored *ret_stored);

/* Closes the directory and stores NULL; accepts NULL. */
FPOOL_API void fpool_dir_destroy(struct fpool_dir **dir);

#ifdef __cplusplus
}
#endif

#endif
