/* A brand's settings: the names of the service's configuration, and the emulator's own. */
#ifndef EMULATOR_SETTINGS_H
#define EMULATOR_SETTINGS_H

#include "password_rule.h"

#include <stdbool.h>
#include <stdint.h>

struct json_object;
struct text;

enum { NO_LIMIT = -1 }; /* a number that is null */

struct settings {
    bool password_enabled;
    char *password_regex;
    struct password_rule *password_rule;
    bool otp_enabled;
    int64_t otp_max_count;
    int64_t otp_timeout_minutes;
    int64_t otp_length;
    char *fixed_otp;
    bool sign_up;
    bool full_replies;
    bool old_identifier_works;
    int64_t latency_ms;
    int64_t latency_jitter_ms;

    int64_t max_otp_retry_count;
    int64_t max_password_retry_count;
    int64_t mfa_max_otp_retry_count;
    int64_t mfa_max_password_retry_count;
    bool account_locking;
    int64_t lock_minutes;
    bool mfa_account_locking;
    int64_t mfa_lock_minutes;
    int64_t incorrect_attempt_interval_minutes;

    bool expiry_based_key;
    int64_t key_expiry_minutes;
    int64_t mfa_key_expiry_minutes;
    int64_t session_minutes;
    int64_t mfa_session_minutes;
    int64_t unused_mfa_session_minutes;
    int64_t token_minutes;
    int64_t mfa_token_minutes;
    bool regenerate_token;
    bool regenerate_mfa_token;

    bool mfa_enabled;
    bool forced_mfa;
    char *mfa_role;
    bool mfa_password_enabled;
    char *mfa_password_regex;
    struct password_rule *mfa_password_rule;
    bool skip_otp_validate;
    bool skip_otp_validate_reset;
    bool auto_fill_second_identifier;

    bool external_id_login_enabled;
    char *otp_send_for_external_id;
    char *mobile_sub_channel;
    char *mobile_sub_channel_properties;
    char *mfa_mobile_sub_channel;
    char *mfa_mobile_sub_channel_properties;
    char *fallback_channels;
    char *fallback_channels_properties;

    bool encryption;
    char *encryption_public_key;
    char *encryption_private_key;
    int64_t encryption_valid_seconds;
    char *encryption_endpoints;
    bool reject_non_cf_calls;
};

void settings_init(struct settings *settings);
/* What `object` lacks goes to its default. False, with the reason in `error` and `settings` as it was,
 * when a name is unknown or a value is invalid. */
bool settings_replace(struct settings *settings, struct json_object *object, struct text *error);
/* Adds the object that settings_replace would take: of all settings, or of those that are not at their default. */
void settings_write(const struct settings *settings, bool all, struct text *json);
/* Adds {"settings":[{"name","type","default","meaning",...},...]}: what there is to set. */
void settings_describe(struct text *json);
/* How long a request of the brand takes, a part of it by chance. */
int64_t settings_latency_ms(const struct settings *settings);
void settings_free(struct settings *settings);

#endif
