/* SPDX-License-Identifier: MIT */
/* Option parsing of `fetchpool get` by getopt_long; called by get.c. */
#include "get_options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define MAX_JOBS   65536
#define MAX_WINDOW (1 << 24)

enum {
    OPT_WINDOW = 256,
    OPT_RESULTS,
    OPT_FAILED,
    OPT_ORDERED,
    OPT_TIMEOUT,
    OPT_CONNECT_TIMEOUT,
    OPT_STALL,
    OPT_MAX_SIZE,
    OPT_REDIRECTS,
    OPT_LAYOUT,
    OPT_IF_EXISTS,
    OPT_CHECKSUM,
    OPT_CACERT,
    OPT_PROGRESS,
    OPT_SUMMARY,
    OPT_MISSING /* known, and not in this version */
};

static const struct option long_options[] = {
    { "input", required_argument, NULL, 'i' },
    { "output", required_argument, NULL, 'o' },
    { "jobs", required_argument, NULL, 'j' },
    { "window", required_argument, NULL, OPT_WINDOW },
    { "results", required_argument, NULL, OPT_RESULTS },
    { "failed", required_argument, NULL, OPT_FAILED },
    { "ordered", no_argument, NULL, OPT_ORDERED },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "connect-timeout", required_argument, NULL, OPT_CONNECT_TIMEOUT },
    { "stall", required_argument, NULL, OPT_STALL },
    { "max-size", required_argument, NULL, OPT_MAX_SIZE },
    { "redirects", required_argument, NULL, OPT_REDIRECTS },
    { "layout", required_argument, NULL, OPT_LAYOUT },
    { "if-exists", required_argument, NULL, OPT_IF_EXISTS },
    { "checksum", required_argument, NULL, OPT_CHECKSUM },
    { "cacert", required_argument, NULL, OPT_CACERT },
    { "insecure", no_argument, NULL, 'k' },
    { "user-agent", required_argument, NULL, 'A' },
    { "progress", required_argument, NULL, OPT_PROGRESS },
    { "quiet", no_argument, NULL, 'q' },
    { "verbose", no_argument, NULL, 'v' },
    { "summary", required_argument, NULL, OPT_SUMMARY },
    { "help", no_argument, NULL, 'h' },
    { "state", required_argument, NULL, OPT_MISSING },
    { "resume", optional_argument, NULL, OPT_MISSING },
    { "retry-failed", no_argument, NULL, OPT_MISSING },
    { "retries", required_argument, NULL, OPT_MISSING },
    { "deadline", required_argument, NULL, OPT_MISSING },
    { "max-failures", required_argument, NULL, OPT_MISSING },
    { "config", required_argument, NULL, OPT_MISSING },
    { "dry-run", no_argument, NULL, OPT_MISSING },
    { "per-host", required_argument, NULL, OPT_MISSING },
    { "rate", required_argument, NULL, OPT_MISSING },
    { "host-rate", required_argument, NULL, OPT_MISSING },
    { "retry-on", required_argument, NULL, OPT_MISSING },
    { "throttle-on", required_argument, NULL, OPT_MISSING },
    { "max-retry-after", required_argument, NULL, OPT_MISSING },
    { "header", required_argument, NULL, OPT_MISSING },
    { "request", required_argument, NULL, OPT_MISSING },
    { "data", required_argument, NULL, OPT_MISSING },
    { "user", required_argument, NULL, OPT_MISSING },
    { "cookie", required_argument, NULL, OPT_MISSING },
    { "compressed", no_argument, NULL, OPT_MISSING },
    { "http1.1", no_argument, NULL, OPT_MISSING },
    { "http2", no_argument, NULL, OPT_MISSING },
    { "proxy", required_argument, NULL, OPT_MISSING },
    { "resolvers", required_argument, NULL, OPT_MISSING },
    { "resolve", required_argument, NULL, OPT_MISSING },
    { "deny-private", no_argument, NULL, OPT_MISSING },
    { "allow-net", required_argument, NULL, OPT_MISSING },
    { "deny-net", required_argument, NULL, OPT_MISSING },
    { "refresh", no_argument, NULL, OPT_MISSING },
    { "input-format", required_argument, NULL, OPT_MISSING },
    { NULL, 0, NULL, 0 }
};

