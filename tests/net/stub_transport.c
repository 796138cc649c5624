/* SPDX-License-Identifier: Apache-2.0 */
#include "stub_transport.h"

#include <stdlib.h>

#include <capauth/capauth.h>

#include "base/platform.h"

struct stub stub;

struct capauth__transfer {
    char nothing;
};

struct capauth__transport {
    struct capauth__transfer transfer; /* of all */
};

struct capauth__transport *capauth__transport_new(const struct capauth__net_config *config,
                                                  struct capauth__reactor *reactor, struct capauth__spare *spare)
{
    (void)config, (void)reactor, (void)spare;
    if (stub.no_memory)
        return NULL;
    stub.transports++;
    stub.due_ms = INT64_MAX;
    return calloc(1, sizeof(struct capauth__transport));
}

void capauth__transport_free(struct capauth__transport *transport)
{
    stub.transports -= transport != NULL;
    free(transport);
}

/* The engine makes the transport when it needs one, and asks none that there is not. */
static void expect(const struct capauth__transport *transport)
{
    if (!transport)
        abort();
}

void capauth__transport_abandon(struct capauth__transport *transport)
{
    expect(transport);
    stub.abandoned_count++;
}

bool capauth__transport_has_room(const struct capauth__transport *transport)
{
    expect(transport);
    return stub.under_way < stub.room;
}

static void take_its_time(void)
{
    int64_t begun_us = capauth__monotonic_us();

    while (stub.slow && capauth__monotonic_us() < begun_us + 2000)
        ;
}

bool capauth__transport_start(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    take_its_time();
    if (stub.fails_with) {
        capauth__exchange_fail(exchange, stub.fails_with, "as the test wants it", false);
        return false;
    }
    stub.under_way++;
    stub.started[stub.started_count++ % STUB_MOST] = exchange;
    exchange->transfer = &transport->transfer;
    if (stub.due_in_ms)
        stub.due_ms = capauth__monotonic_ms() + stub.due_in_ms;
    if (stub.answers_at_once)
        stub.to_answer = exchange;
    return true;
}

void capauth__transport_cancel(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    expect(transport);
    exchange->transfer = NULL;
    stub.under_way--;
    stub.cancelled_count++;
}

bool capauth__exchange_may_have_left(const struct capauth__exchange *exchange)
{
    return exchange->transfer != NULL;
}

void capauth__transport_greeted(struct capauth__transport *transport, int fd)
{
    expect(transport);
    (void)fd;
}

void capauth__transport_begin_turn(struct capauth__transport *transport, const struct capauth__ready *ready, int count)
{
    expect(transport);
    (void)ready;
    stub.begun_with = count;
}

void capauth__transport_ready(struct capauth__transport *transport, int fd, int events)
{
    expect(transport);
    (void)events;
    stub.ready_count++;
    stub.ready_fd = fd;
}

int64_t capauth__transport_due(const struct capauth__transport *transport)
{
    expect(transport);
    return stub.due_ms;
}

void capauth__transport_timer(struct capauth__transport *transport, int64_t now_ms)
{
    expect(transport);
    if (now_ms < stub.due_ms)
        abort(); /* it is asked first */
    stub.due_ms = INT64_MAX;
    stub.timer_count++;
}

bool capauth__transport_collect(struct capauth__transport *transport, int64_t end_us)
{
    struct capauth__exchange *exchange = stub.to_answer;
    struct capauth__answer answer = {
        .error = CAPAUTH_OK,
        .connection = "new",
        .fd = -1,
        .http_status = stub.status,
        .retry_after_ms = -1,
        .request_id = "",
        .body = "",
    };

    expect(transport);
    (void)end_us;
    if (!exchange)
        return stub.has_more;
    stub.to_answer = NULL;
    stub.under_way--;
    exchange->transfer = NULL;
    exchange->answered(exchange, &answer);
    return stub.has_more;
}
