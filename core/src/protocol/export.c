/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/export.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"

/* The members of version 1 that are no texts of the state. */
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

/* ---- Writing ---- */

static void put_flag(struct capauth__buffer *out, const char *name, int value)
{
    if (value >= 0)
        capauth__json_put_integer(out, name, value);
}

static void put_if(struct capauth__buffer *out, const char *name, int64_t value)
{
    if (value)
        capauth__json_put_integer(out, name, value);
}

static void put_texts(struct capauth__buffer *out, const struct capauth__state *state)
{
    size_t count;
    const struct capauth__state_text *texts = capauth__state_texts(&count);

    for (size_t i = 0; i < count; i++)
        (void)capauth__json_put_text(out, texts[i].name,
                                     *capauth__state_slot((struct capauth__state *)(uintptr_t)state, &texts[i]));
}

char *capauth__export_write(const struct capauth__state *state, const char *origin)
{
    const struct capauth__identity *identity = &state->identity;
    struct capauth__buffer out = {0};

    capauth__json_open(&out);
    capauth__json_put_integer(&out, "v", 1);
    (void)capauth__json_put_text(&out, "origin", origin);
    (void)capauth__json_put_text(&out, "flow", capauth__flow_name(identity->flow));
    if (identity->identifier)
        (void)capauth__json_put_text(&out, "identifierType", capauth__identifier_type_name(identity->identifier_type));
    if (identity->contact)
        (void)capauth__json_put_text(&out, "contactType", capauth__identifier_type_name(identity->contact_type));
    put_texts(&out, state);
    (void)capauth__json_put_text(&out, "nextStep", capauth_step_name(state->next_step));
    if (state->token && state->claims.role[0])
        (void)capauth__json_put_text(&out, "role", state->claims.role);
    put_flag(&out, "appRegistered", state->app_registered);
    put_flag(&out, "registeredForPassword", state->registered_for_password);
    put_if(&out, "otpSentAt", state->otp.sent_at_ms);
    put_if(&out, "otpWrongAnswers", state->otp.wrong_answers);
    put_if(&out, "refreshOff", state->refresh_off);
    put_if(&out, "validateUnknown", state->validate_unknown);
    capauth__json_put_members(&out, state->unknown_members);
    capauth__json_close(&out);
    return capauth__buffer_take(&out);
}

/* ---- Reading ---- */

