#include "seed.h"

#include "gateway.h"
#include "profile.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 256 };

static bool refuse(struct text *error, const char *format, const char *name)
{
    text_add_string(error, format);
    if (name)
        text_add_format(error, " \"%s\"", name);
    return false;
}

bool members_known(struct json_object *object, const char *const *names, struct text *error)
{
    struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        const char *const *known = names;
        while (*known && strcmp(*known, name) != 0)
            known++;
        if (!*known)
            return refuse(error, "unknown member", name);
    }
    return true;
}

static bool name_is_usable(const char *name)
{
    size_t length = strlen(name);
    return length && length <= LONGEST_NAME && !text_has_control(name, length) && text_is_utf8(name, length);
}

/* A member that is a string, not empty; absent and null leave `text` NULL. */
static bool read_string(struct json_object *object, const char *name, const char **text, struct text *error)
{
    struct json_object *value = json_object_object_get(object, name);
    *text = NULL;
    if (!value)
        return true;
    *text = json_object_get_string(value);
    if (!json_object_is_type(value, json_type_string) || !name_is_usable(*text) ||
        strlen(*text) != (size_t)json_object_get_string_len(value))
        return refuse(error, "not a usable string: member", name);
    return true;
}

/* A password holds any character but NUL. */
static bool read_password(struct json_object *object, const char *name, const char **password, struct text *error)
{
    struct json_object *value = json_object_object_get(object, name);
    *password = value ? json_object_get_string(value) : NULL;
    if (!value)
        return true;
    size_t length = strlen(*password);
    if (!json_object_is_type(value, json_type_string) || !length || length > LONGEST_NAME ||
        length != (size_t)json_object_get_string_len(value))
        return refuse(error, "not a usable password: member", name);
    return true;
}

bool seed_brand(struct emulator *emulator, const char *name, struct json_object *settings, struct text *error)
{
    struct settings scratch;
    if (!name_is_usable(name) || strchr(name, '/'))
        return refuse(error, "not a usable brand name:", name);
    if (!json_object_is_type(settings, json_type_object))
        return refuse(error, "not an object: the settings of brand", name);
    settings_init(&scratch);
    bool ok = settings_replace(&scratch, settings, error); /* first, so that a refused brand is not made */
    settings_free(&scratch);
    return ok && settings_replace(&brand_get(emulator, name)->settings, settings, error);
}

static struct brand *known_brand(struct emulator *emulator, const char *name, struct text *error)
{
    struct brand *brand = brand_find(emulator, name);
    if (!brand)
        refuse(error, "unknown brand", name);
    return brand;
}

/* A customer's members, read and checked before anything is changed. */
struct customer_plan {
    struct brand *brand;
    struct customer *replaced;
    enum identifier_type type;
    const char *value, *id, *password, *mfa_password;
    bool mfa;
    struct json_object *identifiers; /* may be NULL */
    struct json_object *profile; /* owned until the customer has it */
};

static bool check_identifiers(struct customer_plan *plan, struct text *error)
{
    if (!plan->identifiers)
        return true;
    if (!json_object_is_type(plan->identifiers, json_type_object))
        return refuse(error, "not an object: member", "identifiers");
    struct json_object_iterator at = json_object_iter_begin(plan->identifiers);
    struct json_object_iterator end = json_object_iter_end(plan->identifiers);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at), *value;
        enum identifier_type type = identifier_type_of(name);
        if (type == NO_IDENTIFIER)
            return refuse(error, "unknown identifier type", name);
        if (!read_string(plan->identifiers, name, &value, error))
            return false;
        if (!value)
            return refuse(error, "not a usable string: member", name);
        struct customer *owner = customer_find(plan->brand, type, value);
        if (owner && owner != plan->replaced)
            return refuse(error, "another customer has", value);
    }
    return true;
}

static bool check_customer_id(const struct customer_plan *plan, struct text *error)
{
    if (!plan->id)
        return true;
    if (!text_is_digits(plan->id) || strlen(plan->id) > 20)
        return refuse(error, "not a decimal number: member", "customerId");
    struct customer *owner = customer_find_by_id(plan->brand, plan->id);
    return !owner || owner == plan->replaced ? true : refuse(error, "another customer has customerId", plan->id);
}

