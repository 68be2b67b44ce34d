/* SPDX-License-Identifier: MIT */
/* From a URL to the name of a file.
 *
 * Purpose: names that stay below a directory whatever the URL says: bytes are
 *   encoded, never dropped, and no part is ever "", "." or "..".
 * Thread-safety: pure functions.
 * Limits: parts of at most 200 bytes; longer ones end in a hash. */
#ifndef FPOOL_SINK_DIR_NAME_H
#define FPOOL_SINK_DIR_NAME_H

#include "fetchpool/dir.h"

#define FPOOL_DIR_HASH_DIGITS 32

/* As fpool_dir_name(), 'ret_name' having FPOOL_DIR_NAME_SIZE bytes. */
enum fpool_status fpool_dir_name_make(enum fpool_dir_layout layout,
                                      const char *url, size_t size,
                                      uint64_t seq, char *ret_name);

/* The same by a pattern; FPOOL_EINVALID also when the name is not safe. */
enum fpool_status fpool_dir_pattern_make(const char *pattern,
                                         const struct fpool_dir_item *item,
                                         char *ret_name);

/* Writes 'size' bytes at 'data' as one part of a name, encoded, to 'ret_part'
 * of FPOOL_DIR_NAME_SIZE bytes; false only when there is no digest. */
bool fpool_dir_part_make(const char *data, size_t size, char *ret_part);

/* Writes the hash of 'size' bytes at 'data', FPOOL_DIR_HASH_DIGITS digits and
 * no zero; false when there is no digest. */
bool fpool_dir_hash(const char *data, size_t size, char *ret_digits);

/* True for a relative name whose parts are neither empty nor "." nor ".." nor
 * longer than a directory can hold. */
bool fpool_dir_name_is_safe(const char *name);

#endif
