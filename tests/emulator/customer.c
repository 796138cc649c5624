/* The identifiers of a customer. */
#include "brand.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_FORMER = 16 };

static const char *const type_names[] = {"MOBILE", "EMAIL", "USERNAME", "EXTERNALID"};

const char *identifier_type_name(enum identifier_type type)
{
    return type_names[type];
}

enum identifier_type identifier_type_of(const char *name)
{
    for (int type = 0; type < IDENTIFIER_TYPES; type++)
        if (strcmp(type_names[type], name) == 0)
            return (enum identifier_type)type;
    return NO_IDENTIFIER;
}

char *identity_text(enum identifier_type type, const char *value)
{
    struct text text = {0};
    text_add_string(&text, type_names[type]);
    text_add(&text, "|", 1);
    text_add_string(&text, value);
    return text.data;
}

struct identity *customer_identity(const struct customer *customer, enum identifier_type type, const char *value)
{
    for (unsigned i = 0; i < customer->identity_count; i++)
        if (customer->identities[i]->type == type && strcmp(customer->identities[i]->value, value) == 0)
            return customer->identities[i];
    return NULL;
}

static void index_identity(struct customer *customer, const struct identity *identity)
{
    char *key = identity_text(identity->type, identity->value);
    map_put(&customer->brand->by_identity, key, customer);
    free(key);
}

struct identity *customer_add_identity(struct customer *customer, enum identifier_type type, const char *value)
{
    struct identity *identity = customer_identity(customer, type, value);
    if (identity)
        return identity;
    identity = memory_new(sizeof *identity);
    identity->type = type;
    identity->value = text_copy(value);
    customer->identities =
        memory_grow(customer->identities, (customer->identity_count + 1) * sizeof(struct identity *));
    customer->identities[customer->identity_count++] = identity;
    index_identity(customer, identity);
    return identity;
}

const char *customer_value(const struct customer *customer, enum identifier_type type)
{
    for (unsigned i = 0; i < customer->identity_count; i++)
        if (customer->identities[i]->type == type)
            return customer->identities[i]->value;
    return NULL;
}

const char *customer_mobile(const struct customer *customer)
{
    const char *value = customer_value(customer, MOBILE);
    return value ? value : customer->contact_mobile;
}

const char *customer_email(const struct customer *customer)
{
    const char *value = customer_value(customer, EMAIL);
    return value ? value : customer->contact_email;
}

void customer_rename_identity(struct customer *customer, struct identity *identity, const char *value)
{
    char *key = identity_text(identity->type, identity->value);
    map_remove(&customer->brand->by_identity, key);
    free(key);
    identity_add_former(identity, identity->value);
    text_set(&identity->value, value);
    index_identity(customer, identity);
}

void identity_add_former(struct identity *identity, const char *value)
{
    if (identity->former_count == MOST_FORMER) {
        free(identity->former[0]);
        identity->former_count--;
        memmove(identity->former, identity->former + 1, identity->former_count * sizeof *identity->former);
    }
    identity->former = memory_grow(identity->former, (identity->former_count + 1) * sizeof *identity->former);
    identity->former[identity->former_count++] = text_copy(value);
}

static bool had_value(const struct identity *identity, const char *value)
{
    for (unsigned i = 0; i < identity->former_count; i++)
        if (strcmp(identity->former[i], value) == 0)
            return true;
    return false;
}

struct identity *customer_former_identity(const struct customer *customer, enum identifier_type type, const char *value)
{
    for (unsigned i = 0; i < customer->identity_count; i++)
        if (customer->identities[i]->type == type && had_value(customer->identities[i], value))
            return customer->identities[i];
    return NULL;
}

void credential_set(struct credential *credential, const char *password, bool confirmed)
{
    text_set(&credential->password, password);
    credential->confirmed = confirmed;
}
