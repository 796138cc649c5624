/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/wire.h"

#include <string.h>

#include "base/json.h"
#include "base/skim.h"
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

/* Some servers put one before their JSON; RFC 8259 lets readers ignore it. */
static void skip_byte_order_mark(const char **body, size_t *length)
{
    if (*length >= 3 && !memcmp(*body, "\xef\xbb\xbf", 3)) {
        *body += 3;
        *length -= 3;
    }
}

/* The members that are wanted of an object; none of what is none. */
static void skim(const struct capauth__span *object, const char *const *names, struct capauth__span *values,
                 size_t count)
{
    memset(values, 0, count * sizeof *values);
    if (object->kind == CAPAUTH__SPAN_OBJECT)
        (void)capauth__skim_object(object->start, object->length, names, values, count);
}

enum { STATUS, AUTH, USER, PARTS };
enum { SUCCESS, CODE, MESSAGE, STATUS_MEMBERS };
enum { TOKEN, KEY, AUTH_MEMBERS };
enum { SESSION_ID, ROLE, APP_REGISTERED, REGISTERED_FOR_PASSWORD, USER_MEMBERS };

static const char *const part_names[] = {"status", "auth", "user"};
static const char *const status_names[] = {"success", "code", "message"};
static const char *const auth_names[] = {"token", "key"};
static const char *const user_names[] = {"sessionId", "role", "appRegistered", "userRegisteredForPassword"};

typedef bool (*text_reader)(const struct capauth__span *span, struct capauth__buffer *out);

/* Into `texts`, which has room for it; NULL: there is no text. */
static const char *read_text(struct capauth__buffer *texts, const struct capauth__span *span, text_reader reader)
{
    size_t start = texts->length;

    return reader(span, texts) ? texts->data + start : NULL;
}

/* false: the member is there and is no token: then the reply makes no sense. */
static bool read_token(struct capauth__buffer *texts, const struct capauth__span *span, const char **token)
{
    *token = read_text(texts, span, capauth__span_text);
    if (*token && strlen(*token) > CAPAUTH__TOKEN_LONGEST)
        *token = NULL;
    return *token || capauth__span_is_empty(span);
}

static void read_status(struct capauth__reply *reply, const struct capauth__span *status)
{
    (void)capauth__span_integer(&status[CODE], &reply->code, &reply->texts.failed);
    reply->message = read_text(&reply->texts, &status[MESSAGE], capauth__span_message);
}

/* Whether all of it makes sense, as it must in a success. */
static bool read_user(struct capauth__reply *reply, const struct capauth__span *auth, const struct capauth__span *user)
{
    struct capauth__buffer *texts = &reply->texts;
    bool sane = read_token(texts, &auth[TOKEN], &reply->token);

    sane = read_token(texts, &auth[KEY], &reply->key) && sane;
    sane = read_token(texts, &user[SESSION_ID], &reply->session_id) && sane;
    reply->role = read_text(texts, &user[ROLE], capauth__span_text);
    reply->app_registered = capauth__span_boolean(&user[APP_REGISTERED], -1, &texts->failed);
    reply->registered_for_password = capauth__span_boolean(&user[REGISTERED_FOR_PASSWORD], -1, &texts->failed);
    return sane;
}

int capauth__wire_reply(const char *body, size_t length, struct capauth__reply *reply)
{
    struct capauth__span parts[PARTS], status[STATUS_MEMBERS], auth[AUTH_MEMBERS], user[USER_MEMBERS];
    int success;
    bool sane;

    memset(reply, 0, sizeof *reply);
    skip_byte_order_mark(&body, &length);
    if (!capauth__skim_object(body, length, part_names, parts, PARTS))
        return CAPAUTH_E_PROTOCOL;
    skim(&parts[STATUS], status_names, status, STATUS_MEMBERS);
    skim(&parts[AUTH], auth_names, auth, AUTH_MEMBERS);
    skim(&parts[USER], user_names, user, USER_MEMBERS);
    if ((success = capauth__span_boolean(&status[SUCCESS], -1, &reply->texts.failed)) < 0)
        return reply->texts.failed ? CAPAUTH_E_NO_MEMORY : CAPAUTH_E_PROTOCOL;
    reply->success = success;
    /* No text gets longer than it stands there with its quotes. */
    (void)capauth__buffer_reserve(&reply->texts, status[MESSAGE].length + auth[TOKEN].length + auth[KEY].length +
                                                     user[SESSION_ID].length + user[ROLE].length + 1);
    read_status(reply, status);
    sane = read_user(reply, auth, user);
    if (reply->texts.failed)
        return CAPAUTH_E_NO_MEMORY;
    return success && !sane ? CAPAUTH_E_PROTOCOL : CAPAUTH_OK;
}

void capauth__reply_free(struct capauth__reply *reply)
{
    capauth__buffer_free(&reply->texts);
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

/* The last that is there counts. */
static void read_message(struct capauth__buffer *message, const struct capauth__span *span)
{
    struct capauth__buffer text = {.failed = message->failed};

    if (capauth__span_message(span, &text)) {
        capauth__buffer_free(message);
        *message = text;
        return;
    }
    message->failed = text.failed;
    capauth__buffer_free(&text);
}

static void read_gateway_status(const struct capauth__span *object, struct capauth__gateway_status *out,
                                struct capauth__buffer *message)
{
    struct capauth__span status[STATUS_MEMBERS];
    int64_t code = 0;
    int success;

    if (object->kind != CAPAUTH__SPAN_OBJECT)
        return;
    skim(object, status_names, status, STATUS_MEMBERS);
    success = capauth__span_boolean(&status[SUCCESS], -1, &message->failed);
    out->known = true;
    (void)capauth__span_integer(&status[CODE], &code, &message->failed);
    if (success == 0 || (success < 0 && (code < 0 || code >= 300)))
        out->refused = true;
    if (success != 1 && (code == 401 || code == 302))
        out->expired = out->refused = true;
    out->code = code;
    read_message(message, &status[MESSAGE]);
}

static void read_gateway_errors(const struct capauth__span *errors, struct capauth__gateway_status *out,
                                struct capauth__buffer *message)
{
    struct capauth__span first, error[STATUS_MEMBERS];
    size_t count;

    if (!capauth__skim_list(errors, &first, &count) || first.kind == CAPAUTH__SPAN_NONE)
        return;
    skim(&first, status_names, error, STATUS_MEMBERS);
    out->known = out->refused = true;
    (void)capauth__span_integer(&error[CODE], &out->code, &message->failed);
    read_message(message, &error[MESSAGE]);
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
    static const char *const names[] = {"status", "response", "errors"};
    static const char *const inner_names[] = {"status"};
    struct capauth__span members[3] = {0}, inner;
    struct capauth__buffer message = {0};
    bool readable = true;

    memset(status, 0, sizeof *status);
    skip_byte_order_mark(&body, &length);
    if (begins_like_an_object(body, length))
        readable = capauth__skim_object(body, length, names, members, 3);
    status->unreadable = !readable;
    status->refused = !readable || http_status < 200 || http_status > 299;
    status->expired = http_status == 401;
    if (readable) {
        read_gateway_status(&members[0], status, &message);
        skim(&members[1], inner_names, &inner, 1);
        read_gateway_status(&inner, status, &message);
        read_gateway_errors(&members[2], status, &message);
    }
    if (!message.failed && message.data)
        status->message = capauth__buffer_take(&message);
    readable = !message.failed;
    capauth__buffer_free(&message);
    return readable ? CAPAUTH_OK : CAPAUTH_E_NO_MEMORY;
}
