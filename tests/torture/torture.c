/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets memory run out at one place after the other, in everything that an application can do with capauth.
 *
 *     torture [--long] [--tls] [--life NAME] [--all STRIDE] [--verbose]
 *
 * For each life, and N = 1, 2, ... until a run is not struck any more: the Nth allocation fails, alone, or with all
 * that come after it. Counted are the core's own allocations; then those of the whole process. Each run is a process of
 * its own, so that a crash is found and not the end. What must hold afterwards is in world.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace.h"
#include "upstream.h"
#include "world.h"

enum { RUN_SECONDS = 30, RUNS_MOST = 20000 };

struct job {
    const char *life; /* NULL: all */
    long stride; /* of the process's allocations every so many; 1: each; 0: none */
    bool tls;
    bool verbose;
};

static struct {
    long runs;
    long places; /* where the core's own allocations failed */
    long faults;
    long upstream; /* crashes and leaks of libraries, all of them known */
    long lives;
} total;

/* ---- One run ---- */

static _Noreturn void run_child(struct world *world, const struct shortage *shortage)
{
    trace_catch_crashes(world->report, RUN_SECONDS);
    live(world, shortage);
    fflush(NULL);
    _exit(0);
}

/* Of a customer whom the emulator does not know yet. */
static struct world new_world(const struct service *service, const struct life *life, struct report *report)
{
    static unsigned customer;
    struct world world = {.life = life, .service = service, .report = report};

    customer++;
    snprintf(world.identifier, sizeof world.identifier, "9199%08u", customer);
    snprintf(world.other_identifier, sizeof world.other_identifier, "9188%08u", customer);
    return world;
}

static void run(const struct service *service, const struct life *life, const struct shortage *shortage,
                struct report *report)
{
    struct world world = new_world(service, life, report);
    int status = 0;
    int process;

    memset(report, 0, sizeof *report);
    world.blocking = shortage->lasts;
    fflush(NULL);
    process = fork();
    if (process == 0)
        run_child(&world, shortage);
    waitpid(process, &status, 0);
    if (WIFSIGNALED(status))
        report->signal = WTERMSIG(status);
}

/* ---- What it came to ---- */

static void print_leaks(const struct report *report)
{
    char name[256];

    for (int i = 0; i < report->leak_count; i++) {
        trace_name(report->leaks[i].caller, name, sizeof name);
        printf("    %zu bytes are left of %s\n", report->leaks[i].size, name);
    }
}

static void print_fault(const struct life *life, const struct shortage *shortage, const struct report *report)
{
    printf("%s: allocation %ld%s of %s, %s\n", life->name, shortage->nth, shortage->lasts ? " and all after it" : "",
           shortage->ours_only ? "ours" : "the process",
           report->signal == 14 ? "hangs"
           : report->signal     ? "crashes"
                                : capauth_error_name(report->code));
    if (*report->complaint)
        printf("    %s\n", report->complaint);
    if (report->signal)
        trace_print("where", &report->crashed);
    print_leaks(report);
    trace_print("no memory for", &report->struck);
}

static void judge(const struct job *job, const struct life *life, const struct shortage *shortage,
                  const struct report *report)
{
    bool crash_is_known = report->signal && upstream_knows_crash(report);
    bool is_fault = *report->complaint || (report->signal ? !crash_is_known : !upstream_knows_leaks(report));

    total.runs++;
    total.places += shortage->ours_only;
    total.faults += is_fault;
    total.upstream += !is_fault && (report->signal || report->leak_count);
    if (is_fault || (job->verbose && (report->signal || *report->complaint || report->leak_count)))
        print_fault(life, shortage, report);
}

/* ---- All runs of a life ---- */

static void torture_by(const struct job *job, const struct service *service, const struct life *life,
                       struct shortage shortage, long stride, struct report *report)
{
    for (long i = 0; i < RUNS_MOST; i++) {
        shortage.nth = 1 + total.lives % stride + i * stride;
        run(service, life, &shortage, report);
        judge(job, life, &shortage, report);
        if (!report->struck.depth && !report->signal)
            break;
    }
}

static void torture(const struct job *job, const struct service *service, const struct life *life,
                    struct report *report)
{
    total.lives++;
    for (int lasts = 0; lasts < 2; lasts++) {
        torture_by(job, service, life, (struct shortage){.ours_only = true, .lasts = lasts}, 1, report);
        if (job->stride)
            torture_by(job, service, life, (struct shortage){.lasts = lasts}, job->stride, report);
    }
}

static bool is_wanted(const struct job *job, const struct life *life)
{
    return (!job->life || !strcmp(job->life, life->name)) && !(job->tls && life->traits & NEEDS_CONTROL);
}

/* ---- The whole ---- */

/* What libraries keep for the process's life is there before anything is counted. */
static bool warm_up(const struct service *service, struct report *report)
{
    const struct shortage none = {.nth = -1};

    for (const struct life *life = lives; life->name; life++) {
        struct world world = new_world(service, life, report);

        if (!(life->traits & NEEDS_CONTROL))
            live(&world, &none);
    }
    return !*report->complaint;
}

static void write_figure(const struct job *job)
{
    const char *folder = getenv("CAPAUTH_FIGURES");
    char path[1024];
    FILE *file;

    printf(
        "torture%s: %ld of our own allocations failed, in %ld runs of %ld lives; %ld faults; %ld left to libraries\n",
        job->tls ? " over TLS" : "", total.places, total.runs, total.lives, total.faults, total.upstream);
    if (!folder || job->life)
        return;
    (void)mkdir(folder, 0777); /* it may be there */
    snprintf(path, sizeof path, "%s/torture", folder);
    if (!(file = fopen(path, "w")))
        return;
    fprintf(file,
            "torture: %ld times one of our own allocations failed, %ld times one of the process's, in %ld lives; "
            "%ld faults; %ld left to libraries\n",
            total.places, total.runs - total.places, total.lives, total.faults, total.upstream);
    fclose(file);
}

static struct job read_arguments(int count, char **arguments)
{
    struct job job = {0};

    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : "";

        if (!strcmp(arguments[i], "--tls"))
            job.tls = true;
        else if (!strcmp(arguments[i], "--verbose"))
            job.verbose = true;
        else if (!strcmp(arguments[i], "--life") && *value)
            job.life = arguments[++i];
        else if (!strcmp(arguments[i], "--all") && atol(value) > 0)
            job.stride = atol(arguments[++i]);
        else
            fprintf(stderr, "torture: %s is not understood\n", arguments[i]);
    }
    return job;
}

int main(int count, char **arguments)
{
    struct job job = read_arguments(count, arguments);
    struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct service service;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (report == MAP_FAILED || !shortage_find_core() || !service_start(&service, job.tls))
        return EXIT_FAILURE;
    if (!warm_up(&service, report)) {
        fprintf(stderr, "with all memory: %s\n", report->complaint);
        return EXIT_FAILURE;
    }
    for (const struct life *life = lives; life->name; life++) {
        if (is_wanted(&job, life))
            torture(&job, &service, life, report);
    }
    service_stop(&service);
    write_figure(&job);
    return total.faults ? EXIT_FAILURE : EXIT_SUCCESS;
}
