/* SPDX-License-Identifier: MIT */
/* Which proxy a request goes through.
 *
 * Purpose: one text for all, or one for each scheme with a list of exceptions;
 *   the library itself never looks at the environment.
 * Use: "http://proxy:3128" for all; or lines "http=URL", "https=URL" and
 *   "no=LIST".
 * Ownership: a proxy owns its texts.
 * Thread-safety: create and destroy: one thread; all else: any.
 * Limits: what libcurl knows as a proxy.  Names of hosts that are exceptions
 * are looked up by libcurl. */
#ifndef FPOOL_ENGINE_HTTP_PROXY_H
#define FPOOL_ENGINE_HTTP_PROXY_H

#include <stdbool.h>

#include "fetchpool/status.h"

struct fpool_http_proxy {
    char *http;  /* NULL: none */
    char *https; /* NULL: none */
    char *no;    /* as CURLOPT_NOPROXY; NULL: none */
};

/* FPOOL_EINVAL, FPOOL_ENOMEM; NULL and "" are no proxy. */
enum fpool_status fpool_http_proxy_init(struct fpool_http_proxy *p,
                                        const char *text);
void fpool_http_proxy_fini(struct fpool_http_proxy *p);

static inline bool fpool_http_proxy_is_used(const struct fpool_http_proxy *p)
{
    return p->http != NULL || p->https != NULL;
}

/* The one for http or https; NULL: none. */
static inline const char *fpool_http_proxy_for(const struct fpool_http_proxy *p,
                                               bool is_secure)
{
    return is_secure ? p->https : p->http;
}

/* NULL, or what is wrong with the text, as a static line of text. */
const char *fpool_http_proxy_check(const char *text);

#endif
