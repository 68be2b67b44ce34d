/* SPDX-License-Identifier: MIT */
/* `fetchpool get`: what it has of its own in a run.  Called by main.c; uses
 * nothing but the library's public headers. */
#include "get.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "get_private.h"
#include "say.h"

/* Descriptors beside those of transfers and results. */
#define SPARE_DESCRIPTORS 28
/* Most descriptors of one transfer: its lookup, its connections, its file. */
#define DESCRIPTORS_OF_ONE 4
/* And some for the files of results that wait to be stored. */
#define DESCRIPTORS_WITH_RESULT 6

/* Raises the limit of descriptors, and keeps jobs and window within it. */
static bool fit_descriptors(struct get *get, struct cli_options *o)
{
    struct rlimit limit;
    uint64_t n;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return true; /* unreachable: kernel refusal */
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    n = limit.rlim_cur < SPARE_DESCRIPTORS ? 0
                                           : limit.rlim_cur - SPARE_DESCRIPTORS;
    if (n < DESCRIPTORS_WITH_RESULT) {
        cli_say("too few file descriptors (ulimit -n)");
        return false;
    }
    if (o->jobs > n / DESCRIPTORS_WITH_RESULT) {
        o->jobs = (unsigned)(n / DESCRIPTORS_WITH_RESULT);
        cli_say("few file descriptors (ulimit -n): %u transfers at once",
                o->jobs);
        get->has_told_limit = true;
    }
    /* A finished large body keeps its file open until it is stored. */
    n -= (uint64_t)o->jobs * DESCRIPTORS_OF_ONE;
    if (o->window > n) {
        o->window = (unsigned)n;
    }
    return true;
}

static bool prepare(struct cli_run *run)
{
    struct get *get = run->self;

    if (!fit_descriptors(get, run->o)) {
        return false;
    }
    if (get->ca_file != NULL && access(get->ca_file, R_OK) != 0) {
        cli_say_name("cannot read", get->ca_file, strerror(errno));
        return false;
    }
    return true;
}

static void shape_input(void *self, struct cli_input_options *input)
{
    const struct get *get = self;

    input->format = get->format;
    input->is_whole = true;
}

/* Runs on the source's thread. */
static bool is_there(void *self, const struct cli_item *item)
{
    const struct get *get = self;
    char name[FPOOL_DIR_NAME_SIZE];

    return get_name_item(get, item, name) && fpool_dir_exists(get->dir, name);
}

static bool open_dir(struct cli_run *run)
{
    struct get *get = run->self;

    if (get->dir_path == NULL) {
        return true;
    }
    if (fpool_dir_create(&get->dir, get->dir_path, &get->dir_options) !=
        FPOOL_OK) {
        cli_say_name("cannot write to the directory", get->dir_path,
                     strerror(errno));
        return false;
    }
    run->defer_dir = get->dir_path;
    if (get->dir_options.if_exists == FPOOL_DIR_SKIP) {
        cli_input_set_aside(run->input, is_there, get);
    }
    return true;
}

static uint32_t flags_of(const struct get *get)
{
    return (get->is_insecure ? FPOOL_HTTP_INSECURE : 0u) |
           (get->dir_path == NULL ? FPOOL_HTTP_NO_BODY : 0u) |
           (get->is_compressed ? FPOOL_HTTP_COMPRESSED : 0u) |
           (get->is_http2 ? FPOOL_HTTP_2 : 0u) |
           (get->denies_private ? FPOOL_HTTP_DENY_PRIVATE : 0u);
}

static enum fpool_status start(struct cli_run *run)
{
    struct get *get = run->self;
    const struct cli_options *o = run->o;

    return cli_run_launch(
        run,
        FPOOL_HTTP(.in_flight = o->jobs, .redirects = get->redirects,
                   .connect_timeout_ms = get->connect_timeout_ms,
                   .stall_ms = get->stall_ms, .max_size = get->max_size,
                   .spool_dir = get->dir_path,
                   .digest = get->has_no_digest ? "none" : "sha256",
                   .user_agent = get->user_agent, .ca_file = get->ca_file,
                   .flags = flags_of(get),
                   .tries = o->retries < 0 ? 0 : (unsigned)o->retries + 1,
                   .retry_on = get->retry_on, .throttle_on = get->throttle_on,
                   .max_retry_after_ms = get->max_retry_after_ms,
                   .per_host = get->per_host, .rate = get->rate,
                   .host_rate = get->host_rate, .method = get->method,
                   .headers = get->header_lines, .body = get->body,
                   .body_size = get->body_size, .user = get->user,
                   .cookie = get->cookie, .proxy = get->proxy_lines,
                   .resolvers = get->resolver_list,
                   .resolve = get->resolve_lines, .allow_nets = get->allow_list,
                   .deny_nets = get->deny_list, .describe = get_describe_item,
                   .userdata = get));
}

static void close_dir(struct cli_run *run)
{
    struct get *get = run->self;

    fpool_dir_destroy(&get->dir);
}

int cli_get(int argc, char **argv)
{
    static const struct cli_command command = {
        .name = "get",
        .item = "URL",
        .options = get_options,
        .print_help = get_print_help,
        .check = get_options_check,
        .shape_input = shape_input,
        .prepare = prepare,
        .open = open_dir,
        .start = start,
        .handle = get_handle_result,
        .handle_aside = get_handle_aside,
        .watch = get_watch,
        .describe = get_describe,
        .report = get_report,
        .summarize = get_summarize,
        .close = close_dir,
    };
    struct get get;
    int status;

    get_options_init(&get);
    status = cli_command_run(&command, &get, argc, argv);
    get_options_fini(&get);
    return status;
}
