/* How many OTPs an identifier got lately: otpMaxCount in otpTimeOut minutes. */
#ifndef EMULATOR_OTP_LIMIT_H
#define EMULATOR_OTP_LIMIT_H

#include "map.h"
#include "settings.h"

#include <stdbool.h>

struct otp_limits {
    struct map by_identity; /* "TYPE|value" -> when its OTPs were sent; only where there is a limit */
    size_t sweep_at;
};

/* False once the limit is reached. */
bool otp_limit_allows(struct otp_limits *limits, const struct settings *settings, const char *identity, int64_t now_ms);
void otp_limit_note(struct otp_limits *limits, const struct settings *settings, const char *identity, int64_t now_ms);
void otp_limits_clear(struct otp_limits *limits);

#endif
