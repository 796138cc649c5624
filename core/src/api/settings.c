/* SPDX-License-Identifier: Apache-2.0 */
#include "api/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platform.h"
#include "net/transport.h"
#include "net/url.h"

static int end(capauth_client *client, int result)
{
    pthread_mutex_unlock(&client->mutex);
    return result;
}

/*
 * Every setter holds the client's mutex from here to `end`. An operation that starts meanwhile waits for that, and then
 * the settings stand: capauth__client_freeze. Not CAPAUTH_OK: refused, and not held.
 */
static int begin(capauth_client *client)
{
    int result = capauth__client_open(client);

    if (result)
        return result;
    pthread_mutex_lock(&client->mutex);
    if (!atomic_load(&client->used))
        return CAPAUTH_OK;
    return end(client, capauth__client_fail(client, CAPAUTH_E_STATE, "%s", capauth_strerror(CAPAUTH_E_STATE)));
}

/* The next ones with the mutex held. */

static int replace(char **slot, const char *value)
{
    return capauth__replace(slot, value) ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

static int replace_url(capauth_client *client, char **slot, const char *name, const char *url)
{
    const char *fault = capauth__text_fault(url, CAPAUTH__URL_LONGEST);
    char *normal;

    if (!fault)
        fault = capauth__url_fault(url, !client->config.allow_http);
    if (fault)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s %s", name, fault);
    if (!(normal = capauth__url_normal(url)))
        return CAPAUTH_E_NO_MEMORY;
    free(*slot);
    *slot = normal;
    return CAPAUTH_OK;
}

/* Files are looked at when they are set: an error that names the file beats a failed handshake later. */
static int replace_file(capauth_client *client, char **slot, const char *name, const char *path)
{
    const char *fault = capauth__text_fault(path, CAPAUTH__PATH_LONGEST);

    if (fault)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s %s", name, fault);
    if (access(path, R_OK))
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s %s cannot be read", name, path);
    return replace(slot, path);
}

static int replace_number(capauth_client *client, int *slot, const char *name, int value, int least, int most)
{
    if (value < least || value > most)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s is %d, and may be %d to %d", name, value,
                                    least, most);
    *slot = value;
    return CAPAUTH_OK;
}

static int unsupported(capauth_client *client, const char *name, const char *what)
{
    return capauth__client_fail(client, CAPAUTH_E_UNSUPPORTED, "%s: this libcurl knows no %s", name, what);
}

static int set_number(capauth_client *client, int *slot, const char *name, int value, int least, int most)
{
    int result = begin(client);

    return result ? result : end(client, replace_number(client, slot, name, value, least, most));
}

struct cluster {
    const char *name;
    const char *base_url;
    const char *gateway_url;
};

static const struct cluster clusters[] = {
    {"APAC", "https://apac-s3wrapper.capillarytech.com", "https://apac-apigateway.capillarytech.com/mobile"},
    {"APAC2", "https://apac2-auth-api.capillarytech.com", "https://apac2-api-gateway.capillarytech.com/mobile"},
    {"EU", "https://eu-auth-api.capillarytech.com", "https://eu-api-gateway.capillarytech.com/mobile"},
};

int capauth_client_set_cluster(capauth_client *client, const char *name)
{
    int result = begin(client);

    if (result)
        return result;
    for (size_t i = 0; name && i < sizeof clusters / sizeof clusters[0]; i++) {
        if (strcmp(name, clusters[i].name) != 0)
            continue;
        result = replace(&client->config.cluster_gateway, clusters[i].gateway_url);
        return end(client, result ? result : replace(&client->config.base_url, clusters[i].base_url));
    }
    return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "cluster is none of APAC, APAC2, EU"));
}

int capauth_client_set_base_url(capauth_client *client, const char *url)
{
    int result = begin(client);

    if (result)
        return result;
    result = replace_url(client, &client->config.base_url, "base_url", url);
    if (!result)
        capauth__forget(&client->config.cluster_gateway);
    return end(client, result);
}

int capauth_client_set_gateway_url(capauth_client *client, const char *url)
{
    int result = begin(client);

    return result ? result : end(client, replace_url(client, &client->config.gateway_url, "gateway_url", url));
}

bool capauth__gateway_base(const struct capauth__config *config, struct capauth__buffer *out)
{
    if (config->gateway_url)
        return capauth__buffer_text(out, config->gateway_url);
    if (config->cluster_gateway)
        return capauth__buffer_text(out, config->cluster_gateway);
    return capauth__buffer_text(out, config->base_url) && capauth__buffer_text(out, "/mobile");
}

