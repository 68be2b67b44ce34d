/* SPDX-License-Identifier: MIT */
/* `fetchpool get`: opens everything, runs the job, keeps the accounts.  Called
 * by main.c; uses nothing but the library's public headers. */
#include "get.h"

#include <errno.h>
#include <fetchpool/http.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "get_run.h"
#include "interrupt.h"
#include "text.h"

#define PROGRESS_MS 10000
#define DRAIN_MS    10000

/* Descriptors beside those of transfers and results. */
#define SPARE_DESCRIPTORS 28
/* Most descriptors of one transfer: its lookup, its connections, its file. */
#define DESCRIPTORS_OF_ONE 4
/* And some for the files of results that wait to be stored. */
#define DESCRIPTORS_WITH_RESULT 6

void get_stop_intake(struct get_run *run)
{
    run->is_stopped = true;
    cli_input_stop(run->input);
}

void get_stop_all(struct get_run *run)
{
    get_stop_intake(run);
    fpool_cancel_trip(run->cancel);
}

/* ---- The start. */

/* Raises the limit of descriptors, and keeps jobs and window within it. */
static bool fit_descriptors(struct get_options *o)
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
    }
    /* A finished large body keeps its file open until it is stored. */
    n -= (uint64_t)o->jobs * DESCRIPTORS_OF_ONE;
    if (o->window > n) {
        o->window = (unsigned)n;
    }
    return true;
}

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

static bool open_dir(struct get_run *run)
{
    const struct get_options *o = run->o;

    if (o->dir == NULL ||
        fpool_dir_create(&run->dir, o->dir, &o->dir_options) == FPOOL_OK) {
        return true;
    }
    cli_say_name("cannot write to the directory", o->dir, strerror(errno));
    return false;
}

static bool open_input(struct get_run *run)
{
    const struct get_options *o = run->o;
    struct cli_input_options options = {
        .urls = o->urls,
        .n_urls = o->n_urls,
        .files = o->files,
        .n_files = o->n_files,
        .parent = run->cancel,
    };

    run->input = cli_input_create(&options);
    return run->input != NULL;
}

