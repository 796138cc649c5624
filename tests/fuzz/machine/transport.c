/* SPDX-License-Identifier: Apache-2.0 */
/* A transport of nothing: requests stay under way until the world has them answered, or the client withdraws them. One
 * descriptor tells the client that there is an answer. */
#include "world.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/platform.h"
#include "net/transport.h"

struct capauth__transfer {
    struct request *request;
};

struct capauth__transport {
    const struct capauth__net_config *config;
    struct capauth__reactor *reactor;
    int fd;
    struct capauth__transfer transfers[REQUESTS];
};

static struct capauth__transport *there; /* the one that there is */

/* ---- For the world ---- */

struct request *request_chosen(bool unanswered)
{
    struct request *found[REQUESTS];
    unsigned count = 0;

    for (int i = 0; i < REQUESTS; i++) {
        struct request *request = &world.requests[i];

        if (request->exchange && !(unanswered && request->answered))
            found[count++] = request;
    }
    return count ? found[choose(count)] : NULL;
}

void request_answered(struct request *request)
{
    uint64_t one = 1;

    request->answered = true;
    HOLDS(write(there->fd, &one, sizeof one) == sizeof one);
}

void requests_leave(void)
{
    for (int i = 0; i < REQUESTS; i++)
        world.requests[i].left = world.requests[i].exchange != NULL;
}

static void request_free(struct request *request)
{
    said_free(&request->said);
    free(request->body);
    *request = (struct request){0};
}

static int under_way(void)
{
    int count = 0;

    for (int i = 0; i < REQUESTS; i++)
        count += world.requests[i].exchange != NULL;
    return count;
}

/* ---- What every transport does ---- */

int capauth__transport_library_init(void)
{
    return CAPAUTH_OK;
}

void capauth__transport_library_cleanup(void)
{
}

bool capauth__transport_has_https_proxies(void)
{
    return true;
}

bool capauth__transport_has_http2(void)
{
    return true;
}

int capauth__transport_try_pins(const char *pins)
{
    (void)pins;
    return CAPAUTH_OK;
}

int capauth__transport_try_ca_pem(const char *pem)
{
    (void)pem;
    return CAPAUTH_OK;
}

void capauth__transport_versions(struct capauth__buffer *text)
{
    capauth__buffer_text(text, "no transport");
}

struct capauth__transport *capauth__transport_new(const struct capauth__net_config *config,
                                                  struct capauth__reactor *reactor, struct capauth__spare *spare)
{
    HOLDS(!there && spare);
    there = calloc(1, sizeof *there);
    HOLDS(there);
    there->config = config;
    there->reactor = reactor;
    there->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    HOLDS(capauth__reactor_watch(reactor, there->fd, CAPAUTH__READ));
    return there;
}

void capauth__transport_free(struct capauth__transport *transport)
{
    if (!transport)
        return;
    HOLDS(transport == there && !under_way());
    HOLDS(capauth__reactor_watch(transport->reactor, transport->fd, 0));
    close(transport->fd);
    free(transport);
    there = NULL;
}

void capauth__transport_abandon(struct capauth__transport *transport)
{
    capauth__transport_free(transport);
}

bool capauth__transport_has_room(const struct capauth__transport *transport)
{
    return under_way() < transport->config->max_connections;
}

bool capauth__transport_start(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    int slot = 0;
    struct request *request;

    HOLDS(!exchange->transfer && !exchange->queued);
    while (world.requests[slot].exchange)
        HOLDS(++slot < REQUESTS);
    request = &world.requests[slot];
    *request = (struct request){.exchange = exchange, .left = world.connects_at_once};
    model_sends(request);
    say("request %d is sent: %s", slot, exchange->url.data);
    if (world.fails_at_once) {
        request->left = false;
        model_withdrawn(request);
        request_free(request);
        capauth__exchange_fail(exchange, world.fails_at_once, "it did not even start", false);
        return false;
    }
    transport->transfers[slot].request = request;
    exchange->transfer = &transport->transfers[slot];
    return true;
}

void capauth__transport_cancel(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    struct request *request = exchange->transfer->request;

    (void)transport;
    HOLDS(request->exchange == exchange);
    exchange->transfer = NULL;
    say("request %d is withdrawn", (int)(request - world.requests));
    model_withdrawn(request);
    request_free(request);
}

bool capauth__exchange_may_have_left(const struct capauth__exchange *exchange)
{
    return exchange->transfer && exchange->transfer->request->left;
}

void capauth__transport_greeted(struct capauth__transport *transport, int fd)
{
    HOLDS(transport == there && fd == transport->fd);
}

void capauth__transport_begin_turn(struct capauth__transport *transport, const struct capauth__ready *ready, int count)
{
    HOLDS(transport == there && count <= CAPAUTH__READY_MOST);
    (void)ready;
}

void capauth__transport_ready(struct capauth__transport *transport, int fd, int events)
{
    uint64_t count;
    ssize_t got = read(transport->fd, &count, sizeof count);

    HOLDS(fd == transport->fd && events);
    (void)got;
}

int64_t capauth__transport_due(const struct capauth__transport *transport)
{
    (void)transport;
    return INT64_MAX;
}

void capauth__transport_timer(struct capauth__transport *transport, int64_t now_ms)
{
    (void)transport, (void)now_ms;
}

static void deliver(struct request *request)
{
    struct capauth__exchange *exchange = request->exchange;
    struct request delivered = *request;

    say("the answer to request %d is taken", (int)(request - world.requests));
    *request = (struct request){0};
    exchange->transfer = NULL;
    delivered.answer.fd = there->fd;
    model_delivers(&delivered);
    exchange->answered(exchange, &delivered.answer);
    model_delivered(&delivered);
    request_free(&delivered);
}

bool capauth__transport_collect(struct capauth__transport *transport, int64_t end_us)
{
    (void)transport;
    for (int i = 0; i < REQUESTS; i++) {
        if (!world.requests[i].answered)
            continue;
        deliver(&world.requests[i]);
        if (capauth__monotonic_us() >= end_us)
            return true;
    }
    return false;
}
