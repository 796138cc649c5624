/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/platform.h"
#include "net/reactor.h"
#include "net/url.h"

enum {
    NET_MS = 5000, /* deadlines are the owners'; curl's own timeout, this much later, is only a net */
    OWN_HEADERS_MOST = 4,
    ASKS_FIRST = 64 * 1024 /* libcurl asks the server first, from 1 MiB on, whether it wants the body */
};

static long request_size(const struct capauth__transfer *transfer)
{
    long size = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &size);
    return size;
}

bool capauth__transfer_may_have_left(const struct capauth__transfer *transfer)
{
    return transfer->begun && request_size(transfer) > transfer->tunnel_size;
}

/* ---- Callbacks of curl's ---- */

static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct capauth__transfer *transfer = data;
    struct capauth__transport *transport = transfer->transport;
    int fd = capauth__sockets_reserve(&transport->sockets)
                 ? capauth__socket(address->family, address->socktype, address->protocol)
                 : -1;

    (void)purpose;
    if (fd >= 0)
        capauth__sockets_add(&transport->sockets, fd);
    else
        transfer->system_error = errno;
    return fd;
}

/* Of a connection that is closed from under its transfer: how much came over it tells a header that was too long from
 * one for which there was no memory. */
static void note_received(struct capauth__transport *transport, int fd)
{
    const struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, fd);
    int64_t now = socket ? capauth__socket_received(socket) : -1;

    for (struct capauth__transfer *transfer = transport->active.first; transfer; transfer = transfer->next) {
        if (transfer->fd == fd)
            transfer->received = now < 0 || transfer->received_before < 0 ? INT64_MAX : now - transfer->received_before;
    }
}

/* A resting connection still is, and a forked child's copy would keep the kernel from ending that by itself. */
static void stop_watching(struct capauth__transport *transport, int fd)
{
    const struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, fd);

    if (socket && socket->watched)
        (void)capauth__reactor_watch(transport->reactor, fd, 0);
}

static int on_close(void *data, curl_socket_t fd)
{
    struct capauth__transport *transport = data;

    transport->shortage = capauth__descriptor_shortage();
    note_received(transport, fd);
    stop_watching(transport, fd);
    capauth__sockets_remove(&transport->sockets, fd);
    return close(fd);
}

/*
 * Whether a kept connection may carry this request. On HTTP/1.1 nothing may wait to be read: libcurl before 8.0 would
 * take words that came while nobody had asked, a 408 or another's reply, for the answer. HTTP/2 tells by itself what
 * belongs to which request; there it is silence that counts.
 */
static bool is_fit(const struct capauth__sockets *sockets, struct capauth__socket *socket, bool may_be_http2)
{
    int greeting = socket->greeting;
    int unread;

    if (socket->silent || (may_be_http2 && !socket->http1))
        return !socket->silent;
    unread = capauth__sockets_unread(sockets, socket);
    socket->greeting = 0;
    return greeting < 0 ? unread >= 0 : unread == greeting;
}

/*
 * Before each sending of the request. The first one goes ahead unless the kept connection is not fit for it. A second
 * one is curl's own repeat on a new connection, after the kept one died without a word: it is never allowed, since the
 * request may have arrived, and it is ours to decide and to count what is sent again.
 */
static int on_send(void *data, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct capauth__transfer *transfer = data;
    struct capauth__transport *transport = transfer->transport;
    struct capauth__socket *socket = capauth__sockets_between(&transport->sockets, local_port, remote_ip);
    long connects = 1;

    (void)local_ip, (void)remote_port;
    if (transfer->begun) {
        transfer->stopped = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->begun = true;
    transfer->begun_us = capauth__monotonic_us();
    transfer->tunnel_size = request_size(transfer);
    transfer->fd = socket ? socket->fd : -1;
    transfer->received_before = socket ? capauth__socket_received_before(socket) : -1;
    if (socket)
        socket->used = true;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (socket && connects && transfer->exchange->connect_only)
        socket->greeting = -1;
    transfer->stopped = socket && !connects && !is_fit(&transport->sockets, socket, transport->config->http2);
    return transfer->stopped ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- Handles ---- */

int capauth__transfer_refusal(const struct capauth__transfer *transfer)
{
    return transfer->set.unsupported ? CAPAUTH_E_UNSUPPORTED : CAPAUTH_E_NO_MEMORY;
}

static bool set_callbacks(struct capauth__transport *transport, struct capauth__transfer *transfer)
{
    CURL *easy = transfer->easy;

    return SET(easy, CURLOPT_SHARE, transport->share) && SET(easy, CURLOPT_ERRORBUFFER, transfer->detail) &&
           SET(easy, CURLOPT_PREREQFUNCTION, on_send) && SET(easy, CURLOPT_PREREQDATA, transfer) &&
           SET(easy, CURLOPT_WRITEFUNCTION, capauth__transfer_on_body) && SET(easy, CURLOPT_WRITEDATA, transfer) &&
           SET(easy, CURLOPT_HEADERFUNCTION, capauth__transfer_on_header) && SET(easy, CURLOPT_HEADERDATA, transfer) &&
           SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) && SET(easy, CURLOPT_OPENSOCKETDATA, transfer) &&
           SET(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) && SET(easy, CURLOPT_CLOSESOCKETDATA, transport);
}

void capauth__transfer_free(struct capauth__transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    capauth__buffer_free(&transfer->reply.body);
    capauth__buffer_free(&transfer->set.origin);
    free(transfer->headers);
    free(transfer);
}

static int transfer_new(struct capauth__transport *transport, struct capauth__transfer **out)
{
    struct capauth__transfer *transfer = calloc(1, sizeof *transfer);
    int result;

    if (!transfer)
        return CAPAUTH_E_NO_MEMORY;
    transfer->transport = transport;
    transfer->reply.body.limit = CAPAUTH__BODY_LIMIT;
    transfer->fd = -1;
    transfer->easy = curl_easy_init();
    *out = transfer;
    if (transfer->easy && !curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) &&
        capauth__transfer_set_connection(transfer->easy, transport->config) && set_callbacks(transport, transfer))
        return CAPAUTH_OK;
    result = capauth__transfer_refusal(transfer);
    capauth__transfer_free(transfer);
    return result;
}

