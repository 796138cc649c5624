/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/wire.h"

#include <string.h>

#include "base/text.h"

/* ---- Requests ---- */

struct writer {
    struct capauth__buffer *body;
    struct capauth__secrets *secrets;
};

static void put(const struct writer *writer, const char *name, const char *text)
{
    (void)capauth__json_put_text(writer->body, name, text);
}

/* Notes where it stands, behind whose closing quote nothing has been written yet. */
static void put_secret(const struct writer *writer, const char *name, const char *text)
{
    struct capauth__secrets *secrets = writer->secrets;
    size_t length = capauth__json_put_text(writer->body, name, text);

    if (!length)
        return;
    secrets->at[secrets->count].offset = writer->body->length - 1 - length;
    secrets->at[secrets->count++].length = length;
}

static void put_password(const struct writer *writer, const char *name, const char *password)
{
    put_secret(writer, name, password);
    put_secret(writer, "confirmPassword", password);
}

static void put_identity(const struct writer *writer, unsigned fields, const struct capauth__identity *identity)
{
    put(writer, "identifierType", capauth__identifier_type_name(identity->identifier_type));
    put(writer, "identifierValue", identity->identifier);
    put(writer, "brand", identity->brand);
    if (fields & CAPAUTH__F_DEVICE && identity->flow != CAPAUTH_FLOW_WEB)
        put(writer, "deviceId", identity->device_id);
    if (fields & CAPAUTH__F_CONTACT)
        put(writer, identity->contact_type == CAPAUTH_IDENTIFIER_EMAIL ? "email" : "mobile",
            capauth__identity_contact(identity));
}

static void put_state(const struct writer *writer, unsigned fields, const struct capauth__state *state)
{
    if (fields & CAPAUTH__F_AUTHORIZED_TOKEN)
        put_secret(writer, "authorizedToken", state->authorized_token);
    if (fields & CAPAUTH__F_SESSION_ID)
        put_secret(writer, "sessionId", state->session_id);
    if (fields & CAPAUTH__F_TOKEN)
        put_secret(writer, "token", state->token);
    if (fields & CAPAUTH__F_KEY)
        put_secret(writer, "key", state->key);
    if (fields & CAPAUTH__F_EXPIRED_TOKEN)
        put_secret(writer, "expiredToken", state->token);
}

static void put_arguments(const struct writer *writer, unsigned fields, const struct capauth__arguments *arguments)
{
    if (fields & CAPAUTH__F_OTP)
        put_secret(writer, "otp", arguments->otp);
    if (fields & CAPAUTH__F_CURRENT_PASSWORD)
        put_secret(writer, "password", arguments->current_password);
    if (fields & CAPAUTH__F_PASSWORD)
        put_secret(writer, "password", arguments->password);
    if (fields & CAPAUTH__F_NEW_PASSWORD)
        put_password(writer, "newPassword", arguments->new_password);
    if (fields & CAPAUTH__F_RESET_PASSWORD)
        put_password(writer, "password", arguments->new_password);
    if (fields & CAPAUTH__F_NEW_IDENTIFIER)
        put(writer, "newIdentifierValue", arguments->new_value);
}

static void put_extras(const struct writer *writer, unsigned fields, const struct capauth__extras *extras)
{
    if (fields & CAPAUTH__F_FIRST_PASSWORD)
        put_password(writer, "password", extras->first_password);
    if (fields & CAPAUTH__F_OTP_HASH && extras->otp_hash) {
        put_secret(writer, "hash", extras->otp_hash);
        capauth__json_put_integer(writer->body, "timeStamp", extras->otp_timestamp_ms);
    }
}

void capauth__wire_url(const struct capauth__request_form *form, const char *base_url,
                       const struct capauth__extras *extras, struct capauth__buffer *url)
{
    capauth__buffer_text(url, base_url);
    capauth__buffer_text(url, form->path);
    if (form->operation == CAPAUTH__OTP_GENERATE && extras->fallback_channel) {
        capauth__buffer_text(url, "?fallbackChannel=");
        capauth__buffer_text(url, extras->fallback_channel); /* only letters, digits, - and _ */
    }
}

void capauth__wire_body(const struct capauth__request_form *form, const struct capauth__state *state,
                        const struct capauth__arguments *arguments, const struct capauth__extras *extras,
                        struct capauth__buffer *body, struct capauth__secrets *secrets)
{
    const struct writer writer = {.body = body, .secrets = secrets};

    capauth__json_open(body);
    put_identity(&writer, form->fields, &state->identity);
    put_state(&writer, form->fields, state);
    put_arguments(&writer, form->fields, arguments);
    put_extras(&writer, form->fields, extras);
    capauth__json_close(body);
}

/* ---- Replies ---- */

static const char *token_text(const capauth__json *value)
{
    const char *text = capauth__json_text(value);

    return text && strlen(text) <= CAPAUTH__TOKEN_LONGEST ? text : NULL;
}

/* Finds a token; false when the member is there and is none: then the reply makes no sense. */
static bool find_token(const capauth__json *object, const char *name, const char **token)
{
    const capauth__json *value = capauth__json_member(object, name);

    *token = token_text(value);
    return *token || capauth__json_is_empty(value);
}

