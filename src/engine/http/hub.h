/* SPDX-License-Identifier: MIT */
/* A hub: one curl multi handle on one event loop.
 *
 * Purpose: where libcurl's sockets, timer and messages meet the loop; it also
 *   keeps the transfers that are free.  Several hubs may serve one engine; a
 *   host belongs to one of them.
 * Ownership: the engine's context owns it.
 * Thread-safety: create and destroy: one thread, not the loop's; everything
 *   else: the loop's thread.
 * Limits: libcurl is never asked to queue. */
#ifndef FPOOL_ENGINE_HTTP_HUB_H
#define FPOOL_ENGINE_HTTP_HUB_H

#include <curl/curl.h>
#include <openssl/evp.h>

#include "core/loop.h"
#include "engine/http/writer.h"

struct fpool_http_transfer;

struct fpool_http_hub {
    struct fpool_loop *loop;
    struct fpool_http_writer *writer; /* borrowed */
    const EVP_MD *sha256;             /* borrowed */
    CURLM *multi;
    struct fpool_loop_timer timer; /* libcurl's */
    struct fpool_post close_post;
    struct fpool_http_transfer *free_transfers;
    unsigned max_connections;
};

/* Starts the loop.  FPOOL_ENOMEM. */
enum fpool_status fpool_http_hub_create(struct fpool_http_hub **ret_hub,
                                        struct fpool_http_writer *writer,
                                        const EVP_MD *sha256);

/* Closes all connections and ends the loop; no transfer may be running.  Stores
 * NULL; accepts NULL. */
void fpool_http_hub_destroy(struct fpool_http_hub **hub);

/* A transfer that is free, or a new one; NULL without memory. */
struct fpool_http_transfer *fpool_http_hub_acquire(struct fpool_http_hub *hub);

/* Keeps 'transfer' for the next request. */
void fpool_http_hub_release(struct fpool_http_hub *hub,
                            struct fpool_http_transfer *transfer);

/* Sees to it that 'n' connections may be open. */
void fpool_http_hub_reserve(struct fpool_http_hub *hub, unsigned n);

#endif
