/* SPDX-License-Identifier: MIT */
/* The same by the dns engine: no thread for each name, tens of thousands of names
 * a second, and an answer or an honest reason for every one.  Takes resolvers
 * ("127.0.0.1:5353", default the system's), then lines "NAME" or "NAME TYPE" on
 * standard input; prints them in their order with their records. */
#include <fetchpool/dns.h>
#include <fetchpool/fetchpool.h>

#include <stdio.h>
#include <unistd.h>

static void print_one(const struct fpool_result *r)
{
    const struct fpool_dns_response *d = fpool_result_dns(r);
    size_t i;

    if (d == NULL) {
        printf("%s\n", fpool_status_text(r->status)); /* out of memory */
        return;
    }
    printf("%s %s: %s", d->name, d->type_text, fpool_dns_status_text(d->status));
    for (i = 0; i < d->n_records; i++) {
        printf(" [%s %s]", d->records[i].type_text, d->records[i].data);
    }
    printf("%s%s\n", d->error_message[0] == '\0' ? "" : ": ", d->error_message);
}

int main(int argc, char **argv)
{
    FPOOL_SCOPED struct fpool *pool = NULL;
    FPOOL_SCOPED struct fpool_results *results = NULL;
    struct fpool_result r;
    enum fpool_status st;

    st = fpool_create(&pool, NULL);
    if (st == FPOOL_OK) {
        st = fpool_imap(pool,
                        FPOOL_DNS(.resolvers = argc > 1 ? argv[1] : NULL),
                        fpool_source_lines(STDIN_FILENO), NULL, &results);
    }
    if (st != FPOOL_OK) {
        fprintf(stderr, "%s\n", fpool_status_text(st));
        return 1;
    }
    while ((st = fpool_next(results, &r, FPOOL_FOREVER)) == FPOOL_OK) {
        print_one(&r);
        fpool_result_release(&r);
    }
    return st == FPOOL_END ? 0 : 1;
}
