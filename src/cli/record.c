/* SPDX-License-Identifier: MIT */
/* Writing result lines; called by get.c for each item that is done. */
#include "record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

static void put_error(struct cli_out *out, const struct cli_record *r)
{
    if (r->kind[0] == '\0') {
        cli_out_text(out, ",\"error\":null");
        return;
    }
    cli_out_text(out, ",\"error\":{\"kind\":");
    cli_out_json(out, r->kind, strlen(r->kind));
    cli_out_text(out, ",\"message\":");
    cli_out_json(out, r->message, strlen(r->message));
    cli_out_text(out, ",\"retryable\":");
    cli_out_text(out, r->is_retryable ? "true}" : "false}");
}

static void put_timestamp(struct cli_out *out)
{
    struct timespec now;
    struct tm tm;
    char text[40];
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &tm) == NULL) {
        put_text(out, "timestamp", "");
        return; /* unreachable: defensive */
    }
    n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof(text) - n, ".%03dZ",
             (int)(now.tv_nsec / 1000000));
    put_text(out, "timestamp", text);
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

void cli_record_write(struct cli_out *out, const struct cli_record *r)
{
    const struct fpool_http_response *h =
        r->response == NULL ? &no_response : r->response;
    bool was_tried = h->time_us.total > 0;

    if (out->name == NULL) {
        return;
    }
    cli_out_text(out, "{\"v\":1,\"type\":\"http\"");
    put_number(out, "seq", (int64_t)r->item->seq);
    cli_out_text(out, ",\"input\":");
    cli_out_json(out, r->item->line, r->item->size);
    put_text(out, "url", h->url);
    put_text(out, "final_url", h->final_url);
    put_text(out, "status", cli_status_text(r->status));
    put_response(out, h, was_tried);
    put_text(out, "path", r->path);
    put_text(out, "remote_ip", h->remote_ip);
    put_number_or_null(out, "remote_port", h->remote_port);
    put_times(out, &h->time_us);
    put_error(out, r);
    put_timestamp(out);
    cli_out_text(out, "}");
    cli_out_end_line(out);
}
