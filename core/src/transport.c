/* SPDX-License-Identifier: Apache-2.0 */
#include "transport.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "call.h"
#include "client.h"
#include "platform.h"
#include "reactor.h"
#include "settings.h"
#include "sockets.h"
#include "url.h"

enum {
    BODY_LIMIT = 1024 * 1024, /* after decompression */
    STREAMS = 100, /* at once on one HTTP/2 connection */
    HEADERS_MOST = 2 * CAPAUTH__HEADERS_MOST + 16, /* the client's, the call's, and ours */
    IDLE_S = 30, /* a kept connection */
    LIFETIME_S = 300, /* however busy: else a name that has moved is not noticed before the old address closes */
    NET_MS = 5000 /* our deadlines end calls; curl's own timeout, this much later, is only a net */
};

/* One attempt under way: a curl handle that is used again and again, and what belongs to this use of it. */
struct capauth__transfer {
    struct capauth__transfer *next; /* in the pool */
    CURL *easy;
    capauth_call *call;
    struct curl_slist headers[HEADERS_MOST]; /* ours, not curl's, so that they can be wiped */
    size_t header_count;
    bool stopped; /* before it was sent, or sent again */
    bool gzip; /* was asked for: only the gateway's replies are worth it */
    bool plain; /* libcurl is to leave the body as it is */
    bool fresh; /* on a new connection, whatever there is */
    bool forbidden; /* its connection, to those that come later */
    bool too_large;
    bool unsupported; /* libcurl lacks an option */
    int system_error; /* why there is no socket, or why nobody can wait on it; 0: neither */
    bool head_ended; /* what comes after it are trailers, of which nothing is believed */
    bool begun; /* curl has a connection for it */
    int64_t begun_us;
    int fd; /* of that connection; -1: not known */
    long tunnel_size; /* curl counts what it asked a proxy as part of the request */
    struct capauth__buffer body;
    int64_t date_ms;
    char retry_after[64];
    char request_id[128];
    char detail[CURL_ERROR_SIZE];
};

struct capauth__transport {
    capauth_client *client;
    CURLM *multi;
    CURLSH *share; /* of TLS sessions: else an easy handle resumes only those that itself began */
    struct capauth__transfer *pool;
    int64_t due_ms;
    int shortage; /* errno, if there were no descriptors left before the last socket was closed */
    bool unwatched; /* the reactor has refused a socket: its transfer would wait for ever */
    struct capauth__sockets sockets;
    char date[32]; /* the last Date, as it was read: it changes but once a second */
    int64_t date_ms;
};

/* ---- Library ---- */

int capauth__curl_init(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if (info->version_num < 0x075700 || !(info->features & CURL_VERSION_THREADSAFE))
        return CAPAUTH_E_UNSUPPORTED;
    return curl_global_init(CURL_GLOBAL_DEFAULT) ? CAPAUTH_E_NO_MEMORY : CAPAUTH_OK;
}

bool capauth__curl_has_https_proxies(void)
{
    return curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTPS_PROXY;
}

bool capauth__curl_has_http2(void)
{
    return curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2;
}

/* curl takes char *, and changes nothing. */
static char *constant(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* Tried on a handle of its own: no version tells what a TLS backend lacks. */
static int try_option(CURLoption option, const void *value)
{
    CURL *easy = curl_easy_init();
    CURLcode code = easy ? (curl_easy_setopt)(easy, option, value) : CURLE_OUT_OF_MEMORY;

    curl_easy_cleanup(easy);
    if (code == CURLE_OUT_OF_MEMORY)
        return CAPAUTH_E_NO_MEMORY;
    return code ? CAPAUTH_E_UNSUPPORTED : CAPAUTH_OK;
}

int capauth__curl_try_pins(const char *pins)
{
    return try_option(CURLOPT_PINNEDPUBLICKEY, pins);
}

int capauth__curl_try_ca_pem(const char *pem)
{
    struct curl_blob blob = {.data = constant(pem), .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};

    return try_option(CURLOPT_CAINFO_BLOB, &blob);
}

void capauth__curl_cleanup(void)
{
    curl_global_cleanup();
}

void capauth__curl_versions(struct capauth__buffer *text)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    capauth__buffer_text(text, "libcurl ");
    capauth__buffer_text(text, info->version);
    capauth__buffer_text(text, ", TLS ");
    capauth__buffer_text(text, info->ssl_version ? info->ssl_version : "none");
    capauth__buffer_text(text, info->features & CURL_VERSION_HTTP2 ? ", HTTP/2" : ", no HTTP/2");
    capauth__buffer_text(text, info->features & CURL_VERSION_ASYNCHDNS ? ", asynchronous name lookup\n"
                                                                       : ", blocking name lookup\n");
}

