/* SPDX-License-Identifier: MIT */
/* Sinks: where for_each puts results.
 *
 * Purpose: a shared consumer.  It receives results one at a time, so it needs no
 *   lock of its own, also when several jobs share it.
 * Use: fpool_sink_create(&sink, put, close, &my_state), or
 *   fpool_sink_collect(&sink) and read the results afterwards.
 * Ownership: 'put' may take the value or the item by setting it to NULL (or
 *   clear the whole result to take all); what it leaves is released after it
 *   returns.
 * Thread-safety: any thread.
 * Limits: 'put' must not put into its own sink. */
#ifndef FETCHPOOL_SINK_H
#define FETCHPOOL_SINK_H

#include <fetchpool/item.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpool_sink;

/* Returns 0, or any number: the sink has then failed, and its jobs stop. */
typedef int fpool_sink_put_function(void *userdata,
                                    struct fpool_result *result);

/* Gives a sink that hands each result to 'put'.  'close' (may be NULL) runs once
 * when the sink is destroyed.  FPOOL_EINVAL, FPOOL_ENOMEM. */
FPOOL_API enum fpool_status fpool_sink_create(struct fpool_sink **ret_sink,
                                              fpool_sink_put_function *put,
                                              void (*close)(void *userdata),
                                              void *userdata);

/* Gives a sink that keeps every result, in the order of arrival. */
FPOOL_API enum fpool_status fpool_sink_collect(struct fpool_sink **ret_sink);

/* Gives a sink that releases every result. */
FPOOL_API enum fpool_status fpool_sink_null(struct fpool_sink **ret_sink);

/* Puts one result, waiting while another thread is in 'put'.  Takes the result
 * also on failure and clears it.  FPOOL_ESINK when the sink has failed. */
FPOOL_API enum fpool_status fpool_sink_put(struct fpool_sink *sink,
                                           struct fpool_result *result);

/* What 'put' returned when it failed, 0 while it has not. */
FPOOL_API int fpool_sink_code(struct fpool_sink *sink);

/* For a collecting sink: how many results it has, and a view of one, borrowed
 * until the sink is destroyed.  FPOOL_EINVAL for another kind of sink or an
 * index that is none.  Not while jobs still put. */
FPOOL_API uint64_t fpool_sink_count(struct fpool_sink *sink);
FPOOL_API enum fpool_status fpool_sink_result(struct fpool_sink *sink,
                                              uint64_t index,
                                              struct fpool_result *ret_result);

/* Closes and releases the sink and stores NULL; accepts NULL.  No job may use it
 * any more. */
FPOOL_API void fpool_sink_destroy(struct fpool_sink **sink);

#ifdef __cplusplus
}
#endif

#endif
