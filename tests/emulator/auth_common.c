/* What several operations share: passwords, locks, attempts, and the tokens that they end with. */
#include "auth.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

bool passwords_enabled(const struct auth_call *call)
{
    const struct settings *settings = &call->brand->settings;
    return call_factor(call) == FIRST_FACTOR ? settings->password_enabled : settings->mfa_password_enabled;
}

bool registered_for_password(const struct auth_call *call, const struct customer *customer)
{
    const struct credential *credential = &customer->credentials[call_factor(call)];
    return passwords_enabled(call) && credential->password && credential->confirmed;
}

static int check_rule(const struct auth_call *call, const char *password)
{
    bool first = call_factor(call) == FIRST_FACTOR;
    const struct settings *settings = &call->brand->settings;
    const struct password_rule *rule = first ? settings->password_rule : settings->mfa_password_rule;
    enum password_verdict verdict = rule ? password_rule_check(rule, password) : PASSWORD_ACCEPTED;
    if (verdict == PASSWORD_ACCEPTED)
        return CODE_SUCCESS;
    return refuse(call, CODE_PASSWORD_RULES,
                  verdict == PASSWORD_UNDECIDED ? "%s needs too many tries to tell whether the password matches"
                                                : "the password does not match %s",
                  first ? "PASSWORD_REGEX" : "MFA_PASSWORD_REGEX");
}

int check_new_password(const struct auth_call *call, const char *password)
{
    if (!text_equal(password, call->fields.text[FIELD_CONFIRM_PASSWORD]))
        return CODE_PASSWORDS_DIFFER;
    return check_rule(call, password);
}

int check_lock(const struct auth_call *call, const struct customer *customer)
{
    const struct settings *settings = &call->brand->settings;
    bool locking = call_factor(call) == FIRST_FACTOR ? settings->account_locking : settings->mfa_account_locking;
    const struct lock *lock = &customer->locks[call_factor(call)];
    if ((locking || lock->by_control) && call->now_ms < lock->until_ms)
        return refuse(call, lock->code, "the customer is locked for %lld more seconds",
                      (long long)(lock->until_ms - call->now_ms + 999) / 1000);
    return CODE_SUCCESS;
}

static void lock_customer(struct auth_call *call, int code)
{
    const struct settings *settings = &call->brand->settings;
    enum factor factor = call_factor(call);
    struct lock *lock = &call->session->customer->locks[factor];
    if (!(factor == FIRST_FACTOR ? settings->account_locking : settings->mfa_account_locking))
        return;
    int64_t minutes = factor == FIRST_FACTOR ? settings->lock_minutes : settings->mfa_lock_minutes;
    *lock = (struct lock){.until_ms = call->now_ms + minutes * 60000, .code = code};
}

/* The attempt after the last allowed one spends the session, even if it is right. */
int count_attempt(struct auth_call *call, struct attempts *attempts, int64_t limit, bool right, int wrong_code,
                  int spent_code)
{
    int64_t interval_ms = call->brand->settings.incorrect_attempt_interval_minutes * 60000;
    if (call->now_ms - attempts->last_wrong_ms >= interval_ms)
        attempts->count = 0;
    if (attempts->count >= limit) {
        call->session->spent = spent_code;
        outbox_close(&call->emulator->outbox, call->session->message, OTP_VOID);
        lock_customer(call, spent_code);
        return refuse(call, spent_code, "%lld wrong attempts came before: this one is not checked",
                      (long long)attempts->count);
    }
    if (right)
        return CODE_SUCCESS;
    attempts->count++;
    attempts->last_wrong_ms = call->now_ms;
    return refuse(call, wrong_code, "wrong attempt %lld of %lld", (long long)attempts->count, (long long)limit);
}

/* What tokens and keys have in common. */
static struct jwt_claims claims_for(const struct auth_call *call, const char *customer_id, const char *role)
{
    return (struct jwt_claims){
        .brand = call->brand->upper,
        .organisation = call->brand->organisation,
        .customer_id = customer_id,
        .role = role,
        .issued_at = call->now_ms / 1000,
    };
}

char *token_for(struct auth_call *call, const struct customer *customer, const char *role, const char *device,
                const char *first_identity)
{
    const struct settings *settings = &call->brand->settings;
    int64_t minutes = call_factor(call) == FIRST_FACTOR ? settings->token_minutes : settings->mfa_token_minutes;
    struct jwt_claims claims = claims_for(call, customer ? customer->id : NULL, role);
    char *identity = identity_text(call->fields.type, call->fields.value);
    claims.kind = customer ? JWT_CUSTOMER : JWT_VIEW;
    claims.identities[0] = identity;
    claims.identities[1] = text_equal(identity, first_identity) ? NULL : first_identity;
    claims.device = device;
    claims.expires_at = claims.issued_at + minutes * 60;
    char *token = jwt_sign(call->emulator->signer, &claims);
    if (customer)
        issued_add(&call->emulator->issued, call->brand, customer->id, token);
    free(identity);
    return token;
}