static bool is_known(const char *name)
{
    size_t count;
    const struct capauth__state_text *texts = capauth__state_texts(&count);

    for (size_t i = 0; i < count; i++) {
        if (!strcmp(name, texts[i].name))
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

static const char *text_of(const capauth__json *root, const char *name)
{
    return capauth__json_text(capauth__json_member(root, name));
}

/* NULL, or what is wrong. */
static const char *version_fault(const capauth__json *root)
{
    if (!capauth__json_is(capauth__json_member(root, "v"), 1)) /* 1.5 is rounded down where it counts something */
        return "needs a newer capauth: its version is unknown";
    if (!must_is_understood(capauth__json_member(root, "must")))
        return "needs a newer capauth: it has members that this one does not know";
    if (!capauth__flow_parse(text_of(root, "flow")))
        return "has an unknown flow";
    return NULL;
}

static int read_texts(struct capauth__export *export, const capauth__json *root, const char **why)
{
    size_t count;
    const struct capauth__state_text *texts = capauth__state_texts(&count);

    for (size_t i = 0; i < count; i++) {
        const capauth__json *value = capauth__json_member(root, texts[i].name);
        const char *text = capauth__json_text(value);

        if (value && (!text || strlen(text) > texts[i].longest)) {
            snprintf(export->fault, sizeof export->fault, "has a member that is not a valid string: %s", texts[i].name);
            *why = export->fault;
            return CAPAUTH_E_INVALID_ARGUMENT;
        }
        if (text && !capauth__replace(capauth__state_slot(&export->state, &texts[i]), text))
            return CAPAUTH_E_NO_MEMORY;
    }
    return CAPAUTH_OK;
}

static int step_parse(const char *name)
{
    for (int step = CAPAUTH_STEP_TOKEN_GENERATE; name && step <= CAPAUTH_STEP_DONE; step++) {
        if (!strcmp(name, capauth_step_name(step)))
            return step;
    }
    return CAPAUTH_STEP_TOKEN_GENERATE;
}

static int read_claims(struct capauth__state *state, const char *role)
{
    int result = state->token ? capauth__token_read(state->token, &state->claims) : CAPAUTH_OK;

    if (!state->claims.role[0] && role && strlen(role) < sizeof state->claims.role)
        memcpy(state->claims.role, role, strlen(role) + 1);
    return result;
}

static int read_values(struct capauth__state *state, const capauth__json *root)
{
    const char *destination = capauth__identity_destination(&state->identity);
    int64_t number;

    state->next_step = step_parse(text_of(root, "nextStep"));
    state->app_registered = capauth__json_boolean(capauth__json_member(root, "appRegistered"), -1);
    state->registered_for_password = capauth__json_boolean(capauth__json_member(root, "registeredForPassword"), -1);
    state->refresh_off = capauth__json_boolean(capauth__json_member(root, "refreshOff"), 0);
    state->validate_unknown = capauth__json_boolean(capauth__json_member(root, "validateUnknown"), 0);
    if (capauth__json_integer(capauth__json_member(root, "otpSentAt"), &number) && number > 0)
        state->otp.sent_at_ms = number;
    if (capauth__json_integer(capauth__json_member(root, "otpWrongAnswers"), &number) && number > 0 && number < 1000000)
        state->otp.wrong_answers = (int)number;
    if (destination)
        capauth__mask(destination, state->otp.destination, sizeof state->otp.destination);
    return read_claims(state, text_of(root, "role"));
}

static const char *identity_fault(const struct capauth__identity *identity)
{
    if (!identity->brand)
        return "has no brand";
    if (identity->flow == CAPAUTH_FLOW_EXTERNAL)
        return identity->access_token && identity->id_token ? NULL : "has no tokens of the OpenID provider";
    if (identity->identifier && !identity->identifier_type)
        return "has an identifier of unknown type";
    if (identity->contact && identity->contact_type != CAPAUTH_IDENTIFIER_MOBILE &&
        identity->contact_type != CAPAUTH_IDENTIFIER_EMAIL)
        return "has a contact of unknown type";
    return NULL;
}

static int read_members(const capauth__json *root, struct capauth__export *export, const char **why)
{
    struct capauth__state *state = &export->state;
    int result;

    if ((*why = version_fault(root)))
        return CAPAUTH_E_INVALID_ARGUMENT;
    capauth__state_init(state, capauth__flow_parse(text_of(root, "flow")));
    state->identity.identifier_type = capauth__identifier_type_parse(text_of(root, "identifierType"));
    state->identity.contact_type = capauth__identifier_type_parse(text_of(root, "contactType"));
    if ((result = read_texts(export, root, why)))
        return result;
    if ((*why = identity_fault(&state->identity)))
        return CAPAUTH_E_INVALID_ARGUMENT;
    if ((result = read_values(state, root)))
        return result;
    return capauth__replace(&export->origin, text_of(root, "origin")) ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}

/* Reads the members that we know, and keeps the others as they stand. */
static int read_object(const char *text, struct capauth__export *export, const char **why)
{
    struct capauth__buffer known = {0}, unknown = {0};
    capauth__json *root = NULL;
    int result = CAPAUTH_E_NO_MEMORY;

    if (capauth__json_split(text, is_known, &known, &unknown))
        result = capauth__json_parse(known.data, known.length, &root);
    if (!result)
        result = read_members(root, export, why);
    if (!result && !(export->state.unknown_members = capauth__buffer_take(&unknown)))
        result = CAPAUTH_E_NO_MEMORY;
    capauth__json_free(root);
    capauth__buffer_free(&known);
    capauth__buffer_free(&unknown);
    return result;
}

int capauth__export_read(const char *text, struct capauth__export *export, const char **why)
{
    capauth__json *whole = NULL;
    int result = text ? capauth__json_parse(text, strlen(text), &whole) : CAPAUTH_E_INVALID_ARGUMENT;

    memset(export, 0, sizeof *export);
    *why = text ? "is not JSON" : "is missing";
    if (!result && !capauth__json_is_object(whole)) {
        *why = "is not a JSON object";
        result = CAPAUTH_E_INVALID_ARGUMENT;
    }
    if (!result)
        result = read_object(text, export, why);
    capauth__json_free(whole);
    return result == CAPAUTH_E_PROTOCOL ? CAPAUTH_E_INVALID_ARGUMENT : result;
}

void capauth__export_free(struct capauth__export *export)
{
    capauth__state_wipe(&export->state);
    capauth__wipe_free(&export->origin);
}
