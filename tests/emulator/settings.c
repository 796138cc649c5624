#include "settings.h"

#include "text.h"

#include <json-c/json.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum kind { BOOLEAN, NUMBER, NUMBER_OR_NULL, TEXT, CHOICE, DIGITS, REGEX, ENDPOINTS };

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    int64_t number; /* the default of BOOLEAN and NUMBER */
    int64_t least, most;
    const char *text; /* the default of TEXT; for CHOICE its first choice */
    const char *choices;
};

#define AT(member) offsetof(struct settings, member)
#define FLAG(name, member, value)                                                                                      \
    {                                                                                                                  \
        name, BOOLEAN, AT(member), value, 0, 1, NULL, NULL                                                             \
    }
#define COUNT(name, member, value, most)                                                                               \
    {                                                                                                                  \
        name, NUMBER, AT(member), value, 0, most, NULL, NULL                                                           \
    }
#define MINUTES(name, member, value, most)                                                                             \
    {                                                                                                                  \
        name, NUMBER, AT(member), value, 1, most, NULL, NULL                                                           \
    }
#define NULLABLE(name, member, least, most)                                                                            \
    {                                                                                                                  \
        name, NUMBER_OR_NULL, AT(member), NO_LIMIT, least, most, NULL, NULL                                            \
    }
#define STRING(name, member, value)                                                                                    \
    {                                                                                                                  \
        name, TEXT, AT(member), 0, 0, 0, value, NULL                                                                   \
    }
#define ONE_OF(name, member, value, choices)                                                                           \
    {                                                                                                                  \
        name, CHOICE, AT(member), 0, 0, 0, value, choices                                                              \
    }
#define SPECIAL(name, kind, member)                                                                                    \
    {                                                                                                                  \
        name, kind, AT(member), 0, 0, 0, NULL, NULL                                                                    \
    }

enum { MOST_MINUTES = 5256000 /* ten years */, MOST_LOCK_MINUTES = 43200 };

static const struct setting table[] = {
    FLAG("PASSWORD_ENABLED", password_enabled, false),
    SPECIAL("PASSWORD_REGEX", REGEX, password_regex),
    FLAG("OTP_ENABLED", otp_enabled, true),
    NULLABLE("otpMaxCount", otp_max_count, 0, 1000),
    NULLABLE("otpTimeOut", otp_timeout_minutes, 1, MOST_MINUTES),
    {"CONF_OTP_LENGTH", NUMBER, AT(otp_length), 6, 1, 16, NULL, NULL},
    SPECIAL("FIXED_OTP", DIGITS, fixed_otp),
    FLAG("SIGN_UP", sign_up, true),
    FLAG("FULL_REPLIES", full_replies, false),
    FLAG("OLD_IDENTIFIER_WORKS", old_identifier_works, false),
    COUNT("LATENCY_IN_MILLISECONDS", latency_ms, 0, 600000),
    COUNT("LATENCY_JITTER_IN_MILLISECONDS", latency_jitter_ms, 0, 600000),

    COUNT("CONF_MAX_OTP_RETRY_COUNT", max_otp_retry_count, 5, 1000000),
    COUNT("CONF_MAX_PASSWORD_RETRY_COUNT", max_password_retry_count, 5, 1000000),
    COUNT("CONF_MFA_MAX_OTP_RETRY_COUNT", mfa_max_otp_retry_count, 5, 1000000),
    COUNT("CONF_MFA_MAX_PASSWORD_RETRY_COUNT", mfa_max_password_retry_count, 5, 1000000),
    FLAG("CONF_ENABLE_ACCOUNT_LOCKING", account_locking, false),
    MINUTES("CONF_LOCK_PERIOD_IN_MINUTES", lock_minutes, 30, MOST_LOCK_MINUTES),
    FLAG("CONF_ENABLE_ACCOUNT_LOCKING_MFA", mfa_account_locking, false),
    MINUTES("CONF_MFA_LOCK_PERIOD_IN_MINUTES", mfa_lock_minutes, 30, MOST_LOCK_MINUTES),
    MINUTES("CONF_INCORRECT_ATTEMPT_INTERVAL", incorrect_attempt_interval_minutes, 30, MOST_MINUTES),

    FLAG("CONF_ENABLE_EXPIRY_BASED_KEY", expiry_based_key, false),
    MINUTES("CONF_KEY_EXPIRY_IN_MINUTES", key_expiry_minutes, 60, MOST_MINUTES),
    MINUTES("CONF_KEY_EXPIRY_MFA_IN_MINUTES", mfa_key_expiry_minutes, 60, MOST_MINUTES),
    MINUTES("CONF_TOKEN_SESSION_EXPIRY_MINUTES", session_minutes, 15, MOST_MINUTES),
    MINUTES("CONF_MFA_TOKEN_SESSION_EXPIRY_MINUTES", mfa_session_minutes, 15, MOST_MINUTES),
    MINUTES("CONF_MFA_SESSION_EXPIRY_MINUTES", unused_mfa_session_minutes, 15, MOST_MINUTES),
    MINUTES("TOKEN_EXPIRY_IN_MINUTES", token_minutes, 15, MOST_MINUTES),
    MINUTES("CONF_MFA_TOKEN_EXPIRY_IN_MINUTES", mfa_token_minutes, 15, MOST_MINUTES),
    FLAG("CONF_REGENERATE_TOKEN", regenerate_token, true),
    FLAG("CONF_REGENERATE_MFA_TOKEN", regenerate_mfa_token, true),

    FLAG("IS_MFA_ENABLED", mfa_enabled, false),
    FLAG("CONF_FORCED_MFA", forced_mfa, false),
    STRING("MFA_ROLE", mfa_role, "DEFAULT_MFA_ROLE"),
    FLAG("IS_MFA_PASSWORD_ENABLED", mfa_password_enabled, false),
    SPECIAL("MFA_PASSWORD_REGEX", REGEX, mfa_password_regex),
    FLAG("CONF_SKIP_OTP_VALIDATE", skip_otp_validate, false),
    FLAG("CONF_SKIP_OTP_VALIDATE_RESET", skip_otp_validate_reset, false),
    FLAG("CONF_AUTO_FILL_2ND_FACTOR_IDENTIFIER", auto_fill_second_identifier, false),

    FLAG("CONF_EXTERNAL_ID_LOGIN_ENABLED", external_id_login_enabled, false),
    ONE_OF("CONF_OTP_SEND_FOR_EXTERNAL_ID", otp_send_for_external_id, "mobile", "mobile,email"),
    ONE_OF("CONF_MOBILE_SUB_CHANNEL", mobile_sub_channel, NULL, "WHATSAPP,ZALO"),
    STRING("CONF_MOBILE_SUB_CHANNEL_PROPERTIES", mobile_sub_channel_properties, NULL),
    ONE_OF("CONF_MFA_MOBILE_SUB_CHANNEL", mfa_mobile_sub_channel, NULL, "WHATSAPP,ZALO"),
    STRING("CONF_MFA_MOBILE_SUB_CHANNEL_PROPERTIES", mfa_mobile_sub_channel_properties, NULL),
    STRING("CONF_FALLBACK_CHANNELS", fallback_channels, NULL),
    STRING("CONF_FALLBACK_CHANNELS_PROPERTIES", fallback_channels_properties, NULL),

    FLAG("CONF_ENABLE_ENCRYPTION", encryption, false),
    STRING("CONF_ENCRYPTION_PUBLIC_KEY", encryption_public_key, NULL),
    STRING("CONF_ENCRYPTION_PRIVATE_KEY", encryption_private_key, NULL),
    COUNT("CONF_ENCRYPTION_VALID_IN_SECONDS", encryption_valid_seconds, 120, 31536000),
    SPECIAL("CONF_ENCRYPTION_ENDPOINTS", ENDPOINTS, encryption_endpoints),
    FLAG("CONFIG_REJECT_NON_CF_CALLS", reject_non_cf_calls, false),
};

