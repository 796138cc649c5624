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
    for (const char *end = text + length; text < end && bytes; text += bytes)
        bytes = capauth__utf8_length(text);
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

/* ---- Handles ---------------------------------------------------------------------------------------------------- */

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

/* A script that called __gc by hand would free a handle twice. And of SWIG's own methods, the one that there is writes
 * into any userdata. */
void capauth_lua_seal(lua_State *L, void *class)
{
    int metatable = lua_gettop(L);

    push_field(L, metatable, ".fn");
    lua_pushnil(L);
    set_field(L, metatable + 1, "__disown");
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
    set_field(L, metatable, "__metatable");
    lua_pushlightuserdata(L, class);
    lua_insert(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

/* SWIG's own conversion follows a pointer inside any userdata, a file's too; this one looks at the metatable first. */
int capauth_lua_is(lua_State *L, int index, void *class)
{
    int same;

    if (lua_isnil(L, index))
        return 1;
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return 0;
    lua_pushlightuserdata(L, class);
    lua_rawget(L, LUA_REGISTRYINDEX);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

void *capauth_lua_call_id(capauth_call *call)
{
    return call;
}

void *capauth_lua_session_id(capauth_session *session)
{
    return session;
}

/* ---- Functions of capauth.core ---------------------------------------------------------------------------------- */

int capauth_lua_text_fault(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);

    lua_pushstring(L, fault_of(text, length));
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

/* SWIG fills static tables when a module is loaded; two states may be loading, each in a thread of its own. */
static void open_flat(lua_State *L)
{
    static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
    int failed;

    pthread_mutex_lock(&loading);
    lua_pushcfunction(L, luaopen_capauth_flat);
    failed = lua_pcall(L, 0, 1, 0);
    pthread_mutex_unlock(&loading);
    if (failed)
        lua_error(L);
}

static void push_globals(lua_State *L)
{
#ifdef LUA_GLOBALSINDEX /* 5.1 */
    lua_pushvalue(L, LUA_GLOBALSINDEX);
#else
    lua_pushglobaltable(L);
#endif
}

/* SWIG's entry point sets two globals whatever its options: what was there is put back. Without metamethods, because
 * programs have those of _G raise an error. */
__attribute__((visibility("default"))) int luaopen_capauth_core(lua_State *L)
{
    lua_settop(L, 0);
    push_globals(L);
    push_field(L, 1, "swig_type");
    push_field(L, 1, "swig_equals");
    open_flat(L);
    lua_insert(L, 1);
    set_field(L, 2, "swig_equals");
    set_field(L, 2, "swig_type");
    lua_pushlightuserdata(L, NULL); /* what JSON's null becomes */
    set_field(L, 1, "null");
    lua_settop(L, 1);
    return 1;
}
