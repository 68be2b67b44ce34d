/* SPDX-License-Identifier: MIT */
/* The one status type of every call and every result.
 *
 * Purpose: a portable answer to "did it work, and if not, why".
 * Use: compare with FPOOL_OK; print with fpool_status_text().
 * Ownership: the texts are static.
 * Thread-safety: any thread.
 * Limits: a status says nothing about the engine's own error codes; those come
 *   back untouched in struct fpool_result, 'code'. */
#ifndef FETCHPOOL_STATUS_H
#define FETCHPOOL_STATUS_H

#include <fetchpool/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Name, value, text.  Zero is success, positive values are answers that are
 * not errors, negative values are errors.  Values never change. */
#define FPOOL_STATUS_MAP(X)                                                    \
    X(OK, 0, "success")                                                        \
    X(END, 1, "no more items")                                                 \
    X(WAIT, 2, "nothing now, maybe later")                                     \
    X(EINVAL, -1, "invalid argument")                                          \
    X(ENOMEM, -2, "out of memory, threads or descriptors")                     \
    X(EAGAIN, -3, "queue full, and the caller must not block")                 \
    X(EBUSY, -4, "still in use")                                               \
    X(EALREADY, -5, "already finished")                                        \
    X(EDEADLK, -6, "would wait for itself")                                    \
    X(ETIMEDOUT, -7, "the wait timed out; nothing is lost")                    \
    X(EDEADLINE, -8, "the deadline of the item or of the job passed")          \
    X(ECANCELED, -9, "cancelled")                                              \
    X(ECLOSED, -10, "the pool takes no more work")                             \
    X(ESOURCE, -11, "the source failed")                                       \
    X(ESINK, -12, "the sink failed")                                           \
    X(EFAILED, -13, "the task failed")                                         \
    X(EINIT, -14, "a worker's init callback failed")                           \
    X(EWORKER, -15, "the task ended its own thread")                           \
    X(EFORK, -16, "used in a forked child")                                    \
    X(EUNSUPPORTED, -17, "not supported by this build or engine")              \
    X(EINVALID, -18, "the item is malformed")                                  \
    X(ENOTFOUND, -19, "not found")                                             \
    X(EREFUSED, -20, "refused by the other side")                              \
    X(ECONNECT, -21, "no connection to the other side")                        \
    X(EPROTOCOL, -22, "the other side broke the protocol")                     \
    X(ETLS, -23, "the secure connection failed")                               \
    X(ETOOLARGE, -24, "larger than allowed")                                   \
    X(ELOCAL, -25, "a local fault: disk, permission or descriptors")

enum fpool_status {
#define FPOOL_STATUS_ENUM(name, value, text) FPOOL_##name = (value),
    FPOOL_STATUS_MAP(FPOOL_STATUS_ENUM)
#undef FPOOL_STATUS_ENUM
};

/* One line of English for 'status', without a full stop; "unknown status" for
 * a value that is none.  Never NULL, never blocks. */
FPOOL_API const char *fpool_status_text(enum fpool_status status);

/* The name of 'status' as a program would write it: "FPOOL_ECANCELED". */
FPOOL_API const char *fpool_status_name(enum fpool_status status);

#ifdef __cplusplus
}
#endif

#endif
