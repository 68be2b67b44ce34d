/* SPDX-License-Identifier: MIT */
/* Runs a command: opens everything, starts the job, loops over its results,
 * drains.  Called by command.c; calls the functions of the command, settle.c
 * and report.c. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "interrupt.h"
#include "say.h"
#include "text.h"

#define DRAIN_MS 10000
#define WATCH_MS 1000

/* Items that are pulled at once, where that does not wait. */
#define CHUNK 256

/* A run that is busy sleeps a little before it looks for more, as being woken
 * for each result would cost both sides more than the result. */
#define BUSY_RESULTS  16
#define BUSY_WINDOW   4096
#define BUSY_SLEEP_MS 1
#define BUSY_FLUSH_MS 50

void cli_run_stop_intake(struct cli_run *run)
{
    run->is_stopped = true;
    cli_input_stop(run->input);
}

void cli_run_stop_all(struct cli_run *run)
{
    cli_run_stop_intake(run);
    fpool_cancel_trip(run->cancel);
}

/* ---- The start. */

static bool open_out(struct cli_out *out, const char *path)
{
    int error_number;

    if (path == NULL) {
        return true;
    }
    error_number = cli_out_open(out, path);
    if (error_number != 0) {
        cli_say_name("cannot write", path, strerror(error_number));
    }
    return error_number == 0;
}

struct cli_input_options cli_run_input(const struct cli_command *command,
                                       void *self, const struct cli_options *o)
{
    struct cli_input_options input = {
        .items = o->items.list,
        .n_items = o->items.n,
        .files = o->files.list,
        .n_files = o->files.n,
    };

    if (command->shape_input != NULL) {
        command->shape_input(self, &input);
    }
    return input;
}

static bool open_input(struct cli_run *run)
{
    struct cli_input_options input =
        cli_run_input(run->command, run->self, run->o);

    input.parent = run->cancel;
    run->input = cli_input_create(&input);
    return run->input != NULL;
}

enum fpool_status cli_run_launch(struct cli_run *run, const struct fpool_op *op)
{
    const struct cli_options *o = run->o;
    const struct fpool_job_options *job =
        FPOOL_JOB(.window = o->window, .chunk = CHUNK,
                  .item_timeout_ms = o->timeout_ms, .cancel = run->cancel,
                  .defer_dir = run->defer_dir);
    enum fpool_status status =
        fpool_create(&run->pool, FPOOL_OPTIONS(.workers = 1));

    if (status != FPOOL_OK) {
        return status;
    }
    return o->is_ordered
               ? fpool_imap(run->pool, op, cli_input_source(run->input), job,
                            &run->job)
               : fpool_imap_unordered(run->pool, op,
                                      cli_input_source(run->input), job,
                                      &run->job);
}

static bool run_start(struct cli_run *run)
{
    const struct cli_command *command = run->command;
    enum fpool_status status;

    if (command->prepare != NULL && !command->prepare(run)) {
        return false;
    }
    if (!cli_interrupt_init() ||
        fpool_cancel_create(&run->cancel, NULL) != FPOOL_OK) {
        cli_say("out of memory or descriptors");
        return false;
    }
    /* A list that cannot be read leaves no directory behind. */
    if (!open_input(run) || (command->open != NULL && !command->open(run)) ||
        !open_out(&run->results, run->o->results) ||
        !open_out(&run->failed, run->o->failed)) {
        return false;
    }
    status = command->start(run);
    if (status != FPOOL_OK) {
        cli_say("cannot start: %s", fpool_status_text(status));
    }
    return status == FPOOL_OK;
}

/* ---- The loop. */

static void take_aside(struct cli_run *run)
{
    for (;;) {
        uint64_t limit = run->o->is_ordered ? run->next_seq + 1 : UINT64_MAX;
        struct cli_item *item = cli_input_take(run->input, limit);

        if (item == NULL) {
            return;
        }
        run->command->handle_aside(run, item);
        cli_item_drop(item->text);
    }
}

static void check_interrupt(struct cli_run *run)
{
    if (cli_interrupt_signal() == 0 || run->drain_until_ms != INT64_MAX) {
        return;
    }
    run->drain_until_ms = cli_now_ms() + DRAIN_MS;
    if (!run->o->is_quiet) {
        cli_say("stopping: up to 10 s for what is running; once more to quit");
    }
    cli_run_stop_intake(run);
}

/* Looks after things that change slowly. */
static void watch(struct cli_run *run, int64_t now)
{
    char name[40];

    run->watch_ms = now + WATCH_MS;
    if (cli_input_unknown(run->input, name, sizeof(name))) {
        cli_say("in the list, %s is not known here and passed over, as is all "
                "else that is not",
                name);
    }
    if (run->command->watch != NULL) {
        run->command->watch(run);
    }
}

