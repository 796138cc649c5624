/* SPDX-License-Identifier: Apache-2.0 */
/* Handles, which need SWIG's own declarations: swig/lua.i includes this in what SWIG writes, behind them. */
#ifndef CAPAUTH_LUA_GLUE_SWIG_H
#define CAPAUTH_LUA_GLUE_SWIG_H

#include "glue.h"

/* SWIG's, and the table that is its object in Lua, to be compared and never followed. */
struct handle {
    swig_lua_userdata swig;
    const void *object;
};

/* The handle of a class at this place of the stack, also one that was freed; NULL for all else. SWIG's own conversion
 * follows a pointer inside any userdata, a file's too. A debug library can give any userdata any metatable, so that
 * alone says nothing. What is looked at stays on the stack. */
static struct handle *handle_at(lua_State *L, int index, swig_type_info *class, int metatable)
{
    struct handle *handle = lua_touserdata(L, index);

    if (!handle || lua_rawlen(L, index) != sizeof *handle || !lua_getmetatable(L, index) ||
        !lua_rawequal(L, -1, lua_upvalueindex(metatable)))
        return NULL;
    return handle->swig.type == class ? handle : NULL;
}

/* The pointer of a handle, NULL for nil. Gives 0 for all else. */
static int handle_pointer(lua_State *L, int index, swig_type_info *class, int metatable, void **pointer)
{
    struct handle *handle = handle_at(L, index, class, metatable);

    *pointer = handle ? handle->swig.ptr : NULL;
    return handle || lua_isnil(L, index);
}

/* The session of an object that adopted its handle. Gives 0 for all else. The handle stays on the stack: a finalizer of
 * the application may take it out of its object while it is in use. */
static int session_of_object(lua_State *L, int index, capauth_session **session)
{
    struct handle *handle;

    if (lua_type(L, index) != LUA_TTABLE)
        return 0;
    lua_rawgeti(L, index, 1);
    handle = handle_at(L, -1, SWIGTYPE_p_capauth_session, capauth_session_metatable);
    if (!handle || handle->object != lua_topointer(L, index))
        return 0;
    *session = handle->swig.ptr;
    return 1;
}

/* Pushes a handle that is there before what it is to own, so that nothing is lost without memory. */
static swig_lua_userdata *push_handle(lua_State *L, swig_type_info *class, int metatable)
{
    struct handle *handle = lua_newuserdata(L, sizeof *handle);

    *handle = (struct handle){.swig = {.type = class, .own = 1}};
    lua_pushvalue(L, lua_upvalueindex(metatable));
    lua_setmetatable(L, -2);
    return &handle->swig;
}

/* adopt(session): makes the table, whose [1] is a session's handle, the object that the getters take. */
static int adopt(lua_State *L)
{
    struct handle *handle;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_rawgeti(L, 1, 1);
    handle = handle_at(L, -1, SWIGTYPE_p_capauth_session, capauth_session_metatable);
    if (!handle || handle->object)
        return luaL_argerror(L, 1, "a new session's handle expected at [1]");
    handle->object = lua_topointer(L, 1);
    lua_settop(L, 1);
    return 1;
}

enum { FINALIZER_CLASS = 1, FINALIZER_METATABLE };

/* __gc: forgets what it frees. Finalizers of the application may use a handle that was collected with them, and with a
 * debug library it can be called twice, or with anything. */
static int free_handle(lua_State *L)
{
    swig_type_info *class = lua_touserdata(L, lua_upvalueindex(FINALIZER_CLASS));
    struct handle *handle = handle_at(L, 1, class, FINALIZER_METATABLE);
    void *owned = handle ? handle->swig.ptr : NULL;

    if (!owned)
        return 0;
    handle->swig.ptr = NULL;
    ((swig_lua_class *)class->clientdata)->destructor(owned);
    return 0;
}

/* In place of SWIG's: its methods trust what they are called with, and its __gc frees as often as it is called. */
static void push_metatable(lua_State *L, swig_type_info *class)
{
    lua_newtable(L);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_newtable(L);
    lua_setfield(L, -2, "__index");
    lua_pushlightuserdata(L, class);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, free_handle, FINALIZER_METATABLE);
    lua_setfield(L, -2, "__gc");
}

void capauth_lua_push_handle_metatables(lua_State *L)
{
    push_metatable(L, SWIGTYPE_p_capauth_client);
    push_metatable(L, SWIGTYPE_p_capauth_session);
    push_metatable(L, SWIGTYPE_p_capauth_call);
    push_metatable(L, SWIGTYPE_p_capauth_options);
    push_metatable(L, SWIGTYPE_p_capauth_events);
}

#endif
