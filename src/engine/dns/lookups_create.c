/* SPDX-License-Identifier: MIT */
/* The beginning and the end of look-ups; called by other engines. */
#include "engine/dns/lookups_private.h"

#include "base/clock.h"
#include "base/mem.h"

#define MS 1000000LL

#define DEFAULT_ENTRIES    16384
#define DEFAULT_IN_FLIGHT  1000u
#define DEFAULT_TRIES      4u
#define DEFAULT_TIMEOUT_MS 15000u
#define DEFAULT_DELAY_MS   50u /* RFC 8305, section 8 */

#define MAX_ENTRIES   (1u << 24)
#define MAX_IN_FLIGHT 1000000u
#define MAX_TRIES     16u
#define BOTH          (FPOOL_DNS_V4 | FPOOL_DNS_V6)

static void timer_fire(struct fpool_loop_timer *timer)
{
    (void)timer; /* The round does all that is due. */
}

static unsigned or_default(unsigned value, unsigned other)
{
    return value == 0 ? other : value;
}

static enum fpool_status set_options(struct fpool_dns_lookups *l,
                                     const struct fpool_dns_lookups_options *o)
{
    enum fpool_dns_v6 v6 =
        o->v6 == FPOOL_DNS_V6_CHECK ? fpool_dns_reach_v6() : o->v6;

    l->ttls.least = or_default(o->least_ttl, 5);
    l->ttls.most = or_default(o->most_ttl, 3600);
    l->ttls.least_negative = or_default(o->least_negative_ttl, 5);
    l->ttls.most_negative = or_default(o->most_negative_ttl, 300);
    l->ttls.failure = or_default(o->failure_ttl, 1);
    l->families = or_default(o->families, BOTH);
    l->asked = l->families;
    if (o->families == 0 && v6 == FPOOL_DNS_V6_NONE) {
        l->asked = FPOOL_DNS_V4;
    }
    l->delay = or_default(o->delay_ms, DEFAULT_DELAY_MS) * MS;
    l->is_v6_first = v6 == FPOOL_DNS_V6_GLOBAL;
    if ((o->families & ~(unsigned)BOTH) != 0 || o->tries > MAX_TRIES ||
        o->in_flight > MAX_IN_FLIGHT || o->max_entries > MAX_ENTRIES) {
        return FPOOL_EINVAL;
    }
    return FPOOL_OK;
}

static enum fpool_status set_servers(struct fpool_dns_lookups *l,
                                     const char *text)
{
    struct fpool_dns_servers servers = { .n = 0 };
    struct fpool_dns_asker_options options = { .servers = &servers };
    enum fpool_status status =
        text == NULL ? fpool_dns_servers_system(&servers)
                     : fpool_dns_servers_parse(&servers, text, NULL);

    if (status == FPOOL_OK) {
        status = fpool_dns_asker_create(&l->asker, l->loop, &options);
    }
    fpool_dns_servers_fini(&servers);
    return status == FPOOL_EINVALID ? FPOOL_EINVAL : status;
}

static enum fpool_status set_up(struct fpool_dns_lookups *l,
                                const struct fpool_dns_lookups_options *o)
{
    enum fpool_status status = set_options(l, o);
    uint64_t seed;

    if (status == FPOOL_OK) {
        status = set_servers(l, o->servers);
    }
    if (status == FPOOL_OK) {
        status = fpool_dns_hosts_init(&l->hosts, o->hosts == NULL ? "/etc/hosts"
                                                                  : o->hosts);
    }
    if (status != FPOOL_OK) {
        return status;
    }
    fpool_dns_queue_init(&l->queue, l->asker,
                         or_default(o->in_flight, DEFAULT_IN_FLIGHT),
                         or_default(o->tries, DEFAULT_TRIES),
                         or_default(o->timeout_ms, DEFAULT_TIMEOUT_MS) * MS);
    seed = (uint64_t)fpool_dns_random_32(&l->asker->random) << 32 |
           fpool_dns_random_32(&l->asker->random);
    return fpool_dns_cache_init(
        &l->cache, o->max_entries == 0 ? DEFAULT_ENTRIES : o->max_entries,
        seed);
}

enum fpool_status fpool_dns_lookups_create(
    struct fpool_dns_lookups **ret_lookups, struct fpool_loop *loop,
    const struct fpool_dns_lookups_options *options)
{
    static const struct fpool_dns_lookups_options defaults;
    struct fpool_dns_lookups *l = fpool_calloc(1, sizeof(*l));
    enum fpool_status status;

    if (l == NULL) {
        return FPOOL_ENOMEM;
    }
    fpool_dns_library_init();
    l->loop = loop;
    l->timer.fire = timer_fire;
    fpool_list_init(&l->delayed);
    fpool_list_init(&l->ready);
    status = set_up(l, options == NULL ? &defaults : options);
    if (status != FPOOL_OK) {
        fpool_dns_lookups_destroy(&l);
        return status;
    }
    fpool_dns_hosts_refresh(&l->hosts, fpool_now_ns());
    *ret_lookups = l;
    return FPOOL_OK;
}

enum fpool_status fpool_dns_lookups_open(struct fpool_dns_lookups *l)
{
    enum fpool_status status = fpool_loop_timer_open(l->loop, &l->timer);

    if (status == FPOOL_OK) {
        status = fpool_dns_asker_open(l->asker);
        if (status != FPOOL_OK) {
            fpool_loop_timer_close(l->loop, &l->timer);
        }
    }
    return status;
}

void fpool_dns_lookups_destroy(struct fpool_dns_lookups **lookups)
{
    struct fpool_dns_lookups *l = *lookups;

    if (l == NULL) {
        return;
    }
    *lookups = NULL;
    fpool_dns_cache_fini(&l->cache);
    fpool_dns_hosts_fini(&l->hosts);
    fpool_dns_asker_destroy(&l->asker);
    fpool_free(l);
}
