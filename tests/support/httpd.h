/* SPDX-License-Identifier: MIT */
/* What the parts of the test server share.
 *
 * Purpose: httpd.c accepts and waits, httpd_conn.c, httpd_send.c and
 *   httpd_tls.c move bytes, httpd_timer.c knows when; httpd_request.c reads a
 * request, httpd_answer.c decides what it gets: a file, or what
 * httpd_virtual.c, httpd_broken.c and httpd_gzip.c make up; httpd_tally.c
 * remembers what was asked. Thread-safety: one thread. Limits: a request head
 * has at most HTTPD_HEAD_SIZE - 1 bytes, its body HTTPD_BODY_SIZE;
 * HTTPD_LISTENERS addresses. */
#ifndef FPOOL_TESTS_HTTPD_H
#define FPOOL_TESTS_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTPD_HEAD_SIZE ((size_t)8192)
#define HTTPD_BODY_SIZE ((size_t)4 << 20)
#define HTTPD_LISTENERS 256
#define HTTPD_SEND_SIZE ((size_t)128 * 1024) /* at once */
#define HTTPD_ENDLESS   UINT64_MAX

/* ---- Requests. */

struct request {
    char *method;
    char *path;  /* decoded, beginning with a slash */
    char *query; /* decoded; "" without one */
    char *lines; /* the header lines */
    char host[256];
    char *body;          /* NULL: none */
    size_t body_size;    /* as promised */
    bool has_coded_body; /* in chunks, which this server does not read */
    bool expects_100;
    bool is_head;
    bool keeps_alive;
};

/* Reads the head that is the string 'head', which is changed and stays in use.
 * Returns the status to refuse it with, or 0. */
int request_read(struct request *request, char *head);

/* What follows 'prefix' in 'path', or NULL. */
const char *after(const char *path, const char *prefix);

/* Reads the digits at '*text' and moves past them; refuses more than 'max'. */
bool read_number(const char **text, uint64_t max, uint64_t *ret_number);

/* The same for all of 'text', which may be NULL. */
bool whole_number(const char *text, uint64_t max, uint64_t *ret_number);

/* The value of a header line of the request, to the end of the line; NULL
 * without one.  'name' in lower case, with a colon. */
const char *request_header(const struct request *request, const char *name);

/* ---- What was asked. */

struct tally {
    struct tally *next;
    uint64_t n;       /* requests with this key */
    unsigned running; /* of these, not answered yet */
    unsigned most;    /* most at once */
    int64_t first_ms; /* when the first came */
    char key[64];
};

struct tally *tally_find(const char *key, size_t size);
void tally_forget(void);

/* A line in the log: method, path and host. */
void log_request(const struct request *request);
const char *log_text(size_t *ret_size);

/* ---- Answers. */

enum answer_end {
    END_KEEP,  /* the next request */
    END_CLOSE, /* the connection ends once the other side has read all */
    END_DROP,  /* the connection ends at once */
    END_RESET, /* it is reset */
    END_HANG   /* nothing more, ever */
};

struct answer {
    enum answer_end end;
    int64_t delay_ms; /* how long the answer waits before it is sent */
    int64_t drip_ms;  /* between its bytes; 0: none */
    size_t drip_from; /* this many bytes of 'text' come at once */
    char *text;       /* the head, and where it is short the whole body: in
                         'small', or allocated */
    size_t text_size;
    size_t text_capacity;
    size_t text_sent;
    int file;           /* the body is what is left of this file, or -1 */
    const char *repeat; /* or this again and again, or NULL: the pattern */
    size_t repeat_size;
    uint64_t position;   /* where the rest of the body begins */
    uint64_t left;       /* bytes of the body still to be sent */
    struct tally *tally; /* where it is counted as running, or NULL */
    char small[768];
};

/* An empty answer; and the release of what it holds, which leaves it empty. */
void answer_reset(struct answer *answer);
void answer_fini(struct answer *answer);

/* Answers the request with a file below the directory 'root' or a virtual
 * path. */
void answer_request(struct answer *answer, int root, struct request *request);

