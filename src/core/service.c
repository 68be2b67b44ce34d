/* SPDX-License-Identifier: MIT */
/* Thread creation; called by the pool, its timers, pullers and the loops. */
#include "core/service.h"

#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_STACK ((size_t)512 << 10)

/* All signals but those that a thread's own instructions raise. */
static void fill_blocked(sigset_t *set)
{
    static const int synchronous[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                                       SIGTRAP, SIGSYS, SIGABRT };
    size_t i;

    sigfillset(set);
    for (i = 0; i < sizeof(synchronous) / sizeof(synchronous[0]); i++) {
        sigdelset(set, synchronous[i]);
    }
}

static size_t round_stack(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (size == 0) {
        size = DEFAULT_STACK;
    }
    if (size < (size_t)PTHREAD_STACK_MIN) {
        size = (size_t)PTHREAD_STACK_MIN;
    }
    return size > SIZE_MAX - page ? size : (size + page - 1) / page * page;
}

enum fpool_status fpool_thread_create(pthread_t *ret_thread, const char *name,
                                      size_t stack_size, void *(*main)(void *),
                                      void *arg)
{
    pthread_attr_t attr;
    sigset_t blocked;
    sigset_t old;
    int rc;

    if (pthread_attr_init(&attr) != 0) {
        return FPOOL_ENOMEM;
    }
    fill_blocked(&blocked);
    rc = pthread_attr_setstacksize(&attr, round_stack(stack_size));
    if (rc == 0) {
        pthread_sigmask(SIG_SETMASK, &blocked, &old);
        rc = pthread_create(ret_thread, &attr, main, arg);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        return FPOOL_ENOMEM;
    }
    if (name != NULL) {
        fpool_thread_set_name(*ret_thread, name);
    }
    return FPOOL_OK;
}

void fpool_thread_set_name(pthread_t thread, const char *name)
{
    char short_name[16] = { 0 };

    strncpy(short_name, name, sizeof(short_name) - 1);
    pthread_setname_np(thread, short_name);
}
