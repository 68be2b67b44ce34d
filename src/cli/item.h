/* SPDX-License-Identifier: MIT */
/* Items of a list, as they travel through a job.
 *
 * Purpose: all that is to be known of an item when its result comes, in one
 *   block of bytes without pointers, so that a copy at another address is as
 *   good: the library may put items aside on disk.
 * Ownership: one block, freed with free().
 * Thread-safety: plain data.
 * Limits: texts of 2 GiB. */
#ifndef FPOOL_CLI_ITEM_H
#define FPOOL_CLI_ITEM_H

#include <stdatomic.h>

#include "entry.h"

/* What the items of one line have in common; only where items are never
 * copied. */
struct cli_line {
    atomic_uint n_items; /* that are left */
    bool is_shown;       /* the main thread's */
};

/* There are as many as the window is wide, so it has nothing to spare. */
struct cli_item {
    uint64_t seq;
    struct cli_line *line; /* NULL: not wanted, or a line of one item */
    uint32_t size;         /* of 'text', which a zero byte follows */
    uint32_t
        input_size : 31; /* of the line as given, which 'text' begins with */
    uint32_t is_truncated : 1;
    uint32_t entry; /* where in 'text' its entry is; 0: it has none */
    char text[];
};

/* The entry of an item that says more than a URL.  Numbers without a comment
 * are places in the item's text; 0: not said. */
struct cli_entry {
    int64_t size; /* of the body it must have; -1: any */
    uint32_t url;
    uint32_t url_size;
    uint32_t body;
    uint32_t body_size;
    uint32_t id;
    uint32_t id_size;
    uint32_t meta;
    uint32_t meta_size;
    uint32_t out; /* these end in a zero byte */
    uint32_t headers;
    uint32_t method;
    uint32_t sha256;
    uint16_t header; /* which header line is above it; 0: none */
    uint8_t fault;   /* an enum cli_fault */
    bool has_raw_id; /* as in struct cli_fields */
    bool has_raw_meta;
};

/* The item of 'input'; unless NULL with a blank and the word 'more' behind it
 * in 'text', or else with fields.  NULL without memory. */
struct cli_item *cli_item_create(struct cli_span input, const char *more,
                                 const struct cli_fields *fields);

/* The whole of it, in bytes. */
size_t cli_item_size(const struct cli_item *item);

/* Which header line its entry is below, if it has one. */
void cli_item_set_header(struct cli_item *item, unsigned number);

/* NULL where there is none. */
const struct cli_entry *cli_item_entry(const struct cli_item *item);

/* What is wrong with it, as far as the list goes. */
enum cli_fault cli_item_fault(const struct cli_item *item);

/* The URL that is asked for. */
struct cli_span cli_item_url(const struct cli_item *item);

/* The text at a place; NULL for 0. */
const char *cli_item_text(const struct cli_item *item, uint32_t place);

/* Releases one that is its own item; the item whose text is an item's data, and
 * its release. */
void cli_item_free(void *item);
struct cli_item *cli_item_of(void *text);
void cli_item_drop(void *text);

#endif
