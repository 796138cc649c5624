/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl/transfer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "net/url.h"

/* libcurl has a buffer of 100 KB for one header, and calls it out of memory when it does not suffice. */
enum { HEADER_LONGEST = 100 * 1024 };

static bool is_header_too_long(CURLcode code, const struct capauth__transfer *transfer)
{
    return code == CURLE_OUT_OF_MEMORY && transfer->received >= HEADER_LONGEST &&
           capauth__transfer_may_have_left(transfer) && !transfer->reply.head_ended;
}

/* What TLS libraries say of a connection that ended in the midst of a handshake: that is no matter of trust. */
static bool ended_in_handshake(const char *detail)
{
    static const char *const words[] = {"SSL_ERROR_SYSCALL", "unexpected eof", "reset by peer",
                                        "Recv failure",      "Send failure",   "non-properly terminated",
                                        "indicated an EOF"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(detail, words[i]))
            return true;
    }
    return false;
}

/* libcurl calls all of these an error of receiving. */
static int receive_error(const char *detail)
{
    if (strstr(detail, "response headers") || strstr(detail, "chunked-encoding")) /* too many; not a number */
        return CAPAUTH_E_PROTOCOL;
    /* In TLS 1.3, what the server holds against our certificate comes after our request. */
    return strstr(detail, " alert ") ? CAPAUTH_E_TLS : CAPAUTH_E_NETWORK;
}

/* The HTTP status by which a proxy keeps us out; 0: it does not, or only for now. */
static int status_of_refusal(const struct capauth__transfer *transfer)
{
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300 && status < 500 && status != 408 && status != 429 ? (int)status : 0;
}

/* A SOCKS proxy that does not let us in, or not there. */
static bool is_socks_refusal(const struct capauth__transfer *transfer)
{
    long reason = CURLPX_OK;

    curl_easy_getinfo(transfer->easy, CURLINFO_PROXY_ERROR, &reason);
    return reason == CURLPX_NO_AUTH || reason == CURLPX_USER_REJECTED || reason == CURLPX_REPLY_NOT_ALLOWED ||
           reason == CURLPX_IDENTD || reason == CURLPX_IDENTD_DIFFER;
}

/* It would be refused again. Nothing has left. */
static bool is_refused_by_proxy(CURLcode code, const struct capauth__transfer *transfer)
{
    if (code == CURLE_PROXY)
        return is_socks_refusal(transfer);
    /* From libcurl 8 on it is the other code. */
    return (code == CURLE_RECV_ERROR || code == CURLE_COULDNT_CONNECT) && !transfer->begun &&
           status_of_refusal(transfer);
}

static int network_error(CURLcode code, const struct capauth__transfer *transfer)
{
    curl_off_t connected_us = 0;

    if (transfer->system_error)
        return capauth__system_code(transfer->system_error);
    if (is_refused_by_proxy(code, transfer))
        return CAPAUTH_E_SERVICE;
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
        return ended_in_handshake(transfer->detail) ? CAPAUTH_E_NETWORK : CAPAUTH_E_TLS;
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
        return receive_error(transfer->detail);
    case CURLE_BAD_CONTENT_ENCODING:
        return CAPAUTH_E_PROTOCOL;
    case CURLE_WRITE_ERROR:
        return transfer->reply.too_large ? CAPAUTH_E_PROTOCOL : CAPAUTH_E_NO_MEMORY;
    case CURLE_OUT_OF_MEMORY:
        return is_header_too_long(code, transfer) ? CAPAUTH_E_PROTOCOL : CAPAUTH_E_NO_MEMORY;
    default:
        return CAPAUTH_E_NETWORK;
    }
}

/* Seconds, or a date, which is held against the server's own. */
static int retry_after_ms(const struct capauth__transfer *transfer)
{
    const char *text = transfer->reply.retry_after;
    int64_t ms, until_ms;

    if (!*text)
        return -1;
    if (strspn(text, "0123456789") == strlen(text)) {
        text += strspn(text, "0");
        ms = strlen(text) > 9 ? INT_MAX : (int64_t)strtol(text, NULL, 10) * 1000;
    } else {
        until_ms = capauth__http_date_ms(text);
        if (!until_ms || !transfer->reply.date_ms)
            return -1;
        ms = until_ms - transfer->reply.date_ms;
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
    return expected >= 0
               ? (curl_off_t)transfer->reply.body.length == expected
               : transfer->reply.body.length && transfer->reply.body.data[transfer->reply.body.length - 1] == '}';
}

/* "auth.brand.example" of a URL; "" without memory. */
static void host_of(const char *text, char *out, size_t size)
{
    CURLU *url = curl_url();
    char *host = NULL;

    if (url && !curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME))
        (void)curl_url_get(url, CURLUPART_HOST, &host, 0);
    snprintf(out, size, "%s", host ? host : "");
    curl_free(host);
    curl_url_cleanup(url);
}

