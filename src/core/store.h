/* SPDX-License-Identifier: MIT */
/* A store on disk: records go in at one end, and come out in passes.
 *
 * Purpose: items that wait for long cost disk instead of memory.
 * Use: put records; turn, and what was put so far can be got, in that order,
 *   while others are put; turn again when all of it was got.
 * Ownership: the store copies what is put; got items belong to the caller.
 * Thread-safety: one thread at a time; what says so: any thread.
 * Limits: 'max' bytes of records that were not got yet.  Two temporary files
 *   without names, and buffers of 192 KiB, all made when they are needed first:
 *   a store that never holds 64 KiB never touches the disk. */
#ifndef FPOOL_CORE_STORE_H
#define FPOOL_CORE_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fetchpool/engine.h"

struct fpool_record {
    uint64_t index;
    int64_t due_ns;
    struct fpool_request_note note;
    struct fpool_item item;
};

/* One side of a store: a file, and behind it the newest records in memory. */
struct fpool_store_side {
    int fd;        /* -1: none yet */
    uint64_t size; /* bytes of records in the file */
    uint64_t n;    /* records in the file */
    char *tail;    /* begins with a whole record */
    size_t tail_size;
    uint64_t n_tail;
    int64_t earliest_ns; /* the least 'due_ns' of all */
};

struct fpool_store {
    char *dir_path;
    uint64_t max;
    char *memory; /* the two tails and 'ahead' */
    struct fpool_store_side side[2];
    unsigned in; /* the side that is put into; the other is got from */
    /* Getting. */
    char *ahead; /* bytes of the file, read ahead */
    size_t ahead_size;
    size_t ahead_at;
    uint64_t position;   /* in the file, of what 'ahead' will hold next */
    uint64_t given_back; /* bytes of the file that the disk has back */
    size_t tail_at;
    uint64_t n_got;
    /* For any thread. */
    atomic_uint_fast64_t unread; /* bytes of records not got yet */
    atomic_bool is_broken; /* the disk or memory refused: nothing goes in */
};

/* A store of up to 'max' bytes in the directory 'dir_path' (copied), which is
 * not looked at yet.  FPOOL_ENOMEM. */
enum fpool_status fpool_store_init(struct fpool_store *s, const char *dir_path,
                                   uint64_t max);

/* Releases everything; accepts a zeroed store. */
void fpool_store_fini(struct fpool_store *s);

/* Bytes that an item of 'size' bytes takes. */
uint64_t fpool_store_cost(size_t size);

/* Whether an item of 'size' bytes would go in now; any thread. */
static inline bool fpool_store_has_room(const struct fpool_store *s,
                                        size_t size)
{
    return !atomic_load_explicit(&s->is_broken, memory_order_relaxed) &&
           size <= s->max &&
           atomic_load_explicit(&s->unread, memory_order_relaxed) +
                   fpool_store_cost(size) <=
               s->max;
}

/* Copies the record; false when it does not go in: no room, or, from then on
 * for good, when the disk refuses or memory is short. */
bool fpool_store_put(struct fpool_store *s, const struct fpool_record *record);

/* What was put so far is what can be got from now on.  All that could be got
 * before was got. */
void fpool_store_turn(struct fpool_store *s);

/* Records put since the last turn, and when the first of them is due. */
uint64_t fpool_store_count_in(const struct fpool_store *s);
int64_t fpool_store_earliest(const struct fpool_store *s);

/* Records that can be got. */
uint64_t fpool_store_count_out(const struct fpool_store *s);

/* Gets the next record; its item owns a copy with a terminating zero.
 *
 *   FPOOL_OK
 *   FPOOL_END     all was got
 *   FPOOL_ENOMEM  the record, but no memory for its item, which is gone
 *   FPOOL_ELOCAL  the disk did not give it back: nothing is known but that
 *                 there was one; all others in that file end like this too */
enum fpool_status fpool_store_get(struct fpool_store *s,
                                  struct fpool_record *ret_record);

#endif