/* Some servers put one before their JSON; RFC 8259 lets readers ignore it. */
static void skip_byte_order_mark(const char **body, size_t *length)
{
    if (*length >= 3 && !memcmp(*body, "\xef\xbb\xbf", 3)) {
        *body += 3;
        *length -= 3;
    }
}

int capauth__wire_reply(const char *body, size_t length, struct capauth__reply *reply)
{
    const capauth__json *status;
    const capauth__json *auth;
    const capauth__json *user;
    bool sane;
    int success;
    int result;

    memset(reply, 0, sizeof *reply);
    skip_byte_order_mark(&body, &length);
    if ((result = capauth__json_parse(body, length, &reply->root)))
        return result;
    status = capauth__json_member(reply->root, "status");
    auth = capauth__json_member(reply->root, "auth");
    user = capauth__json_member(reply->root, "user");
    success = capauth__json_boolean(capauth__json_member(status, "success"), -1);
    if (success < 0)
        return CAPAUTH_E_PROTOCOL;
    reply->success = success;
    (void)capauth__json_integer(capauth__json_member(status, "code"), &reply->code);
    reply->message = capauth__json_message(capauth__json_member(status, "message"));
    sane = find_token(auth, "token", &reply->token);
    sane = find_token(auth, "key", &reply->key) && sane;
    sane = find_token(user, "sessionId", &reply->session_id) && sane;
    if (success && !sane)
        return CAPAUTH_E_PROTOCOL;
    reply->role = capauth__json_text(capauth__json_member(user, "role"));
    reply->app_registered = capauth__json_boolean(capauth__json_member(user, "appRegistered"), -1);
    reply->registered_for_password = capauth__json_boolean(capauth__json_member(user, "userRegisteredForPassword"), -1);
    return CAPAUTH_OK;
}

void capauth__reply_free(struct capauth__reply *reply)
{
    capauth__json_free(reply->root);
    memset(reply, 0, sizeof *reply);
}

void capauth__wire_plain_text(const char *body, size_t length, char *out, size_t size)
{
    size_t shown = 0;

    for (; shown < length && shown + 1 < size && body[shown]; shown++)
        out[shown] = body[shown];
    while (shown && ((unsigned char)body[shown] & 0xc0) == 0x80) /* not in the middle of a character */
        shown--;
    out[shown] = '\0';
    capauth__text_tame(out);
    while (shown && out[shown - 1] == ' ')
        shown--;
    out[shown] = '\0';
    if (out[0] == '<' || capauth__text_fault(out, size))
        out[0] = '\0';
}

int capauth__refusal(int64_t code)
{
    return code > 200 && code < 1000000 ? (int)code : CAPAUTH_E_REFUSED;
}

/* ---- The gateway ---- */

static void look_at_status(const capauth__json *status, struct capauth__gateway_status *out, const char **message)
{
    int64_t code = 0;
    int success = capauth__json_boolean(capauth__json_member(status, "success"), -1);
    const char *text = capauth__json_message(capauth__json_member(status, "message"));

    if (!capauth__json_is_object(status))
        return;
    out->known = true;
    (void)capauth__json_integer(capauth__json_member(status, "code"), &code);
    if (success == 0 || (success < 0 && (code < 0 || code >= 300)))
        out->refused = true;
    if (success != 1 && (code == 401 || code == 302))
        out->expired = out->refused = true;
    out->code = code;
    *message = text ? text : *message;
}

static void look_at_errors(const capauth__json *errors, struct capauth__gateway_status *out, const char **message)
{
    const capauth__json *first = capauth__json_element(errors, 0);
    const char *text = capauth__json_message(capauth__json_member(first, "message"));

    if (!first)
        return;
    out->known = out->refused = true;
    (void)capauth__json_integer(capauth__json_member(first, "code"), &out->code);
    *message = text ? text : *message;
}

/* Not every reply is JSON, and one that is not is no error; but what begins like an object is meant to be one. */
static bool begins_like_an_object(const char *body, size_t length)
{
    size_t at = 0;

    while (at < length && body[at] && strchr(" \t\r\n\f\v", body[at]))
        at++;
    return at < length && body[at] == '{';
}

int capauth__wire_gateway_reply(int http_status, const char *body, size_t length,
                                struct capauth__gateway_status *status)
{
    capauth__json *root = NULL;
    const char *message = NULL;
    int result = CAPAUTH_OK;

    memset(status, 0, sizeof *status);
    skip_byte_order_mark(&body, &length);
    if (begins_like_an_object(body, length))
        result = capauth__json_parse(body, length, &root);
    status->unreadable = result == CAPAUTH_E_PROTOCOL;
    status->refused = status->unreadable || http_status < 200 || http_status > 299;
    status->expired = http_status == 401;
    look_at_status(capauth__json_member(root, "status"), status, &message);
    look_at_status(capauth__json_member(capauth__json_member(root, "response"), "status"), status, &message);
    look_at_errors(capauth__json_member(root, "errors"), status, &message);
    if (message)
        status->message = capauth__duplicate(message);
    capauth__json_free(root);
    return result == CAPAUTH_E_NO_MEMORY || (message && !status->message) ? CAPAUTH_E_NO_MEMORY : CAPAUTH_OK;
}
