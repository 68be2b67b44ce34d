/* SPDX-License-Identifier: MIT */
/* Pullers: the service thread that feeds an evented engine.
 *
 * Purpose: sources may block, loops must not; so each job on an evented engine
 *   has a thread that pulls, outside the pool's workers.  It also writes to
 *   disk, and reads back, what the engine puts aside.
 * Ownership: the thread holds a reference on its job until the source has ended;
 *   where items may be put aside, until all are finished.
 * Thread-safety: any thread.
 * Limits: one thread for each such job. */
#ifndef FPOOL_CORE_PULLER_H
#define FPOOL_CORE_PULLER_H

#include "core/job.h"

/* Starts the job's puller.  FPOOL_ENOMEM. */
enum fpool_status fpool_puller_start(struct fpool_job *job);

#endif