static void explain_proxy(const struct capauth__transfer *transfer, const char *detail, char *out, size_t size)
{
    const char *proxy = capauth__proxy_of(transfer->transport->config, transfer->exchange->url.data);
    int status = status_of_refusal(transfer);
    char host[256];

    host_of(proxy ? proxy : "", host, sizeof host);
    if (status == 407)
        snprintf(out, size, "the proxy %s wants another user or password (HTTP 407)", host);
    else if (status)
        snprintf(out, size, "the proxy %s refuses to connect (HTTP %d)", host, status);
    else
        snprintf(out, size, "the proxy %s refuses: %s", host, detail);
}

static void explain(const struct capauth__transfer *transfer, CURLcode code, char *out, size_t size)
{
    char host[256];
    const struct capauth__net_config *config = transfer->transport->config;
    const char *detail = transfer->detail[0] ? transfer->exchange->quote(transfer->exchange, transfer->detail)
                                             : curl_easy_strerror(code);

    if (transfer->system_error) {
        capauth__system_error(transfer->system_error, out, size);
    } else if (is_header_too_long(code, transfer)) {
        snprintf(out, size, "it has a header longer than 100 KB");
    } else if (transfer->reply.too_large) {
        snprintf(out, size, "it is longer than %d bytes", CAPAUTH__BODY_LIMIT);
    } else if (transfer->stopped) {
        snprintf(out, size, "it ended before the reply came");
    } else if (is_refused_by_proxy(code, transfer)) {
        explain_proxy(transfer, detail, out, size);
    } else if (network_error(code, transfer) == CAPAUTH_E_TLS) {
        host_of(transfer->exchange->url.data, host, sizeof host);
        snprintf(out, size, "%s: %s (CA store: %s)", host, detail,
                 config->ca_source ? config->ca_source : "none found");
    } else {
        snprintf(out, size, "%s", detail);
    }
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
static void note_shortage(struct capauth__transfer *transfer, CURLcode code)
{
    struct capauth__transport *transport = transfer->transport;

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

/* What failed was not what the exchange was for. */
static bool is_good_enough(const struct capauth__transfer *transfer, CURLcode code, long status)
{
    if (transfer->exchange->connect_only && transfer->begun && !transfer->stopped)
        return true; /* connected: what failed is the request that is none */
    return broke_after_reply(code, transfer, status);
}

void capauth__transfer_answer(struct capauth__transfer *transfer, CURLcode code, struct capauth__answer *answer,
                              char *detail, size_t size)
{
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    *answer = (struct capauth__answer){.may_have_left = capauth__transfer_may_have_left(transfer)};
    if (code && is_good_enough(transfer, code, status))
        code = CURLE_OK;
    if (code) {
        note_shortage(transfer, code);
        answer->error = network_error(code, transfer);
        explain(transfer, code, detail, size);
        answer->detail = detail;
        answer->may_have_left = answer->may_have_left || code == CURLE_HTTP2_STREAM;
    }
    answer->connection_failed = (code && code != CURLE_HTTP2_STREAM) || status == 408;
    answer->connection = connection_kind(transfer);
    answer->fd = transfer->fd;
    answer->handshake_ms = handshake_ms(transfer);
    answer->http_status = answer->error == CAPAUTH_E_SERVICE ? status_of_refusal(transfer) : (int)status;
    answer->date_ms = transfer->reply.date_ms;
    answer->retry_after_ms = retry_after_ms(transfer);
    answer->request_id = transfer->reply.request_id;
    answer->body = transfer->reply.body.data ? transfer->reply.body.data : "";
    answer->length = transfer->reply.body.length;
    answer->buffer = &transfer->reply.body;
}