static long request_size(const struct capauth__transfer *transfer)
{
    long size = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &size);
    return size;
}

/* ---- Callbacks of curl's ---- */

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
    if (!capauth__reactor_watch(&transport->client->engine.reactor, fd, events) &&
        !curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer) && transfer) {
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

static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct capauth__transfer *transfer = data;
    struct capauth__transport *transport = transfer->call->client->engine.transport;
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

static int on_close(void *data, curl_socket_t fd)
{
    struct capauth__transport *transport = data;

    transport->shortage = capauth__descriptor_shortage();
    capauth__sockets_remove(&transport->sockets, fd);
    return close(fd);
}

/*
 * Whether a kept connection may carry this request. On HTTP/1.1 nothing may wait to be read: libcurl before 8.0 would
 * take words that came while nobody had asked, a 408 or another's reply, for the answer. HTTP/2 tells by itself what
 * belongs to which request; there it is silence that counts.
 */
static bool is_fit(struct capauth__socket *socket, bool may_be_http2)
{
    int greeting = socket->greeting;
    int unread;

    if (socket->silent || (may_be_http2 && !socket->http1))
        return !socket->silent;
    unread = capauth__socket_unread(socket);
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
    struct capauth__transport *transport = transfer->call->client->engine.transport;
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
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (socket && connects && transfer->call->verb == CAPAUTH__PREPARE)
        socket->greeting = -1;
    transfer->stopped = socket && !connects && !is_fit(socket, transport->client->config.http2);
    return transfer->stopped ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *data)
{
    struct capauth__transfer *transfer = data;

    if (capauth__buffer_append(&transfer->body, bytes, size * count))
        return size * count;
    transfer->too_large = transfer->body.length + size * count > BODY_LIMIT;
    return 0;
}

/* The value of "Name: value\r\n", if that is the header's name; only what can be shown of it. */
static bool header_value(const char *line, size_t length, const char *name, char *out, size_t size)
{
    size_t skip = strlen(name);

    if (length <= skip || line[skip] != ':' || !curl_strnequal(line, name, skip))
        return false;
    for (skip++; skip < length && (line[skip] == ' ' || line[skip] == '\t'); skip++)
        ;
    while (length > skip && (unsigned char)line[length - 1] <= ' ')
        length--;
    length -= skip;
    if (length >= size)
        return true;
    for (size_t i = 0; i < length; i++) {
        char c = line[skip + i];

        out[i] = '?';
        if (c >= ' ' && c <= '~')
            out[i] = c;
    }
    out[length] = '\0';
    return true;
}

static int64_t read_date(struct capauth__transport *transport, const char *text)
{
    if (strcmp(text, transport->date) != 0) {
        time_t when = curl_getdate(text, NULL);

        transport->date_ms = when > 0 ? (int64_t)when * 1000 : 0;
        snprintf(transport->date, sizeof transport->date, "%s", text);
    }
    return transport->date_ms;
}

/* Servlets announce "UTF-8", object stores "aws-chunked": the body is as it is then. */
static bool is_coding(const char *name)
{
    static const char *const codings[] = {"gzip", "x-gzip", "deflate", "br", "zstd"};

    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        if (curl_strequal(name, codings[i]))
            return true;
    }
    return false;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    struct capauth__transfer *transfer = data;
    size_t length = size * count;
    char coding[32] = "";
    char date[32] = "";

    if (length > 5 && !memcmp(line, "HTTP/", 5)) { /* a new head: what an interim one said does not count */
        transfer->head_ended = false;
        transfer->date_ms = 0;
        transfer->retry_after[0] = '\0';
        transfer->request_id[0] = '\0';
    } else if (transfer->head_ended || length <= 2) {
        transfer->head_ended = true; /* by an empty line */
    } else if (header_value(line, length, "Content-Encoding", coding, sizeof coding)) {
        transfer->plain = transfer->gzip && !is_coding(coding) &&
                          !curl_easy_setopt(transfer->easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    } else if (header_value(line, length, "Date", date, sizeof date)) {
        transfer->date_ms = read_date(transfer->call->client->engine.transport, date);
    } else if (!header_value(line, length, "Retry-After", transfer->retry_after, sizeof transfer->retry_after)) {
        header_value(line, length, "X-Amz-Cf-Id", transfer->request_id, sizeof transfer->request_id);
    }
    return length;
}

/* ---- Handles ---- */

#define SET(easy, option, value) accepted(easy, curl_easy_setopt(easy, option, value))

static bool accepted(CURL *easy, CURLcode code)
{
    struct capauth__transfer *transfer = NULL;

    if (code && code != CURLE_OUT_OF_MEMORY && !curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer))
        transfer->unsupported = true;
    return code == CURLE_OK;
}

