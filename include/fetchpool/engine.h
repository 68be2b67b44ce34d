/* SPDX-License-Identifier: MIT */
/* Writing an engine.
 *
 * Purpose: the interface between the pool and whatever turns items into
 *   results.  The library's own engines use nothing else.
 * Use: a structure whose first member is struct fpool_op, and a const struct
 *   fpool_engine with either 'run' (blocking, on workers) or 'start' (evented).
 * Ownership: see each function.
 * Thread-safety: see each function.
 * Limits: an engine has 'run' or 'start', not both. */
#ifndef FETCHPOOL_ENGINE_H
#define FETCHPOOL_ENGINE_H

#include <fetchpool/call.h>
#include <fetchpool/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One item on its way through an evented engine.  The engine may use 'next' and
 * 'private_data' as it likes, and fills in 'result' (value, drop_value, code)
 * before it finishes the request. */
struct fpool_request {
    struct fpool_request *next;
    void *private_data;
    struct fpool_result result;
};

struct fpool_engine {
    size_t struct_size;
    const char *name;     /* as in fpool_result 'engine' */
    size_t state_size;    /* bytes of 'state', which the pool allocates zeroed,
                             one for each job */
    unsigned item_window; /* default window of an evented engine's jobs */

    /* Once for each pool, before the first job: threads and tables that jobs
     * share, in '*ret_context'.  NULL: nothing to share.  'detach' runs when the
     * pool is joined, after the last request was finished; it blocks until the
     * engine's threads have ended. */
    enum fpool_status (*attach)(struct fpool *pool, void **ret_context);
    void (*detach)(void *context);

    /* For each job: checks the operation and copies what 'state' needs of it.
     * 'close' runs after the job's last request was finished, possibly after
     * 'detach'.  Both may be NULL. */
    enum fpool_status (*open)(void *state, const struct fpool_op *op,
                              void *context);
    void (*close)(void *state);

    /* Blocking engines: runs one item on a worker thread.  Fills in value,
     * drop_value and code, and returns the result's status. */
    enum fpool_status (*run)(void *state, struct fpool_task *task,
                             struct fpool_result *result);

    /* Evented engines: begins one item and never blocks; fpool_request_finish()
     * is called exactly once for it, now or later, on any thread.  Called on a
     * thread of the pool or of a submitter, on several at once; possibly after
     * 'cancel', so it looks at fpool_request_cancel_reason(). */
    void (*start)(void *state, struct fpool_request *request);
    /* The job was cancelled: finish its requests soon, with FPOOL_ECANCELED or
     * FPOOL_EDEADLINE as fpool_request_cancel_reason() says.  Never blocks; any
     * thread; possibly more than once. */
    void (*cancel)(void *state);
};

/* Finishes 'request' with 'status'; the request is gone when this returns.
 * Never waits for a task; any thread.  Drop functions may run in it, and with
 * FPOOL_FAIL_FAST the engine's own 'cancel', so the caller holds no lock. */
FPOOL_API void fpool_request_finish(struct fpool_request *request,
                                    enum fpool_status status);

/* The same for a list of requests, linked by 'next', each with the status that is
 * in its result: whoever waits is woken once for all of them. */
FPOOL_API void fpool_requests_finish(struct fpool_request *first);

/* FPOOL_OK while the request's job goes on, else why it does not.  One atomic
 * load. */
FPOOL_API enum fpool_status fpool_request_cancel_reason(
    const struct fpool_request *request);

/* Milliseconds that one item may take, from the job's options; 0: no bound. */
FPOOL_API int64_t fpool_request_timeout_ms(const struct fpool_request *request);

/* ---- Deferring: putting an item aside on disk, for evented engines that know
 * that it cannot start for now, and that others could.  The item's bytes and
 * its 'note' are stored, its place in the window is free; later it is started
 * again, with the note, as if it had just been pulled.
 *
 * What was put aside comes back in passes, in the order in which it went: when
 * the source has ended or says FPOOL_WAIT, or the store is nearly full, and the
 * first of the items is due.  While a source blocks, nothing comes back.  When
 * the job is cancelled, what is aside ends without another start. */

/* What an engine wants to remember of an item that it puts aside. */
struct fpool_request_note {
    uint64_t words[4];
};

/* True while there would be something in it: the job is an unordered stream, the
 * item is plain bytes ('size' is not 0), the window is full, or as good as full
 * for whoever pulls, the source or the items put aside before may have more to
 * start now, and the store has room ('defer_max').  What is on its way to the
 * store counts as gone, so that no more is put aside than there is to start.  A
 * few atomic loads; any thread. */
FPOOL_API bool fpool_request_can_defer(const struct fpool_request *request);

/* Puts the request aside; it is gone when this returns.  It is started again
 * after 'due_ms' milliseconds (0: as soon as there is nothing else to pull), or
 * earlier, even at once, when the disk refuses it, memory is short or the store
 * is full; 'note' (may be NULL: zeros) is copied.  Only after
 * fpool_request_can_defer(), which stays false once the disk has refused, and
 * with neither value nor private data left in the request.  Never blocks: the
 * job's own service thread does the writing; any thread. */
FPOOL_API void fpool_request_defer(struct fpool_request *request,
                                   const struct fpool_request_note *note,
                                   int64_t due_ms);

/* For 'start', which has it on its own thread: the note of an item that was put
 * aside; NULL of a fresh one.  Valid until 'start' returns. */
FPOOL_API const struct fpool_request_note *fpool_request_note(
    const struct fpool_request *request);

#ifdef __cplusplus
}
#endif

#endif
