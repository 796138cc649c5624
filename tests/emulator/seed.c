#include "seed.h"

#include "gateway.h"
#include "member.h"
#include "text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

bool seed_brand(struct emulator *emulator, const char *name, struct json_object *settings, struct text *error)
{
    struct settings scratch;
    if (!name_is_valid(name) || strchr(name, '/'))
        return text_refuse(error, "\"%s\" is no brand name: 1 to 256 bytes without slashes and control characters",
                           name);
    if (!json_object_is_type(settings, json_type_object))
        return text_refuse(error, "the settings of brand \"%s\" must be an object", name);
    settings_init(&scratch);
    bool ok = settings_replace(&scratch, settings, error); /* first, so that a refused brand is not made */
    settings_free(&scratch);
    return ok && settings_replace(&brand_get(emulator, name)->settings, settings, error);
}

struct brand *seed_known_brand(struct emulator *emulator, const char *name, struct text *error)
{
    struct brand *brand = brand_find(emulator, name);
    if (!brand)
        text_refuse(error, "unknown brand \"%s\"", name);
    return brand;
}

static bool read_status(struct json_object *object, unsigned *status, struct text *error)
{
    struct json_object *value = NULL;
    *status = 200;
    if (!json_object_object_get_ex(object, "status", &value))
        return true;
    int number = json_object_get_int(value);
    if (!json_object_is_type(value, json_type_int) || number < 200 || number > 599)
        return member_refuse(error, "status", "must be a number from 200 to 599");
    *status = (unsigned)number;
    return true;
}

static bool endpoint_is_valid(const char *endpoint)
{
    return name_is_valid(endpoint) && (*endpoint != '/' || gateway_may_serve(endpoint));
}

bool seed_gateway(struct emulator *emulator, const char *brand_name, const char *endpoint, struct json_object *object,
                  struct text *error)
{
    struct brand *brand = seed_known_brand(emulator, brand_name, error);
    unsigned status;
    bool view;
    if (!brand)
        return false;
    if (!endpoint_is_valid(endpoint))
        return text_refuse(error,
                           "\"%s\" is no endpoint: 1 to 256 bytes without control characters; behind a first slash, "
                           "a path that nothing else serves",
                           endpoint);
    if (!json_object_is_type(object, json_type_object))
        return text_refuse(error, "a gateway reply must be an object");
    if (!read_status(object, &status, error) || !member_flag(object, "view", &view, error))
        return false;
    struct json_object *body = NULL;
    bool is_json = !json_object_object_get_ex(object, "body", &body) || !json_object_is_type(body, json_type_string);
    struct gateway_reply *configured = memory_new(sizeof *configured);
    configured->status = status;
    configured->view = view;
    configured->is_json = is_json;
    configured->body = text_copy(
        !body     ? "{}"
        : is_json ? json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
                  : json_object_get_string(body));
    gateway_reply_free(map_remove(&brand->gateway, endpoint));
    map_put(&brand->gateway, endpoint, configured);
    return true;
}