/* Why it could not be made ready. */
static int refusal_of(const struct capauth__transfer *transfer)
{
    return transfer->unsupported ? CAPAUTH_E_UNSUPPORTED : CAPAUTH_E_NO_MEMORY;
}

/* What certain TLS backends lack may fail; it is then said by the one who asked for it. */
static bool set_tls(CURL *easy, const struct capauth__config *config)
{
    bool newest = config->tls_min && !strcmp(config->tls_min, "1.3");
    long version = newest ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
    bool set = SET(easy, CURLOPT_SSLVERSION, version) && SET(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
               SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);

    /* Debian's default would add the system's authorities to ours, and turn curl's store cache off. */
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (config->ca_pem && config->ca_memory_fd < 0) {
        struct curl_blob blob = {.data = config->ca_pem, .len = strlen(config->ca_pem), .flags = CURL_BLOB_NOCOPY};

        set = set && SET(easy, CURLOPT_CAINFO_BLOB, &blob);
    } else if (config->ca_file) {
        set = set && SET(easy, CURLOPT_CAINFO, config->ca_file);
    }
    if (config->pinned_keys)
        set = set && SET(easy, CURLOPT_PINNEDPUBLICKEY, config->pinned_keys);
    if (config->client_cert)
        set = set && SET(easy, CURLOPT_SSLCERT, config->client_cert);
    if (config->client_key)
        set = set && SET(easy, CURLOPT_SSLKEY, config->client_key);
    return set;
}

static bool is_https_proxy(const char *proxy)
{
    return proxy && capauth__has_scheme(proxy, "https");
}

