/* SPDX-License-Identifier: Apache-2.0 */
#include "session/client.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/settings.h"
#include "base/platform.h"
#include "net/transport.h"
#include "net/url.h"
#include "net/waiting.h"
#include "session/call.h"

const char *capauth_version(void)
{
    return CAPAUTH_BUILD_VERSION;
}

void capauth_string_free(char **text)
{
    if (text)
        capauth__forget(text);
}

bool capauth__client_forked(const capauth_client *client)
{
    return client->fork_mark ? !*client->fork_mark : client->process != getpid();
}

int capauth__client_check(const capauth_client *client)
{
    if (!client)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (capauth__client_forked(client))
        return CAPAUTH_E_FORKED;
    return atomic_load(&client->closed) ? CAPAUTH_E_CLOSED : CAPAUTH_OK;
}

int capauth_client_new(capauth_client **out)
{
    capauth_client *client;
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if ((result = capauth__transport_library_init()))
        return result;
    if (!(client = calloc(1, sizeof *client)))
        goto no_client;
    client->handles = 1;
    client->process = getpid();
    client->fork_mark = capauth__fork_mark_new();
    client->server_clock_ms = LLONG_MIN;
    if (!capauth__config_init(&client->config))
        goto no_config;
    capauth__engine_init(&client->engine, &client->config.net);
    pthread_mutex_init(&client->mutex, NULL);
    pthread_mutex_init(&client->reasons_mutex, NULL);
    pthread_mutex_init(&client->events.mutex, NULL);
    *out = client;
    return CAPAUTH_OK;

no_config:
    capauth__fork_mark_free(client->fork_mark);
    capauth__config_free(&client->config);
    free(client);
no_client:
    capauth__transport_library_cleanup();
    return CAPAUTH_E_NO_MEMORY;
}

static void client_end(capauth_client *client)
{
    bool forked = capauth__client_forked(client);

    capauth__engine_end(&client->engine, forked);
    capauth__events_end(client);
    capauth__config_free(&client->config);
    capauth__reasons_free(&client->reasons);
    if (!forked) {
        pthread_mutex_destroy(&client->mutex);
        pthread_mutex_destroy(&client->reasons_mutex);
        pthread_mutex_destroy(&client->events.mutex);
        capauth__transport_library_cleanup();
    }
    capauth__fork_mark_free(client->fork_mark);
    free(client);
}

void capauth__client_hold(capauth_client *client)
{
    atomic_fetch_add(&client->handles, 1);
}

void capauth__client_release(capauth_client *client)
{
    if (atomic_fetch_sub(&client->handles, 1) == 1)
        client_end(client);
}

void capauth_client_free(capauth_client **client)
{
    if (client && *client) {
        capauth__client_release(*client);
        *client = NULL;
    }
}

int capauth_client_close(capauth_client *client)
{
    if (!client)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (!atomic_exchange(&client->closed, true) && !capauth__client_forked(client))
        capauth__engine_close(&client->engine);
    return CAPAUTH_OK;
}

void capauth__client_lock(const capauth_client *client)
{
    if (!capauth__client_forked(client))
        pthread_mutex_lock((pthread_mutex_t *)(uintptr_t)&client->mutex);
}

void capauth__client_unlock(const capauth_client *client)
{
    if (!capauth__client_forked(client))
        pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)&client->mutex);
}

const struct capauth__config *capauth__client_freeze(capauth_client *client)
{
    if (!atomic_load(&client->used)) {
        capauth__client_lock(client); /* a setter that is at work finishes first */
        atomic_store(&client->used, true);
        capauth__client_unlock(client);
    }
    return &client->config;
}

bool capauth__client_has_origin(const capauth_client *client)
{
    bool has;

    capauth__client_lock(client);
    has = client->config.base_url != NULL;
    capauth__client_unlock(client);
    return has;
}

