#include "access.h"

#include "options.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* The host of HOST, HOST:PORT or [ADDRESS]:PORT; the caller frees it. */
static char *host_of(const char *authority)
{
    struct text host = {0};
    const char *end = *authority == '[' ? strchr(authority, ']') : strchr(authority, ':');
    const char *from = authority + (*authority == '[');
    text_add(&host, from, end && end > from ? (size_t)(end - from) : strlen(from));
    return host.data;
}

static const char *authority_of(const char *origin)
{
    const char *colon = strstr(origin, "://");
    return colon ? colon + 3 : NULL;
}

bool origin_is_valid(const char *origin)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";
    const char *authority = authority_of(origin);
    return authority && authority > origin + 3 && *authority && !authority[strspn(authority, allowed)];
}

static bool is_address(const char *host)
{
    unsigned char address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static bool is_loopback(const char *host)
{
    size_t length = strlen(host), suffix = strlen(".localhost");
    return text_equal_nocase(host, "localhost") ||
           (length > suffix && text_equal_nocase(host + length - suffix, ".localhost"));
}

/* A name of a certificate: its first label may be a star. */
static bool name_covers(const char *name, const char *host)
{
    const char *dot = strchr(host, '.');
    if (strncmp(name, "*.", 2) == 0)
        return dot && text_equal_nocase(name + 1, dot);
    return text_equal_nocase(name, host);
}

static bool is_named(const struct options *options, const char *host)
{
    bool named = text_equal_nocase(options->host, host);
    for (size_t i = 0; i < options->tls_name_count && !named; i++)
        named = name_covers(options->tls_names[i], host);
    for (size_t i = 0; i < options->allowed_origin_count && !named; i++) {
        char *allowed = host_of(authority_of(options->allowed_origins[i]));
        named = text_equal_nocase(allowed, host);
        free(allowed);
    }
    return named;
}

/* A page whose name was made to lead here (DNS rebinding) sends that name; requests without a browser may lack it. */
static bool host_is_ours(const struct options *options, const char *authority)
{
    char *host = host_of(authority);
    bool ours = is_address(host) || is_loopback(host) || is_named(options, host);
    free(host);
    return ours;
}

/* How much of an authority is left without the port that its scheme has anyway. */
static size_t bare_length(const char *authority, const char *default_port)
{
    size_t length = strlen(authority), port = strlen(default_port);
    return length > port && strcmp(authority + length - port, default_port) == 0 ? length - port : length;
}

static bool same_authority(const char *a, const char *b, const char *default_port)
{
    size_t length = bare_length(a, default_port);
    return length == bare_length(b, default_port) && text_same_letters(a, b, length);
}

bool access_origin_is_ours(const struct options *options, const char *origin, const char *authority)
{
    const char *scheme = options->tls ? "https://" : "http://";
    for (size_t i = 0; i < options->allowed_origin_count; i++)
        if (text_equal_nocase(options->allowed_origins[i], origin))
            return true;
    return authority && text_begins_nocase(origin, scheme) &&
           same_authority(origin + strlen(scheme), authority, options->tls ? ":443" : ":80");
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    return content_type && text_begins_nocase(content_type, json) &&
           (!content_type[sizeof json - 1] || strchr("; ", content_type[sizeof json - 1]));
}

bool access_is_allowed(const struct options *options, const struct http_request *request, struct text *error)
{
    const char *origin = request_header(request, "Origin");
    if (request->authority && !host_is_ours(options, request->authority))
        text_add_format(error,
                        "Host \"%s\" is neither localhost, nor an IP address, nor a name given by --listen, --tls-name "
                        "or --allow-origin",
                        request->authority);
    else if (origin && !access_origin_is_ours(options, origin, request->authority))
        text_add_format(error, "web pages of \"%s\" may not use /_emulator/: --allow-origin allows it", origin);
    else if (origin && request->length && !is_json(request_header(request, "Content-Type")))
        text_add_string(error, "web pages send their bodies here with Content-Type: application/json");
    return !error->length;
}