/* A proxy with https is held to the same rules, and to the same store. */
static bool set_proxy_tls(CURL *easy, const struct capauth__config *config)
{
    struct curl_blob blob = {.data = config->ca_pem, .flags = CURL_BLOB_NOCOPY};

    if (!is_https_proxy(config->https_proxy) && !is_https_proxy(config->http_proxy))
        return true;
    (void)SET(easy, CURLOPT_PROXY_CAPATH, NULL);
    if (config->ca_pem && config->ca_memory_fd < 0) {
        blob.len = strlen(config->ca_pem);
        if (!SET(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob))
            return false;
    } else if (config->ca_file && !SET(easy, CURLOPT_PROXY_CAINFO, config->ca_file)) {
        return false;
    }
    return SET(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static bool set_connection(CURL *easy, const struct capauth__config *config)
{
    long http = config->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;

    return SET(easy, CURLOPT_QUICK_EXIT, 1L) && SET(easy, CURLOPT_NOSIGNAL, 1L) &&
           SET(easy, CURLOPT_PROTOCOLS_STR, "http,https") && SET(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(easy, CURLOPT_PROXY, "") && SET(easy, CURLOPT_NOPROXY, "") &&
           SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(easy, CURLOPT_HTTP_VERSION, http) &&
           SET(easy, CURLOPT_PIPEWAIT, config->http2 ? 1L : 0L) && SET(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S) &&
           SET(easy, CURLOPT_MAXLIFETIME_CONN, (long)LIFETIME_S) &&
           SET(easy, CURLOPT_TIMEVALUE_LARGE, (curl_off_t)INT64_MAX) &&
           SET(easy, CURLOPT_USERAGENT, config->user_agent) &&
           SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms) && set_tls(easy, config) &&
           set_proxy_tls(easy, config);
}

static bool set_callbacks(struct capauth__transport *transport, struct capauth__transfer *transfer)
{
    CURL *easy = transfer->easy;

    return SET(easy, CURLOPT_SHARE, transport->share) && SET(easy, CURLOPT_ERRORBUFFER, transfer->detail) &&
           SET(easy, CURLOPT_PREREQFUNCTION, on_send) && SET(easy, CURLOPT_PREREQDATA, transfer) &&
           SET(easy, CURLOPT_WRITEFUNCTION, on_write) && SET(easy, CURLOPT_WRITEDATA, transfer) &&
           SET(easy, CURLOPT_HEADERFUNCTION, on_header) && SET(easy, CURLOPT_HEADERDATA, transfer) &&
           SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) && SET(easy, CURLOPT_OPENSOCKETDATA, transfer) &&
           SET(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) && SET(easy, CURLOPT_CLOSESOCKETDATA, transport);
}

static void transfer_free(struct capauth__transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    capauth__buffer_free(&transfer->body);
    free(transfer);
}

/* One of the pool, or a new one. */
static int transfer_take(struct capauth__transport *transport, struct capauth__transfer **out)
{
    struct capauth__transfer *transfer = transport->pool;
    int result;

    *out = transfer;
    if (transfer) {
        transport->pool = transfer->next;
        return CAPAUTH_OK;
    }
    if (!(transfer = calloc(1, sizeof *transfer)))
        return CAPAUTH_E_NO_MEMORY;
    transfer->body.limit = BODY_LIMIT;
    transfer->fd = -1;
    transfer->easy = curl_easy_init();
    *out = transfer;
    if (transfer->easy && !curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) &&
        set_connection(transfer->easy, &transport->client->config) && set_callbacks(transport, transfer))
        return CAPAUTH_OK;
    result = refusal_of(transfer);
    transfer_free(transfer);
    return result;
}

struct capauth__transport *capauth__transport_new(capauth_client *client)
{
    struct capauth__transport *transport = calloc(1, sizeof *transport);

    if (!transport)
        return NULL;
    transport->client = client;
    transport->due_ms = INT64_MAX;
    transport->multi = curl_multi_init();
    transport->share = curl_share_init();
    if (!transport->multi || !transport->share ||
        curl_share_setopt(transport->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION)) {
        curl_multi_cleanup(transport->multi);
        curl_share_cleanup(transport->share);
        free(transport);
        return NULL;
    }
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
    curl_multi_setopt(transport->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)client->config.max_connections);
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, (long)client->config.max_connections);
    curl_multi_setopt(transport->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS);
    return transport;
}

int capauth__transport_room(const struct capauth__transport *transport)
{
    const struct capauth__config *config = &transport->client->config;

    return config->http2 ? config->max_connections * STREAMS : config->max_connections;
}

void capauth__transport_free(struct capauth__transport *transport)
{
    if (!transport)
        return;
    while (transport->pool) {
        struct capauth__transfer *transfer = transport->pool;

        transport->pool = transfer->next;
        transfer_free(transfer);
    }
    curl_multi_cleanup(transport->multi);
    curl_share_cleanup(transport->share);
    free(transport->sockets.all);
    free(transport);
}

void capauth__transport_abandon(struct capauth__transport *transport)
{
    if (transport)
        capauth__sockets_abandon(&transport->sockets);
}

/* ---- One attempt ---- */

static bool add_header(struct capauth__transfer *transfer, char *line)
{
    struct curl_slist *header = &transfer->headers[transfer->header_count];

    if (transfer->header_count == HEADERS_MOST)
        return false;
    header->data = line;
    header->next = NULL;
    if (transfer->header_count++)
        (header - 1)->next = header;
    return true;
}

