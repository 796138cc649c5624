/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/export.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/skim.h"
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

/* The values of an export, by place: first the texts of the state, then what is
 * in other_members. */
enum {
    VERSION,
    MUST,
    ORIGIN,
    FLOW,
    IDENTIFIER_TYPE,
    CONTACT_TYPE,
    NEXT_STEP,
    ROLE,
    APP_REGISTERED,
    REGISTERED_FOR_PASSWORD,
    OTP_SENT_AT,
    OTP_WRONG_ANSWERS,
    REFRESH_OFF,
    VALIDATE_UNKNOWN,
    OTHER_MEMBERS
};

enum { TEXTS_MOST = 16, WORD_SIZE = 64 };

struct values {
    struct capauth__span texts[TEXTS_MOST];
    struct capauth__span others[OTHER_MEMBERS];
    bool no_memory; /* for what it takes to read one of them */
};

static bool find_values(const struct capauth__buffer *object, struct values *values)
{
    size_t count;
    const struct capauth__state_text *texts = capauth__state_texts(&count);
    const char *names[TEXTS_MOST];

    for (size_t i = 0; i < count; i++)
        names[i] = texts[i].name;
    values->no_memory = false;
    return capauth__skim_object(object->data, object->length, names, values->texts, count) &&
           capauth__skim_object(object->data, object->length, other_members, values->others, OTHER_MEMBERS);
}

/* A short text; "" for none, and for one that is too long to be any that we
 * know. */
static const char *word(struct values *values, const struct capauth__span *span, char out[WORD_SIZE])
{
    out[0] = '\0';
    capauth__span_copy(span, out, WORD_SIZE, &values->no_memory);
    return out;
}

static const char *word_of(struct values *values, int member, char out[WORD_SIZE])
{
    return word(values, &values->others[member], out);
}

/* Whether "must" is absent, or a list of names that are all known. */
static bool must_is_understood(struct values *values)
{
    const struct capauth__span *must = &values->others[MUST];
    struct capauth__span name = {0};
    char text[WORD_SIZE];

    if (must->kind == CAPAUTH__SPAN_NONE)
        return true;
    if (must->kind != CAPAUTH__SPAN_LIST)
        return false;
    while (capauth__skim_next(must, &name)) {
        if (!is_known(word(values, &name, text)))
            return false;
    }
    return true;
}

/* Written as the number that it is: 1.5 is rounded down where it counts
 * something. */
static bool is_version_1(const struct capauth__span *version)
{
    return version->kind == CAPAUTH__SPAN_NUMBER && version->length == 1 && *version->start == '1';
}

/* NULL, or what is wrong. */
static const char *version_fault(struct values *values)
{
    char flow[WORD_SIZE];

    if (!is_version_1(&values->others[VERSION]))
        return "needs a newer capauth: its version is unknown";
    if (!must_is_understood(values))
        return "needs a newer capauth: it has members that this one does not know";
    if (!capauth__flow_parse(word_of(values, FLOW, flow)))
        return "has an unknown flow";
    return NULL;
}

/* NULL: it is no valid text, or there is no memory. */
static char *copy_of(struct values *values, const struct capauth__span *span)
{
    struct capauth__buffer text = {0};
    bool read = capauth__span_text(span, &text);
    char *copy = read ? capauth__duplicate(text.data) : NULL;

    values->no_memory = values->no_memory || text.failed || (read && !copy);
    capauth__buffer_free(&text);
    return copy;
}

static int read_texts(struct capauth__export *export, struct values *values, const char **why)
{
    size_t count;
    const struct capauth__state_text *texts = capauth__state_texts(&count);

    for (size_t i = 0; i < count; i++) {
        char *text;

        if (values->texts[i].kind == CAPAUTH__SPAN_NONE)
            continue;
        text = copy_of(values, &values->texts[i]);
        *capauth__state_slot(&export->state, &texts[i]) = text;
        if (values->no_memory)
            return CAPAUTH_E_NO_MEMORY;
        if (!text || strlen(text) > texts[i].longest) {
            snprintf(export->fault, sizeof export->fault, "has a member that is not a valid string: %s", texts[i].name);
            *why = export->fault;
            return CAPAUTH_E_INVALID_ARGUMENT;
        }
    }
    return CAPAUTH_OK;
}

static int step_parse(const char *name)
{
    for (int step = CAPAUTH_STEP_TOKEN_GENERATE; step <= CAPAUTH_STEP_DONE; step++) {
        if (!strcmp(name, capauth_step_name(step)))
            return step;
    }
    return CAPAUTH_STEP_TOKEN_GENERATE;
}

