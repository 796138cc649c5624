/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session as one JSON text, and back. Version 1:
 *
 *   {"v":1,"origin":"https://host","flow":"mobile","brand":"B","device":"D","identifierType":"MOBILE","identifier":"I",
 *    "contactType":"EMAIL","contact":"C","sessionId":"S","nextStep":"otp_validate","token":"T","key":"K",...}
 *
 * Absent members are not known. Members that this version does not know are kept and written again, unless "must", a
 * list of names, says that they have to be understood.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "net/url.h"
#include "session/call.h"
#include "session/client.h"
#include "session/session.h"
#include "session/start.h"

static const char *const flow_names[] = {
    [CAPAUTH_FLOW_MOBILE] = "mobile",
    [CAPAUTH_FLOW_WEB] = "web",
    [CAPAUTH_FLOW_MFA] = "mfa",
    [CAPAUTH_FLOW_EXTERNAL] = "external",
};

static int flow_parse(const char *name)
{
    for (int flow = CAPAUTH_FLOW_MOBILE; name && flow <= CAPAUTH_FLOW_EXTERNAL; flow++) {
        if (!strcmp(name, flow_names[flow]))
            return flow;
    }
    return 0;
}

static int step_parse(const char *name)
{
    for (int step = CAPAUTH_STEP_TOKEN_GENERATE; name && step <= CAPAUTH_STEP_DONE; step++) {
        if (!strcmp(name, capauth_step_name(step)))
            return step;
    }
    return CAPAUTH_STEP_TOKEN_GENERATE;
}

/* Every member of version 1 that is a text: where it lives, and how long it may be. */
struct text_member {
    const char *name;
    size_t offset;
    size_t longest;
};

#define MEMBER(name, field, longest)                                                                                   \
    {                                                                                                                  \
        name, offsetof(capauth_session, field), longest                                                                \
    }

static const struct text_member text_members[] = {
    MEMBER("brand", brand, CAPAUTH__IDENTITY_LONGEST),
    MEMBER("device", device_id, CAPAUTH__DEVICE_LONGEST),
    MEMBER("identifier", identifier, CAPAUTH__IDENTITY_LONGEST),
    MEMBER("contact", contact, CAPAUTH__IDENTITY_LONGEST),
    MEMBER("sessionId", state.session_id, CAPAUTH__TOKEN_LONGEST),
    MEMBER("token", state.token, CAPAUTH__TOKEN_LONGEST),
    MEMBER("key", state.key, CAPAUTH__TOKEN_LONGEST),
    MEMBER("authorizedToken", state.authorized_token, CAPAUTH__TOKEN_LONGEST),
    MEMBER("accessToken", access_token, CAPAUTH__TOKEN_LONGEST),
    MEMBER("idToken", id_token, CAPAUTH__TOKEN_LONGEST),
    MEMBER("otherIdentifier", state.other_identifier, CAPAUTH__IDENTITY_LONGEST),
    MEMBER("otpChannel", state.otp_channel, CAPAUTH__IDENTITY_LONGEST),
};

enum { TEXT_MEMBERS = sizeof text_members / sizeof text_members[0] };

/* The other members of version 1. */
static const char *const other_members[] = {"v",
                                            "must",
                                            "origin",
                                            "flow",
                                            "identifierType",
                                            "contactType",
                                            "nextStep",
                                            "role",
                                            "appRegistered",
                                            "registeredForPassword",
                                            "otpSentAt",
                                            "otpWrongAnswers",
                                            "refreshOff",
                                            "validateUnknown"};

static char **slot_of(capauth_session *session, const struct text_member *member)
{
    return (char **)(void *)((char *)session + member->offset);
}

static void put_flag(struct capauth__buffer *out, const char *name, int value)
{
    if (value >= 0)
        capauth__json_put_integer(out, name, value);
}

static void write_state(struct capauth__buffer *out, const capauth_session *session)
{
    const struct capauth__state *state = &session->state;

    capauth__json_put_text(out, "nextStep", capauth_step_name(state->next_step));
    if (state->token && state->claims.role[0])
        capauth__json_put_text(out, "role", state->claims.role);
    put_flag(out, "appRegistered", state->app_registered);
    put_flag(out, "registeredForPassword", state->registered_for_password);
    if (state->otp_sent_at)
        capauth__json_put_integer(out, "otpSentAt", state->otp_sent_at);
    put_flag(out, "otpWrongAnswers", state->otp_wrong_answers ? state->otp_wrong_answers : -1);
    put_flag(out, "refreshOff", state->refresh_off ? 1 : -1);
    put_flag(out, "validateUnknown", state->validate_unknown ? 1 : -1);
}

