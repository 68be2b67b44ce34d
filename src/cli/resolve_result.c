/* SPDX-License-Identifier: MIT */
/* What `fetchpool resolve` does with one result, and its result lines; called
 * by the run loop. */
#include <string.h>

#include "resolve_private.h"

/* As the library has it. */
#define DEFAULT_TRIES 4

/* ---- What became of it. */

static const char *kind_of(const struct resolve_record *r)
{
    switch (r->status) {
    case FPOOL_DNS_SERVFAIL:
        return "dns.servfail";
    case FPOOL_DNS_REFUSED:
        return "dns.refused";
    case FPOOL_DNS_BADNAME:
        return r->outcome.item->is_truncated ? "invalid.line" : "invalid.name";
    case FPOOL_DNS_BADREPLY:
        return "dns.badreply";
    default:
        return "dns.failed";
    }
}

static void set_failure(struct resolve_record *r, const char *kind,
                        const char *message)
{
    bool has_message =
        r->response != NULL && r->response->error_message[0] != '\0';

    r->outcome.kind = kind;
    r->outcome.message = has_message ? r->response->error_message : message;
}

/* Whether it was --timeout that ended the item: nobody had answered, and there
 * was time or a try to go. */
static bool is_cut_short(const struct cli_run *run,
                         const struct resolve_record *r)
{
    const struct resolve *resolve = run->self;
    const struct fpool_dns_response *d = r->response;
    int64_t limit_ms = run->o->timeout_ms;
    unsigned tries = resolve->tries == 0 ? DEFAULT_TRIES : resolve->tries;

    return limit_ms > 0 &&
           (d == NULL || d->tries < tries || d->time_us / 1000 >= limit_ms);
}

/* Reasons that are not an answer's come first. */
static void judge(const struct cli_run *run, struct resolve_record *r,
                  enum fpool_status status)
{
    const char *message = fpool_status_text(status);
    struct cli_outcome *outcome = &r->outcome;

    outcome->status = CLI_FAILED;
    outcome->is_retryable = true;
    if (status == FPOOL_OK && r->response != NULL) {
        outcome->status = CLI_OK;
        outcome->is_retryable = false;
    } else if (status == FPOOL_ECANCELED) {
        outcome->status = CLI_PENDING;
    } else if (status == FPOOL_EINVALID) {
        outcome->status = CLI_INVALID;
        outcome->is_retryable = false;
        r->status = FPOOL_DNS_BADNAME;
        set_failure(r, kind_of(r), message);
    } else if (status == FPOOL_EDEADLINE) {
        r->status = FPOOL_DNS_TIMEOUT;
        set_failure(r, is_cut_short(run, r) ? "timeout.item" : "dns.timeout",
                    message);
    } else if (status == FPOOL_ENOMEM) {
        set_failure(r, "local.memory", message);
    } else if (status == FPOOL_ELOCAL || r->response == NULL) {
        set_failure(r, "local.other", message);
    } else {
        set_failure(r, kind_of(r), message);
    }
}

void resolve_handle_result(struct cli_run *run, struct fpool_result *result)
{
    struct resolve *resolve = run->self;
    const struct fpool_dns_response *d = fpool_result_dns(result);
    struct resolve_record r = {
        .outcome = { .item = cli_item_of(result->item.data),
                     .kind = "",
                     .message = "",
                     .place = "",
                     .time_us = d == NULL || d->tries == 0 ? -1 : d->time_us },
        .status = d == NULL ? FPOOL_DNS_FAILED : d->status,
        .response = d,
    };

    judge(run, &r, result->status);
    if (r.outcome.status != CLI_PENDING) {
        resolve->counts[r.status]++;
        resolve->n_wildcards += d != NULL && d->is_wildcard;
        resolve_record_write(run, &r);
    }
    cli_run_settle(run, &r.outcome);
}

/* ---- JSON.  This is written for each of millions of names, so no helper hides
 * the constant texts from the compiler. */

static const struct fpool_dns_response no_response = {
    .rcode_text = "",
    .name = "",
    .type_text = "",
    .resolver = "",
    .protocol = "",
};