static const char short_options[] = ":i:o:j:kA:qvhH:X:d:u:";

static bool refuse_value(const char *name, const char *value)
{
    char text[64];

    snprintf(text, sizeof(text), "option --%s does not take the value", name);
    cli_say_name(text, value, "");
    return false;
}

/* A value that CLI users may know, and that this version does not have. */
static bool lack_value(const char *name, const char *value)
{
    cli_say("option --%s: %s is not available in this version", name, value);
    return false;
}

static bool read_output(struct get_options *o, const char *value)
{
    static const char *const others[] = { "tar:", "warc:", "sqlite:" };
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strncmp(value, others[i], strlen(others[i])) == 0) {
            return lack_value("output", others[i]);
        }
    }
    if (strcmp(value, "null") == 0) {
        o->dir = NULL;
        return true;
    }
    o->dir = strncmp(value, "dir:", 4) == 0 ? value + 4 : value;
    return o->dir[0] != '\0' ? true : refuse_value("output", value);
}

/* The place of 'value' in 'names', a list that ends in NULL; -1 if nowhere. */
static int find_word(const char *value, const char *const *names)
{
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (strcmp(value, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static bool read_layout(struct get_options *o, const char *value)
{
    static const char *const names[] = { "hash", "path", "index", NULL };
    int i = find_word(value, names);

    if (i < 0) {
        return strchr(value, '{') != NULL ? lack_value("layout", "a template")
                                          : refuse_value("layout", value);
    }
    o->dir_options.layout = (enum fpool_dir_layout)i;
    return true;
}

static bool read_if_exists(struct get_options *o, const char *value)
{
    static const char *const names[] = { "skip", "overwrite", "rename", "fail",
                                         NULL };
    int i = find_word(value, names);

    if (i < 0) {
        return refuse_value("if-exists", value);
    }
    o->dir_options.if_exists = (enum fpool_dir_if_exists)i;
    return true;
}

static bool read_checksum(struct get_options *o, const char *value)
{
    static const char *const names[] = { "none", "sha256", NULL };
    int i = find_word(value, names);

    if (i < 0) {
        return strcmp(value, "sha1") == 0 || strcmp(value, "md5") == 0
                   ? lack_value("checksum", value)
                   : refuse_value("checksum", value);
    }
    o->has_digest = i == 1;
    return true;
}

static bool read_progress(struct get_options *o, const char *value)
{
    static const char *const names[] = { "none", "plain", "auto", NULL };
    int i = find_word(value, names);

    if (i < 0) {
        return strcmp(value, "tty") == 0 || strcmp(value, "json") == 0
                   ? lack_value("progress", value)
                   : refuse_value("progress", value);
    }
    o->has_progress = i != 0;
    return true;
}

static bool read_count(const char *name, const char *value, int64_t max,
                       unsigned *ret_count)
{
    int64_t n;

    if (!cli_parse_number(value, max, &n) || n == 0) {
        return refuse_value(name, value);
    }
    *ret_count = (unsigned)n;
    return true;
}

static bool read_duration(const char *name, const char *value, int64_t *ret_ms)
{
    return cli_parse_duration(value, ret_ms) || refuse_value(name, value);
}

static bool read_redirects(struct get_options *o, const char *value)
{
    int64_t n;

    if (!cli_parse_number(value, 1000, &n)) {
        return refuse_value("redirects", value);
    }
    o->redirects = n == 0 ? -1 : (int)n;
    return true;
}

static void lack_option(int option, int index)
{
    if (option == OPT_MISSING) {
        cli_say("option --%s is not available in this version",
                long_options[index].name);
    } else {
        cli_say("option -%c is not available in this version", option);
    }
}

static bool read_bound(struct get_options *o, int option, const char *value)
{
    switch (option) {
    case 'j':
        return read_count("jobs", value, MAX_JOBS, &o->jobs);
    case OPT_WINDOW:
        o->has_window = true;
        return read_count("window", value, MAX_WINDOW, &o->window);
    case OPT_TIMEOUT:
        return read_duration("timeout", value, &o->timeout_ms);
    case OPT_CONNECT_TIMEOUT:
        return read_duration("connect-timeout", value, &o->connect_timeout_ms);
    case OPT_STALL:
        return read_duration("stall", value, &o->stall_ms);
    case OPT_MAX_SIZE:
        return cli_parse_size(value, &o->max_size) ||
               refuse_value("max-size", value);
    default:
        return read_redirects(o, value);
    }
}

static bool read_choice(struct get_options *o, int option, const char *value)
{
    switch (option) {
    case 'o':
        return read_output(o, value);
    case OPT_LAYOUT:
        return read_layout(o, value);
    case OPT_IF_EXISTS:
        return read_if_exists(o, value);
    case OPT_CHECKSUM:
        return read_checksum(o, value);
    default:
        return read_progress(o, value);
    }
}

static bool read_option(struct get_options *o, int option, const char *value)
{
    switch (option) {
    case 'i':
        o->files[o->n_files++] = value;
        return true;
    case OPT_RESULTS:
        o->results = value;
        return true;
    case OPT_FAILED:
        o->failed = value;
        return true;
    case OPT_SUMMARY:
        o->summary = value;
        return true;
    case OPT_ORDERED:
        o->is_ordered = true;
        return true;
    case OPT_CACERT:
        o->ca_file = value;
        return true;
    case 'k':
        o->is_insecure = true;
        return true;
    case 'A':
        o->user_agent = value;
        return true;
    case 'q':
        o->is_quiet = true;
        return true;
    case 'v':
        o->is_verbose = true;
        return true;
    case 'h':
        o->wants_help = true;
        return true;
    case 'o':
    case OPT_LAYOUT:
    case OPT_IF_EXISTS:
    case OPT_CHECKSUM:
    case OPT_PROGRESS:
        return read_choice(o, option, value);
    default:
        return read_bound(o, option, value);
    }
}

static bool read_all(struct get_options *o, int argc, char **argv)
{
    int index = 0;

    opterr = 0;
    optind = 1;
    for (;;) {
        int option =
            getopt_long(argc, argv, short_options, long_options, &index);

        if (option == -1) {
            return true;
        }
        if (option == '?' || option == ':') {
            cli_say_name(option == '?' ? "unknown or ambiguous option"
                                       : "a value is missing after",
                         argv[optind - 1], "see fetchpool get --help");
            return false;
        }
        /* strchr() looks at the low byte only, so long options are kept off. */
        if (option == OPT_MISSING ||
            (option < OPT_WINDOW && strchr("HXdu", option) != NULL)) {
            lack_option(option, index);
            return false;
        }
        if (!read_option(o, option, optarg)) {
            return false;
        }
    }
}

/* Without any input, standard input is the list, unless it is a terminal. */
static bool find_input(struct get_options *o)
{
    if (o->n_files > 0 || o->n_urls > 0) {
        return true;
    }
    if (isatty(STDIN_FILENO) || fcntl(STDIN_FILENO, F_GETFD) < 0) {
        cli_say("no URL and no list; see fetchpool get --help");
        return false;
    }
    o->files[o->n_files++] = "-";
    return true;
}

bool get_options_read(struct get_options *o, int argc, char **argv)
{
    size_t i;

    memset(o, 0, sizeof(*o));
    o->dir = "downloads";
    o->dir_options.struct_size = sizeof(o->dir_options);
    o->jobs = 256;
    o->has_digest = true;
    o->has_progress = true;
    o->files = calloc((size_t)argc + 1, sizeof(*o->files));
    if (o->files == NULL) {
        cli_say("out of memory");
        return false;
    }
    if (!read_all(o, argc, argv)) {
        return false;
    }
    o->urls = argv + optind;
    o->n_urls = (size_t)(argc - optind);
    for (i = 0; i < o->n_urls; i++) {
        if (o->urls[i][0] == '@') {
            cli_say("option files (@FILE) are not available in this version");
            return false;
        }
    }
    if (!o->has_window) {
        o->window = o->jobs * 4 < 1000 ? 1000 : o->jobs * 4;
    }
    return o->wants_help || find_input(o);
}

void get_options_fini(struct get_options *o)
{
    free(o->files);
    o->files = NULL;
}
