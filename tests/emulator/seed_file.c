/* The brand file, and what there is without one. */
#include "member.h"
#include "seed.h"

#include "place.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

const char *const customer_members[] = {
    "password",
    "customerId",
    "mfa",
    "mfaPassword",
    "identifiers",
    /* what an export tells besides */
    "passwordUnconfirmed",
    "mfaPasswordUnconfirmed",
    "contactMobile",
    "contactEmail",
    "formerIdentifiers",
    /* the profile */
    "firstname",
    "lastname",
    "loyalty_points",
    "lifetime_points",
    "lifetime_purchases",
    "current_slab",
    "registered_on",
    NULL,
};
const char *const gateway_members[] = {"status", "body", "view", NULL};

static const char *const file_members[] = {"secret", "brands", "customers", "gateway", NULL};

/* The parts of a path, as members of an entry. */
static const char *const customer_path[] = {"brand", "identifierType", "identifierValue"};
static const char *const gateway_path[] = {"brand", "endpoint"};

typedef bool seed_entry(struct emulator *emulator, const char *const *path, struct json_object *entry,
                        struct text *error);

/* A list of the file: what its entries are called, and how one of them is set up. */
struct list {
    const char *name;
    const char *const *path;
    size_t path_length;
    const char *const *members;
    seed_entry *seed;
};

static bool seed_customer_entry(struct emulator *emulator, const char *const *path, struct json_object *entry,
                                struct text *error)
{
    return seed_customer(emulator, path[0], path[1], path[2], entry, error);
}

static bool seed_gateway_entry(struct emulator *emulator, const char *const *path, struct json_object *entry,
                               struct text *error)
{
    return seed_gateway(emulator, path[0], path[1], entry, error);
}

static const struct list lists[] = {
    {"customers", customer_path, 3, customer_members, seed_customer_entry},
    {"gateway", gateway_path, 2, gateway_members, seed_gateway_entry},
};

/* Takes the path's members out of a copy of the entry: what is left is the body of a PUT. */
static bool take_path(const struct list *list, struct json_object *entry, struct json_object *rest, const char **path,
                      struct text *error)
{
    for (size_t i = 0; i < list->path_length; i++) {
        struct json_object *value = json_object_object_get(entry, list->path[i]);
        if (!json_object_is_type(value, json_type_string))
            return member_refuse(error, list->path[i], value ? "must be a string" : "is missing");
        path[i] = json_object_get_string(value);
        json_object_object_del(rest, list->path[i]);
    }
    return true;
}

static bool seed_one(struct emulator *emulator, const struct list *list, struct json_object *entry,
                     const struct brand *only, struct text *error)
{
    const char *path[3] = {NULL};
    if (!json_object_is_type(entry, json_type_object))
        return text_refuse(error, "must be an object");
    struct json_object *rest = json_object_new_object();
    json_object_object_foreach(entry, name, value)
    {
        json_object_object_add(rest, name, json_object_get(value));
    }
    bool ok = take_path(list, entry, rest, path, error) && members_known(rest, list->members, error);
    if (ok && (!only || brand_find(emulator, path[0]) == only))
        ok = list->seed(emulator, path, rest, error);
    json_object_put(rest);
    return ok;
}

static bool seed_list(struct emulator *emulator, const struct list *list, struct json_object *file,
                      const struct brand *only, struct seed_place *place, struct text *error)
{
    place->list = list->name;
    struct json_object *entries = json_object_object_get(file, list->name);
    if (!entries)
        return true;
    if (!json_object_is_type(entries, json_type_array))
        return member_refuse(error, list->name, "must be a list");
    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct text reason = {0};
        bool ok = seed_one(emulator, list, json_object_array_get_idx(entries, i), only, &reason);
        if (!ok)
            text_add_format(error, "%s[%zu]: %s", list->name, i, reason.data);
        text_free(&reason);
        if (!ok) {
            place->index = i;
            return false;
        }
    }
    return true;
}

static bool seed_brands(struct emulator *emulator, struct json_object *file, struct seed_place *place,
                        struct text *error)
{
    place->list = "brands";
    struct json_object *brands = json_object_object_get(file, "brands");
    if (!brands)
        return true;
    if (!json_object_is_type(brands, json_type_object))
        return member_refuse(error, "brands", "must be an object");
    json_object_object_foreach(brands, name, settings)
    {
        struct text reason = {0};
        bool ok = seed_brand(emulator, name, settings, &reason);
        if (!ok)
            text_add_format(error, "brand \"%s\": %s", name, reason.data);
        text_free(&reason);
        if (!ok) {
            place->brand = name; /* the file's own, and so lives as long */
            return false;
        }
    }
    return true;
}

static bool check_secret(struct json_object *file, struct text *error)
{
    const char *secret;
    return member_string(file, "secret", &secret, error);
}

bool seed_file(struct emulator *emulator, struct json_object *file, struct seed_place *place, struct text *error)
{
    bool ok = members_known(file, file_members, error) && check_secret(file, error) &&
              seed_brands(emulator, file, place, error);
    for (size_t i = 0; ok && i < sizeof lists / sizeof lists[0]; i++)
        ok = seed_list(emulator, &lists[i], file, NULL, place, error);
    return ok;
}

/* The last word in quotes; the caller frees it. */
static char *last_quoted(const char *reason)
{
    const char *end = strrchr(reason, '"'), *from = end;
    struct text word = {0};
    while (from && from > reason && from[-1] != '"')
        from--;
    if (from && from > reason)
        text_add(&word, from, (size_t)(end - from));
    return word.data;
}

size_t seed_offset(const char *json, const struct seed_place *place, const char *reason)
{
    size_t offset = strspn(json, " \t\r\n");
    char *name = last_quoted(reason);
    if (place->list)
        offset = place_of_member(json, offset, place->list);
    if (place->list && json[offset] == '[')
        offset = place_of_element(json, offset, place->index);
    if (place->brand)
        offset = place_of_member(json, offset, place->brand);
    if (name)
        offset = place_of_name(json, offset, name);
    free(name);
    return offset;
}

/* The file was accepted once, and its brands have just been emptied: there is nothing to report. */
void seed_again(struct emulator *emulator, const struct brand *only)
{
    struct text ignored = {0};
    struct seed_place nowhere = {0};
    for (size_t i = 0; emulator->brand_file && i < sizeof lists / sizeof lists[0]; i++)
        seed_list(emulator, &lists[i], emulator->brand_file, only, &nowhere, &ignored);
    text_free(&ignored);
}

void seed_defaults(struct emulator *emulator)
{
    brand_get(emulator, "DocDemo");
    brand_get(emulator, "DocDemoPassword")->settings.password_enabled = true;
}