static bool add_headers(struct capauth__transfer *transfer, const struct capauth__header *headers)
{
    bool added = true;

    for (; headers && added; headers = headers->next)
        added = add_header(transfer, headers->line);
    return added;
}

static bool set_headers(struct capauth__transfer *transfer, const capauth_call *call)
{
    bool set = add_header(transfer, constant("Accept: application/json"));

    if (call->verb != CAPAUTH__GATEWAY) /* and then libcurl undoes none, announced or not */
        set = set && add_header(transfer, constant("Accept-Encoding: identity"));
    if (call->has_body)
        set = set && add_header(transfer, constant("Content-Type: application/json")) &&
              add_header(transfer, constant("Expect:"));
    set = set && add_headers(transfer, call->token_headers) && add_headers(transfer, call->headers) &&
          add_headers(transfer, call->client->config.headers);
    return set && SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

/*
 * Prepare wants a connection that later calls can use, and no request on it. libcurl keeps no connection of a
 * connect-only transfer, nor of one that on_send stopped, for others. What it keeps is one whose request could not be
 * put into words: this one's If-Modified-Since lies beyond every calendar.
 */
static bool set_prepare(CURL *easy, bool wanted)
{
    if (sizeof(time_t) < sizeof(int64_t)) /* no such time; then the CA store is all that prepare is good for */
        return SET(easy, CURLOPT_CONNECT_ONLY, wanted ? 1L : 0L);
    return SET(easy, CURLOPT_TIMECONDITION, (long)(wanted ? CURL_TIMECOND_IFMODSINCE : CURL_TIMECOND_NONE));
}

static bool set_body(CURL *easy, const capauth_call *call)
{
    const char *custom = !strcmp(call->method, "DELETE") ? call->method : NULL;

    if (!set_prepare(easy, call->verb == CAPAUTH__PREPARE) || !SET(easy, CURLOPT_CUSTOMREQUEST, custom))
        return false;
    if (!call->has_body)
        return SET(easy, CURLOPT_HTTPGET, 1L);
    /* Together with the headers, in one TLS record; the text stays ours. */
    return SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.length) &&
           SET(easy, CURLOPT_POSTFIELDS, call->body.data ? call->body.data : "");
}

/* Per call, since loopback never goes through one. */
static bool set_proxy(CURL *easy, const capauth_call *call)
{
    const struct capauth__config *config = &call->client->config;
    const char *proxy = capauth__url_is_loopback(call->url.data) ? NULL : capauth__proxy_of(config, call->url.data);

    return SET(easy, CURLOPT_PROXY, proxy ? proxy : "") &&
           SET(easy, CURLOPT_NOPROXY, proxy && config->no_proxy ? config->no_proxy : "");
}

static bool has_proxy(const struct capauth__config *config)
{
    return config->https_proxy || config->http_proxy;
}

static void transfer_reset(struct capauth__transfer *transfer)
{
    capauth__buffer_clear(&transfer->body);
    transfer->call = NULL;
    transfer->header_count = 0;
    transfer->begun = transfer->stopped = transfer->too_large = transfer->head_ended = false;
    transfer->unsupported = false;
    transfer->begun_us = 0;
    transfer->system_error = 0;
    transfer->fd = -1;
    transfer->date_ms = 0;
    transfer->retry_after[0] = transfer->request_id[0] = transfer->detail[0] = '\0';
}

