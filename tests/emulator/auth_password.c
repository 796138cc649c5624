/* Password validate, change and forget. */
#include "auth.h"

#include "text.h"

#include <string.h>

int password_validate(struct auth_call *call)
{
    struct session *session = call->session;
    const struct settings *settings = &call->brand->settings;
    const struct credential *credential = &session->customer->credentials[call_factor(call)];
    bool first = call_factor(call) == FIRST_FACTOR;
    if (!passwords_enabled(call))
        return CODE_PASSWORD_NOT_ENABLED;
    if (!credential->password || !credential->confirmed)
        return refuse(call, CODE_PASSWORD_NOT_VALIDATED, "the customer has no password that an OTP has confirmed");
    int code = count_attempt(call, &session->password_attempts,
                             first ? settings->max_password_retry_count : settings->mfa_max_password_retry_count,
                             strcmp(credential->password, call->fields.text[FIELD_PASSWORD]) == 0, CODE_WRONG_PASSWORD,
                             CODE_TOO_MANY_PASSWORDS_TRIED);
    call->answer.has_identifiers = true;
    return code == CODE_SUCCESS ? sign_in(call) : code;
}

static int change(struct auth_call *call, struct customer *customer)
{
    struct credential *credential = &customer->credentials[call_factor(call)];
    const char *current = call->fields.text[FIELD_PASSWORD], *fresh = call->fields.text[FIELD_NEW_PASSWORD];
    if (!passwords_enabled(call))
        return CODE_PASSWORD_NOT_ENABLED;
    if (!credential->password)
        return refuse(call, CODE_PASSWORD_NOT_CHANGED, "the customer has no password to change");
    if (strcmp(credential->password, current) != 0)
        return CODE_WRONG_PASSWORD;
    if (strcmp(current, fresh) == 0)
        return CODE_SAME_PASSWORD;
    int code = check_new_password(call, fresh);
    if (code == CODE_SUCCESS)
        credential_set(credential, fresh, credential->confirmed);
    return code;
}

int password_change(struct auth_call *call)
{
    struct jwt jwt;
    struct customer *customer;
    int code = CODE_INVALID_DETAILS;
    enum token_state state = read_token(call, call->fields.text[FIELD_TOKEN], &jwt, &customer);
    if (state == TOKEN_FORGED)
        return code;
    if (state == TOKEN_EXPIRED)
        code = CODE_TOKEN_EXPIRED;
    else if (state == TOKEN_GOOD && strcmp(jwt.role, "MFA_PENDING") == 0)
        refuse(call, code, "the token is MFA_PENDING");
    else if (state == TOKEN_GOOD && names_customer(call, &jwt, customer))
        code = change(call, customer);
    jwt_free(&jwt);
    return code;
}

/* The new password is there at once, but counts only once an OTP confirms it, on this session or on another:
 * where no OTP can be sent, it never would. */
int password_forget(struct auth_call *call)
{
    const struct settings *settings = &call->brand->settings;
    struct credential *credential = &call->session->customer->credentials[call_factor(call)];
    const char *fresh = call->fields.text[FIELD_PASSWORD];
    bool no_otp = call_factor(call) == SECOND_FACTOR && settings->skip_otp_validate_reset;
    if (!passwords_enabled(call))
        return CODE_PASSWORD_NOT_ENABLED;
    int code = check_new_password(call, fresh);
    if (code != CODE_SUCCESS)
        return code;
    if (!credential->password)
        return refuse(call, CODE_NO_SUCH_USER, "the customer has no password to forget");
    if (credential->confirmed && strcmp(credential->password, fresh) == 0)
        return CODE_SAME_PASSWORD;
    if (!settings->otp_enabled && !no_otp)
        return refuse(call, CODE_PASSWORD_NOT_RESET, "OTP_ENABLED is off: nothing could confirm the new password");
    credential_set(credential, fresh, no_otp);
    return CODE_SUCCESS;
}