enum { SETTING_COUNT = sizeof table / sizeof table[0] };

static bool *flag_of(struct settings *settings, const struct setting *setting)
{
    return (void *)((char *)settings + setting->offset);
}

static int64_t *number_of(struct settings *settings, const struct setting *setting)
{
    return (void *)((char *)settings + setting->offset);
}

static char **text_of(struct settings *settings, const struct setting *setting)
{
    return (void *)((char *)settings + setting->offset);
}

void settings_init(struct settings *settings)
{
    memset(settings, 0, sizeof *settings);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (table[i].kind == BOOLEAN)
            *flag_of(settings, &table[i]) = table[i].number != 0;
        else if (table[i].kind == NUMBER || table[i].kind == NUMBER_OR_NULL)
            *number_of(settings, &table[i]) = table[i].number;
        else
            *text_of(settings, &table[i]) = text_copy(table[i].text);
    }
}

static bool refuse(struct text *error, const struct setting *setting, const char *what)
{
    text_add_format(error, "setting \"%s\" %s", setting->name, what);
    return false;
}

static bool set_number(struct settings *settings, const struct setting *setting, struct json_object *value,
                       struct text *error)
{
    if (!value && setting->kind == NUMBER_OR_NULL) {
        *number_of(settings, setting) = NO_LIMIT;
        return true;
    }
    int64_t number = json_object_get_int64(value);
    if (!json_object_is_type(value, json_type_int) || number < setting->least || number > setting->most) {
        text_add_format(error, "setting \"%s\" must be a number from %lld to %lld%s", setting->name,
                        (long long)setting->least, (long long)setting->most,
                        setting->kind == NUMBER_OR_NULL ? ", or null" : "");
        return false;
    }
    *number_of(settings, setting) = number;
    return true;
}

static bool endpoints_known(const char *list)
{
    while (*list) {
        list += strspn(list, ", ");
        size_t length = strcspn(list, ", ");
        if (length && !(length == 3 && strncmp(list, "OTP", 3) == 0) &&
            !(length == 7 && strncmp(list, "MFA_OTP", 7) == 0))
            return false;
        list += length;
    }
    return true;
}

