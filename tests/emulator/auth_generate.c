/* Token generate: where every sign-in starts, in the first factor and in the second. */
#include "auth.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

/* A mobile or email beside the identity is where a USERNAME or EXTERNALID gets its OTPs. */
static bool takes_contact(const struct auth_call *call)
{
    return call->fields.type == USERNAME || call->fields.type == EXTERNALID;
}

static int check_contact(const struct auth_call *call, const struct customer *customer)
{
    const char *mobile = call->fields.text[FIELD_MOBILE], *email = call->fields.text[FIELD_EMAIL];
    if (!customer || !takes_contact(call))
        return CODE_SUCCESS;
    const char *known_mobile = customer_mobile(customer), *known_email = customer_email(customer);
    if ((!mobile || !known_mobile || strcmp(mobile, known_mobile) == 0) &&
        (!email || !known_email || strcmp(email, known_email) == 0))
        return CODE_SUCCESS;
    return refuse(call, call->fields.type == USERNAME ? CODE_USERNAME_TAKEN : CODE_INVALID_DETAILS,
                  "the customer's mobile or email is another");
}

static void note_contact(const struct auth_call *call, struct customer *customer)
{
    if (!takes_contact(call))
        return;
    if (!customer_mobile(customer))
        text_set(&customer->contact_mobile, call->fields.text[FIELD_MOBILE]);
    if (!customer_email(customer))
        text_set(&customer->contact_email, call->fields.text[FIELD_EMAIL]);
}

/* Whether a password that was sent is to be this customer's first. */
static bool sets_first_password(const struct auth_call *call, const struct customer *customer)
{
    bool has_one = customer && customer->credentials[call_factor(call)].password;
    return passwords_enabled(call) && !has_one && call->fields.text[FIELD_PASSWORD];
}

static int check_first_password(const struct auth_call *call, const struct customer *customer)
{
    bool has_one = customer && customer->credentials[call_factor(call)].password;
    if (sets_first_password(call, customer)) {
        if (!call->fields.text[FIELD_CONFIRM_PASSWORD])
            return refuse(call, CODE_INVALID_DETAILS, "confirmPassword is missing");
        return check_new_password(call, call->fields.text[FIELD_PASSWORD]);
    }
    /* The second factor goes on by OTP where no password was set. */
    bool needed = call_factor(call) == FIRST_FACTOR && passwords_enabled(call) && !has_one;
    if (needed)
        return refuse(call, CODE_PASSWORD_EMPTY, "PASSWORD_ENABLED is on, and the customer has no password yet");
    return CODE_SUCCESS;
}

static void start_session(struct auth_call *call, struct customer *customer, const char *first_identity)
{
    bool web = call->operation->family == FAMILY_WEB;
    const char *device = web ? NULL : call->fields.text[FIELD_DEVICE_ID];
    struct session *session =
        session_new(call->emulator, call_factor(call), customer, call->fields.type, call->fields.value);
    session->device = text_copy(device);
    session->first_identity = text_copy(first_identity);
    if (sets_first_password(call, customer)) {
        if (call_factor(call) == SECOND_FACTOR && call->brand->settings.skip_otp_validate)
            credential_set(&customer->credentials[SECOND_FACTOR], call->fields.text[FIELD_PASSWORD], true);
        else
            session->first_password = text_copy(call->fields.text[FIELD_PASSWORD]);
    }
    call->answer.has_user = true;
    call->answer.role = "VIEW";
    call->answer.session_id = text_copy(session->id);
    call->answer.token = token_for(call, NULL, "VIEW", device, NULL);
    call->answer.registered_for_password = registered_for_password(call, customer);
}

static bool external_id_is_off(const struct auth_call *call)
{
    return call->fields.type == EXTERNALID && !call->brand->settings.external_id_login_enabled;
}

int token_generate(struct auth_call *call)
{
    const struct fields *fields = &call->fields;
    const struct settings *settings = &call->brand->settings;
    if (external_id_is_off(call))
        return refuse(call, CODE_EXTERNAL_ID_OFF, "CONF_EXTERNAL_ID_LOGIN_ENABLED is off");
    struct customer *customer = customer_find(call->brand, fields->type, fields->value);
    if (!customer && !settings->sign_up)
        return refuse(call, CODE_NO_SUCH_USER, "the identifier is unknown, and SIGN_UP is off");
    int code = customer ? check_lock(call, customer) : CODE_SUCCESS;
    if (code == CODE_SUCCESS)
        code = check_contact(call, customer);
    if (code == CODE_SUCCESS)
        code = check_first_password(call, customer);
    if (code != CODE_SUCCESS)
        return code;
    if (!customer) {
        customer = customer_new(call->emulator, call->brand, NULL);
        customer_add_identity(customer, fields->type, fields->value);
    }
    note_contact(call, customer);
    start_session(call, customer, NULL);
    return CODE_SUCCESS;
}

/* CONF_AUTO_FILL_2ND_FACTOR_IDENTIFIER: the first factor's identifier serves again. It is looked up
 * by the customer, whose identifier may have changed since the token was made. */
static void fill_identity(struct auth_call *call, const struct jwt *jwt, const struct customer *customer)
{
    for (unsigned i = 0; i < customer->identity_count && call->fields.type == NO_IDENTIFIER; i++) {
        const struct identity *identity = customer->identities[i];
        call->fields.type = identity->type;
        call->fields.value = identity->value;
        if (!token_covers_identity(call, jwt, customer))
            call->fields.type = NO_IDENTIFIER;
    }
}

bool complete_identity(struct auth_call *call, const struct jwt *jwt, const struct customer *customer)
{
    if (call->fields.type == NO_IDENTIFIER)
        fill_identity(call, jwt, customer);
    return call->fields.type != NO_IDENTIFIER;
}

static int start_second_factor(struct auth_call *call, const struct jwt *jwt, struct customer *customer)
{
    if (!complete_identity(call, jwt, customer))
        return refuse(call, CODE_INVALID_DETAILS, "the token has no identifier of the customer's");
    if (external_id_is_off(call))
        return refuse(call, CODE_EXTERNAL_ID_OFF, "CONF_EXTERNAL_ID_LOGIN_ENABLED is off");
    struct customer *owner = customer_find(call->brand, call->fields.type, call->fields.value);
    if (owner && owner != customer)
        return refuse(call, CODE_IDENTIFIER_DIFFERS, "another customer has the identifier");
    int code = check_lock(call, customer);
    if (code == CODE_SUCCESS)
        code = check_contact(call, customer);
    if (code == CODE_SUCCESS)
        code = check_first_password(call, customer);
    if (code != CODE_SUCCESS)
        return code;
    note_contact(call, customer);
    start_session(call, customer, jwt_identity(jwt, 0));
    return CODE_SUCCESS;
}

int mfa_token_generate(struct auth_call *call)
{
    struct jwt jwt;
    struct customer *customer;
    enum token_state state = read_token(call, call->fields.text[FIELD_AUTHORIZED_TOKEN], &jwt, &customer);
    if (state == TOKEN_FORGED)
        return CODE_INVALID_DETAILS;
    int code = state == TOKEN_GOOD      ? start_second_factor(call, &jwt, customer)
               : state == TOKEN_EXPIRED ? CODE_TOKEN_EXPIRED
                                        : CODE_INVALID_DETAILS;
    jwt_free(&jwt);
    return code;
}
