/* SPDX-License-Identifier: Apache-2.0 */
#include "api/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platform.h"
#include "net/transport.h"
#include "net/url.h"
#include "protocol/headers.h"

static int setter_end(capauth_client *client, int result)
{
    pthread_mutex_unlock(&client->mutex);
    return result == CAPAUTH_E_NO_MEMORY ? capauth__client_no_memory(client) : result;
}

/*
 * Every setter holds the client's mutex from here to `setter_end`. An operation that starts meanwhile waits for that,
 * and then the settings stand: capauth__client_freeze. Not CAPAUTH_OK: refused, and not held.
 */
static int setter_begin(capauth_client *client)
{
    int result = capauth__client_open(client);

    if (result)
        return result;
    pthread_mutex_lock(&client->mutex);
    if (!atomic_load(&client->used))
        return CAPAUTH_OK;
    return setter_end(client, capauth__client_fail(client, CAPAUTH_E_STATE, "%s", capauth_strerror(CAPAUTH_E_STATE)));
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
        return capauth__client_refuse(client, name, fault);
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

static int replace_text(capauth_client *client, char **slot, const char *name, const char *value)
{
    const char *fault = capauth__text_fault(value, CAPAUTH__IDENTITY_LONGEST);

    if (fault)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s %s", name, fault);
    return replace(slot, value);
}

/* `choices` ends with NULL. */
static int replace_choice(capauth_client *client, char **slot, const char *name, const char *value,
                          const char *const *choices)
{
    char text[128] = "";

    for (; *choices; choices++) {
        if (value && !strcmp(value, *choices))
            return replace(slot, value);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? ", " : "", *choices);
    }
    return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s is not one of %s", name, text);
}

struct number {
    const char *name;
    int least;
    int most;
    int (*check)(capauth_client *client, int value); /* whether a number within the bounds will do; NULL: it will */
};

static int replace_number(capauth_client *client, int *slot, const struct number *number, int value)
{
    int result = CAPAUTH_OK;

    if (value < number->least || value > number->most)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s is %d; it must be %d to %d", number->name,
                                    value, number->least, number->most);
    if (number->check)
        result = number->check(client, value);
    if (!result)
        *slot = value;
    return result;
}

/* ---- What is more than its row in core/settings.json says ---- */

static const struct {
    const char *name;
    const char *base_url;
    const char *gateway_url;
} clusters[] = {
#define CLUSTER(name, base_url, gateway_url) {name, base_url, gateway_url},
#include "generated/settings.def"
};

static const char cluster_names[] =
#define CLUSTER(name, base_url, gateway_url) ", " name
#include "generated/settings.def"
    ;

/* Both or neither: a token of one cluster has no business at the other's gateway. */
static int use_cluster(struct capauth__config *config, const char *base_url, const char *gateway_url)
{
    char *gateway = capauth__duplicate(gateway_url);

    if (!gateway || !capauth__replace(&config->base_url, base_url)) {
        capauth__wipe_free(&gateway);
        return CAPAUTH_E_NO_MEMORY;
    }
    capauth__wipe_free(&config->cluster_gateway);
    config->cluster_gateway = gateway;
    return CAPAUTH_OK;
}

static int set_cluster(capauth_client *client, const char *name)
{
    for (size_t i = 0; name && i < sizeof clusters / sizeof clusters[0]; i++) {
        if (strcmp(name, clusters[i].name) != 0)
            continue;
        return use_cluster(&client->config, clusters[i].base_url, clusters[i].gateway_url);
    }
    return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "cluster is not one of %s",
                                cluster_names + strlen(", "));
}

static int set_base_url(capauth_client *client, const char *url)
{
    int result = replace_url(client, &client->config.base_url, "base_url", url);

    if (!result)
        capauth__wipe_free(&client->config.cluster_gateway);
    return result;
}

static int check_http2(capauth_client *client, int enabled)
{
    return enabled && !capauth__transport_has_http2() ? capauth__client_unsupported(client, "http2", "HTTP/2")
                                                      : CAPAUTH_OK;
}

static bool is_plain(const char *url)
{
    return url && capauth__has_scheme(url, "http") && !capauth__url_is_loopback(url);
}

/* What was let in while it was allowed would stay in use. */
static const char *plain_setting(const struct capauth__config *config)
{
    return is_plain(config->base_url) ? "base_url" : is_plain(config->gateway_url) ? "gateway_url" : NULL;
}

static int check_allow_http(capauth_client *client, int allowed)
{
    const char *plain = allowed ? NULL : plain_setting(&client->config);

    return plain ? capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "allow_http cannot be 0: %s is plain http",
                                        plain)
                 : CAPAUTH_OK;
}

int capauth_client_set_clock_offset_ms(capauth_client *client, int64_t offset_ms)
{
    const int64_t century_ms = INT64_C(100) * 366 * 86400000;
    int result = setter_begin(client);

    if (result)
        return result;
    if (offset_ms < -century_ms || offset_ms > century_ms)
        return setter_end(
            client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "clock_offset_ms is more than 100 years"));
    client->config.clock_offset_ms = offset_ms;
    return setter_end(client, CAPAUTH_OK);
}

