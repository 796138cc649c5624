/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of operations, and what they do to a sign-in: told as one line, so that a test says what has changed, and
 * that nothing else has.
 */
#ifndef VALUES_ENDINGS_H
#define VALUES_ENDINGS_H

#include "support.h"

#include "picture.h"
#include "protocol/change.h"

#define HEAD_MINE "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEV8OTE5OTk5OTIyMzMyIl19"
#define HEAD_OTHER "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEV8OTE4ODg4ODAwMDAwIl19"
#define HEAD_OTHER_TYPE "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJFTUFJTHw5MTg4ODg4MDAwMDAiXX0"
#define HEAD_OTHER_KIND "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJQSUdFT058OTE4ODg4ODAwMDAwIl19"
#define HEAD_LONGER_TYPE "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEVTfDkxODg4ODgwMDAwMCJdfQ"
#define HEAD_7 "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEV8NyJdfQ"
#define HEAD_NOBODY "eyJhbGciOiJIUzUxMiIsImlkdiI6WyJNT0JJTEV8Il19"
#define CLAIMS "eyJyb2wiOiJVU0VSIiwidWlkIjoiNDA0ODY0NyIsImV4cCI6MTc2MDAxNDM4MCwiaWF0IjoxNzYwMDEzNDgwfQ"
#define CLAIMS_PENDING "eyJyb2wiOiJNRkFfUEVORElORyJ9"
#define CLAIMS_ROLE_R "eyJyb2wiOiJSIn0"

#define MINE "919999922332"
#define OTHER "918888800000"

/* With what the reply says of the flags; SUCCESS: nothing. */
#define SUCCESS_WITH(OPERATION, BRINGS, registered, by_password, ...)                                                  \
    (struct capauth__ending)                                                                                           \
    {                                                                                                                  \
        .operation = CAPAUTH__##OPERATION, .brings = CAPAUTH__BRINGS_##BRINGS, .now_ms = 5000,                         \
        .reply = &(const struct capauth__reply)                                                                        \
        {                                                                                                              \
            .success = true, .app_registered = (registered), .registered_for_password = (by_password), __VA_ARGS__     \
        }                                                                                                              \
    }

#define SUCCESS(OPERATION, ...) SUCCESS_OF(OPERATION, __VA_ARGS__, )
#define SUCCESS_OF(OPERATION, BRINGS, ...) SUCCESS_WITH(OPERATION, BRINGS, -1, -1, __VA_ARGS__)

#define FAILURE(OPERATION, code)                                                                                       \
    (struct capauth__ending)                                                                                           \
    {                                                                                                                  \
        .operation = CAPAUTH__##OPERATION, .outcome = (code), .now_ms = 5000                                           \
    }

/* What changes when a sign-in ends, but for the stamps. */
#define CLEARED                                                                                                        \
    "access_token=- id_token=- session_id=- token=- key=- authorized_token=- role= customer_id= expires_at=0 "         \
    "issued_at=0 app_registered=-1 registered_for_password=-1 next_step=token_generate otp.sent_at=0 "                 \
    "otp.wrong_answers=0 otp.channel=- otp.destination= refresh_off=0 validate_unknown=0 "

/* Makes `next` the state; gives the differences. */
const char *swap_in(struct capauth__state *state, struct capauth__state *next);
/* The same for an operation's end, which must succeed; the state before stands until the new one is swapped in. */
const char *changes_of(struct capauth__state *state, struct capauth__ending *ending);
#define assert_leaves(state, ending, expected) assert_string_equal(changes_of((state), &(ending)), (expected))

/* From a sign-in in which everything is set; the second in the mobile flow. */
void check_changes(int flow, struct capauth__ending ending, const char *expected);
void check_mobile(struct capauth__ending ending, const char *expected);

#endif
