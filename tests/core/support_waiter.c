/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* gettid */
#include "support_waiter.h"

#include "support_net.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void *waiter_run(void *data)
{
    struct waiter *waiter = data;
    struct timespec used;

    atomic_store(&waiter->id, (int)gettid());
    waiter->result = waiter->call ? capauth_call_wait(waiter->call, waiter->timeout_ms)
                                  : capauth_client_poll(waiter->client, waiter->timeout_ms);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    waiter->cpu_us = (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
    atomic_store(&waiter->over, true);
    return NULL;
}

static char state_of(int thread)
{
    char path[64], text[256] = "";
    const char *end_of_name;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    if (!(file = fopen(path, "r")))
        return 'X';
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    fclose(file);
    end_of_name = strrchr(text, ')');
    if (!end_of_name)
        return 'X';
    return end_of_name[2];
}

/* The kernel says that it sleeps, and goes on saying so: it has got to where it waits. */
void waiter_until_asleep(struct waiter *waiter)
{
    for (int seen = 0; seen < 5 && !atomic_load(&waiter->over); usleep(200))
        seen = atomic_load(&waiter->id) && state_of(atomic_load(&waiter->id)) == 'S' ? seen + 1 : 0;
}

void waiter_start(struct waiter *waiter)
{
    assert_int_equal(pthread_create(&waiter->thread, NULL, waiter_run, waiter), 0);
    waiter_until_asleep(waiter);
}

bool waiter_ends_within(struct waiter *waiter, int ms)
{
    for (int64_t end_ms = now_ms() + ms; !atomic_load(&waiter->over) && now_ms() < end_ms;)
        usleep(500);
    return atomic_load(&waiter->over);
}

void waiter_join(struct waiter *waiter)
{
    assert_true(waiter_ends_within(waiter, PATIENCE_MS));
    pthread_join(waiter->thread, NULL);
}
