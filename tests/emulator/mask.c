#include "mask.h"

#include "text.h"

#include <json-c/json.h>
#include <stdbool.h>

enum { PLAIN = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };

static const char *const secret_headers[] = {"cap_authorization", "Authorization", "Cookie",
                                             "X-CAP-EXTERNAL-OAUTH-ID-TOKEN"};

static const char *const secret_members[] = {
    "password", "confirmPassword", "newPassword",  "otp",  "token",
    "key",      "authorizedToken", "expiredToken", "hash", "mfaPassword",
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal_nocase(names[i], name))
            return true;
    return false;
}

#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof((names)[0]))

void mask_headers(const char *headers, struct text *masked)
{
    struct json_object *list = json_tokener_parse(headers);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *header = json_object_array_get_idx(list, i);
        if (IS_ONE_OF(json_object_get_string(json_object_array_get_idx(header, 0)), secret_headers))
            json_object_array_put_idx(header, 1, json_object_new_string(MASK));
    }
    text_add_string(masked, json_object_to_json_string_ext(list, PLAIN));
    json_object_put(list);
}

static void mask_value(struct json_object *value);

static void mask_members(struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        if (!value)
            continue;
        if (IS_ONE_OF(name, secret_members))
            json_object_object_add(object, name, json_object_new_string(MASK));
        else
            mask_value(value);
    }
}

static void mask_value(struct json_object *value)
{
    if (json_object_is_type(value, json_type_object))
        mask_members(value);
    for (size_t i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value); i++)
        mask_value(json_object_array_get_idx(value, i));
}

void mask_body(const char *body, size_t length, struct text *masked)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *value = length ? json_tokener_parse_ex(tokener, body, (int)length) : NULL;
    if (value) {
        mask_value(value);
        text_add_string(masked, json_object_to_json_string_ext(value, PLAIN));
        json_object_put(value);
    } else if (length) {
        text_add_string(masked, MASK);
    }
    json_tokener_free(tokener);
}
