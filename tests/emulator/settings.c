#include "settings.h"

#include "text.h"

#include <json-c/json.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum kind { BOOLEAN, NUMBER, NUMBER_OR_NULL, TEXT, CHOICE, DIGITS, REGEX, ENDPOINTS };

static const char *const kind_names[] = {
    [BOOLEAN] = "boolean", [NUMBER] = "number", [NUMBER_OR_NULL] = "number or null", [TEXT] = "text",
    [CHOICE] = "choice",   [DIGITS] = "digits", [REGEX] = "regular expression",      [ENDPOINTS] = "list",
};

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    int64_t number; /* the default of BOOLEAN and NUMBER */
    int64_t least, most;
    const char *text; /* the default of the other kinds; NULL: none */
    const char *choices; /* of CHOICE and ENDPOINTS, with commas between them */
    const char *meaning; /* for whoever sets it: a phrase, without a full stop */
};

#define AT(member) offsetof(struct settings, member)
#define FLAG(name, member, value, meaning)                                                                             \
    {                                                                                                                  \
        name, BOOLEAN, AT(member), value, 0, 1, NULL, NULL, meaning                                                    \
    }
#define COUNT(name, member, value, most, meaning)                                                                      \
    {                                                                                                                  \
        name, NUMBER, AT(member), value, 0, most, NULL, NULL, meaning                                                  \
    }
#define MINUTES(name, member, value, most, meaning)                                                                    \
    {                                                                                                                  \
        name, NUMBER, AT(member), value, 1, most, NULL, NULL, meaning                                                  \
    }
#define NULLABLE(name, member, least, most, meaning)                                                                   \
    {                                                                                                                  \
        name, NUMBER_OR_NULL, AT(member), NO_LIMIT, least, most, NULL, NULL, meaning                                   \
    }
#define STRING(name, member, value, meaning)                                                                           \
    {                                                                                                                  \
        name, TEXT, AT(member), 0, 0, 0, value, NULL, meaning                                                          \
    }
#define ONE_OF(name, member, value, choices, meaning)                                                                  \
    {                                                                                                                  \
        name, CHOICE, AT(member), 0, 0, 0, value, choices, meaning                                                     \
    }
#define SPECIAL(name, kind, member, choices, meaning)                                                                  \
    {                                                                                                                  \
        name, kind, AT(member), 0, 0, 0, NULL, choices, meaning                                                        \
    }

enum { MOST_MINUTES = 5256000 /* ten years */, MOST_LOCK_MINUTES = 43200 };