static char *key_for(struct auth_call *call, const struct customer *customer, const char *first_identity)
{
    const struct settings *settings = &call->brand->settings;
    bool mfa = call_factor(call) == SECOND_FACTOR;
    struct jwt_claims claims = claims_for(call, customer->id, "AUTH");
    char *identity = identity_text(call->fields.type, call->fields.value);
    claims.identities[0] = identity;
    claims.identities[1] = text_equal(identity, first_identity) ? NULL : first_identity;
    claims.device = call->fields.text[FIELD_DEVICE_ID];
    claims.kind = JWT_KEY;
    claims.mfa = mfa;
    int64_t minutes = mfa ? settings->mfa_key_expiry_minutes : settings->key_expiry_minutes;
    if (settings->expiry_based_key)
        claims.expires_at = claims.issued_at + minutes * 60;
    char *key = jwt_sign(call->emulator->signer, &claims);
    issued_add(&call->emulator->issued, call->brand, customer->id, key);
    free(identity);
    return key;
}

/* The second factor's identifier becomes the customer's own, unless it is another's by now. */
static int finish_second_factor(struct auth_call *call, struct customer *customer)
{
    struct customer *owner = customer_find(call->brand, call->fields.type, call->fields.value);
    if (owner && owner != customer)
        return refuse(call, CODE_IDENTIFIER_DIFFERS, "another customer has the second factor's identifier");
    customer_add_identity(customer, call->fields.type, call->fields.value);
    customer->second_factor = true;
    return CODE_SUCCESS;
}

static const char *role_after(const struct auth_call *call, const struct customer *customer)
{
    const struct settings *settings = &call->brand->settings;
    if (call_factor(call) == SECOND_FACTOR)
        return strcmp(settings->mfa_role, "DEFAULT_MFA_ROLE") == 0 ? "USER" : settings->mfa_role;
    bool second_wanted = settings->mfa_enabled && (settings->forced_mfa || customer->second_factor);
    return second_wanted ? "MFA_PENDING" : "USER";
}

int sign_in(struct auth_call *call)
{
    struct customer *customer = call->session->customer;
    struct answer *answer = &call->answer;
    const struct settings *settings = &call->brand->settings;
    enum factor factor = call_factor(call);
    bool web = call->operation->family == FAMILY_WEB;
    if (factor == SECOND_FACTOR && finish_second_factor(call, customer) != CODE_SUCCESS)
        return CODE_IDENTIFIER_DIFFERS;
    customer->established = true;
    const char *first_identity = call->session->first_identity;
    bool keys = factor == FIRST_FACTOR ? settings->regenerate_token : settings->regenerate_mfa_token;
    answer->has_user = true;
    answer->role = role_after(call, customer);
    answer->registered_for_password = registered_for_password(call, customer);
    answer->token =
        token_for(call, customer, answer->role, web ? NULL : call->fields.text[FIELD_DEVICE_ID], first_identity);
    if (keys && !web && strcmp(answer->role, "MFA_PENDING") != 0)
        answer->key = key_for(call, customer, first_identity);
    session_end(call->emulator, call->session);
    call->session = NULL;
    return CODE_SUCCESS;
}

static int judge_token(const struct auth_call *call, const char *token, struct jwt *jwt, struct customer **customer)
{
    *customer = NULL;
    if (!jwt_read(call->emulator->signer, token, jwt))
        return refuse(call, TOKEN_FORGED, "this emulator did not sign the token");
    if (!jwt->customer_id || strcmp(jwt->role, "AUTH") == 0) {
        int state = refuse(call, TOKEN_FORGED, "a %s is no customer's token", jwt->customer_id ? "key" : "VIEW token");
        jwt_free(jwt);
        return state;
    }
    if (call->now_ms / 1000 >= jwt->expires_at)
        return refuse(call, TOKEN_EXPIRED, "the token has expired");
    if (revoked_has(&call->emulator->revoked, jwt->signature))
        return refuse(call, TOKEN_EXPIRED, "token expire has ended the token");
    if (text_equal(jwt->brand, call->brand->upper))
        *customer = customer_find_by_id(call->brand, jwt->customer_id);
    return *customer ? TOKEN_GOOD : refuse(call, TOKEN_OF_ANOTHER, "the token's customer is not one of the brand");
}

enum token_state read_token(const struct auth_call *call, const char *token, struct jwt *jwt,
                            struct customer **customer)
{
    return (enum token_state)judge_token(call, token, jwt, customer);
}

static bool names(const struct jwt *jwt, enum identifier_type type, const char *value)
{
    char *text = identity_text(type, value);
    bool named = jwt_names_identity(jwt, text);
    free(text);
    return named;
}

const struct identity *named_identity(const struct auth_call *call, const struct customer *customer)
{
    const struct fields *fields = &call->fields;
    const struct identity *identity = customer_identity(customer, fields->type, fields->value);
    if (!identity && call->brand->settings.old_identifier_works)
        identity = customer_former_identity(customer, fields->type, fields->value);
    return identity;
}

bool token_covers_identity(const struct auth_call *call, const struct jwt *jwt, const struct customer *customer)
{
    const struct identity *identity = named_identity(call, customer);
    if (!identity)
        return false;
    bool covered = names(jwt, identity->type, identity->value);
    for (unsigned i = 0; i < identity->former_count && !covered; i++)
        covered = names(jwt, identity->type, identity->former[i]);
    return covered;
}
