/* SPDX-License-Identifier: MIT */
/* Lists of resolvers: from text, or the system's.
 *
 * Purpose: addresses to send queries to.
 * Ownership: a list is one allocation of its owner's, freed by fini.
 * Thread-safety: any thread.
 * Limits: 65,535 resolvers; literal addresses only. */
#ifndef FPOOL_ENGINE_DNS_SERVERS_H
#define FPOOL_ENGINE_DNS_SERVERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "fetchpool/status.h"

#define FPOOL_DNS_PORT        53
#define FPOOL_DNS_MAX_SERVERS 65535
/* Room for "[address%scope]:port" and a zero byte. */
#define FPOOL_DNS_SERVER_TEXT_SIZE 80

union fpool_dns_address {
    struct sockaddr sa;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct fpool_dns_servers {
    union fpool_dns_address *addresses; /* without duplicates, in their order */
    size_t n;
};

/* Reads "ip", "ip:port", "[v6]:port", bare v6, with "%scope" where v6 is link
 * local; separated by commas, blanks or line feeds, '#' begins a comment.
 * FPOOL_EINVALID for anything else and for a list without an address;
 * '*ret_line' (may be NULL) is the line, from 1, or 0 for no address at all. */
enum fpool_status fpool_dns_servers_parse(struct fpool_dns_servers *s,
                                          const char *text, unsigned *ret_line);

/* The system's resolvers as c-ares finds them (/etc/resolv.conf).
 * FPOOL_ENOTFOUND where there is none; FPOOL_ENOMEM. */
enum fpool_status fpool_dns_servers_system(struct fpool_dns_servers *s);

/* The same from another file in the form of resolv.conf(5): for tests. */
enum fpool_status fpool_dns_servers_file(struct fpool_dns_servers *s,
                                         const char *path);

/* Sets c-ares up, once; every user of it calls this first.  Any thread. */
void fpool_dns_library_init(void);

void fpool_dns_servers_fini(struct fpool_dns_servers *s);

/* "192.0.2.53:53", "[2001:db8::53]:53". */
void fpool_dns_address_text(const union fpool_dns_address *address,
                            char text[FPOOL_DNS_SERVER_TEXT_SIZE]);

socklen_t fpool_dns_address_size(const union fpool_dns_address *address);

/* Same family, address, port and scope. */
bool fpool_dns_address_is_same(const union fpool_dns_address *a,
                               const union fpool_dns_address *b);

/* Loopback: ours, and in no need of protection against spoofing. */
bool fpool_dns_address_is_loopback(const union fpool_dns_address *address);

#endif
