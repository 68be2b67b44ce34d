/* SPDX-License-Identifier: MIT */
/* Without a dns engine: all names are left to libcurl. */
#include "engine/http/names.h"

enum fpool_status fpool_http_names_create(struct fpool_http_names **ret_names,
                                          struct fpool_loop *loop,
                                          const char *resolvers)
{
    (void)loop;
    *ret_names = NULL;
    return resolvers == NULL ? FPOOL_OK : FPOOL_EUNSUPPORTED;
}

void fpool_http_names_destroy(struct fpool_http_names **names)
{
    *names = NULL;
}

/* ---- There are none, so that nobody calls the rest. */

const char *fpool_http_names_resolvers(const struct fpool_http_names *names)
{
    (void)names;
    return "";
}

bool fpool_http_names_ask(struct fpool_http_names *names,
                          struct fpool_http_question *question,
                          const char *host, size_t size,
                          struct fpool_http_addresses *ret_addresses)
{
    (void)names;
    (void)question;
    (void)host;
    (void)size;
    ret_addresses->error = FPOOL_HTTP_ERROR_DNS_FAILED;
    ret_addresses->reason = NULL;
    ret_addresses->n = 0;
    return true;
}

void fpool_http_names_cancel(struct fpool_http_question *question)
{
    (void)question;
}

void fpool_http_names_forget(struct fpool_http_names *names, const char *host,
                             size_t size)
{
    (void)names;
    (void)host;
    (void)size;
}

void fpool_http_names_round(struct fpool_http_names *names)
{
    (void)names;
}

void fpool_http_names_close(struct fpool_http_names *names)
{
    (void)names;
}
