/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <arpa/inet.h>
#include <string.h>

#include <curl/curl.h>

#include "secret.h"
#include "text.h"

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
        fault = "is plain http; that is for loopback only, unless allow_http is set";
    else if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        fault = "has a user name or a password in it";
    else if (strpbrk(text, "?#")) /* also an empty one, which libcurl would drop */
        fault = "has a query or a fragment";
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

bool capauth__proxy_is_sane(const char *text)
{
    CURLU *url = curl_url();
    bool sane = url && !strncmp(text, "http://", 7) && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;

    curl_url_cleanup(url);
    return sane;
}
