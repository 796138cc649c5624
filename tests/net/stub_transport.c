/* SPDX-License-Identifier: Apache-2.0 */
#include "stub_transport.h"

#include <stdlib.h>

#include <capauth/capauth.h>

struct stub stub;

struct capauth__transfer {
    char nothing;
};

struct capauth__transport {
    struct capauth__transfer transfer; /* of all */
};

struct capauth__transport *capauth__transport_new(const struct capauth__net_config *config,
                                                  struct capauth__reactor *reactor)
{
    (void)config, (void)reactor;
    if (stub.no_memory)
        return NULL;
    stub.transports++;
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

bool capauth__transport_start(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    if (stub.fails_with) {
        capauth__exchange_fail(exchange, stub.fails_with, "as the test wants it", false);
        return false;
    }
    stub.under_way++;
    stub.started[stub.started_count++ % STUB_MOST] = exchange;
    exchange->transfer = &transport->transfer;
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
    return INT64_MAX;
}

void capauth__transport_timer(struct capauth__transport *transport, int64_t now_ms)
{
    expect(transport);
    (void)now_ms;
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
