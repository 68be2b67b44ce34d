/* SPDX-License-Identifier: MIT */
/* The options of dnsd; what they mean stands in dnsd.c, which calls this. */
#include "dnsd.h"

#include <getopt.h>
#include <stdlib.h>

enum option_key {
    OPTION_IPV6 = 256,
    OPTION_NO_TCP,
    OPTION_DROP,
    OPTION_SEED,
    OPTION_DELAY,
    OPTION_RCODE,
    OPTION_LOWER,
    OPTION_NO_EDNS,
    OPTION_DIE_AFTER,
    OPTION_LIMIT,
    OPTION_REFUSE_ABOVE,
    OPTION_REVERSE,
    OPTION_TCP_QUERIES,
    OPTION_LOG,
    OPTION_ASK
};

static const struct option long_options[] = {
    { "port", required_argument, NULL, 'p' },
    { "ipv6", no_argument, NULL, OPTION_IPV6 },
    { "no-tcp", no_argument, NULL, OPTION_NO_TCP },
    { "drop", required_argument, NULL, OPTION_DROP },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "delay", required_argument, NULL, OPTION_DELAY },
    { "rcode", required_argument, NULL, OPTION_RCODE },
    { "lower", no_argument, NULL, OPTION_LOWER },
    { "no-edns", no_argument, NULL, OPTION_NO_EDNS },
    { "die-after", required_argument, NULL, OPTION_DIE_AFTER },
    { "limit", required_argument, NULL, OPTION_LIMIT },
    { "refuse-above", required_argument, NULL, OPTION_REFUSE_ABOVE },
    { "reverse", required_argument, NULL, OPTION_REVERSE },
    { "tcp-queries", required_argument, NULL, OPTION_TCP_QUERIES },
    { "log", required_argument, NULL, OPTION_LOG },
    { "ask", no_argument, NULL, OPTION_ASK },
    { NULL, 0, NULL, 0 },
};

/* Options that are switches, and those that are not numbers. */
static bool take_switch(struct dnsd *d, int key)
{
    struct options *o = &d->options;

    switch (key) {
    case OPTION_IPV6:
        d->n_endpoints = 2;
        return true;
    case OPTION_NO_TCP:
        o->no_tcp = true;
        return true;
    case OPTION_LOWER:
        o->lower = true;
        return true;
    case OPTION_NO_EDNS:
        o->no_edns = true;
        return true;
    case OPTION_DROP:
        o->drop = strtod(optarg, NULL);
        return o->drop >= 0 && o->drop <= 100;
    case OPTION_LOG:
        o->log = fopen(optarg, "we");
        return o->log != NULL;
    case OPTION_ASK:
        o->asks = true;
        return true;
    default:
        return false;
    }
}

static bool take_number_option(struct dnsd *d, int key)
{
    struct options *o = &d->options;
    long n = optarg == NULL ? -1 : read_number(optarg, 1000000000);

    switch (n < 0 ? -1 : key) {
    case 'p':
        o->port = (int)n;
        return n < 65536;
    case OPTION_SEED:
        d->seed = (uint64_t)n;
        return true;
    case OPTION_DELAY:
        o->delay_ms = n;
        return true;
    case OPTION_RCODE:
        o->rcode = n;
        return n < 4096;
    case OPTION_DIE_AFTER:
        o->die_after = n;
        return true;
    case OPTION_REFUSE_ABOVE:
        o->limit_refuses = true;
        o->limit = n;
        return true;
    case OPTION_LIMIT:
        o->limit = n;
        return true;
    case OPTION_REVERSE:
        o->reverse = n;
        return true;
    case OPTION_TCP_QUERIES:
        o->tcp_queries = n;
        return true;
    default:
        return false;
    }
}

bool options_read(struct dnsd *d, int argc, char **argv)
{
    int key;

    while ((key = getopt_long(argc, argv, "p:", long_options, NULL)) != -1) {
        if (!take_switch(d, key) && !take_number_option(d, key)) {
            return false;
        }
    }
    return true;
}
