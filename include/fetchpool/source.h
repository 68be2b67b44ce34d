/* SPDX-License-Identifier: MIT */
/* Sources: where a job's items come from.
 *
 * Purpose: a pull iterator.  Pulling is the only shape in which the job decides
 *   when memory is taken, so an endless source costs no more than a short one.
 * Use: fpool_source_array(), _range() and _lines(), or fill in a struct
 *   fpool_source with your own 'next'.
 * Ownership: a verb always consumes its source, also when it fails: 'close'
 *   runs exactly once, after the last 'next'.
 * Thread-safety: 'next' is never called twice at once, and each call happens
 *   after the one before, so plain state is fine; but it may be called on any
 *   thread.  'item_at' may be called on several threads at once.
 * Limits: 2^63 items. */
#ifndef FETCHPOOL_SOURCE_H
#define FETCHPOOL_SOURCE_H

#include <fetchpool/cancel.h>
#include <fetchpool/item.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool_source {
    /* Yields the next item.  Returns FPOOL_OK with '*ret_item' filled (it
     * arrives zeroed), FPOOL_END when there are no more, FPOOL_WAIT when there
     * is nothing now but may be later, or any other number (an errno above 2, a
     * number of your own), which ends the source as failed: the results so far
     * are delivered, then FPOOL_ESOURCE, and fpool_results_source_code() tells
     * the number.
     *
     * It may block; then it should poll fpool_cancel_fd('cancel') too and return
     * FPOOL_END once the token is tripped.  'cancel' is borrowed for the call.
     *
     * After FPOOL_WAIT the source is asked again when an item of the job has
     * finished or was delivered, or after fpool_results_wake().  The job ends
     * when all is delivered, the consumer has asked again, nobody holds the
     * job open (fpool_results_hold) and the source still says FPOOL_WAIT. */
    int (*next)(void *self, struct fpool_item *ret_item,
                struct fpool_cancel *cancel);
    /* True when the next call of 'next' will not block: then a worker takes
     * several items at once, see 'chunk' in job.h.  NULL: one at a time. */
    bool (*ready)(void *self);
    /* Releases the source.  May be NULL. */
    void (*close)(void *self);
    void *self; /* handed to the functions above; yours */
    /* For a source whose items can be had by position instead of 'next' (then
     * NULL): yields item 'index' of 'count'.  A pure function, called any number
     * of times for an index, on several threads at once; so its items are
     * borrowed: a 'drop' that it sets is ignored. */
    void (*item_at)(const struct fpool_source *source, uint64_t index,
                    struct fpool_item *ret_item);
    /* With 'item_at' the exact number of items; otherwise a hint, 0 unknown. */
    uint64_t count;
    uint64_t first; /* for 'item_at': yours */
    size_t stride;  /* for 'item_at': yours */
    /* FPOOL_OK, or why a constructor could not make this source; every verb
     * refuses the source with it.  So constructors can be called in place. */
    enum fpool_status status;
};

/* The 'count' elements of 'stride' bytes at 'base', which the source borrows
 * until the job has ended; each item is a pointer to its element. */
FPOOL_API struct fpool_source fpool_source_array(const void *base, size_t count,
                                                 size_t stride);

/* The elements of the C array 'array'. */
#define FPOOL_ARRAY(array)                                                     \
    fpool_source_array((array), sizeof(array) / sizeof((array)[0]),            \
                       sizeof((array)[0]))

/* The numbers from 'first' up to but not including 'end', as Python's
 * range(first, end); read one with fpool_item_number().  Numbers must fit a
 * pointer. */
FPOOL_API struct fpool_source fpool_source_range(uint64_t first, uint64_t end);

struct fpool_lines_options {
    size_t struct_size;
    size_t max_line; /* bytes of a line kept; the rest is cut; default 65536 */
    uint32_t flags;  /* enum fpool_lines_flags */
};

enum fpool_lines_flags {
    FPOOL_LINES_CLOSE = 1 << 0,   /* close the descriptor with the source */
    FPOOL_LINES_COMMENTS = 1 << 1 /* drop blank lines and those with a leading
                                     '#' (after blanks) */
};

#define FPOOL_LINES(...)                                                       \
    (&(struct fpool_lines_options){                                            \
        .struct_size = sizeof(struct fpool_lines_options), __VA_ARGS__ })

/* The lines of the descriptor 'fd', which the source borrows (or takes, with
 * FPOOL_LINES_CLOSE, also on failure).  Each item is one line of bytes with a
 * terminating zero after it, without its line feed or CRLF; a byte-order mark
 * at the beginning is dropped; a last line needs no line feed.  'next' blocks
 * as read() does, and returns when the job is cancelled.  A read error ends
 * the source with the errno value as its code (EIO where that value is 1 or 2);
 * EMFILE when there is no descriptor to be told of a cancellation by.  'options' may be NULL.
 * Memory: 64 KiB, and one line at a time. */
FPOOL_API struct fpool_source
fpool_source_lines_with(int fd, const struct fpool_lines_options *options);

/* fpool_source_lines_with(fd, NULL). */
FPOOL_API struct fpool_source fpool_source_lines(int fd);

#ifdef __cplusplus
}
#endif

#endif