/* A word of the library's own: plain, or null. */
static void put_word(struct cli_out *out, const char *word)
{
    if (word[0] == '\0') {
        cli_out_text(out, "null");
    } else {
        cli_out_text(out, "\"");
        cli_out_text(out, word);
        cli_out_text(out, "\"");
    }
}

static void put_answers(struct cli_out *out, const struct fpool_dns_response *d)
{
    size_t i;

    cli_out_text(out, ",\"answers\":[");
    for (i = 0; i < d->n_records; i++) {
        const struct fpool_dns_record *record = &d->records[i];

        cli_out_text(out, i == 0 ? "{\"name\":" : ",{\"name\":");
        cli_out_json(out, record->name, strlen(record->name));
        cli_out_text(out, ",\"type\":");
        put_word(out, record->type_text);
        cli_out_text(out, ",\"ttl\":");
        cli_out_number(out, record->ttl);
        cli_out_text(out, ",\"data\":");
        cli_out_json(out, record->data, strlen(record->data));
        cli_out_text(out, "}");
    }
    cli_out_text(out, "]");
}

static void write_jsonl(struct cli_run *run, const struct resolve_record *r)
{
    const struct cli_item *item = r->outcome.item;
    const struct fpool_dns_response *d =
        r->response == NULL ? &no_response : r->response;
    struct cli_out *out = &run->results;

    cli_out_text(out, "{\"v\":1,\"type\":\"dns\",\"seq\":");
    cli_out_number(out, (int64_t)item->seq);
    cli_out_text(out, ",\"input\":");
    cli_out_json(out, item->text, item->input_size);
    cli_out_text(out, ",\"name\":");
    cli_out_json_or_null(out, d->name);
    cli_out_text(out, ",\"qtype\":");
    put_word(out, d->type_text);
    cli_out_text(out, ",\"status\":");
    put_word(out, fpool_dns_status_text(r->status));
    cli_out_text(out, ",\"rcode\":");
    put_word(out, d->rcode_text);
    put_answers(out, d);
    cli_out_text(out, d->is_wildcard ? ",\"wildcard\":true" : "");
    cli_out_text(out, d->is_truncated ? ",\"truncated\":true" : "");
    cli_out_text(out, ",\"resolver\":");
    cli_out_json_or_null(out, d->resolver);
    cli_out_text(out, ",\"protocol\":");
    put_word(out, d->protocol);
    cli_out_text(out, ",\"tries\":");
    cli_out_number(out, d->tries);
    cli_out_text(out, ",\"time_us\":");
    cli_out_number(out, d->time_us);
    cli_run_end_record(run, &r->outcome);
}

/* ---- The other forms. */

static void write_text(struct cli_out *out, const struct fpool_dns_response *d)
{
    size_t i;

    for (i = 0; i < d->n_records; i++) {
        const struct fpool_dns_record *record = &d->records[i];

        cli_out_zone(out, record->name);
        cli_out_text(out, " ");
        cli_out_number(out, record->ttl);
        cli_out_text(out, " ");
        cli_out_text(out, record->type_text);
        cli_out_text(out, " ");
        cli_out_zone(out, record->data);
        cli_out_end_line(out);
    }
}

static void write_list(struct cli_out *out, const struct resolve_record *r)
{
    struct cli_line *line = r->outcome.item->line;

    if (r->status != FPOOL_DNS_OK || (line != NULL && line->is_shown)) {
        return;
    }
    if (line != NULL) {
        line->is_shown = true;
    }
    cli_out_zone(out, r->response->name);
    cli_out_end_line(out);
}

void resolve_record_write(struct cli_run *run, const struct resolve_record *r)
{
    const struct resolve *resolve = run->self;
    const struct fpool_dns_response *d = r->response;

    if ((resolve->only != 0 && (resolve->only >> r->status & 1) == 0) ||
        (resolve->wildcard == RESOLVE_WILDCARD_DROP && d != NULL &&
         d->is_wildcard)) {
        return;
    }
    switch (resolve->format) {
    case RESOLVE_JSONL:
        write_jsonl(run, r);
        break;
    case RESOLVE_TEXT:
        write_text(&run->results, d == NULL ? &no_response : d);
        break;
    case RESOLVE_LIST:
        write_list(&run->results, r);
        break;
    }
}
