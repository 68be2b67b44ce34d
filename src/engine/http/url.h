/* SPDX-License-Identifier: MIT */
/* URLs as they come from lists and servers.
 *
 * Purpose: take what is a URL with a scheme we speak, in normal form.
 * Ownership: the caller frees what it is given with fpool_free().
 * Thread-safety: any thread.
 * Limits: 64 KiB in a list, 8 KiB from a server. */
#ifndef FPOOL_ENGINE_HTTP_URL_H
#define FPOOL_ENGINE_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fetchpool/status.h"

#define FPOOL_HTTP_MAX_URL    65536
#define FPOOL_HTTP_MAX_TARGET 8192

struct fpool_http_url {
    char *request; /* without fragment */
    char *shown;   /* also without user and password; may equal 'request' */
    /* Where in 'request' the host is, IPv6 addresses with their brackets. */
    uint16_t host_at;
    uint16_t host_size;
    uint16_t port;  /* also where it is the scheme's own */
    bool is_secure; /* https */
    uint64_t hash;  /* of the host, whatever the case of its letters */
};

/* Parses 'size' bytes, blanks around them ignored.  With 'base', the URL of the
 * request that was redirected, they may be relative to it and contain blanks,
 * which are encoded; without (NULL) not.  FPOOL_OK, FPOOL_ENOMEM, or
 * FPOOL_EINVALID with a static line of text in '*ret_reason'. */
enum fpool_status fpool_http_url_parse(struct fpool_http_url *ret_url,
                                       const char *data, size_t size,
                                       const char *base,
                                       const char **ret_reason);

/* Frees both texts and forgets them. */
void fpool_http_url_fini(struct fpool_http_url *url);

/* The same scheme, host and port (RFC 6454, section 5). */
bool fpool_http_url_is_same_origin(const struct fpool_http_url *a,
                                   const struct fpool_http_url *b);

#endif
