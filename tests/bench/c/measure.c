/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    if (!value) {
        fprintf(stderr, "%s is not set: start this by tests/bench/run\n", name);
        exit(2);
    }
    return value;
}

const char *bench_url(void)
{
    return environment("CAPAUTH_BENCH_URL");
}

const char *bench_ca_file(void)
{
    return environment("CAPAUTH_BENCH_CA_FILE");
}

int bench_argument(int count, char **arguments, int number, int usual)
{
    return number < count ? atoi(arguments[number]) : usual;
}

const char *bench_text_argument(int count, char **arguments, int number, const char *usual)
{
    return number < count ? arguments[number] : usual;
}

int64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t microseconds(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + (int64_t)time.tv_usec;
}

/* User and system time of this process. */
static int64_t cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

void bench_mobile(char out[32])
{
    static int next, process;

    if (!process) /* asked once: it is a system call */
        process = (int)getpid() % 100000;
    snprintf(out, 32, "91%05d%07d", process, next++);
}

void bench_check(int code, const char *what)
{
    if (code) {
        fprintf(stderr, "%s: %d\n", what, code);
        exit(1);
    }
}

void bench_measure(int count, void (*work)(int count, void *data), void *data)
{
    int64_t start_ns = bench_now_ns(), start_cpu_us = cpu_us();
    double seconds, cpu;

    work(count, data);
    seconds = (double)(bench_now_ns() - start_ns) / 1e9;
    cpu = (double)(cpu_us() - start_cpu_us);
    printf("{\"rate\": %.1f, \"cpu_us\": %.2f}\n", count / seconds, cpu / (count ? count : 1));
}