#define NUMBER_SETTER(NAME, FIELD, LEAST, MOST)                                                                        \
    int capauth_client_set_##NAME(capauth_client *client, int value)                                                   \
    {                                                                                                                  \
        return set_number(client, client ? &client->config.FIELD : NULL, #NAME, value, LEAST, MOST);                   \
    }

NUMBER_SETTER(timeout_ms, timeout_ms, 1, CAPAUTH__DURATION_LONGEST)
NUMBER_SETTER(connect_timeout_ms, net.connect_timeout_ms, 1, CAPAUTH__DURATION_LONGEST)
NUMBER_SETTER(max_retries, max_retries, 0, 10)
NUMBER_SETTER(max_connections, net.max_connections, 1, 4096)
NUMBER_SETTER(refresh_margin_ms, refresh_margin_ms, 0, CAPAUTH__DURATION_LONGEST)
NUMBER_SETTER(auto_refresh, auto_refresh, 0, 1)
NUMBER_SETTER(cap_mobile, cap_mobile, 0, 1)

int capauth_client_set_http2(capauth_client *client, int enabled)
{
    int result = begin(client);

    if (result)
        return result;
    if (enabled == 1 && !capauth__transport_has_http2())
        return end(client, unsupported(client, "http2", "HTTP/2"));
    return end(client, replace_number(client, &client->config.net.http2, "http2", enabled, 0, 1));
}

/* What was let in while it was allowed would stay in use. */
static const char *plain_setting(const struct capauth__config *config)
{
    if (config->base_url && capauth__url_fault(config->base_url, true))
        return "base_url";
    return config->gateway_url && capauth__url_fault(config->gateway_url, true) ? "gateway_url" : NULL;
}

int capauth_client_set_allow_http(capauth_client *client, int allowed)
{
    int result = begin(client);
    const char *plain;

    if (result)
        return result;
    if (allowed < 0 || allowed > 1)
        return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT,
                                                "allow_http is %d, and may be 0 to 1", allowed));
    if (!allowed && (plain = plain_setting(&client->config)))
        return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT,
                                                "allow_http cannot be 0: %s is plain http beyond loopback", plain));
    client->config.allow_http = allowed;
    return end(client, CAPAUTH_OK);
}

int capauth_client_set_clock_offset_ms(capauth_client *client, int64_t offset_ms)
{
    const int64_t century_ms = INT64_C(100) * 366 * 86400000;
    int result = begin(client);

    if (result)
        return result;
    if (offset_ms < -century_ms || offset_ms > century_ms)
        return end(client,
                   capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "clock_offset_ms is over 100 years"));
    client->config.clock_offset_ms = offset_ms;
    return end(client, CAPAUTH_OK);
}

static void set_ca_source(struct capauth__config *config, const char *why, const char *path)
{
    char text[4200];

    snprintf(text, sizeof text, "%s%s", why, path);
    (void)capauth__replace(&config->net.ca_source, text); /* only told, in diagnose and TLS errors */
}

static void drop_ca_memory(struct capauth__config *config)
{
    if (config->net.ca_memory_fd >= 0)
        close(config->net.ca_memory_fd);
    config->net.ca_memory_fd = -1;
    capauth__forget(&config->net.ca_pem);
}

int capauth_client_set_ca_file(capauth_client *client, const char *path)
{
    int result = begin(client);

    if (result)
        return result;
    result = replace_file(client, &client->config.net.ca_file, "ca_file", path);
    if (!result) {
        drop_ca_memory(&client->config);
        set_ca_source(&client->config, "ca_file: ", path);
    }
    return end(client, result);
}

/* As a file, since curl does not cache what it gets as a blob: 30 ms for each connection. */
static int replace_ca_pem(capauth_client *client, const char *pem)
{
    struct capauth__config *config = &client->config;
    char path[64];
    int fd = capauth__memory_file(pem, strlen(pem), path, sizeof path);
    int result = fd < 0 ? capauth__transport_try_ca_pem(pem) : CAPAUTH_OK;

    if (result == CAPAUTH_E_UNSUPPORTED)
        return unsupported(client, "ca_pem", "certificates but those of a file");
    if (result)
        return result;
    drop_ca_memory(config);
    config->net.ca_memory_fd = fd;
    result = replace(&config->net.ca_pem, pem);
    if (!result && fd >= 0)
        result = replace(&config->net.ca_file, path);
    set_ca_source(config, "ca_pem", "");
    return result;
}

int capauth_client_set_ca_pem(capauth_client *client, const char *pem)
{
    int result = begin(client);

    if (result)
        return result;
    if (!pem || !strstr(pem, "-----BEGIN CERTIFICATE-----"))
        return end(client,
                   capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "ca_pem has no certificate in PEM form"));
    return end(client, replace_ca_pem(client, pem));
}

int capauth_client_set_tls_min(capauth_client *client, const char *version)
{
    int result = begin(client);

    if (result)
        return result;
    if (!version || (strcmp(version, "1.2") != 0 && strcmp(version, "1.3") != 0))
        return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "tls_min is neither 1.2 nor 1.3"));
    return end(client, replace(&client->config.net.tls_min, version));
}