int capauth__transfer_take(struct capauth__transport *transport, struct capauth__transfer **out)
{
    int result = CAPAUTH_OK;

    *out = transport->pool;
    if (*out)
        transport->pool = (*out)->next;
    else
        result = transfer_new(transport, out);
    if (result)
        return result;
    CAPAUTH__LIST_APPEND(&transport->active, *out, next, previous);
    transport->active_count++;
    return CAPAUTH_OK;
}

/* ---- One attempt ---- */

static size_t count_headers(const struct capauth__header *headers)
{
    size_t count = 0;

    for (; headers; headers = headers->next)
        count++;
    return count;
}

static bool reserve_headers(struct capauth__transfer *transfer, size_t count)
{
    if (count <= transfer->header_capacity)
        return true;
    free(transfer->headers);
    transfer->headers = malloc(count * sizeof *transfer->headers);
    transfer->header_capacity = transfer->headers ? count : 0;
    return transfer->headers;
}

/* There is room for it. */
static void add_header(struct capauth__transfer *transfer, char *line)
{
    struct curl_slist *header = &transfer->headers[transfer->header_count];

    header->data = line;
    header->next = NULL;
    if (transfer->header_count++)
        (header - 1)->next = header;
}

static void add_headers(struct capauth__transfer *transfer, const struct capauth__header *headers)
{
    for (; headers; headers = headers->next)
        add_header(transfer, headers->line);
}

/* curl takes char *, and changes nothing. */
static char *constant(const char *text)
{
    return (char *)(uintptr_t)text;
}

static bool set_headers(struct capauth__transfer *transfer, const struct capauth__exchange *exchange)
{
    const struct capauth__header *clients = transfer->transport->config->headers;
    size_t others = count_headers(exchange->secret_headers) + count_headers(exchange->headers) + count_headers(clients);

    if (!reserve_headers(transfer, OWN_HEADERS_MOST + others))
        return false;
    add_header(transfer, constant("Accept: application/json"));
    if (exchange->has_body)
        add_header(transfer, constant("Content-Type: application/json"));
    if (exchange->body.length > ASKS_FIRST)
        add_header(transfer, constant("Expect:"));
    add_headers(transfer, transfer->transport->agent);
    add_headers(transfer, exchange->secret_headers);
    add_headers(transfer, exchange->headers);
    add_headers(transfer, clients);
    return SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

/*
 * What is connect-only wants a connection that later ones can use, and no request on it. libcurl keeps no connection of
 * a connect-only transfer, nor of one that on_send stopped, for others. What it keeps is one whose request could not be
 * put into words: this one's If-Modified-Since lies beyond every calendar.
 */
static bool set_connect_only(CURL *easy, bool wanted)
{
    if (sizeof(time_t) < sizeof(int64_t)) /* no such time; then the CA store is all that prepare is good for */
        return SET(easy, CURLOPT_CONNECT_ONLY, wanted ? 1L : 0L);
    return SET(easy, CURLOPT_TIMECONDITION, (long)(wanted ? CURL_TIMECOND_IFMODSINCE : CURL_TIMECOND_NONE));
}

static bool set_body(CURL *easy, const struct capauth__exchange *exchange)
{
    const char *custom = !strcmp(exchange->method, "DELETE") ? exchange->method : NULL;

    if (!set_connect_only(easy, exchange->connect_only) || !SET(easy, CURLOPT_CUSTOMREQUEST, custom))
        return false;
    if (!exchange->has_body)
        return SET(easy, CURLOPT_HTTPGET, 1L);
    /* Together with the headers, in one TLS record; the text stays ours. */
    return SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body.length) &&
           SET(easy, CURLOPT_POSTFIELDS, exchange->body.data ? exchange->body.data : "");
}

