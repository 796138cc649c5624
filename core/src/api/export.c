/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions as texts, and back. */
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "net/url.h"
#include "protocol/export.h"
#include "session/session.h"
#include "session/start.h"

int capauth_session_export(const capauth_session *session, char **text)
{
    if (text)
        *text = NULL;
    if (!text || !session)
        return CAPAUTH_E_INVALID_ARGUMENT;
    capauth__session_lock(session);
    *text = capauth__session_export(session);
    capauth__session_unlock(session);
    return *text ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY; /* a constant session takes no note of it */
}

/* ---- Back ---- */

static const char other_origin[] = "belongs to another origin";

/* NULL: it is the client's. */
static const char *origin_fault(const capauth_client *client, const char *origin)
{
    const char *fault = origin ? capauth__url_fault(origin, false) : other_origin;
    char *normal;
    bool ours;

    if (fault)
        return fault == capauth__unchecked ? fault : other_origin;
    if (!(normal = capauth__url_normal(origin)))
        return capauth__unchecked;
    capauth__client_lock(client);
    ours = client->config.base_url && !strcmp(normal, client->config.base_url);
    capauth__client_unlock(client);
    capauth__wipe_free(&normal);
    return ours ? NULL : other_origin;
}

/* CAPAUTH_E_INVALID_ARGUMENT: *why follows "the export ". */
static int read(const capauth_client *client, const char *text, struct capauth__export *export, const char **why)
{
    int result = capauth__export_read(text, export, why);

    if (result)
        return result;
    *why = capauth__client_has_origin(client) ? origin_fault(client, export->origin)
                                              : "needs a client with a cluster or a base URL";
    if (*why == capauth__unchecked)
        return CAPAUTH_E_NO_MEMORY;
    return *why ? CAPAUTH_E_INVALID_ARGUMENT : CAPAUTH_OK;
}

static bool has_signed_in(const struct capauth__state *state)
{
    return state->session_id || state->token || state->key;
}

int capauth_session_restore(capauth_client *client, const char *text, capauth_session **out)
{
    struct capauth__export export;
    const char *why;
    bool used;
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if ((result = capauth__client_open(client)))
        return result;
    result = read(client, text, &export, &why);
    used = has_signed_in(&export.state);
    if (!result && !(*out = capauth__session_create(client, &export.state)))
        result = CAPAUTH_E_NO_MEMORY;
    if (*out)
        (*out)->used = used;
    capauth__export_free(&export);
    if (result == CAPAUTH_E_NO_MEMORY)
        return capauth__client_no_memory(client);
    return result ? capauth__client_fail(client, result, "the export %s", why) : CAPAUTH_OK;
}

static int fail(capauth_session *session, int code, const char *why)
{
    char text[160];

    snprintf(text, sizeof text, "%s%s", code == CAPAUTH_E_INVALID_ARGUMENT ? "the export " : "", why);
    capauth__session_set_error(session, text);
    return code;
}

/* With the session locked. */
static int adopt(capauth_session *session, struct capauth__state *other)
{
    struct capauth__state next;

    if (session->exclusive)
        return fail(session, CAPAUTH_E_BUSY, capauth_strerror(CAPAUTH_E_BUSY));
    if (!capauth__state_same_customer(&session->state, other))
        return fail(session, CAPAUTH_E_INVALID_ARGUMENT, "belongs to another customer, brand or flow");
    session->used = session->used || has_signed_in(other);
    session->regeneration.failed_ms = 0;
    capauth__state_after_reload(&session->state, other, &next);
    capauth__state_swap(&session->state, &next);
    return CAPAUTH_OK;
}

int capauth_session_reload(capauth_session *session, const char *text)
{
    struct capauth__export export;
    const char *why;
    int parsed;
    int result = capauth__session_open(session);

    if (result)
        return result;
    capauth__session_unlock(session);
    parsed = read(session->client, text, &export, &why);
    if (!parsed)
        capauth__retire_exclusive(session);
    if (!(result = capauth__session_open(session))) {
        result = parsed == CAPAUTH_E_INVALID_ARGUMENT ? fail(session, parsed, why)
                 : parsed                             ? capauth__session_no_memory(session)
                                                      : adopt(session, &export.state);
        capauth__session_unlock(session);
    }
    capauth__export_free(&export);
    return result;
}
