/* What is done with a token or key afterwards: regenerate, expire, identifier update. */
#include "auth.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

/* A fresh token in the place of the one that the customer had. It has the identifier as it is now, even
 * where an older value was taken. */
static void renew(struct auth_call *call, const struct customer *customer, const struct jwt *old)
{
    call->fields.value = named_identity(call, customer)->value;
    const char *second = jwt_identity(old, 1);
    char *own = identity_text(call->fields.type, call->fields.value);
    if (text_equal(second, own))
        second = jwt_identity(old, 0);
    bool web = call->operation->family == FAMILY_WEB;
    call->answer.has_user = true;
    call->answer.role = "USER";
    call->answer.registered_for_password = registered_for_password(call, customer);
    call->answer.token = token_for(call, customer, "USER", web ? NULL : call->fields.text[FIELD_DEVICE_ID], second);
    free(own);
}

static struct customer *customer_of(const struct auth_call *call, const struct jwt *jwt)
{
    if (!text_equal(jwt->brand, call->brand->upper))
        return NULL;
    return customer_find_by_id(call->brand, jwt->customer_id);
}

static int regenerate_by_key(struct auth_call *call, const struct jwt *key)
{
    if (strcmp(key->role, "AUTH") != 0)
        return refuse(call, CODE_KEY_INVALID, "that is a token, not a key");
    if (key->expires_at && call->now_ms / 1000 >= key->expires_at)
        return refuse(call, CODE_KEY_INVALID, "the key has expired");
    struct customer *customer = customer_of(call, key);
    if (!customer)
        return refuse(call, CODE_NOT_REGENERATED, "the key's customer is not one of the brand");
    if (!complete_identity(call, key, customer) || !token_covers_identity(call, key, customer))
        return refuse(call, CODE_NOT_REGENERATED, "the identifier is not the key's");
    if (!text_equal(key->device, call->fields.text[FIELD_DEVICE_ID]))
        return refuse(call, CODE_NOT_REGENERATED, "the device is not the key's");
    if (key->mfa != (call_factor(call) == SECOND_FACTOR))
        return refuse(call, CODE_NOT_REGENERATED, "the key is of the other factor");
    renew(call, customer, key);
    return CODE_SUCCESS;
}

int token_regenerate(struct auth_call *call)
{
    struct jwt key;
    if (!jwt_read(call->emulator->signer, call->fields.text[FIELD_KEY], &key))
        return refuse(call, CODE_KEY_INVALID, "this emulator did not sign the key");
    int code = regenerate_by_key(call, &key);
    jwt_free(&key);
    return code;
}

/* On the web there is no key: the token itself is good for as long as a session lives after it. */
static int regenerate_by_token(struct auth_call *call, const struct jwt *token)
{
    int64_t grace_s = call->brand->settings.session_minutes * 60;
    struct customer *customer = customer_of(call, token);
    if (!customer)
        return refuse(call, CODE_NOT_REGENERATED, "the token is VIEW, or its customer is not one of the brand");
    if (strcmp(token->role, "AUTH") == 0 || strcmp(token->role, "MFA_PENDING") == 0)
        return refuse(call, CODE_NOT_REGENERATED, "an %s token is not regenerated", token->role);
    if (!token_covers_identity(call, token, customer))
        return refuse(call, CODE_NOT_REGENERATED, "the identifier is not the token's");
    if (call->now_ms / 1000 >= token->expires_at + grace_s)
        return refuse(call, CODE_NOT_REGENERATED, "the token has expired longer ago than a session lives");
    if (revoked_has(&call->emulator->revoked, token->signature))
        return refuse(call, CODE_NOT_REGENERATED, "token expire has ended the token");
    renew(call, customer, token);
    return CODE_SUCCESS;
}

int web_token_regenerate(struct auth_call *call)
{
    struct jwt token;
    if (!jwt_read(call->emulator->signer, call->fields.text[FIELD_EXPIRED_TOKEN], &token))
        return refuse(call, CODE_NOT_REGENERATED, "this emulator did not sign the token");
    int code = regenerate_by_token(call, &token);
    jwt_free(&token);
    return code;
}

bool names_customer(struct auth_call *call, const struct jwt *jwt, const struct customer *customer)
{
    bool names =
        complete_identity(call, jwt, customer) && customer_identity(customer, call->fields.type, call->fields.value);
    if (!names)
        refuse(call, 0, "the token is not of this identifier");
    return names;
}

int token_expire(struct auth_call *call)
{
    struct jwt jwt;
    struct customer *customer;
    enum token_state state = read_token(call, call->fields.text[FIELD_TOKEN], &jwt, &customer);
    if (state == TOKEN_FORGED)
        return CODE_NOT_EXPIRED;
    int code = state == TOKEN_EXPIRED ? CODE_TOKEN_EXPIRED : CODE_NOT_EXPIRED;
    if (state == TOKEN_GOOD && names_customer(call, &jwt, customer)) {
        revoked_add(&call->emulator->revoked, jwt.signature, jwt.expires_at, call->now_ms / 1000);
        call->answer.message = "Token expired successfully";
        code = CODE_SUCCESS;
    }
    jwt_free(&jwt);
    return code;
}

/* Formats of values are not checked, but a mobile number is not an email address. */
static bool same_type(const struct auth_call *call, const char *value)
{
    if (call->fields.type != MOBILE && call->fields.type != EMAIL)
        return false;
    return (strchr(value, '@') != NULL) == (call->fields.type == EMAIL);
}

int identifier_update(struct auth_call *call)
{
    struct jwt jwt;
    struct customer *customer;
    const char *value = call->fields.text[FIELD_NEW_IDENTIFIER_VALUE];
    int code = CODE_INVALID_DETAILS;
    enum token_state state = read_token(call, call->fields.text[FIELD_TOKEN], &jwt, &customer);
    if (state == TOKEN_FORGED)
        return code;
    struct identity *identity =
        state == TOKEN_GOOD ? customer_identity(customer, call->fields.type, call->fields.value) : NULL;
    if (state == TOKEN_GOOD && !identity)
        refuse(call, code, "the token's customer does not have the old value");
    else if (identity && strcmp(jwt.role, "MFA_PENDING") == 0)
        refuse(call, code, "the token is MFA_PENDING");
    else if (identity && !same_type(call, value))
        refuse(call, code, "the new value is not of that type");
    else if (identity && customer_find(call->brand, call->fields.type, value))
        refuse(call, code, "some customer has the new value already");
    else if (identity) {
        customer_rename_identity(customer, identity, value);
        code = CODE_SUCCESS;
    }
    jwt_free(&jwt);
    return code;
}
