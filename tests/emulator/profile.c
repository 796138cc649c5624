#include "profile.h"

#include "member.h"
#include "text.h"

#include <json-c/json.h>

enum { PLAIN = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };

static const struct member {
    const char *name;
    bool is_number; /* 0 by default; else a text, null by default */
} members[] = {
    {"firstname", false},         {"lastname", false},     {"loyalty_points", true}, {"lifetime_points", true},
    {"lifetime_purchases", true}, {"current_slab", false}, {"registered_on", false},
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static bool has_right_type(const struct member *member, struct json_object *value)
{
    enum json_type type = json_object_get_type(value);
    return member->is_number ? type == json_type_int || type == json_type_double : type == json_type_string;
}

bool profile_read(struct json_object *object, struct json_object **profile, struct text *error)
{
    *profile = json_object_new_object();
    for (int i = 0; i < MEMBERS; i++) {
        struct json_object *value = json_object_object_get(object, members[i].name);
        if (!value)
            continue;
        if (!has_right_type(&members[i], value)) {
            member_refuse(error, members[i].name, members[i].is_number ? "must be a number" : "must be a string");
            json_object_put(*profile);
            *profile = NULL;
            return false;
        }
        json_object_object_add(*profile, members[i].name, json_object_get(value));
    }
    return true;
}

void profile_write_set(struct json_object *profile, struct text *json)
{
    if (!profile)
        return;
    json_object_object_foreach(profile, name, value)
    {
        text_add_format(json, ",\"%s\":%s", name, json_object_to_json_string_ext(value, PLAIN));
    }
}

void profile_write(struct json_object *profile, struct text *json)
{
    for (int i = 0; i < MEMBERS; i++) {
        struct json_object *value = json_object_object_get(profile, members[i].name);
        const char *missing = members[i].is_number ? "0" : "null";
        text_add_format(json, ",\"%s\":%s", members[i].name,
                        value ? json_object_to_json_string_ext(value, PLAIN) : missing);
    }
}
