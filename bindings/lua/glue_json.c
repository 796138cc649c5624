/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for Lua, read by the core's own reader. */
#include "glue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/json.h"
#include "base/secret.h"

/* Behind the quote that begins a string: behind the one that ends it. */
static const char *string_end(const char *at, const char *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    return at < end ? at + 1 : end;
}

static bool has_nul_escape(const char *at, const char *end)
{
    static const char nul[] = "\\u0000";

    while (at < end && strncmp(at, nul, sizeof nul - 1) != 0)
        at += *at == '\\' ? 2 : 1;
    return at < end;
}

static bool is_name(const char *behind_string)
{
    return behind_string[strspn(behind_string, " \t\r\n")] == ':';
}

/* An integer that no 64 bits hold. */
static bool is_long_integer(const char *at, const char *end)
{
    char *stop;

    errno = 0;
    (void)strtoll(at, &stop, 10);
    return errno == ERANGE && stop == end;
}

/* json-c clamps long integers, but with an exponent it takes them for doubles; and it ends names at a NUL. Gives false
 * for such a name. What is no JSON stays so. */
static bool prepare_json(const char *text, size_t length, struct capauth__buffer *out)
{
    const char *next, *end = text + length;

    for (const char *at = text; at < end; at = next) {
        bool is_string = *at == '"', is_number = *at == '-' || (*at >= '0' && *at <= '9');

        next = is_string ? string_end(at + 1, end) : at + 1;
        if (is_string && is_name(next) && has_nul_escape(at, next))
            return false;
        if (is_number)
            next += strspn(next, "0123456789.eE+-");
        capauth__buffer_append(out, at, (size_t)(next - at));
        if (is_number && is_long_integer(at, next))
            capauth__buffer_text(out, "e0");
    }
    capauth__buffer_text(out, ""); /* so that there is a text */
    return true;
}

static void push_json(lua_State *L, struct json_object *value);

static void push_array(lua_State *L, struct json_object *array)
{
    lua_newtable(L);
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        push_json(L, json_object_array_get_idx(array, i));
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static void push_object(lua_State *L, struct json_object *object)
{
    lua_newtable(L);
    json_object_object_foreach(object, name, member)
    {
        lua_pushstring(L, name);
        push_json(L, member);
        lua_rawset(L, -3);
    }
}

static void push_json(lua_State *L, struct json_object *value)
{
    luaL_checkstack(L, 4, "JSON");
    switch (json_object_get_type(value)) {
    case json_type_null:
        lua_pushlightuserdata(L, NULL);
        break;
    case json_type_boolean:
        lua_pushboolean(L, json_object_get_boolean(value));
        break;
    case json_type_int:
        capauth_lua_push_integer(L, json_object_get_int64(value));
        break;
    case json_type_double:
        lua_pushnumber(L, json_object_get_double(value));
        break;
    case json_type_string:
        lua_pushlstring(L, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_array:
        push_array(L, value);
        break;
    case json_type_object:
        push_object(L, value);
        break;
    }
}

static int push_json_protected(lua_State *L)
{
    push_json(L, lua_touserdata(L, 1));
    return 1;
}

/* NULL, or what is wrong. */
static const char *read_json(const char *text, size_t length, capauth__json **value)
{
    struct capauth__buffer prepared = {0};
    const char *fault = NULL;

    if (!prepare_json(text, length, &prepared))
        fault = "a name in it has a NUL";
    else if (prepared.failed || capauth__json_parse(prepared.data, prepared.length, value))
        fault = "it is not JSON";
    capauth__buffer_free(&prepared);
    return fault;
}

int capauth_lua_json_decode(lua_State *L)
{
    size_t length = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    capauth__json *value = NULL;
    const char *fault;
    int failed;

    lua_settop(L, 1);
    lua_pushboolean(L, 1);
    lua_pushcfunction(L, push_json_protected); /* where memory runs out, the tree is still to be freed */
    fault = read_json(text, length, &value);
    if (fault) {
        lua_pushboolean(L, 0);
        lua_pushstring(L, fault);
        return 2;
    }
    lua_pushlightuserdata(L, value);
    failed = lua_pcall(L, 1, 1, 0);
    capauth__json_free(value);
    return failed ? lua_error(L) : 2;
}
