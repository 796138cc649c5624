#include "place.h"

#include <stdbool.h>
#include <string.h>

struct place place_of(const char *text, size_t offset)
{
    struct place place = {1, 1};
    for (size_t i = 0; i < offset && text[i]; i++) {
        if (text[i] == '\n')
            place = (struct place){place.line + 1, 1};
        else if (((unsigned char)text[i] & 0xc0) != 0x80) /* not the rest of a character */
            place.column++;
    }
    return place;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n,:");
}

static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    return *at ? at + 1 : at;
}

/* Behind a value of any kind. */
static const char *skip_value(const char *at)
{
    int depth = 0;
    do {
        at = skip_blanks(at);
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at && strchr("{[}]", *at)) {
            depth += *at == '{' || *at == '[' ? 1 : -1;
            at++;
        } else {
            at += strcspn(at, " \t\r\n,:{}[]");
        }
    } while (depth > 0 && *at);
    return at;
}

static bool is_name(const char *at, const char *name)
{
    size_t length = strlen(name);
    return *at == '"' && strncmp(at + 1, name, length) == 0 && at[1 + length] == '"';
}

size_t place_of_member(const char *json, size_t object, const char *name)
{
    const char *at = skip_blanks(json + object + 1);
    while (*at && *at != '}') {
        const char *value = skip_blanks(skip_string(at));
        if (is_name(at, name))
            return (size_t)(value - json);
        at = skip_blanks(skip_value(value));
    }
    return object;
}

size_t place_of_element(const char *json, size_t list, size_t index)
{
    const char *at = skip_blanks(json + list + 1);
    while (*at && *at != ']' && index--)
        at = skip_blanks(skip_value(at));
    return *at && *at != ']' ? (size_t)(at - json) : list;
}

size_t place_of_name(const char *json, size_t value, const char *name)
{
    const char *end = skip_value(json + value);
    for (const char *at = json + value; at < end; at = *at == '"' ? skip_string(at) : at + 1)
        if (is_name(at, name))
            return (size_t)(at - json);
    return value;
}
