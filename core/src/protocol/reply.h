/* SPDX-License-Identifier: Apache-2.0 */
/* What a reply of the Auth Engine says. */
#ifndef CAPAUTH_REPLY_H
#define CAPAUTH_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"

struct capauth__reply {
    struct capauth__buffer texts; /* which the others point into */
    bool success;
    int64_t code;
    const char *message;
    const char *session_id;
    const char *token;
    const char *key;
    const char *role;
    int app_registered; /* 1, 0, or -1: not said; so the next */
    int registered_for_password;
};

#endif
