/* SPDX-License-Identifier: Apache-2.0 */
#include "net/transport.h"

#include <errno.h>
#include <stdlib.h>

#include "base/platform.h"
#include "net/curl/sockets.h"
#include "net/curl/transfer.h"
#include "net/reactor.h"
#include "net/url.h"

enum { STREAMS = 100 }; /* at once on one HTTP/2 connection */

/* ---- Callbacks of curl's ---- */

/*
 * A connection between two requests stays watched: the next one wants the same, and each change is a system call.
 * capauth__transport_ready ends that when anything comes meanwhile. Not so one that was never used: libcurl may close
 * it without telling.
 */
static bool watch(struct capauth__transport *transport, int fd, int events)
{
    struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, fd);

    if (!socket)
        return capauth__reactor_watch(transport->reactor, fd, events);
    socket->resting = !events && socket->used;
    socket->quiet_since = transport->sockets.turn;
    if (socket->resting || events == socket->watched)
        return true;
    if (!capauth__reactor_watch(transport->reactor, fd, events))
        return false;
    socket->watched = events;
    return true;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
    struct capauth__transport *transport = data;
    struct capauth__transfer *transfer = NULL;
    int events = 0;

    (void)socket_data;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= CAPAUTH__READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= CAPAUTH__WRITE;
    if (!watch(transport, fd, events) && !curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer) && transfer) {
        transfer->system_error = errno;
        transport->unwatched = true;
    }
    return 0; /* an error here would be the end of the whole multi handle */
}

/* Only notes the time: acting here would be a call of curl inside curl. */
static int on_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct capauth__transport *transport = data;

    (void)multi;
    transport->due_ms = timeout_ms < 0 ? INT64_MAX : capauth__monotonic_ms() + timeout_ms;
    return 0;
}

/* ---- Its life ---- */

static bool set_multi(struct capauth__transport *transport, long connections)
{
    CURLM *multi = transport->multi;

    return !curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) &&
           !curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transport) &&
           !curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) &&
           !curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transport) &&
           !curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections) &&
           !curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections) &&
           !curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS);
}

static bool set_up(struct capauth__transport *transport)
{
    const struct capauth__net_config *config = transport->config;

    transport->multi = curl_multi_init();
    transport->share = curl_share_init();
    return transport->multi && transport->share && set_multi(transport, config->max_connections) &&
           !curl_share_setopt(transport->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) &&
           (capauth__has_proxy(config) || capauth__header_push(&transport->agent, "User-Agent", config->user_agent));
}

struct capauth__transport *capauth__transport_new(const struct capauth__net_config *config,
                                                  struct capauth__reactor *reactor, struct capauth__spare *spare)
{
    struct capauth__transport *transport = calloc(1, sizeof *transport);

    if (!transport)
        return NULL;
    transport->config = config;
    transport->reactor = reactor;
    transport->spare = spare;
    transport->due_ms = INT64_MAX;
    if (set_up(transport))
        return transport;
    capauth__transport_free(transport);
    return NULL;
}

bool capauth__transport_has_room(const struct capauth__transport *transport)
{
    const struct capauth__net_config *config = transport->config;

    return transport->active_count < config->max_connections * (config->http2 ? STREAMS : 1);
}

void capauth__transport_free(struct capauth__transport *transport)
{
    if (!transport)
        return;
    while (transport->pool) {
        struct capauth__transfer *transfer = transport->pool;

        transport->pool = transfer->next;
        capauth__transfer_free(transfer);
    }
    curl_multi_cleanup(transport->multi);
    curl_share_cleanup(transport->share);
    capauth__headers_free(&transport->agent);
    free(transport->sockets.all);
    free(transport);
}

void capauth__transport_abandon(struct capauth__transport *transport)
{
    if (transport)
        capauth__sockets_abandon(&transport->sockets);
}

/* ---- Exchanges ---- */

/* In place of one that was left half-changed, in which the next socket of the same number would be the end of us; or
 * whose authorities were read without memory, and would refuse every certificate for a day. */
static bool renew_multi(struct capauth__transport *transport)
{
    CURLM *old = transport->multi;

    if (!(transport->multi = curl_multi_init()) || !set_multi(transport, transport->config->max_connections)) {
        curl_multi_cleanup(transport->multi);
        transport->multi = old;
        return false;
    }
    curl_multi_cleanup(old);
    transport->due_ms = INT64_MAX;
    transport->spoilt = false;
    return true;
}

