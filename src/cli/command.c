/* SPDX-License-Identifier: MIT */
/* From the arguments of a command to its run; called by the commands, calls
 * options.c and run.c. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "say.h"

void cli_print_common_help(void)
{
    fputs(
        "      --deadline D        stop after this time; what is left is "
        "pending\n"
        "      --max-failures N    stop after more than N failures, or N% of "
        "what is\n"
        "                          done (of 100 items and more)\n"
        "      --progress P        auto (default): tty on a terminal, else "
        "plain;\n"
        "                          plain: a line every 10 s; json: an object "
        "a\n"
        "                          second, in the end the summary; none\n"
        "      --summary FILE      final counts and percentiles as JSON\n"
        "  -q, --quiet             no progress, no final counts\n"
        "  -v, --verbose           a line for each item that failed\n"
        "      --config FILE       more options, one a line, long and without\n"
        "                          dashes: \"jobs 100\"; the same as @FILE\n"
        "      --dry-run           count the items, do nothing\n"
        "  -h, --help              this text\n"
        "\n"
        "Durations: 500ms, 1.5s, 2m, 1h.  Exit status: 0 all well; 1 some "
        "items\n"
        "failed; 2 usage; 3 local fault; 4 stopped by a limit; 70 accounting "
        "failed;\n"
        "128+n signal n.\n",
        stdout);
}

/* Without any input, standard input is the list, unless it is a terminal. */
static bool find_input(const struct cli_command *command, struct cli_options *o)
{
    if (o->files.n > 0 || o->items.n > 0) {
        return true;
    }
    if (isatty(STDIN_FILENO) || fcntl(STDIN_FILENO, F_GETFD) < 0) {
        cli_say("no %s and no list; see fetchpool %s --help", command->item,
                command->name);
        return false;
    }
    return cli_texts_add(&o->files, "-");
}

/* What a dry run counts. */
struct counts {
    uint64_t n_cut;
    uint64_t n_malformed;
    uint64_t faults[CLI_N_FAULTS];
};

/* Reads the list, and does nothing with it. */
static int count_items(struct cli_input *input, bool is_whole,
                       struct counts *counts)
{
    struct fpool_source source = cli_input_source(input);

    for (;;) {
        struct fpool_item item = { 0 };
        enum cli_fault fault = CLI_FAULT_NONE;
        int code = source.next(source.self, &item, NULL);

        if (code != FPOOL_OK) {
            source.close(source.self);
            return code;
        }
        if (is_whole) {
            fault = cli_item_fault(item.data);
        }
        if ((item.flags & FPOOL_ITEM_TRUNCATED) != 0) {
            counts->n_cut++;
        } else {
            counts->n_malformed += fault != CLI_FAULT_NONE;
            counts->faults[fault]++;
        }
        item.drop(item.data);
    }
}

static void print_counts(struct cli_input *input, bool is_whole,
                         const struct counts *counts)
{
    char name[40];
    int i;

    printf("lines %" PRIu64 " items %" PRIu64 " too long %" PRIu64,
           cli_input_lines(input), cli_input_count(input), counts->n_cut);
    if (is_whole) {
        printf(" malformed %" PRIu64, counts->n_malformed);
    }
    puts("");
    for (i = CLI_FAULT_NONE + 1; i < CLI_N_FAULTS; i++) {
        if (counts->faults[i] > 0) {
            printf("%" PRIu64 " %s\n", counts->faults[i],
                   cli_fault_text((enum cli_fault)i));
        }
    }
    if (cli_input_unknown(input, name, sizeof(name))) {
        cli_say("in the list, %s is not known here and passed over, as is all "
                "else that is not",
                name);
    }
}

static int dry_run(const struct cli_command *command, void *self,
                   const struct cli_options *o)
{
    struct cli_input_options options = cli_run_input(command, self, o);
    struct cli_input *input = cli_input_create(&options);
    struct counts counts = { 0 };
    int code;

    if (input == NULL) {
        return CLI_EXIT_LOCAL;
    }
    code = count_items(input, options.is_whole, &counts);
    if (code != FPOOL_END) {
        cli_say_name("cannot read", cli_input_failed_file(input),
                     cli_input_failure(input, code));
    } else {
        print_counts(input, options.is_whole, &counts);
    }
    cli_input_destroy(&input);
    if (code != FPOOL_END || fflush(stdout) != 0) {
        return CLI_EXIT_LOCAL;
    }
    return counts.n_cut + counts.n_malformed > 0 ? CLI_EXIT_FAILED
                                                 : CLI_EXIT_OK;
}

static int run_with(const struct cli_command *command, void *self,
                    struct cli_options *o)
{
    int status = CLI_EXIT_OK;

    if (o->wants_help) {
        command->print_help();
        return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_LOCAL;
    }
    if (!find_input(command, o)) {
        return CLI_EXIT_USAGE;
    }
    status = command->check(self, o);
    if (status != CLI_EXIT_OK) {
        return status;
    }
    return o->is_dry_run ? dry_run(command, self, o)
                         : cli_run(command, self, o);
}

int cli_command_run(const struct cli_command *command, void *self, int argc,
                    char **argv)
{
    struct cli_options o;
    int status = CLI_EXIT_USAGE;

    cli_say_as(command->name);
    cli_options_init(&o);
    if (cli_options_read(&o, command->options, self, argc, argv)) {
        status = run_with(command, self, &o);
    }
    cli_options_fini(&o);
    return status;
}
