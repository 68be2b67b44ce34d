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

/* As fpool_dir_name(), 'ret_name' having FPOOL_DIR_NAME_SIZE bytes. */
enum fpool_status fpool_dir_name_make(enum fpool_dir_layout layout,
                                      const char *url, size_t size,
                                      uint64_t seq, char *ret_name);

/* True for a relative name whose parts are neither empty nor "." nor ".." nor
 * longer than a directory can hold. */
bool fpool_dir_name_is_safe(const char *name);

#endif
