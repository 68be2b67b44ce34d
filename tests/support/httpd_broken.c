/* SPDX-License-Identifier: MIT */
/* The virtual paths of the test server whose answers are broken, cut short or
 * endless.  Called by httpd_virtual.c. */
#include "httpd.h"

#include <stdio.h>
#include <string.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* Answers that are always the same: a text, what is repeated behind it, if
 * anything, and how the connection ends.  "*" at the end of a path stands for
 * anything. */
static const struct fixed {
    const char *path;
    const char *text;
    const char *repeat;
    enum answer_end end;
} fixed[] = {
    { "hang", "", NULL, END_HANG },
    { "close", "", NULL, END_DROP },
    { "endless", OK_HEAD "\r\n", "for ever and ever; ", END_CLOSE },
    { "endless/chunked", CHUNKED, "5\r\nhello\r\n", END_CLOSE },
    { "endless/404", "HTTP/1.1 404 No\r\n\r\n", "for ever; ", END_CLOSE },
    { "endless-headers", OK_HEAD, "X-Header: some text\r\n", END_CLOSE },
    { "endless-line", OK_HEAD "X-Header: ", "some text", END_CLOSE },
    { "endless-continue", "", "HTTP/1.1 100 Continue\r\n\r\n", END_CLOSE },
    { "half-head", OK_HEAD "X: ", NULL, END_HANG },
    { "cut-head", OK_HEAD "X: ", NULL, END_CLOSE },
    { "fold", OK_HEAD "X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello", NULL,
      END_CLOSE },
    { "te-gzip", OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      NULL, END_CLOSE },
    { "te-twice",
      OK_HEAD "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
              "0\r\n\r\n",
      NULL, END_CLOSE },
    { "te-identity",
      OK_HEAD "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
      NULL, END_CLOSE },
    { "ce-twice",
      OK_HEAD "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
              "Content-Length: 5\r\n\r\nhello",
      NULL, END_CLOSE },
    { "ce-list",
      OK_HEAD "Content-Encoding: gzip, gzip\r\nContent-Length: 5\r\n\r\nhello",
      NULL, END_CLOSE },
    { "ce-unknown",
      OK_HEAD "Content-Encoding: rot13\r\nContent-Length: 5\r\n\r\nhello", NULL,
      END_CLOSE },
    { "ce-wrong",
      OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", NULL,
      END_CLOSE },
    { "cl-twice",
      OK_HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", NULL,
      END_CLOSE },
    { "cl-and-te",
      OK_HEAD "Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5\r\nhello\r\n0\r\n\r\n",
      NULL, END_CLOSE },
    { "http09", "hello", NULL, END_CLOSE },
    { "http10", "HTTP/1.0 200 OK\r\n\r\nhello", NULL, END_CLOSE },
    { "http10-cut", "HTTP/1.0 200 OK\r\n\r\nhello", NULL, END_DROP },
    { "http3", "HTTP/9.9 200 OK\r\n\r\nhello", NULL, END_CLOSE },
    { "banner", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", NULL, END_CLOSE },
    { "zeros", OK_HEAD "Content-Length: 5\r\nX: \x01\x02\x1b[2J\r\n\r\nhello",
      NULL, END_CLOSE },
    { "chunks/good", CHUNKED "5;a=b\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n",
      NULL, END_KEEP },
    { "chunks/cut", CHUNKED "9\r\nhel", NULL, END_CLOSE },
    { "chunks/no-end", CHUNKED "5\r\nhello\r\n", NULL, END_CLOSE },
    { "chunks/size", CHUNKED "zz\r\nhello\r\n0\r\n\r\n", NULL, END_CLOSE },
    { "chunks/huge", CHUNKED "fffffffffffffffff\r\nhello", NULL, END_CLOSE },
    { "chunks/negative", CHUNKED "-5\r\nhello\r\n0\r\n\r\n", NULL, END_CLOSE },
    { "chunks/no-line", CHUNKED "5\r\nhelloxx0\r\n\r\n", NULL, END_CLOSE },
    { "chunks/extension", CHUNKED "5;", "some=text;", END_CLOSE },
    { "chunks/trailers", CHUNKED "5\r\nhello\r\n0\r\n", "X-Trailer: text\r\n",
      END_CLOSE },
    { "chunks/stall", CHUNKED "5\r\nhello\r\n", NULL, END_HANG },
};

static bool answer_fixed(struct answer *answer, const char *path)
{
    size_t i;

    for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (strcmp(path, fixed[i].path) == 0) {
            put_bytes(answer, fixed[i].text, strlen(fixed[i].text));
            answer->end = fixed[i].end;
            if (fixed[i].repeat != NULL) {
                answer->repeat = fixed[i].repeat;
                answer->repeat_size = strlen(fixed[i].repeat);
                answer->left = HTTPD_ENDLESS;
            }
            return true;
        }
    }
    return false;
}

/* Promises 1000 bytes and sends only some. */
static void cut_short(struct answer *answer, struct request *request,
                      uint64_t size, enum answer_end end)
{
    request->keeps_alive = end == END_HANG;
    put_head(answer, request, 200, 1000, NULL);
    answer->left = size;
    answer->end = end;
}

bool answer_broken(struct answer *answer, struct request *request,
                   const char *path)
{
    const char *rest;
    uint64_t n;

    if (answer_fixed(answer, path)) {
        return true;
    }
    if (strcmp(path, "truncate") == 0) {
        cut_short(answer, request, 400, END_CLOSE);
        return true;
    }
    if (strcmp(path, "reset") == 0) {
        cut_short(answer, request, 400, END_RESET);
        return true;
    }
    if (strcmp(path, "refuse") == 0) { /* a reset in place of an answer */
        answer->end = END_RESET;
        return true;
    }
    if (whole_number(after(path, "stall/"), 1000, &n)) {
        cut_short(answer, request, n, END_HANG);
        return true;
    }
    rest = after(path, "cl/");
    if (rest != NULL) {
        put(answer, OK_HEAD "Content-Length: %s\r\n\r\nhello", rest);
        answer->end = END_CLOSE;
        return true;
    }
    return false;
}
