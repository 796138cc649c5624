/* SPDX-License-Identifier: Apache-2.0 */
/* capauth_concurrent COUNT AT_ONCE CONNECTIONS [HTTP2]: AT_ONCE sign-ins at a time, on one thread. */
#include "customer.h"

#include <stdlib.h>

struct customer {
    capauth_session *session;
    capauth_call *call;
    struct customer *next;
};

struct crowd {
    capauth_client *client;
    struct customer *customers;
    int at_once;
    int to_begin;
};

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

static void begin(struct crowd *crowd, struct customer *customer)
{
    crowd->to_begin--;
    customer->session = bench_session(crowd->client);
    (void)bench_start_next(customer->session, &customer->call);
    remember(customer);
}

/* false: one more has signed in. */
static int go_on(struct crowd *crowd, struct customer *customer)
{
    bench_check(capauth_call_result(customer->call), capauth_call_error_message(customer->call));
    capauth_call_free(&customer->call);
    if (bench_start_next(customer->session, &customer->call)) {
        remember(customer);
        return 1;
    }
    capauth_session_free(&customer->session);
    if (crowd->to_begin > 0)
        begin(crowd, customer);
    return 0;
}

static void sign_in(int count, void *data)
{
    struct crowd *crowd = data;

    crowd->to_begin = count;
    for (int i = 0; i < crowd->at_once && crowd->to_begin > 0; i++)
        begin(crowd, &crowd->customers[i]);
    while (count) {
        capauth_call *call = NULL;

        bench_check(capauth_client_poll(crowd->client, -1) < 0, "poll");
        while (capauth_client_next_done(crowd->client, &call) == 1)
            count -= !go_on(crowd, recall(call));
    }
}

int main(int count, char **arguments)
{
    struct crowd crowd = {.at_once = bench_argument(count, arguments, 2, 64)};

    crowd.client = bench_client(bench_argument(count, arguments, 3, 8));
    bench_check(capauth_client_set_http2(crowd.client, bench_argument(count, arguments, 4, 0)), "HTTP/2");
    if (!(crowd.customers = calloc((size_t)crowd.at_once, sizeof *crowd.customers)))
        return 1;
    sign_in(crowd.at_once, &crowd); /* connects */
    bench_measure(bench_argument(count, arguments, 1, 1000), sign_in, &crowd);
    capauth_client_free(&crowd.client);
    free(crowd.customers);
    return 0;
}
