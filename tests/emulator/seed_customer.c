/* Customers who are there already. */
#include "member.h"
#include "profile.h"
#include "seed.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* A customer's members, read and checked before anything is changed. */
struct customer_plan {
    struct brand *brand;
    struct customer *replaced;
    enum identifier_type type;
    const char *value, *id, *password, *mfa_password;
    const char *contact_mobile, *contact_email;
    bool mfa, password_unconfirmed, mfa_password_unconfirmed;
    struct json_object *identifiers, *former; /* may be NULL */
    struct json_object *profile; /* owned until the customer has it */
};

static bool check_identifier(const struct customer_plan *plan, enum identifier_type type, struct json_object *value,
                             struct text *error)
{
    const char *text = json_object_get_string(value);
    if (!json_object_is_type(value, json_type_string) || !name_is_valid(text) ||
        strlen(text) != (size_t)json_object_get_string_len(value))
        return member_refuse(error, identifier_type_name(type),
                             "must be a string of 1 to 256 bytes without control characters");
    struct customer *owner = customer_find(plan->brand, type, text);
    return !owner || owner == plan->replaced ? true : text_refuse(error, "another customer has \"%s\"", text);
}

/* One value of a type, or a list of them. */
static size_t value_count(struct json_object *values)
{
    return json_object_is_type(values, json_type_array) ? json_object_array_length(values) : 1;
}

static struct json_object *value_at(struct json_object *values, size_t index)
{
    return json_object_is_type(values, json_type_array) ? json_object_array_get_idx(values, index) : values;
}

static bool check_identifiers(struct customer_plan *plan, struct text *error)
{
    if (!plan->identifiers)
        return true;
    if (!json_object_is_type(plan->identifiers, json_type_object))
        return member_refuse(error, "identifiers", "must be an object");
    struct json_object_iterator at = json_object_iter_begin(plan->identifiers);
    struct json_object_iterator end = json_object_iter_end(plan->identifiers);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        struct json_object *values = json_object_iter_peek_value(&at);
        enum identifier_type type = identifier_type_of(json_object_iter_peek_name(&at));
        if (type == NO_IDENTIFIER)
            return text_refuse(error, "unknown identifier type \"%s\"", json_object_iter_peek_name(&at));
        for (size_t i = 0; i < value_count(values); i++)
            if (!check_identifier(plan, type, value_at(values, i), error))
                return false;
    }
    return true;
}

/* {"MOBILE":{"the value now":["an older one"]}}: what old tokens of the customer still name. */
static bool check_former(const struct customer_plan *plan, struct text *error)
{
    static const char form[] = "must have the form {TYPE:{VALUE:[OLDER,...]}}";
    if (!plan->former)
        return true;
    if (!json_object_is_type(plan->former, json_type_object))
        return member_refuse(error, "formerIdentifiers", form);
    json_object_object_foreach(plan->former, name, by_value)
    {
        if (identifier_type_of(name) == NO_IDENTIFIER || !json_object_is_type(by_value, json_type_object))
            return member_refuse(error, "formerIdentifiers", form);
        json_object_object_foreach(by_value, value, older)
        {
            (void)value;
            for (size_t i = 0; i < value_count(older); i++)
                if (!json_object_is_type(value_at(older, i), json_type_string))
                    return member_refuse(error, "formerIdentifiers", form);
        }
    }
    return true;
}

static bool check_customer_id(const struct customer_plan *plan, struct text *error)
{
    if (!plan->id)
        return true;
    if (!text_is_digits(plan->id) || strlen(plan->id) > 20)
        return member_refuse(error, "customerId", "must be a string of 1 to 20 digits");
    struct customer *owner = customer_find_by_id(plan->brand, plan->id);
    return !owner || owner == plan->replaced ? true
                                             : text_refuse(error, "another customer has customerId \"%s\"", plan->id);
}