/* On a new connection, whatever there is. */
static bool set_fresh(struct capauth__transfer *transfer, bool fresh)
{
    if (transfer->fresh == fresh)
        return true;
    transfer->fresh = fresh;
    return SET(transfer->easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
}

static bool set_coding(struct capauth__transfer *transfer, bool gzip)
{
    if (transfer->plain && !SET(transfer->easy, CURLOPT_HTTP_CONTENT_DECODING, 1L))
        return false;
    transfer->plain = false;
    if (transfer->gzip == gzip)
        return true;
    transfer->gzip = gzip;
    return SET(transfer->easy, CURLOPT_ACCEPT_ENCODING, gzip ? "gzip" : NULL);
}

static void transfer_release(struct capauth__transport *transport, struct capauth__transfer *transfer)
{
    transfer_reset(transfer);
    transfer->next = transport->pool;
    transport->pool = transfer;
}

int capauth__transport_start(struct capauth__transport *transport, capauth_call *call)
{
    struct capauth__transfer *transfer;
    long left_ms = (long)(call->deadline_ms - capauth__monotonic_ms());
    int result = transfer_take(transport, &transfer);

    if (result)
        return result;
    transfer->call = call;
    call->transfer = transfer;
    if (!call->url.failed && set_headers(transfer, call) && set_body(transfer->easy, call) &&
        (!has_proxy(&call->client->config) || set_proxy(transfer->easy, call)) &&
        SET(transfer->easy, CURLOPT_URL, call->url.data) && set_fresh(transfer, call->connection_failed) &&
        set_coding(transfer, call->verb == CAPAUTH__GATEWAY) &&
        SET(transfer->easy, CURLOPT_TIMEOUT_MS, (left_ms > 0 ? left_ms : 0) + NET_MS) &&
        curl_multi_add_handle(transport->multi, transfer->easy) == CURLM_OK)
        return CAPAUTH_OK;
    result = refusal_of(transfer);
    call->transfer = NULL;
    transfer_release(transport, transfer);
    return result;
}

/*
 * A call ends without an answer. On HTTP/1.1 its connection ends with it; on HTTP/2 only its stream would, and a
 * connection that has died without a word would take in one call after the other. When no byte has come on it in the
 * call's time, it takes no more, and closes with its last call; a byte for another call clears it.
 */
static void leave_silent_connection(struct capauth__transport *transport, struct capauth__transfer *transfer)
{
    struct capauth__socket *socket = transfer->begun ? capauth__sockets_find(&transport->sockets, transfer->fd) : NULL;

    if (!transport->client->config.http2 || !socket || socket->heard_us > transfer->begun_us)
        return;
    socket->silent = true;
    transfer->forbidden = SET(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

void capauth__transport_cancel(struct capauth__transport *transport, capauth_call *call)
{
    struct capauth__transfer *transfer = call->transfer;

    call->transfer = NULL;
    leave_silent_connection(transport, transfer);
    curl_multi_remove_handle(transport->multi, transfer->easy);
    if (transfer->forbidden)
        (void)SET(transfer->easy, CURLOPT_FORBID_REUSE, 0L);
    transfer->forbidden = false;
    transfer_release(transport, transfer);
}

bool capauth__transfer_may_have_left(const struct capauth__transfer *transfer)
{
    return transfer->begun && request_size(transfer) > transfer->tunnel_size;
}

/* ---- What became of it ---- */

/* libcurl has a buffer of 100 KB for one header, and calls it out of memory when it does not suffice. */
static bool is_header_too_long(CURLcode code, const struct capauth__transfer *transfer)
{
    return code == CURLE_OUT_OF_MEMORY && capauth__transfer_may_have_left(transfer) && !transfer->head_ended;
}

static int network_error(CURLcode code, const struct capauth__transfer *transfer)
{
    curl_off_t connected_us = 0;

    if (transfer->system_error)
        return CAPAUTH_E_SYSTEM;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return CAPAUTH_E_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return CAPAUTH_E_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
        return connected_us ? CAPAUTH_E_DEADLINE : CAPAUTH_E_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED:
        return CAPAUTH_E_TLS;
    case CURLE_UNSUPPORTED_PROTOCOL: /* it is not HTTP that came */
    case CURLE_WEIRD_SERVER_REPLY:
        return CAPAUTH_E_PROTOCOL;
    case CURLE_RECV_ERROR:
        if (strstr(transfer->detail, "response headers")) /* too many */
            return CAPAUTH_E_PROTOCOL;
        /* In TLS 1.3, what the server holds against our certificate comes after our request. */
        return strstr(transfer->detail, " alert ") ? CAPAUTH_E_TLS : CAPAUTH_E_NETWORK;
    case CURLE_BAD_CONTENT_ENCODING:
        return CAPAUTH_E_PROTOCOL;
    case CURLE_WRITE_ERROR:
        return transfer->too_large ? CAPAUTH_E_PROTOCOL : CAPAUTH_E_NO_MEMORY;
    case CURLE_OUT_OF_MEMORY:
        return is_header_too_long(code, transfer) ? CAPAUTH_E_PROTOCOL : CAPAUTH_E_NO_MEMORY;
    default:
        return CAPAUTH_E_NETWORK;
    }
}

/* Seconds, or a date, which is held against the server's own. */
static int retry_after_ms(const struct capauth__transfer *transfer)
{
    const char *text = transfer->retry_after;
    int64_t ms;

    if (!*text)
        return -1;
    if (strspn(text, "0123456789") == strlen(text)) {
        ms = strlen(text) > 9 ? INT_MAX : (int64_t)strtol(text, NULL, 10) * 1000;
    } else {
        time_t when = curl_getdate(text, NULL);

        if (when <= 0 || !transfer->date_ms)
            return -1;
        ms = (int64_t)when * 1000 - transfer->date_ms;
    }
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

/* A stream that breaks after the whole reply was there is that reply: some servers answer, then reset. */
static bool broke_after_reply(CURLcode code, const struct capauth__transfer *transfer, long status)
{
    curl_off_t expected = -1;

    if (code != CURLE_HTTP2_STREAM || status < 200)
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &expected);
    return expected >= 0 ? (curl_off_t)transfer->body.length == expected
                         : transfer->body.length && transfer->body.data[transfer->body.length - 1] == '}';
}

/* "auth.brand.example" of the call's URL; "" without memory. */
static void host_of(const capauth_call *call, char *out, size_t size)
{
    CURLU *url = curl_url();
    char *host = NULL;

    if (url && !curl_url_set(url, CURLUPART_URL, call->url.data, 0))
        (void)curl_url_get(url, CURLUPART_HOST, &host, 0);
    snprintf(out, size, "%s", host ? host : "");
    curl_free(host);
    curl_url_cleanup(url);
}

static void explain(const struct capauth__transfer *transfer, CURLcode code, char *out, size_t size)
{
    char host[256];
    const struct capauth__config *config = &transfer->call->client->config;
    const char *detail =
        transfer->detail[0] ? capauth__call_told(transfer->call, NULL, transfer->detail) : curl_easy_strerror(code);

    if (transfer->system_error) {
        capauth__system_error(transfer->system_error, out, size);
    } else if (is_header_too_long(code, transfer)) {
        snprintf(out, size, "a header of the reply is longer than 100 KB");
    } else if (transfer->too_large) {
        snprintf(out, size, "the reply is longer than %d bytes", BODY_LIMIT);
    } else if (transfer->stopped) {
        snprintf(out, size, "the connection ended before a reply came");
    } else if (network_error(code, transfer) == CAPAUTH_E_TLS) {
        host_of(transfer->call, host, sizeof host);
        snprintf(out, size, "%s: %s (CA store: %s)", host, detail,
                 config->ca_source ? config->ca_source : "none found");
    } else {
        snprintf(out, size, "%s", detail);
    }
}

/* Nothing has left: the same attempt, once more, on a new connection. It was no attempt that anybody need know of. */
static bool begin_again(struct capauth__transport *transport, struct capauth__transfer *transfer)
{
    if (!transfer->stopped || transfer->fresh || capauth__transfer_may_have_left(transfer))
        return false;
    curl_multi_remove_handle(transport->multi, transfer->easy);
    transfer->begun = transfer->stopped = false;
    transfer->detail[0] = '\0';
    return set_fresh(transfer, true) && curl_multi_add_handle(transport->multi, transfer->easy) == CURLM_OK;
}

/* What is known of the connection now that an answer has come over it. */
static void note_protocol(struct capauth__transport *transport, const struct capauth__transfer *transfer)
{
    struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, transfer->fd);
    long version = 0;

    if (socket && !curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version))
        socket->http1 = version && version < CURL_HTTP_VERSION_2_0;
}

