#include "auth.h"

#include "reply.h"
#include "text.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SESSION FIELD_BIT(FIELD_SESSION_ID)
#define OTP FIELD_BIT(FIELD_OTP)
#define PASSWORD FIELD_BIT(FIELD_PASSWORD)
#define CONFIRM FIELD_BIT(FIELD_CONFIRM_PASSWORD)
#define NEW_PASSWORD FIELD_BIT(FIELD_NEW_PASSWORD)
#define TOKEN FIELD_BIT(FIELD_TOKEN)
#define KEY FIELD_BIT(FIELD_KEY)
#define EXPIRED FIELD_BIT(FIELD_EXPIRED_TOKEN)
#define AUTHORIZED FIELD_BIT(FIELD_AUTHORIZED_TOKEN)
#define NEW_VALUE FIELD_BIT(FIELD_NEW_IDENTIFIER_VALUE)

/* Only mobile token generate and the identifier update, among the operations that take a deviceId,
 * can do without. */
static const struct operation operations[] = {
    /* method, path, family, required, device, refuses spent sessions, function */
    {"POST", "/auth/v1/token/generate", FAMILY_MOBILE, 0, false, false, token_generate},
    {"POST", "/auth/v1/otp/generate", FAMILY_MOBILE, SESSION, true, true, otp_generate},
    {"POST", "/auth/v1/otp/validate", FAMILY_MOBILE, SESSION | OTP, true, true, otp_validate},
    {"POST", "/auth/v1/password/validate", FAMILY_MOBILE, SESSION | PASSWORD, true, true, password_validate},
    {"POST", "/auth/v1/password/change", FAMILY_MOBILE, TOKEN | PASSWORD | NEW_PASSWORD | CONFIRM, true, false,
     password_change},
    {"POST", "/auth/v1/password/forget", FAMILY_MOBILE, SESSION | PASSWORD | CONFIRM, true, false, password_forget},
    {"POST", "/auth/v1/token/regenerate", FAMILY_MOBILE, KEY, true, false, token_regenerate},

    {"POST", "/auth/v1/web/token/generate", FAMILY_WEB, 0, false, false, token_generate},
    {"POST", "/auth/v1/web/otp/generate", FAMILY_WEB, SESSION, false, true, otp_generate},
    {"POST", "/auth/v1/web/otp/validate", FAMILY_WEB, SESSION | OTP, false, true, otp_validate},
    {"POST", "/auth/v1/web/password/validate", FAMILY_WEB, SESSION | PASSWORD, false, true, password_validate},
    {"POST", "/auth/v1/web/password/change", FAMILY_WEB, TOKEN | PASSWORD | NEW_PASSWORD | CONFIRM, false, false,
     password_change},
    {"POST", "/auth/v1/web/password/forget", FAMILY_WEB, SESSION | PASSWORD | CONFIRM, false, false, password_forget},
    {"POST", "/auth/v1/web/token/regenerate", FAMILY_WEB, EXPIRED, false, false, web_token_regenerate},

    {"POST", "/auth/v1/mfa/token/generate", FAMILY_MFA, AUTHORIZED, true, false, mfa_token_generate},
    {"POST", "/auth/v1/mfa/otp/generate", FAMILY_MFA, SESSION, true, true, otp_generate},
    {"POST", "/auth/v1/mfa/otp/validate", FAMILY_MFA, SESSION | OTP, true, true, otp_validate},
    {"POST", "/auth/v1/mfa/password/validate", FAMILY_MFA, SESSION | PASSWORD, true, true, password_validate},
    {"POST", "/auth/v1/mfa/password/change", FAMILY_MFA, TOKEN | PASSWORD | NEW_PASSWORD | CONFIRM, true, false,
     password_change},
    {"POST", "/auth/v1/mfa/password/forget", FAMILY_MFA, SESSION | PASSWORD | CONFIRM, true, false, password_forget},
    {"POST", "/auth/v1/mfa/token/regenerate", FAMILY_MFA, KEY, true, false, token_regenerate},
    {"DELETE", "/auth/v1/mfa/token/expire", FAMILY_MFA, TOKEN, true, false, token_expire},

    {"POST", "/auth/v1/user/updateIdentifierValue", FAMILY_ANY, TOKEN | NEW_VALUE, false, false, identifier_update},
};

enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

static void describe(const struct operation *operation, struct text *json)
{
    static const char *const families[] = {
        [FAMILY_MOBILE] = "mobile", [FAMILY_WEB] = "web", [FAMILY_MFA] = "mfa", [FAMILY_ANY] = "any"};
    const char *comma = "";
    text_add_format(json, "{\"method\":\"%s\",\"path\":\"%s\",\"family\":\"%s\",\"required\":[", operation->method,
                    operation->path, families[operation->family]);
    for (unsigned field = 0; field < FIELDS; field++) {
        if (field != FIELD_DEVICE_ID ? !(operation->required & FIELD_BIT(field)) : !operation->device)
            continue;
        text_add_format(json, "%s\"%s\"", comma, field_name((enum field)field));
        comma = ",";
    }
    text_add_string(json, "]}");
}

void operations_describe(struct text *json)
{
    text_add_string(json, "{\"operations\":[");
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        text_add_string(json, i ? "," : "");
        describe(&operations[i], json);
    }
    text_add_string(json, "]}");
}

static const struct operation *find_operation(const char *path)
{
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        if (strcmp(operations[i].path, path) == 0)
            return &operations[i];
    return NULL;
}

bool auth_knows_path(const char *path, const char **method)
{
    const struct operation *operation = find_operation(path);
    if (operation)
        *method = operation->method;
    return operation != NULL;
}

enum factor call_factor(const struct auth_call *call)
{
    return call->operation->family == FAMILY_MFA ? SECOND_FACTOR : FIRST_FACTOR;
}

