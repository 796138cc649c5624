/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capauth_memory CALLS: bytes of our own for each session, and for each call in flight. The linker sends the core's
 * allocations here (--wrap), while libcurl's and json-c's go past.
 */
#include "customer.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_llong live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static void *counted(void *memory)
{
    atomic_fetch_add(&live, (long long)malloc_usable_size(memory));
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    atomic_fetch_sub(&live, (long long)malloc_usable_size(memory));
    return counted(__real_realloc(memory, size));
}

void __wrap_free(void *memory)
{
    atomic_fetch_sub(&live, (long long)malloc_usable_size(memory));
    __real_free(memory);
}

enum { MOST = 1000 };

static capauth_session *sessions[MOST];
static capauth_call *started[MOST];

/* Its strings are as long as the application has them; the rest is ours. */
static long long bytes_per_session(capauth_client *client, int count)
{
    long long before = atomic_load(&live), strings = 0;

    for (int i = 0; i < count; i++) {
        sessions[i] = bench_session(client);
        strings += (long long)(strlen(BENCH_BRAND) + strlen(capauth_session_identifier(sessions[i])) +
                               strlen(capauth_session_device_id(sessions[i])) + 3);
    }
    return (atomic_load(&live) - before - strings) / count;
}

/* The service keeps silent: all are on their way in the end. */
static long long bytes_per_call(capauth_client *client, int count)
{
    long long before;

    for (int i = 0; i < count; i++)
        bench_check(capauth_token_generate(sessions[i], NULL, NULL), "token generate");
    before = atomic_load(&live);
    for (int i = 0; i < count; i++)
        bench_check(capauth_otp_generate(sessions[i], NULL, &started[i]), "OTP generate");
    for (int i = 0; i < 200; i++)
        (void)capauth_client_poll(client, 10);
    for (int i = 0; i < count; i++)
        bench_check(capauth_call_done(started[i]), "done too early");
    return (atomic_load(&live) - before) / count;
}

int main(int count, char **arguments)
{
    int calls = bench_argument(count, arguments, 1, 64);
    capauth_client *client;

    if (calls > MOST)
        return 2;
    client = bench_client(calls);
    printf("{\"session\": %lld, ", bytes_per_session(client, calls));
    printf("\"call\": %lld}\n", bytes_per_call(client, calls));
    for (int i = 0; i < calls; i++) {
        capauth_call_free(&started[i]);
        capauth_session_free(&sessions[i]);
    }
    capauth_client_free(&client);
    return 0;
}