/* Each time, since loopback never goes through one. */
static bool set_proxy(struct capauth__transfer *transfer, const struct capauth__exchange *exchange)
{
    const struct capauth__net_config *config = transfer->transport->config;
    const char *proxy = capauth__proxy_of(config, exchange->url.data);
    CURL *easy = transfer->easy;

    return SET(easy, CURLOPT_PROXY, proxy ? proxy : "") &&
           SET(easy, CURLOPT_NOPROXY, proxy && config->no_proxy ? config->no_proxy : "");
}

static bool set_origin(struct capauth__transfer *transfer, const char *url, size_t length)
{
    struct capauth__buffer *origin = &transfer->set.origin;

    if (origin->length == length && !memcmp(origin->data, url, length))
        return true;
    capauth__buffer_clear(origin);
    if (capauth__buffer_append(origin, url, length) && SET(transfer->easy, CURLOPT_URL, origin->data))
        return true;
    capauth__buffer_clear(origin);
    return false;
}

/*
 * "https://host" and "/auth/v1/otp/generate", said apart: libcurl takes a URL to pieces, and puts it together again,
 * for each request, byte by byte; and without memory for a query it would send the rest. A proxy wants the whole URL,
 * or a tunnel, and gets it from libcurl.
 */
static bool set_url(struct capauth__transfer *transfer, const struct capauth__exchange *exchange)
{
    const char *url = exchange->url.data;
    const char *host = strstr(url, "://") + strlen("://");
    size_t origin = (size_t)(host - url) + strcspn(host, "/");

    if (capauth__proxy_of(transfer->transport->config, url))
        origin = strlen(url);
    return set_origin(transfer, url, origin) &&
           SET(transfer->easy, CURLOPT_REQUEST_TARGET, url[origin] ? url + origin : NULL);
}

static void reset_reply(struct capauth__reply_text *reply)
{
    capauth__buffer_clear(&reply->body);
    reply->head_ended = reply->too_large = false;
    reply->date_ms = 0;
    reply->retry_after[0] = reply->request_id[0] = '\0';
}

static void transfer_reset(struct capauth__transfer *transfer)
{
    reset_reply(&transfer->reply);
    transfer->exchange = NULL;
    transfer->header_count = 0;
    transfer->begun = transfer->stopped = false;
    transfer->set.unsupported = false;
    transfer->begun_us = 0;
    transfer->received = 0;
    transfer->system_error = 0;
    transfer->fd = -1;
    transfer->detail[0] = '\0';
}

bool capauth__transfer_set_fresh(struct capauth__transfer *transfer, bool fresh)
{
    if (transfer->set.fresh == fresh)
        return true;
    if (!SET(transfer->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L))
        return false;
    transfer->set.fresh = fresh;
    return true;
}

static bool set_coding(struct capauth__transfer *transfer, bool gzip)
{
    if (transfer->set.plain && !SET(transfer->easy, CURLOPT_HTTP_CONTENT_DECODING, 1L))
        return false;
    transfer->set.plain = false;
    if (transfer->set.gzip == gzip)
        return true;
    if (!SET(transfer->easy, CURLOPT_ACCEPT_ENCODING, gzip ? "gzip" : NULL))
        return false;
    transfer->set.gzip = gzip;
    return true;
}

bool capauth__transfer_set_up(struct capauth__transfer *transfer, struct capauth__exchange *exchange)
{
    long left_ms = (long)(exchange->deadline_ms - capauth__monotonic_ms());

    transfer->exchange = exchange;
    return !exchange->url.failed && set_headers(transfer, exchange) && set_body(transfer->easy, exchange) &&
           (!capauth__has_proxy(transfer->transport->config) || set_proxy(transfer, exchange)) &&
           set_url(transfer, exchange) && capauth__transfer_set_fresh(transfer, exchange->fresh_connection) &&
           set_coding(transfer, exchange->gzip) &&
           SET(transfer->easy, CURLOPT_TIMEOUT_MS, (left_ms > 0 ? left_ms : 0) + NET_MS);
}

void capauth__transfer_forbid_reuse(struct capauth__transfer *transfer, bool forbidden)
{
    if (transfer->set.forbidden != forbidden)
        transfer->set.forbidden = SET(transfer->easy, CURLOPT_FORBID_REUSE, forbidden ? 1L : 0L) && forbidden;
}

void capauth__transfer_release(struct capauth__transfer *transfer)
{
    struct capauth__transport *transport = transfer->transport;

    transfer_reset(transfer);
    CAPAUTH__LIST_REMOVE(&transport->active, transfer, next, previous);
    transport->active_count--;
    transfer->next = transport->pool;
    transport->pool = transfer;
}
