/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "trace.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct report *caught;

/* ---- Crashes ---- */

static void on_crash(int number)
{
    caught->signal = number;
    caught->crashed.depth = backtrace(caught->crashed.at, PLACE_DEEPEST);
    _exit(1);
}

void trace_catch_crashes(struct report *report, unsigned seconds)
{
    static char room[1 << 16];
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};

    caught = report;
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
    alarm(seconds);
}

/* ---- Names ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

void trace_library(const void *address, char *out, size_t size)
{
    Dl_info info;

    snprintf(out, size, "%s", dladdr(address, &info) && info.dli_fname ? file_name(info.dli_fname) : "");
}

void trace_name(const void *address, char *out, size_t size)
{
    Dl_info info;

    if (!dladdr(address, &info) || !info.dli_fname)
        snprintf(out, size, "%p", address);
    else
        snprintf(out, size, "%s:%s", file_name(info.dli_fname), info.dli_sname ? info.dli_sname : "?");
}

/* By addr2line, if it is there: "capauth__json_parse at .../json.c:77". */
static void print_line(const void *address)
{
    char command[512], line[512] = "";
    Dl_info info;
    FILE *program = NULL;

    if (dladdr(address, &info) && info.dli_fname) {
        /* One byte before, since these are addresses to return to. */
        snprintf(command, sizeof command, "addr2line -spfe %s %#lx 2>/dev/null", info.dli_fname,
                 (unsigned long)((uintptr_t)address - (uintptr_t)info.dli_fbase - 1));
        program = popen(command, "r"); /* NOLINT(cert-env33-c): made of nothing from outside */
    }
    if (program && fgets(line, sizeof line, program) && *line != '?') {
        line[strcspn(line, "\n")] = '\0';
        printf("      %s\n", line);
    } else {
        trace_name(address, line, sizeof line);
        printf("      %s\n", line);
    }
    if (program)
        pclose(program);
}

void trace_print(const char *what, const struct place *place)
{
    if (place->depth)
        printf("    %s:\n", what);
    for (int i = 0; i < place->depth && i < 18; i++)
        print_line(place->at[i]);
}