static int handshake_ms(const struct capauth__transfer *transfer)
{
    curl_off_t connected_us = 0;
    curl_off_t secured_us = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_APPCONNECT_TIME_T, &secured_us);
    return secured_us > connected_us ? (int)((secured_us - connected_us) / 1000) + 1 : 0;
}

/* Without descriptors libcurl cannot look a name up, nor read certificates, and blames the name or the file. */
static void note_shortage(struct capauth__transport *transport, struct capauth__transfer *transfer, CURLcode code)
{
    if (!transfer->system_error && !transfer->begun &&
        (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM || code == CURLE_OUT_OF_MEMORY))
        transfer->system_error = transport->shortage ? transport->shortage : capauth__descriptor_shortage();
    transport->shortage = 0;
}

static const char *connection_kind(const struct capauth__transfer *transfer)
{
    long connects = 1;

    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    return !transfer->begun ? "no" : connects ? "new" : "kept";
}

static void hand_out(struct capauth__transport *transport, struct capauth__transfer *transfer, CURLcode code)
{
    capauth_call *call = transfer->call;
    char detail[1024] = "";
    long status = 0;
    struct capauth__answer answer = {.detail = detail, .may_have_left = capauth__transfer_may_have_left(transfer)};

    if (begin_again(transport, transfer))
        return;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (transport->client->config.http2 && status)
        note_protocol(transport, transfer);
    if (call->verb == CAPAUTH__PREPARE && transfer->begun && !transfer->stopped)
        code = CURLE_OK; /* connected: what failed is the request that is none */
    if (code && broke_after_reply(code, transfer, status))
        code = CURLE_OK;
    if (code) {
        note_shortage(transport, transfer, code);
        answer.error = network_error(code, transfer);
        explain(transfer, code, detail, sizeof detail);
        answer.may_have_left = answer.may_have_left || code == CURLE_HTTP2_STREAM;
    }
    answer.connection_failed = (code && code != CURLE_HTTP2_STREAM) || status == 408;
    answer.connection = connection_kind(transfer);
    answer.fd = transfer->fd;
    answer.handshake_ms = handshake_ms(transfer);
    answer.http_status = (int)status;
    answer.date_ms = transfer->date_ms;
    answer.retry_after_ms = retry_after_ms(transfer);
    answer.request_id = transfer->request_id;
    answer.body = transfer->body.data ? transfer->body.data : "";
    answer.length = transfer->body.length;
    curl_multi_remove_handle(transport->multi, transfer->easy);
    call->transfer = NULL;
    capauth__call_answered(call, &answer);
    transfer_release(transport, transfer);
}

