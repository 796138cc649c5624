#include "export.h"

#include "profile.h"
#include "text.h"

#include <json-c/json.h>
#include <string.h>

/* A list or object in the making: a comma before all but the first, and a line for each. */
struct list {
    struct text *json;
    const struct emulator *emulator;
    const struct brand *only; /* or NULL */
    const struct brand *brand; /* whose entries are being written */
    bool begun;
};

static void next(struct list *list)
{
    text_add_string(list->json, list->begun ? ",\n  " : "\n  ");
    list->begun = true;
}

static void add_member(struct text *json, const char *name, const char *value)
{
    if (!value)
        return;
    text_add_format(json, "%s\"%s\":", json->data[json->length - 1] == '{' ? "" : ",", name);
    text_add_json(json, value);
}

static void add_flag(struct text *json, const char *name, bool flag)
{
    if (flag)
        text_add_format(json, ",\"%s\":true", name);
}

/* {"MOBILE":["...","..."]}: every identifier but the first, which is in the path. */
static void add_identifiers(const struct customer *customer, struct text *json)
{
    const char *outer = ",\"identifiers\":{";
    for (int type = 0; type < IDENTIFIER_TYPES; type++) {
        const char *inner = NULL;
        for (unsigned i = 1; i < customer->identity_count; i++) {
            const struct identity *identity = customer->identities[i];
            if ((int)identity->type != type)
                continue;
            if (!inner)
                text_add_format(json, "%s\"%s\":[", outer, identifier_type_name(identity->type));
            text_add_string(json, inner ? inner : "");
            text_add_json(json, identity->value);
            inner = outer = ",";
        }
        text_add_string(json, inner ? "]" : "");
    }
    text_add_string(json, customer->identity_count > 1 ? "}" : "");
}

static void add_former_of(const struct identity *identity, struct text *json)
{
    text_add_json(json, identity->value);
    text_add_string(json, ":[");
    for (unsigned i = 0; i < identity->former_count; i++) {
        text_add_string(json, i ? "," : "");
        text_add_json(json, identity->former[i]);
    }
    text_add_string(json, "]");
}

/* {"MOBILE":{"the value now":["an older one"]}} */
static void add_former(const struct customer *customer, struct text *json)
{
    const char *outer = ",\"formerIdentifiers\":{";
    bool any = false;
    for (int type = 0; type < IDENTIFIER_TYPES; type++) {
        const char *inner = NULL;
        for (unsigned i = 0; i < customer->identity_count; i++) {
            const struct identity *identity = customer->identities[i];
            if ((int)identity->type != type || !identity->former_count)
                continue;
            if (!inner)
                text_add_format(json, "%s\"%s\":{", outer, identifier_type_name(identity->type));
            text_add_string(json, inner ? inner : "");
            add_former_of(identity, json);
            inner = outer = ",";
            any = true;
        }
        text_add_string(json, inner ? "}" : "");
    }
    text_add_string(json, any ? "}" : "");
}

void export_customer(const struct customer *customer, bool as_entry, struct text *json)
{
    const struct credential *first = &customer->credentials[FIRST_FACTOR];
    const struct credential *second = &customer->credentials[SECOND_FACTOR];
    text_add_string(json, "{");
    if (as_entry) {
        add_member(json, "brand", customer->brand->name);
        add_member(json, "identifierType", identifier_type_name(customer->identities[0]->type));
        add_member(json, "identifierValue", customer->identities[0]->value);
    }
    add_member(json, "customerId", customer->id);
    add_member(json, "password", first->password);
    add_flag(json, "passwordUnconfirmed", first->password && !first->confirmed);
    add_flag(json, "mfa", customer->second_factor);
    add_member(json, "mfaPassword", second->password);
    add_flag(json, "mfaPasswordUnconfirmed", second->password && !second->confirmed);
    add_member(json, "contactMobile", customer->contact_mobile);
    add_member(json, "contactEmail", customer->contact_email);
    add_identifiers(customer, json);
    add_former(customer, json);
    profile_write_set(customer->profile, json);
    text_add_string(json, "}");
}

void export_gateway(const struct brand *brand, const char *endpoint, const struct gateway_reply *configured,
                    bool as_entry, struct text *json)
{
    text_add_string(json, "{");
    if (as_entry) {
        add_member(json, "brand", brand->name);
        add_member(json, "endpoint", endpoint);
    }
    text_add_format(json, "%s\"status\":%u,\"body\":", as_entry ? "," : "", configured->status);
    if (configured->is_json)
        text_add_string(json, configured->body);
    else
        text_add_json(json, configured->body);
    text_add_format(json, ",\"view\":%s}", configured->view ? "true" : "false");
}

/* Whoever has only begun to sign in is not a customer yet. */
static void visit_customer(const char *id, void *value, void *data)
{
    const struct customer *customer = value;
    struct list *list = data;
    (void)id;
    if (!customer->established)
        return;
    next(list);
    export_customer(customer, true, list->json);
}

static void visit_customers_of(const char *name, void *value, void *data)
{
    const struct brand *brand = value;
    struct list *list = data;
    (void)name;
    if (!list->only || list->only == brand)
        map_each_sorted(&brand->by_id, visit_customer, list);
}

static void visit_gateway(const char *endpoint, void *value, void *data)
{
    struct list *list = data;
    next(list);
    export_gateway(list->brand, endpoint, value, true, list->json);
}

static void visit_gateways_of(const char *name, void *value, void *data)
{
    const struct brand *brand = value;
    struct list *list = data;
    (void)name;
    list->brand = brand;
    if (!list->only || list->only == brand)
        map_each_sorted(&brand->gateway, visit_gateway, list);
}

static void visit_brand(const char *name, void *value, void *data)
{
    const struct brand *brand = value;
    struct list *list = data;
    (void)name;
    next(list);
    text_add_json(list->json, brand->name);
    text_add_string(list->json, ":");
    settings_write(&brand->settings, false, list->json);
}

void export_customers(const struct emulator *emulator, const struct brand *only, struct text *json)
{
    struct list list = {.json = json, .only = only};
    text_add_string(json, "[");
    map_each_sorted(&emulator->brands, visit_customers_of, &list);
    text_add_string(json, "]");
}

void export_gateways(const struct emulator *emulator, const struct brand *only, struct text *json)
{
    struct list list = {.json = json, .only = only};
    text_add_string(json, "[");
    map_each_sorted(&emulator->brands, visit_gateways_of, &list);
    text_add_string(json, "]");
}

void export_brands(const struct emulator *emulator, struct text *json)
{
    struct list list = {.json = json};
    text_add_string(json, "{");
    map_each_sorted(&emulator->brands, visit_brand, &list);
    text_add_string(json, "}");
}

void export_file(const struct emulator *emulator, const char *secret, struct text *json)
{
    text_add_string(json, "{");
    if (secret) {
        add_member(json, "secret", secret);
        text_add_string(json, ",\n ");
    }
    text_add_string(json, "\"brands\":");
    export_brands(emulator, json);
    text_add_string(json, ",\n \"customers\":");
    export_customers(emulator, NULL, json);
    text_add_string(json, ",\n \"gateway\":");
    export_gateways(emulator, NULL, json);
    text_add_string(json, "}\n");
}
