/* SPDX-License-Identifier: Apache-2.0 */
/* The optional arguments of one call, as the application set them: the rows of core/settings.json. */
#ifndef CAPAUTH_OPTIONS_H
#define CAPAUTH_OPTIONS_H

#include <stdint.h>

#include <capauth/capauth.h>

#include "base/header.h"
#include "base/secret.h"

struct capauth_options {
#define DURATION(name, least, most, none) int name;
#define FLAG(name) int name;
#define TEXT_MEMBER(name) char *name;
#include "generated/options.def"
    int64_t otp_timestamp_ms; /* goes with otp_hash */
    struct capauth__header *headers;
    struct capauth__buffer query; /* "?name=value&name=value", encoded */
    char *error_message; /* of the last setter that refused */
};

#endif
