/* SPDX-License-Identifier: Apache-2.0 */
#include "session/prepare.h"

#include "base/platform.h"
#include "net/transport.h"

/* On the connection's way to rest: it has, or there is no time left for it. */
static void rested(capauth_call *call)
{
    capauth__transport_greeted(call->client->engine.transport, call->connected_fd);
    capauth__call_finish(call, CAPAUTH_OK, NULL);
}

/*
 * A server of TLS 1.3 sends its session tickets a moment after the handshake, and nobody reads them before the first
 * answer. What has come after as long as the handshake took is taken for them; what comes later is words that nobody
 * has asked for.
 */
static void answered(capauth_call *call, const struct capauth__answer *answer)
{
    int64_t due_ms = capauth__monotonic_ms() + answer->handshake_ms;
    int64_t deadline_ms = call->exchange.deadline_ms;

    call->connected_fd = answer->fd;
    capauth__call_wait_until(call, due_ms < deadline_ms ? due_ms : deadline_ms, rested);
}

static const struct capauth__call_kind prepare_kind = {.enter = capauth__call_send, .answered = answered};

capauth_call *capauth__prepare_new(capauth_client *client)
{
    return capauth__call_new(client, NULL, CAPAUTH__PREPARE, &prepare_kind, NULL);
}

int capauth__prepare_start(capauth_call *call, int allowed, capauth_call **out)
{
    struct capauth__fault fault = {.code = allowed};

    if (!allowed && !capauth__client_has_origin(call->client))
        fault = (struct capauth__fault){CAPAUTH_E_INVALID_ARGUMENT, "base_url",
                                        "is not set; set a cluster or a base URL first"};
    if (fault.code)
        return capauth__call_refuse(call, out, &fault);
    capauth__buffer_text(&call->exchange.url, capauth__client_freeze(call->client)->base_url);
    call->exchange.method = "CONNECT";
    call->exchange.connect_only = true;
    call->attempts.repeatable = true;
    return capauth__call_start(call, out);
}
