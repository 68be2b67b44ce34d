/* SPDX-License-Identifier: MIT */
/* One run of a command.
 *
 * Purpose: what all commands do alike: open, start, loop, drain, count, say how
 *   it ended; and the few functions that make a command out of it.
 * Use: cli_command_run() with a struct cli_command.
 * Ownership: a run owns all it points at, but its options and 'self'.
 * Thread-safety: the main thread.
 * Limits: none. */
#ifndef FPOOL_CLI_RUN_H
#define FPOOL_CLI_RUN_H

#include <fetchpool/fetchpool.h>

#include "facts.h"
#include "input.h"
#include "options.h"
#include "out.h"
#include "progress.h"
#include "stamp.h"
#include "tally.h"

/* Exit statuses, as the documentation lists them. */
enum {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_LOCAL = 3,
    CLI_EXIT_LIMIT = 4,
    CLI_EXIT_BUG = 70,
    CLI_EXIT_SIGNAL = 128
};

struct cli_run;

/* What is known about an item that is done, whatever the command. */
struct cli_outcome {
    const struct cli_item *item;
    enum cli_status status;
    const char *kind; /* of the failure, "" without; static */
    const char *message;
    bool is_retryable;
    const char *place; /* where a full disk would be the reason */
    int64_t time_us;   /* negative: nothing was measured */
};

/* A command.  'self' is its own part of a run; NULL for a function: nothing to
 * do there. */
struct cli_command {
    const char *name;                 /* "get" */
    const char *item;                 /* "URL", for messages */
    const struct cli_option *options; /* its own, whose settings are 'self' */
    void (*print_help)(void);
    /* Completes the options, and refuses what does not fit together, in words.
     * Returns an exit status. */
    int (*check)(void *self, struct cli_options *o);
    /* What the input is to do for this command; the rest is filled in. */
    void (*shape_input)(void *self, struct cli_input_options *input);
    /* Before the list is opened, and after; false after saying why not. */
    bool (*prepare)(struct cli_run *run);
    bool (*open)(struct cli_run *run);
    /* Calls cli_run_launch() with the operation. */
    enum fpool_status (*start)(struct cli_run *run);
    /* Records one result and calls cli_run_settle(). */
    void (*handle)(struct cli_run *run, struct fpool_result *result);
    /* The same for an item that was set aside, if any are. */
    void (*handle_aside)(struct cli_run *run, struct cli_item *item);
    /* Looks after the run, about once a second; may say something. */
    void (*watch)(struct cli_run *run);
    /* Adds facts for the progress, 'seconds' after the last time. */
    void (*describe)(struct cli_run *run, struct cli_facts *facts,
                     double seconds);
    /* Ends the line of final counts, and adds lines. */
    void (*report)(struct cli_run *run, double seconds);
    /* Adds members to the summary, each after a comma. */
    void (*summarize)(struct cli_run *run, struct cli_out *out);
    void (*close)(struct cli_run *run);
};

struct cli_run {
    const struct cli_command *command;
    void *self;
    struct cli_options *o;
    struct fpool *pool;
    struct fpool_cancel *cancel; /* of everything, above the input's own */
    struct fpool_results *job;
    struct cli_input *input;
    struct cli_out results;
    struct cli_out failed;
    struct cli_tally tally;
    struct cli_stamp stamp;
    struct cli_progress progress;
    uint64_t last_done; /* at the last look for the progress, */
    int64_t last_ms;    /* which was then */
    uint64_t next_seq;  /* with --ordered: of the next item to be told */
    unsigned n_taken;   /* results since the last wait */
    int64_t flushed_ms;
    int64_t watch_ms;      /* when to look again */
    const char *defer_dir; /* for items put aside; NULL: the library's choice */
    unsigned failed_header; /* of the last line in 'failed' */
    int64_t deadline_ms;    /* INT64_MAX: none */
    int64_t drain_until_ms; /* INT64_MAX: not draining */
    bool has_local_fault;
    bool is_limited; /* stopped by a limit */
    bool is_stopped;
};

/* Reads the options, argv[0] being the command, and runs it.  Returns the exit
 * status. */
int cli_command_run(const struct cli_command *command, void *self, int argc,
                    char **argv);

/* The end of each command's help: the options that need no word of its own, and
 * what holds for all. */
void cli_print_common_help(void);

/* A run with options that are complete. */
int cli_run(const struct cli_command *command, void *self,
            struct cli_options *o);

/* What the input of a command is made of. */
struct cli_input_options cli_run_input(const struct cli_command *command,
                                       void *self, const struct cli_options *o);

/* Starts the job. */
enum fpool_status cli_run_launch(struct cli_run *run,
                                 const struct fpool_op *op);

/* Takes no more items; what was pulled goes on. */
void cli_run_stop_intake(struct cli_run *run);

/* Ends everything soon: the disk is full, or the time is over. */
void cli_run_stop_all(struct cli_run *run);

/* Counts an item, notes it among the failed, and stops the run when it must. */
void cli_run_settle(struct cli_run *run, const struct cli_outcome *outcome);

/* Stops the run, for what the next items would meet as well; says why, once. */
void cli_run_fail(struct cli_run *run, const char *before, const char *name,
                  const char *reason);

/* Shows how the run goes. */
void cli_run_show_progress(struct cli_run *run, int64_t now_ms);

/* Says and records how the run ended; returns the exit status. */
int cli_run_report(struct cli_run *run);

/* Ends a result line: "error", "timestamp" and the brace. */
void cli_run_end_record(struct cli_run *run, const struct cli_outcome *outcome);

#endif
