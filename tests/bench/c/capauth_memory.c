/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory CALLS: bytes of our own for each call in flight. The linker sends the core's allocations here (--wrap), while
 * libcurl's and json-c's go past.
 */
#include "bench.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(int count, char **arguments)
{
    int calls = bench_argument(count, arguments, 1, 64);
    capauth_client *client;
    capauth_session *sessions[MOST];
    capauth_call *started[MOST];
    long long before;

    if (calls > MOST)
        return 2;
    client = bench_client(calls);
    for (int i = 0; i < calls; i++) {
        sessions[i] = bench_session(client);
        bench_check(capauth_token_generate(sessions[i], NULL, NULL), "token generate");
    }
    before = atomic_load(&live);
    for (int i = 0; i < calls; i++)
        bench_check(capauth_otp_generate(sessions[i], NULL, &started[i]), "OTP generate");
    for (int i = 0; i < 200; i++) /* the emulator holds its answers back: all are on their way in the end */
        (void)capauth_client_poll(client, 10);
    for (int i = 0; i < calls; i++)
        bench_check(capauth_call_done(started[i]), "done too early");
    printf("{\"bytes_per_call\": %lld}\n", (atomic_load(&live) - before) / calls);
    for (int i = 0; i < calls; i++) {
        capauth_call_free(&started[i]);
        capauth_session_free(&sessions[i]);
    }
    capauth_client_free(&client);
    return 0;
}
