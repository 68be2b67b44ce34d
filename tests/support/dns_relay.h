/* SPDX-License-Identifier: MIT */
/* What the parts of the relay share.
 *
 * Purpose: dns_relay.c moves datagrams, dns_relay_client.c knows whose they
 * are. Ownership: the relay owns its clients. Thread-safety: one thread.
 * Limits: CLIENT_MAX clients. */
#ifndef FPOOL_TESTS_DNS_RELAY_H
#define FPOOL_TESTS_DNS_RELAY_H

#include "dnsd_later.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENT_MAX 4096

struct client {
    struct client *next; /* by last use: the first is the latest */
    struct client *previous;
    struct sockaddr_in address;
    int fd;            /* connected to the server */
    unsigned n_on_way; /* datagrams that wait for it */
};

struct relay {
    struct sockaddr_in server;
    double loss;
    long delay_ms;
    long jitter_ms;
    uint64_t seed;
    int64_t now_us;
    int epoll;
    int fd; /* what clients send to */
    int signals;
    struct later later;
    struct client *first;
    struct client *last;
    unsigned n_clients;
    struct client *by_port[65536];
    struct {
        uint64_t queries;
        uint64_t replies;
        uint64_t lost; /* both ways */
        uint64_t lost_replies;
        uint64_t overflow; /* no room: neither memory nor a client */
        uint64_t clients;
    } count;
};

/* Opens a socket at that port of 127.0.0.1, 0 for a free one; -1 on failure. */
int relay_open(int port);

bool relay_watch(struct relay *r, int fd, void *mark);

/* The client at 'address', a new one where need be; NULL when there is no
 * room. */
struct client *client_find(struct relay *r, const struct sockaddr_in *address);

/* Closes and frees. */
void client_close(struct relay *r, struct client *c);

#endif