static const struct setting table[] = {
    FLAG("PASSWORD_ENABLED", password_enabled, false, "the brand has passwords"),
    SPECIAL("PASSWORD_REGEX", REGEX, password_regex, NULL, "what a new password must match as a whole"),
    FLAG("OTP_ENABLED", otp_enabled, true, "OTPs are sent"),
    NULLABLE("otpMaxCount", otp_max_count, 0, 1000, "the most OTPs for an identifier within otpTimeOut"),
    NULLABLE("otpTimeOut", otp_timeout_minutes, 1, MOST_MINUTES, "minutes that otpMaxCount is for; null: for ever"),
    {"CONF_OTP_LENGTH", NUMBER, AT(otp_length), 6, 1, 16, NULL, NULL, "digits of an OTP"},
    SPECIAL("FIXED_OTP", DIGITS, fixed_otp, NULL, "the OTP that every customer gets"),
    FLAG("SIGN_UP", sign_up, true, "an unknown identifier becomes a customer"),
    FLAG("FULL_REPLIES", full_replies, false, "replies have the older shape: all four members, with nulls"),
    FLAG("OLD_IDENTIFIER_WORKS", old_identifier_works, false, "token regenerate takes an identifier's old value too"),
    COUNT("LATENCY_IN_MILLISECONDS", latency_ms, 0, 600000, "how long each request of the brand takes"),
    COUNT("LATENCY_JITTER_IN_MILLISECONDS", latency_jitter_ms, 0, 600000, "the most that chance adds to the latency"),

    COUNT("CONF_MAX_OTP_RETRY_COUNT", max_otp_retry_count, 5, 1000000, "wrong OTPs that a session allows"),
    COUNT("CONF_MAX_PASSWORD_RETRY_COUNT", max_password_retry_count, 5, 1000000,
          "wrong passwords that a session allows"),
    COUNT("CONF_MFA_MAX_OTP_RETRY_COUNT", mfa_max_otp_retry_count, 5, 1000000,
          "the same for OTPs of the second factor"),
    COUNT("CONF_MFA_MAX_PASSWORD_RETRY_COUNT", mfa_max_password_retry_count, 5, 1000000,
          "the same for passwords of the second factor"),
    FLAG("CONF_ENABLE_ACCOUNT_LOCKING", account_locking, false, "too many wrong attempts lock the customer"),
    MINUTES("CONF_LOCK_PERIOD_IN_MINUTES", lock_minutes, 30, MOST_LOCK_MINUTES, "minutes that a lock lasts"),
    FLAG("CONF_ENABLE_ACCOUNT_LOCKING_MFA", mfa_account_locking, false, "the same for the second factor"),
    MINUTES("CONF_MFA_LOCK_PERIOD_IN_MINUTES", mfa_lock_minutes, 30, MOST_LOCK_MINUTES,
            "minutes that a lock of the second factor lasts"),
    MINUTES("CONF_INCORRECT_ATTEMPT_INTERVAL", incorrect_attempt_interval_minutes, 30, MOST_MINUTES,
            "minutes after a wrong attempt until the count starts anew"),

    FLAG("CONF_ENABLE_EXPIRY_BASED_KEY", expiry_based_key, false, "keys expire"),
    MINUTES("CONF_KEY_EXPIRY_IN_MINUTES", key_expiry_minutes, 60, MOST_MINUTES,
            "minutes that a key lives, if keys expire"),
    MINUTES("CONF_KEY_EXPIRY_MFA_IN_MINUTES", mfa_key_expiry_minutes, 60, MOST_MINUTES,
            "minutes that a key of the second factor lives"),
    MINUTES("CONF_TOKEN_SESSION_EXPIRY_MINUTES", session_minutes, 15, MOST_MINUTES,
            "minutes that a session and its OTP live"),
    MINUTES("CONF_MFA_TOKEN_SESSION_EXPIRY_MINUTES", mfa_session_minutes, 15, MOST_MINUTES,
            "minutes that a session of the second factor lives"),
    MINUTES("CONF_MFA_SESSION_EXPIRY_MINUTES", unused_mfa_session_minutes, 15, MOST_MINUTES,
            "accepted, without effect"),
    MINUTES("TOKEN_EXPIRY_IN_MINUTES", token_minutes, 15, MOST_MINUTES, "minutes that a token lives"),
    MINUTES("CONF_MFA_TOKEN_EXPIRY_IN_MINUTES", mfa_token_minutes, 15, MOST_MINUTES,
            "minutes that a token of the second factor lives"),
    FLAG("CONF_REGENERATE_TOKEN", regenerate_token, true, "a sign-in gives a key"),
    FLAG("CONF_REGENERATE_MFA_TOKEN", regenerate_mfa_token, true, "a sign-in by the second factor gives a key"),

    FLAG("IS_MFA_ENABLED", mfa_enabled, false, "the brand has a second factor"),
    FLAG("CONF_FORCED_MFA", forced_mfa, false, "every customer needs the second factor"),
    STRING("MFA_ROLE", mfa_role, "DEFAULT_MFA_ROLE", "the role after the second factor; DEFAULT_MFA_ROLE means USER"),
    FLAG("IS_MFA_PASSWORD_ENABLED", mfa_password_enabled, false, "the second factor has passwords"),
    SPECIAL("MFA_PASSWORD_REGEX", REGEX, mfa_password_regex, NULL,
            "what a new password of the second factor must match"),
    FLAG("CONF_SKIP_OTP_VALIDATE", skip_otp_validate, false, "a first password of the second factor needs no OTP"),
    FLAG("CONF_SKIP_OTP_VALIDATE_RESET", skip_otp_validate_reset, false,
         "a forgotten password of the second factor needs no OTP"),
    FLAG("CONF_AUTO_FILL_2ND_FACTOR_IDENTIFIER", auto_fill_second_identifier, false,
         "the second factor takes a missing identifier from the first"),

    FLAG("CONF_EXTERNAL_ID_LOGIN_ENABLED", external_id_login_enabled, false, "customers sign in by EXTERNALID too"),
    ONE_OF("CONF_OTP_SEND_FOR_EXTERNAL_ID", otp_send_for_external_id, "mobile", "mobile,email",
           "where an EXTERNALID with both gets its OTPs"),
    ONE_OF("CONF_MOBILE_SUB_CHANNEL", mobile_sub_channel, NULL, "WHATSAPP,ZALO",
           "the channel of mobile numbers, not SMS"),
    STRING("CONF_MOBILE_SUB_CHANNEL_PROPERTIES", mobile_sub_channel_properties, NULL, "its text, with {otp} in it"),
    ONE_OF("CONF_MFA_MOBILE_SUB_CHANNEL", mfa_mobile_sub_channel, NULL, "WHATSAPP,ZALO",
           "the channel of mobile numbers in the second factor"),
    STRING("CONF_MFA_MOBILE_SUB_CHANNEL_PROPERTIES", mfa_mobile_sub_channel_properties, NULL,
           "its text, with {otp} in it"),
    STRING("CONF_FALLBACK_CHANNELS", fallback_channels, NULL, "channels that fallbackChannel may name, with commas"),
    STRING("CONF_FALLBACK_CHANNELS_PROPERTIES", fallback_channels_properties, NULL, "their text, with {otp} in it"),

    FLAG("CONF_ENABLE_ENCRYPTION", encryption, false, "OTP generate needs hash and timeStamp"),
    STRING("CONF_ENCRYPTION_PUBLIC_KEY", encryption_public_key, NULL, "accepted, without effect"),
    STRING("CONF_ENCRYPTION_PRIVATE_KEY", encryption_private_key, NULL, "accepted, without effect"),
    COUNT("CONF_ENCRYPTION_VALID_IN_SECONDS", encryption_valid_seconds, 120, 31536000,
          "seconds that a timeStamp may be away from now"),
    SPECIAL("CONF_ENCRYPTION_ENDPOINTS", ENDPOINTS, encryption_endpoints, "OTP,MFA_OTP",
            "which OTP generate needs them; none: both"),
    FLAG("CONFIG_REJECT_NON_CF_CALLS", reject_non_cf_calls, false, "OTP generate needs the CDN's header X-Amz-Cf-Id"),
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

static void describe(struct settings *defaults, const struct setting *setting, struct text *json)
{
    text_add_format(json, "{\"name\":\"%s\",\"type\":\"%s\",\"default\":", setting->name, kind_names[setting->kind]);
    write_value(defaults, setting, json);
    if (setting->kind == NUMBER || setting->kind == NUMBER_OR_NULL)
        text_add_format(json, ",\"least\":%lld,\"most\":%lld", (long long)setting->least, (long long)setting->most);
    if (setting->choices)
        text_add_format(json, ",\"choices\":\"%s\"", setting->choices);
    text_add_format(json, ",\"meaning\":\"%s\"}", setting->meaning);
}

void settings_describe(struct text *json)
{
    struct settings defaults;
    settings_init(&defaults);
    text_add_string(json, "{\"settings\":[");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        text_add_string(json, i ? "," : "");
        describe(&defaults, &table[i], json);
    }
    text_add_string(json, "]}");
    settings_free(&defaults);
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
