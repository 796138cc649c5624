/* SPDX-License-Identifier: Apache-2.0 */
/* What capauth says of itself: version, log, trace, and what a client was set up with. */
#include <string.h>

#include "base/json.h"
#include "net/transport.h"
#include "net/url.h"
#include "session/client.h"

#ifndef CAPAUTH_INSIDE /* only packages that carry libraries have it */
#define CAPAUTH_INSIDE ""
#endif

const char *capauth_version(void)
{
    return CAPAUTH_BUILD_VERSION;
}

void capauth_string_free(char **text)
{
    if (text)
        capauth__wipe_free(text);
}

int capauth_client_set_log(capauth_client *client, capauth_log_callback callback, void *data,
                           void (*free_data)(void *data))
{
    struct capauth__listener *listener;
    int result = capauth__client_listener(client, callback != NULL, data, free_data, &listener);

    if (result)
        return result;
    if (listener)
        listener->callback.log = callback;
    capauth__log_listen(&client->log, listener);
    return CAPAUTH_OK;
}

int capauth_client_set_log_level(capauth_client *client, int level)
{
    int result = capauth__client_open(client);

    if (result)
        return result;
    if (level < 0 || level > CAPAUTH_LOG_DEBUG)
        return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "log_level is %d; it must be 0 to %d", level,
                                    CAPAUTH_LOG_DEBUG);
    capauth__log_set_level(&client->log, level);
    return CAPAUTH_OK;
}

int capauth_client_set_trace(capauth_client *client, capauth_trace_callback callback, void *data,
                             void (*free_data)(void *data))
{
    struct capauth__listener *listener;
    int result = capauth__client_listener(client, callback != NULL, data, free_data, &listener);

    if (result)
        return result;
    if (listener)
        listener->callback.trace = callback;
    capauth__trace_listen(&client->log, listener);
    return CAPAUTH_OK;
}

/* Lines of a name and a version; "inside" are libraries of a package of ours, as whoever packaged them calls them. */
static void tell_versions(struct capauth__buffer *text)
{
    capauth__buffer_text(text, "capauth " CAPAUTH_BUILD_VERSION "\n");
    capauth__transport_versions(text);
    capauth__buffer_text(text, "json-c ");
    capauth__buffer_text(text, capauth__json_version());
    capauth__buffer_text(text, sizeof CAPAUTH_INSIDE > 1 ? "\ninside: " CAPAUTH_INSIDE "\n" : "\n");
}

static void tell_configuration(struct capauth__buffer *text, const struct capauth__config *config)
{
    capauth__buffer_text(text, "origin: ");
    capauth__buffer_text(text, config->base_url ? config->base_url : "not set");
    capauth__buffer_text(text, "\nCA store: ");
    capauth__buffer_text(text, config->net.ca_source ? config->net.ca_source : "none found; TLS will fail");
    capauth__buffer_text(text, "\nTLS: 1.");
    capauth__buffer_text(text, config->net.tls_min && !strcmp(config->net.tls_min, "1.3") ? "3" : "2 or newer");
    capauth__buffer_text(text, config->net.pinned_keys ? ", pinned keys" : "");
    capauth__buffer_text(text, config->net.client_cert ? ", client certificate" : "");
    capauth__buffer_text(text, "\nHTTP: ");
    capauth__buffer_text(text, config->net.http2 ? "2" : "1.1");
    capauth__buffer_text(text, config->base_url && capauth__proxy_of(&config->net, config->base_url)
                                   ? ", through a proxy\n"
                                   : ", no proxy\n");
}

int capauth_diagnose(capauth_client *client, char **out)
{
    struct capauth__buffer text = {0};

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if (client && capauth__client_forked(client))
        return CAPAUTH_E_FORKED;
    tell_versions(&text);
    if (client) {
        pthread_mutex_lock(&client->mutex);
        tell_configuration(&text, &client->config);
        pthread_mutex_unlock(&client->mutex);
    }
    *out = capauth__buffer_take(&text);
    return *out ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}
