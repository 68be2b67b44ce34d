/* SPDX-License-Identifier: MIT */
/* What every verb takes: an operation, and the options of a job.
 *
 * Purpose: the parts that map, imap, apply and for_each have in common.
 * Use: fpool_imap(pool, FPOOL_CALL(work, NULL), FPOOL_ARRAY(names),
 *                 FPOOL_JOB(.window = 1024), &results);
 * Ownership: operations and options are read during the call only.
 * Thread-safety: plain data.
 * Limits: a window has 1 to 2^24 items. */
#ifndef FETCHPOOL_JOB_H
#define FETCHPOOL_JOB_H

#include <fetchpool/cancel.h>
#include <fetchpool/item.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool_engine;
struct fpool_batch;

/* An operation: which engine turns items into results, and that engine's own
 * options behind it.  Made by the engines' macros (FPOOL_CALL, FPOOL_HTTP). */
struct fpool_op {
    size_t struct_size; /* of the whole structure this is the head of */
    const struct fpool_engine *engine;
};

enum fpool_job_flags {
    /* The first item that does not end as FPOOL_OK cancels the others. */
    FPOOL_FAIL_FAST = 1 << 0,
    /* A future that finds the queue full is refused with FPOOL_EAGAIN, where
     * the caller would otherwise wait for room. */
    FPOOL_NONBLOCK = 1 << 1
};

/* What a completion callback is told. */
struct fpool_done {
    /* As fpool_batch_wait returns, or the last fpool_next; of a future, the
     * status of its result. */
    enum fpool_status status;
    const struct fpool_result *result; /* of a future; NULL otherwise */
    struct fpool_batch *batch;         /* of a map with a batch; or NULL */
};

struct fpool_job_options {
    size_t struct_size;
    /* Most items in memory, not yet delivered: pulled - delivered - deferred <=
     * window, always; deferred ones are on disk, see 'defer_max'.  Default 2 x
     * workers (for an evented engine, what it says). */
    unsigned window;
    /* Items a worker takes at once.  Default: adapts to about 100 us of work,
     * at most half of the free window.  Others take over what waits behind a
     * slow item, so that a chunk changes speed and nothing else.  A source that
     * may block is asked for one item at a time. */
    unsigned chunk;
    unsigned limit; /* most items running at once; default no limit */
    uint32_t flags; /* enum fpool_job_flags */
    /* Milliseconds from the call until the whole job ends: what is unfinished
     * then ends as FPOOL_EDEADLINE.  0: none. */
    int64_t deadline_ms;
    /* Milliseconds one item may run, from its start; then its task is told, and
     * unless it still returns success the result is FPOOL_EDEADLINE.  0: none. */
    int64_t item_timeout_ms;
    /* Most bytes of items put aside on disk by engines that schedule (http), and
     * the directory of the files for them, which have no names and are made when
     * more than 64 KiB is aside.  Such items count as neither delivered nor in
     * the window.  Only in unordered jobs, of items that are plain bytes.
     * Default 1 GiB, in "/var/tmp"; -1: nothing is put aside.  Where the disk
     * takes no more, nothing is put aside any more.  An item that memory is too
     * short to get back ends as FPOOL_ENOMEM, without its bytes; for each that
     * the disk does not give back there is a result FPOOL_ELOCAL, without an
     * item and, as nobody knows which it was, with UINT64_MAX as its index. */
    int64_t defer_max;
    const char *defer_dir;
    struct fpool_cancel *cancel; /* parent of the job's token; borrowed */
    /* Releases values of the `call` engine; NULL where they need none. */
    void (*drop_value)(void *value);
    /* Runs exactly once, when the job (a future, a batch) is complete and
     * before any wait for it returns; on the thread that finished it.  It must
     * not wait for anything of this pool, nor destroy its own handle. */
    void (*on_done)(void *userdata, const struct fpool_done *done);
    void *userdata; /* for 'on_done' */
};

#define FPOOL_JOB(...)                                                         \
    (&(struct fpool_job_options){                                              \
        .struct_size = sizeof(struct fpool_job_options), __VA_ARGS__ })

#ifdef __cplusplus
}
#endif

#endif