char *capauth__export_text(const capauth_session *session)
{
    struct capauth__buffer out = {0};

    capauth__json_open(&out);
    capauth__json_put_integer(&out, "v", 1);
    capauth__client_lock(session->client);
    capauth__json_put_text(&out, "origin", session->client->config.base_url);
    capauth__client_unlock(session->client);
    capauth__json_put_text(&out, "flow", flow_names[session->flow]);
    if (session->identifier)
        capauth__json_put_text(&out, "identifierType", capauth__identifier_type_name(session->identifier_type));
    if (session->contact)
        capauth__json_put_text(&out, "contactType", capauth__identifier_type_name(session->contact_type));
    for (size_t i = 0; i < TEXT_MEMBERS; i++)
        capauth__json_put_text(&out, text_members[i].name,
                               *slot_of((capauth_session *)(uintptr_t)session, &text_members[i]));
    write_state(&out, session);
    capauth__json_put_members(&out, session->unknown_members);
    capauth__json_close(&out);
    return capauth__buffer_take(&out);
}

int capauth_session_export(const capauth_session *session, char **text)
{
    if (text)
        *text = NULL;
    if (!text || !session)
        return CAPAUTH_E_INVALID_ARGUMENT;
    capauth__session_lock(session);
    *text = capauth__export_text(session);
    capauth__session_unlock(session);
    return *text ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

/* ---- Back ---- */

static bool is_known(const char *name)
{
    for (size_t i = 0; i < TEXT_MEMBERS; i++) {
        if (!strcmp(name, text_members[i].name))
            return true;
    }
    for (size_t i = 0; i < sizeof other_members / sizeof other_members[0]; i++) {
        if (!strcmp(name, other_members[i]))
            return true;
    }
    return false;
}

/* Whether "must" is absent, or a list of names that are all known. */
static bool must_is_understood(const capauth__json *must)
{
    size_t length = 0;

    if (must && !capauth__json_length(must, &length))
        return false;
    for (size_t i = 0; i < length; i++) {
        const char *name = capauth__json_text(capauth__json_element(must, i));

        if (!name || !is_known(name))
            return false;
    }
    return true;
}

static bool is_our_origin(const capauth_client *client, const char *origin)
{
    char *normal = origin ? capauth__url_normal(origin) : NULL;
    bool ours;

    capauth__client_lock(client);
    ours = normal && !strcmp(normal, client->config.base_url);
    capauth__client_unlock(client);
    capauth__forget(&normal);
    return ours;
}

/* NULL, or what is wrong. */
static const char *header_fault(const capauth_client *client, const capauth__json *root)
{
    const char *origin = capauth__json_text(capauth__json_member(root, "origin"));

    if (!capauth__json_is(capauth__json_member(root, "v"), 1)) /* 1.5 is rounded down where it counts something */
        return "is of a version that this capauth does not know";
    if (!must_is_understood(capauth__json_member(root, "must")))
        return "must be understood in a way that this capauth does not know";
    if (!capauth__client_has_origin(client))
        return "needs a client with a cluster or a base URL";
    return is_our_origin(client, origin) ? NULL : "is of another origin";
}

static const char *read_texts(capauth_session *session, const capauth__json *root, bool *no_memory)
{
    for (size_t i = 0; i < TEXT_MEMBERS; i++) {
        const capauth__json *value = capauth__json_member(root, text_members[i].name);
        const char *text = capauth__json_text(value);

        if (value && (!text || strlen(text) > text_members[i].longest))
            return "has a member that is no proper text";
        if (text && !capauth__replace(slot_of(session, &text_members[i]), text)) {
            *no_memory = true;
            return "found no memory";
        }
    }
    return NULL;
}

static void read_state(capauth_session *session, const capauth__json *root)
{
    struct capauth__state *state = &session->state;
    const char *role = capauth__json_text(capauth__json_member(root, "role"));
    const char *destination = capauth__session_contact(session) ? session->contact : session->identifier;
    int64_t number;

    state->next_step = step_parse(capauth__json_text(capauth__json_member(root, "nextStep")));
    state->app_registered = capauth__json_boolean(capauth__json_member(root, "appRegistered"), -1);
    state->registered_for_password = capauth__json_boolean(capauth__json_member(root, "registeredForPassword"), -1);
    state->refresh_off = capauth__json_boolean(capauth__json_member(root, "refreshOff"), 0);
    state->validate_unknown = capauth__json_boolean(capauth__json_member(root, "validateUnknown"), 0);
    if (capauth__json_integer(capauth__json_member(root, "otpSentAt"), &number) && number > 0)
        state->otp_sent_at = number;
    if (capauth__json_integer(capauth__json_member(root, "otpWrongAnswers"), &number) && number > 0 && number < 1000000)
        state->otp_wrong_answers = (int)number;
    if (destination)
        capauth__mask(destination, session->otp_destination, sizeof session->otp_destination);
    capauth__token_read(state->token, &state->claims);
    if (!state->claims.role[0] && role && strlen(role) < sizeof state->claims.role)
        memcpy(state->claims.role, role, strlen(role) + 1);
}

static const char *identity_fault(const capauth_session *session)
{
    if (!session->brand)
        return "has no brand";
    if (session->flow == CAPAUTH_FLOW_EXTERNAL)
        return session->access_token && session->id_token ? NULL : "has no tokens of the provider";
    if (session->identifier && !session->identifier_type)
        return "has an identifier of unknown type";
    if (session->contact && session->contact_type != CAPAUTH_IDENTIFIER_MOBILE &&
        session->contact_type != CAPAUTH_IDENTIFIER_EMAIL)
        return "has a contact of unknown type";
    return NULL;
}

/* A session of what is known of a text, and what is not. CAPAUTH_E_INVALID_ARGUMENT: *why says what is wrong. *out is
 * NULL on failure. */
static int read_session(capauth_client *client, const capauth__json *root, struct capauth__buffer *unknown,
                        capauth_session **out, const char **why)
{
    const char *fault = header_fault(client, root);
    int flow = flow_parse(capauth__json_text(capauth__json_member(root, "flow")));
    bool no_memory = false;
    capauth_session *session;

    *out = NULL;
    if (!fault && !flow)
        fault = "is of an unknown flow";
    *why = fault;
    if (fault)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (!(session = capauth__session_create(client, flow)))
        return CAPAUTH_E_NO_MEMORY;
    session->identifier_type =
        capauth__identifier_type_parse(capauth__json_text(capauth__json_member(root, "identifierType")));
    session->contact_type =
        capauth__identifier_type_parse(capauth__json_text(capauth__json_member(root, "contactType")));
    if (!(fault = read_texts(session, root, &no_memory)))
        fault = identity_fault(session);
    if (!fault) {
        read_state(session, root);
        session->unknown_members = capauth__buffer_take(unknown);
        no_memory = !session->unknown_members;
        session->used = session->state.session_id || session->state.token || session->state.key;
    }
    if (!fault && !no_memory) {
        *out = session;
        return CAPAUTH_OK;
    }
    capauth_session_free(&session);
    *why = fault;
    return no_memory ? CAPAUTH_E_NO_MEMORY : CAPAUTH_E_INVALID_ARGUMENT;
}

/* Takes the members that we know from the text, and keeps the others as they stand. */
static int parse_export(capauth_client *client, const char *text, capauth_session **session, const char **why)
{
    struct capauth__buffer known = {0}, unknown = {0};
    capauth__json *whole = NULL, *root = NULL;
    int result = text ? capauth__json_parse(text, strlen(text), &whole) : CAPAUTH_E_INVALID_ARGUMENT;

    *why = text ? "is no JSON" : "is missing";
    if (!result && !capauth__json_is_object(whole)) {
        *why = "is no JSON object";
        result = CAPAUTH_E_INVALID_ARGUMENT;
    }
    if (!result && !capauth__json_split(text, is_known, &known, &unknown))
        result = CAPAUTH_E_NO_MEMORY;
    if (!result)
        result = capauth__json_parse(known.data, known.length, &root);
    if (!result)
        result = read_session(client, root, &unknown, session, why);
    capauth__json_free(whole);
    capauth__json_free(root);
    capauth__buffer_free(&known);
    capauth__buffer_free(&unknown);
    return result == CAPAUTH_E_PROTOCOL ? CAPAUTH_E_INVALID_ARGUMENT : result;
}

int capauth_session_restore(capauth_client *client, const char *text, capauth_session **out)
{
    const char *why;
    int result;

    if (!out)
        return CAPAUTH_E_INVALID_ARGUMENT;
    *out = NULL;
    if ((result = capauth__client_open(client)))
        return result;
    result = parse_export(client, text, out, &why);
    return result == CAPAUTH_E_INVALID_ARGUMENT ? capauth__client_fail(client, result, "the export %s", why) : result;
}

/* Takes over what the other has. Both are ours alone: one is locked, nobody knows the other. */
static void take_over(capauth_session *session, capauth_session *other)
{
    struct capauth__state state = session->state;

    session->state = other->state;
    other->state = state;
    for (size_t i = 0; i < TEXT_MEMBERS; i++) {
        char **mine = slot_of(session, &text_members[i]);
        char **theirs = slot_of(other, &text_members[i]);

        if (text_members[i].offset >= offsetof(capauth_session, state) &&
            text_members[i].offset < offsetof(capauth_session, state) + sizeof session->state)
            continue; /* went over with the state */
        char *text = *mine;
        *mine = *theirs;
        *theirs = text;
    }
    session->used = session->used || other->used;
    session->identifier_type = other->identifier_type;
    session->contact_type = other->contact_type;
    memcpy(session->otp_destination, other->otp_destination, sizeof session->otp_destination);
    char *unknown = session->unknown_members;
    session->unknown_members = other->unknown_members;
    other->unknown_members = unknown;
    session->generation++;
    session->key_version++;
    session->epoch++; /* what a call in flight brings back belongs to the state before */
    session->refresh_failed_ms = 0;
}

/* An update may have changed the identifier: to the one that is held, or to the one that got no answer. */
static bool same_identifier(const capauth_session *session, const capauth_session *other)
{
    const char *mine[] = {session->identifier, session->state.other_identifier};
    const char *theirs[] = {other->identifier, other->state.other_identifier};

    if (!mine[0] || !theirs[0])
        return mine[0] == theirs[0];
    for (int i = 0; i < 4; i++) {
        if (mine[i / 2] && theirs[i % 2] && !strcmp(mine[i / 2], theirs[i % 2]))
            return true;
    }
    return false;
}

/* The customer id decides where both know it. */
static bool same_customer(const capauth_session *session, const capauth_session *other)
{
    const char *mine = capauth_session_customer_id(session);
    const char *theirs = capauth_session_customer_id(other);

    if (session->flow != other->flow || !capauth__ascii_equal(session->brand, other->brand))
        return false;
    return *mine && *theirs ? !strcmp(mine, theirs) : same_identifier(session, other);
}

static int fail(capauth_session *session, int code, const char *why)
{
    char text[160];

    snprintf(text, sizeof text, "%s%s", code == CAPAUTH_E_INVALID_ARGUMENT ? "the export " : "", why);
    capauth__session_set_error(session, text);
    return code;
}

/* With the session locked. */
static int adopt(capauth_session *session, capauth_session *other)
{
    if (session->step)
        return fail(session, CAPAUTH_E_BUSY, capauth_strerror(CAPAUTH_E_BUSY));
    if (!same_customer(session, other))
        return fail(session, CAPAUTH_E_INVALID_ARGUMENT, "is of another customer, brand or flow");
    take_over(session, other);
    return CAPAUTH_OK;
}

int capauth_session_reload(capauth_session *session, const char *text)
{
    capauth_session *other = NULL;
    const char *why;
    int parsed;
    int result = capauth__session_open(session);

    if (result)
        return result;
    capauth__session_unlock(session);
    parsed = parse_export(session->client, text, &other, &why);
    if (!parsed)
        capauth__retire_step(session);
    if (!(result = capauth__session_open(session))) {
        result = parsed == CAPAUTH_E_INVALID_ARGUMENT ? fail(session, parsed, why)
                 : parsed                             ? parsed
                                                      : adopt(session, other);
        capauth__session_unlock(session);
    }
    capauth_session_free(&other);
    return result;
}
