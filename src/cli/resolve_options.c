/* SPDX-License-Identifier: MIT */
/* The options of `fetchpool resolve` alone; read by options.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve_private.h"
#include "say.h"
#include "text.h"

#define DEFAULT_JOBS       1000
#define DEFAULT_WINDOW     100000
#define MAX_TRIES          16
#define MAX_QPS            1000000000
#define MAX_SUFFIX         254
#define MAX_RESOLVERS_FILE ((size_t)16 << 20)

/* ---- Lists of words: "A,AAAA". */

/* A copy of 'value' that lives as long as the settings. */
static char *keep(struct resolve *resolve, const char *value)
{
    char *copy = strdup(value);

    if (copy == NULL) {
        cli_say("out of memory");
        return NULL;
    }
    if (!cli_texts_add(&resolve->kept, copy)) {
        free(copy);
        return NULL;
    }
    return copy;
}

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
    char *word = keep(resolve, value);

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

static bool read_retries(void *settings, const char *value)
{
    struct resolve *resolve = settings;
    int64_t n;

    if (!cli_parse_number(value, MAX_TRIES - 1, &n)) {
        return cli_refuse_value("retries", value);
    }
    resolve->tries = (unsigned)n + 1;
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
    CLI_READER("retries", '\0', read_retries),
    CLI_READER("suffix", '\0', read_suffix),
    CLI_READER("format", 'f', read_format),
    CLI_READER("only", '\0', read_only),
    CLI_READER("wildcard", '\0', read_wildcard),
    CLI_WORD(NULL, CLI_LACKED),
};

/* ---- Resolvers. */

/* Makes of a file what the library reads. */
static bool clean_text(const char *path, char *text, size_t size)
{
    if (strlen(text) != size) {
        cli_say_name("a zero byte in the resolvers file", path, "");
        return false;
    }
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) {
        memset(text, ' ', 3);
    }
    return true;
}

/* A file of that name, or else a list.  Returns an exit status. */
static int load_resolvers(struct resolve *resolve, bool *ret_is_file)
{
    size_t size;

    *ret_is_file = true;
    resolve->resolver_list =
        cli_read_file(resolve->resolvers, MAX_RESOLVERS_FILE, &size);
    if (resolve->resolver_list != NULL) {
        return clean_text(resolve->resolvers, resolve->resolver_list, size)
                   ? CLI_EXIT_OK
                   : CLI_EXIT_USAGE;
    }
    if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG) {
        cli_say_name("cannot read the resolvers in", resolve->resolvers,
                     strerror(errno));
        return errno == EACCES || errno == EISDIR || errno == EFBIG
                   ? CLI_EXIT_USAGE
                   : CLI_EXIT_LOCAL;
    }
    *ret_is_file = false;
    resolve->resolver_list = strdup(resolve->resolvers);
    if (resolve->resolver_list == NULL) {
        cli_say("out of memory");
        return CLI_EXIT_LOCAL;
    }
    return CLI_EXIT_OK;
}

static int check_resolvers(struct resolve *resolve)
{
    unsigned line = 0;
    bool is_file;
    int status = load_resolvers(resolve, &is_file);

    if (status != CLI_EXIT_OK ||
        fpool_dns_check_resolvers(resolve->resolver_list, &line) == FPOOL_OK) {
        return status;
    }
    if (!is_file) {
        cli_say_name("--resolvers: neither a file nor a list of addresses:",
                     resolve->resolvers, "");
    } else if (line == 0) {
        cli_say_name("no resolver in", resolve->resolvers, "");
    } else {
        char text[64];

        snprintf(text, sizeof(text), "line %u is no address", line);
        cli_say_name("--resolvers: in", resolve->resolvers, text);
    }
    return CLI_EXIT_USAGE;
}

int resolve_options_check(void *self, struct cli_options *o)
{
    struct resolve *resolve = self;

    o->jobs = o->jobs == 0 ? DEFAULT_JOBS : o->jobs;
    o->window = o->window == 0 ? DEFAULT_WINDOW : o->window;
    o->results = o->results == NULL ? "-" : o->results;
    return resolve->resolvers == NULL ? CLI_EXIT_OK : check_resolvers(resolve);
}

void resolve_options_fini(struct resolve *resolve)
{
    size_t i;

    for (i = 0; i < resolve->kept.n; i++) {
        free((void *)(uintptr_t)resolve->kept.list[i]);
    }
    free(resolve->kept.list);
    free(resolve->resolver_list);
}
