/* SPDX-License-Identifier: Apache-2.0 */
/* What a reply of the Auth Engine says. */
#ifndef CAPAUTH_REPLY_H
#define CAPAUTH_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

/* A reply; its texts live as long as `root`. */
struct capauth__reply {
    capauth__json *root;
    bool success;
    int64_t code;
    const char *message;
    const char *session_id;
    const char *token;
    const char *key;
    const char *role;
    int app_registered;
    int registered_for_password;
};

#endif
