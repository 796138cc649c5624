/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

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

int64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t nanoseconds(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

int64_t bench_cpu_ns(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

void bench_mobile(char out[32])
{
    static int next;

    snprintf(out, 32, "91%05d%07d", (int)getpid() % 100000, next++);
}

void bench_check(int code, const char *what)
{
    if (code) {
        fprintf(stderr, "%s: %d %s\n", what, code, capauth_error_name(code));
        exit(1);
    }
}

capauth_client *bench_client(int max_connections)
{
    capauth_client *client = NULL;

    bench_check(capauth_client_new(&client), "capauth_client_new");
    bench_check(capauth_client_set_base_url(client, bench_url()), "base URL");
    bench_check(capauth_client_set_ca_file(client, bench_ca_file()), "CA file");
    bench_check(capauth_client_set_max_connections(client, max_connections), "connections");
    bench_check(capauth_client_set_timeout_ms(client, 300000), "timeout");
    return client;
}

capauth_session *bench_session(capauth_client *client)
{
    capauth_session *session = NULL;
    char mobile[32];

    bench_mobile(mobile);
    bench_check(capauth_session_new(client, CAPAUTH_FLOW_MOBILE, BENCH_BRAND, &session), "session");
    bench_check(capauth_session_set_identifier(session, CAPAUTH_IDENTIFIER_MOBILE, mobile), "identifier");
    bench_check(capauth_session_set_device_id(session, "device-1"), "device");
    return session;
}

struct bench_span bench_begin(void)
{
    return (struct bench_span){.start_ns = bench_now_ns(), .start_cpu_ns = bench_cpu_ns()};
}

void bench_end(struct bench_span span, int sign_ins)
{
    double seconds = (double)(bench_now_ns() - span.start_ns) / 1e9;
    double cpu_us = (double)(bench_cpu_ns() - span.start_cpu_ns) / 1e3;

    printf("{\"rate\": %.1f, \"cpu_us\": %.2f}\n", sign_ins / seconds, cpu_us / sign_ins);
}