static int read_claims(struct capauth__state *state, const char *role)
{
    int result = state->token ? capauth__token_read(state->token, &state->claims) : CAPAUTH_OK;

    if (!state->claims.role[0] && strlen(role) < sizeof state->claims.role)
        memcpy(state->claims.role, role, strlen(role) + 1);
    return result;
}

static int flag_of(struct values *values, int member, int fallback)
{
    return capauth__span_boolean(&values->others[member], fallback, &values->no_memory);
}

/* 0: it is none, or not greater. */
static int64_t number_of(struct values *values, int member)
{
    int64_t number;

    return capauth__span_integer(&values->others[member], &number, &values->no_memory) && number > 0 ? number : 0;
}

static int read_values(struct capauth__state *state, struct values *values)
{
    const char *destination = capauth__identity_destination(&state->identity);
    int64_t wrong_answers = number_of(values, OTP_WRONG_ANSWERS);
    char text[WORD_SIZE];

    state->next_step = step_parse(word_of(values, NEXT_STEP, text));
    state->app_registered = flag_of(values, APP_REGISTERED, -1);
    state->registered_for_password = flag_of(values, REGISTERED_FOR_PASSWORD, -1);
    state->refresh_off = flag_of(values, REFRESH_OFF, 0);
    state->validate_unknown = flag_of(values, VALIDATE_UNKNOWN, 0);
    state->otp.sent_at_ms = number_of(values, OTP_SENT_AT);
    if (wrong_answers < 1000000)
        state->otp.wrong_answers = (int)wrong_answers;
    if (destination)
        capauth__mask(destination, state->otp.destination, sizeof state->otp.destination);
    return read_claims(state, word_of(values, ROLE, text));
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

static int read_members(struct values *values, struct capauth__export *export, const char **why)
{
    struct capauth__state *state = &export->state;
    char text[WORD_SIZE];
    int result;

    *why = version_fault(values);
    if (values->no_memory)
        return CAPAUTH_E_NO_MEMORY;
    if (*why)
        return CAPAUTH_E_INVALID_ARGUMENT;
    capauth__state_init(state, capauth__flow_parse(word_of(values, FLOW, text)));
    state->identity.identifier_type = capauth__identifier_type_parse(word_of(values, IDENTIFIER_TYPE, text));
    state->identity.contact_type = capauth__identifier_type_parse(word_of(values, CONTACT_TYPE, text));
    if ((result = read_texts(export, values, why)))
        return result;
    if ((*why = identity_fault(&state->identity)))
        return values->no_memory ? CAPAUTH_E_NO_MEMORY : CAPAUTH_E_INVALID_ARGUMENT;
    if ((result = read_values(state, values)))
        return result;
    export->origin = copy_of(values, &values->others[ORIGIN]);
    return values->no_memory ? CAPAUTH_E_NO_MEMORY : CAPAUTH_OK;
}

/* Reads the members that we know, and keeps the others as they stand. */
static int read_object(const char *text, struct capauth__export *export, const char **why)
{
    struct capauth__buffer known = {0}, unknown = {0};
    struct values values;
    int result = CAPAUTH_E_NO_MEMORY;

    if (capauth__json_split(text, is_known, &known, &unknown) && find_values(&known, &values))
        result = read_members(&values, export, why);
    if (!result && !(export->state.unknown_members = capauth__buffer_take(&unknown)))
        result = CAPAUTH_E_NO_MEMORY;
    capauth__buffer_free(&known);
    capauth__buffer_free(&unknown);
    return result;
}

int capauth__export_read(const char *text, struct capauth__export *export, const char **why)
{
    struct capauth__span whole;

    memset(export, 0, sizeof *export);
    *why = text ? capauth__length_fault(text, CAPAUTH__EXPORT_LONGEST) : "is missing";
    if (*why)
        return CAPAUTH_E_INVALID_ARGUMENT;
    if (!capauth__skim_value(text, strlen(text), &whole))
        *why = "is not JSON";
    else if (whole.kind != CAPAUTH__SPAN_OBJECT)
        *why = "is not a JSON object";
    return *why ? CAPAUTH_E_INVALID_ARGUMENT : read_object(text, export, why);
}

void capauth__export_free(struct capauth__export *export)
{
    capauth__state_wipe(&export->state);
    capauth__wipe_free(&export->origin);
}
