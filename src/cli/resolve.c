/* SPDX-License-Identifier: MIT */
/* `fetchpool resolve`: what it has of its own in a run.  Called by main.c; uses
 * nothing but the library's public headers. */
#include "resolve.h"

#include "resolve_private.h"
#include "say.h"

static void shape_input(void *self, struct cli_input_options *input)
{
    const struct resolve *resolve = self;

    input->types = resolve->types;
    input->n_types = resolve->n_types;
    /* A name that has answers of several types is listed once. */
    input->has_lines = resolve->format == RESOLVE_LIST;
}

static enum fpool_status start(struct cli_run *run)
{
    const struct resolve *resolve = run->self;
    bool wants_wildcards = resolve->wildcard != RESOLVE_WILDCARD_OFF;
    enum fpool_status status = cli_run_launch(
        run,
        FPOOL_DNS(.type = resolve->n_types > 0 ? resolve->types[0] : NULL,
                  .suffix = resolve->suffix,
                  .resolvers = resolve->resolver_list,
                  .in_flight = run->o->jobs, .tries = resolve->tries,
                  .qps = resolve->qps, .resolver_qps = resolve->resolver_qps,
                  .flags = wants_wildcards ? FPOOL_DNS_WILDCARDS : 0u));

    if (status == FPOOL_ENOTFOUND && resolve->resolver_list == NULL) {
        cli_say("the system names no resolver; give some with --resolvers");
    }
    return status;
}

int cli_resolve(int argc, char **argv)
{
    static const struct cli_command command = {
        .name = "resolve",
        .item = "name",
        .options = resolve_options,
        .print_help = resolve_print_help,
        .check = resolve_options_check,
        .shape_input = shape_input,
        .start = start,
        .handle = resolve_handle_result,
        .describe = resolve_describe,
        .report = resolve_report,
        .summarize = resolve_summarize,
    };
    struct resolve resolve = { .n_types = 0 };
    int status = cli_command_run(&command, &resolve, argc, argv);

    resolve_options_fini(&resolve);
    return status;
}