void capauth__transport_greeted(struct capauth__transport *transport, int fd)
{
    struct capauth__socket *socket = capauth__sockets_find(&transport->sockets, fd);
    int unread = socket && socket->greeting < 0 ? capauth__socket_unread(socket) : 0;

    if (unread > 0)
        socket->greeting = unread;
    else if (socket)
        socket->greeting = 0;
}

static void end_unwatched(struct capauth__transport *transport)
{
    char reason[128];
    capauth_call *next;

    transport->unwatched = false;
    for (capauth_call *call = transport->client->engine.live.first; call; call = next) {
        next = call->live_next;
        if (call->transfer && call->transfer->system_error) {
            capauth__system_error(call->transfer->system_error, reason, sizeof reason);
            capauth__call_finish(call, capauth__call_lost(call, CAPAUTH_E_SYSTEM), reason);
        }
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
    return false;
}

void capauth__transport_ready(struct capauth__transport *transport, int fd, int events)
{
    struct capauth__socket *socket =
        transport->client->config.http2 ? capauth__sockets_find(&transport->sockets, fd) : NULL;
    int mask = (events & CAPAUTH__READ ? CURL_CSELECT_IN : 0) | (events & CAPAUTH__WRITE ? CURL_CSELECT_OUT : 0);
    int running;

    if (socket && events & CAPAUTH__READ) {
        socket->heard_us = capauth__monotonic_us();
        socket->silent = false;
    }
    curl_multi_socket_action(transport->multi, fd, mask, &running);
}

int64_t capauth__transport_due(const struct capauth__transport *transport)
{
    return transport->due_ms;
}

void capauth__transport_timer(struct capauth__transport *transport, int64_t now_ms)
{
    int running;

    /* curl's timer is one-shot: taken back before acting on it, since acting may set it anew. A few rounds, for the
     * handles that were just added. */
    for (int i = 0; i < 3 && transport->due_ms <= now_ms; i++) {
        transport->due_ms = INT64_MAX;
        curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}
