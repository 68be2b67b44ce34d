/* SPDX-License-Identifier: MIT */
/* What a file like hosts(5) says.
 *
 * Purpose: any number of lines, in pieces of any size, and then names found in
 *   O(1).
 * Use: zero the table; feed it; end it; find; fini.
 * Ownership: a table owns all that it holds; addresses are copied out.
 * Thread-safety: one thread at a time.
 * Limits: files of less than 4 GiB; of each name FPOOL_DNS_MAX_ADDRESSES
 *   addresses, from any number of lines.  Lines that have no address, and names
 *   that are none, are passed over.  A name of ordinary length costs about as
 *   many bytes as its line, and fifty. */
#ifndef FPOOL_ENGINE_DNS_HOSTS_TABLE_H
#define FPOOL_ENGINE_DNS_HOSTS_TABLE_H

#include "engine/dns/addresses.h"

/* The longest word that can be a name. */
#define FPOOL_DNS_HOSTS_WORD 1024

struct fpool_dns_hosts_name;
struct fpool_dns_hosts_node;

/* All zero to begin with. */
struct fpool_dns_hosts_table {
    /* ---- What was read; each an array with its count and its capacity. */
    uint8_t *bytes; /* of each name its size, then its wire form */
    size_t n_bytes;
    size_t max_bytes;
    struct fpool_dns_hosts_name *names;
    size_t n_names;
    size_t max_names;
    union fpool_dns_address *addresses;
    size_t n_addresses;
    size_t max_addresses;
    struct fpool_dns_hosts_node *nodes; /* which name has which address */
    size_t n_nodes;
    size_t max_nodes;
    uint32_t *slots; /* index of a name, from 1; 0: none */
    size_t n_slots;  /* a power of two, more than twice the names */
    /* ---- The line being read. */
    union fpool_dns_address address;
    uint32_t address_at; /* from 1, in 'addresses'; 0: not there yet */
    bool has_address;
    bool is_over; /* nothing more of it counts */
    size_t size;  /* of the word being read; it may be longer than its room */
    char word[FPOOL_DNS_HOSTS_WORD];
};

/* Reads more of a file's bytes.  FPOOL_ENOMEM; what is there then is whole, but
 * not all. */
enum fpool_status fpool_dns_hosts_feed(struct fpool_dns_hosts_table *t,
                                       const char *bytes, size_t size);

/* The file's end: of its last line as well. */
enum fpool_status fpool_dns_hosts_end(struct fpool_dns_hosts_table *t);

/* Puts the addresses of a name, in lower case on the wire, into 'mix', in the
 * order of their lines.  False: the name is not there. */
bool fpool_dns_hosts_table_find(const struct fpool_dns_hosts_table *t,
                                const uint8_t *wire, size_t size,
                                struct fpool_dns_mix *mix);

void fpool_dns_hosts_table_fini(struct fpool_dns_hosts_table *t);

#endif
