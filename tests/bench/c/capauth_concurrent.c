/* SPDX-License-Identifier: Apache-2.0 */
/* concurrent COUNT CONNECTIONS [HTTP2]: COUNT sign-ins at once, on one thread. */
#include <stdlib.h>

#include "bench.h"

struct customer {
    capauth_session *session;
    capauth_call *call;
    struct customer *next;
};

/* Starts what comes next for the customer; 0 when there is nothing more. */
static int go_on(struct customer *customer)
{
    switch (capauth_session_next_step(customer->session)) {
    case CAPAUTH_STEP_TOKEN_GENERATE:
        bench_check(capauth_token_generate(customer->session, NULL, &customer->call), "token generate");
        return 1;
    case CAPAUTH_STEP_OTP_GENERATE:
        bench_check(capauth_otp_generate(customer->session, NULL, &customer->call), "OTP generate");
        return 1;
    case CAPAUTH_STEP_OTP_VALIDATE:
        bench_check(capauth_otp_validate(customer->session, BENCH_OTP, NULL, &customer->call), "OTP validate");
        return 1;
    default:
        return 0;
    }
}

/* Calls come back by address: from there to their customers. */
enum { BUCKETS = 4096 };

static struct customer *buckets[BUCKETS];

static struct customer **bucket_of(const capauth_call *call)
{
    return &buckets[((uintptr_t)call >> 4) % BUCKETS];
}

static void remember(struct customer *customer)
{
    struct customer **bucket = bucket_of(customer->call);

    customer->next = *bucket;
    *bucket = customer;
}

static struct customer *recall(const capauth_call *call)
{
    struct customer **link = bucket_of(call);
    struct customer *customer;

    while ((*link)->call != call)
        link = &(*link)->next;
    customer = *link;
    *link = customer->next;
    return customer;
}

static void drive(capauth_client *client, int left)
{
    while (left) {
        capauth_call *call = NULL;

        bench_check(capauth_client_poll(client, -1) < 0, "poll");
        while (capauth_client_next_done(client, &call) == 1) {
            struct customer *customer = recall(call);

            bench_check(capauth_call_result(call), capauth_call_error_message(call));
            capauth_call_free(&customer->call);
            if (go_on(customer))
                remember(customer);
            else
                left--;
        }
    }
}

int main(int count, char **arguments)
{
    int at_once = bench_argument(count, arguments, 1, 1000);
    capauth_client *client = bench_client(bench_argument(count, arguments, 2, 8));
    struct customer *customers = calloc((size_t)at_once, sizeof *customers);
    struct bench_span span;

    if (!customers)
        return 1;
    bench_check(capauth_client_set_http2(client, bench_argument(count, arguments, 3, 0)), "HTTP/2");
    span = bench_begin();
    for (int i = 0; i < at_once; i++) {
        customers[i].session = bench_session(client);
        (void)go_on(&customers[i]);
        remember(&customers[i]);
    }
    drive(client, at_once);
    bench_end(span, at_once);
    for (int i = 0; i < at_once; i++)
        capauth_session_free(&customers[i].session);
    capauth_client_free(&client);
    free(customers);
    return 0;
}
