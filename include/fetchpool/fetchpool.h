/* SPDX-License-Identifier: MIT */
/* fetchpool: bounded-memory streaming of I/O-bound work.
 *
 * Purpose: a job takes items from a source, an engine turns each into exactly
 *   one result, and the results go to the caller's loop or into a sink; at any
 *   instant pulled - delivered - deferred <= window, however long the list;
 *   deferred items are on disk (see defer_max in job.h).
 * Use:
 *     FPOOL_SCOPED struct fpool *pool = NULL;
 *     FPOOL_SCOPED struct fpool_results *results = NULL;
 *     struct fpool_result r;
 *
 *     fpool_create(&pool, NULL);
 *     fpool_imap_unordered(pool, FPOOL_CALL(work, NULL),
 *                          fpool_source_lines(STDIN_FILENO), NULL, &results);
 *     while (fpool_next(results, &r, FPOOL_FOREVER) == FPOOL_OK)
 *         fpool_result_release(&r);
 * Ownership, thread-safety and limits: see each header. */
#ifndef FETCHPOOL_FETCHPOOL_H
#define FETCHPOOL_FETCHPOOL_H

#include <fetchpool/base.h>
#include <fetchpool/batch.h>
#include <fetchpool/call.h>
#include <fetchpool/cancel.h>
#include <fetchpool/future.h>
#include <fetchpool/item.h>
#include <fetchpool/job.h>
#include <fetchpool/pool.h>
#include <fetchpool/sink.h>
#include <fetchpool/source.h>
#include <fetchpool/status.h>
#include <fetchpool/stream.h>

/* The engines that this installation was built with. */
#if defined(__has_include)
#if __has_include(<fetchpool/http.h>)
#include <fetchpool/dir.h>
#include <fetchpool/http.h>
#endif
#if __has_include(<fetchpool/dns.h>)
#include <fetchpool/dns.h>
#endif
#endif

#endif
