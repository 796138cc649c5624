/* SPDX-License-Identifier: Apache-2.0 */
#include "net/url.h"

#include <arpa/inet.h>
#include <string.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "base/text.h"

static bool is_loopback(const char *host)
{
    struct in_addr address;

    /* Parsed, since 127.evil.example begins so too. */
    return capauth__ascii_equal(host, "localhost") || !strcmp(host, "[::1]") ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return there;
}

static const char *parts_fault(CURLU *url, const char *text, bool loopback_only)
{
    char *scheme = NULL; /* which curl gives in lower case */
    char *host = NULL;
    const char *fault = NULL;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(url, CURLUPART_HOST, &host, 0))
        fault = "has no scheme or no host";
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        fault = "is neither https nor http";
    else if (!strcmp(scheme, "http") && loopback_only && !is_loopback(host))
        fault = "is plain http, which is for loopback only; else set allow_http";
    else if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        fault = "contains a user name or a password";
    else if (strpbrk(text, "?#")) /* also an empty one, which libcurl would drop */
        fault = "contains a query or a fragment";
    curl_free(scheme);
    curl_free(host);
    return fault;
}

const char *capauth__url_fault(const char *text, bool loopback_only)
{
    CURLU *url = curl_url();
    const char *fault = "is not a URL";

    if (url && curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
        fault = parts_fault(url, text, loopback_only);
    curl_url_cleanup(url);
    return fault;
}

bool capauth__url_is_loopback(const char *text)
{
    CURLU *url = curl_url();
    char *host = NULL;
    bool loopback = false;

    if (url && !curl_url_set(url, CURLUPART_URL, text, 0) && !curl_url_get(url, CURLUPART_HOST, &host, 0))
        loopback = is_loopback(host);
    curl_free(host);
    curl_url_cleanup(url);
    return loopback;
}

static char *without_slashes(const char *text)
{
    size_t length = strlen(text);

    while (length && text[length - 1] == '/')
        length--;
    return capauth__duplicate_bytes(text, length);
}

static bool lower_host(CURLU *url)
{
    char *host = NULL;
    bool lowered = !curl_url_get(url, CURLUPART_HOST, &host, 0);

    if (lowered) {
        capauth__ascii_lower(host);
        lowered = !curl_url_set(url, CURLUPART_HOST, host, 0);
    }
    curl_free(host);
    return lowered;
}

char *capauth__url_normal(const char *text)
{
    CURLU *url = curl_url();
    char *whole = NULL;
    char *normal = NULL;

    if (url && !curl_url_set(url, CURLUPART_URL, text, 0) && lower_host(url) &&
        !curl_url_get(url, CURLUPART_URL, &whole, CURLU_NO_DEFAULT_PORT))
        normal = without_slashes(whole);
    curl_free(whole);
    curl_url_cleanup(url);
    return normal;
}

/* ---- Proxies, in the forms of curl's manual: [scheme://][user:password@]host[:port] ---- */

bool capauth__has_scheme(const char *url, const char *scheme)
{
    size_t length = strlen(scheme);

    return curl_strnequal(url, scheme, length) && !strncmp(url + length, "://", 3); /* of ASCII alone, too */
}

static bool is_proxy_scheme(const char *text)
{
    static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (capauth__has_scheme(text, schemes[i]))
            return true;
    }
    return false;
}

char *capauth__proxy_normal(const char *text)
{
    struct capauth__buffer whole = {0};

    if (!strstr(text, "://"))
        capauth__buffer_text(&whole, "http://"); /* else curl guesses by the host's name */
    capauth__buffer_text(&whole, text);
    return capauth__buffer_take(&whole);
}

static bool is_url(const char *text)
{
    CURLU *url = curl_url();
    bool is = url && curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;

    curl_url_cleanup(url);
    return is;
}

const char *capauth__proxy_fault(const char *text)
{
    const char *fault = capauth__text_fault(text, CAPAUTH__URL_LONGEST);
    char *whole;

    if (fault)
        return fault;
    if (!(whole = capauth__proxy_normal(text)))
        return "cannot be checked: out of memory";
    if (!is_proxy_scheme(whole))
        fault = "has a scheme that is not one of http, https, socks4, socks4a, socks5, socks5h";
    else if (!is_url(whole))
        fault = "is not of the form http://user:password@host:port";
    capauth__wipe_free(&whole);
    return fault;
}

const char *capauth__proxy_of(const struct capauth__net_config *config, const char *url)
{
    const char *proxy = capauth__has_scheme(url, "https") ? config->https_proxy : config->http_proxy;

    return proxy && !capauth__url_is_loopback(url) ? proxy : NULL;
}