/* Does what is due; returns the milliseconds until the next thing is. */
static int check_time(struct cli_run *run, int64_t now)
{
    int64_t next;

    if (now >= run->watch_ms) {
        watch(run, now);
    }
    if (now >= run->progress.next_ms) {
        cli_run_show_progress(run, now);
    }
    if (now >= run->drain_until_ms) {
        run->drain_until_ms = INT64_MAX - 1;
        cli_run_stop_all(run);
    }
    if (now >= run->deadline_ms) {
        run->deadline_ms = INT64_MAX;
        run->is_limited = true;
        if (!run->o->is_quiet) {
            cli_say("stopping: the deadline has passed");
        }
        cli_run_stop_all(run);
    }
    next = run->progress.next_ms < run->drain_until_ms ? run->progress.next_ms
                                                       : run->drain_until_ms;
    next = next < run->deadline_ms ? next : run->deadline_ms;
    return next - now > 60000 ? 60000 : (int)(next - now);
}

static void flush(struct cli_run *run, int64_t now)
{
    cli_out_flush(&run->results);
    cli_out_flush(&run->failed);
    run->flushed_ms = now;
}

/* Sleeps until there is a result, an item set aside, a signal or something due;
 * or just a little, see above. */
static void wait_for_news(struct cli_run *run)
{
    bool was_told = cli_interrupt_signal() != 0;
    bool is_busy =
        run->n_taken >= BUSY_RESULTS && run->o->window >= BUSY_WINDOW;
    int64_t now = cli_now_ms();
    int timeout = check_time(run, now);
    struct pollfd fds[] = {
        { .fd = was_told ? -1 : cli_interrupt_fd(), .events = POLLIN },
        { .fd = fpool_results_fd(run->job), .events = POLLIN },
        { .fd = cli_input_fd(run->input), .events = POLLIN },
    };

    run->n_taken = 0;
    if (is_busy) {
        timeout = timeout < BUSY_SLEEP_MS ? timeout : BUSY_SLEEP_MS;
    }
    if (!is_busy || now >= run->flushed_ms + BUSY_FLUSH_MS) {
        flush(run, now);
    }
    poll(fds, is_busy ? 1 : sizeof(fds) / sizeof(fds[0]), timeout);
    cli_stamp_refresh(&run->stamp);
}

/* An item that was put aside on disk, and that the disk does not give back. */
static void lose_item(struct cli_run *run, enum fpool_status status)
{
    cli_tally_add(&run->tally, CLI_FAILED,
                  status == FPOOL_ENOMEM ? "local.memory" : "local.io");
    cli_run_fail(run, "stopping, cannot read back", "an item put aside",
                 fpool_status_text(status));
}

static void take_result(struct cli_run *run, struct fpool_result *result)
{
    if (result->item.data == NULL) {
        lose_item(run, result->status);
    } else {
        run->command->handle(run, result);
    }
    fpool_result_release(result);
    run->n_taken++;
    if (run->n_taken % 64 == 0) {
        cli_stamp_refresh(&run->stamp);
    }
    if (run->n_taken % 256 == 0) {
        check_time(run, cli_now_ms());
    }
}

static void say_source_failed(struct cli_run *run)
{
    cli_say_name(
        "cannot read", cli_input_failed_file(run->input),
        cli_input_failure(run->input, fpool_results_source_code(run->job)));
    run->has_local_fault = true;
}

static void run_loop(struct cli_run *run)
{
    bool has_aside = run->command->handle_aside != NULL;

    for (;;) {
        struct fpool_result result;
        enum fpool_status status;

        check_interrupt(run);
        if (has_aside) {
            take_aside(run);
        }
        status = fpool_next(run->job, &result, 0);
        if (status == FPOOL_OK) {
            take_result(run, &result);
        } else if (status == FPOOL_ETIMEDOUT) {
            wait_for_news(run);
        } else if (status == FPOOL_ESOURCE) {
            say_source_failed(run);
        } else {
            break; /* FPOOL_END, or FPOOL_ECANCELED: all was delivered. */
        }
    }
    if (has_aside) {
        take_aside(run);
    }
    watch(run, cli_now_ms());
}

/* ---- The whole. */

/* Releases everything; accepts a run that did not get far. */
static void run_fini(struct cli_run *run)
{
    if (run->input != NULL) {
        cli_run_stop_all(run);
    }
    cli_progress_fini(&run->progress);
    fpool_results_destroy(&run->job);
    fpool_destroy(&run->pool);
    cli_input_destroy(&run->input);
    cli_out_close(&run->results);
    cli_out_close(&run->failed);
    if (run->command->close != NULL) {
        run->command->close(run);
    }
    fpool_cancel_destroy(&run->cancel);
}

int cli_run(const struct cli_command *command, void *self,
            struct cli_options *o)
{
    struct cli_run run = { .command = command,
                           .self = self,
                           .o = o,
                           .deadline_ms = INT64_MAX,
                           .drain_until_ms = INT64_MAX };
    int status = CLI_EXIT_LOCAL;

    cli_tally_init(&run.tally);
    cli_stamp_refresh(&run.stamp);
    run.last_ms = run.tally.start_ms;
    if (o->deadline_ms > 0) {
        run.deadline_ms = run.tally.start_ms + o->deadline_ms;
    }
    cli_progress_init(&run.progress,
                      o->is_quiet ? CLI_PROGRESS_NONE : o->progress,
                      run.tally.start_ms);
    if (run_start(&run)) {
        run_loop(&run);
        status = cli_run_report(&run);
    }
    run_fini(&run);
    return status;
}
