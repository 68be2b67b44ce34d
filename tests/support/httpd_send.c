/* SPDX-License-Identifier: MIT */
/* Moves the bytes of an answer of the test server.  Called by httpd_conn.c. */
#include "httpd.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATTERN_SIZE ((size_t)32 * 1024)

ssize_t conn_recv(struct conn *conn, void *buffer, size_t size)
{
    return conn->tls != NULL ? tls_recv(conn->tls, buffer, size)
                             : recv(conn->fd, buffer, size, 0);
}

ssize_t conn_send(struct conn *conn, const void *bytes, size_t size, int flags)
{
    return conn->tls != NULL
               ? tls_send(conn->tls, bytes, size)
               : send(conn->fd, bytes, size, MSG_NOSIGNAL | flags);
}

static void repeat_fill(const struct answer *answer, char *buffer, size_t size)
{
    size_t at = (size_t)(answer->position % answer->repeat_size);
    size_t i;

    for (i = 0; i < size; i++) {
        buffer[i] = answer->repeat[at];
        at = at + 1 == answer->repeat_size ? 0 : at + 1;
    }
}

static ssize_t send_file(struct conn *conn, size_t size)
{
    static char block[PATTERN_SIZE];
    off_t offset = (off_t)conn->answer.position;
    ssize_t n;

    if (conn->tls == NULL) {
        n = sendfile(conn->fd, conn->answer.file, &offset, size);
    } else {
        size = size < PATTERN_SIZE ? size : PATTERN_SIZE;
        n = pread(conn->answer.file, block, size, offset);
        n = n > 0 ? conn_send(conn, block, (size_t)n, 0) : n;
    }
    if (n == 0) {
        errno = EIO; /* the file has become shorter */
        n = -1;
    }
    return n;
}

ssize_t answer_send_body(struct conn *conn)
{
    static char block[PATTERN_SIZE];
    struct answer *answer = &conn->answer;
    size_t size =
        answer->left < HTTPD_SEND_SIZE ? (size_t)answer->left : HTTPD_SEND_SIZE;
    ssize_t n;

    size = answer->drip_ms > 0 ? 1 : size;
    if (answer->file >= 0) {
        n = send_file(conn, size);
    } else {
        size = size < PATTERN_SIZE ? size : PATTERN_SIZE;
        if (answer->repeat != NULL) {
            repeat_fill(answer, block, size);
        } else {
            pattern_fill(block, size, answer->position);
        }
        n = conn_send(conn, block, size, 0);
    }
    if (n > 0) {
        answer->position += (uint64_t)n;
        answer->left -= answer->left == HTTPD_ENDLESS ? 0 : (uint64_t)n;
    }
    return n;
}

ssize_t answer_send_text(struct conn *conn)
{
    struct answer *answer = &conn->answer;
    size_t size = answer->text_size - answer->text_sent;
    ssize_t n;

    if (answer->drip_ms > 0 && answer->text_sent < answer->drip_from) {
        size = answer->drip_from - answer->text_sent;
    } else if (answer->drip_ms > 0) {
        size = 1;
    }
    n = conn_send(conn, answer->text + answer->text_sent, size,
                  answer->left > 0 ? MSG_MORE : 0);
    if (n > 0) {
        answer->text_sent += (size_t)n;
    }
    return n;
}
