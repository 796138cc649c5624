/* Brands and their customers. */
#ifndef EMULATOR_BRAND_H
#define EMULATOR_BRAND_H

#include "map.h"
#include "otp_limit.h"
#include "settings.h"

#include <stdbool.h>
#include <stdint.h>

struct emulator;
struct json_object;

enum identifier_type { MOBILE, EMAIL, USERNAME, EXTERNALID, IDENTIFIER_TYPES, NO_IDENTIFIER = IDENTIFIER_TYPES };

const char *identifier_type_name(enum identifier_type type);
/* NO_IDENTIFIER for a name that is not one. */
enum identifier_type identifier_type_of(const char *name);

/* One identifier of a customer. */
struct identity {
    enum identifier_type type;
    char *value;
    char **former; /* values that it had before identifier updates: old tokens still name them */
    unsigned former_count;
};

/* A password and how far it counts. */
struct credential {
    char *password;
    bool confirmed; /* by an OTP since it was set, or since password forget set it */
};

/* Too many wrong attempts: no new session until then. */
struct lock {
    int64_t until_ms;
    int code;
    bool by_control; /* set by PUT locks: holds whether the brand locks or not */
};

enum factor { FIRST_FACTOR, SECOND_FACTOR, FACTORS };

struct customer {
    struct brand *brand;
    char *id; /* decimal */
    struct identity **identities;
    unsigned identity_count;
    char *contact_mobile, *contact_email; /* where a USERNAME or EXTERNALID gets its OTPs */
    struct credential credentials[FACTORS];
    struct lock locks[FACTORS];
    bool second_factor; /* enrolled */
    bool established; /* set up by PUT, or signed in once */
    unsigned session_count;
    struct json_object *profile; /* may be NULL */
};

struct gateway_reply {
    unsigned status;
    bool view; /* a VIEW token will do */
    char *body;
    bool is_json;
};

struct brand {
    char *name; /* as it was given */
    char *upper; /* as tokens have it */
    char *organisation; /* "<org id>|<till name>" */
    struct settings settings;
    struct map by_identity; /* "MOBILE|91..." -> struct customer */
    struct map by_id; /* customer id -> struct customer; owns them */
    struct map gateway; /* endpoint -> struct gateway_reply */
    struct map counts; /* requests of this brand */
    struct otp_limits otp_limits;
    int64_t clock_offset_ms; /* to everybody's clock */
    int64_t last_otp_ms, last_otp_at_ms; /* the time that the last OTP got, and when that was */
};

int64_t brand_now_ms(const struct emulator *emulator, const struct brand *brand);

/* Ends what the customer has: sessions, identifiers, everything. */
void customer_delete(struct emulator *emulator, struct customer *customer);

struct brand *brand_find(const struct emulator *emulator, const char *name);
/* Finds or adds. */
struct brand *brand_get(struct emulator *emulator, const char *name);
void brand_free(void *brand);
/* The brand and all that is of it. */
void brand_delete(struct emulator *emulator, struct brand *brand);
/* Clears customers, gateway replies and counts; the sessions of its customers must have ended. */
void brand_clear(struct brand *brand);
void gateway_reply_free(void *reply);

struct customer *customer_find(const struct brand *brand, enum identifier_type type, const char *value);
struct customer *customer_find_by_id(const struct brand *brand, const char *id);
/* With `id` NULL the next free number. */
struct customer *customer_new(struct emulator *emulator, struct brand *brand, const char *id);
void customer_remove(struct customer *customer);
struct identity *customer_add_identity(struct customer *customer, enum identifier_type type, const char *value);
struct identity *customer_identity(const struct customer *customer, enum identifier_type type, const char *value);
/* One that had this value before an identifier update, or NULL. */
struct identity *customer_former_identity(const struct customer *customer, enum identifier_type type,
                                          const char *value);
/* The first identifier of that type, or NULL. */
const char *customer_value(const struct customer *customer, enum identifier_type type);
/* Where an OTP can go, or NULL. */
const char *customer_mobile(const struct customer *customer);
const char *customer_email(const struct customer *customer);
void customer_rename_identity(struct customer *customer, struct identity *identity, const char *value);
void identity_add_former(struct identity *identity, const char *value);
/* Whether nothing is known of the customer but an identifier and sessions that have ended. */
bool customer_is_unused(const struct customer *customer, int64_t now_ms);

void credential_set(struct credential *credential, const char *password, bool confirmed);

/* "TYPE|value"; the caller frees it. */
char *identity_text(enum identifier_type type, const char *value);

#endif