static int use_ca_store(capauth_client *client, struct capauth__ca_store *store, const char *why, const char *path)
{
    return capauth__config_use_ca_store(&client->config, store, why, path) ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

static int set_ca_file(capauth_client *client, const char *path)
{
    struct capauth__ca_store store = {.fd = -1};
    int result = replace_file(client, &store.file, "ca_file", path);

    return result ? result : use_ca_store(client, &store, "ca_file: ", path);
}

/* As a file, since curl does not cache what it gets as a blob: 30 ms for each connection. */
static int replace_ca_pem(capauth_client *client, const char *pem)
{
    struct capauth__ca_store store = {0};
    char path[64];
    int result = CAPAUTH_OK;

    store.fd = capauth__memory_file(pem, strlen(pem), path, sizeof path);
    if (store.fd < 0)
        result = capauth__transport_try_ca_pem(pem);
    else if (!(store.file = capauth__duplicate(path)))
        result = CAPAUTH_E_NO_MEMORY;
    if (!result && !(store.pem = capauth__duplicate(pem)))
        result = CAPAUTH_E_NO_MEMORY;
    if (!result)
        return use_ca_store(client, &store, "ca_pem", "");
    capauth__ca_store_free(&store);
    return result == CAPAUTH_E_UNSUPPORTED ? capauth__client_unsupported(client, "ca_pem", "certificates as text")
                                           : result;
}

static int set_ca_pem(capauth_client *client, const char *pem)
{
    const char *fault = pem ? capauth__length_fault(pem, CAPAUTH__PEM_LONGEST) : NULL;

    if (!fault && (!pem || !strstr(pem, "-----BEGIN CERTIFICATE-----")))
        fault = "has no certificate in PEM form";
    return fault ? capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "ca_pem %s", fault)
                 : replace_ca_pem(client, pem);
}

/* curl takes a misspelt pin for the name of a file. */
static bool pins_are_sane(const char *pins)
{
    while (*pins) {
        size_t length = strcspn(pins, ";");

        if (length < 8 + 44 || strncmp(pins, "sha256//", 8) != 0 ||
            strspn(pins + 8, CAPAUTH__ALPHANUMERIC "+/=") != length - 8)
            return false;
        pins += length;
        if (*pins == ';')
            pins++;
    }
    return true;
}

static int set_pinned_keys(capauth_client *client, const char *pins)
{
    const char *fault = capauth__text_fault(pins, CAPAUTH__PATH_LONGEST);
    int result;

    if (!fault && !pins_are_sane(pins))
        fault = "is not of the form sha256//BASE64;sha256//BASE64";
    if (fault)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "pinned_keys %s", fault);
    if ((result = capauth__transport_try_pins(pins)) == CAPAUTH_E_UNSUPPORTED)
        return capauth__client_unsupported(client, "pinned_keys", "pinned keys");
    return result ? result : replace(&client->config.net.pinned_keys, pins);
}

static int set_proxy(capauth_client *client, const char *proxy)
{
    return capauth__set_proxy(client, proxy);
}

int capauth_client_add_header(capauth_client *client, const char *name, const char *value)
{
    int result = setter_begin(client);
    const char *subject, *fault;

    if (result)
        return result;
    if (capauth__headers_full(client->config.net.headers))
        return setter_end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT,
                                                       "too many headers (at most %d)", CAPAUTH__HEADERS_MOST));
    if ((fault = capauth__added_header_fault(name, value, &subject)))
        return setter_end(client, capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s %s", subject, fault));
    return setter_end(client, capauth__header_push(&client->config.net.headers, name, value) ? CAPAUTH_OK
                                                                                             : CAPAUTH_E_NO_MEMORY);
}

static int read_number(const capauth_client *client, const int *slot)
{
    int value;

    capauth__client_lock(client);
    value = *slot;
    capauth__client_unlock(client);
    return value;
}

/* ---- The functions of capauth.h, one for each row of core/settings.json ---- */

#define KEPT_BY(replace, name, member)                                                                                 \
    static int set_##name(capauth_client *client, const char *value)                                                   \
    {                                                                                                                  \
        return replace(client, &client->config.member, #name, value);                                                  \
    }
#define URL(name, member) KEPT_BY(replace_url, name, member)
#define READABLE_FILE(name, member) KEPT_BY(replace_file, name, member)
#define PLAIN_TEXT(name, member) KEPT_BY(replace_text, name, member)
#define CHOICE(name, member, ...)                                                                                      \
    static int set_##name(capauth_client *client, const char *value)                                                   \
    {                                                                                                                  \
        static const char *const choices[] = {__VA_ARGS__, NULL};                                                      \
                                                                                                                       \
        return replace_choice(client, &client->config.member, #name, value, choices);                                  \
    }
#include "generated/settings.def"

#define TEXT_SETTER(name)                                                                                              \
    int capauth_client_set_##name(capauth_client *client, const char *value)                                           \
    {                                                                                                                  \
        int result = setter_begin(client);                                                                             \
                                                                                                                       \
        return result ? result : setter_end(client, set_##name(client, value));                                        \
    }
#define NUMBER(name, member, least, most, default_value, check)                                                        \
    int capauth_client_set_##name(capauth_client *client, int value)                                                   \
    {                                                                                                                  \
        static const struct number number = {#name, least, most, check};                                               \
        int result = setter_begin(client);                                                                             \
                                                                                                                       \
        return result ? result : setter_end(client, replace_number(client, &client->config.member, &number, value));   \
    }
#define GETTER(name, member)                                                                                           \
    int capauth_client_##name(const capauth_client *client)                                                            \
    {                                                                                                                  \
        return client ? read_number(client, &client->config.member) : 0;                                               \
    }
#include "generated/settings.def"
