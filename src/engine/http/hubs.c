/* SPDX-License-Identifier: MIT */
/* The hubs of a pool, and what they share.  Called by engine.c and job.c. */
#include "base/mem.h"
#include "engine/http/hub.h"

enum fpool_status fpool_http_hubs_create(struct fpool_http_hubs **ret_hubs,
                                         unsigned n)
{
    struct fpool_http_hubs *hubs = fpool_calloc(1, sizeof(*hubs));
    bool is_well;

    if (hubs == NULL) {
        return FPOOL_ENOMEM;
    }
    atomic_init(&hubs->n_refs, 1);
    fpool_mutex_init(&hubs->mu);
    hubs->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    is_well = hubs->sha256 != NULL &&
              fpool_http_writer_create(&hubs->writer) == FPOOL_OK;
    while (is_well && hubs->n < n) {
        struct fpool_http_hub *hub = fpool_http_hub_create(hubs->writer);

        is_well = hub != NULL;
        if (is_well) {
            hubs->list[hubs->n++] = hub;
        }
    }
    if (!is_well) {
        fpool_http_hubs_close(hubs);
        fpool_http_hubs_unref(hubs);
        return FPOOL_ENOMEM;
    }
    *ret_hubs = hubs;
    return FPOOL_OK;
}

void fpool_http_hubs_close(struct fpool_http_hubs *hubs)
{
    unsigned i;

    fpool_mutex_lock(&hubs->mu);
    hubs->is_closed = true;
    fpool_mutex_unlock(&hubs->mu);
    /* The writer's last work posts to the loops, so the loops end later. */
    fpool_http_writer_destroy(&hubs->writer);
    for (i = 0; i < hubs->n; i++) {
        fpool_http_hub_destroy(hubs->list[i]);
    }
    hubs->n = 0;
}

void fpool_http_hubs_ref(struct fpool_http_hubs *hubs)
{
    atomic_fetch_add_explicit(&hubs->n_refs, 1, memory_order_relaxed);
}

void fpool_http_hubs_unref(struct fpool_http_hubs *hubs)
{
    if (hubs != NULL && atomic_fetch_sub(&hubs->n_refs, 1) == 1) {
        EVP_MD_free(hubs->sha256);
        fpool_mutex_fini(&hubs->mu);
        fpool_free(hubs);
    }
}
