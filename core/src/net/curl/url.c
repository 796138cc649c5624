/* SPDX-License-Identifier: Apache-2.0 */
#include "net/url.h"

#include <arpa/inet.h>
#include <string.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "base/text.h"

const char capauth__unchecked[] = "cannot be checked: out of memory";

static bool is_loopback(const char *host)
{
    struct in_addr address;

    /* Parsed, since 127.evil.example begins so too. */
    return capauth__ascii_equal(host, "localhost") || !strcmp(host, "[::1]") ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

static const char *scheme_fault(const char *scheme, const char *host, bool loopback_only)
{
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        return "is neither https nor http";
    if (!strcmp(scheme, "http") && loopback_only && !is_loopback(host))
        return "is plain http, which is for loopback only; else set allow_http";
    return NULL;
}

/* A part of the URL, in *text. `absent` is the fault of one that has none; NULL: it need not. */
static const char *read_part(CURLU *url, CURLUPart part, char **text, const char *absent)
{
    CURLUcode code = curl_url_get(url, part, text, 0);

    return code == CURLUE_OUT_OF_MEMORY ? capauth__unchecked : code ? absent : NULL;
}

static const char *parts_fault(CURLU *url, const char *text, bool loopback_only)
{
    char *scheme = NULL; /* which curl gives in lower case */
    char *host = NULL;
    char *user = NULL;
    char *password = NULL;
    const char *fault = read_part(url, CURLUPART_SCHEME, &scheme, "has no scheme or no host");

    if (!fault)
        fault = read_part(url, CURLUPART_HOST, &host, "has no scheme or no host");
    if (!fault)
        fault = scheme_fault(scheme, host, loopback_only);
    if (!fault)
        fault = read_part(url, CURLUPART_USER, &user, NULL);
    if (!fault)
        fault = read_part(url, CURLUPART_PASSWORD, &password, NULL);
    if (!fault && (user || password))
        fault = "contains a user name or a password";
    if (!fault && strpbrk(text, "?#")) /* also an empty one, which libcurl would drop */
        fault = "contains a query or a fragment";
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(password);
    return fault;
}

static CURLUcode parse_once(const char *text, CURLU **url)
{
    curl_url_cleanup(*url);
    *url = curl_url();
    return *url ? curl_url_set(*url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) : CURLUE_OUT_OF_MEMORY;
}

/* NULL: it is one, and *url is to be cleaned up in every case. libcurl calls some lack of memory a bad login: so what
 * is refused is tried once more. */
static const char *parse(const char *text, CURLU **url, const char *fault)
{
    CURLUcode code;

    *url = NULL;
    code = parse_once(text, url);
    if (code && code != CURLUE_OUT_OF_MEMORY)
        code = parse_once(text, url);
    return code == CURLUE_OUT_OF_MEMORY ? capauth__unchecked : code ? fault : NULL;
}

const char *capauth__url_fault(const char *text, bool loopback_only)
{
    CURLU *url;
    const char *fault = parse(text, &url, "is not a URL");

    if (!fault)
        fault = parts_fault(url, text, loopback_only);
    curl_url_cleanup(url);
    return fault;
}

/* By ourselves, since there is memory for it in every case: a request to loopback never goes through a proxy. */
bool capauth__url_is_loopback(const char *normal)
{
    const char *start = strstr(normal, "://");
    char host[64]; /* more than any that is */
    size_t length;

    start = start ? start + strlen("://") : normal;
    length = *start == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":/");
    if (length >= sizeof host)
        return false;
    memcpy(host, start, length);
    host[length] = '\0';
    return is_loopback(host);
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

const char *capauth__proxy_fault(const char *text)
{
    const char *fault = capauth__text_fault(text, CAPAUTH__URL_LONGEST);
    CURLU *url = NULL;
    char *whole;

    if (fault)
        return fault;
    if (!(whole = capauth__proxy_normal(text)))
        return capauth__unchecked;
    fault = is_proxy_scheme(whole) ? parse(whole, &url, "is not of the form http://user:password@host:port")
                                   : "has a scheme that is not one of http, https, socks4, socks4a, socks5, socks5h";
    curl_url_cleanup(url);
    capauth__wipe_free(&whole);
    return fault;
}

bool capauth__has_proxy(const struct capauth__net_config *config)
{
    return config->https_proxy || config->http_proxy;
}

const char *capauth__proxy_of(const struct capauth__net_config *config, const char *url)
{
    const char *proxy = capauth__has_scheme(url, "https") ? config->https_proxy : config->http_proxy;

    return proxy && !capauth__url_is_loopback(url) ? proxy : NULL;
}