/* The brand: unknown is 1504, but one that is not named at all is a missing member. */
static int check_brand(struct auth_call *call)
{
    const char *name = call->fields.text[FIELD_BRAND];
    if (!name)
        return refuse(call, CODE_INVALID_DETAILS, "brand is missing");
    call->brand = brand_find(call->emulator, name);
    if (!call->brand)
        return refuse(call, CODE_TOKEN_NOT_GENERATED, "there is no brand \"%s\"", name);
    call->now_ms = brand_now_ms(call->emulator, call->brand);
    if (call->operation->run == mfa_token_generate && !call->brand->settings.mfa_enabled)
        return refuse(call, CODE_TOKEN_NOT_GENERATED, "IS_MFA_ENABLED is off");
    return CODE_SUCCESS;
}

static bool identity_may_be_missing(const struct auth_call *call)
{
    return call->operation->family == FAMILY_MFA && call->brand->settings.auto_fill_second_identifier &&
           !call->fields.text[FIELD_IDENTIFIER_VALUE] && !call->fields.value;
}

/* Whether a member is wanted: an identity without its type is the older form's, and has the value elsewhere. */
static bool is_required(const struct auth_call *call, enum field field)
{
    const struct fields *fields = &call->fields;
    bool no_identity = fields->type == NO_IDENTIFIER && !identity_may_be_missing(call);
    if (field == FIELD_IDENTIFIER_TYPE || field == FIELD_IDENTIFIER_VALUE)
        return no_identity;
    return field == FIELD_DEVICE_ID ? call->operation->device : call->operation->required & FIELD_BIT(field);
}

static int check_members(const struct auth_call *call)
{
    int code = call->fields.invalid ? CODE_INVALID_DETAILS : CODE_SUCCESS;
    for (unsigned field = 0; field < FIELDS; field++)
        if (is_required(call, (enum field)field) && !call->fields.text[field])
            code = refuse(call, CODE_INVALID_DETAILS, "%s is missing", field_name((enum field)field));
    return code;
}

/* The session is that of the same device, brand and identifier, in this order. */
static int check_session(struct auth_call *call)
{
    struct fields *fields = &call->fields;
    struct session *session = session_find(call->emulator, fields->text[FIELD_SESSION_ID]);
    if (!session)
        return refuse(call, CODE_INVALID_SESSION, "the session is unknown, expired, or ended");
    if (session->factor != call_factor(call))
        return refuse(call, CODE_INVALID_SESSION, "the session is of the other factor");
    if (call->operation->device && session->device && !text_equal(session->device, fields->text[FIELD_DEVICE_ID]))
        return refuse(call, CODE_DEVICE_DIFFERS, "the session's device is \"%s\"", session->device);
    if (session->customer->brand != call->brand)
        return refuse(call, CODE_BRAND_DIFFERS, "the session's brand is \"%s\"", session->customer->brand->name);
    if (fields->type == NO_IDENTIFIER) { /* filled in by the session */
        fields->type = session->type;
        fields->value = session->value;
    }
    if (fields->type != session->type || strcmp(fields->value, session->value) != 0)
        return refuse(call, fields->older_form ? CODE_MOBILE_DIFFERS : CODE_IDENTIFIER_DIFFERS,
                      "the session's identifier is %s %s", identifier_type_name(session->type), session->value);
    call->session = session;
    if (session->spent && call->operation->refuses_spent)
        return refuse(call, session->spent, "the session had too many wrong attempts");
    return CODE_SUCCESS;
}

static void note_customer(const struct auth_call *call)
{
    if (!call->note->customer && call->fields.type != NO_IDENTIFIER)
        call->note->customer = identity_text(call->fields.type, call->fields.value);
}

void auth_note_customer(struct json_object *body, struct note *note)
{
    struct fields fields;
    struct text ignored = {0};
    if (fields_read(&fields, body, &ignored, &ignored) && fields.type != NO_IDENTIFIER)
        note->customer = identity_text(fields.type, fields.value);
    text_free(&ignored);
}

static int run(struct auth_call *call)
{
    int code = check_brand(call);
    if (code == CODE_SUCCESS)
        code = check_members(call);
    if (code == CODE_SUCCESS && (call->operation->required & SESSION))
        code = check_session(call);
    note_customer(call); /* a value that the session has filled in ends with it */
    return code == CODE_SUCCESS ? call->operation->run(call) : code;
}

int refuse(const struct auth_call *call, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note_add_arguments(&call->note->reason, format, arguments);
    va_end(arguments);
    return code;
}

static void finish_note(const struct auth_call *call, int code)
{
    struct note *note = call->note;
    note_customer(call);
    note->code = code;
    note->brand = text_copy(call->fields.text[FIELD_BRAND]);
    if (code != CODE_SUCCESS && !note->reason.length)
        note_add(&note->reason, "%s", code_message(code));
}

void auth_handle(struct emulator *emulator, const struct http_request *request, struct json_object *body,
                 const char *problem, struct http_reply *reply)
{
    struct auth_call call = {
        .emulator = emulator,
        .request = request,
        .operation = find_operation(request->path),
    };
    struct text refusal = {0};
    call.note = &reply->note;
    if (!body)
        text_add_format(&refusal, "JSON parse error: %s", problem);
    if (body && fields_read(&call.fields, body, &refusal, &call.note->reason)) {
        int code = run(&call);
        fields_note_unknown(body, &call.note->reason);
        finish_note(&call, code);
        auth_reply(reply, code, &call.answer, call.brand && call.brand->settings.full_replies);
    } else {
        reply_text(reply, 400, refusal.data);
    }
    text_free(&refusal);
    free(call.answer.token);
    free(call.answer.key);
    free(call.answer.session_id);
}
