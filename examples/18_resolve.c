/* SPDX-License-Identifier: MIT */
/* Resolves the names on standard input, one a line, however many: prints "NAME
 * ADDRESS", or "NAME -".  The usual script reads the whole list, submits it all
 * and keeps all answers, until the machine freezes; here at most 'window' names
 * are between input and output at any time.  With -n only numeric addresses are
 * taken and no server is asked.
 * Python: pool.map(socket.gethostbyname, open("words"))  # eats 8 GB */
#include <fetchpool/fetchpool.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Returns getaddrinfo()'s code; the value is the address as text. */
static int resolve(struct fpool_task *task, void *item, void **ret_value)
{
    const struct addrinfo *hints = fpool_task_userdata(task);
    struct addrinfo *list = NULL;
    char text[64];
    int code = getaddrinfo(item, NULL, hints, &list);

    if (code == 0) {
        code = getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof(text),
                           NULL, 0, NI_NUMERICHOST);
        freeaddrinfo(list);
    }
    if (code == 0) {
        *ret_value = strdup(text);
    }
    return code;
}

int main(int argc, char **argv)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    unsigned long n_results = 0;
    struct rusage usage;
    enum fpool_status st;

    if (argc > 1 && strcmp(argv[1], "-n") == 0) {
        hints.ai_flags = AI_NUMERICHOST;
    }
    st = fpool_create(&pool, FPOOL_OPTIONS(.workers = 64));
    if (st == FPOOL_OK) {
        st = fpool_imap_unordered(
            pool, FPOOL_CALL(resolve, &hints), fpool_source_lines(STDIN_FILENO),
            FPOOL_JOB(.window = 256, .drop_value = free), &results);
    }
    while (st == FPOOL_OK) {
        st = fpool_next(results, &r, FPOOL_FOREVER);
        if (st == FPOOL_OK) {
            printf("%s %s\n", (char *)r.item.data,
                   r.value == NULL ? "-" : (char *)r.value);
            n_results++;
            fpool_result_release(&r);
        }
    }
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "%lu results, then: %s; at most %ld KiB of memory\n",
            n_results, fpool_status_text(st), usage.ru_maxrss);
    return st == FPOOL_END ? 0 : 1;
}
