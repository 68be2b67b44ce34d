/* SPDX-License-Identifier: MIT */
/* The `dns` engine as the pool sees it, and its public functions. */
#include <ares.h>
#include <idn2.h>
#include <pthread.h>
#include <string.h>

#include "core/handle.h"
#include "core/pool.h"
#include "engine/dns/job.h"
#include "engine/dns/response.h"
#include "engine/dns/type.h"
#include "fetchpool/dns.h"
#include "fetchpool/engine.h"

#define ITEM_WINDOW 16384

struct state {
    struct fpool_dns_job *job;
};

static enum fpool_status attach(struct fpool *pool, void **ret_context)
{
    struct fpool_dns_hub *hub;
    enum fpool_status status;

    (void)pool;
    status = fpool_dns_hub_create(&hub);
    if (status == FPOOL_OK) {
        *ret_context = hub;
    }
    return status;
}

static void detach(void *context)
{
    struct fpool_dns_hub *hub = context;

    fpool_dns_hub_destroy(&hub);
}

static enum fpool_status open_job(void *state, const struct fpool_op *op,
                                  void *context)
{
    struct state *s = state;

    return fpool_dns_job_create(&s->job, context, op);
}

static void close_job(void *state)
{
    struct state *s = state;

    fpool_dns_job_unref(s->job);
    s->job = NULL;
}

static void start(void *state, struct fpool_request *request)
{
    struct state *s = state;

    fpool_dns_job_submit(s->job, request);
}

static void cancel(void *state)
{
    struct state *s = state;

    fpool_dns_job_cancel(s->job);
}

static const struct fpool_engine engine = {
    .struct_size = sizeof(struct fpool_engine),
    .name = "dns",
    .state_size = sizeof(struct state),
    .item_window = ITEM_WINDOW,
    .attach = attach,
    .detach = detach,
    .open = open_job,
    .close = close_job,
    .start = start,
    .cancel = cancel,
};

const struct fpool_engine *fpool_engine_dns(void)
{
    return &engine;
}

const struct fpool_dns_response *fpool_result_dns(
    const struct fpool_result *result)
{
    if (result->drop_value != fpool_dns_response_release) {
        return NULL;
    }
    return result->value;
}

const char *fpool_dns_status_text(enum fpool_dns_status status)
{
    static const char *const texts[] = {
#define FPOOL_DNS_TEXT_OF(name, text, status) text,
        FPOOL_DNS_STATUS_MAP(FPOOL_DNS_TEXT_OF)
#undef FPOOL_DNS_TEXT_OF
    };

    return (unsigned)status < FPOOL_DNS_N_STATUSES ? texts[status] : "";
}

enum fpool_status fpool_dns_get_stats(const struct fpool_results *results,
                                      struct fpool_dns_stats *ret_stats)
{
    struct fpool_dns_stats stats = { .struct_size = sizeof(stats) };
    const struct state *s;
    size_t size = ret_stats->struct_size;

    if (results == NULL || results->job.engine != &engine ||
        size < sizeof(size)) {
        return FPOOL_EINVAL;
    }
    s = results->job.state;
    if (s->job == NULL) {
        return FPOOL_EINVAL; /* unreachable: defensive; closed with the handle
                              */
    }
    fpool_dns_counters_read(&s->job->shared->asker->counters, &stats);
    size = size < sizeof(stats) ? size : sizeof(stats);
    memcpy(ret_stats, &stats, size);
    ret_stats->struct_size = size;
    return FPOOL_OK;
}

enum fpool_status fpool_dns_check_resolvers(const char *text,
                                            unsigned *ret_line)
{
    struct fpool_dns_servers servers;
    enum fpool_status status =
        fpool_dns_servers_parse(&servers, text, ret_line);

    if (status == FPOOL_OK) {
        fpool_dns_servers_fini(&servers);
    }
    return status;
}

bool fpool_dns_is_type(const char *text)
{
    uint16_t type;

    return fpool_dns_type_parse(text, strlen(text), &type);
}

static pthread_once_t version_once = PTHREAD_ONCE_INIT;
static char version_text[64];

static void append(const char *text)
{
    size_t used = strlen(version_text);
    size_t size = strnlen(text, sizeof(version_text) - 1 - used);

    memcpy(version_text + used, text, size);
    version_text[used + size] = '\0';
}

static void make_version(void)
{
    append("c-ares/");
    append(ares_version(NULL));
    append(" libidn2/");
    append(idn2_check_version(NULL));
}

const char *fpool_dns_version_text(void)
{
    pthread_once(&version_once, make_version);
    return version_text;
}
