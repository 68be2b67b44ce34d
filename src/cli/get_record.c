/* SPDX-License-Identifier: MIT */
/* The result lines of `fetchpool get`; written by get_result.c. */
#include "get_private.h"

static const struct fpool_http_response no_response = {
    .http_version = "",
    .url = "",
    .final_url = "",
    .content_type = "",
    .remote_ip = "",
    .sha256 = "",
};

static void put_text(struct cli_out *out, const char *name, const char *text)
{
    cli_out_text(out, ",\"");
    cli_out_text(out, name);
    cli_out_text(out, "\":");
    cli_out_json_or_null(out, text);
}

static void put_number(struct cli_out *out, const char *name, int64_t number)
{
    cli_out_text(out, ",\"");
    cli_out_text(out, name);
    cli_out_text(out, "\":");
    cli_out_number(out, number);
}

static void put_number_or_null(struct cli_out *out, const char *name,
                               int64_t number)
{
    if (number == 0) {
        put_text(out, name, "");
    } else {
        put_number(out, name, number);
    }
}

static void put_times(struct cli_out *out, const struct fpool_http_times *t)
{
    cli_out_text(out, ",\"time_us\":{\"queue\":");
    cli_out_number(out, t->queue);
    put_number(out, "dns", t->dns);
    put_number(out, "connect", t->connect);
    put_number(out, "tls", t->tls);
    put_number(out, "first_byte", t->first_byte);
    put_number(out, "total", t->total);
    cli_out_text(out, "}");
}

static void put_response(struct cli_out *out,
                         const struct fpool_http_response *h, bool was_tried)
{
    put_number_or_null(out, "status_code", h->status_code);
    put_text(out, "http_version", h->http_version);
    put_number(out, "tries", was_tried ? 1 : 0);
    put_number(out, "redirects", h->redirects);
    put_number(out, "bytes", h->body_size);
    put_text(out, "content_type", h->content_type);
    put_text(out, "sha256", h->sha256);
}

void get_record_write(struct cli_run *run, const struct get_record *r)
{
    const struct cli_item *item = r->outcome.item;
    const struct fpool_http_response *h =
        r->response == NULL ? &no_response : r->response;
    struct cli_out *out = &run->results;

    if (out->name == NULL) {
        return;
    }
    cli_out_text(out, "{\"v\":1,\"type\":\"http\"");
    put_number(out, "seq", (int64_t)item->seq);
    cli_out_text(out, ",\"input\":");
    cli_out_json(out, item->text, item->input_size);
    put_text(out, "url", h->url);
    put_text(out, "final_url", h->final_url);
    put_text(out, "status", cli_status_text(r->outcome.status));
    put_response(out, h, h->time_us.total > 0);
    put_text(out, "path", r->path);
    put_text(out, "remote_ip", h->remote_ip);
    put_number_or_null(out, "remote_port", h->remote_port);
    put_times(out, &h->time_us);
    cli_run_end_record(run, &r->outcome);
}
