/* SPDX-License-Identifier: Apache-2.0 */
#include "net/transport.h"

#include <string.h>

#include <curl/curl.h>

#include "base/platform.h"

int capauth__transport_library_init(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if (info->version_num < 0x075700 || !(info->features & CURL_VERSION_THREADSAFE))
        return CAPAUTH_E_UNSUPPORTED;
    /* libcurl would write the keys of TLS into the caller's file, with the rights of the program. */
    if (capauth__environment_is_hostile("SSLKEYLOGFILE"))
        return CAPAUTH_E_UNSUPPORTED;
    return curl_global_init(CURL_GLOBAL_DEFAULT) ? CAPAUTH_E_NO_MEMORY : CAPAUTH_OK;
}

void capauth__transport_library_cleanup(void)
{
    curl_global_cleanup();
}

bool capauth__transport_has_https_proxies(void)
{
    return curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTPS_PROXY;
}

bool capauth__transport_has_http2(void)
{
    return curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2;
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

int capauth__transport_try_pins(const char *pins)
{
    return try_option(CURLOPT_PINNEDPUBLICKEY, pins);
}

int capauth__transport_try_ca_pem(const char *pem)
{
    struct curl_blob blob = {.data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};

    return try_option(CURLOPT_CAINFO_BLOB, &blob);
}

/* "OpenSSL/3.0.19" is "OpenSSL 3.0.19": a name and a version, as in every line. */
static void tls_version(struct capauth__buffer *text, const char *version)
{
    const char *slash = version ? strchr(version, '/') : NULL;

    if (!slash) {
        capauth__buffer_text(text, version ? version : "no TLS");
        return;
    }
    capauth__buffer_append(text, version, (size_t)(slash - version));
    capauth__buffer_text(text, " ");
    capauth__buffer_text(text, slash + 1);
}

void capauth__transport_versions(struct capauth__buffer *text)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    capauth__buffer_text(text, "libcurl ");
    capauth__buffer_text(text, info->version);
    capauth__buffer_text(text, info->features & CURL_VERSION_HTTP2 ? ", HTTP/2" : ", no HTTP/2");
    capauth__buffer_text(text, info->features & CURL_VERSION_ASYNCHDNS ? ", asynchronous name lookup\n"
                                                                       : ", blocking name lookup\n");
    tls_version(text, info->ssl_version);
    capauth__buffer_text(text, "\n");
}
