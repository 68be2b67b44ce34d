/* SPDX-License-Identifier: MIT */
/* Downloads what its arguments name from the server that the first one names:
 *
 *     20_http http://127.0.0.1:8000 index.html data/words.txt
 *
 * The items are not URLs but names of files, so the job is told what request
 * each of them is.  The engine retries, keeps to six connections for a host and
 * takes the order in which answers come; imap puts them in order again.
 * Python: pool.imap(requests.get, urls)  # one slow host holds up all others */
#include <fetchpool/fetchpool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
    const char *server;
};

/* One item: a name, and room for the URL, which lives as long as the item. */
struct page {
    char *name;
    char url[256];
};

static bool describe(void *userdata, const struct fpool_item *item,
                     struct fpool_http_request *ret_request,
                     const char **ret_reason)
{
    const struct place *place = userdata;
    struct page *page = item->data;
    int n = snprintf(page->url, sizeof(page->url), "%s/%s", place->server,
                     page->name);

    if (n < 0 || (size_t)n >= sizeof(page->url)) {
        *ret_reason = "name too long";
        return false;
    }
    ret_request->url = page->url;
    ret_request->url_size = (size_t)n;
    ret_request->headers = "Accept: text/plain";
    return true;
}

static void show(const struct fpool_result *r)
{
    const struct page *page = r->item.data;
    const struct fpool_http_response *h = fpool_result_http(r);

    if (h == NULL) { /* there was no memory for one */
        printf("%s: %s\n", page->name, fpool_status_text(r->status));
    } else if (r->status == FPOOL_OK) {
        printf("%s: %d, %lld bytes\n", page->name, h->status_code,
               (long long)h->body_size);
    } else {
        printf("%s: %s: %s\n", page->name, h->error_kind, h->error_message);
    }
}

int main(int argc, char **argv)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct place place = { argv[1] };
    size_t n = argc > 2 ? (size_t)argc - 2 : 0;
    struct page *pages = calloc(n + 1, sizeof(*pages));
    struct fpool_result r;
    enum fpool_status st = FPOOL_ENOMEM;
    size_t i;

    for (i = 0; pages != NULL && i < n; i++) {
        pages[i].name = argv[i + 2];
    }
    if (pages != NULL) {
        st = fpool_create(&pool, NULL);
    }
    if (st == FPOOL_OK) {
        st = fpool_imap(pool,
                        FPOOL_HTTP(.tries = 3, .retry_delay_ms = 100,
                                   .describe = describe, .userdata = &place),
                        fpool_source_array(pages, n, sizeof(*pages)), NULL,
                        &results);
    }
    while (st == FPOOL_OK) {
        st = fpool_next(results, &r, FPOOL_FOREVER);
        if (st == FPOOL_OK) {
            show(&r);
            fpool_result_release(&r);
        }
    }
    fpool_results_destroy(&results); /* before what the items point at */
    free(pages);
    return st == FPOOL_END ? 0 : 1;
}
