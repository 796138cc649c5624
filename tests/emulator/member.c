#include "member.h"

#include "text.h"

#include <json-c/json.h>
#include <string.h>

bool member_refuse(struct text *error, const char *name, const char *problem)
{
    text_add_format(error, "member \"%s\" %s", name, problem);
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
            return text_refuse(error, "unknown member \"%s\"", name);
    }
    return true;
}

bool name_is_valid(const char *name)
{
    size_t length = strlen(name);
    return length && length <= LONGEST_NAME && !text_has_control(name, length) && text_is_utf8(name, length);
}

/* A member that is a string, not empty; absent and null leave `text` NULL. */
bool member_string(struct json_object *object, const char *name, const char **text, struct text *error)
{
    struct json_object *value = json_object_object_get(object, name);
    *text = NULL;
    if (!value)
        return true;
    *text = json_object_get_string(value);
    if (!json_object_is_type(value, json_type_string) || !name_is_valid(*text) ||
        strlen(*text) != (size_t)json_object_get_string_len(value))
        return member_refuse(error, name, "must be a string of 1 to 256 bytes without control characters");
    return true;
}

/* A password holds any character but NUL. */
bool member_password(struct json_object *object, const char *name, const char **password, struct text *error)
{
    struct json_object *value = json_object_object_get(object, name);
    *password = value ? json_object_get_string(value) : NULL;
    if (!value)
        return true;
    size_t length = strlen(*password);
    if (!json_object_is_type(value, json_type_string) || !length || length > LONGEST_NAME ||
        length != (size_t)json_object_get_string_len(value))
        return member_refuse(error, name, "must be a string of 1 to 256 bytes without NUL");
    return true;
}

bool member_flag(struct json_object *object, const char *name, bool *flag, struct text *error)
{
    struct json_object *value = NULL;
    *flag = false;
    if (!json_object_object_get_ex(object, name, &value))
        return true;
    if (!json_object_is_type(value, json_type_boolean))
        return member_refuse(error, name, "must be true or false");
    *flag = json_object_get_boolean(value);
    return true;
}
