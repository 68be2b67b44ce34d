/* SPDX-License-Identifier: MIT */
/* What the parts of the test server share.
 *
 * Purpose: httpd.c accepts and waits, httpd_conn.c moves bytes, and
 *   httpd_answer.c decides what a request gets.
 * Thread-safety: one thread.
 * Limits: a request head has at most HTTPD_HEAD_SIZE - 1 bytes. */
#ifndef FPOOL_TESTS_HTTPD_H
#define FPOOL_TESTS_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPD_HEAD_SIZE 8192

enum answer_kind {
    ANSWER_SEND, /* the head, then the body */
    ANSWER_HANG, /* nothing, ever */
    ANSWER_CLOSE /* nothing; the connection ends */
};

struct answer {
    enum answer_kind kind;
    bool is_last;      /* the connection ends after this answer */
    int64_t delay_ms;  /* how long the answer waits before it is sent */
    char head[768];    /* the head and, where it is short, the whole body */
    size_t head_size;
    size_t head_sent;
    int file;          /* the body is what is left of this file, or -1 */
    uint64_t position; /* where the rest of the body begins */
    uint64_t left;     /* bytes of the body still to be sent */
};

/* Answers the request whose head is the string 'request', which is changed,
 * with a file below the directory 'root' or a virtual path.  The answer owns
 * 'file'. */
void answer_request(struct answer *answer, int root, char *request);

/* Answers a request whose head is longer than HTTPD_HEAD_SIZE allows. */
void answer_too_long(struct answer *answer);

/* Fills 'buffer' with 'size' bytes, from 'position' on, of the endless sequence
 * that /-/bytes/N begins: bytes 8k to 8k+7 are splitmix64(k), low byte
 * first. */
void pattern_fill(char *buffer, size_t size, uint64_t position);

enum conn_state {
    CONN_READING,  /* waits for a request */
    CONN_DELAYED,  /* has an answer that is not due yet */
    CONN_HUNG,     /* will never answer */
    CONN_WRITING,  /* has an answer to send */
    CONN_DRAINING, /* has sent its last answer; reads until the other side ends,
                      since closing with unread bytes would reset it */
    CONN_N_STATES
};

struct conn {
    struct conn *next; /* in the list of all */
    struct conn *previous;
    struct conn *later; /* in the list of timers */
    struct conn *earlier;
    int64_t due_ms; /* when the timer ends; 0: it is not in the list */
    int fd;
    enum conn_state state;
    uint32_t events; /* what epoll watches */
    size_t received; /* bytes in 'head' */
    struct answer answer;
    char head[HTTPD_HEAD_SIZE];
};

struct server {
    int epoll;
    int listener;
    int root;
    int64_t delay_ms; /* added to each answer */
    bool is_full;     /* out of descriptors; accepting is switched off */
    struct conn *connections;
    struct conn *first; /* the timer that ends first */
    struct conn *last;
};

/* Wraps the accepted socket 'fd', which it takes also on failure. */
void conn_open(struct server *server, int fd);

/* Reads and writes until the socket would block, in bounded turns. */
void conn_drive(struct server *server, struct conn *conn);

/* The connection's timer has ended. */
void conn_wake(struct server *server, struct conn *conn);

/* Closes and frees. */
void conn_close(struct server *server, struct conn *conn);

/* Puts the connection into the list of timers, 'ms' from now; removes it. */
void timer_start(struct server *server, struct conn *conn, int64_t ms);
void timer_stop(struct server *server, struct conn *conn);

/* Accepts again after descriptors had run out. */
void server_resume(struct server *server);

#endif
