/* SPDX-License-Identifier: Apache-2.0 */
/* Values and handles on their way between Lua and the core, and how the module is opened. */
#include "glue.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/platform.h"
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

/* NULL where nothing is wrong. The NUL that ends every Lua string is no continuation: nothing is read beyond it. */
static const char *fault_of(const char *text, size_t length)
{
    size_t bytes = 1;

    if (strlen(text) != length)
        return "has a NUL byte";
    for (const char *end = text + length; text < end && bytes; text += bytes) {
        bytes = capauth__plain_prefix(text, (size_t)(end - text)); /* nearly all of most texts */
        if (!bytes)
            bytes = capauth__utf8_length(text);
    }
    return bytes ? NULL : "is not valid UTF-8";
}

const char *capauth_lua_text(lua_State *L, int index)
{
    size_t length = 0;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;

    return text && !fault_of(text, length) ? text : NULL;
}

void capauth_lua_push_wrong_type(lua_State *L, const char *function, int number, const char *expected)
{
    luaL_where(L, 1);
    lua_pushfstring(L, "%s: argument %d: %s expected, got %s", function, number, expected, luaL_typename(L, number));
    lua_concat(L, 2);
}

static int free_box(lua_State *L)
{
    char **box = lua_touserdata(L, 1);

    capauth_string_free(box);
    return 0;
}

char **capauth_lua_push_box(lua_State *L)
{
    char **box = lua_newuserdata(L, sizeof *box);

    *box = NULL;
    lua_pushvalue(L, lua_upvalueindex(CAPAUTH_LUA_BOX_METATABLE));
    lua_setmetatable(L, -2);
    return box;
}

/* ---- Handles ---------------------------------------------------------------------------------------------------- */

void *capauth_lua_call_id(capauth_call *call)
{
    return call;
}

void *capauth_lua_session_id(capauth_session *session)
{
    return session;
}

/* ---- Objects ---------------------------------------------------------------------------------------------------- */

int capauth_lua_refuse_by(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_rawgeti(L, lua_upvalueindex(CAPAUTH_LUA_REFUSE), 1);
    if (!lua_isnil(L, -1))
        return 0;
    lua_settop(L, 1);
    lua_rawseti(L, lua_upvalueindex(CAPAUTH_LUA_REFUSE), 1);
    return 0;
}

void capauth_lua_push_wrong_object(lua_State *L, const char *function, int number)
{
    lua_settop(L, number);
    lua_rawgeti(L, lua_upvalueindex(CAPAUTH_LUA_REFUSE), 1);
    if (lua_isfunction(L, -1)) {
        lua_pushvalue(L, number);
        lua_call(L, 1, 0);
    }
    capauth_lua_push_wrong_type(L, function, number, "session");
}

/* ---- Functions of capauth.core ---------------------------------------------------------------------------------- */

int capauth_lua_text_fault(lua_State *L)
{
    size_t length;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &length) : NULL;

    if (text)
        lua_pushstring(L, fault_of(text, length)); /* nil for NULL */
    else
        lua_pushboolean(L, 0);
    return 1;
}

int capauth_lua_now_ms(lua_State *L)
{
    capauth_lua_push_integer(L, capauth__monotonic_ms());
    return 1;
}

int capauth_lua_print_error(lua_State *L)
{
    fprintf(stderr, "%s\n", luaL_checkstring(L, 1));
    return 0;
}

/* ---- The module ------------------------------------------------------------------------------------------------- */

static void push_upvalues(lua_State *L)
{
    capauth_lua_push_handle_metatables(L);
    lua_newtable(L);
    lua_pushcfunction(L, free_box);
    lua_setfield(L, -2, "__gc");
    lua_newtable(L);
}

static void push_field(lua_State *L, int table, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, table);
}

/* Pops the value. */
static void set_field(lua_State *L, int table, const char *name)
{
    lua_pushstring(L, name);
    lua_insert(L, -2);
    lua_rawset(L, table);
}

/* SWIG fills static tables when a module is loaded; two states may be loading, each in a thread of its own. Nothing
 * that may raise happens under the lock. Pushes the module and gives 0, or an error. */
static int open_flat(lua_State *L)
{
    static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
    int failed;

    lua_pushcfunction(L, luaopen_capauth_flat);
    pthread_mutex_lock(&loading);
    failed = lua_pcall(L, 0, 1, 0);
    pthread_mutex_unlock(&loading);
    return failed;
}

static void push_globals(lua_State *L)
{
#ifdef LUA_GLOBALSINDEX /* 5.1 */
    lua_pushvalue(L, LUA_GLOBALSINDEX);
#else
    lua_pushglobaltable(L);
#endif
}

/* Puts in place of the function on the top the same one with the upvalues, which stand from `first` on. */
static void give_upvalues(lua_State *L, int first)
{
    lua_CFunction function = lua_tocfunction(L, -1);

    lua_pop(L, 1);
    for (int i = 0; i < CAPAUTH_LUA_UPVALUES; i++)
        lua_pushvalue(L, first + i);
    lua_pushcclosure(L, function, CAPAUTH_LUA_UPVALUES);
}

/* Puts in place of SWIG's module one of its functions and constants alone: its classes lead to methods that trust what
 * they are called with, __gc among them. */
static void strip_module(lua_State *L)
{
    lua_newtable(L);
    push_upvalues(L);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        if (lua_istable(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        if (lua_iscfunction(L, -1))
            give_upvalues(L, 3);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 2);
    }
    lua_settop(L, 2);
    lua_replace(L, 1);
}

/* SWIG's entry point sets two globals whatever its options: what was there is put back. Without metamethods, because
 * programs have those of _G raise an error. */
__attribute__((visibility("default"))) int luaopen_capauth_core(lua_State *L)
{
    int failed;

    lua_settop(L, 0);
    push_globals(L);
    push_field(L, 1, "swig_type");
    push_field(L, 1, "swig_equals");
    failed = open_flat(L);
    lua_insert(L, 1);
    set_field(L, 2, "swig_equals");
    set_field(L, 2, "swig_type");
    if (failed) {
        lua_settop(L, 1);
        return lua_error(L);
    }
    lua_settop(L, 1);
    strip_module(L);
    lua_pushlightuserdata(L, NULL); /* what JSON's null becomes */
    set_field(L, 1, "null");
    lua_settop(L, 1);
    return 1;
}