/* What is wrong with a text, or NULL. */
static const char *text_problem(const struct setting *setting, const char *text, size_t length)
{
    if (strlen(text) != length || text_has_control(text, length))
        return "must not contain control characters";
    if (length > 8192)
        return "must be at most 8192 bytes";
    if (setting->kind == DIGITS && (!text_is_digits(text) || length > 16))
        return "must be 1 to 16 digits";
    if (setting->kind == ENDPOINTS && !endpoints_known(text))
        return "must be OTP, MFA_OTP, or both with a comma between them";
    if (setting->kind == CHOICE && (!text_list_has(setting->choices, text)))
        return "must be one of its known values";
    return NULL;
}

static bool set_text(struct settings *settings, const struct setting *setting, struct json_object *value,
                     struct text *error)
{
    const char *text = value ? json_object_get_string(value) : NULL;
    if (value && !json_object_is_type(value, json_type_string))
        return refuse(error, setting, "must be a string or null");
    if (text && !*text)
        text = NULL; /* an empty string switches a setting off, as null does */
    const char *problem = text ? text_problem(setting, text, (size_t)json_object_get_string_len(value)) : NULL;
    if (problem && setting->kind == CHOICE) {
        text_add_format(error, "setting \"%s\" must be one of %s", setting->name, setting->choices);
        return false;
    }
    if (problem)
        return refuse(error, setting, problem);
    text_set(text_of(settings, setting), text ? text : setting->text);
    return true;
}

static bool set(struct settings *settings, const struct setting *setting, struct json_object *value, struct text *error)
{
    switch (setting->kind) {
    case BOOLEAN:
        if (!json_object_is_type(value, json_type_boolean))
            return refuse(error, setting, "must be true or false");
        *flag_of(settings, setting) = json_object_get_boolean(value);
        return true;
    case NUMBER:
    case NUMBER_OR_NULL:
        return set_number(settings, setting, value, error);
    default:
        return set_text(settings, setting, value, error);
    }
}

static bool compile_rule(struct password_rule **rule, const char *name, const char *pattern, struct text *error)
{
    struct text reason = {0};
    if (!pattern)
        return true;
    *rule = password_rule_new(pattern, &reason);
    if (!*rule)
        text_add_format(error, "setting \"%s\" %s", name, reason.data);
    text_free(&reason);
    return *rule != NULL;
}

static bool compile_rules(struct settings *settings, struct text *error)
{
    return compile_rule(&settings->password_rule, "PASSWORD_REGEX", settings->password_regex, error) &&
           compile_rule(&settings->mfa_password_rule, "MFA_PASSWORD_REGEX", settings->mfa_password_regex, error);
}

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

bool settings_replace(struct settings *settings, struct json_object *object, struct text *error)
{
    struct settings fresh;
    bool ok = true;
    settings_init(&fresh);
    struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);
    for (; ok && !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        const struct setting *setting = find(name);
        if (!setting)
            text_add_format(error, "unknown setting \"%s\"", name);
        ok = setting && set(&fresh, setting, json_object_iter_peek_value(&at), error);
    }
    ok = ok && compile_rules(&fresh, error);
    struct settings *unwanted = ok ? settings : &fresh;
    settings_free(unwanted);
    if (ok)
        *settings = fresh;
    return ok;
}

static bool is_default(struct settings *settings, const struct setting *setting)
{
    if (setting->kind == BOOLEAN)
        return *flag_of(settings, setting) == (setting->number != 0);
    if (setting->kind == NUMBER || setting->kind == NUMBER_OR_NULL)
        return *number_of(settings, setting) == setting->number;
    return text_equal(*text_of(settings, setting), setting->text);
}

static void write_value(struct settings *settings, const struct setting *setting, struct text *json)
{
    if (setting->kind == BOOLEAN)
        text_add_string(json, *flag_of(settings, setting) ? "true" : "false");
    else if (setting->kind == NUMBER_OR_NULL && *number_of(settings, setting) == NO_LIMIT)
        text_add_string(json, "null");
    else if (setting->kind == NUMBER || setting->kind == NUMBER_OR_NULL)
        text_add_format(json, "%lld", (long long)*number_of(settings, setting));
    else
        text_add_json(json, *text_of(settings, setting));
}

void settings_write(const struct settings *settings, bool all, struct text *json)
{
    struct settings *readable = (struct settings *)(uintptr_t)settings; /* the accessors serve writers too */
    const char *comma = "";
    text_add_string(json, "{");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (!all && is_default(readable, &table[i]))
            continue;
        text_add_format(json, "%s\"%s\":", comma, table[i].name);
        write_value(readable, &table[i], json);
        comma = ",";
    }
    text_add_string(json, "}");
}

int64_t settings_latency_ms(const struct settings *settings)
{
    uint32_t random = 0;
    if (settings->latency_jitter_ms && RAND_bytes((unsigned char *)&random, sizeof random) != 1)
        abort();
    return settings->latency_ms + random % (settings->latency_jitter_ms + 1);
}

void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (table[i].kind >= TEXT)
            free(*text_of(settings, &table[i]));
    password_rule_free(settings->password_rule);
    password_rule_free(settings->mfa_password_rule);
}
