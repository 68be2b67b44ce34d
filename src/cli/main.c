/* SPDX-License-Identifier: MIT */
/* The command-line tool: chooses the command.  Everything it can do is done
 * through the library's public headers. */
#include <fcntl.h>
#include <fetchpool/fetchpool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#ifdef FETCHPOOL_HAS_GET
#include <fetchpool/http.h>

#include "get.h"
#endif
#ifdef FETCHPOOL_HAS_RESOLVE
#include <fetchpool/dns.h>

#include "resolve.h"
#endif

/* The commands of this build. */
static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *(*version)(void); /* of the libraries that it uses */
    const char *usage;
} commands[] = {
#ifdef FETCHPOOL_HAS_GET
    { "get", cli_get, fpool_http_version_text,
      "fetchpool get [OPTION]... [URL]...       download a list of URLs" },
#endif
#ifdef FETCHPOOL_HAS_RESOLVE
    { "resolve", cli_resolve, fpool_dns_version_text,
      "fetchpool resolve [OPTION]... [NAME]...  resolve a list of host names" },
#endif
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Commands of other builds, or to come. */
static const char *const known[] = { "get", "resolve", "read" };

static void print_usage(FILE *file)
{
    size_t i;

    for (i = 0; i < N_COMMANDS; i++) {
        fprintf(file, "%s%s\n", i == 0 ? "usage: " : "       ",
                commands[i].usage);
    }
    fputs("       fetchpool COMMAND --help                 its options\n"
          "       fetchpool --version\n",
          file);
}

/* A file opened as descriptor 1 or 2 by accident would receive our output. What
 * is closed is opened the wrong way round, so that using it is an error. */
static void fill_standard_descriptors(void)
{
    int fd;

    for (fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            _exit(CLI_EXIT_LOCAL); /* unreachable: kernel refusal */
        }
    }
}

static int flush_status(void)
{
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_LOCAL;
}

static int print_version(void)
{
    size_t i;

    printf("fetchpool %s\n", fpool_version());
    for (i = 0; i < N_COMMANDS; i++) {
        puts(commands[i].version());
    }
    return flush_status();
}

static int refuse(const char *command)
{
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(command, known[i]) == 0) {
            fprintf(stderr,
                    "fetchpool: the command %s is not available in this "
                    "version\n",
                    command);
            return CLI_EXIT_USAGE;
        }
    }
    fputs("fetchpool: unknown command\n", stderr);
    print_usage(stderr);
    return CLI_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    size_t i;

    fill_standard_descriptors();
    if (argc < 2) {
        print_usage(stderr);
        return CLI_EXIT_USAGE;
    }
    for (i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        return print_version();
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return flush_status();
    }
    return refuse(argv[1]);
}