/* Answers what is no request with an error. */
void answer_refuse(struct answer *answer, int status);

/* Adds to the text. */
__attribute__((format(printf, 2, 3))) void put(struct answer *answer,
                                               const char *format, ...);
void put_bytes(struct answer *answer, const void *bytes, size_t size);

/* Adds a head for a body of 'size' bytes; 'lines' are further lines, or
 * NULL. */
void put_head(struct answer *answer, const struct request *request, int status,
              uint64_t size, const char *lines);

/* A status with a few words as body. */
void answer_status(struct answer *answer, const struct request *request,
                   int status, const char *lines);

/* A text as body. */
void answer_text(struct answer *answer, const struct request *request,
                 const char *text, size_t size);

/* Answers the virtual path behind "/-/"; false where it means nothing. */
bool answer_virtual(struct answer *answer, struct request *request,
                    const char *path);
bool answer_broken(struct answer *answer, struct request *request,
                   const char *path);
bool answer_gzip(struct answer *answer, struct request *request,
                 const char *path);

/* Fills 'buffer' with 'size' bytes, from 'position' on, of the endless sequence
 * that /-/bytes/N begins: bytes 8k to 8k+7 are splitmix64(k), low byte
 * first. */
void pattern_fill(char *buffer, size_t size, uint64_t position);

/* ---- Connections. */

enum conn_state {
    CONN_READING,  /* waits for a request */
    CONN_BODY,     /* waits for the body of one */
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
    void *tls; /* NULL: none */
    enum conn_state state;
    uint32_t events;     /* what epoll watches */
    size_t received;     /* bytes in 'head' */
    size_t head_size;    /* of these, the request's head */
    size_t body_arrived; /* bytes in 'request.body' */
    struct request request;
    struct answer answer;
    char head[HTTPD_HEAD_SIZE];
};

struct listener {
    int fd;
    void *tls; /* the certificate, or NULL */
};

struct server {
    int epoll;
    struct listener listeners[HTTPD_LISTENERS];
    size_t n_listeners;
    int root;
    int64_t delay_ms; /* added to each answer */
    bool is_full;     /* out of descriptors; accepting is switched off */
    struct conn *connections;
    struct conn *first; /* the timer that ends first */
    struct conn *last;
};

/* Connections accepted and requests read since the start or /-/forget. */
extern uint64_t n_accepted;
extern uint64_t n_requests;

/* Wraps the accepted socket 'fd', which it takes also on failure. */
void conn_open(struct server *server, int fd, void *tls);

/* Reads and writes until the socket would block, in bounded turns. */
void conn_drive(struct server *server, struct conn *conn);

/* The connection's timer has ended. */
void conn_wake(struct server *server, struct conn *conn);

/* Closes and frees. */
void conn_close(struct server *server, struct conn *conn);

/* As recv() and send(), through TLS where there is some. */
ssize_t conn_recv(struct conn *conn, void *buffer, size_t size);
ssize_t conn_send(struct conn *conn, const void *bytes, size_t size, int flags);

/* Sends some of the text, or of the body behind it; as send(). */
ssize_t answer_send_text(struct conn *conn);
ssize_t answer_send_body(struct conn *conn);

/* A certificate and its key from a PEM file, NULL on failure; its release. */
void *tls_load(const char *file);
void tls_unload(void *tls);

/* Begins TLS on a connection, NULL on failure; tells the other side that no
 * more comes; forgets it. */
void *tls_open(void *tls, int fd);
void tls_end(void *session);
void tls_close(void *session);
ssize_t tls_recv(void *session, void *buffer, size_t size);
ssize_t tls_send(void *session, const void *bytes, size_t size);

/* Puts the connection into the list of timers, 'ms' from now; removes it. */
void timer_start(struct server *server, struct conn *conn, int64_t ms);
void timer_stop(struct server *server, struct conn *conn);
int64_t now_ms(void);

/* Wakes whose timers have ended; milliseconds until the next one does, or -1.
 */
int timers_run(struct server *server);

/* Accepts again after descriptors had run out. */
void server_resume(struct server *server);

#endif
