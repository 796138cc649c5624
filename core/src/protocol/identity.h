/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs in: the customer, the brand and the device, as every request names them. */
#ifndef CAPAUTH_IDENTITY_H
#define CAPAUTH_IDENTITY_H

#include <capauth/capauth.h>

struct capauth__identity {
    int flow; /* CAPAUTH_FLOW_... */
    char *brand;
    int identifier_type; /* CAPAUTH_IDENTIFIER_...; 0: not set */
    char *identifier;
    int contact_type;
    char *contact;
    char *device_id;
    char *access_token; /* external flow: of the OpenID provider, as the next */
    char *id_token;
};

/* "MOBILE" and back: "" for a type that is none, 0 for a text that is none. */
const char *capauth__identifier_type_name(int type);
int capauth__identifier_type_parse(const char *name);
/* "mobile" and back: 0 for a text that is none. */
const char *capauth__flow_name(int flow);
int capauth__flow_parse(const char *name);

/* Where a USERNAME or EXTERNALID gets its OTP; NULL for the others, which are addresses themselves. */
const char *capauth__identity_contact(const struct capauth__identity *identity);
/* Where the OTP goes to; NULL: not known. */
const char *capauth__identity_destination(const struct capauth__identity *identity);

#endif
