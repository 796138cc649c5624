/* The members of an operation's body. */
#ifndef EMULATOR_FIELDS_H
#define EMULATOR_FIELDS_H

#include "brand.h"

#include <stdbool.h>

struct json_object;
struct text;

enum field {
    FIELD_BRAND,
    FIELD_DEVICE_ID,
    FIELD_IDENTIFIER_TYPE,
    FIELD_IDENTIFIER_VALUE,
    FIELD_MOBILE,
    FIELD_EMAIL,
    FIELD_SESSION_ID,
    FIELD_OTP,
    FIELD_PASSWORD,
    FIELD_CONFIRM_PASSWORD,
    FIELD_NEW_PASSWORD,
    FIELD_TOKEN,
    FIELD_KEY,
    FIELD_EXPIRED_TOKEN,
    FIELD_AUTHORIZED_TOKEN,
    FIELD_NEW_IDENTIFIER_VALUE,
    FIELD_HASH,
    FIELD_TIME_STAMP,
    FIELDS
};

#define FIELD_BIT(field) (1u << (field))

/* A body that was read. Texts live as long as the JSON object; missing, null and empty ones are NULL. */
struct fields {
    const char *text[FIELDS];
    bool invalid; /* some value is too long or contains control characters */
    bool otp_is_number; /* it may have lost leading zeros */
    enum identifier_type type; /* NO_IDENTIFIER when there is no complete identity */
    const char *value;
    bool older_form; /* the identity was in `mobile` or `email` */
};

/* False when the body does not deserialise; `problem` then gets the plain text of the 400. `reason` gets what makes
 * the fields invalid. */
bool fields_read(struct fields *fields, struct json_object *body, struct text *problem, struct text *reason);
/* Tells of members that the service does not have: typing errors, most of them. */
void fields_note_unknown(struct json_object *body, struct text *reason);
const char *field_name(enum field field);

#endif
