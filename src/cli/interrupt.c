/* SPDX-License-Identifier: MIT */
/* Signal handlers of the command-line tool, with a pipe to wake poll(). */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t first_signal;
static int pipe_fds[2] = { -1, -1 };

static void handle(int number)
{
    int error_number = errno;

    if (first_signal != 0) {
        signal(number, SIG_DFL);
        raise(number); /* Delivered when this handler returns. */
    } else {
        first_signal = number;
        if (write(pipe_fds[1], "", 1) < 0) {
            /* The pipe is full, hence readable. */
        }
    }
    errno = error_number;
}

bool cli_interrupt_init(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;
    size_t i;

    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    signal(SIGXFSZ, SIG_IGN);
    memset(&action, 0, sizeof(action));
    action.sa_handler = handle;
    sigemptyset(&action.sa_mask);
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction old;

        /* What the caller ignores, as nohup does, stays ignored. */
        if (sigaction(numbers[i], NULL, &old) == 0 &&
            old.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &action, NULL);
        }
    }
    return true;
}

int cli_interrupt_signal(void)
{
    return first_signal;
}

int cli_interrupt_fd(void)
{
    return pipe_fds[0];
}
