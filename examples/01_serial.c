/* SPDX-License-Identifier: MIT */
/* The serial loop that the next examples turn into concurrent ones: each call
 * waits for something slow, and nothing else happens meanwhile.
 * Python: sizes = [look_up(name) for name in names] */
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Stands for anything that waits: a request, a query, a read. */
static size_t look_up(const char *name)
{
    poll(NULL, 0, 1);
    return strlen(name);
}

int main(void)
{
    const char *names[] = { "ada", "barbara", "dennis", "edsger", "grace" };
    size_t n_names = sizeof(names) / sizeof(names[0]);

    for (size_t i = 0; i < n_names; i++) {
        printf("%s %zu\n", names[i], look_up(names[i]));
    }
    return 0;
}
