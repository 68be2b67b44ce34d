/* SPDX-License-Identifier: MIT */
/* The timers of the test server.  Called by httpd.c and httpd_conn.c. */
#include "httpd.h"

#include <time.h>

int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Most timers have the same length, so the search from the end is short. */
void timer_start(struct server *server, struct conn *conn, int64_t ms)
{
    struct conn *before = server->last;

    conn->due_ms = now_ms() + ms;
    while (before != NULL && before->due_ms > conn->due_ms) {
        before = before->earlier;
    }
    conn->earlier = before;
    conn->later = before == NULL ? server->first : before->later;
    *(before == NULL ? &server->first : &before->later) = conn;
    *(conn->later == NULL ? &server->last : &conn->later->earlier) = conn;
}

void timer_stop(struct server *server, struct conn *conn)
{
    if (conn->due_ms == 0) {
        return;
    }
    *(conn->earlier == NULL ? &server->first : &conn->earlier->later) =
        conn->later;
    *(conn->later == NULL ? &server->last : &conn->later->earlier) =
        conn->earlier;
    conn->due_ms = 0;
}

int timers_run(struct server *server)
{
    int64_t now = now_ms();
    int64_t rest;

    while (server->first != NULL && server->first->due_ms <= now) {
        struct conn *conn = server->first;

        timer_stop(server, conn);
        conn_wake(server, conn);
    }
    if (server->first == NULL) {
        return -1;
    }
    rest = server->first->due_ms - now;
    return rest > 60000 ? 60000 : (int)rest;
}
