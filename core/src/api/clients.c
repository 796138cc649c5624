/* SPDX-License-Identifier: Apache-2.0 */
/* Clients: their life, the ways to wait on them, and what they say of themselves. */
#include <errno.h>
#include <stdlib.h>

#include "base/platform.h"
#include "net/waiting.h"
#include "session/client.h"
#include "session/prepare.h"

int capauth_client_new(capauth_client **out)
{
    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    return capauth__client_create(out);
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

static int system_failure(capauth_client *client, const char *operation)
{
    int code = capauth__system_code(errno);
    char reason[128];

    capauth__system_error(errno, reason, sizeof reason);
    return capauth__client_fail(client, code, "%s: %s: %s", operation, capauth_strerror(code), reason);
}

int capauth_client_poll(capauth_client *client, int timeout_ms)
{
    int result = capauth__client_check(client);

    if (result == CAPAUTH_E_CLOSED)
        timeout_ms = 0; /* nothing more will finish; what did can be collected */
    else if (result)
        return result;
    if (capauth__notices_in_callback(&client->notices))
        return CAPAUTH_E_REENTRANT;
    result = capauth__wait_for_any(&client->engine, timeout_ms);
    if (result == CAPAUTH_E_SYSTEM)
        result = system_failure(client, "poll");
    capauth__client_tell(client);
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
    if (atomic_load(&client->closed)) /* by another thread, meanwhile */
        return CAPAUTH_E_CLOSED;
    return errno == ENOSYS ? CAPAUTH_E_UNSUPPORTED : system_failure(client, "fd");
}

int capauth_client_next_done(capauth_client *client, capauth_call **out)
{
    int result = capauth__client_check(client);

    if (out)
        *out = NULL;
    if (!out || (result && result != CAPAUTH_E_CLOSED))
        return out ? result : CAPAUTH_E_INVALID_ARGUMENT;
    *out = (capauth_call *)capauth__inbox_next_done(&client->engine.inbox);
    return *out ? 1 : 0;
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
    if (!(call = capauth__prepare_new(client)))
        return capauth__client_no_memory(client);
    return capauth__prepare_start(call, allowed, out);
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
    if (!(call = capauth__prepare_new(client)))
        return capauth__client_no_memory(client);
    capauth__task_hold(&call->task); /* for the message */
    result = capauth__prepare_start(call, result, NULL);
    if (result)
        (void)capauth__client_fail(client, result, "%s", capauth_call_error_message(call));
    capauth__call_release(call);
    return result;
}
