/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/identity.h"

#include <stdbool.h>
#include <string.h>

static const char *const identifier_types[] = {
#define IDENTIFIER(NAME, number, text) [CAPAUTH_IDENTIFIER_##NAME] = #NAME,
#include "generated/enums.def"
};

static const char *const flows[] = {
#define FLOW(NAME, number, text) [CAPAUTH_FLOW_##NAME] = (text),
#include "generated/enums.def"
};

enum { TYPES = sizeof identifier_types / sizeof identifier_types[0], FLOWS = sizeof flows / sizeof flows[0] };

static const char *name_of(const char *const *names, int count, int value)
{
    return value > 0 && value < count ? names[value] : "";
}

static int value_of(const char *const *names, int count, const char *name)
{
    for (int value = 1; name && value < count; value++) {
        if (!strcmp(name, names[value]))
            return value;
    }
    return 0;
}

const char *capauth__identifier_type_name(int type)
{
    return name_of(identifier_types, TYPES, type);
}

int capauth__identifier_type_parse(const char *name)
{
    return value_of(identifier_types, TYPES, name);
}

const char *capauth__flow_name(int flow)
{
    return name_of(flows, FLOWS, flow);
}

int capauth__flow_parse(const char *name)
{
    return value_of(flows, FLOWS, name);
}

const char *capauth__identity_contact(const struct capauth__identity *identity)
{
    bool is_address =
        identity->identifier_type == CAPAUTH_IDENTIFIER_MOBILE || identity->identifier_type == CAPAUTH_IDENTIFIER_EMAIL;

    return is_address ? NULL : identity->contact;
}

const char *capauth__identity_destination(const struct capauth__identity *identity)
{
    const char *contact = capauth__identity_contact(identity);

    return contact ? contact : identity->identifier;
}
