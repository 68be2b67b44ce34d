/* SPDX-License-Identifier: MIT */
/* What `fetchpool get` does with one result; called by the run loop. */
#include <errno.h>
#include <string.h>

#include "get_private.h"

static void set_error(struct cli_outcome *outcome, const char *kind,
                      const char *message, bool is_retryable)
{
    outcome->status = CLI_FAILED;
    outcome->kind = kind;
    outcome->message = message;
    outcome->is_retryable = is_retryable;
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

/* Puts the body into the directory and notes how that went. */
static void store(const struct get *get, struct get_record *r,
                  struct fpool_dir_stored *stored)
{
    char name[FPOOL_DIR_NAME_SIZE];
    enum fpool_status status;

    if (!get_name_item(get, r->outcome.item, name)) {
        set_error(&r->outcome, "local.path",
                  "no file name can be made for this item", false);
        return;
    }
    status = fpool_dir_store(get->dir, name, r->response, stored);
    if (status == FPOOL_OK || status == FPOOL_EALREADY) {
        r->outcome.status = status == FPOOL_OK ? CLI_OK : CLI_SKIPPED;
        r->path = stored->name;
        return;
    }
    set_error(&r->outcome, kind_of_errno(stored->error_number),
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
static void read_result(struct get_record *r, const struct fpool_result *result)
{
    const struct fpool_http_response *h = r->response;
    struct cli_outcome *outcome = &r->outcome;

    outcome->status = status_of(result);
    if (h != NULL && h->time_us.total > 0) {
        outcome->time_us = h->time_us.total;
    }
    if (outcome->status == CLI_OK || outcome->status == CLI_PENDING) {
        return;
    }
    if (cli_item_fault(outcome->item) != CLI_FAULT_NONE) {
        outcome->kind = fpool_http_error_kind(FPOOL_HTTP_ERROR_INVALID_LINE);
        outcome->message = cli_fault_text(cli_item_fault(outcome->item));
    } else if (h != NULL && h->error_kind[0] != '\0') {
        outcome->kind = h->error_kind;
        outcome->message = h->error_message;
        outcome->is_retryable = h->is_retryable;
    } else {
        outcome->kind =
            result->status == FPOOL_ENOMEM ? "local.memory" : "local.other";
        outcome->message = fpool_status_text(result->status);
    }
}

static struct get_record make_record(const struct get *get,
                                     const struct cli_item *item)
{
    return (struct get_record){
        .outcome = { .item = item,
                     .status = CLI_SKIPPED,
                     .kind = "",
                     .message = "",
                     .place = get->dir_path == NULL ? "" : get->dir_path,
                     .time_us = -1 },
        .path = "",
    };
}

static void settle(struct cli_run *run, const struct get_record *r)
{
    if (r->outcome.status == CLI_OK && r->response != NULL) {
        run->tally.bytes += (uint64_t)r->response->body_size;
    }
    if (r->outcome.status != CLI_PENDING) {
        get_record_write(run, r);
    }
    cli_run_settle(run, &r->outcome);
}

void get_handle_result(struct cli_run *run, struct fpool_result *result)
{
    const struct get *get = run->self;
    struct fpool_dir_stored stored = { .error_number = 0 };
    struct get_record r = make_record(get, result->item.data);

    r.response = fpool_result_http(result);
    read_result(&r, result);
    if (r.outcome.status == CLI_OK && get->dir != NULL) {
        store(get, &r, &stored);
    }
    settle(run, &r);
}

void get_handle_aside(struct cli_run *run, struct cli_item *item)
{
    const struct get *get = run->self;
    char name[FPOOL_DIR_NAME_SIZE] = "";
    struct get_record r = make_record(get, item);

    r.path = name;
    (void)get_name_item(get, item, name);
    settle(run, &r);
}
