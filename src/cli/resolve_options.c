/* SPDX-License-Identifier: MIT */
/* The options of `fetchpool resolve` alone; read by options.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve_private.h"
#include "resolvers.h"
#include "say.h"
#include "text.h"

#define DEFAULT_JOBS   1000
#define DEFAULT_WINDOW 100000
#define MAX_TRIES      16
#define MAX_QPS        1000000000
#define MAX_SUFFIX     254

/* ---- Lists of words: "A,AAAA". */

static bool add_type(struct resolve *resolve, const char *type)
{
    size_t i;

    if (!fpool_dns_is_type(type)) {
        return cli_refuse_value("type", type);
    }
    for (i = 0; i < resolve->n_types; i++) {
        if (strcmp(resolve->types[i], type) == 0) {
            return true;
        }
    }
    if (resolve->n_types == RESOLVE_MAX_TYPES) {
        cli_say("too many types");
        return false;
    }
    resolve->types[resolve->n_types++] = type;
    return true;
}

static bool add_only(struct resolve *resolve, const char *word)
{
    unsigned i;

    for (i = 0; i < FPOOL_DNS_N_STATUSES; i++) {
        if (strcmp(word, fpool_dns_status_text((enum fpool_dns_status)i)) ==
            0) {
            resolve->only |= UINT32_C(1) << i;
            return true;
        }
    }
    return cli_refuse_value("only", word);
}

/* Calls 'add' for each word. */
static bool read_words(struct resolve *resolve, const char *value,
                       bool (*add)(struct resolve *resolve, const char *word),
                       bool is_upper)
{
    char *word = cli_texts_keep(&resolve->kept, value, strlen(value));

    while (word != NULL) {
        char *end = word + strcspn(word, ",");
        char *next = *end == ',' ? end + 1 : NULL;
        char *p;

        *end = '\0';
        for (p = word; is_upper && *p != '\0'; p++) {
            *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
        }
        if (!add(resolve, word)) {
            return false;
        }
        if (next == NULL) {
            return true;
        }
        word = next;
    }
    return false;
}

static bool read_type(void *settings, const char *value)
{
    return read_words(settings, value, add_type, true);
}

static bool read_only(void *settings, const char *value)
{
    return read_words(settings, value, add_only, false);
}

/* ---- The rest. */

static bool read_format(void *settings, const char *value)
{
    static const char *const words[] = { "jsonl", "text", "list", NULL };
    struct resolve *resolve = settings;
    int i = cli_find_word(value, words);

    if (i < 0) {
        return cli_refuse_value("format", value);
    }
    resolve->format = (enum resolve_format)i;
    return true;
}

static bool read_wildcard(void *settings, const char *value)
{
    static const char *const words[] = { "off", "tag", "drop", NULL };
    struct resolve *resolve = settings;
    int i = cli_find_word(value, words);

    if (i < 0) {
        return cli_refuse_value("wildcard", value);
    }
    resolve->wildcard = (enum resolve_wildcard)i;
    return true;
}

static bool read_suffix(void *settings, const char *value)
{
    struct resolve *resolve = settings;

    if (value[strspn(value, ".")] == '\0' || strlen(value) > MAX_SUFFIX ||
        value[strcspn(value, " \t\r\n")] != '\0') {
        return cli_refuse_value("suffix", value);
    }
    resolve->suffix = value;
    return true;
}

#define AT(member) offsetof(struct resolve, member)

const struct cli_option resolve_options[] = {
    CLI_READER("type", 't', read_type),
    CLI_FIELD("resolvers", CLI_TEXT, 'r', AT(resolvers)),
    CLI_NUMBER("qps", '\0', AT(qps), MAX_QPS),
    CLI_NUMBER("resolver-qps", '\0', AT(resolver_qps), MAX_QPS),
    CLI_NUMBER("tries", '\0', AT(tries), MAX_TRIES),
    CLI_READER("suffix", '\0', read_suffix),
    CLI_READER("format", 'f', read_format),
    CLI_READER("only", '\0', read_only),
    CLI_READER("wildcard", '\0', read_wildcard),
    CLI_WORD(NULL, CLI_LACKED),
};

/* ---- Together. */

/* --tries is the more special of the two. */
static bool find_tries(struct resolve *resolve, const struct cli_options *o)
{
    char text[24];

    if (o->retries < 0 || resolve->tries > 0) {
        return true;
    }
    if (o->retries >= MAX_TRIES) {
        snprintf(text, sizeof(text), "%d", (int)o->retries);
        return cli_refuse_value("retries", text);
    }
    resolve->tries = (unsigned)o->retries + 1;
    return true;
}

int resolve_options_check(void *self, struct cli_options *o)
{
    struct resolve *resolve = self;

    o->jobs = o->jobs == 0 ? DEFAULT_JOBS : o->jobs;
    o->window = o->window == 0 ? DEFAULT_WINDOW : o->window;
    o->results = o->results == NULL ? "-" : o->results;
    if (!find_tries(resolve, o)) {
        return CLI_EXIT_USAGE;
    }
    return resolve->resolvers == NULL
               ? CLI_EXIT_OK
               : cli_resolvers_load(resolve->resolvers,
                                    &resolve->resolver_list);
}

void resolve_options_fini(struct resolve *resolve)
{
    cli_texts_fini_kept(&resolve->kept);
    free(resolve->resolver_list);
}
