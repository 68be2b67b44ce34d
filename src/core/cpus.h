/* SPDX-License-Identifier: MIT */
/* The parser behind fpool_usable_cpus(), for its test.
 *
 * Purpose: read "quota period", as control groups write it.
 * Thread-safety: any thread.
 * Limits: none. */
#ifndef FPOOL_CORE_CPUS_H
#define FPOOL_CORE_CPUS_H

/* CPUs for a quota and a period in microseconds, rounded up; 0 for none, as in
 * "max 100000" or "-1 100000", and for what is no such pair. */
unsigned fpool_quota_parse(const char *text);

#endif
