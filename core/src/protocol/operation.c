/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/operation.h"

#include <stddef.h>

#include "base/text.h"

#define MOBILE (1U << CAPAUTH_FLOW_MOBILE)
#define WEB (1U << CAPAUTH_FLOW_WEB)
#define MFA (1U << CAPAUTH_FLOW_MFA)

#define F(name) CAPAUTH__F_##name

static const struct capauth__request_form forms[] = {
#define REQUEST(NAME, flows, method, path, fields, REPLY, REPEAT)                                                      \
    {CAPAUTH__##NAME, flows, method, path, fields, CAPAUTH__BRINGS_##REPLY, CAPAUTH__##REPEAT},
#include "generated/operations.def"
};

const struct capauth__request_form *capauth__request_form_of(enum capauth__operation operation, int flow)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].operation == operation && forms[i].flows & 1U << flow)
            return &forms[i];
    }
    return NULL;
}

static const struct {
    const char *name;
    int changes_sign_in;
} operations[] = {
#define OPERATION(NAME, name, changes_sign_in) [CAPAUTH__##NAME] = {name, changes_sign_in},
#include "generated/operations.def"
    [CAPAUTH__PREPARE] = {"prepare", 0},
};

const char *capauth__operation_name(enum capauth__operation operation)
{
    return operations[operation].name;
}

int capauth__operation_changes_sign_in(enum capauth__operation operation)
{
    return operations[operation].changes_sign_in;
}

static const struct {
    enum capauth__operation operation;
    enum capauth__argument_kind kind;
    const char *name;
    size_t offset;
} required[] = {
#define ARGUMENT(NAME, value, KIND)                                                                                    \
    {CAPAUTH__##NAME, CAPAUTH__ARGUMENT_##KIND, #value, offsetof(struct capauth__arguments, value)},
#include "generated/operations.def"
};

static const char *argument_fault(enum capauth__argument_kind kind, const char *value)
{
    switch (kind) {
    case CAPAUTH__ARGUMENT_OTP:
        return capauth__text_fault(value, CAPAUTH__SECRET_LONGEST);
    case CAPAUTH__ARGUMENT_PASSWORD:
        return capauth__password_fault(value);
    case CAPAUTH__ARGUMENT_IDENTIFIER:
        return capauth__text_fault(value, CAPAUTH__IDENTITY_LONGEST);
    }
    return NULL;
}

const char *capauth__arguments_fault(enum capauth__operation operation, const struct capauth__arguments *arguments,
                                     const char **name)
{
    const char *const *value;
    const char *fault = NULL;

    for (size_t i = 0; !fault && i < sizeof required / sizeof required[0]; i++) {
        if (required[i].operation != operation)
            continue;
        *name = required[i].name;
        value = (const void *)((const char *)arguments + required[i].offset);
        fault = argument_fault(required[i].kind, *value);
    }
    return fault;
}

struct transition {
    enum capauth__operation operation;
    int outcome;
    int step;
};

static const struct transition transitions[] = {
#define NEXT_STEP(NAME, outcome, step) {CAPAUTH__##NAME, outcome, step},
#include "generated/operations.def"
};

int capauth__next_step(enum capauth__operation operation, int outcome)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        if (transitions[i].operation == operation && transitions[i].outcome == outcome)
            return transitions[i].step;
    }
    return CAPAUTH__STEP_KEEP;
}
