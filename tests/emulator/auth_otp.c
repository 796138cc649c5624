/* OTP generate and OTP validate. */
#include "auth.h"

#include "text.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* Where an OTP goes. */
struct route {
    const char *mobile, *email; /* what is known, each may be NULL */
    const char *to, *channel, *template;
};

static bool encryption_covers(const struct settings *settings, enum factor factor)
{
    const char *endpoints = settings->encryption_endpoints;
    return settings->encryption && (!endpoints || text_list_has(endpoints, factor == FIRST_FACTOR ? "OTP" : "MFA_OTP"));
}

/* What a brand seals into the hash is its own affair: the emulator only wants to see one, in time. */
static bool sealed_in_time(const struct auth_call *call)
{
    const char *time_stamp = call->fields.text[FIELD_TIME_STAMP];
    if (!call->fields.text[FIELD_HASH] || !time_stamp || !text_is_digits(time_stamp) || strlen(time_stamp) > 15)
        return false;
    int64_t away_ms = call->now_ms - strtoll(time_stamp, NULL, 10);
    int64_t window_ms = call->brand->settings.encryption_valid_seconds * 1000;
    return away_ms <= window_ms && away_ms >= -window_ms;
}

static int check_delivery_is_on(const struct auth_call *call)
{
    const struct settings *settings = &call->brand->settings;
    if (settings->reject_non_cf_calls && !request_header(call->request, "X-Amz-Cf-Id"))
        return refuse(call, CODE_OTP_NOT_GENERATED, "CONFIG_REJECT_NON_CF_CALLS is on: X-Amz-Cf-Id is missing");
    if (encryption_covers(settings, call_factor(call)) && !sealed_in_time(call))
        return refuse(call, CODE_TAMPERED, "hash or timeStamp is missing, or timeStamp is out of its window");
    return settings->otp_enabled ? CODE_SUCCESS : refuse(call, CODE_OTP_NOT_GENERATED, "OTP_ENABLED is off");
}

/* A contact in the request may add what is not known yet, never replace what is. */
static bool add_contact(const char **known, const char *given)
{
    if (*known && given && strcmp(*known, given) != 0)
        return false;
    if (given)
        *known = given;
    return true;
}

static int find_contacts(const struct auth_call *call, struct route *route)
{
    const struct session *session = call->session;
    route->mobile = session->type == MOBILE ? session->value : customer_mobile(session->customer);
    route->email = session->type == EMAIL ? session->value : customer_email(session->customer);
    if (session->type == MOBILE || session->type == EMAIL)
        return CODE_SUCCESS;
    if (!add_contact(&route->mobile, call->fields.text[FIELD_MOBILE]) ||
        !add_contact(&route->email, call->fields.text[FIELD_EMAIL]))
        return refuse(call, CODE_INVALID_DETAILS, "the customer's mobile or email is another");
    return route->mobile || route->email ? CODE_SUCCESS : CODE_CONTACT_NEEDED;
}

/* Whether the usual way is by email. */
static bool prefers_email(const struct auth_call *call, const struct route *route)
{
    const struct session *session = call->session;
    if (session->type == MOBILE || session->type == EMAIL)
        return session->type == EMAIL;
    if (!route->mobile || !route->email)
        return !route->mobile;
    if (session->type == EXTERNALID)
        return text_equal_nocase(call->brand->settings.otp_send_for_external_id, "email");
    return !call->fields.text[FIELD_MOBILE] && call->fields.text[FIELD_EMAIL];
}

static void usual_route(const struct auth_call *call, struct route *route)
{
    const struct settings *settings = &call->brand->settings;
    bool first = call_factor(call) == FIRST_FACTOR;
    const char *sub_channel = first ? settings->mobile_sub_channel : settings->mfa_mobile_sub_channel;
    bool email = prefers_email(call, route);
    route->to = email ? route->email : route->mobile;
    route->channel = email ? "EMAIL" : sub_channel ? sub_channel : "SMS";
    if (!email && sub_channel)
        route->template = first ? settings->mobile_sub_channel_properties : settings->mfa_mobile_sub_channel_properties;
}

static int fallback_route(const struct auth_call *call, const char *channel, struct route *route)
{
    const struct settings *settings = &call->brand->settings;
    if (!text_list_has(settings->fallback_channels, channel))
        return refuse(call, CODE_CHANNEL_NOT_CONFIGURED, "CONF_FALLBACK_CHANNELS does not list %s", channel);
    bool email = text_equal_nocase(channel, "EMAIL");
    route->to = email ? route->email : route->mobile;
    route->channel = channel;
    route->template = settings->fallback_channels_properties;
    if (!route->to)
        return email ? CODE_CHANNEL_NEEDS_EMAIL : CODE_CHANNEL_NEEDS_MOBILE;
    return CODE_SUCCESS;
}

