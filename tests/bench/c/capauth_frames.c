/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capauth_frames ROUNDS [ENDPOINT]: how long poll(0) holds a frame, in a loop that calls it when the descriptor says
 * so. Each round is a new client: prepare, then eight customers sign in at once, first connections included. With
 * ENDPOINT one of them then gets it from the gateway, and only that is looked at.
 */
#include "customer.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CUSTOMERS = 8, MOST = 1 << 20, IDLE = 100000 };

/* On the clock, and on the processor: what other programs of the machine take is in the first only. */
static int64_t held_ns[MOST];
static int64_t worked_ns[MOST];
static int polls;

static int64_t thread_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void frame(capauth_client *client)
{
    struct pollfd ready = {.fd = capauth_client_fd(client), .events = POLLIN};
    int64_t start_ns, start_thread_ns;

    if (poll(&ready, 1, 1000) <= 0)
        return;
    start_thread_ns = thread_ns();
    start_ns = bench_now_ns();
    bench_check(capauth_client_poll(client, 0) < 0, "poll");
    if (polls == MOST)
        return;
    held_ns[polls] = bench_now_ns() - start_ns;
    worked_ns[polls++] = thread_ns() - start_thread_ns;
}

static int go_on(capauth_session *session, capauth_call **call)
{
    if (*call && !capauth_call_done(*call))
        return 1;
    if (*call)
        bench_check(capauth_call_result(*call), capauth_call_error_message(*call));
    capauth_call_free(call);
    return bench_start_next(session, call);
}

static void get(capauth_client *client, capauth_session *session, const char *endpoint)
{
    capauth_call *call = NULL;

    polls = 0;
    bench_check(capauth_gateway_call(session, "GET", endpoint, NULL, NULL, &call), "gateway");
    while (!capauth_call_done(call))
        frame(client);
    bench_check(capauth_call_result(call), capauth_call_error_message(call));
    capauth_call_free(&call);
}

static void play(const char *endpoint)
{
    capauth_client *client = bench_client(CUSTOMERS);
    capauth_session *sessions[CUSTOMERS];
    capauth_call *calls[CUSTOMERS] = {NULL};
    int left = 1;

    bench_check(capauth_client_prepare(client), "prepare");
    for (int i = 0; i < CUSTOMERS; i++)
        sessions[i] = bench_session(client);
    while (left) {
        left = 0;
        for (int i = 0; i < CUSTOMERS; i++)
            left += go_on(sessions[i], &calls[i]);
        if (left)
            frame(client);
    }
    if (endpoint)
        get(client, sessions[0], endpoint);
    for (int i = 0; i < CUSTOMERS; i++)
        capauth_session_free(&sessions[i]);
    capauth_client_free(&client);
}

static double idle_ns(void)
{
    capauth_client *client = bench_client(1);
    int64_t start_ns;

    bench_check(capauth_client_prepare(client), "prepare");
    for (int i = 0; i < 1000; i++)
        (void)capauth_client_poll(client, 0);
    start_ns = bench_now_ns();
    for (int i = 0; i < IDLE; i++)
        (void)capauth_client_poll(client, 0);
    start_ns = bench_now_ns() - start_ns;
    capauth_client_free(&client);
    return (double)start_ns / IDLE;
}

static double microseconds(const int64_t *values, int index)
{
    return (double)values[index] / 1e3;
}

static void print(const char *name, int64_t *values)
{
    int most = (int)((int64_t)polls * 999 / 1000);

    qsort(values, (size_t)polls, sizeof values[0], compare);
    printf("\"%s_median_us\": %.1f, \"%s_p999_us\": %.1f, \"%s_longest_us\": %.1f, ", name,
           microseconds(values, polls / 2), name, microseconds(values, most), name, microseconds(values, polls - 1));
}

int main(int count, char **arguments)
{
    for (int rounds = bench_argument(count, arguments, 1, 50); rounds; rounds--)
        play(bench_text_argument(count, arguments, 2, NULL));
    printf("{");
    print("held", held_ns);
    print("worked", worked_ns);
    printf("\"idle_ns\": %.0f}\n", idle_ns());
    return 0;
}
