/* SPDX-License-Identifier: MIT */
/* What `fetchpool get` does with one result; called by the loop in get.c. */
#include <errno.h>
#include <string.h>

#include "get_run.h"
#include "record.h"
#include "text.h"

#define MAX_SHOWN 200

static void set_error(struct cli_record *r, const char *kind,
                      const char *message, bool is_retryable)
{
    r->status = CLI_FAILED;
    r->kind = kind;
    r->message = message;
    r->is_retryable = is_retryable;
}

static const char *kind_of_errno(int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
        return "local.disk_full";
    case EMFILE:
    case ENFILE:
        return "local.descriptors";
    case ENOMEM:
        return "local.memory";
    case EEXIST:
        return "local.exists";
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOTDIR:
    case EXDEV:
        return "local.path";
    default:
        return "local.io";
    }
}

/* Faults that the next items would meet as well. */
static bool is_fatal(const char *kind)
{
    return strcmp(kind, "local.disk_full") == 0 ||
           strcmp(kind, "local.io") == 0;
}

static bool is_local_fault(const char *kind)
{
    return is_fatal(kind) || strcmp(kind, "local.descriptors") == 0 ||
           strcmp(kind, "local.memory") == 0;
}

/* Puts the body into the directory and notes how that went. */
static void store(struct get_run *run, struct cli_record *r,
                  struct fpool_dir_stored *stored)
{
    const struct cli_item *item = r->item;
    char name[FPOOL_DIR_NAME_SIZE];
    enum fpool_status status;

    if (fpool_dir_name(run->dir, item->line, item->size, item->seq, name,
                       sizeof(name)) != FPOOL_OK) {
        set_error(r, "local.path", "no file name can be made of this URL",
                  false);
        return;
    }
    status = fpool_dir_store(run->dir, name, r->response, stored);
    if (status == FPOOL_OK || status == FPOOL_EALREADY) {
        r->status = status == FPOOL_OK ? CLI_OK : CLI_SKIPPED;
        r->path = stored->name;
        return;
    }
    set_error(r, kind_of_errno(stored->error_number),
              strerror(stored->error_number), stored->error_number == ENOSPC);
}

static enum cli_status status_of(const struct fpool_result *result)
{
    switch (result->status) {
    case FPOOL_OK:
        return CLI_OK;
    case FPOOL_EINVALID:
        return CLI_INVALID;
    case FPOOL_ECANCELED:
        return CLI_PENDING;
    default:
        return CLI_FAILED;
    }
}

/* What the engine says about the item. */
static void read_result(struct cli_record *r, const struct fpool_result *result)
{
    const struct fpool_http_response *h = r->response;

    r->status = status_of(result);
    if (r->status == CLI_OK || r->status == CLI_PENDING) {
        return;
    }
    if (h != NULL && h->error_kind[0] != '\0') {
        r->kind = h->error_kind;
        r->message = h->error_message;
        r->is_retryable = h->is_retryable;
    } else {
        r->kind =
            result->status == FPOOL_ENOMEM ? "local.memory" : "local.other";
        r->message = fpool_status_text(result->status);
    }
}

static void say_failure(const struct cli_record *r)
{
    fprintf(stderr, "fetchpool get: %s: ", cli_status_text(r->status));
    cli_print_escaped(stderr, r->item->line, r->item->size, MAX_SHOWN);
    fprintf(stderr, ": %s: ", r->kind);
    cli_print_escaped(stderr, r->message, strlen(r->message), MAX_SHOWN);
    fputc('\n', stderr);
}

/* The line as it was, to be fed back; one that was cut cannot be. */
static void write_failed(struct get_run *run, const struct cli_item *item)
{
    if (!item->is_truncated) {
        cli_out_bytes(&run->failed, item->line, item->size);
        cli_out_end_line(&run->failed);
    }
}

/* Says that a file of ours cannot be written, once, and stops. */
static void check_out(struct get_run *run, const struct cli_out *out)
{
    if (out->error_number != 0 && !run->is_stopped) {
        cli_say_name("stopping, cannot write", out->name,
                     strerror(out->error_number));
    }
    if (out->error_number != 0) {
        run->has_local_fault = true;
        get_stop_all(run);
    }
}

/* Writes and counts what is known about one item. */
static void settle(struct get_run *run, const struct cli_record *r)
{
    uint64_t bytes = 0;

    if (r->status == CLI_OK && r->response != NULL) {
        bytes = (uint64_t)r->response->body_size;
    }
    cli_tally_add(&run->tally, r->status, r->kind, bytes);
    run->next_seq = r->item->seq + 1;
    if (r->status == CLI_PENDING) {
        return;
    }
    cli_record_write(&run->results, r);
    if (r->status == CLI_FAILED || r->status == CLI_INVALID) {
        write_failed(run, r->item);
        if (run->o->is_verbose) {
            say_failure(r);
        }
    }
    if (is_local_fault(r->kind)) {
        run->has_local_fault = true;
    }
    if (is_fatal(r->kind)) {
        if (!run->is_stopped) {
            cli_say_name("stopping, cannot write to", run->o->dir, r->message);
        }
        get_stop_all(run);
    }
    check_out(run, &run->results);
    check_out(run, &run->failed);
}

void get_handle_result(struct get_run *run, struct fpool_result *result)
{
    struct fpool_dir_stored stored = { .error_number = 0 };
    struct cli_record r = {
        .item = cli_item_of(result->item.data),
        .response = fpool_result_http(result),
        .path = "",
        .kind = "",
        .message = "",
    };

    read_result(&r, result);
    if (r.status == CLI_OK && run->dir != NULL) {
        store(run, &r, &stored);
    }
    settle(run, &r);
}

void get_handle_skipped(struct get_run *run, struct cli_item *item)
{
    char name[FPOOL_DIR_NAME_SIZE] = "";
    struct cli_record r = {
        .item = item,
        .status = CLI_SKIPPED,
        .path = name,
        .kind = "",
        .message = "",
    };

    (void)fpool_dir_name(run->dir, item->line, item->size, item->seq, name,
                         sizeof(name));
    settle(run, &r);
    cli_item_drop(item->line);
}
