/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curl/transfer.h"

#include <string.h>

#include "net/url.h"

enum {
    IDLE_S = 30, /* a kept connection */
    LIFETIME_S = 300 /* however busy: else a name that has moved is not noticed before the old address closes */
};

bool capauth__transfer_accepted(CURL *easy, CURLcode code)
{
    struct capauth__transfer *transfer = NULL;

    if (code && code != CURLE_OUT_OF_MEMORY && !curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer))
        transfer->set.unsupported = true;
    return code == CURLE_OK;
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

/* Without a proxy it is one of our headers: libcurl puts its own into words twice for each request. */
static bool set_agent(CURL *easy, const struct capauth__net_config *config)
{
    return !capauth__has_proxy(config) || SET(easy, CURLOPT_USERAGENT, config->user_agent);
}

bool capauth__transfer_set_connection(CURL *easy, const struct capauth__net_config *config)
{
    long http = config->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;

    return SET(easy, CURLOPT_QUICK_EXIT, 1L) && SET(easy, CURLOPT_NOSIGNAL, 1L) &&
           SET(easy, CURLOPT_PROTOCOLS_STR, "http,https") && SET(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(easy, CURLOPT_PROXY, "") && SET(easy, CURLOPT_NOPROXY, "") &&
           SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(easy, CURLOPT_HTTP_VERSION, http) &&
           SET(easy, CURLOPT_PIPEWAIT, config->http2 ? 1L : 0L) && SET(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S) &&
           SET(easy, CURLOPT_MAXLIFETIME_CONN, (long)LIFETIME_S) &&
           SET(easy, CURLOPT_TIMEVALUE_LARGE, (curl_off_t)INT64_MAX) &&
           SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms) && set_agent(easy, config) &&
           set_tls(easy, config) && set_proxy_tls(easy, config);
}