/* CAPAUTH_OK: it is under way. */
static int start(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    struct capauth__transfer *transfer;
    int result;

    if (transport->spoilt && !transport->active.first && !renew_multi(transport))
        return CAPAUTH_E_NO_MEMORY;
    if ((result = capauth__transfer_take(transport, &transfer)))
        return result;
    exchange->transfer = transfer;
    if (capauth__transfer_set_up(transfer, exchange) &&
        curl_multi_add_handle(transport->multi, transfer->easy) == CURLM_OK)
        return CAPAUTH_OK;
    result = capauth__transfer_refusal(transfer);
    exchange->transfer = NULL;
    capauth__transfer_release(transfer);
    return result;
}

bool capauth__transport_start(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    int result = start(transport, exchange);

    if (result)
        capauth__exchange_fail(
            exchange, result,
            result == CAPAUTH_E_UNSUPPORTED ? "this libcurl does not support one of the settings" : NULL, false);
    return !result;
}

bool capauth__exchange_may_have_left(const struct capauth__exchange *exchange)
{
    return exchange->transfer && capauth__transfer_may_have_left(exchange->transfer);
}

/*
 * An exchange ends without an answer. On HTTP/1.1 its connection ends with it; on HTTP/2 only its stream would, and a
 * connection that has died without a word would take in one exchange after the other. When no byte has come on it in
 * the exchange's time, it takes no more, and closes with its last one; a byte for another one clears it.
 */
static void leave_silent_connection(struct capauth__transport *transport, struct capauth__transfer *transfer)
{
    struct capauth__socket *socket = transfer->begun ? capauth__sockets_find(&transport->sockets, transfer->fd) : NULL;

    if (!transport->config->http2 || !socket || socket->heard_us > transfer->begun_us)
        return;
    socket->silent = true;
    capauth__transfer_forbid_reuse(transfer, true);
}

void capauth__transport_cancel(struct capauth__transport *transport, struct capauth__exchange *exchange)
{
    struct capauth__transfer *transfer = exchange->transfer;

    exchange->transfer = NULL;
    leave_silent_connection(transport, transfer);
    curl_multi_remove_handle(transport->multi, transfer->easy);
    capauth__transfer_forbid_reuse(transfer, false);
    capauth__transfer_release(transfer);
}

/* Nothing has left: once more, on a new connection. It was no attempt that anybody need know of. false: it ends with
 * `*code`. */
static bool begin_again(struct capauth__transport *transport, struct capauth__transfer *transfer, CURLcode *code)
{
    if (!transfer->stopped || transfer->set.fresh || capauth__transfer_may_have_left(transfer))
        return false;
    curl_multi_remove_handle(transport->multi, transfer->easy);
    transfer->begun = transfer->stopped = false;
    transfer->detail[0] = '\0';
    *code = CURLE_OUT_OF_MEMORY;
    return capauth__transfer_set_fresh(transfer, true) &&
           curl_multi_add_handle(transport->multi, transfer->easy) == CURLM_OK;
}

/* What is known of the connection now that an answer has come over it. */
static void note_answer(struct capauth__transport *transport, const struct capauth__transfer *transfer)
{
    struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, transfer->fd);
    long version = 0;
    long head = 0;

    if (!socket)
        return;
    if (!curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version))
        socket->http1 = version && version < CURL_HTTP_VERSION_2_0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HEADER_SIZE, &head);
    socket->answered += (size_t)head + transfer->reply.body.length;
}

static void hand_out(struct capauth__transport *transport, struct capauth__transfer *transfer, CURLcode code)
{
    struct capauth__exchange *exchange = transfer->exchange;
    struct capauth__answer answer;
    char detail[1024];

    if (begin_again(transport, transfer, &code))
        return;
    capauth__transfer_answer(transfer, code, &answer, detail, sizeof detail);
    if (answer.error == CAPAUTH_E_TLS)
        transport->spoilt = true;
    if (answer.http_status)
        note_answer(transport, transfer);
    curl_multi_remove_handle(transport->multi, transfer->easy);
    exchange->transfer = NULL;
    exchange->answered(exchange, &answer);
    capauth__transfer_release(transfer);
}

