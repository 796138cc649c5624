/* SPDX-License-Identifier: Apache-2.0 */
/* Operations by their names, so that a test does not spell out each: made from core/operations.json. */
#ifndef SUPPORT_OPERATIONS_H
#define SUPPORT_OPERATIONS_H

#include "support.h"

enum { MOST_TEXTS = 4 };
#define SAMPLE_NEW_VALUE "919999999972"

struct operation {
    const char *name; /* "otp_validate" */
    const char *method; /* "validate_otp", as the scenarios call it */
    const char *texts[MOST_TEXTS]; /* what it must be given, in order; ends with NULL */
    int (*start)(capauth_session *session, const char *const *values, const capauth_options *options,
                 capauth_call **call);
};

extern const struct operation all_operations[];
extern const size_t all_operations_count;

/* By name (in any case) or method; fails the test where there is none. */
const struct operation *operation_named(const char *name);
/* How many texts it must be given. */
size_t texts_of(const struct operation *operation);
/* One that will do for the text of that name: no two names have the same. */
const char *sample_text(const char *name);
/* Starts it with such texts. */
int start_operation(const struct operation *operation, capauth_session *session, const capauth_options *options,
                    capauth_call **call);

#endif