static bool read_flag(struct json_object *object, const char *name, bool *flag, struct text *error)
{
    struct json_object *value = NULL;
    *flag = false;
    if (!json_object_object_get_ex(object, name, &value))
        return true;
    if (!json_object_is_type(value, json_type_boolean))
        return refuse(error, "not true or false: member", name);
    *flag = json_object_get_boolean(value);
    return true;
}

static bool plan_customer(struct customer_plan *plan, struct json_object *object, struct text *error)
{
    if (plan->type == NO_IDENTIFIER || !name_is_usable(plan->value))
        return refuse(error, "not a usable identifier: the types are MOBILE, EMAIL, USERNAME, EXTERNALID", NULL);
    if (!json_object_is_type(object, json_type_object))
        return refuse(error, "a customer must be an object", NULL);
    plan->replaced = customer_find(plan->brand, plan->type, plan->value);
    plan->identifiers = json_object_object_get(object, "identifiers");
    return read_string(object, "customerId", &plan->id, error) &&
           read_password(object, "password", &plan->password, error) &&
           read_password(object, "mfaPassword", &plan->mfa_password, error) &&
           read_flag(object, "mfa", &plan->mfa, error) && check_customer_id(plan, error) &&
           check_identifiers(plan, error) && profile_read(object, &plan->profile, error);
}

static void replace_customer(struct emulator *emulator, const struct customer_plan *plan)
{
    if (plan->replaced)
        customer_delete(emulator, plan->replaced);
    struct customer *customer = customer_new(emulator, plan->brand, plan->id);
    customer->established = true;
    customer->second_factor = plan->mfa;
    customer->profile = plan->profile;
    customer_add_identity(customer, plan->type, plan->value);
    if (plan->password)
        credential_set(&customer->credentials[FIRST_FACTOR], plan->password, true);
    if (plan->mfa_password)
        credential_set(&customer->credentials[SECOND_FACTOR], plan->mfa_password, true);
    if (!plan->identifiers)
        return;
    json_object_object_foreach(plan->identifiers, name, value)
    {
        customer_add_identity(customer, identifier_type_of(name), json_object_get_string(value));
    }
}

bool seed_customer(struct emulator *emulator, const char *brand, const char *type, const char *value,
                   struct json_object *object, struct text *error)
{
    struct customer_plan plan = {
        .brand = known_brand(emulator, brand, error),
        .type = identifier_type_of(type),
        .value = value,
    };
    if (!plan.brand || !plan_customer(&plan, object, error))
        return false;
    replace_customer(emulator, &plan);
    return true;
}

static bool read_status(struct json_object *object, unsigned *status, struct text *error)
{
    struct json_object *value = NULL;
    *status = 200;
    if (!json_object_object_get_ex(object, "status", &value))
        return true;
    int number = json_object_get_int(value);
    if (!json_object_is_type(value, json_type_int) || number < 200 || number > 599)
        return refuse(error, "not a number from 200 to 599: member", "status");
    *status = (unsigned)number;
    return true;
}

static bool endpoint_is_usable(const char *endpoint)
{
    return name_is_usable(endpoint) && (*endpoint != '/' || gateway_may_serve(endpoint));
}

bool seed_gateway(struct emulator *emulator, const char *brand_name, const char *endpoint, struct json_object *object,
                  struct text *error)
{
    struct brand *brand = known_brand(emulator, brand_name, error);
    unsigned status;
    bool view;
    if (!brand)
        return false;
    if (!endpoint_is_usable(endpoint))
        return refuse(error, "not a usable endpoint:", endpoint);
    if (!json_object_is_type(object, json_type_object))
        return refuse(error, "a gateway reply must be an object", NULL);
    if (!read_status(object, &status, error) || !read_flag(object, "view", &view, error))
        return false;
    struct json_object *body = NULL;
    bool is_json = !json_object_object_get_ex(object, "body", &body) || !json_object_is_type(body, json_type_string);
    struct canned_reply *canned = memory_new(sizeof *canned);
    canned->status = status;
    canned->view = view;
    canned->is_json = is_json;
    canned->body = text_copy(
        !body     ? "{}"
        : is_json ? json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
                  : json_object_get_string(body));
    canned_reply_free(map_remove(&brand->gateway, endpoint));
    map_put(&brand->gateway, endpoint, canned);
    return true;
}
