/* SPDX-License-Identifier: Apache-2.0 */
#include "support_operations.h"

#include <string.h>
#include <strings.h>

#define CALL(name, method, texts, expression)                                                                          \
    static int start_##name(capauth_session *session, const char *const *values, const capauth_options *options,       \
                            capauth_call **call)                                                                       \
    {                                                                                                                  \
        (void)values;                                                                                                  \
        return expression;                                                                                             \
    }
#include "generated/operations.def"

#define TEXTS(...)                                                                                                     \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
const struct operation all_operations[] = {
#define CALL(name, method, texts, expression) {#name, method, texts, start_##name},
#include "generated/operations.def"
};

const size_t all_operations_count = sizeof all_operations / sizeof all_operations[0];

const struct operation *operation_named(const char *name)
{
    for (size_t i = 0; i < all_operations_count; i++) {
        if (!strcasecmp(name, all_operations[i].name) || !strcmp(name, all_operations[i].method))
            return &all_operations[i];
    }
    fail_msg("no operation %s", name);
    return NULL;
}

size_t texts_of(const struct operation *operation)
{
    size_t count = 0;

    while (count < MOST_TEXTS && operation->texts[count])
        count++;
    return count;
}

static const struct {
    const char *name;
    const char *text;
} samples[] = {
    {"otp", "483920"}, {"new_value", SAMPLE_NEW_VALUE}, {"method", "GET"}, {"endpoint", "customer/get"}, {"body", NULL},
};

const char *sample_text(const char *name)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        if (!strcmp(name, samples[i].name))
            return samples[i].text;
    }
    return name; /* a password may be any text */
}

int start_operation(const struct operation *operation, capauth_session *session, const capauth_options *options,
                    capauth_call **call)
{
    const char *values[MOST_TEXTS] = {NULL};

    for (size_t i = 0; i < texts_of(operation); i++)
        values[i] = sample_text(operation->texts[i]);
    return operation->start(session, values, options, call);
}
