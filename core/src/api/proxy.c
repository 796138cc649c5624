/* SPDX-License-Identifier: Apache-2.0 */
/* The setting "proxy": a URL, or what the environment says. */
#include <string.h>

#include "api/settings.h"
#include "base/platform.h"
#include "net/transport.h"
#include "net/url.h"

/* What curl's manual reads, in its order. HTTP_PROXY in capitals is left alone: a CGI program's client could set it. */
static const char *const https_variables[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
static const char *const http_variables[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
static const char *const exception_variables[] = {"no_proxy", "NO_PROXY", NULL};

/* The first that is set, and its name; else NULL. */
static const char *first_of(const char *const *variables, const char **name)
{
    const char *value = NULL;

    for (; *variables && !value; variables++) {
        *name = *variables;
        value = capauth__environment(*variables);
    }
    return value;
}

/* Into `out`, a copy in the usual form. `proxy` NULL: none. */
static int normal_proxy(capauth_client *client, const char *name, const char *proxy, char **out)
{
    const char *fault = proxy ? capauth__proxy_fault(proxy) : NULL;

    if (fault)
        return capauth__client_refuse(client, name, fault);
    if (proxy && !(*out = capauth__proxy_normal(proxy)))
        return CAPAUTH_E_NO_MEMORY;
    if (*out && capauth__has_scheme(*out, "https") && !capauth__transport_has_https_proxies())
        return capauth__client_unsupported(client, name, "https proxies");
    return CAPAUTH_OK;
}

static void swap(char **one, char **other)
{
    char *kept = *one;

    *one = *other;
    *other = kept;
}

/* A proxy, and the name of what it was set by. */
struct proxy {
    const char *value;
    const char *name;
};

/* All of it or nothing. */
static int set_proxies(capauth_client *client, struct proxy https, struct proxy http, const char *exceptions)
{
    struct capauth__config *config = &client->config;
    char *new_https = NULL, *new_http = NULL, *new_exceptions = NULL;
    int result = normal_proxy(client, https.name, https.value, &new_https);

    if (!result)
        result = normal_proxy(client, http.name, http.value, &new_http);
    if (!result)
        result = capauth__replace(&new_exceptions, exceptions) ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
    if (!result) {
        swap(&config->net.https_proxy, &new_https);
        swap(&config->net.http_proxy, &new_http);
        swap(&config->net.no_proxy, &new_exceptions);
    }
    capauth__wipe_free(&new_https);
    capauth__wipe_free(&new_http);
    capauth__wipe_free(&new_exceptions);
    return result;
}

static int use_environment(capauth_client *client)
{
    struct proxy https, http;
    const char *name = NULL;

    https.value = first_of(https_variables, &https.name);
    http.value = first_of(http_variables, &http.name);
    return set_proxies(client, https, http, first_of(exception_variables, &name));
}

int capauth__set_proxy(capauth_client *client, const char *proxy)
{
    struct proxy both = {.name = "proxy"};

    if (!proxy)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "proxy is missing");
    if (!strcmp(proxy, "env"))
        return use_environment(client);
    both.value = *proxy ? proxy : NULL;
    return set_proxies(client, both, both, NULL);
}