void capauth__transport_greeted(struct capauth__transport *transport, int fd)
{
    struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, fd);
    int unread = socket && socket->greeting < 0 ? capauth__sockets_unread(&transport->sockets, socket) : 0;

    if (unread > 0)
        socket->greeting = unread;
    else if (socket)
        socket->greeting = 0;
}

static struct capauth__transfer *first_refused(const struct capauth__transport *transport)
{
    struct capauth__transfer *transfer = transport->active.first;

    while (transfer && !transfer->system_error)
        transfer = transfer->next;
    return transfer;
}

static void end_unwatched(struct capauth__transport *transport)
{
    struct capauth__transfer *transfer;

    transport->unwatched = false;
    while ((transfer = first_refused(transport))) {
        struct capauth__exchange *exchange = transfer->exchange;
        bool may_have_left = capauth__transfer_may_have_left(transfer);
        int code = capauth__system_code(transfer->system_error);
        char reason[128];

        capauth__system_error(transfer->system_error, reason, sizeof reason);
        capauth__transport_cancel(transport, exchange);
        capauth__exchange_fail(exchange, code, reason, may_have_left);
    }
}

/* libcurl may have lost sight of a socket, and cannot say whose it is: none waits for its deadline because of that. */
static void end_all(struct capauth__transport *transport)
{
    transport->no_memory = false;
    transport->spoilt = true;
    while (transport->active.first) {
        struct capauth__exchange *exchange = transport->active.first->exchange;
        bool may_have_left = capauth__transfer_may_have_left(transport->active.first);

        capauth__transport_cancel(transport, exchange);
        capauth__exchange_fail(exchange, CAPAUTH_E_NO_MEMORY, NULL, may_have_left);
    }
}

bool capauth__transport_collect(struct capauth__transport *transport, int64_t end_us)
{
    const CURLMsg *message;
    int left;

    if (transport->unwatched)
        end_unwatched(transport);
    while ((message = curl_multi_info_read(transport->multi, &left))) {
        struct capauth__transfer *transfer = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        hand_out(transport, transfer, code);
        if (left && capauth__monotonic_us() >= end_us)
            return true;
    }
    if (transport->no_memory)
        end_all(transport);
    return false;
}

static void act(struct capauth__transport *transport, curl_socket_t fd, int mask)
{
    int running;

    if (curl_multi_socket_action(transport->multi, fd, mask, &running) == CURLM_OUT_OF_MEMORY)
        transport->no_memory = true;
}

void capauth__transport_begin_turn(struct capauth__transport *transport, const struct capauth__ready *ready, int count)
{
    struct capauth__sockets *sockets = &transport->sockets;

    sockets->turn++;
    sockets->all_known = count != CAPAUTH__NOT_ASKED && count < CAPAUTH__READY_MOST;
    for (int i = 0; i < count; i++) {
        struct capauth__socket *socket = capauth__sockets_find(sockets, ready[i].fd);

        if (socket)
            socket->quiet_since = sockets->turn;
    }
}

void capauth__transport_ready(struct capauth__transport *transport, int fd, int events)
{
    struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, fd);
    int mask = (events & CAPAUTH__READ ? CURL_CSELECT_IN : 0) | (events & CAPAUTH__WRITE ? CURL_CSELECT_OUT : 0);

    if (socket && socket->resting) {
        (void)capauth__reactor_watch(transport->reactor, fd, 0);
        socket->watched = 0;
        return;
    }
    if (transport->config->http2 && socket && events & CAPAUTH__READ) {
        socket->heard_us = capauth__monotonic_us();
        socket->silent = false;
    }
    act(transport, fd, mask);
}

int64_t capauth__transport_due(const struct capauth__transport *transport)
{
    return transport->due_ms;
}

void capauth__transport_timer(struct capauth__transport *transport, int64_t now_ms)
{
    /* curl's timer is one-shot: taken back before acting on it, since acting may
     * set it anew. A few rounds, for the handles that were just added. */
    for (int i = 0; i < 3 && transport->due_ms <= now_ms; i++) {
        transport->due_ms = INT64_MAX;
        act(transport, CURL_SOCKET_TIMEOUT, 0);
    }
}