static bool plan_customer(struct customer_plan *plan, struct json_object *object, struct text *error)
{
    if (plan->type == NO_IDENTIFIER)
        return text_refuse(error, "unknown identifier type: there are MOBILE, EMAIL, USERNAME, EXTERNALID");
    if (!name_is_valid(plan->value))
        return text_refuse(error, "the identifier must be 1 to 256 bytes without control characters");
    if (!json_object_is_type(object, json_type_object))
        return text_refuse(error, "a customer must be an object");
    plan->replaced = customer_find(plan->brand, plan->type, plan->value);
    plan->identifiers = json_object_object_get(object, "identifiers");
    plan->former = json_object_object_get(object, "formerIdentifiers");
    return member_string(object, "customerId", &plan->id, error) &&
           member_password(object, "password", &plan->password, error) &&
           member_password(object, "mfaPassword", &plan->mfa_password, error) &&
           member_flag(object, "mfa", &plan->mfa, error) &&
           member_flag(object, "passwordUnconfirmed", &plan->password_unconfirmed, error) &&
           member_flag(object, "mfaPasswordUnconfirmed", &plan->mfa_password_unconfirmed, error) &&
           member_string(object, "contactMobile", &plan->contact_mobile, error) &&
           member_string(object, "contactEmail", &plan->contact_email, error) && check_customer_id(plan, error) &&
           check_identifiers(plan, error) && check_former(plan, error) && profile_read(object, &plan->profile, error);
}

static void add_identifiers(struct customer *customer, const struct customer_plan *plan)
{
    customer_add_identity(customer, plan->type, plan->value);
    if (!plan->identifiers)
        return;
    json_object_object_foreach(plan->identifiers, name, values)
    {
        for (size_t i = 0; i < value_count(values); i++)
            customer_add_identity(customer, identifier_type_of(name), json_object_get_string(value_at(values, i)));
    }
}

static void add_former(struct customer *customer, struct json_object *former)
{
    json_object_object_foreach(former, name, by_value)
    {
        json_object_object_foreach(by_value, value, older)
        {
            struct identity *identity = customer_identity(customer, identifier_type_of(name), value);
            for (size_t i = 0; identity && i < value_count(older); i++)
                identity_add_former(identity, json_object_get_string(value_at(older, i)));
        }
    }
}

/* Whoever is replaced keeps the number, and so the tokens, unless another is wanted. */
static struct customer *make_customer(struct emulator *emulator, const struct customer_plan *plan)
{
    char *id = text_copy(plan->id ? plan->id : plan->replaced ? plan->replaced->id : NULL);
    if (plan->replaced)
        customer_delete(emulator, plan->replaced);
    struct customer *customer = customer_new(emulator, plan->brand, id);
    free(id);
    return customer;
}

static void replace_customer(struct emulator *emulator, const struct customer_plan *plan)
{
    struct customer *customer = make_customer(emulator, plan);
    customer->established = true;
    customer->second_factor = plan->mfa;
    customer->profile = plan->profile;
    customer->contact_mobile = text_copy(plan->contact_mobile);
    customer->contact_email = text_copy(plan->contact_email);
    add_identifiers(customer, plan);
    if (plan->former)
        add_former(customer, plan->former);
    if (plan->password)
        credential_set(&customer->credentials[FIRST_FACTOR], plan->password, !plan->password_unconfirmed);
    if (plan->mfa_password)
        credential_set(&customer->credentials[SECOND_FACTOR], plan->mfa_password, !plan->mfa_password_unconfirmed);
}

bool seed_customer(struct emulator *emulator, const char *brand, const char *type, const char *value,
                   struct json_object *object, struct text *error)
{
    struct customer_plan plan = {
        .brand = seed_known_brand(emulator, brand, error),
        .type = identifier_type_of(type),
        .value = value,
    };
    if (!plan.brand || !plan_customer(&plan, object, error))
        return false;
    replace_customer(emulator, &plan);
    return true;
}