int capauth__client_fail(capauth_client *client, int code, const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started one line above; clang 14 loses sight of it */
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&client->reasons_mutex);
    capauth__reason_set(&client->reasons, message);
    pthread_mutex_unlock(&client->reasons_mutex);
    return code;
}

int capauth__client_open(capauth_client *client)
{
    int result = capauth__client_check(client);

    return result == CAPAUTH_E_CLOSED ? capauth__client_fail(client, result, "%s", capauth_strerror(result)) : result;
}

const char *capauth_client_error_message(const capauth_client *client)
{
    return client ? capauth__reason_get(client->reasons) : "";
}

int capauth_client_copy_error_message(const capauth_client *client, char **text)
{
    pthread_mutex_t *mutex;

    if (!text)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *text = NULL;
    if (!client)
        return CAPAUTH_E_INVALID_ARGUMENT;
    mutex = capauth__client_forked(client) ? NULL : (pthread_mutex_t *)(uintptr_t)&client->reasons_mutex;
    if (mutex)
        pthread_mutex_lock(mutex);
    *text = capauth__duplicate(capauth_client_error_message(client));
    if (mutex)
        pthread_mutex_unlock(mutex);
    return *text ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

int64_t capauth__server_now(capauth_client *client)
{
    long long offset = atomic_load(&client->server_clock_ms);
    int64_t now;

    if (offset != LLONG_MIN)
        return capauth__boottime_ms() + offset;
    capauth__client_lock(client);
    now = capauth__realtime_ms() + client->config.clock_offset_ms;
    capauth__client_unlock(client);
    return now;
}

bool capauth__server_clock_known(capauth_client *client)
{
    return atomic_load(&client->server_clock_ms) != LLONG_MIN;
}

void capauth__server_clock_set(capauth_client *client, int64_t date_ms)
{
    if (date_ms > 0)
        atomic_store(&client->server_clock_ms, date_ms - capauth__boottime_ms());
}

/* How long before it is issued a fresh token may seem to be, and how long one that does not say lives at least. */
enum { CLOCK_TOLERANCE_MS = 60000 };

void capauth__server_clock_check(capauth_client *client, const struct capauth__claims *fresh)
{
    int64_t now_ms = capauth__server_now(client);
    int64_t issued_ms = fresh->issued_at_ms ? fresh->issued_at_ms : fresh->expires_at_ms - CLOCK_TOLERANCE_MS;
    bool sane = fresh->expires_at_ms && issued_ms < fresh->expires_at_ms;

    if (sane && (now_ms >= fresh->expires_at_ms || now_ms < fresh->issued_at_ms - CLOCK_TOLERANCE_MS))
        capauth__server_clock_set(client, issued_ms);
}

static int system_failure(capauth_client *client, const char *operation)
{
    char reason[128];

    capauth__system_error(errno, reason, sizeof reason);
    return capauth__client_fail(client, CAPAUTH_E_SYSTEM, "%s: %s: %s", operation, capauth_strerror(CAPAUTH_E_SYSTEM),
                                reason);
}

int capauth_client_poll(capauth_client *client, int timeout_ms)
{
    int result = capauth__client_check(client);

    if (result == CAPAUTH_E_CLOSED)
        timeout_ms = 0; /* nothing more will finish; what did can be collected */
    else if (result)
        return result;
    if (capauth__in_callback(client))
        return CAPAUTH_E_REENTRANT;
    result = capauth__wait_for_any(&client->engine, timeout_ms);
    if (result == CAPAUTH_E_SYSTEM)
        (void)system_failure(client, "poll");
    capauth__deliver(client);
    return result;
}

int capauth_client_fd(capauth_client *client)
{
    int result = capauth__client_check(client);
    int fd;

    if (result)
        return result;
    fd = capauth__engine_fd(&client->engine);
    if (fd >= 0)
        return fd;
    return errno == ENOSYS ? CAPAUTH_E_UNSUPPORTED : system_failure(client, "fd");
}

int capauth_client_next_done(capauth_client *client, capauth_call **out)
{
    int result = capauth__client_check(client);

    if (out)
        *out = NULL;
    if (!out || (result && result != CAPAUTH_E_CLOSED))
        return out ? result : CAPAUTH_E_INVALID_ARGUMENT;
    *out = capauth__call_next_done(client);
    return *out ? 1 : 0;
}

static capauth_call *new_prepare(capauth_client *client)
{
    return capauth__call_new(client, NULL, CAPAUTH__PREPARE, NULL);
}

static int start_prepare(capauth_client *client, capauth_call *call, int allowed, capauth_call **out)
{
    if (allowed)
        return capauth__call_refuse(call, out, allowed, NULL, NULL);
    if (!capauth__client_has_origin(client))
        return capauth__call_refuse(call, out, CAPAUTH_E_INVALID_ARGUMENT, "base_url",
                                    "set a cluster or a base URL first");
    capauth__buffer_text(&call->exchange.url, capauth__client_freeze(client)->base_url);
    call->exchange.method = "CONNECT";
    call->exchange.repeatable = true;
    return capauth__call_start(call, out);
}

int capauth_client_start_prepare(capauth_client *client, capauth_call **out)
{
    int allowed;
    capauth_call *call;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if (!client)
        return CAPAUTH_E_INVALID_ARGUMENT;
    allowed = capauth__call_allowed(client, false);
    if (allowed == CAPAUTH_E_FORKED)
        return allowed;
    if (!(call = new_prepare(client)))
        return CAPAUTH_E_NO_MEMORY;
    return start_prepare(client, call, allowed, out);
}

int capauth_client_prepare(capauth_client *client)
{
    int result;
    capauth_call *call;

    if (!client)
        return CAPAUTH_E_INVALID_ARGUMENT;
    result = capauth__call_allowed(client, true);
    if (result == CAPAUTH_E_FORKED)
        return result;
    if (!(call = new_prepare(client)))
        return CAPAUTH_E_NO_MEMORY;
    capauth__task_hold(&call->task); /* for the message */
    result = start_prepare(client, call, result, NULL);
    if (result)
        (void)capauth__client_fail(client, result, "%s", capauth_call_error_message(call));
    capauth__task_release(&call->task);
    return result;
}

int capauth_diagnose(capauth_client *client, char **out)
{
    struct capauth__buffer text = {0};
    const struct capauth__config *config;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if (client && capauth__client_forked(client))
        return CAPAUTH_E_FORKED;
    capauth__buffer_text(&text, "capauth " CAPAUTH_BUILD_VERSION "\n");
    capauth__transport_versions(&text);
    if (client) {
        pthread_mutex_lock(&client->mutex);
        config = &client->config;
        capauth__buffer_text(&text, "origin: ");
        capauth__buffer_text(&text, config->base_url ? config->base_url : "none set");
        capauth__buffer_text(&text, "\nCA store: ");
        capauth__buffer_text(&text, config->net.ca_source ? config->net.ca_source : "none found; TLS will fail");
        capauth__buffer_text(&text, "\nTLS: 1.");
        capauth__buffer_text(&text, config->net.tls_min && !strcmp(config->net.tls_min, "1.3") ? "3" : "2 or newer");
        capauth__buffer_text(&text, config->net.pinned_keys ? ", pinned keys" : "");
        capauth__buffer_text(&text, config->net.client_cert ? ", client certificate" : "");
        capauth__buffer_text(&text, "\nHTTP: ");
        capauth__buffer_text(&text, config->net.http2 ? "2" : "1.1");
        capauth__buffer_text(&text, config->base_url && capauth__proxy_of(&config->net, config->base_url)
                                        ? ", through a proxy\n"
                                        : ", no proxy\n");
        pthread_mutex_unlock(&client->mutex);
    }
    *out = capauth__buffer_take(&text);
    return *out ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}
