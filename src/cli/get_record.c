/* SPDX-License-Identifier: MIT */
/* The result lines of `fetchpool get`; written by get_result.c.  There may be
 * hundreds of millions, so no helper hides the constant texts from the
 * compiler. */
#include "get_private.h"

static const struct fpool_http_response no_response = {
    .http_version = "",
    .url = "",
    .final_url = "",
    .content_type = "",
    .remote_ip = "",
    .sha256 = "",
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

static void put_number_or_null(struct cli_out *out, int64_t number)
{
    if (number == 0) {
        cli_out_text(out, "null");
    } else {
        cli_out_number(out, number);
    }
}

static void put_text(struct cli_out *out, const struct cli_item *item,
                     uint32_t place, uint32_t size, bool is_raw)
{
    if (is_raw) {
        cli_out_raw_json(out, item->text + place, size);
    } else {
        cli_out_json(out, item->text + place, size);
    }
}

/* What the list said to repeat. */
static void put_marks(struct cli_out *out, const struct cli_item *item)
{
    const struct cli_entry *entry = cli_item_entry(item);

    if (entry == NULL || entry->fault != CLI_FAULT_NONE) {
        return;
    }
    if (entry->id != 0) {
        cli_out_text(out, ",\"id\":");
        put_text(out, item, entry->id, entry->id_size, entry->has_raw_id);
    }
    if (entry->meta != 0) {
        cli_out_text(out, ",\"meta\":");
        put_text(out, item, entry->meta, entry->meta_size, entry->has_raw_meta);
    }
}

static void put_times(struct cli_out *out, const struct fpool_http_times *t)
{
    cli_out_text(out, ",\"time_us\":{\"queue\":");
    cli_out_number(out, t->queue);
    cli_out_text(out, ",\"dns\":");
    cli_out_number(out, t->dns);
    cli_out_text(out, ",\"connect\":");
    cli_out_number(out, t->connect);
    cli_out_text(out, ",\"tls\":");
    cli_out_number(out, t->tls);
    cli_out_text(out, ",\"first_byte\":");
    cli_out_number(out, t->first_byte);
    cli_out_text(out, ",\"total\":");
    cli_out_number(out, t->total);
    cli_out_text(out, "}");
}

static void put_response(struct cli_out *out,
                         const struct fpool_http_response *h)
{
    cli_out_text(out, ",\"status_code\":");
    put_number_or_null(out, h->status_code);
    cli_out_text(out, ",\"http_version\":");
    put_word(out, h->http_version);
    cli_out_text(out, ",\"tries\":");
    cli_out_number(out, h->tries);
    cli_out_text(out, ",\"redirects\":");
    cli_out_number(out, h->redirects);
    cli_out_text(out, ",\"bytes\":");
    cli_out_number(out, h->body_size);
    cli_out_text(out, ",\"content_type\":");
    cli_out_json_or_null(out, h->content_type);
    cli_out_text(out, ",\"sha256\":");
    put_word(out, h->sha256);
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
    cli_out_text(out, "{\"v\":1,\"type\":\"http\",\"seq\":");
    cli_out_number(out, (int64_t)item->seq);
    cli_out_text(out, ",\"input\":");
    cli_out_json(out, item->text, item->input_size);
    put_marks(out, item);
    cli_out_text(out, ",\"url\":");
    cli_out_json_or_null(out, h->url);
    cli_out_text(out, ",\"final_url\":");
    cli_out_json_or_null(out, h->final_url);
    cli_out_text(out, ",\"status\":");
    put_word(out, cli_status_text(r->outcome.status));
    put_response(out, h);
    cli_out_text(out, ",\"path\":");
    cli_out_json_or_null(out, r->path);
    cli_out_text(out, ",\"remote_ip\":");
    cli_out_json_or_null(out, h->remote_ip);
    cli_out_text(out, ",\"remote_port\":");
    put_number_or_null(out, h->remote_port);
    put_times(out, &h->time_us);
    cli_run_end_record(run, &r->outcome);
}