/* curl takes a misspelt pin for the name of a file. */
static bool pins_are_sane(const char *pins)
{
    while (*pins) {
        size_t length = strcspn(pins, ";");

        if (length < 8 + 44 || strncmp(pins, "sha256//", 8) != 0 ||
            strspn(pins + 8, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != length - 8)
            return false;
        pins += length;
        if (*pins == ';')
            pins++;
    }
    return true;
}

int capauth_client_set_pinned_keys(capauth_client *client, const char *pins)
{
    int result = begin(client);

    if (result)
        return result;
    if (capauth__text_fault(pins, CAPAUTH__PATH_LONGEST) || !pins_are_sane(pins))
        return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT,
                                                "pinned_keys is not of the form sha256//BASE64;sha256//BASE64"));
    if ((result = capauth__transport_try_pins(pins)) == CAPAUTH_E_UNSUPPORTED)
        return end(client, unsupported(client, "pinned_keys", "pinned keys"));
    return end(client, result ? result : replace(&client->config.net.pinned_keys, pins));
}

int capauth_client_set_client_cert(capauth_client *client, const char *path)
{
    int result = begin(client);

    return result ? result : end(client, replace_file(client, &client->config.net.client_cert, "client_cert", path));
}

int capauth_client_set_client_key(capauth_client *client, const char *path)
{
    int result = begin(client);

    return result ? result : end(client, replace_file(client, &client->config.net.client_key, "client_key", path));
}

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
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s %s", name, fault);
    if (proxy && !(*out = capauth__proxy_normal(proxy)))
        return CAPAUTH_E_NO_MEMORY;
    if (*out && capauth__has_scheme(*out, "https") && !capauth__transport_has_https_proxies())
        return unsupported(client, name, "proxies with https");
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
        result = replace(&new_exceptions, exceptions);
    if (!result) {
        swap(&config->net.https_proxy, &new_https);
        swap(&config->net.http_proxy, &new_http);
        swap(&config->net.no_proxy, &new_exceptions);
    }
    capauth__forget(&new_https);
    capauth__forget(&new_http);
    capauth__forget(&new_exceptions);
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

int capauth_client_set_proxy(capauth_client *client, const char *proxy)
{
    int result = begin(client);
    struct proxy both = {.name = "proxy"};

    if (result)
        return result;
    if (!proxy)
        return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "proxy is missing"));
    if (!strcmp(proxy, "env"))
        return end(client, use_environment(client));
    both.value = *proxy ? proxy : NULL;
    return end(client, set_proxies(client, both, both, NULL));
}

int capauth_client_set_user_agent(capauth_client *client, const char *user_agent)
{
    int result = begin(client);
    const char *fault;

    if (result)
        return result;
    if ((fault = capauth__text_fault(user_agent, CAPAUTH__IDENTITY_LONGEST)))
        return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "user_agent %s", fault));
    return end(client, replace(&client->config.net.user_agent, user_agent));
}

int capauth_client_add_header(capauth_client *client, const char *name, const char *value)
{
    int result = begin(client);
    struct capauth__header *header;
    const char *fault;

    if (result)
        return result;
    if (capauth__headers_full(client->config.net.headers))
        return end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "header is one more than %d",
                                                CAPAUTH__HEADERS_MOST));
    if (!(header = capauth__header_new(name, value, &fault)))
        return end(client, fault ? capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "header %s", fault)
                                 : CAPAUTH_E_NO_MEMORY);
    header->next = client->config.net.headers;
    client->config.net.headers = header;
    return end(client, CAPAUTH_OK);
}

bool capauth__config_init(struct capauth__config *config)
{
    const char *file = capauth__environment("SSL_CERT_FILE");
    const char *why = "SSL_CERT_FILE: ";

    config->net.ca_memory_fd = -1;
    config->timeout_ms = 20000;
    config->net.connect_timeout_ms = 10000;
    config->max_retries = 2;
    config->net.max_connections = 8;
    config->refresh_margin_ms = 30000;
    config->auto_refresh = 1;
    if (!file) {
        file = capauth__system_ca_file();
        why = "the system's: ";
    }
    if (file)
        set_ca_source(config, why, file);
    return (!file || capauth__replace(&config->net.ca_file, file)) &&
           capauth__replace(&config->net.user_agent, "capauth/" CAPAUTH_BUILD_VERSION);
}

void capauth__config_free(struct capauth__config *config)
{
    drop_ca_memory(config);
    capauth__headers_free(&config->net.headers);
    capauth__forget(&config->base_url);
    capauth__forget(&config->gateway_url);
    capauth__forget(&config->cluster_gateway);
    capauth__forget(&config->net.ca_file);
    capauth__forget(&config->net.ca_source);
    capauth__forget(&config->net.tls_min);
    capauth__forget(&config->net.pinned_keys);
    capauth__forget(&config->net.client_cert);
    capauth__forget(&config->net.client_key);
    capauth__forget(&config->net.https_proxy);
    capauth__forget(&config->net.http_proxy);
    capauth__forget(&config->net.no_proxy);
    capauth__forget(&config->net.user_agent);
}
