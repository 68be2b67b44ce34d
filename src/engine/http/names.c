/* SPDX-License-Identifier: MIT */
/* Names by our own dns engine. */
#include "engine/http/names.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "engine/dns/lookups.h"

/* Hosts keep their addresses themselves. */
#define MAX_NAMES 2048

struct fpool_http_names {
    struct fpool_dns_lookups *lookups;
    bool is_open;
    char resolvers[]; /* "": the system's */
};

static_assert(sizeof(struct fpool_dns_request) <=
                  sizeof(((struct fpool_http_question *)NULL)->private_data),
              "a question has room for the request of the lookups");

static struct fpool_dns_request *request_of(
    struct fpool_http_question *question)
{
    return (struct fpool_dns_request *)(void *)question->private_data;
}

enum fpool_status fpool_http_names_create(struct fpool_http_names **ret_names,
                                          struct fpool_loop *loop,
                                          const char *resolvers)
{
    struct fpool_dns_lookups_options options = { .servers = resolvers,
                                                 .max_entries = MAX_NAMES };
    size_t size = resolvers == NULL ? 0 : strlen(resolvers);
    struct fpool_http_names *names = fpool_calloc(1, sizeof(*names) + size + 1);
    enum fpool_status status;

    *ret_names = NULL;
    if (names == NULL) {
        return FPOOL_ENOMEM;
    }
    memcpy(names->resolvers, resolvers == NULL ? "" : resolvers, size);
    status = fpool_dns_lookups_create(&names->lookups, loop, &options);
    if (status != FPOOL_OK) {
        fpool_free(names);
        return status == FPOOL_ENOTFOUND ? FPOOL_OK : status;
    }
    *ret_names = names;
    return FPOOL_OK;
}

void fpool_http_names_destroy(struct fpool_http_names **names)
{
    struct fpool_http_names *n = *names;

    if (n != NULL) {
        *names = NULL;
        fpool_dns_lookups_destroy(&n->lookups);
        fpool_free(n);
    }
}

const char *fpool_http_names_resolvers(const struct fpool_http_names *names)
{
    return names->resolvers;
}

static enum fpool_http_error error_of(enum fpool_dns_status status)
{
    switch (status) {
    case FPOOL_DNS_OK:
        return FPOOL_HTTP_ERROR_NONE;
    case FPOOL_DNS_NODATA:
        return FPOOL_HTTP_ERROR_DNS_NODATA;
    case FPOOL_DNS_NXDOMAIN:
        return FPOOL_HTTP_ERROR_DNS_NXDOMAIN;
    case FPOOL_DNS_SERVFAIL:
        return FPOOL_HTTP_ERROR_DNS_SERVFAIL;
    case FPOOL_DNS_REFUSED:
        return FPOOL_HTTP_ERROR_DNS_REFUSED;
    case FPOOL_DNS_TIMEOUT:
        return FPOOL_HTTP_ERROR_DNS_TIMEOUT;
    case FPOOL_DNS_BADNAME:
        return FPOOL_HTTP_ERROR_INVALID_URL;
    default:
        return FPOOL_HTTP_ERROR_DNS_FAILED;
    }
}

static void translate(struct fpool_http_addresses *to,
                      const struct fpool_dns_addresses *from)
{
    size_t i;

    to->error = error_of(from->status);
    to->reason = from->reason;
    to->n =
        from->n < FPOOL_HTTP_MAX_ADDRESSES ? from->n : FPOOL_HTTP_MAX_ADDRESSES;
    for (i = 0; i < to->n; i++) {
        if (from->list[i].sa.sa_family == AF_INET6) {
            to->list[i].v6 = from->list[i].v6;
        } else {
            to->list[i].v4 = from->list[i].v4;
        }
    }
}

static void answered(struct fpool_dns_request *request,
                     const struct fpool_dns_addresses *addresses)
{
    struct fpool_http_question *question =
        FPOOL_OWNER_OF(request, struct fpool_http_question, private_data);
    struct fpool_http_addresses translated;

    translate(&translated, addresses);
    question->done(question, &translated);
}

bool fpool_http_names_ask(struct fpool_http_names *names,
                          struct fpool_http_question *question,
                          const char *host, size_t size,
                          struct fpool_http_addresses *ret_addresses)
{
    struct fpool_dns_request *request = request_of(question);
    const struct fpool_dns_addresses *addresses;

    if (!names->is_open) {
        if (fpool_dns_lookups_open(names->lookups) != FPOOL_OK) {
            ret_addresses->error = FPOOL_HTTP_ERROR_LOCAL_MEMORY;
            ret_addresses->reason = NULL;
            ret_addresses->n = 0;
            return true;
        }
        names->is_open = true;
    }
    question->names = names;
    request->done = answered;
    addresses = fpool_dns_lookups_get(names->lookups, host, size, request);
    if (addresses == NULL) {
        return false;
    }
    translate(ret_addresses, addresses);
    return true;
}

void fpool_http_names_cancel(struct fpool_http_question *question)
{
    if (question->names != NULL) {
        fpool_dns_lookups_cancel(question->names->lookups,
                                 request_of(question));
    }
}

void fpool_http_names_forget(struct fpool_http_names *names, const char *host,
                             size_t size)
{
    if (names->is_open) {
        fpool_dns_lookups_forget(names->lookups, host, size);
    }
}

void fpool_http_names_round(struct fpool_http_names *names)
{
    if (names->is_open) {
        fpool_dns_lookups_round(names->lookups);
    }
}

void fpool_http_names_close(struct fpool_http_names *names)
{
    if (names->is_open) {
        names->is_open = false;
        fpool_dns_lookups_close(names->lookups);
    }
}
