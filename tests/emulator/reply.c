#include "reply.h"

#include "auth.h"

static const struct {
    int code;
    const char *message;
} messages[] = {
    {CODE_SUCCESS, "SUCCESS"},
    {CODE_OTP_NOT_GENERATED, "Unable to generate OTP"},
    {CODE_TOKEN_NOT_GENERATED, "Unsupported brand"},
    {CODE_INVALID_SESSION, "Invalid session"},
    {CODE_INVALID_OTP, "Invalid OTP"},
    {CODE_MOBILE_DIFFERS, "Mobile number does not match the session"},
    {CODE_DEVICE_DIFFERS, "Device does not match the session"},
    {CODE_BRAND_DIFFERS, "Brand does not match the session"},
    {CODE_NO_SUCH_USER, "User not found"},
    {CODE_TOO_MANY_OTPS_TRIED, "Maximum OTP attempts exceeded, please start again"},
    {CODE_INVALID_DETAILS, "Invalid details for respective API"},
    {CODE_PASSWORD_EMPTY, "Password is empty"},
    {CODE_PASSWORDS_DIFFER, "Password and confirm password do not match"},
    {CODE_PASSWORD_NOT_CHANGED, "Unable to change password"},
    {CODE_PASSWORD_NOT_ENABLED, "Password is not enabled for the brand"},
    {CODE_NOT_REGENERATED, "Unable to regenerate token, please authenticate again"},
    {CODE_PASSWORD_NOT_VALIDATED, "Unable to validate password"},
    {CODE_SAME_PASSWORD, "Old and new password are the same"},
    {CODE_WRONG_PASSWORD, "Invalid password"},
    {CODE_TOKEN_EXPIRED, "Token expired"},
    {CODE_TOO_MANY_PASSWORDS_TRIED, "Maximum password attempts exceeded, please reset the password"},
    {CODE_NOT_EXPIRED, "Unable to expire token"},
    {CODE_PASSWORD_NOT_RESET, "Unable to reset password"},
    {CODE_OTP_LIMIT_REACHED, "OTP limit reached"},
    {CODE_OTP_LIMIT_ZERO, "OTP limit is configured as 0"},
    {CODE_NO_OTP, "No OTP was generated for the given details"},
    {CODE_CONTACT_NEEDED, "Mobile or email is required to send the OTP"},
    {CODE_IDENTIFIER_DIFFERS, "Identifier does not match the session"},
    {CODE_PASSWORD_RULES, "Password does not match the rules"},
    {CODE_USERNAME_TAKEN, "Username is already taken"},
    {CODE_KEY_INVALID, "Key is expired or invalid"},
    {CODE_CHANNEL_NEEDS_MOBILE, "Mobile is required for the fallback channel"},
    {CODE_CHANNEL_NEEDS_EMAIL, "Email is required for the fallback channel"},
    {CODE_CHANNEL_NOT_CONFIGURED, "Channel is not configured"},
    {CODE_EXTERNAL_ID_OFF, "External ID login is not enabled"},
    {CODE_TAMPERED, "Response tampered"},
};

const char *code_message(int code)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (messages[i].code == code)
            return messages[i].message;
    return "Unknown error";
}

void codes_describe(struct text *json)
{
    text_add_string(json, "{\"codes\":[");
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        text_add_format(json, "%s{\"code\":%d,\"message\":\"%s\"}", i ? "," : "", messages[i].code,
                        messages[i].message);
    text_add_string(json, "]}");
}

static void write_auth(struct text *body, const struct answer *answer)
{
    text_add_string(body, ",\"auth\":{\"token\":");
    text_add_json(body, answer->token);
    text_add_string(body, ",\"key\":");
    text_add_json(body, answer->key);
    text_add_string(body, "}");
}

static void write_user(struct text *body, const struct answer *answer)
{
    text_add_string(body, ",\"user\":{\"appRegistered\":false,\"sessionId\":");
    text_add_json(body, answer->session_id);
    text_add_string(body, ",\"role\":");
    text_add_json(body, answer->role);
    text_add_format(body, ",\"userRegisteredForPassword\":%s}", answer->registered_for_password ? "true" : "false");
}

/* Today's replies hold what there is; the older shape has every member, and null where there is nothing. */
static void write_members(struct text *body, const struct answer *answer, bool has_user, bool all)
{
    if (has_user)
        write_auth(body, answer);
    else if (all)
        text_add_string(body, ",\"auth\":null");
    if (has_user && (all || answer->has_identifiers))
        text_add_string(body, ",\"identifiers\":{\"identifierList\":null}");
    else if (all)
        text_add_string(body, ",\"identifiers\":null");
    if (has_user)
        write_user(body, answer);
    else if (all)
        text_add_string(body, ",\"user\":null");
}

/* Refusals too arrive as HTTP 200: the status member says what happened. */
void auth_reply(struct http_reply *reply, int code, const struct answer *answer, bool all_members)
{
    struct text *body = &reply->body;
    bool success = code == CODE_SUCCESS;
    reply->status = 200;
    reply->content_type = "application/json";
    text_add_format(body, "{\"status\":{\"success\":%s,\"code\":%d,\"message\":", success ? "true" : "false", code);
    text_add_json(body, success && answer->message ? answer->message : code_message(code));
    text_add_string(body, "}");
    write_members(body, answer, success && answer->has_user, all_members);
    text_add_string(body, "}");
}
