/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C of the Lua wrapper that SWIG does not make; glue.h says what for. No lua_State is ever kept: callbacks of the
 * core only queue what they were told, and the Lua layer asks for it.
 */
#include "glue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/json.h"
#include "base/platform.h"
#include "base/secret.h"
#include "base/text.h"

/* ---- Values ----------------------------------------------------------------------------------------------------- */

int capauth_lua_integer(lua_State *L, int index, int64_t least, int64_t most, int64_t *value)
{
    const lua_Number exact = 9007199254740992.0; /* 2^53: above it, doubles skip integers */
    lua_Number number;

    if (lua_type(L, index) != LUA_TNUMBER)
        return 0;
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) {
        *value = (int64_t)lua_tointeger(L, index);
        return *value >= least && *value <= most;
    }
#endif
    number = lua_tonumber(L, index);
    if (!(number >= -exact && number <= exact))
        return 0;
    *value = (int64_t)number;
    return (lua_Number)*value == number && *value >= least && *value <= most;
}

void capauth_lua_push_integer(lua_State *L, int64_t value)
{
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, (lua_Integer)value);
#else
    lua_pushnumber(L, (lua_Number)value); /* exact to 2^53; times and our codes are far below */
#endif
}

/* NULL for nothing. The NUL that ends every Lua string is no continuation, so nothing is read beyond it. */
static const char *fault_of(const char *text, size_t length)
{
    size_t step = 1;

    if (strlen(text) != length)
        return "a NUL byte";
    for (const char *end = text + length; text < end && step; text += step)
        step = capauth__utf8_length(text);
    return step ? NULL : "bytes that are not UTF-8";
}

const char *capauth_lua_text(lua_State *L, int index)
{
    size_t length = 0;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;

    return text && !fault_of(text, length) ? text : NULL;
}

void capauth_lua_take_text(lua_State *L, char *text)
{
    lua_pushstring(L, text); /* pushes nil for NULL */
    capauth_string_free(&text);
}

int capauth_lua_text_fault(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);

    lua_pushstring(L, fault_of(text, length));
    return 1;
}

/* ---- Events ----------------------------------------------------------------------------------------------------- */

enum kind { LOG, TRACE, CHANGE };

struct event {
    struct event *next;
    enum kind kind;
    capauth_session *session; /* to be compared, never followed */
    int64_t call_id;
    int numbers[5];
    char text[];
};

struct capauth_events {
    int references;
    struct event *first, **end;
};

capauth_events *capauth_lua_events_new(void)
{
    capauth_events *events = calloc(1, sizeof *events);

    if (!events)
        return NULL;
    events->references = 1;
    events->end = &events->first;
    return events;
}

capauth_events *capauth_lua_events_hold(capauth_events *events)
{
    events->references++;
    return events;
}

void capauth_lua_events_drop(capauth_events *events)
{
    struct event *event = events ? events->first : NULL;

    if (!event)
        return;
    events->first = event->next;
    if (!events->first)
        events->end = &events->first;
    free(event);
}

void capauth_lua_events_release(void *data)
{
    capauth_events *events = data;

    if (!events || --events->references)
        return;
    while (events->first)
        capauth_lua_events_drop(events);
    free(events);
}

/* NULL without memory: then this one event is not told, and the call goes on. */
static struct event *add(capauth_events *events, enum kind kind, const char *text)
{
    size_t size = strlen(text) + 1;
    struct event *event = calloc(1, sizeof *event + size);

    if (!event)
        return NULL;
    event->kind = kind;
    memcpy(event->text, text, size);
    *events->end = event;
    events->end = &event->next;
    return event;
}

void capauth_lua_on_log(int level, const char *message, void *data)
{
    struct event *event = add(data, LOG, message);

    if (event)
        event->numbers[0] = level;
}

void capauth_lua_on_trace(int kind, int64_t call_id, const char *operation, int result, int http_status, int attempts,
                          int duration_ms, void *data)
{
    struct event *event = add(data, TRACE, operation);

    if (!event)
        return;
    event->call_id = call_id;
    memcpy(event->numbers, (int[]){kind, result, http_status, attempts, duration_ms}, sizeof event->numbers);
}

void capauth_lua_on_change(capauth_session *session, void *data)
{
    struct event *event = add(data, CHANGE, "");

    if (event)
        event->session = session;
}

int capauth_lua_events_push(lua_State *L, const capauth_events *events)
{
    static const char *const kinds[] = {[LOG] = "log", [TRACE] = "trace", [CHANGE] = "change"};
    const struct event *event = events->first;
    int top = lua_gettop(L);

    if (!event)
        return 0;
    lua_pushstring(L, kinds[event->kind]);
    if (event->kind == CHANGE) {
        lua_pushlightuserdata(L, event->session);
        return lua_gettop(L) - top;
    }
    capauth_lua_push_integer(L, event->numbers[0]);
    if (event->kind == TRACE)
        capauth_lua_push_integer(L, event->call_id);
    lua_pushstring(L, event->text);
    for (int i = 1; event->kind == TRACE && i < 5; i++)
        capauth_lua_push_integer(L, event->numbers[i]);
    return lua_gettop(L) - top;
}

/* ---- JSON: read by the core's own reader ------------------------------------------------------------------------ */

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
    const char *fault = read_json(text, length, &value);
    int failed;

    lua_settop(L, 1);
    lua_pushboolean(L, !fault);
    if (fault) {
        lua_pushstring(L, fault);
        return 2;
    }
    lua_pushcfunction(L, push_json_protected); /* where memory runs out, the tree is still to be freed */
    lua_pushlightuserdata(L, value);
    failed = lua_pcall(L, 1, 1, 0);
    capauth__json_free(value);
    return failed ? lua_error(L) : 2;
}

/* ---- The rest --------------------------------------------------------------------------------------------------- */

int capauth_lua_now_ms(lua_State *L)
{
    capauth_lua_push_integer(L, capauth__monotonic_ms());
    return 1;
}

int capauth_lua_complain(lua_State *L)
{
    fprintf(stderr, "%s\n", luaL_checkstring(L, 1));
    return 0;
}
