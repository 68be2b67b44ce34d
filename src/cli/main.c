/* SPDX-License-Identifier: MIT */
/* The command-line tool: chooses the command.  Everything it can do is done
 * through the library's public headers. */
#include <fcntl.h>
#include <fetchpool/fetchpool.h>
#include <fetchpool/http.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "get.h"

static const char usage[] =
    "usage: fetchpool get [OPTION]... [URL]...   download a list of URLs\n"
    "       fetchpool get --help                 its options\n"
    "       fetchpool --version\n";

/* A file opened as descriptor 1 or 2 by accident would receive our output. */
static void fill_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

static int print_version(void)
{
    printf("fetchpool %s\n%s\n", fpool_version(), fpool_http_version_text());
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_LOCAL;
}

static int refuse(const char *command)
{
    if (strcmp(command, "resolve") == 0 || strcmp(command, "read") == 0) {
        fprintf(stderr,
                "fetchpool: the command %s is not available in this version\n",
                command);
    } else {
        fputs("fetchpool: unknown command\n", stderr);
        fputs(usage, stderr);
    }
    return CLI_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    if (argc < 2) {
        fputs(usage, stderr);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "get") == 0) {
        return cli_get(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        return print_version();
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        fputs(usage, stdout);
        return CLI_EXIT_OK;
    }
    return refuse(argv[1]);
}
