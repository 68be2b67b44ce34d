/* SPDX-License-Identifier: MIT */
/* The certificates that are trusted.
 *
 * Purpose: parse a bundle once in a process and share the store among all
 *   connections of all loops; libcurl parses it again and again.
 * Use: get in the beginning (reads a file, so not on a loop), attach to each
 *   new SSL context in libcurl's CURLOPT_SSL_CTX_FUNCTION, unref.
 * Ownership: reference counted; the system's bundle is kept for ever.
 * Thread-safety: any thread.
 * Limits: a file that changes meanwhile is not read again.  No environment
 *   variable is read.  What the file holds is trusted, also where it is not a
 *   root, as libcurl does; libcurl itself must be given neither a file nor a
 *   directory (CURLOPT_CAINFO, CURLOPT_CAPATH: NULL), or it parses them too. */
#ifndef FPOOL_ENGINE_HTTP_TRUST_H
#define FPOOL_ENGINE_HTTP_TRUST_H

#include <openssl/types.h>

#include "fetchpool/status.h"

/* The store of 'ca_file' (PEM), or of the system's bundle where it is NULL: the
 * file that libcurl was built with, else OpenSSL's default places.
 * FPOOL_ELOCAL where the file cannot be read or holds no certificate,
 * FPOOL_ENOMEM. */
enum fpool_status fpool_http_trust_get(X509_STORE **ret_store,
                                       const char *ca_file);
void fpool_http_trust_unref(X509_STORE *store); /* accepts NULL */

/* Behind the above: a new store of 'file', or where that holds nothing of the
 * files in 'directory' that bear the hash of a name; NULL for neither. */
enum fpool_status fpool_http_trust_load(X509_STORE **ret_store,
                                        const char *file,
                                        const char *directory);

#endif
