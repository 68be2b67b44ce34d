/* SPDX-License-Identifier: MIT */
/* The line parser behind fpool_source_lines().
 *
 * Purpose: cut bytes into lines, in bounded memory, whatever the bytes.
 * Use: feed until it says FPOOL_OK (an item) or FPOOL_WAIT (feed on); at the
 *   end of the input call _end() once.
 * Ownership: items own copies.
 * Thread-safety: one thread at a time.
 * Limits: 'max_line' bytes of each line are kept. */
#ifndef FPOOL_SOURCE_LINES_H
#define FPOOL_SOURCE_LINES_H

#include <stdbool.h>

#include "fetchpool/item.h"

struct fpool_line_parser {
    size_t max_line;
    bool skip_comments;
    bool is_past_first;
    char *line; /* kept from earlier pieces */
    size_t size;
    size_t capacity;
    size_t total; /* bytes of the line so far, kept or not */
};

enum fpool_status fpool_line_parser_init(struct fpool_line_parser *p,
                                         size_t max_line, bool skip_comments);
void fpool_line_parser_fini(struct fpool_line_parser *p);

/* Takes bytes up to the first line feed, '*ret_used' of them.  FPOOL_OK with an
 * item, FPOOL_WAIT without (or for a line that is skipped), FPOOL_ENOMEM. */
enum fpool_status fpool_line_parser_feed(struct fpool_line_parser *p,
                                         const char *bytes, size_t size,
                                         size_t *ret_used,
                                         struct fpool_item *ret_item);

/* What remains after the last line feed: FPOOL_OK with an item, or FPOOL_END. */
enum fpool_status fpool_line_parser_end(struct fpool_line_parser *p,
                                        struct fpool_item *ret_item);

#endif
