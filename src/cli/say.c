/* SPDX-License-Identifier: MIT */
/* Messages on standard error, called by everything in the command-line tool. */
#include "say.h"

#include <stdarg.h>
#include <string.h>

#include "text.h"

#define MAX_SHOWN 1024

static const char *command_name = "";
static void (*clear_display)(void *arg);
static void *display;

void cli_say_as(const char *command)
{
    command_name = command;
}

const char *cli_say_command(void)
{
    return command_name;
}

void cli_say_after(void (*clear)(void *arg), void *arg)
{
    clear_display = clear;
    display = arg;
}

void cli_say_clear(void)
{
    if (clear_display != NULL) {
        clear_display(display);
    }
}

FILE *cli_say_begin(void)
{
    cli_say_clear();
    fprintf(stderr, "fetchpool %s: ", command_name);
    return stderr;
}

void cli_say(const char *format, ...)
{
    va_list arguments;
    FILE *file = cli_say_begin();

    va_start(arguments, format);
    vfprintf(file, format, arguments);
    fputc('\n', file);
    va_end(arguments);
}

void cli_say_name(const char *before, const char *name, const char *reason)
{
    FILE *file = cli_say_begin();

    fprintf(file, "%s ", before);
    cli_print_escaped(file, name, strlen(name), MAX_SHOWN);
    fprintf(file, "%s%s\n", reason[0] == '\0' ? "" : ": ", reason);
}
