/* SPDX-License-Identifier: Apache-2.0 */
#include "session/client.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/platform.h"
#include "net/transport.h"
#include "net/url.h"

/* ---- Life ---- */

int capauth__client_create(capauth_client **out)
{
    capauth_client *client;
    int result = capauth__transport_library_init();

    if (result)
        return result;
    if (!(client = calloc(1, sizeof *client)) || !capauth__config_init(&client->config)) {
        if (client)
            capauth__config_free(&client->config);
        free(client);
        capauth__transport_library_cleanup();
        return CAPAUTH_E_NO_MEMORY;
    }
    client->handles = 1;
    client->server_clock_ms = LLONG_MIN;
    capauth__process_init(&client->process);
    capauth__engine_init(&client->engine, &client->config.net);
    capauth__notices_init(&client->notices, &client->process);
    capauth__log_init(&client->log, &client->notices);
    pthread_mutex_init(&client->mutex, NULL);
    pthread_mutex_init(&client->reasons_mutex, NULL);
    *out = client;
    return CAPAUTH_OK;
}

static void client_end(capauth_client *client)
{
    bool forked = capauth__client_forked(client);

    capauth__engine_end(&client->engine, forked);
    capauth__log_end(&client->log);
    capauth__notices_end(&client->notices);
    capauth__config_free(&client->config);
    capauth__reasons_free(&client->reasons);
    capauth__destroy_mutex(&client->process, &client->mutex);
    capauth__destroy_mutex(&client->process, &client->reasons_mutex);
    if (!forked)
        capauth__transport_library_cleanup();
    capauth__process_end(&client->process);
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

/* ---- Whether it can be used, and why not ---- */

bool capauth__client_forked(const capauth_client *client)
{
    return capauth__is_forked(&client->process);
}

int capauth__client_check(const capauth_client *client)
{
    if (!client)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (capauth__client_forked(client))
        return CAPAUTH_E_FORKED;
    return atomic_load(&client->closed) ? CAPAUTH_E_CLOSED : CAPAUTH_OK;
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

int capauth__client_no_memory(capauth_client *client)
{
    return capauth__client_fail(client, CAPAUTH_E_NO_MEMORY, "%s", capauth_strerror(CAPAUTH_E_NO_MEMORY));
}

int capauth__client_refuse(capauth_client *client, const char *name, const char *fault)
{
    if (fault == capauth__unchecked)
        return CAPAUTH_E_NO_MEMORY;
    return capauth__client_fail(client, CAPAUTH_E_INVALID_ARGUMENT, "%s %s", name, fault);
}

int capauth__client_unsupported(capauth_client *client, const char *name, const char *what)
{
    return capauth__client_fail(client, CAPAUTH_E_UNSUPPORTED, "%s: this libcurl does not support %s", name, what);
}

int capauth__client_open(capauth_client *client)
{
    int result = capauth__client_check(client);

    return result == CAPAUTH_E_CLOSED ? capauth__client_fail(client, result, "%s", capauth_strerror(result)) : result;
}

/* ---- Configuration ---- */

void capauth__client_lock(const capauth_client *client)
{
    capauth__lock(&client->process, &client->mutex);
}

void capauth__client_unlock(const capauth_client *client)
{
    capauth__unlock(&client->process, &client->mutex);
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

/* ---- Notices ---- */

void capauth__client_tell(capauth_client *client)
{
    if (!capauth__notices_are_queued(&client->notices))
        return;
    /* A callback may free the last handle; the client then ends below, after the callbacks. */
    capauth__client_hold(client);
    capauth__notices_tell(&client->notices);
    capauth__client_release(client);
}

int capauth__client_listener(capauth_client *client, bool wanted, void *data, void (*free_data)(void *data),
                             struct capauth__listener **listener)
{
    int result = capauth__client_check(client);

    *listener = NULL;
    if (!result && wanted && !(*listener = capauth__listener_new(&client->notices, data, free_data)))
        result = CAPAUTH_E_NO_MEMORY;
    if (!*listener && free_data)
        free_data(data);
    return result;
}

/* ---- The server's clock ---- */

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
