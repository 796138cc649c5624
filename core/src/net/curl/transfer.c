/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/platform.h"
#include "net/url.h"
#include "session/call.h"

enum {
    IDLE_S = 30, /* a kept connection */
    LIFETIME_S = 300, /* however busy: else a name that has moved is not noticed before the old address closes */
    NET_MS = 5000 /* our deadlines end calls; curl's own timeout, this much later, is only a net */
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
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (socket && connects && transfer->call->verb == CAPAUTH__PREPARE)
        socket->greeting = -1;
    transfer->stopped = socket && !connects && !is_fit(socket, transport->config->http2);
    return transfer->stopped ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *data)
{
    struct capauth__transfer *transfer = data;

    if (capauth__buffer_append(&transfer->body, bytes, size * count))
        return size * count;
    transfer->too_large = transfer->body.length + size * count > CAPAUTH__BODY_LIMIT;
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
        transfer->date_ms = read_date(transfer->transport, date);
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

int capauth__transfer_refusal(const struct capauth__transfer *transfer)
{
    return transfer->unsupported ? CAPAUTH_E_UNSUPPORTED : CAPAUTH_E_NO_MEMORY;
}

/* What certain TLS backends lack may fail; it is then said by the one who asked for it. */
static bool set_tls(CURL *easy, const struct capauth__net_config *config)
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
static bool set_proxy_tls(CURL *easy, const struct capauth__net_config *config)
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

static bool set_connection(CURL *easy, const struct capauth__net_config *config)
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

void capauth__transfer_free(struct capauth__transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    capauth__buffer_free(&transfer->body);
    free(transfer);
}

static int transfer_new(struct capauth__transport *transport, struct capauth__transfer **out)
{
    struct capauth__transfer *transfer = calloc(1, sizeof *transfer);
    int result;

    if (!transfer)
        return CAPAUTH_E_NO_MEMORY;
    transfer->transport = transport;
    transfer->body.limit = CAPAUTH__BODY_LIMIT;
    transfer->fd = -1;
    transfer->easy = curl_easy_init();
    *out = transfer;
    if (transfer->easy && !curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) &&
        set_connection(transfer->easy, transport->config) && set_callbacks(transport, transfer))
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
    if (!result)
        LIST_APPEND(&transport->active, *out, next, previous);
    return result;
}

/* ---- One attempt ---- */

static bool add_header(struct capauth__transfer *transfer, char *line)
{
    struct curl_slist *header = &transfer->headers[transfer->header_count];

    if (transfer->header_count == CAPAUTH__CURL_HEADERS_MOST)
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

/* curl takes char *, and changes nothing. */
static char *constant(const char *text)
{
    return (char *)(uintptr_t)text;
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
          add_headers(transfer, transfer->transport->config->headers);
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
static bool set_proxy(struct capauth__transfer *transfer, const capauth_call *call)
{
    const struct capauth__net_config *config = transfer->transport->config;
    const char *proxy = capauth__proxy_of(config, call->url.data);
    CURL *easy = transfer->easy;

    return SET(easy, CURLOPT_PROXY, proxy ? proxy : "") &&
           SET(easy, CURLOPT_NOPROXY, proxy && config->no_proxy ? config->no_proxy : "");
}

static bool has_proxy(const struct capauth__net_config *config)
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

bool capauth__transfer_set_fresh(struct capauth__transfer *transfer, bool fresh)
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

bool capauth__transfer_set_up(struct capauth__transfer *transfer, const capauth_call *call)
{
    long left_ms = (long)(call->deadline_ms - capauth__monotonic_ms());

    return !call->url.failed && set_headers(transfer, call) && set_body(transfer->easy, call) &&
           (!has_proxy(transfer->transport->config) || set_proxy(transfer, call)) &&
           SET(transfer->easy, CURLOPT_URL, call->url.data) &&
           capauth__transfer_set_fresh(transfer, call->connection_failed) &&
           set_coding(transfer, call->verb == CAPAUTH__GATEWAY) &&
           SET(transfer->easy, CURLOPT_TIMEOUT_MS, (left_ms > 0 ? left_ms : 0) + NET_MS);
}

void capauth__transfer_forbid_reuse(struct capauth__transfer *transfer, bool forbidden)
{
    if (transfer->forbidden != forbidden)
        transfer->forbidden = SET(transfer->easy, CURLOPT_FORBID_REUSE, forbidden ? 1L : 0L) && forbidden;
}

void capauth__transfer_release(struct capauth__transfer *transfer)
{
    struct capauth__transport *transport = transfer->transport;

    transfer_reset(transfer);
    LIST_REMOVE(&transport->active, transfer, next, previous);
    transfer->next = transport->pool;
    transport->pool = transfer;
}
