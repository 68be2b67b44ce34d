/* SPDX-License-Identifier: MIT */
/* Labels in UTF-8 to what DNS has for them.
 *
 * Purpose: IDNA2008 (RFC 5891) with the mapping of UTS #46, non-transitional.
 * Ownership: the caller's buffer.
 * Thread-safety: any thread.
 * Limits: allocates; names of letters never come here. */
#ifndef FPOOL_ENGINE_DNS_IDN_H
#define FPOOL_ENGINE_DNS_IDN_H

#include <stddef.h>

#include "fetchpool/status.h"

/* A label of 59 characters after "xn--", each of several code points before
 * normalisation, is shorter than this. */
#define FPOOL_DNS_MAX_IDN  1023
#define FPOOL_DNS_IDN_SIZE 256

#define FPOOL_DNS_IDN_REFUSED "not an international name (IDNA2008)"

/* Writes 'label' in ASCII, and a zero byte: one label, or more where it holds
 * dots of other scripts.  Bytes of ASCII in it come back unchecked.
 * FPOOL_EINVALID, and '*ret_reason' is a static text; FPOOL_ENOMEM. */
enum fpool_status fpool_dns_idn_to_ascii(const char *label, size_t size,
                                         char ascii[FPOOL_DNS_IDN_SIZE],
                                         const char **ret_reason);

#endif