static enum fpool_status start_job(struct get_run *run)
{
    const struct get_options *o = run->o;
    const struct fpool_op *op =
        FPOOL_HTTP(.in_flight = o->jobs, .redirects = o->redirects,
                   .connect_timeout_ms = o->connect_timeout_ms,
                   .stall_ms = o->stall_ms, .max_size = o->max_size,
                   .spool_dir = o->dir,
                   .digest = o->has_digest ? "sha256" : "none",
                   .user_agent = o->user_agent, .ca_file = o->ca_file,
                   .flags = (o->is_insecure ? FPOOL_HTTP_INSECURE : 0u) |
                            (o->dir == NULL ? FPOOL_HTTP_NO_BODY : 0u));
    const struct fpool_job_options *job =
        FPOOL_JOB(.window = o->window, .item_timeout_ms = o->timeout_ms,
                  .cancel = run->cancel);
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

static bool run_start(struct get_run *run)
{
    const struct get_options *o = run->o;
    enum fpool_status status;

    if (o->ca_file != NULL && access(o->ca_file, R_OK) != 0) {
        cli_say_name("cannot read", o->ca_file, strerror(errno));
        return false;
    }
    if (!cli_interrupt_init() ||
        fpool_cancel_create(&run->cancel, NULL) != FPOOL_OK) {
        cli_say("out of memory or descriptors");
        return false;
    }
    /* A list that cannot be read leaves no directory behind. */
    if (!open_input(run) || !open_dir(run)) {
        return false;
    }
    if (o->dir_options.if_exists == FPOOL_DIR_SKIP) {
        cli_input_skip_existing(run->input, run->dir);
    }
    if (!open_out(&run->results, o->results) ||
        !open_out(&run->failed, o->failed)) {
        return false;
    }
    status = start_job(run);
    if (status != FPOOL_OK) {
        cli_say("cannot start: %s", fpool_status_text(status));
    }
    return status == FPOOL_OK;
}

/* ---- The loop. */

static void take_skipped(struct get_run *run)
{
    for (;;) {
        uint64_t limit = run->o->is_ordered ? run->next_seq + 1 : UINT64_MAX;
        struct cli_item *item = cli_input_take(run->input, limit);

        if (item == NULL) {
            return;
        }
        get_handle_skipped(run, item);
    }
}

static void check_interrupt(struct get_run *run)
{
    if (cli_interrupt_signal() == 0 || run->drain_until_ms != INT64_MAX) {
        return;
    }
    run->drain_until_ms = cli_now_ms() + DRAIN_MS;
    if (!run->o->is_quiet) {
        cli_say("stopping: up to 10 s for what is running; once more to quit");
    }
    get_stop_intake(run);
}

/* Does what is due; returns the milliseconds until the next thing is. */
static int check_time(struct get_run *run)
{
    int64_t now = cli_now_ms();
    int64_t next;

    if (now >= run->progress_at_ms) {
        cli_tally_print_progress(&run->tally, cli_input_count(run->input));
        run->progress_at_ms = now + PROGRESS_MS;
    }
    if (now >= run->drain_until_ms) {
        run->drain_until_ms = INT64_MAX - 1;
        get_stop_all(run);
    }
    next = run->progress_at_ms < run->drain_until_ms ? run->progress_at_ms
                                                     : run->drain_until_ms;
    return next - now > 60000 ? 60000 : (int)(next - now);
}

/* Sleeps until there is a result, a skipped item, a signal or something due. */
static void wait_for_news(struct get_run *run)
{
    bool was_told = cli_interrupt_signal() != 0;
    struct pollfd fds[] = {
        { .fd = fpool_results_fd(run->job), .events = POLLIN },
        { .fd = cli_input_fd(run->input), .events = POLLIN },
        { .fd = was_told ? -1 : cli_interrupt_fd(), .events = POLLIN },
    };

    cli_out_flush(&run->results);
    cli_out_flush(&run->failed);
    poll(fds, sizeof(fds) / sizeof(fds[0]), check_time(run));
}

static void say_source_failed(struct get_run *run)
{
    cli_say_name("cannot read", cli_input_failed_file(run->input),
                 strerror(fpool_results_source_code(run->job)));
    run->has_local_fault = true;
}

static void run_loop(struct get_run *run)
{
    unsigned n = 0;

    for (;;) {
        struct fpool_result result;
        enum fpool_status status;

        check_interrupt(run);
        take_skipped(run);
        status = fpool_next(run->job, &result, 0);
        if (status == FPOOL_OK) {
            get_handle_result(run, &result);
            fpool_result_release(&result);
            if (++n % 256 == 0) {
                check_time(run);
            }
        } else if (status == FPOOL_ETIMEDOUT) {
            wait_for_news(run);
        } else if (status == FPOOL_ESOURCE) {
            say_source_failed(run);
        } else {
            break; /* FPOOL_END, or FPOOL_ECANCELED: all was delivered. */
        }
    }
    take_skipped(run);
}

/* ---- The end. */

static int exit_status(const struct get_run *run, uint64_t n_read)
{
    const uint64_t *counts = run->tally.counts;

    if (!cli_tally_is_right(&run->tally, n_read)) {
        cli_say("the accounts do not add up; this is a bug");
        return CLI_EXIT_BUG;
    }
    if (cli_interrupt_signal() != 0) {
        return CLI_EXIT_SIGNAL + cli_interrupt_signal();
    }
    if (run->has_local_fault) {
        return CLI_EXIT_LOCAL;
    }
    return counts[CLI_FAILED] + counts[CLI_INVALID] > 0 ? CLI_EXIT_FAILED
                                                        : CLI_EXIT_OK;
}

static void close_out(struct get_run *run, struct cli_out *out)
{
    const char *name = out->name;
    int error_number = cli_out_close(out);

    if (error_number != 0 && !run->has_local_fault) {
        cli_say_name("cannot write", name, strerror(error_number));
    }
    run->has_local_fault = run->has_local_fault || error_number != 0;
}

static int run_end(struct get_run *run)
{
    const struct get_options *o = run->o;
    uint64_t n_read = cli_input_count(run->input);

    close_out(run, &run->results);
    close_out(run, &run->failed);
    if (!o->is_quiet) {
        cli_tally_print_end(&run->tally, n_read);
    }
    if (o->summary != NULL) {
        int error_number = cli_tally_write(&run->tally, n_read, o->summary);

        if (error_number != 0) {
            cli_say_name("cannot write", o->summary, strerror(error_number));
            run->has_local_fault = true;
        }
    }
    return exit_status(run, n_read);
}

/* Releases everything; accepts a run that did not get far. */
static void run_fini(struct get_run *run)
{
    if (run->input != NULL) {
        get_stop_all(run);
    }
    fpool_results_destroy(&run->job);
    fpool_destroy(&run->pool);
    cli_input_destroy(&run->input);
    cli_out_close(&run->results);
    cli_out_close(&run->failed);
    fpool_dir_destroy(&run->dir);
    fpool_cancel_destroy(&run->cancel);
}

static int get_with(struct get_options *o)
{
    struct get_run run = { .o = o,
                           .progress_at_ms = INT64_MAX,
                           .drain_until_ms = INT64_MAX };
    int status = CLI_EXIT_LOCAL;

    if (!fit_descriptors(o)) {
        return CLI_EXIT_LOCAL;
    }
    cli_tally_init(&run.tally);
    if (o->has_progress && !o->is_quiet) {
        run.progress_at_ms = cli_now_ms() + PROGRESS_MS;
    }
    if (run_start(&run)) {
        run_loop(&run);
        status = run_end(&run);
    }
    run_fini(&run);
    return status;
}

int cli_get(int argc, char **argv)
{
    struct get_options o;
    int status = CLI_EXIT_USAGE;

    if (get_options_read(&o, argc, argv)) {
        if (o.wants_help) {
            get_print_help();
            status = CLI_EXIT_OK;
        } else {
            status = get_with(&o);
        }
    }
    get_options_fini(&o);
    return status;
}