static int find_route(const struct auth_call *call, struct route *route)
{
    const char *fallback = request_query(call->request, "fallbackChannel");
    int code = find_contacts(call, route);
    if (code != CODE_SUCCESS)
        return code;
    if (fallback && *fallback)
        return fallback_route(call, fallback, route);
    usual_route(call, route);
    return CODE_SUCCESS;
}

static int check_limit(const struct auth_call *call, const char *identity)
{
    const struct settings *settings = &call->brand->settings;
    if (settings->otp_max_count == 0)
        return CODE_OTP_LIMIT_ZERO;
    bool allowed = otp_limit_allows(&call->brand->otp_limits, settings, identity, call->now_ms);
    if (!allowed)
        return refuse(call, CODE_OTP_LIMIT_REACHED, "otpMaxCount (%lld) OTPs were sent within otpTimeOut",
                      (long long)settings->otp_max_count);
    return CODE_SUCCESS;
}

static char *new_otp(const struct settings *settings)
{
    if (settings->fixed_otp)
        return text_copy(settings->fixed_otp);
    size_t length = (size_t)settings->otp_length;
    char *otp = memory_new(length + 1);
    for (size_t i = 0; i < length;) {
        unsigned char byte;
        if (RAND_bytes(&byte, 1) != 1)
            abort();
        if (byte < 250) /* beyond it the first six digits would come more often */
            otp[i++] = (char)('0' + byte % 10);
    }
    return otp;
}

/* No two messages of a brand have the same time, so that whoever asks for what came after one gets just that. */
static int64_t time_to_send(struct auth_call *call)
{
    struct brand *brand = call->brand;
    int64_t time_ms = call->now_ms;
    if (time_ms >= brand->last_otp_at_ms && time_ms <= brand->last_otp_ms)
        time_ms = brand->last_otp_ms + 1;
    brand->last_otp_at_ms = call->now_ms;
    brand->last_otp_ms = time_ms;
    return time_ms;
}

static void send_otp(struct auth_call *call, const struct route *route)
{
    struct session *session = call->session;
    free(session->otp);
    session->otp = new_otp(&call->brand->settings);
    outbox_close(&call->emulator->outbox, session->message, OTP_REPLACED);
    outbox_add(&call->emulator->outbox,
               &(struct message_content){
                   .brand = call->brand,
                   .type = session->type,
                   .value = session->value,
                   .to = route->to,
                   .channel = route->channel,
                   .otp = session->otp,
                   .template = route->template,
                   .sent_ms = time_to_send(call),
                   .expires_ms = session->expires_ms,
               },
               &session->message);
    char *identity = identity_text(session->type, session->value);
    journal_otp(&call->emulator->journal, call->now_ms, call->brand->name, identity, session->otp, route->to,
                route->channel);
    free(identity);
}

int otp_generate(struct auth_call *call)
{
    struct route route = {0};
    int code = check_delivery_is_on(call);
    if (code == CODE_SUCCESS)
        code = find_route(call, &route);
    if (code != CODE_SUCCESS)
        return code;
    char *identity = identity_text(call->session->type, call->session->value);
    code = check_limit(call, identity);
    if (code == CODE_SUCCESS) {
        otp_limit_note(&call->brand->otp_limits, &call->brand->settings, identity, call->now_ms);
        send_otp(call, &route);
    }
    free(identity);
    return code;
}

/* A number has lost its leading zeros. */
static bool otp_is_right(const struct auth_call *call)
{
    const char *otp = call->session->otp, *given = call->fields.text[FIELD_OTP];
    size_t length = strlen(otp), given_length = strlen(given);
    size_t missing = call->fields.otp_is_number && given_length < length ? length - given_length : 0;
    return strspn(otp, "0") >= missing && strcmp(otp + missing, given) == 0;
}

/* An OTP confirms the password that is waiting for one: a first one, or one set as forgotten. */
static void confirm_password(struct auth_call *call)
{
    struct session *session = call->session;
    struct credential *credential = &session->customer->credentials[call_factor(call)];
    if (!credential->password && session->first_password)
        credential_set(credential, session->first_password, true);
    else if (credential->password)
        credential->confirmed = true;
}

int otp_validate(struct auth_call *call)
{
    struct session *session = call->session;
    const struct settings *settings = &call->brand->settings;
    bool first = call_factor(call) == FIRST_FACTOR;
    if (!session->otp)
        return CODE_NO_OTP;
    int code = count_attempt(call, &session->otp_attempts,
                             first ? settings->max_otp_retry_count : settings->mfa_max_otp_retry_count,
                             otp_is_right(call), CODE_INVALID_OTP, CODE_TOO_MANY_OTPS_TRIED);
    if (code != CODE_SUCCESS)
        return code;
    confirm_password(call);
    outbox_close(&call->emulator->outbox, session->message, OTP_USED);
    return sign_in(call);
}
